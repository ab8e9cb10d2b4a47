//! Giving a report to those who act on it: a section, a contractor by a work order, or another authority.

use jiff::civil::Date;

use super::{Entry, change, enter, state};
use crate::definitions::{AUTHORITY, WORK_ORDER};
use crate::intake::text;
use crate::kernel::{RecordId, Value};
use crate::ledger::{Draft, LedgerError, Ledgers};
use crate::platform::identity::Context;
use crate::records::Report;
use crate::rules::State;

/// Gives a report to a section and says what it is about; an empty section takes it back.
///
/// # Errors
/// As [`Ledgers::update`].
pub async fn section(
    ledgers: &Ledgers,
    context: &Context,
    report: &Report,
    revision: i64,
    department: Option<RecordId>,
    category: Option<RecordId>,
    urgent: bool,
) -> Result<(), LedgerError> {
    let mut draft = Draft::new().with("urgent", urgent);
    draft.set("department", department.map_or(Value::Null, Value::Record));
    if let Some(category) = category {
        draft.set("category", category);
    }
    change(ledgers, context, report, revision, draft).await
}

/// A work order that is to be made.
#[derive(Clone, Debug, Default)]
pub struct Order<'a> {
    /// What it is called.
    pub title: &'a str,
    /// What is to be done. Whoever does it reads it, so it names no reporter.
    pub instruction: &'a str,
    /// The contractor; none for the city's own crew.
    pub contractor: Option<RecordId>,
    /// By when.
    pub due: Option<Date>,
    /// The revision of the report that the person saw.
    pub revision: i64,
}

/// Starts a work order from a report (作業指示), and says so in its history.
///
/// # Errors
/// As [`Ledgers::create`] and [`Ledgers::update`].
pub async fn order(
    ledgers: &Ledgers,
    context: &Context,
    report: &Report,
    order: &Order<'_>,
) -> Result<RecordId, LedgerError> {
    let mut draft = Draft::new()
        .with("title", text(order.title))
        .with("report", report.id)
        .with("instruction", text(order.instruction))
        .with("address", text(&report.address))
        .with("state", "ordered");
    draft.set("location", report.location.map_or(Value::Null, |place| Value::Geometry(place.to_geometry())));
    draft.set("department", report.department.map_or(Value::Null, Value::Record));
    draft.set("contractor", order.contractor.map_or(Value::Null, Value::Record));
    draft.set("due", order.due.map_or(Value::Null, Value::Date));
    let mut changed = state::draft(ledgers, context, report, State::Scheduled).await?;
    changed.set("contractor", order.contractor.map_or(Value::Null, Value::Record));
    // The report first: whoever looked at an older one is told before there is an order.
    change(ledgers, context, report, order.revision, changed).await?;
    let saved = ledgers.create(context, WORK_ORDER, draft).await?;
    let said = format!("作業指示 {}", saved.number.as_deref().unwrap_or_default());
    let entry = Entry { kind: "work", state: "scheduled", note: &said, published: true, ..Entry::default() };
    enter(ledgers, context, report.id, &entry).await?;
    Ok(saved.id)
}

/// Passes a report on to the prefecture, the nation or whoever answers for it (他機関へ連絡), with a record of it.
///
/// # Errors
/// [`LedgerError::Refused`] for an authority that is not in the ledger, and as [`Ledgers::update`].
pub async fn pass_on(
    ledgers: &Ledgers,
    context: &Context,
    report: &Report,
    revision: i64,
    authority: RecordId,
    note: &str,
) -> Result<(), LedgerError> {
    let found = match ledgers.get(context, AUTHORITY, authority).await {
        Err(LedgerError::NotFound) => Err(LedgerError::Refused("連絡先の機関を選んでください。".to_owned())),
        other => other,
    }?;
    let name = found.get("name").as_text().unwrap_or_default().to_owned();
    let draft = state::draft(ledgers, context, report, State::OtherAuthority).await?;
    let draft = draft
        .with("authority", authority)
        .with("passed_on_at", Value::Instant(context.act.at))
        .with("passed_on_note", text(note))
        .with("status_note", Value::from(format!("{name}に連絡しました。")));
    change(ledgers, context, report, revision, draft).await?;
    let said = format!("{name}に連絡しました。");
    let entry = Entry { kind: "pass-on", state: "other-authority", text: &said, note, published: true };
    enter(ledgers, context, report.id, &entry).await
}
