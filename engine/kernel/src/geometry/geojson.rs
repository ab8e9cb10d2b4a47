//! GeoJSON geometries (RFC 7946): the form of the API, the maps and the exports.
//!
//! A third number of a position (height) is dropped. A ring that is not closed is closed.

use geo::{Coord, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Value, json};

use super::{Geometry, GeometryError, MAX_POINTS};

impl Geometry {
    /// A GeoJSON geometry object.
    pub fn to_geojson(&self) -> Value {
        geojson_of(self.as_geo())
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

/// A GeoJSON geometry object of a shape whose coordinates may be of any reference system; null for kinds that are no
/// [`Geometry`].
pub fn geojson_of(shape: &geo::Geometry<f64>) -> Value {
    use geo::Geometry as G;
    let (kind, coordinates) = match shape {
        G::Point(point) => ("Point", position(&point.0)),
        G::LineString(line) => ("LineString", positions(line)),
        G::Polygon(polygon) => ("Polygon", rings(polygon)),
        G::MultiPoint(points) => ("MultiPoint", points.iter().map(|point| position(&point.0)).collect()),
        G::MultiLineString(lines) => ("MultiLineString", lines.iter().map(positions).collect()),
        G::MultiPolygon(polygons) => ("MultiPolygon", polygons.iter().map(rings).collect()),
        _ => return Value::Null,
    };
    json!({ "type": kind, "coordinates": coordinates })
}

impl Serialize for Geometry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_geojson().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Geometry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_geojson(&Value::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

fn position(coord: &Coord<f64>) -> Value {
    json!([coord.x, coord.y])
}

fn positions(line: &LineString<f64>) -> Value {
    line.coords().map(position).collect()
}

fn rings(polygon: &Polygon<f64>) -> Value {
    std::iter::once(polygon.exterior()).chain(polygon.interiors()).map(positions).collect()
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
