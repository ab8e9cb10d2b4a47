//! Disaster mode (災害モード): the clocks stand, and the headquarters (災害対策本部) sort the reports out.
//!
//! What began is written into the settings with its time, so that every deadline counted later, also after it ended, leaves the days
//! of the disaster out.

use super::state;
use crate::definitions::{REPORT, SETTING};
use crate::kernel::{ChildRow, Fields, RecordId, Value};
use crate::ledger::{Draft, LedgerError, Ledgers, ListRequest};
use crate::platform::identity::Context;
use crate::records::{Category, Disaster, OPEN, Report, Settings, all};

/// Begins disaster mode. Open reports get no deadline until it ends.
///
/// # Errors
/// [`LedgerError::Refused`] where one goes on, and as [`Ledgers::update`].
pub async fn begin(
    ledgers: &Ledgers,
    context: &Context,
    name: &str,
    department: Option<RecordId>,
) -> Result<usize, LedgerError> {
    let settings = Settings::load(ledgers, context).await?;
    if settings.disaster().is_some() {
        return Err(LedgerError::Refused("災害モードは、すでに始まっています。".to_owned()));
    }
    if name.trim().is_empty() {
        return Err(LedgerError::Refused("災害の名前を書いてください（例：令和8年台風15号）。".to_owned()));
    }
    let mut periods = settings.disasters.clone();
    periods.push(Disaster { name: name.trim().to_owned(), from: context.act.at, until: None, department });
    write(ledgers, context, &settings, &periods).await?;
    recount(ledgers, context, None).await
}

/// Ends disaster mode: the clocks go on, and what the headquarters still have goes back to the sections.
///
/// # Errors
/// [`LedgerError::Refused`] where none goes on, and as [`Ledgers::update`].
pub async fn end(ledgers: &Ledgers, context: &Context) -> Result<usize, LedgerError> {
    let settings = Settings::load(ledgers, context).await?;
    let Some(open) = settings.disaster().cloned() else {
        return Err(LedgerError::Refused("災害モードは始まっていません。".to_owned()));
    };
    let mut periods = settings.disasters.clone();
    periods.iter_mut().filter(|one| one.until.is_none()).for_each(|one| one.until = Some(context.act.at));
    write(ledgers, context, &settings, &periods).await?;
    recount(ledgers, context, open.department).await
}

async fn write(
    ledgers: &Ledgers,
    context: &Context,
    settings: &Settings,
    periods: &[Disaster],
) -> Result<(), LedgerError> {
    let row = |one: &Disaster| {
        let mut fields = Fields::new();
        fields.insert("name".to_owned(), Value::from(one.name.as_str()));
        fields.insert("from".to_owned(), Value::Instant(one.from));
        if let Some(until) = one.until {
            fields.insert("until".to_owned(), Value::Instant(until));
        }
        if let Some(department) = one.department {
            fields.insert("department".to_owned(), Value::Record(department));
        }
        ChildRow { id: ledgers.new_id(), fields }
    };
    let draft = Draft::new().with("disasters", Value::Rows(periods.iter().map(row).collect()));
    match settings.id {
        Some(id) => ledgers.update(context, SETTING, id, settings.revision, draft).await.map(drop),
        None => ledgers.create(context, SETTING, draft).await.map(drop),
    }
}

/// Counts the deadlines of all open reports anew; those of the headquarters go to the section of their category. It is the program's
/// own work: the deadlines follow from the settings, whoever may see the report.
async fn recount(ledgers: &Ledgers, context: &Context, headquarters: Option<RecordId>) -> Result<usize, LedgerError> {
    let own = Context::system(context.act.at, "災害モードの切替え");
    let settings = Settings::load(ledgers, &own).await?;
    let categories = Category::all(ledgers, &own).await?;
    let reports = all(ledgers, &own, REPORT, ListRequest::filtered(OPEN)).await?;
    let mut changed = 0;
    for record in &reports {
        let report = Report::of(record);
        let mut draft = state::recounted(ledgers, &own, &settings, &report).await?;
        if headquarters.is_some() && report.department == headquarters {
            let of = categories.iter().find(|category| Some(category.id) == report.category);
            draft.set("department", of.and_then(|of| of.department).map_or(Value::Null, Value::Record));
        }
        match ledgers.update(&own, REPORT, report.id, report.revision, draft).await {
            Ok(_) => changed += 1,
            // Somebody changed it at this moment: what they wrote was counted with the new settings.
            Err(LedgerError::Conflict(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(changed)
}
