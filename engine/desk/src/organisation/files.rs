//! A file that is tried first and brought in then: chosen once, kept between the two.

use kawasemi_kernel::FileRef;
use kawasemi_ui::field::{FieldKind, FieldView};
use tempfile::NamedTempFile;

use crate::ledgers::{import, kept_files};
use crate::problem::Problem;
use crate::request::{Cx, Uploads};

/// What can be read.
const ACCEPT: &str = ".csv,.tsv,.txt,.xlsx,.xls,.ods";

/// A file of a form, with what the next form carries along to find it again.
pub struct Chosen {
    /// The file, as long as the request.
    pub file: NamedTempFile,
    /// What the person called it.
    pub name: String,
    /// The seal of the kept file.
    pub sealed: String,
}

/// The field in which a file is chosen.
pub fn field(cx: &Cx, label: &str, hint: &str) -> FieldView {
    let max_bytes = cx.desk().settings().upload_limit;
    FieldView::new("file", label, FieldKind::Files { existing: Vec::new(), accept: ACCEPT.to_owned(), max_bytes })
        .hint(hint)
}

/// The file that a form sends, or that an earlier form sent; the inner error is for the person.
pub async fn chosen(cx: &Cx, ledger: &str, uploads: &Uploads) -> Result<Result<Chosen, String>, Problem> {
    if let Some(upload) = uploads.file("file") {
        let stored: FileRef = match import::store(cx, upload).await? {
            Ok(stored) => stored,
            Err(said) => return Ok(Err(format!("{}：{said}", upload.name))),
        };
        let sealed = kept_files::seal(cx, ledger, "file", &stored).ok_or_else(Problem::not_found)?;
        let file = import::fetch(cx, &stored).await?;
        return Ok(Ok(Chosen { file, name: upload.name.clone(), sealed }));
    }
    let sealed = uploads.entries.text(kept_files::KEPT);
    match kept_files::open(cx, ledger, sealed) {
        Some((_, stored)) => {
            let file = import::fetch(cx, &stored).await?;
            Ok(Ok(Chosen { file, name: stored.name, sealed: sealed.to_owned() }))
        }
        None => Ok(Err("ファイルを選んでください。".to_owned())),
    }
}
