//! Records of a file as texts, one at a time, whatever its format.
//!
//! What is wrong with one record ([`RawRow::fault`]) leaves the others alone; what is wrong with the file ends the reading.
//! Nothing here knows what the texts mean.

mod csv;
mod fixed;
mod xml;

use std::path::Path;

use crate::layout::{Format, Layout};

/// Longest text of one field, in bytes.
const LONGEST: usize = 64 * 1024;

/// A record as texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawRow {
    /// The line, or the place among the records where there are no lines, from 1.
    pub line: u64,
    /// Which record of the layout it is; none where that can't be told.
    pub record: Option<usize>,
    /// The texts of its fields, in the order of the layout.
    pub values: Vec<String>,
    /// What is wrong with the record as a whole.
    pub fault: Option<Fault>,
}

/// What is wrong with a record as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Alike for records that are wrong in the same way.
    pub kind: FaultKind,
    /// In words.
    pub message: String,
}

/// In which way a record is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FaultKind {
    /// Its length is not that of the layout.
    Length,
    /// It has more or fewer columns.
    Columns,
    /// Its kind is none of the layout.
    Kind,
    /// An element that it should have once is there several times.
    Repeated,
}

/// Why a file can't be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is not built as the layout says.
    #[error("{0}")]
    Shape(String),
    /// The disk failed.
    #[error("ファイルを読み込めませんでした。もう一度お試しください。")]
    Io(#[from] std::io::Error),
}

/// Hands every record over, in order, until `each` answers that it wants no more.
///
/// # Errors
/// [`ReadError::Shape`] when the file is not built as the layout says.
pub fn read(layout: &Layout, path: &Path, each: &mut dyn FnMut(RawRow) -> bool) -> Result<(), ReadError> {
    match layout.raw.format {
        Format::Fixed => fixed::read(layout, path, each),
        Format::Csv => csv::read(layout, path, each),
        Format::Xml => xml::read(layout, path, each),
    }
}

/// The record of the layout that a text means; where the layout has no such text, the first may be the header.
fn record_of(layout: &Layout, said: Option<&str>, is_first: bool) -> Option<usize> {
    match said {
        Some(said) => layout.records.iter().position(|record| record.is.trim() == said.trim()),
        None if is_first => {
            let header = layout.records.iter().position(|r| r.kind == crate::layout::RecordKind::Header);
            Some(header.unwrap_or(layout.data))
        }
        None => Some(layout.data),
    }
}

fn unknown_kind(layout: &Layout, said: &str) -> Fault {
    // No longer than a kind is: where the record has moved, what stands here may be about a person.
    let longest = layout.records.iter().map(|record| record.is.chars().count()).max().unwrap_or(0);
    let said: String = said.chars().take(longest).collect();
    Fault {
        kind: FaultKind::Kind, message: format!("レコードの種類「{said}」が連携レイアウトにありません。")
    }
}
