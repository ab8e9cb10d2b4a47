//! A layout (連携レイアウト), read strictly and complete in itself.

pub mod raw;

mod against;
mod check;

use kawasemi_schema::{SchemaErrors, SourceFile, read_toml};

pub use self::raw::{
    Apply, Conversion, Counted, Direction, Format, LayoutEncoding, LineEnd, Mode, RawLayout, RawPlace, Ready,
    RecordKind, Repeats, Sequence, Use,
};
use crate::schedule::Due;

/// A layout: how another system's file is built, and how its records meet those of a ledger.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// As it is written.
    pub raw: RawLayout,
    /// The file it was read from.
    pub source: SourceFile,
    /// The kinds of records, in the order of the layout.
    pub records: Vec<Record>,
    /// Which of them holds the data.
    pub data: usize,
    /// When files are expected.
    pub due: Option<Due>,
}

/// A kind of record, its places settled.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Which.
    pub kind: RecordKind,
    /// The text that means it.
    pub is: String,
    /// The steps to its element.
    pub element: Vec<String>,
    /// Its fields.
    pub places: Vec<Place>,
}

/// A field of a record, with its place settled.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// As it is written.
    pub raw: RawPlace,
    /// The first byte, from 0.
    pub start: usize,
    /// Bytes.
    pub length: usize,
    /// The column, from 0.
    pub column: usize,
}

impl Layout {
    /// Reads a layout. Everything that is wrong with it is reported at once.
    ///
    /// # Errors
    /// Each mistake with file, line and hint.
    pub fn read(source: SourceFile) -> Result<Self, SchemaErrors> {
        let raw: RawLayout = read_toml(&source)?;
        check::layout(raw, source)
    }

    /// Its key.
    pub fn key(&self) -> &str {
        &self.raw.key
    }

    /// The record that holds the data.
    pub fn data(&self) -> &Record {
        &self.records[self.data]
    }

    /// The record of a kind.
    pub fn record(&self, kind: RecordKind) -> Option<&Record> {
        self.records.iter().find(|record| record.kind == kind)
    }

    /// Where the cells of a row go: the targets of the data's fields, each once, then those that every row sets.
    pub fn targets(&self) -> Vec<&str> {
        let mut targets: Vec<&str> = Vec::new();
        for place in &self.data().places {
            if !place.raw.to.is_empty() && !targets.contains(&place.raw.to.as_str()) {
                targets.push(&place.raw.to);
            }
        }
        targets.extend(self.raw.set.keys().map(String::as_str));
        targets
    }

    /// What becomes of several rows for one record: in a difference the last one counts, as rows are in the order of what
    /// happened; a full file has each record once.
    pub fn repeats(&self) -> Repeats {
        self.raw.repeats.unwrap_or(match self.raw.mode {
            Mode::Difference => Repeats::Last,
            Mode::Full => Repeats::Refuse,
        })
    }

    /// The encoding as the reader knows it.
    pub fn encoding(&self) -> kawasemi_ledger::import::Encoding {
        use kawasemi_ledger::import::Encoding;
        match self.raw.encoding {
            LayoutEncoding::Utf8 | LayoutEncoding::Utf8Bom => Encoding::Utf8,
            LayoutEncoding::Cp932 => Encoding::Cp932,
            LayoutEncoding::Utf16le => Encoding::Utf16Le,
        }
    }
}

impl Record {
    /// The field with a use.
    pub fn used(&self, used: Use) -> Option<usize> {
        self.places.iter().position(|place| place.raw.used == used)
    }

    /// The field with a name.
    pub fn named(&self, name: &str) -> Option<usize> {
        self.places.iter().position(|place| place.raw.name == name)
    }
}
