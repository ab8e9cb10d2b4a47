//! What is done in the parks: inspecting, stopping, repairing and reopening playground equipment, spreading a plan, accepting a
//! month.
//!
//! - [`inspect`]: an inspection, and what it changes on its unit
//! - [`stop`]: the use is stopped, with notice, fence, public map and work order
//! - [`mend`]: repaired, used again, taken away
//! - [`spread`]: a life-extension plan over its years
//! - [`accept`]: what a month comes to under a contract
//! - [`owners`]: whose a report or an inspection is

pub mod accept;
pub mod inspect;
pub mod mend;
pub mod owners;
pub mod spread;
pub mod stop;

use crate::definitions::UNIT;
use crate::kernel::Value;
use crate::ledger::{Draft, LedgerError, Ledgers};
use crate::platform::identity::Context;
use crate::records::Unit;
use crate::rules::unit_state::{Event, State, next};

/// The program's own context for what follows from a person's act, with the person as the one who did it. A contractor may
/// record an inspection and may not edit the unit; what the inspection means for the unit is the program's to write.
pub fn following(context: &Context, reason: &str) -> Context {
    let mut own = Context::system(context.act.at, reason);
    own.act.actor = context.act.actor;
    own
}

/// The state after an event, or why it can't be.
fn step(unit: &Unit, event: Event) -> Result<State, LedgerError> {
    next(unit.state, event).map_err(|why| LedgerError::Refused(why.to_owned()))
}

/// Writes a unit's new state with what belongs to it.
async fn move_on(
    ledgers: &Ledgers,
    context: &Context,
    unit: &Unit,
    to: State,
    mut draft: Draft,
) -> Result<(), LedgerError> {
    draft.set("state", to.key());
    if to != unit.state {
        draft.set("state_since", context.today());
    }
    ledgers.update(context, UNIT, unit.id, unit.revision, draft).await.map(drop)
}

/// A text, or nothing where it is empty.
fn text(text: &str) -> Value {
    let text = text.trim();
    if text.is_empty() { Value::Null } else { Value::from(text) }
}
