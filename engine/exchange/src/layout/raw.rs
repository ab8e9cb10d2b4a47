//! The shapes of a layout file, exactly as they are written. Unknown keys are refused everywhere.
//!
//! The JSON Schema for editors is derived from here, so a doc comment on a key is what an editor shows beside it.

use std::collections::BTreeMap;

use kawasemi_schema::Text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A layout (連携レイアウト): how another system's file is built, and how its records meet those of a ledger.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawLayout {
    /// Kebab-case key, such as `resident-difference`. Also the name of its folder for arriving files.
    pub key: String,
    /// The version, from 1. A published version is never changed; a new one takes its place.
    pub version: u32,
    /// Its name for people.
    pub title: Text,
    /// What it is and where it comes from.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub description: Text,
    /// The ledger.
    pub ledger: String,
    /// Whether files come in or go out.
    #[serde(default)]
    pub direction: Direction,
    /// The encoding of the file.
    #[serde(default)]
    pub encoding: LayoutEncoding,
    /// How its records are written.
    pub format: Format,
    /// Whether a file holds what changed, or everything.
    #[serde(default)]
    pub mode: Mode,
    /// The ledger's unique field, or fields, by which a row finds its record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub find: Vec<String>,
    /// What becomes of several rows for one record in one file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<Repeats>,
    /// Whether a person approves the difference, or it is applied where no alarm is raised.
    #[serde(default)]
    pub apply: Apply,
    /// Fixed-width records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<RawFixed>,
    /// CSV.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csv: Option<RawCsv>,
    /// Where a record says of which kind it is. Without it the first record is the header, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<RawKind>,
    /// The kinds of records: one `data`, at most one `header` and one `trailer`.
    #[serde(default)]
    pub record: Vec<RawRecord>,
    /// What the codes of the field with `use = "change"` mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<RawChange>,
    /// Fields of the ledger that every row sets; `@file-date` is the file's date, `@today` the present day.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, String>,
    /// Fields that close a record that is gone there. It is marked, never deleted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub close: BTreeMap<String, String>,
    /// Which records a full file is about: only those of them that it lacks are closed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scope: BTreeMap<String, String>,
    /// What raises an alarm.
    #[serde(default)]
    pub checks: RawChecks,
    /// When files are expected, or given out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<RawSchedule>,
    /// How files are given out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub give: Option<RawGive>,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($(#[$of])* $variant),+ }
    };
}

words! {
    /// Whether files come in or go out.
    Direction {
        /// Files come in (取込).
        #[default]
        In,
        /// Files are given out (書出し).
        Out,
    }
}

words! {
    /// The encoding of a file.
    LayoutEncoding {
        /// UTF-8; a byte order mark is passed over when reading.
        #[default]
        #[serde(rename = "utf-8")]
        Utf8,
        /// UTF-8, written with a byte order mark.
        #[serde(rename = "utf-8-bom")]
        Utf8Bom,
        /// Code page 932 (Shift_JIS with NEC and IBM extensions; 外字 become private-use characters).
        Cp932,
        /// UTF-16, little-endian. Not for fixed width.
        #[serde(rename = "utf-16le")]
        Utf16le,
    }
}

words! {
    /// How records are written.
    Format {
        /// Fields at fixed places, counted in bytes.
        #[default]
        Fixed,
        /// Separated by a character.
        Csv,
        /// Elements.
        Xml,
    }
}

words! {
    /// Whether a file holds what changed, or everything.
    Mode {
        /// What changed since the file before (差分).
        #[default]
        Difference,
        /// Everything (全件): a record that is missing from it is closed.
        Full,
    }
}

words! {
    /// What becomes of several rows for one record in one file.
    Repeats {
        /// The last one counts: rows are in the order of what happened.
        #[default]
        Last,
        /// The second and later ones are refused.
        Refuse,
    }
}

words! {
    /// Who applies a difference.
    Apply {
        /// A person, having seen it.
        #[default]
        Approval,
        /// The program, where no alarm is raised and no row is bad.
        Auto,
    }
}

words! {
    /// The end of a record.
    LineEnd {
        /// CR and LF, or LF alone when reading.
        #[default]
        Crlf,
        /// LF.
        Lf,
        /// Nothing: records follow one another.
        None,
    }
}

words! {
    /// The kind of a record.
    RecordKind {
        /// The records themselves.
        #[default]
        Data,
        /// Says what the file is.
        Header,
        /// Says how much it holds.
        Trailer,
    }
}

words! {
    /// What a text stands for.
    Conversion {
        /// Text, without the space around it.
        #[default]
        Text,
        /// A number, zero-padded or not, with an implied decimal point where `decimals` says so.
        Number,
        /// A date, `YYYYMMDD` or with separators.
        Date,
        /// A date in the Japanese calendar (和暦), `GYYMMDD` with 1明治 2大正 3昭和 4平成 5令和, or a letter.
        EraDate,
        /// A month, `YYYYMM`.
        YearMonth,
    }
}

