//! Reports of the app in use until today (以前のアプリの通報), with what happened to them: CSV, and the JSON and XML of Open311 as FixMyStreet
//! and others write it, bare lists and wrapped ones.
//!
//! A file is read whole and told about before anything is written. A report keeps its number of the former app and gets an id that
//! follows from it, so that reading the same file again doubles nothing.

mod apply;
mod read;

pub use apply::{Outcome, apply};
pub use read::{Old, OldUpdate, Unread, read_reports, read_updates};
