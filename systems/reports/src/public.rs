//! A report as everybody may see it. The portal's pages, the feeds and Open311 read reports here and nowhere else.
//!
//! One that was not checked yet is found under its number and on the map, by category, state and rounded position alone, so that its
//! reporter can follow it and others do not repeat it. What is read are the public fields only: not even this program takes personal
//! data out of the store for a page that does not show any.

use jiff::Timestamp;

use crate::definitions::{REPORT, UPDATE};
use crate::kernel::RecordId;
use crate::ledger::select::cql_text;
use crate::ledger::{LedgerError, Ledgers, ListRequest};
use crate::platform::identity::Context;
use crate::records::{Report, Update, some};

/// The public fields of a report.
const FIELDS: [&str; 20] = [
    "reference",
    "category",
    "state",
    "status_note",
    "received_at",
    "area",
    "public_state",
    "public_point",
    "public_address",
    "public_description",
    "public_photos",
    "repair_photos",
    "department",
    "fix_due",
    "closed_at",
    "duplicate_of",
    "supporters",
    "authority",
    "passed_on_at",
    "urgent",
];

/// The public fields of an entry of its history.
const UPDATE_FIELDS: [&str; 8] = ["report", "at", "kind", "state", "text", "photos", "published", "external_id"];

/// The condition of reports of which everybody may know that they are there.
pub const KNOWN: &str = "public_state <> 'hidden'";
/// The condition of reports that were checked and are shown.
pub const SHOWN: &str = "public_state = 'shown'";

/// The program's own context for what everybody may see.
pub fn context(at: Timestamp) -> Context {
    Context::system(at, "公開する内容を読む")
}

/// Reports that meet conditions, the newest first, at most so many.
///
/// # Errors
/// As [`Ledgers::list`].
pub async fn reports(
    ledgers: &Ledgers,
    at: Timestamp,
    conditions: Vec<String>,
    most: usize,
) -> Result<Vec<Report>, LedgerError> {
    let request = ListRequest {
        also: conditions,
        fields: Some(FIELDS.map(str::to_owned).to_vec()),
        ..ListRequest::filtered(KNOWN)
    };
    let found = some(ledgers, &context(at), REPORT, request, most).await?;
    Ok(found.iter().map(|record| stripped(Report::of(record))).collect())
}

/// The report with a tracking number.
///
/// # Errors
/// As [`Ledgers::list`].
pub async fn by_reference(ledgers: &Ledgers, at: Timestamp, reference: &str) -> Result<Option<Report>, LedgerError> {
    let condition = format!("reference = {}", cql_text(reference));
    Ok(reports(ledgers, at, vec![condition], 1).await?.into_iter().next())
}

/// The report with an id.
///
/// # Errors
/// As [`Ledgers::list`].
pub async fn by_id(ledgers: &Ledgers, at: Timestamp, id: RecordId) -> Result<Option<Report>, LedgerError> {
    Ok(reports(ledgers, at, vec![format!("id = '{id}'")], 1).await?.into_iter().next())
}

/// What happened to reports, as far as it is published; the newest first.
///
/// # Errors
/// As [`Ledgers::list`].
pub async fn updates(
    ledgers: &Ledgers,
    at: Timestamp,
    conditions: Vec<String>,
    most: usize,
) -> Result<Vec<Update>, LedgerError> {
    let request = ListRequest {
        also: conditions,
        fields: Some(UPDATE_FIELDS.map(str::to_owned).to_vec()),
        ..ListRequest::filtered("published")
    };
    Ok(some(ledgers, &context(at), UPDATE, request, most).await?.iter().map(Update::of).collect())
}

/// A report without what was not checked.
fn stripped(mut report: Report) -> Report {
    if !report.is_shown() {
        report.public_address.clear();
        report.public_description.clear();
        report.public_photos.clear();
        report.repair_photos.clear();
    }
    report
}
