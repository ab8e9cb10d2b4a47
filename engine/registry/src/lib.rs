//! The shared registers: departments, posts, staff and assignments, and the days on which the city hall is closed.
//!
//! They are ledgers like any other (`ledgers/*.toml`), so that lists, history, import and grants come from the ledger
//! engine. What is special is Rust:
//!
//! - [`organisation`]: in which departments somebody works on a day, across reorganisations
//! - [`personnel_file`] and [`personnel`]: the yearly file of the personnel section, read and brought in
//! - [`office_calendar`]: the calendar of the law together with the city's own closed days
//! - [`calculations`]: deadlines and open days by name
//! - [`register`]: reading the registers
//! - [`outside`]: who answers for which outside organisation (外部団体)
//! - [`corporate_number`]: the check digit of 法人番号
//!
//! Parties (宛名) and places (町丁目・地番) belong here as well, each with a TOML file beside these.

mod bundle;
pub mod calculations;
pub mod corporate_number;
pub mod directory;
pub mod office_calendar;
pub mod organisation;
pub mod outside;
pub mod personnel;
pub mod personnel_file;
pub mod register;

pub use bundle::{ASSIGNMENT, CLOSED_DAY, DEPARTMENT, OUTSIDE_ORGANISATION, POST, STAFF, bundle};
pub use corporate_number::calculators;
pub use personnel::sync_departments;
