//! Reading fields by their kinds.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::kernel::{ChildRow, Fields, FileRef, RecordId, Value};
use crate::rules::Place;

/// Reads fields by the kind that is expected.
pub struct Read<'a>(pub &'a Fields);

impl Read<'_> {
    /// A text, or an empty one.
    pub fn text(&self, key: &str) -> String {
        self.0.get(key).and_then(Value::as_text).unwrap_or_default().to_owned()
    }

    /// A number.
    pub fn int(&self, key: &str) -> Option<i64> {
        self.0.get(key).and_then(Value::as_int)
    }

    /// Whether the answer is yes.
    pub fn yes(&self, key: &str) -> bool {
        matches!(self.0.get(key), Some(Value::Bool(true)))
    }

    /// A date.
    pub fn date(&self, key: &str) -> Option<Date> {
        self.0.get(key).and_then(Value::as_date)
    }

    /// An instant.
    pub fn instant(&self, key: &str) -> Option<Timestamp> {
        match self.0.get(key) {
            Some(Value::Instant(at)) => Some(*at),
            _ => None,
        }
    }

    /// A reference.
    pub fn record(&self, key: &str) -> Option<RecordId> {
        self.0.get(key).and_then(Value::as_record)
    }

    /// A position.
    pub fn place(&self, key: &str) -> Option<Place> {
        match self.0.get(key) {
            Some(Value::Geometry(geometry)) => Some(Place::of(geometry)),
            _ => None,
        }
    }

    /// Files.
    pub fn files(&self, key: &str) -> Vec<FileRef> {
        match self.0.get(key) {
            Some(Value::Files(files)) => files.clone(),
            _ => Vec::new(),
        }
    }

    /// Child rows.
    pub fn rows(&self, key: &str) -> &[ChildRow] {
        match self.0.get(key) {
            Some(Value::Rows(rows)) => rows,
            _ => &[],
        }
    }
}

/// The text of a cell of a child row.
pub(super) fn cell(row: &ChildRow, key: &str) -> String {
    Read(&row.fields).text(key)
}
