//! Which columns a file of records has, what they are called and what stands in their cells.

use kawasemi_kernel::{Lang, Value};
use kawasemi_schema::{FieldDef, FieldKind};

use crate::field::{self, Style};
use crate::record::Visible;

/// A column of a file.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub source: Source,
    pub heading: String,
}

/// What a column holds.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// The record's id, by which it can be read in again.
    Id,
    /// The human number.
    Number,
    /// A field.
    Field(FieldDef),
    /// The reading of a name.
    Kana(FieldDef),
    /// The postcode of an address.
    Postcode(FieldDef),
}

/// How columns are called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Headings {
    /// By the labels that people know.
    #[default]
    Labels,
    /// By the keys that programs know.
    Keys,
}

/// The columns for fields, those of one field beside one another: the import reads them back into one.
pub(super) fn of_fields(fields: &[FieldDef], with_number: bool, headings: Headings, lang: Lang) -> Vec<Column> {
    let column = |source, key: &str, label: String| Column {
        source,
        heading: if headings == Headings::Keys { key.to_owned() } else { label },
    };
    let mut columns = vec![column(Source::Id, "id", "id".to_owned())];
    if with_number {
        columns.push(column(Source::Number, "number", "番号".to_owned()));
    }
    for field in fields {
        let label = field.label.get(lang).to_owned();
        let key = field.key.as_str();
        columns.push(column(Source::Field(field.clone()), key, label.clone()));
        match &field.kind {
            FieldKind::PersonName => {
                columns.push(column(
                    Source::Kana(field.clone()),
                    &format!("{key}.kana"),
                    format!("{label}（フリガナ）"),
                ));
            }
            FieldKind::Address => {
                let heading = format!("{label}（郵便番号）");
                columns.push(column(Source::Postcode(field.clone()), &format!("{key}.postcode"), heading));
            }
            _ => {}
        }
    }
    columns
}

impl Column {
    /// The cell of a record as text.
    pub fn text(&self, record: &Visible, style: &Style<'_>) -> String {
        match &self.source {
            Source::Id => record.id.to_string(),
            Source::Number => record.number.clone().unwrap_or_default(),
            Source::Field(field) => match record.get(&field.key) {
                Value::Name(name) => name.name.clone(),
                Value::Address(address) => address.text.clone(),
                value => field::show(field, value, style),
            },
            Source::Kana(field) => match record.get(&field.key) {
                Value::Name(name) => name.kana.clone(),
                _ => String::new(),
            },
            Source::Postcode(field) => match record.get(&field.key) {
                Value::Address(address) => address.postcode.clone(),
                _ => String::new(),
            },
        }
    }

    /// The value of a record, where the column is a whole field.
    pub fn value<'a>(&self, record: &'a Visible) -> Option<(&FieldDef, &'a Value)> {
        match &self.source {
            Source::Field(field) => Some((field, record.get(&field.key))),
            _ => None,
        }
    }
}
