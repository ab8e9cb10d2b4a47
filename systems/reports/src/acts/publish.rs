//! Deciding what everybody may see of a report (公開の確認): words without names, photographs without faces, a position that names no
//! house.

use super::{change, state};
use crate::intake::text;
use crate::kernel::{FileRef, Value};
use crate::ledger::{Draft, LedgerError, Ledgers};
use crate::photo::{PhotoError, painted_over};
use crate::platform::desk::Cx;
use crate::platform::identity::Context;
use crate::records::{Report, Settings};

pub use crate::photo::Part;

/// What is decided.
#[derive(Clone, Debug, Default)]
pub struct Decision {
    /// Whether it is shown.
    pub shown: bool,
    /// The words that are shown.
    pub description: String,
    /// The place in words that is shown.
    pub address: String,
    /// Whether it is on private premises, so that its position stays rounded.
    pub private_premises: bool,
    /// The photographs that are shown, as they were made for it; those already public included.
    pub photos: Vec<FileRef>,
    /// The revision that the person saw.
    pub revision: i64,
}

/// Writes the decision.
///
/// # Errors
/// As [`Ledgers::update`].
pub async fn decide(
    ledgers: &Ledgers,
    context: &Context,
    report: &Report,
    decision: &Decision,
) -> Result<(), LedgerError> {
    let settings = Settings::load(ledgers, context).await?;
    let rounds = state::category(ledgers, context, report).await?.is_some_and(|category| category.rounds_position);
    let is_exact = decision.shown && !decision.private_premises && !rounds;
    let point = report.location.map_or(Value::Null, |place| {
        let shown = if is_exact { place } else { place.rounded(settings.position_grid_m) };
        Value::Geometry(shown.to_geometry())
    });
    let mut draft = Draft::new()
        .with("public_state", if decision.shown { "shown" } else { "hidden" })
        .with("public_description", text(&decision.description))
        .with("public_address", text(&decision.address))
        .with("private_premises", decision.private_premises)
        .with("public_point", point);
    draft.set("public_photos", Value::Null);
    for photo in &decision.photos {
        draft.attach("public_photos", photo.clone());
    }
    change(ledgers, context, report, decision.revision, draft).await
}

/// A photograph of a report with parts painted over, stored for its public copy. It is drawn anew in any case.
///
/// # Errors
/// [`PhotoError`].
pub async fn public_copy(cx: &Cx, photo: &FileRef, parts: Vec<Part>) -> Result<FileRef, PhotoError> {
    let ours = |error: &dyn std::fmt::Display| PhotoError::Ours(error.to_string());
    let bytes = content(cx, photo).await?;
    let painted = tokio::task::spawn_blocking(move || {
        // A photograph that staff attached may be larger, or tell where it was taken.
        let plain = crate::photo::from_bytes(&bytes)?;
        if parts.is_empty() { Ok(plain.jpeg) } else { painted_over(&plain.jpeg, &parts) }
    });
    let painted = painted.await.map_err(|error| ours(&error))??;
    let kept = crate::intake::kept(&cx.city().files, cx.desk().ids().next(), &painted).await;
    kept.map_err(|error| ours(&error))
}

/// The bytes of an attached file.
///
/// # Errors
/// [`PhotoError::Ours`].
pub async fn content(cx: &Cx, file: &FileRef) -> Result<Vec<u8>, PhotoError> {
    use futures::TryStreamExt as _;
    let stream = cx.city().files.get(&file.sha256).await.map_err(|error| PhotoError::Ours(error.to_string()))?;
    let parts: Vec<bytes::Bytes> = stream.try_collect().await.map_err(|error| PhotoError::Ours(error.to_string()))?;
    Ok(parts.concat())
}
