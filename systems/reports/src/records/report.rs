//! Reports (通報).

use jiff::Timestamp;
use jiff::civil::Date;

use super::read::{Read, cell};
use crate::definitions::REPORT;
use crate::kernel::{ChildRow, FileRef, Lang, RecordId};
use crate::ledger::select::cql_text;
use crate::ledger::{LedgerError, Ledgers, ListRequest, May, Visible};
use crate::platform::identity::Context;
use crate::rules::clock::Pause;
use crate::rules::{Place, State};

/// A report (通報).
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are those of the ledger `road-report`")]
pub struct Report {
    pub id: RecordId,
    pub revision: i64,
    pub may: May,
    pub updated_at: Timestamp,
    pub reference: String,
    pub category: Option<RecordId>,
    pub state: State,
    pub status_note: String,
    pub urgent: bool,
    pub received_at: Timestamp,
    pub channel: String,
    pub location: Option<Place>,
    pub address: String,
    pub area: String,
    pub private_premises: bool,
    pub asset_ledger: String,
    pub asset_id: String,
    pub asset_label: String,
    pub description: String,
    pub answers: Vec<(String, String)>,
    pub photos: Vec<FileRef>,
    pub photo_position: Option<Place>,
    pub photo_taken: String,
    pub media_urls: String,
    pub public_state: String,
    pub public_point: Option<Place>,
    pub public_address: String,
    pub public_description: String,
    pub public_photos: Vec<FileRef>,
    pub repair_photos: Vec<FileRef>,
    pub department: Option<RecordId>,
    pub contractor: Option<RecordId>,
    pub check_due: Option<Timestamp>,
    pub checked_at: Option<Timestamp>,
    pub fix_due: Option<Date>,
    pub closed_at: Option<Timestamp>,
    pub pauses: Vec<Pause>,
    /// The same as the ledger has them, to be written again.
    pub pause_rows: Vec<ChildRow>,
    pub duplicate_of: Option<RecordId>,
    pub state_before: String,
    pub supporters: i64,
    pub authority: Option<RecordId>,
    pub passed_on_at: Option<Timestamp>,
    pub passed_on_note: String,
    pub reporter_name: String,
    pub mail: String,
    pub phone: String,
    pub language: Lang,
    pub source_id: String,
}

impl Report {
    /// What is visible of a report.
    pub fn of(record: &Visible) -> Self {
        let read = Read(record.fields());
        Self {
            id: record.id,
            revision: record.revision,
            may: record.may,
            updated_at: record.updated_at,
            reference: read.text("reference"),
            category: read.record("category"),
            state: State::from_key(&read.text("state")).unwrap_or(State::Received),
            status_note: read.text("status_note"),
            urgent: read.yes("urgent"),
            received_at: read.instant("received_at").unwrap_or(record.created_at),
            channel: read.text("channel"),
            location: read.place("location"),
            address: read.text("address"),
            area: read.text("area"),
            private_premises: read.yes("private_premises"),
            asset_ledger: read.text("asset_ledger"),
            asset_id: read.text("asset_id"),
            asset_label: read.text("asset_label"),
            description: read.text("description"),
            answers: read.rows("answers").iter().map(|row| (cell(row, "code"), cell(row, "answer"))).collect(),
            photos: read.files("photos"),
            photo_position: read.place("photo_position"),
            photo_taken: read.text("photo_taken"),
            media_urls: read.text("media_urls"),
            public_state: read.text("public_state"),
            public_point: read.place("public_point"),
            public_address: read.text("public_address"),
            public_description: read.text("public_description"),
            public_photos: read.files("public_photos"),
            repair_photos: read.files("repair_photos"),
            department: read.record("department"),
            contractor: read.record("contractor"),
            check_due: read.instant("check_due"),
            checked_at: read.instant("checked_at"),
            fix_due: read.date("fix_due"),
            closed_at: read.instant("closed_at"),
            pauses: read.rows("pauses").iter().filter_map(pause).collect(),
            pause_rows: read.rows("pauses").to_vec(),
            duplicate_of: read.record("duplicate_of"),
            state_before: read.text("state_before"),
            supporters: read.int("supporters").unwrap_or(0),
            authority: read.record("authority"),
            passed_on_at: read.instant("passed_on_at"),
            passed_on_note: read.text("passed_on_note"),
            reporter_name: read.text("reporter_name"),
            mail: read.text("mail"),
            phone: read.text("phone"),
            language: Lang::from_key(&read.text("language")).unwrap_or(Lang::Ja),
            source_id: read.text("source_id"),
        }
    }

    /// Whether its words and photographs were checked and are shown.
    pub fn is_shown(&self) -> bool {
        self.public_state == "shown"
    }

    /// The asset as one text, to compare.
    pub fn asset(&self) -> Option<String> {
        (!self.asset_id.is_empty()).then(|| format!("{}/{}", self.asset_ledger, self.asset_id))
    }

    /// The same report by its tracking number, if there is one that the caller may see.
    ///
    /// # Errors
    /// As [`Ledgers::list`].
    pub async fn by_reference(
        ledgers: &Ledgers,
        context: &Context,
        reference: &str,
    ) -> Result<Option<Self>, LedgerError> {
        let request = ListRequest { limit: 1, ..ListRequest::filtered(format!("reference = {}", cql_text(reference))) };
        Ok(ledgers.list(context, REPORT, &request).await?.records.first().map(Self::of))
    }
}

fn pause(row: &ChildRow) -> Option<Pause> {
    let read = Read(&row.fields);
    Some(Pause { from: read.date("from")?, until: read.date("until") })
}
