//! A form with files.
//!
//! Files are written to temporary files while they arrive, so that a 2 GB upload never lies in memory, and are refused as soon
//! as they pass the operator's limit. They are gone when the request is over, unless somebody took them.

use std::io::ErrorKind;

use axum::extract::multipart::Field;
use axum::extract::{FromRequest, Request};
use http::StatusCode;
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt as _;

use super::entries::{Entries, Files, is_multipart, part_problem, read_multipart};
use crate::problem::Problem;
use crate::state::Desk;

/// The most files that a form may have.
const FILE_LIMIT: usize = 100;

/// The entries of a form, and its files.
#[derive(Debug)]
pub struct Uploads {
    /// What was typed.
    pub entries: Entries,
    /// The files, in order.
    pub files: Vec<Upload>,
}

/// A file of a form.
#[derive(Debug)]
pub struct Upload {
    /// The field it was chosen in.
    pub field: String,
    /// The name that the sender's machine gave it, without folders. Never a name to store it under.
    pub name: String,
    /// What the browser takes it for; not to be believed.
    pub media_type: String,
    /// Its size in bytes.
    pub size: u64,
    /// Where it lies until the request is over.
    pub file: NamedTempFile,
}

impl Uploads {
    /// The first file of a field.
    pub fn file(&self, field: &str) -> Option<&Upload> {
        self.files.iter().find(|file| file.field == field)
    }
}

impl FromRequest<Desk> for Uploads {
    type Rejection = Problem;

    async fn from_request(request: Request, desk: &Desk) -> Result<Self, Problem> {
        if !is_multipart(&request) {
            let entries = Entries::from_request(request, desk).await?;
            return Ok(Self { entries, files: Vec::new() });
        }
        let mut taken =
            Temporary { files: Vec::new(), left: desk.settings().upload_limit, limit: desk.settings().upload_limit };
        let entries = read_multipart(request, desk, &mut taken).await?;
        Ok(Self { entries, files: taken.files })
    }
}

/// Writes files to temporary ones.
struct Temporary {
    files: Vec<Upload>,
    /// Bytes that may still come.
    left: u64,
    limit: u64,
}

impl Files for Temporary {
    async fn take(&mut self, mut field: Field<'_>) -> Result<(), Problem> {
        if self.files.len() >= FILE_LIMIT {
            return Err(Problem::bad_request(format!(
                "一度に送れるファイルは{FILE_LIMIT}個までです。分けて送ってください。"
            )));
        }
        let file = NamedTempFile::new().map_err(|error| disk_problem(&error))?;
        let reopened = file.reopen().map_err(|error| disk_problem(&error))?;
        let mut writer = tokio::fs::File::from_std(reopened);
        let mut size = 0;
        while let Some(chunk) = field.chunk().await.map_err(|error| part_problem(&error))? {
            let length = chunk.len() as u64;
            self.left = self.left.checked_sub(length).ok_or_else(|| self.too_large())?;
            size += length;
            writer.write_all(&chunk).await.map_err(|error| disk_problem(&error))?;
        }
        writer.flush().await.map_err(|error| disk_problem(&error))?;
        let name = field.file_name().unwrap_or_default();
        // Some browsers send the whole path of the sender's machine.
        let name = name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        let media_type = field.content_type().unwrap_or("application/octet-stream").to_owned();
        let field = field.name().unwrap_or_default().to_owned();
        self.files.push(Upload { field, name, media_type, size, file });
        Ok(())
    }
}

impl Temporary {
    fn too_large(&self) -> Problem {
        Problem::too_large(usize::try_from(self.limit >> 20).unwrap_or(usize::MAX))
    }
}

/// A temporary file could not be written.
fn disk_problem(error: &std::io::Error) -> Problem {
    let internal = Problem::internal(error);
    if error.kind() != ErrorKind::StorageFull {
        return internal;
    }
    let detail = "サーバーの空き容量が足りないため、ファイルを受け取れませんでした。何も保存されていません。\
                  システム担当に連絡してください。";
    Problem {
        log: internal.log,
        ..Problem::new(StatusCode::INSUFFICIENT_STORAGE, "disk-full", "ファイルを受け取れません", detail)
    }
}
