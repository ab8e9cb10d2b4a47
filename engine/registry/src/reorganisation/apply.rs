//! What of a settled plan changes a department in place, written on its day: names and the departments above.

use jiff::civil::Date;
use kawasemi_identity::Context;
use kawasemi_kernel::Value;
use kawasemi_ledger::{Draft, LedgerError, Ledgers};

use super::settle::set_states;
use super::step::{Step, StepKind, StepState};
use crate::bundle::DEPARTMENT;
use crate::registers::Registers;

/// Writes the settled steps whose day has come, and answers how many there were. Safe to repeat.
///
/// # Errors
/// When the register can't be read or written.
pub async fn apply(ledgers: &Ledgers, context: &Context, today: Date) -> Result<usize, LedgerError> {
    let registers = Registers::load(ledgers, context).await?;
    let is_due = |step: &&Step| step.state == StepState::Settled && step.fiscal_year.first_day() <= today;
    let due: Vec<Step> = registers.steps.iter().filter(is_due).cloned().collect();
    for step in &due {
        let context = &context.clone().because(format!("{}の機構改革", step.fiscal_year.label()));
        // One step may change what another changes, so that each reads the row anew.
        let registers = Registers::load(ledgers, context).await?;
        let mut draft = Draft::new();
        let mut code = step.code.as_str();
        if step.kind == StepKind::Rename {
            draft.set("name", step.name.as_str());
            if !step.kana.is_empty() {
                draft.set("kana", step.kana.as_str());
            }
        }
        if let Some((moved, parent)) = step.moves() {
            code = moved;
            let parent = registers.department_by_code(parent).map(|known| known.department.id);
            draft.set("parent", parent.map_or(Value::Null, Value::Record));
        }
        if let Some(order) = step.sort_order.filter(|_| matches!(step.kind, StepKind::Rename | StepKind::Move)) {
            draft.set("sort_order", Value::Int(order));
        }
        let Some(known) = registers.department_by_code(code) else { continue };
        if draft.fields().next().is_some() {
            ledgers.update(context, DEPARTMENT, known.department.id, known.revision, draft).await?;
        }
    }
    set_states(ledgers, context, &due, StepState::Settled, StepState::InForce).await
}
