//! Joining reports that tell of the same damage, and taking them apart again (まとめる・分ける). Nothing is lost: the one that is
//! joined keeps all it had, its reporter and its supporters are counted and told with the other, and what is taken apart is as before.

use super::{Entry, change, enter, state};
use crate::definitions::{REPORT, SUPPORTER};
use crate::intake::text;
use crate::kernel::{RecordId, Value};
use crate::ledger::{Draft, LedgerError, Ledgers, ListRequest, Visible};
use crate::platform::identity::Context;
use crate::records::{Report, all};
use crate::rules::State;

/// Joins a report to another, which stays.
///
/// # Errors
/// [`LedgerError::Refused`] when one can't be joined to the other, and as [`Ledgers::update`].
pub async fn merge(
    ledgers: &Ledgers,
    context: &Context,
    from: &Report,
    revision: i64,
    into: &Report,
) -> Result<(), LedgerError> {
    if from.id == into.id {
        return Err(LedgerError::Refused("同じ通報どうしはまとめられません。".to_owned()));
    }
    if into.duplicate_of.is_some() {
        return Err(LedgerError::Refused(
            "まとめ先の通報は、すでに別の通報にまとめられています。その先の通報を選んでください。".to_owned(),
        ));
    }
    if from.duplicate_of.is_some() {
        return Err(LedgerError::Refused("この通報は、すでにまとめられています。".to_owned()));
    }
    let draft = state::draft(ledgers, context, from, State::Duplicate).await?;
    let draft = draft
        .with("duplicate_of", into.id)
        .with("state_before", from.state.key())
        .with("status_note", Value::from(format!("{} と同じ通報です。", into.reference)));
    change(ledgers, context, from, revision, draft).await?;
    for supporter in supporters(ledgers, context, &format!("report = '{}'", from.id)).await? {
        let moved = Draft::new().with("report", into.id).with("merged_from", from.id);
        ledgers.update(context, SUPPORTER, supporter.id, supporter.revision, moved).await?;
    }
    let reporter = Draft::new()
        .with("report", into.id)
        .with("at", Value::Instant(from.received_at))
        .with("note", text(&from.description))
        .with("reporter_name", text(&from.reporter_name))
        .with("mail", text(&from.mail))
        .with("phone", text(&from.phone))
        .with("language", from.language.key())
        .with("merged_from", from.id)
        .with("is_reporter", true);
    ledgers.create(context, SUPPORTER, reporter).await?;
    count(ledgers, context, from.id).await?;
    count(ledgers, context, into.id).await?;
    let said = format!("{} と同じ通報としてまとめました。", into.reference);
    let entry = Entry { kind: "merge", state: "duplicate", text: &said, published: true, ..Entry::default() };
    enter(ledgers, context, from.id, &entry).await?;
    let said = format!("{} をまとめました。", from.reference);
    enter(ledgers, context, into.id, &Entry { kind: "merge", note: &said, ..Entry::default() }).await
}

/// Takes a joined report apart again: it is what it was.
///
/// # Errors
/// [`LedgerError::Refused`] when it is not joined to any, and as [`Ledgers::update`].
pub async fn split(ledgers: &Ledgers, context: &Context, report: &Report, revision: i64) -> Result<(), LedgerError> {
    let Some(into) = report.duplicate_of else {
        return Err(LedgerError::Refused("この通報は、まとめられていません。".to_owned()));
    };
    let before = State::from_key(&report.state_before).unwrap_or(State::Received);
    let draft = state::draft(ledgers, context, report, before).await?;
    let draft =
        draft.with("duplicate_of", Value::Null).with("state_before", Value::Null).with("status_note", Value::Null);
    change(ledgers, context, report, revision, draft).await?;
    for supporter in supporters(ledgers, context, &format!("merged_from = '{}'", report.id)).await? {
        if supporter.get("is_reporter") == &Value::Bool(true) {
            ledgers.delete(context, SUPPORTER, supporter.id, supporter.revision).await?;
        } else {
            let back = Draft::new().with("report", report.id).with("merged_from", Value::Null);
            ledgers.update(context, SUPPORTER, supporter.id, supporter.revision, back).await?;
        }
    }
    count(ledgers, context, report.id).await?;
    count(ledgers, context, into).await?;
    let entry = Entry {
        kind: "merge",
        state: before.key(),
        text: "別の通報として分けました。",
        published: true,
        ..Entry::default()
    };
    enter(ledgers, context, report.id, &entry).await?;
    let said = format!("{} を分けました。", report.reference);
    enter(ledgers, context, into, &Entry { kind: "merge", note: &said, ..Entry::default() }).await
}

async fn supporters(ledgers: &Ledgers, context: &Context, filter: &str) -> Result<Vec<Visible>, LedgerError> {
    all(ledgers, context, SUPPORTER, ListRequest::filtered(filter)).await
}

/// Counts the supporters of a report anew.
async fn count(ledgers: &Ledgers, context: &Context, report: RecordId) -> Result<(), LedgerError> {
    let supporters = ListRequest::filtered(format!("report = '{report}'"));
    let counted = ledgers.count(context, SUPPORTER, &supporters, 100_000).await?.count;
    let record = ledgers.get(context, REPORT, report).await?;
    let counted = i64::try_from(counted).unwrap_or(i64::MAX);
    ledgers.update(context, REPORT, report, record.revision, Draft::new().with("supporters", counted)).await.map(drop)
}
