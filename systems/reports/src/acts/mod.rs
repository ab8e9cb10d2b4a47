//! What staff do with reports, each with the caller's own powers, so that grants and the audit trail see who it was.
//!
//! - [`state`](mod@state): changes the state, with the clock and the history
//! - [`publish`]: decides what everybody may see
//! - [`assign`]: section, contractor, work order, another authority
//! - [`merge`]: joins reports of the same damage, and takes them apart
//! - [`reply`]: answers in the reporter's language
//! - [`disaster`]: disaster mode
//! - [`reconcile`]: what two installations wrote apart, put together

pub mod assign;
pub mod disaster;
pub mod merge;
pub mod publish;
pub mod reconcile;
pub mod reply;
pub mod state;

use crate::definitions::{REPORT, UPDATE};
use crate::kernel::{RecordId, Value};
use crate::ledger::{Draft, LedgerError, Ledgers};
use crate::platform::identity::Context;
use crate::records::Report;

/// An entry for a report's history.
#[derive(Clone, Debug, Default)]
pub struct Entry<'a> {
    /// The key of its kind.
    pub kind: &'a str,
    /// The key of the state that it led to; empty for none.
    pub state: &'a str,
    /// What everybody may read.
    pub text: &'a str,
    /// What the hall may read.
    pub note: &'a str,
    /// Whether everybody may read it.
    pub published: bool,
}

/// Writes an entry into a report's history.
///
/// # Errors
/// As [`Ledgers::create`].
pub async fn enter(
    ledgers: &Ledgers,
    context: &Context,
    report: RecordId,
    entry: &Entry<'_>,
) -> Result<(), LedgerError> {
    let draft = Draft::new()
        .with("report", report)
        .with("at", Value::Instant(context.act.at))
        .with("kind", entry.kind)
        .with("state", crate::intake::text(entry.state))
        .with("text", crate::intake::text(entry.text))
        .with("note", crate::intake::text(entry.note))
        .with("published", entry.published);
    ledgers.create(context, UPDATE, draft).await.map(drop)
}

/// Writes changes to a report as it was read.
///
/// # Errors
/// As [`Ledgers::update`]: also when somebody changed it since.
pub async fn change(
    ledgers: &Ledgers,
    context: &Context,
    report: &Report,
    revision: i64,
    draft: Draft,
) -> Result<(), LedgerError> {
    ledgers.update(context, REPORT, report.id, revision, draft).await.map(drop)
}
