//! What the staff do on the board. Each act reads first and then writes through the ledger engine, with the caller's powers.
//!
//! What an indicator, a figure or a review repeats of its initiative (year, department, section) is filled in here from the
//! initiative, so that nobody has to, and grants on rows hold for it.

pub mod carry;
pub mod figures;
pub mod live;
pub mod publish;
pub mod report;

use crate::ledger::Draft;
use crate::records::Initiative;

/// Enters what a record under an initiative repeats of it.
fn repeat(draft: &mut Draft, initiative: &Initiative, with_year: bool) {
    if with_year {
        draft.set("fiscal_year", i64::from(initiative.fiscal_year));
    }
    if let Some(department) = initiative.department {
        draft.set("department", department);
    }
    match initiative.section {
        Some(section) => draft.set("section", section),
        None => draft.set("section", crate::kernel::Value::Null),
    }
}
