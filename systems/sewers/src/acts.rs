//! Brings the newest survey over to its pipe: urgency and days stand in the ledger of pipes as well, so that lists and maps show them.

use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::definitions::PIPE;
use crate::kernel::Value;
use crate::ledger::{Draft, LedgerError, Ledgers};
use crate::platform::identity::Context;
use crate::rules::table;
use crate::stock::{self, Span};

/// By when a pipe that is prone to corrosion is looked at next (下水道法施行令第5条の12: once in five years or more often). One that was
/// never surveyed is due at once.
fn next_due(span: &Span, today: Date) -> Option<Date> {
    if !span.corrosion_prone {
        return None;
    }
    let years = table::setting("corrosion_interval_years", today) as i64;
    Some(span.survey.as_ref().map_or(today, |survey| survey.on.checked_add(years.years()).unwrap_or(survey.on)))
}

/// Brings the newest surveys over to the pipes that the caller may change; how many changed.
///
/// # Errors
/// When a ledger can't be read or written. Somebody else's change in the meantime is passed over: the next run brings it over.
pub async fn bring_over(ledgers: &Ledgers, context: &Context) -> Result<usize, LedgerError> {
    let context = context.clone().because("最新の調査の結果の反映");
    let today = context.today();
    let mut changed = 0;
    for span in stock::load(ledgers, &context).await?.iter().filter(|span| span.may_update) {
        let survey = span.survey.as_ref();
        let mut due = next_due(span, today);
        // What is due since an earlier day stays due since then.
        if survey.is_none() && due.is_some() && span.noted.2.is_some() {
            due = span.noted.2;
        }
        let urgency = survey.and_then(|survey| survey.urgency);
        if span.noted == (urgency, survey.map(|survey| survey.on), due) {
            continue;
        }
        let day = |day: Option<Date>| day.map_or(Value::Null, Value::Date);
        let draft = Draft::new()
            .with("urgency", urgency.map_or(Value::Null, |urgency| Value::from(urgency.key())))
            .with("surveyed_on", day(survey.map(|survey| survey.on)))
            .with("next_due_on", day(due));
        match ledgers.update(&context, PIPE, span.id, span.revision, draft).await {
            Ok(_) => changed += 1,
            Err(LedgerError::Conflict(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(changed)
}
