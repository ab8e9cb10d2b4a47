//! Photographs that go with the records of an import.

use kawasemi_ledger::import::PhotoPlan;
use kawasemi_schema::{Action, FieldDef, FieldKind};
use tempfile::NamedTempFile;

use super::super::opened::Opened;
use super::{fetch, kept};
use crate::problem::Problem;
use crate::request::{Cx, Entries};

/// The fields that can keep photographs.
pub fn fields(opened: &Opened) -> impl Iterator<Item = &FieldDef> {
    opened.access.visible_fields(Action::Import).filter(|field| matches!(field.kind, FieldKind::Files { .. }))
}

/// What was chosen for photographs, with the archive that was sent; it goes away with the answer.
pub async fn plan(
    cx: &Cx,
    opened: &Opened,
    entries: &Entries,
) -> Result<(Option<PhotoPlan>, Option<NamedTempFile>), Problem> {
    let field = entries.text("photo_field");
    if field.is_empty() {
        return Ok((None, None));
    }
    let archive = match entries.text("photos") {
        "" => None,
        id => Some(fetch(cx, &kept(cx, opened.key(), id).await?.file).await?),
    };
    let path = archive.as_ref().map(|archive| archive.path().to_owned());
    let (by, field) = (entries.text("photo_key").to_owned(), field.to_owned());
    Ok((Some(PhotoPlan { files: cx.city().files.clone(), path, by, field }), archive))
}
