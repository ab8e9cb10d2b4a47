//! Other systems' files (他システム連携): taken in and given out by layouts, on a schedule, with everything that can go wrong
//! noticed before anything is changed.
//!
//! A [`Layout`] says how a file is built and how its records meet those of a ledger. A file goes through stages, each of which
//! can stop it: it is looked at by itself ([`mod@inspect`]), held against the files before it, and compared with the
//! ledger; then a person applies the difference, or the program does where the layout says so and nothing is amiss. Every file
//! leaves a run ([`Run`]) that is kept, whatever became of it.
//!
//! [`Exchange`] is the service. Start reading at [`layout`], then [`inspect`](mod@inspect), [`intake`] and `decide`.

mod alarms;
mod before;
mod content;
pub mod convert;
mod decide;
pub mod error;
pub mod exchange;
pub mod give;
pub mod guess;
pub mod inspect;
pub mod intake;
pub mod layout;
pub mod layouts;
mod protected;
pub mod read;
mod recover;
mod retry;
pub mod runs;
pub mod schedule;
pub mod source;
pub mod tables;
pub mod watch;

pub use error::{ExchangeError, Result};
pub use exchange::{Exchange, OPERATOR, Parts, operator_role};
pub use layout::{Direction, Format, Layout, Mode};
pub use layouts::Published;
pub use runs::{Alarm, AlarmKind, Run, RunState};
pub use tables::engine;
pub use watch::{Folders, Status};

/// The JSON Schema of layout files, under the name by which `docs/schema/` publishes it.
#[must_use]
pub fn json_schema() -> (&'static str, String) {
    let schema = schemars::schema_for!(layout::RawLayout).to_value();
    ("layout.schema.json", format!("{schema:#}\n"))
}
