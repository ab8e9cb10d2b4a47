//! One JSON object on each line, and GeoJSON (RFC 7946).

use kawasemi_kernel::Value;
use kawasemi_schema::FieldDef;
use serde_json::{Map, Value as Json, json};

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
        let mut properties = record_json(&self.fields, record);
        properties.remove("id");
        let is_geometry = |field: &&FieldDef| matches!(record.get(&field.key), Value::Geometry(_));
        let geometry = self.fields.iter().find(is_geometry).and_then(|field| properties.remove(&field.key));
        let feature = json!({
            "type": "Feature",
            "id": record.id.to_string(),
            "geometry": geometry,
            "properties": properties,
        });
        out.extend_from_slice(if self.count == 0 { b"\n" } else { b",\n" });
        out.extend_from_slice(feature.to_string().as_bytes());
        self.count += 1;
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<Option<std::fs::File>> {
        out.extend_from_slice(b"\n]}\n");
        Ok(None)
    }
}
