//! A field of a ledger, as the engines use it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clearance::Clearance;
use crate::raw::FieldType;
use crate::text::Text;

/// A field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldDef {
    /// Stable key in snake_case.
    pub key: String,
    /// The field's name for people.
    pub label: Text,
    /// A sentence that helps to fill it in.
    pub hint: Text,
    /// The heading under which it stands; empty to stay under the one before.
    pub section: Text,
    /// What kind of value it holds.
    pub kind: FieldKind,
    /// Must be filled in.
    pub required: bool,
    /// Must be filled in when this CQL2 condition holds.
    pub required_when: Option<String>,
    /// Is asked only when this CQL2 condition holds.
    pub shown_when: Option<String>,
    /// Who may see it.
    pub clearance: Clearance,
    /// Hidden while the person is under protection (支援措置).
    pub protected: bool,
    /// Whether full-text search finds it.
    pub search: bool,
    /// No two records that are not deleted may hold the same value.
    pub unique: bool,
    /// The value of a new record, as it would be entered.
    pub default: Option<String>,
    /// The key that it had before it was renamed.
    pub was: Option<String>,
    /// Where in the file it stands, such as `field.3`, for messages.
    pub path: String,
}

/// The kind of a field with what that kind needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// A line of text of at most so many characters.
    Text {
        /// Longest text in characters.
        max_length: u32,
    },
    /// Text of many lines.
    LongText {
        /// Longest text in characters.
        max_length: u32,
    },
    /// A whole number.
    Integer {
        /// Smallest.
        min: Option<i64>,
        /// Largest.
        max: Option<i64>,
        /// The unit shown after it.
        unit: String,
    },
    /// A decimal; limits are scaled integers.
    Decimal {
        /// Decimal places.
        scale: u8,
        /// Smallest, scaled.
        min: Option<i64>,
        /// Largest, scaled.
        max: Option<i64>,
        /// The unit shown after it.
        unit: String,
    },
    /// Whole yen.
    Yen {
        /// Smallest.
        min: Option<i64>,
        /// Largest.
        max: Option<i64>,
    },
    /// A civil date.
    Date,
    /// An instant, shown as the city's date and time.
    DateTime,
    /// A month of a year.
    YearMonth,
    /// A fiscal year, by the year in which it begins.
    FiscalYear,
    /// Yes or no.
    YesNo,
    /// One choice.
    Choice {
        /// What can be chosen.
        choices: Vec<Choice>,
    },
    /// Any number of choices.
    Choices {
        /// What can be chosen.
        choices: Vec<Choice>,
    },
    /// A name with its reading.
    PersonName,
    /// A postal address.
    Address,
    /// A telephone number.
    Phone,
    /// A corporate number.
    CorporateNumber,
    /// A mail address.
    Mail,
    /// A web address.
    Url,
    /// A record of another ledger.
    Reference {
        /// The ledger's key.
        target: String,
    },
    /// Child rows.
    Rows {
        /// The fields of a row; no rows within rows.
        fields: Vec<FieldDef>,
        /// Most rows.
        max_count: u32,
    },
    /// Attached files.
    Files {
        /// Media types, such as `image/*`; empty for the installation's safe list.
        accept: Vec<String>,
        /// Most files.
        max_count: u32,
        /// Largest file in bytes.
        max_bytes: u64,
    },
    /// A point.
    Point,
    /// A line.
    Line,
    /// An area.
    Polygon,
    /// Computed from the other fields whenever the record is saved.
    Computed {
        /// The kind of the result, a scalar.
        result: Box<FieldKind>,
        /// Where it comes from.
        from: ComputedFrom,
    },
}

/// Where a computed value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ComputedFrom {
    /// CQL2 arithmetic over the record's own fields.
    Expression(String),
    /// A calculator of a system, by name, given the whole record.
    Calculator(String),
}

/// One choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Stable key.
    pub key: String,
    /// Its name for people.
    pub label: Text,
    /// How it looks.
    pub tone: Tone,
    /// Its colour on the map, `#rrggbb`.
    pub colour: Option<String>,
    /// No longer offered, still understood.
    pub retired: bool,
}

/// How a choice looks in a list. Never by colour alone: the label is always there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Tone {
    /// Plain.
    #[default]
    Neutral,
    /// Under way.
    Info,
    /// As it should be.
    Good,
    /// Needs attention.
    Warn,
    /// Wrong or late.
    Bad,
}

impl Tone {
    /// Whether it is plain.
    pub fn is_neutral(&self) -> bool {
        *self == Self::Neutral
    }
}

/// The physical type of a column. Encodings are the same on both stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ColumnType {
    /// Text, compared by code point.
    Text,
    /// A 64-bit integer.
    Integer,
    /// A scaled 64-bit integer.
    Decimal {
        /// Decimal places.
        scale: u8,
    },
    /// Yes or no.
    Bool,
    /// ISO date `YYYY-MM-DD` as text.
    Date,
    /// UTC microseconds as a 64-bit integer.
    Instant,
    /// `YYYY-MM` as text.
    YearMonth,
    /// An id.
    Id,
    /// Keys between bars, `|a|b|`, as text.
    Many,
    /// Well-known binary.
    Wkb,
    /// A binary fraction, for bounding boxes only.
    Real,
    /// JSON text that is never searched.
    Json,
}

