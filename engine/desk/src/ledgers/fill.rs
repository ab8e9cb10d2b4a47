//! What stands in a field of a form: a stored value as it would be typed, a default, or what was typed.

use std::collections::BTreeSet;

use jiff::civil::Date;
use kawasemi_kernel::context::civil_date_time;
use kawasemi_kernel::fiscal::FiscalYear;
use kawasemi_kernel::geometry::GeometryKind;
use kawasemi_kernel::{ChildRow, Geometry, Value};
use kawasemi_ledger::{Entry, Labels, Style, field};
use kawasemi_schema::{FieldDef, FieldKind};
use kawasemi_ui::field::FieldValue;

/// A stored value as it would be typed.
pub fn of_value(def: &FieldDef, value: &Value, labels: &Labels) -> FieldValue {
    match value {
        Value::Null | Value::Files(_) | Value::Rows(_) => FieldValue::Empty,
        _ if matches!(def.kind, FieldKind::Computed { .. }) => {
            FieldValue::One(field::show(def, value, &super::opened::style().with_labels(labels)))
        }
        Value::Bool(answer) => FieldValue::One(answer.to_string()),
        Value::Text(text) => FieldValue::One(text.clone()),
        Value::Date(day) => FieldValue::One(day.to_string()),
        Value::Instant(at) => FieldValue::One(civil_date_time(*at).strftime("%Y-%m-%dT%H:%M").to_string()),
        Value::YearMonth(month) => FieldValue::One(month.to_string()),
        Value::Record(id) => FieldValue::One(id.to_string()),
        Value::Many(keys) => FieldValue::Many(keys.clone()),
        Value::Name(name) => FieldValue::Parts(vec![("name", name.name.clone()), ("kana", name.kana.clone())]),
        Value::Address(address) => {
            FieldValue::Parts(vec![("postcode", address.postcode.clone()), ("text", address.text.clone())])
        }
        Value::Geometry(geometry) => FieldValue::One(typed_geometry(geometry)),
        value => FieldValue::One(field::show(def, value, &Style::file())),
    }
}

/// A point as map services write it, latitude first; anything else in well-known text.
fn typed_geometry(geometry: &Geometry) -> String {
    let place = geometry.bounding_box();
    match geometry.kind() {
        GeometryKind::Point => format!("{},{}", place.south, place.west),
        _ => geometry.to_string(),
    }
}

/// The default of a new record.
pub fn of_default(def: &FieldDef, today: Option<Date>) -> FieldValue {
    let Some(text) = def.default.as_deref() else { return FieldValue::Empty };
    match (text, &def.kind, today) {
        ("today", FieldKind::Date, Some(today)) => FieldValue::One(today.to_string()),
        ("this-fiscal-year", FieldKind::FiscalYear, Some(today)) => {
            FieldValue::One(FiscalYear::of(today).year().to_string())
        }
        (text, FieldKind::YesNo, _) => FieldValue::One(matches!(text, "true" | "yes" | "はい" | "1").to_string()),
        (text, FieldKind::Choices { .. }, _) => {
            FieldValue::Many(text.split([',', '|']).map(|key| key.trim().to_owned()).collect())
        }
        (text, _, _) => FieldValue::One(text.to_owned()),
    }
}

/// What was typed under a name.
pub fn typed(def: &FieldDef, entry: &Entry, name: &str) -> FieldValue {
    match &def.kind {
        FieldKind::PersonName => parts(entry, name, ["name", "kana"]),
        FieldKind::Address => parts(entry, name, ["postcode", "text"]),
        FieldKind::Choices { .. } => {
            FieldValue::Many(entry.all(name).iter().filter(|key| !key.is_empty()).cloned().collect())
        }
        FieldKind::Rows { .. } | FieldKind::Files { .. } | FieldKind::Computed { .. } => FieldValue::Empty,
        _ => FieldValue::One(entry.one(name).to_owned()),
    }
}

fn parts(entry: &Entry, name: &str, parts: [&'static str; 2]) -> FieldValue {
    let own = entry.part(name);
    FieldValue::Parts(parts.into_iter().map(|part| (part, own.one(part).to_owned())).collect())
}

/// Whether a value has a choice.
pub fn has_choice(value: &Value, key: &str) -> bool {
    match value {
        Value::Text(chosen) => chosen == key,
        Value::Many(chosen) => chosen.iter().any(|each| each == key),
        _ => false,
    }
}

/// The child rows of a value.
pub fn rows_of(value: &Value) -> &[ChildRow] {
    match value {
        Value::Rows(rows) => rows,
        _ => &[],
    }
}

/// The numbers of the rows that a form sent, in order.
pub fn row_numbers(entry: &Entry) -> Vec<usize> {
    let numbers: BTreeSet<usize> =
        entry.keys().filter_map(|key| key.split('.').next()).filter_map(|number| number.parse().ok()).collect();
    numbers.into_iter().collect()
}

/// The text of a value that is one.
pub fn text_of(value: &FieldValue) -> &str {
    match value {
        FieldValue::One(text) => text,
        _ => "",
    }
}
