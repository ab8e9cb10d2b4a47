//! The value of one field of one record, as the engines hand it to one another.
//!
//! A value knows its kind but not its field: labels, limits and units are the ledger definition's. How a value is laid
//! out in columns is the store's business, how it is typed and shown to people the ledger's.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::decimal::Decimal;
use crate::geometry::Geometry;
use crate::id::RecordId;
use crate::year_month::YearMonth;

/// The fields of one record or of one child row, by field key. A key that is absent holds [`Value::Null`].
pub type Fields = BTreeMap<String, Value>;

/// A value of a field.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// Nothing was entered.
    #[default]
    Null,
    /// Yes or no (はい・いいえ).
    Bool(bool),
    /// A whole number; also yen (円) and fiscal years (年度).
    Int(i64),
    /// A decimal at the field's scale.
    Decimal(Decimal),
    /// Text, long text, the key of a choice, a phone number, a mail address or a URL.
    Text(String),
    /// A civil date in the city.
    Date(Date),
    /// An instant, UTC, to the microsecond.
    Instant(Timestamp),
    /// A month of a year (年月).
    YearMonth(YearMonth),
    /// A reference to a record.
    Record(RecordId),
    /// The keys of several choices, in the order of the definition, without repetition.
    Many(Vec<String>),
    /// A person's or organisation's name with its reading.
    Name(PersonName),
    /// A postal address.
    Address(PostalAddress),
    /// A point, line or polygon, longitude and latitude.
    Geometry(Geometry),
    /// Attached files, in order.
    Files(Vec<FileRef>),
    /// Child rows (明細), in order.
    Rows(Vec<ChildRow>),
}

impl Value {
    /// Whether nothing was entered. An empty list counts as nothing; an empty text never reaches a value.
    pub fn is_null(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Many(keys) => keys.is_empty(),
            Self::Files(files) => files.is_empty(),
            Self::Rows(rows) => rows.is_empty(),
            _ => false,
        }
    }

    /// The text of a text-like value.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Name(name) => Some(&name.name),
            Self::Address(address) => Some(&address.text),
            _ => None,
        }
    }

    /// The whole number of an integer-like value.
    pub const fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// The referenced record.
    pub const fn as_record(&self) -> Option<RecordId> {
        match self {
            Self::Record(id) => Some(*id),
            _ => None,
        }
    }

    /// The date.
    pub const fn as_date(&self) -> Option<Date> {
        match self {
            Self::Date(date) => Some(*date),
            _ => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<bool> for Value {
    fn from(answer: bool) -> Self {
        Self::Bool(answer)
    }
}

impl From<Date> for Value {
    fn from(date: Date) -> Self {
        Self::Date(date)
    }
}

impl From<RecordId> for Value {
    fn from(id: RecordId) -> Self {
        Self::Record(id)
    }
}

/// A name with its reading in kana (氏名・フリガナ).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonName {
    /// The name as it is written, family name first, code points kept.
    pub name: String,
    /// The reading in katakana; empty where it is not known.
    #[serde(default)]
    pub kana: String,
}

/// A postal address (住所).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostalAddress {
    /// Seven digits without the hyphen; empty where it is not known.
    #[serde(default)]
    pub postcode: String,
    /// Prefecture to house number and building, as written.
    pub text: String,
}

/// A file attached to a record (添付). The content lies in the file store under its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRef {
    /// The file's id.
    pub id: Uuid,
    /// The name under which it was uploaded.
    pub name: String,
    /// The media type that its content was found to have.
    pub media_type: String,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of the content, in lower-case hexadecimal.
    pub sha256: String,
}

/// One child row. Its id stays the same when rows before it are removed, so that history can tell them apart.
#[derive(Clone, Debug, PartialEq)]
pub struct ChildRow {
    /// The row's own id.
    pub id: Uuid,
    /// Its fields.
    pub fields: Fields,
}