/// A column of a ledger's table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name in the table.
    pub name: String,
    /// Its name in CQL2, sort and fields; none for columns that only the store uses.
    pub property: Option<String>,
    /// Its physical type.
    pub ty: ColumnType,
}

impl FieldDef {
    /// The field's columns. Child rows have none here: they are a table of their own.
    ///
    /// A name has its reading (`KEY.kana`) and a folded sort key beside it, an address its postcode (`KEY.postcode`), a
    /// geometry its bounding box and its place in the quadtree of maps.
    pub fn columns(&self) -> Vec<Column> {
        let own = |ty| Column { name: self.key.clone(), property: Some(self.key.clone()), ty };
        let part = |suffix: &str, named: bool, ty| Column {
            name: format!("{}__{suffix}", self.key),
            property: named.then(|| format!("{}.{suffix}", self.key)),
            ty,
        };
        match &self.kind {
            FieldKind::PersonName => {
                vec![own(ColumnType::Text), part("kana", true, ColumnType::Text), part("sort", false, ColumnType::Text)]
            }
            FieldKind::Address => vec![own(ColumnType::Text), part("postcode", true, ColumnType::Text)],
            FieldKind::Point | FieldKind::Line | FieldKind::Polygon => {
                let mut columns = vec![own(ColumnType::Wkb)];
                columns.extend(["min_x", "min_y", "max_x", "max_y"].map(|s| part(s, false, ColumnType::Real)));
                columns.extend(["cell", "rank"].map(|s| part(s, false, ColumnType::Integer)));
                columns
            }
            FieldKind::Rows { .. } => vec![],
            FieldKind::Files { .. } => {
                vec![Column { name: self.key.clone(), property: None, ty: ColumnType::Json }]
            }
            kind => kind.scalar().map(own).into_iter().collect(),
        }
    }

    /// The column by which lists sort this field; none if it has no order.
    pub fn sort_column(&self) -> Option<String> {
        match &self.kind {
            FieldKind::PersonName => Some(format!("{}__sort", self.key)),
            FieldKind::Address => Some(self.key.clone()),
            FieldKind::Choices { .. } => None,
            kind => kind.scalar().map(|_| self.key.clone()),
        }
    }

    /// The choice with a key.
    pub fn choice(&self, key: &str) -> Option<&Choice> {
        self.kind.choices().iter().find(|choice| choice.key == key)
    }
}

impl FieldKind {
    /// The physical type of a kind that is one scalar column; none for the others.
    pub fn scalar(&self) -> Option<ColumnType> {
        Some(match self {
            Self::Text { .. }
            | Self::LongText { .. }
            | Self::Choice { .. }
            | Self::Phone
            | Self::CorporateNumber
            | Self::Mail
            | Self::Url => ColumnType::Text,
            Self::Integer { .. } | Self::Yen { .. } | Self::FiscalYear => ColumnType::Integer,
            Self::Decimal { scale, .. } => ColumnType::Decimal { scale: *scale },
            Self::Date => ColumnType::Date,
            Self::DateTime => ColumnType::Instant,
            Self::YearMonth => ColumnType::YearMonth,
            Self::YesNo => ColumnType::Bool,
            Self::Choices { .. } => ColumnType::Many,
            Self::Reference { .. } => ColumnType::Id,
            Self::Computed { result, .. } => return result.scalar(),
            Self::PersonName
            | Self::Address
            | Self::Rows { .. }
            | Self::Files { .. }
            | Self::Point
            | Self::Line
            | Self::Polygon => return None,
        })
    }

    /// Whether it is a point, line or area.
    pub const fn is_geometry(&self) -> bool {
        matches!(self, Self::Point | Self::Line | Self::Polygon)
    }

    /// The choices of a choice field; empty for other kinds.
    pub fn choices(&self) -> &[Choice] {
        match self {
            Self::Choice { choices } | Self::Choices { choices } => choices,
            _ => &[],
        }
    }

    /// The type as it is written in TOML.
    pub fn field_type(&self) -> FieldType {
        match self {
            Self::Text { .. } => FieldType::Text,
            Self::LongText { .. } => FieldType::LongText,
            Self::Integer { .. } => FieldType::Integer,
            Self::Decimal { .. } => FieldType::Decimal,
            Self::Yen { .. } => FieldType::Yen,
            Self::Date => FieldType::Date,
            Self::DateTime => FieldType::DateTime,
            Self::YearMonth => FieldType::YearMonth,
            Self::FiscalYear => FieldType::FiscalYear,
            Self::YesNo => FieldType::YesNo,
            Self::Choice { .. } => FieldType::Choice,
            Self::Choices { .. } => FieldType::Choices,
            Self::PersonName => FieldType::PersonName,
            Self::Address => FieldType::Address,
            Self::Phone => FieldType::Phone,
            Self::CorporateNumber => FieldType::CorporateNumber,
            Self::Mail => FieldType::Mail,
            Self::Url => FieldType::Url,
            Self::Reference { .. } => FieldType::Reference,
            Self::Rows { .. } => FieldType::Rows,
            Self::Files { .. } => FieldType::Files,
            Self::Point => FieldType::Point,
            Self::Line => FieldType::Line,
            Self::Polygon => FieldType::Polygon,
            Self::Computed { .. } => FieldType::Computed,
        }
    }
}
