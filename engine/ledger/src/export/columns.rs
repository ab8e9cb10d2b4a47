//! Which columns a file of records has, what they are called and what stands in their cells.

use kawasemi_kernel::geometry::BoundingBox;
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
    /// The latitude of a point, in degrees.
    Latitude(FieldDef),
    /// The longitude of a point, in degrees.
    Longitude(FieldDef),
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
            FieldKind::Point => {
                // The names by which every program of a city hall finds them, where they can mean one field only.
                let is_only = fields.iter().filter(|field| matches!(field.kind, FieldKind::Point)).count() == 1;
                let named = |name: &str| if is_only { name.to_owned() } else { format!("{label}（{name}）") };
                let (latitude, longitude) = (Source::Latitude(field.clone()), Source::Longitude(field.clone()));
                columns.push(column(latitude, &format!("{key}.latitude"), named("緯度")));
                columns.push(column(longitude, &format!("{key}.longitude"), named("経度")));
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
            Source::Latitude(field) => degrees(record.get(&field.key), |bounds| bounds.south),
            Source::Longitude(field) => degrees(record.get(&field.key), |bounds| bounds.west),
        }
    }

    /// Whether it is a field, or a part of it.
    pub fn is_of(&self, key: &str) -> bool {
        match &self.source {
            Source::Id | Source::Number => false,
            Source::Field(field)
            | Source::Kana(field)
            | Source::Postcode(field)
            | Source::Latitude(field)
            | Source::Longitude(field) => field.key == key,
        }
    }

    /// The field, where the column is a whole one.
    pub fn field(&self) -> Option<&FieldDef> {
        match &self.source {
            Source::Field(field) => Some(field),
            _ => None,
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

/// A number of degrees, to the tenth of a millimetre.
fn degrees(value: &Value, number: impl Fn(BoundingBox) -> f64) -> String {
    match value {
        Value::Geometry(geometry) => {
            let text = format!("{:.9}", number(geometry.bounding_box()));
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => String::new(),
    }
}