words! {
    /// What a field is for, besides being one of the ledger.
    Use {
        /// Nothing else.
        #[default]
        None,
        /// The date of the file (作成日).
        FileDate,
        /// The number of the file in its series (通番).
        Sequence,
        /// The code of the city (全国地方公共団体コード), of six digits or five: a file of another is refused.
        CityCode,
        /// How many records the file has.
        Count,
        /// The sum of the data field `of`.
        Total,
        /// Whether the row adds, changes or closes (異動区分).
        Change,
        /// The kind of the record, where files are given out: it is written with the record's `is`.
        Kind,
    }
}

words! {
    /// How sequence numbers follow one another.
    Sequence {
        /// Each is larger than the one before.
        #[default]
        Ascending,
        /// Each is the one before plus one: a gap raises an alarm.
        Consecutive,
        /// They say nothing.
        Ignore,
    }
}

words! {
    /// What a trailer counts.
    Counted {
        /// Data records.
        #[default]
        Data,
        /// All records, header and trailer included.
        All,
    }
}

words! {
    /// When a file that arrives is complete.
    Ready {
        /// When its size has not changed between two looks.
        #[default]
        Stable,
        /// When a file of the same name with `.done` behind it is there.
        Marker,
    }
}

/// Fixed-width records.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawFixed {
    /// Bytes of a record, without its end.
    pub record_length: usize,
    /// What ends a record.
    #[serde(default)]
    pub line_end: LineEnd,
}

/// CSV.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawCsv {
    /// The character between columns.
    pub delimiter: char,
    /// The first row names the columns; they must be those of the layout.
    pub heading: bool,
    /// Columns that a row has, where more than those described.
    pub columns: Option<usize>,
}

impl Default for RawCsv {
    fn default() -> Self {
        Self { delimiter: ',', heading: false, columns: None }
    }
}

/// Where a record says of which kind it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawKind {
    /// The first byte, from 1 (fixed width).
    pub offset: usize,
    /// How many bytes.
    pub length: usize,
    /// The column, from 1 (CSV).
    pub column: usize,
}

/// A kind of record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawRecord {
    /// Which.
    #[serde(default)]
    pub kind: RecordKind,
    /// The text at the place of `kind` that means it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub is: String,
    /// The path of its element, such as `/residents/resident` (XML). Names without prefixes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub element: String,
    /// Its fields, in order.
    #[serde(default)]
    pub field: Vec<RawPlace>,
}

/// A field of a record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawPlace {
    /// What the other system calls it. Also the heading of its column.
    pub name: String,
    /// The first byte, from 1; where it is not said, it follows the field before (fixed width).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<usize>,
    /// How many bytes (fixed width).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<usize>,
    /// The column, from 1; where it is not said, it follows the field before (CSV).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// The path under the record's element, such as `name/kana` or `@id` (XML).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// The ledger's field, or a part of it such as `name.kana`. Several places with one target are put one after another.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub to: String,
    /// What it is for besides.
    #[serde(rename = "use")]
    pub used: Use,
    /// For a control total: the name of the data field that is summed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub of: String,
    /// What its text stands for.
    pub r#type: Conversion,
    /// Digits behind the implied decimal point.
    pub decimals: u8,
    /// Codes and what they mean in the ledger. A code that is not named is a mistake.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub map: BTreeMap<String, String>,
    /// Texts that mean nothing, such as `99999999`, beside spaces and a date of zeros.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub empty: Vec<String>,
    /// It must not be empty.
    pub required: bool,
}

/// What change codes mean.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawChange {
    /// A record that is new there.
    pub add: Vec<String>,
    /// A record that changed.
    pub change: Vec<String>,
    /// A record that is gone.
    pub close: Vec<String>,
}

/// What raises an alarm, or stops a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawChecks {
    /// The share of bad rows, in percent, up to which the others may go on.
    pub bad_percent: u8,
    /// The share of rows, in percent, in which the same field must fail for the whole file to count as shifted.
    pub shift_percent: u8,
    /// Fewer rows than this share, in percent, of the median of the last files raise an alarm; 0 for never.
    pub shrunken_percent: u8,
    /// More rows than this share, in percent, of the median of the last files raise an alarm; 0 for never.
    pub grown_percent: u16,
    /// More records than this share, in percent, that would be closed for being absent from a full file raise an alarm.
    pub closed_percent: u8,
    /// How sequence numbers follow one another.
    pub sequence: Sequence,
    /// What a trailer counts.
    pub count: Counted,
}

impl Default for RawChecks {
    fn default() -> Self {
        Self {
            bad_percent: 5,
            shift_percent: 20,
            shrunken_percent: 50,
            grown_percent: 300,
            closed_percent: 5,
            sequence: Sequence::default(),
            count: Counted::default(),
        }
    }
}

/// When files are expected, or given out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawSchedule {
    /// Names of files, such as `JUKI_*.txt`; `*` stands for anything.
    pub files: String,
    /// When: `daily 06:00`, `business-days 06:00`, `weekly mon 06:00`, `monthly 5 06:00`.
    pub due: String,
    /// When a file is complete.
    pub ready: Ready,
}

/// How files are given out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawGive {
    /// The role through whose grants the file is made: what it may not take out is not in it.
    pub role: String,
    /// CQL2 condition on the records.
    pub filter: String,
    /// Only what changed since the file before.
    pub changes: bool,
    /// The file's name; `{date}` and `{sequence}` are filled in.
    pub file: String,
}
