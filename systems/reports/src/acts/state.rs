//! Changing the state of a report (対応の変更): the clock stands and goes on, the history says so, and what ended says when.

use super::{Entry, change, enter};
use crate::definitions::CATEGORY;
use crate::intake::{Dues, text};
use crate::kernel::{ChildRow, Fields, Value};
use crate::ledger::{Draft, LedgerError, Ledgers};
use crate::platform::identity::Context;
use crate::records::{Category, Report, Settings};
use crate::rules::State;
use crate::rules::clock::Pause;

/// What is changed.
#[derive(Clone, Debug)]
pub struct NewState<'a> {
    /// The state.
    pub state: State,
    /// What everybody reads beside it; may be empty.
    pub note: &'a str,
    /// The revision that the person saw.
    pub revision: i64,
}

/// Changes the state.
///
/// # Errors
/// [`LedgerError::Refused`] for states that have an act of their own, and as [`Ledgers::update`].
pub async fn set(ledgers: &Ledgers, context: &Context, report: &Report, new: &NewState<'_>) -> Result<(), LedgerError> {
    if matches!(new.state, State::Duplicate | State::OtherAuthority) && report.state != new.state {
        let how = if new.state == State::Duplicate { "まとめる" } else { "他機関へ連絡する" };
        return Err(LedgerError::Refused(format!("この対応には「{how}」を使ってください。")));
    }
    let draft = draft(ledgers, context, report, new.state).await?.with("status_note", text(new.note));
    change(ledgers, context, report, new.revision, draft).await?;
    let entry = Entry { kind: "state", state: new.state.key(), text: new.note, published: true, ..Entry::default() };
    enter(ledgers, context, report.id, &entry).await
}

/// The fields that change with the state: clock, deadlines, and when it was looked at and ended.
///
/// # Errors
/// When the store fails.
pub async fn draft(ledgers: &Ledgers, context: &Context, report: &Report, state: State) -> Result<Draft, LedgerError> {
    let at = context.act.at;
    let mut draft = Draft::new().with("state", state.key());
    draft.set("closed_at", if state.is_closed() { Value::Instant(at) } else { Value::Null });
    let is_first_look = !matches!(state, State::Received | State::Duplicate | State::Cancelled);
    if report.checked_at.is_none() && is_first_look {
        draft.set("checked_at", Value::Instant(at));
    }
    if state.pauses() == report.state.pauses() {
        return Ok(draft);
    }
    let rows = paused(ledgers, report, state, context);
    let pauses: Vec<Pause> = rows.iter().filter_map(pause).collect();
    draft.set("pauses", Value::Rows(rows));
    if let Some(category) = category(ledgers, context, report).await? {
        let settings = Settings::load(ledgers, context).await?;
        Dues::of(ledgers, context, &settings, &category, report.received_at, &pauses).await.enter(&mut draft);
    }
    Ok(draft)
}

/// The deadlines of a report counted anew, such as when a disaster began.
///
/// # Errors
/// When the store fails.
pub async fn recounted(
    ledgers: &Ledgers,
    context: &Context,
    settings: &Settings,
    report: &Report,
) -> Result<Draft, LedgerError> {
    let mut draft = Draft::new();
    if let Some(category) = category(ledgers, context, report).await? {
        Dues::of(ledgers, context, settings, &category, report.received_at, &report.pauses).await.enter(&mut draft);
    }
    Ok(draft)
}

/// The pauses with one more that begins, or the open one ended.
fn paused(ledgers: &Ledgers, report: &Report, state: State, context: &Context) -> Vec<ChildRow> {
    let mut rows = report.pause_rows.clone();
    let today = context.today();
    if state.pauses() {
        let mut fields = Fields::new();
        fields.insert("from".to_owned(), Value::Date(today));
        fields.insert("why".to_owned(), Value::from(state.label()));
        rows.push(ChildRow { id: ledgers.new_id(), fields });
    } else {
        let open = rows.iter_mut().filter(|row| row.fields.get("until").is_none_or(Value::is_null));
        open.for_each(|row| drop(row.fields.insert("until".to_owned(), Value::Date(today))));
    }
    rows
}

fn pause(row: &ChildRow) -> Option<Pause> {
    let day = |key: &str| row.fields.get(key).and_then(Value::as_date);
    Some(Pause { from: day("from")?, until: day("until") })
}

/// The category of a report.
///
/// # Errors
/// When the store fails.
pub async fn category(ledgers: &Ledgers, context: &Context, report: &Report) -> Result<Option<Category>, LedgerError> {
    let Some(id) = report.category else { return Ok(None) };
    match ledgers.get(context, CATEGORY, id).await {
        Ok(record) => Ok(Some(Category::of(&record))),
        Err(LedgerError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}
