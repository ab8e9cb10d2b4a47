//! Records the actual figure of an indicator as of a day (実績の記録), and repeats the latest in the indicator, from which the
//! achievement rate is computed.

use jiff::civil::Date;

use super::repeat;
use crate::definitions::{INDICATOR, INDICATOR_ACTUAL, INITIATIVE};
use crate::kernel::{Decimal, RecordId, Value};
use crate::ledger::{Draft, LedgerError, Ledgers, ListRequest};
use crate::platform::identity::Context;
use crate::records::{self, Actual, Indicator, Initiative};

/// A figure to be recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// As of which day.
    pub as_of: Date,
    /// The figure, at two places.
    pub value: Decimal,
    /// The key of how it came in: `manual`, `live`.
    pub origin: &'static str,
    /// A note; may be empty.
    pub note: String,
}

/// The indicator with its initiative, as far as the caller may see them.
pub async fn indicator(
    ledgers: &Ledgers,
    context: &Context,
    id: RecordId,
) -> Result<(Indicator, Initiative), LedgerError> {
    let indicator = Indicator::of(&ledgers.get(context, INDICATOR, id).await?);
    let owner = indicator.initiative.ok_or(LedgerError::NotFound)?;
    let initiative = Initiative::of(&ledgers.get(context, INITIATIVE, owner).await?);
    Ok((indicator, initiative))
}

/// Records a figure. A second one of the same day takes the place of the first, whose value stays in the history.
pub async fn record(
    ledgers: &Ledgers,
    context: &Context,
    (indicator, initiative): &(Indicator, Initiative),
    figure: &Figure,
) -> Result<(), LedgerError> {
    let of_day = format!("indicator = '{}' AND as_of = DATE('{}')", indicator.id, figure.as_of);
    let there = ledgers.list(context, INDICATOR_ACTUAL, &ListRequest::filtered(of_day)).await?;
    let mut draft = Draft::new()
        .with("indicator", indicator.id)
        .with("as_of", figure.as_of)
        .with("value", Value::Decimal(figure.value))
        .with("origin", figure.origin)
        .with("published", indicator.published);
    repeat(&mut draft, initiative, false);
    if !figure.note.is_empty() {
        draft.set("note", figure.note.as_str());
    }
    match there.records.first() {
        None => ledgers.create(context, INDICATOR_ACTUAL, draft).await?,
        Some(old) => ledgers.update(context, INDICATOR_ACTUAL, old.id, old.revision, draft).await?,
    };
    repeat_latest(ledgers, context, indicator).await
}

/// Repeats the latest figure in the indicator.
pub async fn repeat_latest(ledgers: &Ledgers, context: &Context, indicator: &Indicator) -> Result<(), LedgerError> {
    let Some(latest) = latest(ledgers, context, indicator.id).await? else { return Ok(()) };
    let now = Indicator::of(&ledgers.get(context, INDICATOR, indicator.id).await?);
    if now.actual == Some(latest.value) && now.actual_on == Some(latest.as_of) {
        return Ok(());
    }
    let draft = Draft::new().with("actual", Value::Decimal(latest.value)).with("actual_on", latest.as_of);
    ledgers.update(context, INDICATOR, now.id, now.revision, draft).await.map(drop)
}

/// The latest figure of an indicator.
pub async fn latest(ledgers: &Ledgers, context: &Context, indicator: RecordId) -> Result<Option<Actual>, LedgerError> {
    let request = ListRequest::filtered(format!("indicator = '{indicator}'"));
    let all = records::all(ledgers, context, INDICATOR_ACTUAL, request).await?;
    Ok(all.iter().filter_map(Actual::of).max_by_key(|actual| actual.as_of))
}
