//! After a stop or a measure: repaired, used again after a new inspection, or taken away.

use jiff::civil::Date;

use crate::definitions::{STOP_NOTICE, WORK_ORDER};
use crate::kernel::Value;
use crate::ledger::{Draft, LedgerError, Ledgers};
use crate::platform::identity::Context;
use crate::records::{Inspection, Unit};
use crate::rules::grade::Judgement;
use crate::rules::unit_state::{Event, State};

use super::{move_on, step, text};

/// What is told of a repair.
#[derive(Clone, Debug, Default)]
pub struct Repair {
    /// When it was done; today where nothing is said.
    pub done_on: Option<Date>,
    /// What was done.
    pub result: String,
    /// What it cost, yen.
    pub cost_yen: Option<i64>,
}

/// Notes that a unit was repaired, and closes the work order of its stop.
///
/// # Errors
/// [`LedgerError::Refused`] where the unit's state does not allow it, and as [`Ledgers::update`].
pub async fn repair(ledgers: &Ledgers, context: &Context, unit: &Unit, repair: &Repair) -> Result<(), LedgerError> {
    let context = context.clone().because("遊具の修理");
    let to = step(unit, Event::Repaired)?;
    let day = repair.done_on.unwrap_or_else(|| context.today());
    if day > context.today() {
        return Err(LedgerError::Refused("修理した日が今日より後になっています。".to_owned()));
    }
    if unit.state == State::Stopped && unit.stopped_on.is_some_and(|stopped| day < stopped) {
        return Err(LedgerError::Refused("修理した日が、使用を止めた日より前になっています。".to_owned()));
    }
    if repair.result.trim().is_empty() {
        return Err(LedgerError::Refused("した作業を書いてください。".to_owned()));
    }
    if let Some(order) = unit.stop_work_order.filter(|_| unit.state == State::Stopped) {
        let order = ledgers.get(&context, WORK_ORDER, order).await?;
        if order.get("state").as_text() != Some("done") {
            let mut draft =
                Draft::new().with("state", "done").with("done_on", day).with("result", text(&repair.result));
            if let Some(yen) = repair.cost_yen {
                draft.set("cost_yen", yen);
            }
            ledgers.update(&context, WORK_ORDER, order.id, order.revision, draft).await?;
        }
    }
    move_on(ledgers, &context, unit, to, Draft::new().with("repaired_on", day)).await
}

/// Lets a unit be used again after a reinspection, and lifts its stop notice.
///
/// # Errors
/// [`LedgerError::Refused`] where the unit's state does not allow it, and as [`Ledgers::update`].
pub async fn release(ledgers: &Ledgers, context: &Context, unit: &Unit) -> Result<(), LedgerError> {
    let context = context.clone().because("遊具の使用再開");
    let with_measure = unit.judgement == Some(Judgement::Repair);
    let to = step(unit, Event::Released { with_measure })?;
    let today = context.today();
    let mut draft = Draft::new().with("released_on", today).with("stop_public", false);
    match unit.reinspection {
        Some(inspection) if with_measure => {
            let inspection = Inspection::load(ledgers, &context, inspection).await?;
            draft.set("measure", text(&inspection.measure));
            draft.set("measure_due", inspection.measure_due.map_or(Value::Null, Value::Date));
        }
        _ => {
            draft.set("measure", Value::Null);
            draft.set("measure_due", Value::Null);
        }
    }
    move_on(ledgers, &context, unit, to, draft).await?;
    if let Some(notice) = unit.stop_notice {
        let notice = ledgers.get(&context, STOP_NOTICE, notice).await?;
        if notice.get("lifted_on").is_null() {
            let reinspection = unit.reinspection.map_or(Value::Null, Value::Record);
            let draft = Draft::new().with("lifted_on", today).with("lift_inspection", reinspection);
            ledgers.update(&context, STOP_NOTICE, notice.id, notice.revision, draft).await?;
        }
    }
    Ok(())
}

/// Notes that a unit was taken away.
///
/// # Errors
/// [`LedgerError::Refused`] where it is gone already, and as [`Ledgers::update`].
pub async fn remove(ledgers: &Ledgers, context: &Context, unit: &Unit, day: Date) -> Result<(), LedgerError> {
    let context = context.clone().because("遊具の撤去");
    let to = step(unit, Event::Removed)?;
    if day > context.today() {
        return Err(LedgerError::Refused("撤去した日が今日より後になっています。".to_owned()));
    }
    move_on(ledgers, &context, unit, to, Draft::new().with("removed_on", day)).await
}
