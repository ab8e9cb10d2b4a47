//! The shared registers: departments, posts, staff and assignments, and the days on which the city hall is closed.
//!
//! They are ledgers like any other (`ledgers/*.toml`), so that lists, history, import and grants come from the ledger
//! engine. What is special is Rust:
//!
//! - [`organisation`]: in which departments somebody works on a day, across reorganisations
//! - [`personnel_file`] and [`personnel`]: the yearly file of the personnel section, read and brought in
//! - [`transfer`]: orders that are brought in ahead and take effect at midnight (人事異動)
//! - [`reorganisation`]: departments made, merged, split and closed from a fiscal year on (機構改革)
//! - [`handover`]: what passes to successors, and what has no owner (引継ぎ)
//! - [`simulation`]: the hall as it will be on a day
//! - [`standing`]: what accounts follow of all this
//! - [`office_calendar`]: the calendar of the law together with the city's own closed days
//! - [`calculations`]: deadlines and open days by name
//! - [`register`]: reading the registers
//!
//! Parties (宛名) and places (町丁目・地番) belong here as well, each with a TOML file beside these.

mod bundle;
pub mod calculations;
pub mod handover;
pub mod midnight;
pub mod office_calendar;
pub mod organisation;
pub mod personnel;
pub mod personnel_file;
pub mod register;
pub mod registers;
pub mod reorganisation;
mod shares;
pub mod sheet;
pub mod simulation;
pub mod standing;
pub mod transfer;

pub use bundle::{
    ASSIGNMENT, CLOSED_DAY, DEPARTMENT, DEPARTMENT_SHARE, HANDOVER, PERSONNEL_ORDER, POST, REORGANISATION_STEP, STAFF,
    bundle,
};
pub use standing::sync_departments;
