//! Features as GeoJSON (RFC 7946), in the reference system that was asked for.

use geo::{Coord, MapCoords as _};
use kawasemi_kernel::geometry::ShapeJson;
use kawasemi_kernel::{Geometry, Value};
use kawasemi_ledger::{Visible, field};
use kawasemi_schema::FieldDef;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::Value as Json;

use super::collection::Collection;
use super::crs::Crs;

/// A feature: its geometry and the fields that were asked for. A masked field is absent, an empty one null.
pub struct Feature<'a> {
    /// The collection.
    pub collection: &'a Collection,
    /// The record.
    pub record: &'a Visible,
    /// In which system.
    pub crs: Crs,
    /// The fields that were asked for; none for all.
    pub properties: Option<&'a [String]>,
    /// Links of a single feature.
    pub links: Option<Json>,
}

impl Serialize for Feature<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("type", "Feature")?;
        object.serialize_entry("id", &Text(self.record.id))?;
        match self.record.get(&self.collection.geometry.key) {
            Value::Geometry(geometry) => object.serialize_entry("geometry", &Shape(geometry, self.crs))?,
            _ => object.serialize_entry("geometry", &())?,
        }
        object.serialize_entry("properties", &Properties(self))?;
        if let Some(links) = &self.links {
            object.serialize_entry("links", links)?;
        }
        object.end()
    }
}

struct Properties<'a>(&'a Feature<'a>);

impl Serialize for Properties<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Feature { collection, record, properties, .. } = self.0;
        let is_asked = |key: &str| properties.is_none_or(|keys| keys.iter().any(|known| known == key));
        let mut object = serializer.serialize_map(None)?;
        if collection.def.number.is_some() && is_asked("number") {
            object.serialize_entry("number", &record.number)?;
        }
        for of in collection.properties_of().filter(|of| is_asked(&of.key) && !record.is_masked(of)) {
            object.serialize_entry(&of.key, &FieldValue(of, record.get(&of.key)))?;
        }
        object.end()
    }
}

struct FieldValue<'a>(&'a FieldDef, &'a Value);

impl Serialize for FieldValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.1 {
            Value::Null => serializer.serialize_unit(),
            Value::Text(text) => serializer.serialize_str(text),
            value => field::to_json(self.0, value).serialize(serializer),
        }
    }
}

struct Text<T>(T);

impl<T: std::fmt::Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A geometry in the reference system of the answer.
struct Shape<'a>(&'a Geometry, Crs);

impl Serialize for Shape<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.1 == Crs::Crs84 {
            return self.0.serialize(serializer);
        }
        let moved = self.0.as_geo().map_coords(|at| {
            let (x, y) = self.1.of_degrees(at.x, at.y);
            Coord { x, y }
        });
        ShapeJson(&moved).serialize(serializer)
    }
}
