//! The kinds of fields, what can be chosen in them, and what stands in them.

use super::{FieldView, FileItem, RowView};

/// What kind of value a field takes.
#[derive(Clone, Debug)]
pub enum FieldKind {
    /// One line of text.
    Text {
        /// The most characters that are accepted, said in the hint.
        max: Option<u32>,
    },
    /// Several lines of text.
    LongText {
        /// The most characters that are accepted, said in the hint.
        max: Option<u32>,
    },
    /// A whole number.
    Integer {
        /// The unit after the number; empty for none.
        unit: String,
    },
    /// A decimal.
    Decimal {
        /// How many digits follow the point.
        scale: u8,
        /// The unit after the number; empty for none.
        unit: String,
    },
    /// An amount of money.
    Yen,
    /// A date.
    Date,
    /// A day and time: `2026-04-01T13:30`.
    DateTime,
    /// A month: `2026-04`.
    YearMonth,
    /// A fiscal year: chosen from a list, or typed where the list is empty.
    FiscalYear {
        /// The years to choose from.
        years: Vec<Choice>,
    },
    /// Yes or no.
    YesNo,
    /// One of several.
    Choice {
        /// What can be chosen: up to five as radio buttons, more as a list.
        choices: Vec<Choice>,
    },
    /// Some of several.
    ManyChoices {
        /// What can be chosen.
        choices: Vec<Choice>,
    },
    /// A person's or organisation's name with its reading.
    PersonName,
    /// A postal address.
    Address {
        /// Where a script asks to which town a postcode belongs (`?code=`); empty where nobody knows.
        postcodes: String,
    },
    /// A telephone number.
    Phone,
    /// A mail address.
    Mail,
    /// A web address.
    Url,
    /// A record of a ledger, as an id.
    Reference {
        /// The address that answers `?q=` with [`suggestions`](super::suggestions).
        lookup: String,
        /// What the present record is called; empty for none.
        label: String,
        /// The present record's page.
        href: Option<String>,
    },
    /// Child rows.
    Rows {
        /// The fields of a new row, with bare keys.
        prototype: Vec<FieldView>,
        /// The rows that are there.
        rows: Vec<RowView>,
        /// Whether their order means something, so that they can be moved.
        ordered: bool,
    },
    /// Attached files.
    Files {
        /// The files that are there.
        existing: Vec<FileItem>,
        /// The `accept` of the input: `.pdf,image/*`; empty for any.
        accept: String,
        /// The largest file in bytes, said in the hint.
        max_bytes: u64,
    },
    /// A point: `35.437,139.430` or GeoJSON.
    Point,
    /// A line: a point on each line, or GeoJSON.
    Line,
    /// A polygon: a corner on each line, or GeoJSON.
    Polygon,
    /// What is computed from other fields; it is shown, not sent.
    Computed,
    /// A password.
    Password {
        /// Whether it is being chosen, so that the browser offers a new one.
        new: bool,
    },
    /// A one-time code of six digits.
    Code,
}

/// A choice: what is stored, and what people read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The key.
    pub key: String,
    /// The words.
    pub label: String,
}

impl Choice {
    /// A choice.
    pub fn new(key: impl Into<String>, label: impl Into<String>) -> Self {
        Self { key: key.into(), label: label.into() }
    }
}

/// What stands in a field: what was stored, or what was typed and came back with a mistake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum FieldValue {
    /// Nothing.
    #[default]
    Empty,
    /// One text.
    One(String),
    /// Several keys.
    Many(Vec<String>),
    /// The parts of a name (`name`, `kana`) or an address (`postcode`, `text`).
    Parts(Vec<(&'static str, String)>),
}

impl FieldValue {
    /// The text, or an empty one.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::One(text) => text,
            _ => "",
        }
    }

    /// A part by its name, or an empty text.
    pub(super) fn part(&self, wanted: &str) -> &str {
        match self {
            Self::Parts(parts) => parts.iter().find(|(name, _)| *name == wanted).map_or("", |(_, text)| text),
            _ => "",
        }
    }

    /// Whether a key is chosen.
    pub(super) fn has(&self, key: &str) -> bool {
        match self {
            Self::One(text) => text == key,
            Self::Many(keys) => keys.iter().any(|each| each == key),
            _ => false,
        }
    }
}

impl From<&str> for FieldValue {
    fn from(text: &str) -> Self {
        Self::One(text.to_owned())
    }
}

impl From<String> for FieldValue {
    fn from(text: String) -> Self {
        Self::One(text)
    }
}

impl From<Vec<String>> for FieldValue {
    fn from(keys: Vec<String>) -> Self {
        Self::Many(keys)
    }
}
