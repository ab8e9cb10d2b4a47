//! Photographs that come with a form of ours: made anew where the installation does that (無害化), then stored by their content.

use jiff::Timestamp;
use tokio_util::io::ReaderStream;

use crate::kernel::FileRef;
use crate::platform::desk::{Cx, Problem, Uploads};

/// The largest photograph, bytes.
pub const MAX_BYTES: u64 = 40 * 1024 * 1024;
/// The most photographs of one field.
const MAX_COUNT: usize = 20;

/// Stores the photographs of a field. What can't be one is answered as a sentence, and nothing of it is kept.
pub async fn store(cx: &Cx, uploads: &Uploads, field: &str) -> Result<Result<Vec<FileRef>, String>, Problem> {
    let mut stored = Vec::new();
    for upload in uploads.files.iter().filter(|upload| upload.field == field) {
        if stored.len() == MAX_COUNT {
            return Ok(Err(format!("写真は一度に{MAX_COUNT}枚までです。")));
        }
        let output = tempfile::NamedTempFile::new().map_err(|error| Problem::internal(&error))?;
        let (name, path) = match &cx.desk().settings().sanitizer {
            None => (upload.name.clone(), upload.file.path().to_owned()),
            Some(sanitizer) => {
                let (sanitizer, name) = (sanitizer.clone(), upload.name.clone());
                let (input, path) = (upload.file.path().to_owned(), output.path().to_owned());
                let target = path.clone();
                let made = tokio::task::spawn_blocking(move || sanitizer.clean_file(&name, &input, &target)).await;
                match made.map_err(|error| Problem::internal(&error))? {
                    Ok(cleaned) => (cleaned.name, path),
                    Err(refusal) if refusal.is_ours() => return Err(Problem::internal(&refusal)),
                    Err(refusal) => return Ok(Err(format!("{}：{refusal}", upload.name))),
                }
            }
        };
        let file = tokio::fs::File::open(&path).await.map_err(|error| Problem::internal(&error))?;
        let id = cx.desk().ids().next();
        let put = match cx.city().files.put(id, &name, MAX_BYTES, ReaderStream::new(file)).await {
            Ok(put) => put,
            Err(error) => return Ok(Err(format!("{}：{error}", upload.name))),
        };
        let media_type = put.kind.media_type.to_owned();
        if !media_type.starts_with("image/") {
            return Ok(Err(format!("{}：写真（JPEG・PNGなど）を選んでください。", upload.name)));
        }
        stored.push(FileRef { id, name, media_type, size: put.size, sha256: put.sha256 });
    }
    Ok(Ok(stored))
}

/// A day and time as the form's field takes it (`2026-04-01T13:30`), in the city's time.
pub fn instant_of(text: &str) -> Option<Timestamp> {
    let local: jiff::civil::DateTime = text.trim().replace(' ', "T").parse().ok()?;
    jiff::tz::offset(9).to_timestamp(local).ok()
}

/// An instant as the form's field shows it.
pub fn typed_instant(at: Timestamp) -> String {
    crate::kernel::context::civil_date_time(at).strftime("%Y-%m-%dT%H:%M").to_string()
}
