//! Carries initiatives over to the next fiscal year (翌年度への引き継ぎ): drafts that refer to what they continue.
//!
//! Carried over is what is to be continued, and is neither given up nor carried over already, so that it can be done again
//! after new dispositions came in. What is finished and to be continued goes on as well: its next step is the new task.

use std::collections::HashSet;

use crate::definitions::{INDICATOR, INITIATIVE, STATEMENT};
use crate::kernel::fiscal::FiscalYear;
use crate::kernel::{RecordId, Value};
use crate::ledger::{Draft, LedgerError, Ledgers, ListRequest};
use crate::platform::identity::Context;
use crate::records::{self, Indicator, Initiative, Statement};
use crate::rules::Progress;

/// What was carried over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// Initiatives that are drafts of the next year now.
    pub initiatives: usize,
    /// Sentences on those that could not be.
    pub refused: Vec<String>,
}

/// Carries the initiatives of a fiscal year over to the next, as far as the caller may; those of one department, or of all.
pub async fn carry(
    ledgers: &Ledgers,
    context: &Context,
    from: FiscalYear,
    department: Option<RecordId>,
) -> Result<Carried, LedgerError> {
    let context = context.clone().because(format!("{}への引き継ぎ", from.next().label()));
    let of = |year: FiscalYear| {
        let department = department.map(|id| format!(" AND department = '{id}'")).unwrap_or_default();
        ListRequest::filtered(format!("fiscal_year = {year}{department}"))
    };
    let next = records::all(ledgers, &context, INITIATIVE, of(from.next())).await?;
    let already: HashSet<RecordId> = next.iter().filter_map(|record| Initiative::of(record).previous).collect();
    let mut carried = Carried::default();
    statements(ledgers, &context, of(from), of(from.next()), from.next()).await?;
    for record in records::all(ledgers, &context, INITIATIVE, of(from)).await? {
        let old = Initiative::of(&record);
        if !goes_on(&old, &already) {
            continue;
        }
        match ledgers.create(&context, INITIATIVE, draft_of(&old, from.next())).await {
            Ok(saved) => {
                carried.initiatives += 1;
                indicators(ledgers, &context, &old, saved.id, from.next()).await?;
            }
            Err(error @ LedgerError::Store(_)) => return Err(error),
            Err(error) => carried.refused.push(format!("「{}」は引き継げませんでした。{error}", old.title)),
        }
    }
    Ok(carried)
}

/// How many initiatives [`carry`] would carry over.
pub async fn waiting(ledgers: &Ledgers, context: &Context, from: FiscalYear) -> Result<usize, LedgerError> {
    let of = |year: FiscalYear| ListRequest::filtered(format!("fiscal_year = {year}"));
    let next = records::all(ledgers, context, INITIATIVE, of(from.next())).await?;
    let already: HashSet<RecordId> = next.iter().filter_map(|record| Initiative::of(record).previous).collect();
    let old = records::all(ledgers, context, INITIATIVE, of(from)).await?;
    Ok(old.iter().filter(|record| goes_on(&Initiative::of(record), &already)).count())
}

/// Whether an initiative is to be carried over, and was not yet.
fn goes_on(old: &Initiative, already: &HashSet<RecordId>) -> bool {
    let continues = old.disposition.as_deref() == Some("continue") && old.status != Some(Progress::Cancelled);
    continues && !already.contains(&old.id) && old.may.update
}

/// Begins the departments' statements of the next year, with the basic ideas of this one to be worked over.
async fn statements(
    ledgers: &Ledgers,
    context: &Context,
    old: ListRequest,
    new: ListRequest,
    year: FiscalYear,
) -> Result<(), LedgerError> {
    let begun = records::all(ledgers, context, STATEMENT, new).await?;
    let begun: HashSet<Option<RecordId>> = begun.iter().map(|record| Statement::of(record).department).collect();
    for record in records::all(ledgers, context, STATEMENT, old).await? {
        let statement = Statement::of(&record);
        if begun.contains(&statement.department) || !statement.may.update {
            continue;
        }
        let mut draft = Draft::new().with("fiscal_year", i64::from(year.year())).with("state", "draft");
        for key in ["department", "sort_order", "basic_idea", "situation"] {
            draft.set(key, record.get(key).clone());
        }
        match ledgers.create(context, STATEMENT, draft).await {
            Ok(_) | Err(LedgerError::Duplicate { .. } | LedgerError::Invalid(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The draft of the year after. Dates, figures and states begin anew; what came next becomes what is to be delivered.
fn draft_of(old: &Initiative, year: FiscalYear) -> Draft {
    let text = |text: &str| if text.is_empty() { Value::Null } else { Value::from(text) };
    let reference = |id: Option<RecordId>| id.map_or(Value::Null, Value::Record);
    Draft::new()
        .with("fiscal_year", i64::from(year.year()))
        .with("department", reference(old.department))
        .with("section", reference(old.section))
        .with("theme", reference(old.theme))
        .with("sort_order", old.sort_order)
        .with("title", text(&old.title))
        .with("summary", text(&old.summary))
        .with("description", text(&old.description))
        .with("deliverable", text(if old.next_step.is_empty() { &old.deliverable } else { &old.next_step }))
        .with("plan_direction", Value::Many(old.plan_direction.clone()))
        .with("plan_measure", text(&old.plan_measure))
        .with("budget_project", text(&old.budget_project))
        .with("previous", old.id)
}

/// Carries over what an initiative measures: the last figure is the base of the new year, the target is to be set.
async fn indicators(
    ledgers: &Ledgers,
    context: &Context,
    old: &Initiative,
    new: RecordId,
    year: FiscalYear,
) -> Result<(), LedgerError> {
    let request = ListRequest::filtered(format!("initiative = '{}'", old.id));
    for record in records::all(ledgers, context, INDICATOR, request).await? {
        let indicator = Indicator::of(&record);
        let mut draft = Draft::new().with("initiative", new).with("fiscal_year", i64::from(year.year()));
        let kept =
            ["department", "section", "name", "kind", "unit", "direction", "tolerance", "range_low", "range_high"];
        for key in
            kept.into_iter().chain(["weight", "source", "kpi_ledger", "kpi_filter", "kpi_aggregate", "kpi_field"])
        {
            draft.set(key, record.get(key).clone());
        }
        if let Some(actual) = indicator.actual {
            draft.set("base_value", Value::Decimal(actual));
            draft.set("base_fiscal_year", i64::from(old.fiscal_year));
        }
        match ledgers.create(context, INDICATOR, draft).await {
            Ok(_) | Err(LedgerError::Duplicate { .. } | LedgerError::Invalid(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
