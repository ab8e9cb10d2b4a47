//! Papers of the sewer ledger.
//!
//! - [`sheet`]: the written record of the eight items (下水道台帳調書)
//! - [`workbook`]: the priorities as a workbook

pub mod sheet;
pub mod workbook;
