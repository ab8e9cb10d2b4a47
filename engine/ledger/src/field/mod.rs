//! The types of fields: one file per type or family, holding everything that a type can do.
//!
//! A type reads what people and programs enter (a form, JSON, a cell of a sheet), brings it to its normal form, refuses
//! what is none with a sentence in Japanese, and shows values again. What depends on other fields or on other records
//! (required, conditions, whether a reference leads anywhere) is not a type's business but that of [`crate::draft`].
//!
//! Everything here treats its input as hostile: a text is measured before it is worked on, numbers are exact, control
//! characters never reach a value, and HTML is text like any other (the pages escape it).
//!
//! To add a type: a kind in `schema`, a file here with its [`FieldType`], and one line in [`of`].

mod choice;
mod computed;
mod contact;
mod files;
mod geometry;
mod input;
mod number;
mod person;
mod reference;
mod rows;
mod style;
mod text;
mod time;
mod yes_no;

use kawasemi_kernel::Value;
use kawasemi_schema::{FieldDef, FieldKind};
use serde_json::Value as Json;

pub use self::choice::find_choice;
pub(crate) use self::files::refused_file;
pub use self::input::Entry;
pub use self::style::{Labels, Style};
pub(crate) use self::yes_no::answer as yes_no_answer;
pub use kawasemi_sheets::Cell;

/// What a type makes of an input.
pub type Parsed = Result<Value, Refusals>;

/// A type of field.
pub trait FieldType {
    /// Reads a text as it was typed. An empty text is [`Value::Null`].
    fn read_text(&self, text: &str) -> Parsed;

    /// Reads what a form sent under a key and its parts (`name`, `name.kana`).
    fn read_entry(&self, entry: &Entry, key: &str) -> Parsed {
        self.read_text(entry.one(key))
    }

    /// Reads a member of a JSON object.
    fn read_json(&self, json: &Json) -> Parsed {
        input::json_text(json).map_or_else(|message| Err(message.into()), |text| self.read_text(&text))
    }

    /// Reads a cell of a sheet.
    fn read_cell(&self, cell: &Cell) -> Parsed {
        match cell {
            Cell::Empty => Ok(Value::Null),
            Cell::Error(code) => {
                let said = "表計算のエラー値";
                Err(format!("{said}（{code}）が入っています。元のファイルをExcelで開き、直して保存し直してください。")
                    .into())
            }
            cell => self.read_text(&cell.to_text()),
        }
    }

    /// The value as plain text.
    fn show(&self, value: &Value, style: &Style<'_>) -> String;

    /// The value in JSON.
    fn to_json(&self, value: &Value) -> Json;
}

/// The type of a kind.
pub fn of(kind: &FieldKind) -> Box<dyn FieldType + '_> {
    match kind {
        FieldKind::Text { max_length } => Box::new(text::Line { max_length: *max_length }),
        FieldKind::LongText { max_length } => Box::new(text::Lines { max_length: *max_length }),
        FieldKind::Integer { min, max, unit } => Box::new(number::Integer { min: *min, max: *max, unit }),
        FieldKind::Decimal { scale, min, max, unit } => {
            Box::new(number::Exact { scale: *scale, min: *min, max: *max, unit })
        }
        FieldKind::Yen { min, max } => Box::new(number::Integer { min: *min, max: *max, unit: "円" }),
        FieldKind::Date => Box::new(time::Day),
        FieldKind::DateTime => Box::new(time::Moment),
        FieldKind::YearMonth => Box::new(time::Month),
        FieldKind::FiscalYear => Box::new(time::Year),
        FieldKind::YesNo => Box::new(yes_no::YesNo),
        FieldKind::Choice { choices } => Box::new(choice::One { choices }),
        FieldKind::Choices { choices } => Box::new(choice::Several { choices }),
        FieldKind::PersonName => Box::new(person::Name),
        FieldKind::Address => Box::new(person::Address),
        FieldKind::Phone => Box::new(contact::Phone),
        FieldKind::CorporateNumber => Box::new(contact::CorporateNumber),
        FieldKind::Mail => Box::new(contact::Mail),
        FieldKind::Url => Box::new(contact::Url),
        FieldKind::Reference { .. } => Box::new(reference::Reference),
        FieldKind::Rows { fields, max_count } => Box::new(rows::Rows { fields, max_count: *max_count }),
        FieldKind::Files { max_count, .. } => Box::new(files::Files { max_count: *max_count }),
        FieldKind::Point => Box::new(geometry::Shape { wanted: geometry::Wanted::Point }),
        FieldKind::Line => Box::new(geometry::Shape { wanted: geometry::Wanted::Line }),
        FieldKind::Polygon => Box::new(geometry::Shape { wanted: geometry::Wanted::Polygon }),
        FieldKind::Computed { result, .. } => Box::new(computed::Computed { result: of(result) }),
    }
}

