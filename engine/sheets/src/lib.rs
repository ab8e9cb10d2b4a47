//! Workbooks and Access files as people made them.
//!
//! The sheets of a city hall are made to be read by people: titles above, headings of two rows, merged cells, 〃 for "as
//! above", sums between, notes below; or a form for each thing, a file for each form. This crate understands them without a
//! database and without a screen: [`book`] opens a workbook and keeps what plain readers lose, [`table`] finds a table and
//! reads its rows, [`form`] reads forms cell by cell, [`photo`] finds whose photograph a file is, [`access`] reads Access
//! through `mdbtools`, and [`report`] says what was understood, guessed and left.
//!
//! Every file is taken to be hostile: parts are measured as they are unpacked, rows are read one at a time, and what is
//! kept in memory has a bound.

pub mod access;
pub mod book;
pub mod bundle;
mod cell;
mod error;
pub mod form;
pub mod photo;
mod place;
pub mod report;
pub mod table;
pub mod value;
mod xlsx;

pub use cell::{Cell, SheetRow};
pub use error::{Result, SheetError};
pub use place::{Area, NoPlace, Place, letters};
