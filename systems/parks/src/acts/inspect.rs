//! An inspection, and what it changes on its unit.
//!
//! The inspection is written by whoever made it; then [`follow`] copies its result to the unit and moves the unit's state on. An
//! inspection that came in by another way (a form of the ledger, a file, the API) is followed once a day and by the button of the
//! start page, since the ledger engine calls nobody when a record was saved.

use crate::definitions::{INSPECTION, UNIT};
use crate::kernel::{RecordId, Value};
use crate::ledger::{Draft, LedgerError, Ledgers, ListRequest};
use crate::platform::identity::Context;
use crate::records::{self, Inspection, Unit};
use crate::rules::grade::Judgement;
use crate::rules::unit_state::{Event, State};

use super::{following, move_on, step, text};

/// How often a unit that somebody else changed in the same moment is read anew.
const TRIES: usize = 3;

/// Records an inspection and follows it.
///
/// # Errors
/// As [`Ledgers::create`]; nothing is written then.
pub async fn record(ledgers: &Ledgers, context: &Context, draft: Draft) -> Result<RecordId, LedgerError> {
    let saved = ledgers.create(context, INSPECTION, draft).await?;
    follow(ledgers, context, saved.id).await?;
    Ok(saved.id)
}

/// Copies the result of an inspection to its unit and moves the unit's state on.
///
/// # Errors
/// As [`Ledgers::update`].
pub async fn follow(ledgers: &Ledgers, context: &Context, inspection: RecordId) -> Result<(), LedgerError> {
    let own = following(context, "点検の結果の反映");
    let inspection = Inspection::load(ledgers, &own, inspection).await?;
    let Some(unit) = inspection.unit else { return Ok(()) };
    for _ in 1..TRIES {
        match apply(ledgers, &own, unit, &inspection).await {
            Err(LedgerError::Conflict(_)) => {}
            done => return done,
        }
    }
    apply(ledgers, &own, unit, &inspection).await
}

async fn apply(ledgers: &Ledgers, own: &Context, unit: RecordId, inspection: &Inspection) -> Result<(), LedgerError> {
    let unit = Unit::load(ledgers, own, unit).await?;
    let (Some(day), Some(judgement)) = (inspection.inspected_on, inspection.judgement) else { return Ok(()) };
    if unit.state == State::Removed {
        return Ok(());
    }
    let mut draft = Draft::new();
    if inspection.kind == "periodic" || (inspection.kind == "initial" && unit.last_periodic_on.is_none()) {
        draft.set("last_periodic_on", unit.last_periodic_on.map_or(day, |last| last.max(day)));
    }
    draft.set("last_daily_on", unit.last_daily_on.map_or(day, |last| last.max(day)));
    if unit.last_inspected_on.is_some_and(|last| last > day) {
        // Entered late: newer ones have decided since.
        return ledgers.update(own, UNIT, unit.id, unit.revision, draft).await.map(drop);
    }
    draft.set("last_inspected_on", day);
    draft.set("last_inspection", inspection.id);
    let event = Event::Inspected { judgement, is_qualified: inspection.is_qualified() };
    let to = step(&unit, event)?;
    // Once a stop was found necessary, only somebody with a qualification says that it is not.
    let is_open = matches!(unit.state, State::InUse | State::Restricted);
    if is_open || inspection.is_qualified() || judgement == Judgement::Stop {
        draft.set("overall", inspection.overall.map_or(Value::Null, |grade| Value::from(grade.key())));
        draft.set("judgement", judgement.key());
    }
    if to == State::Restricted && judgement == Judgement::Repair {
        draft.set("measure", text(&inspection.measure));
        draft.set("measure_due", inspection.measure_due.map_or(Value::Null, Value::Date));
    }
    if to == State::Reinspected && unit.state != State::Reinspected {
        draft.set("reinspection", inspection.id);
    }
    move_on(ledgers, own, &unit, to, draft).await
}

/// The inspections that their units do not know of: newer than what the unit says, the newest of each unit.
///
/// # Errors
/// As [`Ledgers::list`].
pub async fn unfollowed(ledgers: &Ledgers, context: &Context) -> Result<Vec<RecordId>, LedgerError> {
    let units = records::all(ledgers, context, UNIT, ListRequest::filtered("state <> 'removed'")).await?;
    let units: Vec<Unit> = units.iter().map(Unit::of).collect();
    let since = units.iter().filter_map(|unit| unit.last_inspected_on).min();
    let any_unknown = units.iter().any(|unit| unit.last_inspected_on.is_none());
    let request = match since.filter(|_| !any_unknown) {
        Some(day) => ListRequest::filtered(format!("inspected_on >= DATE('{day}')")),
        None => ListRequest::all(),
    };
    let mut newest: std::collections::BTreeMap<RecordId, Inspection> = std::collections::BTreeMap::new();
    for record in records::all(ledgers, context, INSPECTION, request).await? {
        let one = Inspection::of(&record);
        let Some(unit) = one.unit else { continue };
        let is_newer = |known: &Inspection| (one.inspected_on, one.created_at) > (known.inspected_on, known.created_at);
        if newest.get(&unit).is_none_or(is_newer) {
            newest.insert(unit, one);
        }
    }
    let is_unknown = |unit: &Unit| {
        let one = newest.get(&unit.id)?;
        let is_new = unit.last_inspection != Some(one.id) && one.inspected_on >= unit.last_inspected_on;
        is_new.then_some(one.id)
    };
    Ok(units.iter().filter_map(is_unknown).collect())
}

/// Follows every inspection that its unit does not know of; how many there were.
///
/// # Errors
/// As [`Ledgers::update`].
pub async fn follow_all(ledgers: &Ledgers, context: &Context) -> Result<usize, LedgerError> {
    let own = following(context, "点検の結果の反映");
    let waiting = unfollowed(ledgers, &own).await?;
    for inspection in &waiting {
        follow(ledgers, context, *inspection).await?;
    }
    Ok(waiting.len())
}
