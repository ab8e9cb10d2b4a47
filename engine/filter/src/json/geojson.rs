//! The geometries of GeoJSON (RFC 7946), without heights.

use geo::{Coord, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon};
use serde_json::{Value, json};

/// Reads a geometry object; `None` when it is none. A collection holds no collection.
pub(super) fn read(json: &Value) -> Option<Geometry<f64>> {
    if json.get("type")?.as_str()? == "GeometryCollection" {
        let members: Option<Vec<_>> = json.get("geometries")?.as_array()?.iter().map(single).collect();
        return members.filter(|all| !all.is_empty()).map(|all| Geometry::GeometryCollection(GeometryCollection(all)));
    }
    single(json)
}

fn single(json: &Value) -> Option<Geometry<f64>> {
    let coordinates = json.get("coordinates")?;
    Some(match json.get("type")?.as_str()? {
        "Point" => Geometry::Point(Point(position(coordinates)?)),
        "LineString" => Geometry::LineString(line(coordinates)?),
        "Polygon" => Geometry::Polygon(polygon(coordinates)?),
        "MultiPoint" => Geometry::MultiPoint(MultiPoint(list(coordinates, |p| position(p).map(Point))?)),
        "MultiLineString" => Geometry::MultiLineString(MultiLineString(list(coordinates, line)?)),
        "MultiPolygon" => Geometry::MultiPolygon(MultiPolygon(list(coordinates, polygon)?)),
        _ => return None,
    })
}

fn list<T>(json: &Value, read: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    let all: Option<Vec<T>> = json.as_array()?.iter().map(read).collect();
    all.filter(|all| !all.is_empty())
}

fn position(json: &Value) -> Option<Coord<f64>> {
    match json.as_array()?.as_slice() {
        [x, y] | [x, y, _] => Some(Coord { x: x.as_f64()?, y: y.as_f64()? }),
        _ => None,
    }
}

fn line(json: &Value) -> Option<LineString<f64>> {
    list(json, position).filter(|all| all.len() >= 2).map(LineString)
}

fn polygon(json: &Value) -> Option<Polygon<f64>> {
    let mut rings = list(json, line)?;
    if rings.iter().any(|ring| ring.0.len() < 4 || ring.0.first() != ring.0.last()) {
        return None;
    }
    let exterior = rings.remove(0);
    Some(Polygon::new(exterior, rings))
}

/// Writes a geometry object.
pub(super) fn write(geometry: &Geometry<f64>) -> Value {
    match geometry {
        Geometry::Point(point) => json!({"type": "Point", "coordinates": pair(&point.0)}),
        Geometry::Line(line) => json!({"type": "LineString", "coordinates": [pair(&line.start), pair(&line.end)]}),
        Geometry::LineString(line) => json!({"type": "LineString", "coordinates": pairs(line)}),
        Geometry::Polygon(polygon) => json!({"type": "Polygon", "coordinates": rings(polygon)}),
        Geometry::MultiPoint(points) => {
            json!({"type": "MultiPoint", "coordinates": points.0.iter().map(|p| pair(&p.0)).collect::<Vec<_>>()})
        }
        Geometry::MultiLineString(lines) => {
            json!({"type": "MultiLineString", "coordinates": lines.0.iter().map(pairs).collect::<Vec<_>>()})
        }
        Geometry::MultiPolygon(polygons) => {
            json!({"type": "MultiPolygon", "coordinates": polygons.0.iter().map(rings).collect::<Vec<_>>()})
        }
        Geometry::GeometryCollection(members) => {
            json!({"type": "GeometryCollection", "geometries": members.0.iter().map(write).collect::<Vec<_>>()})
        }
        Geometry::Rect(rect) => write(&Geometry::Polygon(rect.to_polygon())),
        Geometry::Triangle(triangle) => write(&Geometry::Polygon(triangle.to_polygon())),
    }
}

fn pair(position: &Coord<f64>) -> Value {
    json!([position.x, position.y])
}

fn pairs(line: &LineString<f64>) -> Value {
    line.0.iter().map(pair).collect()
}

fn rings(polygon: &Polygon<f64>) -> Value {
    std::iter::once(polygon.exterior()).chain(polygon.interiors()).map(pairs).collect()
}
