//! Reorganisations (機構改革): departments made, renamed, moved, merged, split and abolished from a fiscal year on, as a plan
//! that is drafted, checked, settled and in force from 1 April.
//!
//! Settling writes what only adds to the register of departments: new rows that begin with the fiscal year, and for those that
//! close their last year and where their work goes. It may be seen by everybody, since the organisation is the council's to
//! decide. What changes a row in place, its name or the department above, is written on the day ([`apply`]).
//!
//! Start reading at [`plan`], which holds the rules.

pub mod apply;
pub mod file;
pub mod plan;
pub mod settle;
mod step;

pub use plan::{Finding, Severity, check};
pub use step::{Step, StepKind, StepState};
