//! Rows from files: looking, mapping, a dry run, a staged apply under a batch, and its undoing.
//!
//! [`file`](self::file) reads rows of CSV and workbooks, [`forms`] those of forms, [`photos`] finds pictures of records, [`places`] where rows are, [`mapping`] says where columns go, [`lookup`] and [`prepare`] make records of
//! rows, [`run`] writes them, [`undo`] takes them back. Memory is bounded by a chunk of five hundred rows and ten thousand
//! mistakes, whatever the size of the file.

mod csv_file;
mod decode;
mod feed;
mod feed_report;
mod file;
mod forms;
mod line_feeds;
mod lookup;
mod mapping;
mod photos;
mod places;
mod prepare;
mod recover;
mod report;
mod run;
mod runs;
mod staging;
mod undo;
mod workbook;

pub use decode::{Decoding, Encoding, detect};
pub use feed::{FedAct, FedRow, FeedPlan, RowSource};
pub use feed_report::{FeedAct, FeedChange, FeedRefusal, FeedReport, FeedSample};
pub use file::{FileError, FileOptions, LOOK, Look, Refused, SheetRow, format_name, look, rows_below};
pub use forms::SavedForm;
pub use line_feeds::LineFeeds;
pub use mapping::Mapping;
pub use photos::PhotoPlan;
pub(crate) use places::kind_of;
pub use places::{Ground, PlaceLook, around, one_place};
pub use recover::Recovered;
pub use report::{ImportReport, Problem, Progress};
pub use run::{ImportPlan, OnProgress};
pub use runs::{ImportRun, RunState};
pub use undo::{BatchSummary, Undone};
