//! Rows from files: looking, mapping, a dry run, a staged apply under a batch, and its undoing.

mod csv_file;
mod decode;
mod file;
mod mapping;
mod report;
mod workbook;

pub use decode::Encoding;
pub use file::{FileError, FileOptions, LOOK, Look, SheetRow, format_name, look, rows_below};
pub use mapping::Mapping;
pub use report::{ImportReport, Problem, Progress};
