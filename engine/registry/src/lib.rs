//! The shared registers: departments, posts, staff and assignments, the days on which the city hall is closed, and what is
//! looked up from them all: towns, postcodes, banks.
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
//! - [`reference`]: towns, postcodes, banks and branches, kept by their publishers' files
//! - [`places`]: from an address to its town block and key, from a postcode to an address
//! - [`calculations`]: deadlines, open days and [`address_match`] by name
//! - [`external_file`] and [`external`]: the city's external characters (外字), their file, and the table that prints and screens use
//! - [`register`]: reading the registers
//! - [`outside`]: who answers for which outside organisation (外部団体)
//!
//! Parties (宛名) belong here as well, with a TOML file beside these.

pub mod address_match;
mod bundle;
pub mod calculations;
pub mod directory;
pub mod external;
pub mod external_file;
pub mod handover;
pub mod midnight;
pub mod office_calendar;
pub mod organisation;
pub mod outside;
pub mod personnel;
pub mod personnel_file;
pub mod places;
pub mod reference;
pub mod register;
pub mod registers;
pub mod reorganisation;
mod shares;
pub mod sheet;
pub mod simulation;
pub mod standing;
pub mod transfer;

pub use bundle::{
    ASSIGNMENT, BANK, BANK_BRANCH, CLOSED_DAY, DEPARTMENT, DEPARTMENT_SHARE, EXTERNAL_CHARACTER, HANDOVER,
    OUTSIDE_ORGANISATION, PARTY, PERSONNEL_ORDER, POST, POSTCODE, PROTECTION_MEASURE, REORGANISATION_STEP, STAFF, TOWN,
    bundle,
};
pub use standing::sync_departments;
