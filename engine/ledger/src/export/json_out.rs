//! One JSON object on each line, and GeoJSON (RFC 7946).

use kawasemi_kernel::Value;
use kawasemi_schema::FieldDef;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value as Json};

use super::Writer;
use crate::error::Result;
use crate::field::{self, Style};
use crate::record::Visible;

/// A record as a JSON object: system properties, then the fields that were asked for.
pub fn record_json(fields: &[FieldDef], record: &Visible) -> Map<String, Json> {
    let mut object = Map::new();
    object.insert("id".to_owned(), record.id.to_string().into());
    if let Some(number) = &record.number {
        object.insert("number".to_owned(), number.clone().into());
    }
    object.insert("revision".to_owned(), record.revision.into());
    object.insert("created_at".to_owned(), instant(record.created_at));
    object.insert("updated_at".to_owned(), instant(record.updated_at));
    for (key, by) in [("created_by", record.created_by), ("updated_by", record.updated_by)] {
        if let Some(by) = by {
            object.insert(key.to_owned(), by.to_string().into());
        }
    }
    if let Some(at) = record.deleted_at {
        object.insert("deleted_at".to_owned(), instant(at));
    }
    // A masked field is absent, an empty one null: a program can tell them apart, and the mask says nothing of a value.
    for field in fields.iter().filter(|field| !record.is_masked(field)) {
        object.insert(field.key.clone(), field::to_json(field, record.get(&field.key)));
    }
    object
}

fn instant(at: jiff::Timestamp) -> Json {
    at.display_with_offset(jiff::tz::offset(9)).to_string().into()
}

/// Writes JSON lines.
pub(super) struct JsonLines {
    pub fields: Vec<FieldDef>,
}

impl Writer for JsonLines {
    fn begin(&mut self, _: &mut Vec<u8>) -> Result<()> {
        Ok(())
    }

    fn record(&mut self, record: &Visible, _: &Style<'_>, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(Json::Object(record_json(&self.fields, record)).to_string().as_bytes());
        out.push(b'\n');
        Ok(())
    }

    fn end(&mut self, _: &mut Vec<u8>) -> Result<Option<std::fs::File>> {
        Ok(None)
    }
}

/// Writes a feature collection. The first field that is a geometry is the feature's; further ones are properties.
pub(super) struct GeoJson {
    pub fields: Vec<FieldDef>,
    pub count: u64,
}

impl Writer for GeoJson {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(b"{\"type\":\"FeatureCollection\",\"features\":[");
        Ok(())
    }

    fn record(&mut self, record: &Visible, _: &Style<'_>, out: &mut Vec<u8>) -> Result<()> {
        let is_geometry = |field: &&FieldDef| matches!(record.get(&field.key), Value::Geometry(_));
        let geometry = self.fields.iter().find(is_geometry);
        out.extend_from_slice(if self.count == 0 { b"\n" } else { b",\n" });
        // Nothing in a record can refuse to be JSON: keys are texts, and numbers are finite.
        let _ = serde_json::to_writer(&mut *out, &Feature { fields: &self.fields, record, geometry });
        self.count += 1;
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<Option<std::fs::File>> {
        out.extend_from_slice(b"\n]}\n");
        Ok(None)
    }
}

/// A record as a feature, written as it is walked through.
struct Feature<'a> {
    fields: &'a [FieldDef],
    record: &'a Visible,
    geometry: Option<&'a FieldDef>,
}

impl Serialize for Feature<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(4))?;
        object.serialize_entry("type", "Feature")?;
        object.serialize_entry("id", &Shown(self.record.id))?;
        match self.geometry.map(|field| self.record.get(&field.key)) {
            Some(Value::Geometry(geometry)) => object.serialize_entry("geometry", geometry)?,
            _ => object.serialize_entry("geometry", &())?,
        }
        object.serialize_entry("properties", &Properties(self))?;
        object.end()
    }
}

/// What [`record_json`] has, without the id and the geometry.
struct Properties<'a>(&'a Feature<'a>);

impl Serialize for Properties<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let Feature { fields, record, geometry } = *self.0;
        let at = |at: jiff::Timestamp| Shown(at.display_with_offset(jiff::tz::offset(9)));
        let mut object = serializer.serialize_map(None)?;
        if let Some(number) = &record.number {
            object.serialize_entry("number", number)?;
        }
        object.serialize_entry("revision", &record.revision)?;
        object.serialize_entry("created_at", &at(record.created_at))?;
        object.serialize_entry("updated_at", &at(record.updated_at))?;
        for (key, by) in [("created_by", record.created_by), ("updated_by", record.updated_by)] {
            if let Some(by) = by {
                object.serialize_entry(key, &Shown(by))?;
            }
        }
        if let Some(deleted) = record.deleted_at {
            object.serialize_entry("deleted_at", &at(deleted))?;
        }
        let is_shown = |field: &&FieldDef| !record.is_masked(field) && geometry.is_none_or(|own| own.key != field.key);
        for field in fields.iter().filter(is_shown) {
            match record.get(&field.key) {
                Value::Null => object.serialize_entry(&field.key, &())?,
                Value::Text(text) => object.serialize_entry(&field.key, text)?,
                value => object.serialize_entry(&field.key, &field::to_json(field, value))?,
            }
        }
        object.end()
    }
}

struct Shown<T>(T);

impl<T: std::fmt::Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}
