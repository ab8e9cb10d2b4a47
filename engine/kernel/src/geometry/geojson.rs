//! GeoJSON geometries (RFC 7946): the form of the API, the maps and the exports.
//!
//! A third number of a position (height) is dropped. A ring that is not closed is closed.

use geo::{Coord, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::Value;

use super::{Geometry, GeometryError, MAX_POINTS};

impl Geometry {
    /// A GeoJSON geometry object.
    pub fn to_geojson(&self) -> Value {
        // Its coordinates are finite, and its kind is one of those that are kept.
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Reads a GeoJSON geometry object and checks the geometry.
    pub fn from_geojson(value: &Value) -> Result<Self, GeometryError> {
        let kind = value.get("type").and_then(Value::as_str).ok_or(GeometryError::GeoJsonSyntax)?;
        if kind == "GeometryCollection" {
            return Err(GeometryError::Unsupported);
        }
        let coordinates = value.get("coordinates").ok_or(GeometryError::GeoJsonSyntax)?;
        Self::new(match kind {
            "Point" => Point(read_position(coordinates)?).into(),
            "LineString" => read_line(coordinates)?.into(),
            "Polygon" => read_polygon(coordinates)?.into(),
            "MultiPoint" => MultiPoint(read_list(coordinates, |point| read_position(point).map(Point))?).into(),
            "MultiLineString" => MultiLineString(read_list(coordinates, read_line)?).into(),
            "MultiPolygon" => MultiPolygon(read_list(coordinates, read_polygon)?).into(),
            _ => return Err(GeometryError::Unsupported),
        })
    }
}

impl Serialize for Geometry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ShapeJson(self.as_geo()).serialize(serializer)
    }
}

/// A shape as a GeoJSON geometry object, written as it is walked through: a page of features is mostly coordinates, and building
/// their lists first took longer than finding the records. Coordinates may be of any reference system.
pub struct ShapeJson<'a>(pub &'a geo::Geometry<f64>);

impl Serialize for ShapeJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use geo::Geometry as G;
        let mut object = serializer.serialize_map(Some(2))?;
        let mut entries = |kind: &str| object.serialize_entry("type", kind);
        match self.0 {
            G::Point(point) => {
                entries("Point")?;
                object.serialize_entry("coordinates", &[point.x(), point.y()])?;
            }
            G::LineString(line) => {
                entries("LineString")?;
                object.serialize_entry("coordinates", &Line(line))?;
            }
            G::Polygon(polygon) => {
                entries("Polygon")?;
                object.serialize_entry("coordinates", &Rings(polygon))?;
            }
            G::MultiPoint(points) => {
                entries("MultiPoint")?;
                object.serialize_entry("coordinates", &List(&points.0, |point| [point.x(), point.y()]))?;
            }
            G::MultiLineString(lines) => {
                entries("MultiLineString")?;
                object.serialize_entry("coordinates", &List(&lines.0, Line))?;
            }
            G::MultiPolygon(polygons) => {
                entries("MultiPolygon")?;
                object.serialize_entry("coordinates", &List(&polygons.0, Rings))?;
            }
            _ => return Err(ser::Error::custom("no kind of geometry that is kept")),
        }
        object.end()
    }
}

struct Line<'a>(&'a LineString<f64>);

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.0.iter().map(|at| [at.x, at.y]))
    }
}

struct Rings<'a>(&'a Polygon<f64>);

impl Serialize for Rings<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(std::iter::once(self.0.exterior()).chain(self.0.interiors()).map(Line))
    }
}

struct List<'a, T, W>(&'a [T], fn(&'a T) -> W);

impl<T, W: Serialize> Serialize for List<'_, T, W> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(self.1))
    }
}

impl<'de> Deserialize<'de> for Geometry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_geojson(&Value::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

fn read_position(value: &Value) -> Result<Coord<f64>, GeometryError> {
    let numbers = value.as_array().filter(|numbers| (2..=4).contains(&numbers.len()));
    let number = |index: usize| numbers.and_then(|numbers| numbers.get(index)).and_then(Value::as_f64);
    match (number(0), number(1)) {
        (Some(x), Some(y)) => Ok(Coord { x, y }),
        _ if value.as_array().is_some_and(Vec::is_empty) => Err(GeometryError::Empty),
        _ => Err(GeometryError::GeoJsonSyntax),
    }
}

fn read_line(value: &Value) -> Result<LineString<f64>, GeometryError> {
    read_list(value, read_position).map(LineString)
}

fn read_polygon(value: &Value) -> Result<Polygon<f64>, GeometryError> {
    let mut rings = read_list(value, read_line)?.into_iter();
    let exterior = rings.next().ok_or(GeometryError::Empty)?;
    Ok(Polygon::new(exterior, rings.collect()))
}

fn read_list<T>(value: &Value, item: impl Fn(&Value) -> Result<T, GeometryError>) -> Result<Vec<T>, GeometryError> {
    let items = value.as_array().ok_or(GeometryError::GeoJsonSyntax)?;
    if items.len() > MAX_POINTS {
        return Err(GeometryError::TooManyPoints);
    }
    items.iter().map(item).collect()
}
