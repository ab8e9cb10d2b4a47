//! Publishing ledger definitions: plan, show, apply; and purging what was retired.
//!
//! [`plan`] compares what is wanted with what is published and says what would be done, step by step. [`apply`] does it in one
//! unit: the tables' shape, the new versions, the log, the audit entry; then the catalogue is swapped. Steps that only
//! add can be applied while serving; steps that change what is there (a renamed field, a narrower search) only from the
//! command line; some are refused with the way round. A removed field's column stays, invisible, until [`purge()`] drops it by
//! name.

mod apply;
mod diff;
mod overlay;
mod plan;
mod purge;
mod reindex;
mod retype;

pub use apply::apply;
pub(crate) use diff::old_key;
pub use overlay::{Held, Overlaid, overlaid, overlays};
pub use plan::{Allow, Effect, Plan, Step, StepKind, Wanted, going_back, plan};
pub use purge::{Retired, purge, retired};
pub use reindex::{reindex, renew_search};
