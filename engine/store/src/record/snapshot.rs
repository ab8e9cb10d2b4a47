//! A record's fields as the JSON text of a revision.
//!
//! The text has every field that is filled in, by key, in forms that a person can read: numbers as numbers, decimals,
//! dates and instants as text, names and addresses as objects, geometries as GeoJSON. It is read back with the definition
//! under which it was written, which the revision names.

use jiff::Timestamp;
use kawasemi_kernel::{ChildRow, Decimal, Fields, FileRef, Geometry, PersonName, PostalAddress, RecordId, Value};
use kawasemi_schema::field::FieldKind;
use kawasemi_schema::{ColumnType, FieldDef};
use serde_json::{Map, Value as Json, json};

use crate::error::{Result, StoreError};

/// The fields as a JSON object.
#[must_use]
pub fn to_json(fields: &Fields) -> Json {
    let filled = fields.iter().filter(|(_, value)| !value.is_null());
    Json::Object(filled.map(|(key, value)| (key.clone(), value_to_json(value))).collect())
}

fn value_to_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(answer) => json!(answer),
        Value::Int(number) => json!(number),
        Value::Decimal(decimal) => json!(decimal.to_string()),
        Value::Text(text) => json!(text),
        Value::Date(date) => json!(date.to_string()),
        Value::Instant(instant) => json!(instant.to_string()),
        Value::YearMonth(month) => json!(month.to_string()),
        Value::Record(id) => json!(id.to_string()),
        Value::Many(keys) => json!(keys),
        Value::Name(name) => json!(name),
        Value::Address(address) => json!(address),
        Value::Geometry(geometry) => geometry.to_geojson(),
        Value::Files(files) => json!(files),
        Value::Rows(rows) => rows.iter().map(row_to_json).collect(),
    }
}

fn row_to_json(row: &ChildRow) -> Json {
    json!({ "id": row.id, "fields": to_json(&row.fields) })
}

/// Reads the fields of a revision. Keys that the definition does not have are left out.
///
/// # Errors
/// [`StoreError::Decode`] when a value is not of the field's kind.
pub fn from_json(fields: &[FieldDef], json: &Json) -> Result<Fields> {
    let empty = Map::new();
    let object = json.as_object().unwrap_or(&empty);
    let mut read = Fields::new();
    for field in fields {
        if let Some(value) = object.get(&field.key) {
            let value = value_from_json(&field.kind, value).ok_or_else(|| StoreError::Decode {
                column: field.key.clone(),
                detail: "the revision has a value of another kind".to_owned(),
            })?;
            read.insert(field.key.clone(), value);
        }
    }
    Ok(read)
}

fn value_from_json(kind: &FieldKind, json: &Json) -> Option<Value> {
    Some(match kind {
        FieldKind::PersonName => Value::Name(serde_json::from_value::<PersonName>(json.clone()).ok()?),
        FieldKind::Address => Value::Address(serde_json::from_value::<PostalAddress>(json.clone()).ok()?),
        FieldKind::Files { .. } => Value::Files(serde_json::from_value::<Vec<FileRef>>(json.clone()).ok()?),
        FieldKind::Point | FieldKind::Line | FieldKind::Polygon => Value::Geometry(Geometry::from_geojson(json).ok()?),
        FieldKind::Rows { fields, .. } => {
            let rows = json.as_array()?.iter().map(|row| row_from_json(fields, row));
            Value::Rows(rows.collect::<Option<_>>()?)
        }
        kind => scalar_from_json(kind.scalar()?, json)?,
    })
}

fn scalar_from_json(ty: ColumnType, json: &Json) -> Option<Value> {
    let text = json.as_str();
    Some(match ty {
        ColumnType::Text => Value::Text(text?.to_owned()),
        ColumnType::Integer => Value::Int(json.as_i64()?),
        ColumnType::Decimal { scale } => Value::Decimal(Decimal::parse_at(text?, scale).ok()?),
        ColumnType::Bool => Value::Bool(json.as_bool()?),
        ColumnType::Date => Value::Date(text?.parse().ok()?),
        ColumnType::Instant => Value::Instant(text?.parse::<Timestamp>().ok()?),
        ColumnType::YearMonth => Value::YearMonth(text?.parse().ok()?),
        ColumnType::Id => Value::Record(text?.parse::<RecordId>().ok()?),
        ColumnType::Many => Value::Many(serde_json::from_value(json.clone()).ok()?),
        ColumnType::Wkb | ColumnType::Real | ColumnType::Json => return None,
    })
}

fn row_from_json(fields: &[FieldDef], json: &Json) -> Option<ChildRow> {
    let id = json.get("id")?.as_str()?.parse().ok()?;
    Some(ChildRow { id, fields: from_json(fields, json.get("fields")?).ok()? })
}
