//! What happened to reports (経過).

use jiff::Timestamp;

use super::read::Read;
use super::some;
use crate::definitions::UPDATE;
use crate::kernel::{FileRef, RecordId};
use crate::ledger::{LedgerError, Ledgers, ListRequest, Visible};
use crate::platform::identity::Context;
use crate::rules::State;

/// An entry of a report's history (経過).
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are those of the ledger `report-update`")]
pub struct Update {
    pub id: RecordId,
    pub report: Option<RecordId>,
    pub at: Timestamp,
    pub kind: String,
    pub state: Option<State>,
    pub text: String,
    pub note: String,
    pub photos: Vec<FileRef>,
    pub published: bool,
    pub external_id: String,
}

impl Update {
    /// What is visible of an entry.
    pub fn of(record: &Visible) -> Self {
        let read = Read(record.fields());
        Self {
            id: record.id,
            report: read.record("report"),
            at: read.instant("at").unwrap_or(record.created_at),
            kind: read.text("kind"),
            state: State::from_key(&read.text("state")),
            text: read.text("text"),
            note: read.text("note"),
            photos: read.files("photos"),
            published: read.yes("published"),
            external_id: read.text("external_id"),
        }
    }

    /// The history of a report as the caller may see it, the oldest first.
    ///
    /// # Errors
    /// As [`Ledgers::list`].
    pub async fn of_report(ledgers: &Ledgers, context: &Context, report: RecordId) -> Result<Vec<Self>, LedgerError> {
        let request = ListRequest::filtered(format!("report = '{report}'"));
        let mut found: Vec<Self> = some(ledgers, context, UPDATE, request, 1_000).await?.iter().map(Self::of).collect();
        found.sort_by_key(|update| (update.at, update.id));
        Ok(found)
    }
}