/// Shows a field's value as plain text; nothing for no value.
pub fn show(field: &FieldDef, value: &Value, style: &Style<'_>) -> String {
    if value.is_null() { String::new() } else { of(&field.kind).show(value, style) }
}

/// A field's value in JSON; `null` for no value.
pub fn to_json(field: &FieldDef, value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        value => of(&field.kind).to_json(value),
    }
}

/// What is wrong with a field, for the person who entered it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FieldError {
    /// The field's key; for a child row `items.2.amount` (rows count from 0).
    pub field: String,
    /// The field's name for people; for a child row `明細 3行目 金額`.
    pub label: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl FieldError {
    /// A mistake in a field of a ledger.
    pub fn new(field: &FieldDef, message: impl Into<String>) -> Self {
        Self { field: field.key.clone(), label: field.label.ja().to_owned(), message: message.into() }
    }
}

impl std::fmt::Display for FieldError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.label.is_empty() { f.write_str(&self.message) } else { write!(f, "{}：{}", self.label, self.message) }
    }
}

/// Why an input is no value of its type; several reasons where the value has several parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusals(pub Vec<Refusal>);

/// One reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The part of the value, such as `2.amount`; empty for the whole.
    pub part: String,
    /// The part's name for people; empty for the whole.
    pub label: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl Refusals {
    /// The reasons as errors of a field.
    pub fn of_field(self, field: &FieldDef) -> Vec<FieldError> {
        let named = |reason: Refusal| {
            let mut error = FieldError::new(field, reason.message);
            if !reason.part.is_empty() {
                error.field = format!("{}.{}", field.key, reason.part);
                error.label = format!("{} {}", error.label, reason.label);
            }
            error
        };
        self.0.into_iter().map(named).collect()
    }

    /// The first reason's message.
    pub fn message(&self) -> &str {
        self.0.first().map_or("", |reason| reason.message.as_str())
    }
}

impl<T: Into<String>> From<T> for Refusals {
    fn from(message: T) -> Self {
        Self(vec![Refusal { part: String::new(), label: String::new(), message: message.into() }])
    }
}

/// Reads a field of a form.
pub fn from_entry(field: &FieldDef, entry: &Entry) -> Result<Value, Vec<FieldError>> {
    of(&field.kind).read_entry(entry, &field.key).map_err(|refusals| refusals.of_field(field))
}

/// Reads a field of a JSON object.
pub fn from_json(field: &FieldDef, json: &Json) -> Result<Value, Vec<FieldError>> {
    if json.is_null() {
        return Ok(Value::Null);
    }
    of(&field.kind).read_json(json).map_err(|refusals| refusals.of_field(field))
}

/// Reads a field from a cell of a sheet.
pub fn from_cell(field: &FieldDef, cell: &Cell) -> Result<Value, Vec<FieldError>> {
    of(&field.kind).read_cell(cell).map_err(|refusals| refusals.of_field(field))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a text and compares the value, or looks for a piece of the message.
    #[track_caller]
    pub(super) fn check(field: &dyn FieldType, text: &str, expected: Result<Value, &str>) {
        compare(field.read_text(text), expected, &text.chars().take(40).collect::<String>());
    }

    /// The same for JSON.
    #[track_caller]
    pub(super) fn check_json(field: &dyn FieldType, json: Json, expected: Result<Value, &str>) {
        let shown = json.to_string();
        compare(field.read_json(&json), expected, &shown.chars().take(80).collect::<String>());
    }

    #[track_caller]
    fn compare(read: Parsed, expected: Result<Value, &str>, input: &str) {
        match (read, expected) {
            (Ok(value), Ok(expected)) => assert_eq!(value, expected, "{input}"),
            (Err(refusals), Err(piece)) => {
                assert!(refusals.message().contains(piece), "{input}: {}", refusals.message())
            }
            (read, expected) => panic!("{input}: {read:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn a_lone_surrogate_is_no_json() {
        assert!(serde_json::from_str::<Json>(r#"{"name":"\ud800"}"#).is_err());
    }
}
