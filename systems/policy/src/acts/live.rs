//! Indicators that count the records of a ledger (KPI): counted on demand, and recorded by day so that they have a history.
//!
//! Everybody must see the same figure, and nobody may learn through a condition of their own what they could not look up. So
//! a figure is always counted with the powers that every member of the staff has, whoever asks: a field or a row that is not
//! open to all staff can be counted by no indicator.

use jiff::Timestamp;
use serde::Serialize;

use super::figures::{self, Figure};
use crate::definitions::INDICATOR;
use crate::kernel::decimal::Rounding;
use crate::kernel::{Decimal, RecordId};
use crate::ledger::{LedgerError, Ledgers, ListRequest};
use crate::platform::identity::caller::STAFF;
use crate::platform::identity::{Caller, Context};
use crate::records::{self, Indicator};
use crate::schema::Aggregate;

/// The decimal places of figures.
const PLACES: u8 = 2;

/// What recording the figures of a day did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Recorded {
    /// How many indicators were counted.
    pub counted: usize,
    /// How many figures had changed and were recorded.
    pub written: usize,
    /// Which could not be counted, and why.
    pub failed: Vec<(String, String)>,
}

/// Counts an indicator now; nothing where there is nothing to put together, or where it does not count a ledger.
pub async fn count(ledgers: &Ledgers, at: Timestamp, indicator: &Indicator) -> Result<Option<Decimal>, LedgerError> {
    let Some(ledger) = &indicator.kpi_ledger else { return Ok(None) };
    let everybody = Context::new(Caller::visitor().with_role(STAFF), at);
    let aggregate = aggregate(indicator.kpi_aggregate.as_deref());
    let field = indicator.kpi_field.as_deref().filter(|_| aggregate != Aggregate::Count);
    let figure = ledgers.figure(&everybody, ledger, indicator.kpi_filter.as_deref(), aggregate, field).await?;
    Ok(figure.and_then(|figure| figure.rounded(PLACES, Rounding::HalfUp)))
}

/// Records today's figures of the live indicators that the caller may write; of one initiative, or of all.
pub async fn record_all(
    ledgers: &Ledgers,
    context: &Context,
    initiative: Option<RecordId>,
) -> Result<Recorded, LedgerError> {
    let mut filter = "kpi_ledger IS NOT NULL".to_owned();
    if let Some(id) = initiative {
        filter.push_str(&format!(" AND initiative = '{id}'"));
    }
    let found = records::all(ledgers, context, INDICATOR, ListRequest::filtered(filter)).await?;
    let context = context.clone().because("台帳を数えた値の記録");
    let mut recorded = Recorded::default();
    for indicator in found.iter().map(Indicator::of).filter(|indicator| indicator.may.update) {
        match record(ledgers, &context, &indicator).await {
            Ok(written) => {
                recorded.counted += 1;
                recorded.written += usize::from(written);
            }
            Err(error @ LedgerError::Store(_)) => return Err(error),
            Err(error) => recorded.failed.push((indicator.name.clone(), error.to_string())),
        }
    }
    Ok(recorded)
}

/// Records today's figure of an indicator if it differs from the latest; whether it did.
pub async fn record(ledgers: &Ledgers, context: &Context, indicator: &Indicator) -> Result<bool, LedgerError> {
    let Some(value) = count(ledgers, context.act.at, indicator).await? else { return Ok(false) };
    let latest = figures::latest(ledgers, context, indicator.id).await?;
    if latest.is_some_and(|latest| latest.value == value) {
        return Ok(false);
    }
    let both = figures::indicator(ledgers, context, indicator.id).await?;
    let figure = Figure { as_of: context.today(), value, origin: "live", note: String::new() };
    figures::record(ledgers, context, &both, &figure).await?;
    Ok(true)
}

fn aggregate(key: Option<&str>) -> Aggregate {
    match key {
        Some("sum") => Aggregate::Sum,
        Some("average") => Aggregate::Average,
        Some("min") => Aggregate::Min,
        Some("max") => Aggregate::Max,
        _ => Aggregate::Count,
    }
}
