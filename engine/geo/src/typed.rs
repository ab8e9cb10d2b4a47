//! Geometries that a person types or pastes into a form.

use geo::CoordsIter as _;
use kawasemi_kernel::Geometry;
use kawasemi_kernel::geometry::{GeometryError, GeometryKind};
use serde_json::{Map, Value};

use crate::{geojson, hygiene, wkt};

/// Longitude (x) and latitude (y) in degrees.
pub type Position = geo::Coord<f64>;

/// A geometry of typed positions: the place of a point, the points of a line, the corners of an area.
///
/// # Errors
/// A sentence; of an area that crosses itself with the place.
pub fn of_positions(positions: Vec<Position>, kind: GeometryKind) -> Result<Geometry, String> {
    let geometry: geo::Geometry<f64> = match kind {
        GeometryKind::Point => geo::MultiPoint(positions.into_iter().map(geo::Point).collect()).into(),
        GeometryKind::Line => geo::LineString(positions).into(),
        GeometryKind::Polygon => geo::Polygon::new(geo::LineString(positions), Vec::new()).into(),
    };
    hygiene::clean(geometry).map(|cleaned| cleaned.geometry)
}

/// A point that is one place: several points of which there is only one are one point.
///
/// # Errors
/// How many points there are.
pub fn one_point(geometry: Geometry) -> Result<Geometry, usize> {
    let geo::Geometry::MultiPoint(points) = geometry.as_geo() else { return Ok(geometry) };
    match points.0[..] {
        [only] => Geometry::point(only.x(), only.y()).map_err(|_| 1),
        ref several => Err(several.len()),
    }
}

/// The geometry of a GeoJSON feature, or of a collection that has one feature; none for a geometry itself.
pub fn only_geometry(members: &Map<String, Value>) -> Option<&Value> {
    match members.get("type")?.as_str()? {
        "Feature" => members.get("geometry"),
        "FeatureCollection" => match members.get("features")?.as_array()?.as_slice() {
            [only] => only.get("geometry"),
            _ => None,
        },
        _ => None,
    }
}

/// Why well-known text that the kernel refuses as invalid is that, with the place where it crosses itself.
pub fn why_invalid_wkt(text: &str) -> String {
    wkt::read(text).map_or_else(|said| said, |geometry| hygiene::why_invalid(&geometry))
}

/// The same for a GeoJSON geometry.
pub fn why_invalid_geojson(value: &Value) -> String {
    let read = value.as_object().ok_or(GeometryError::GeoJsonSyntax).and_then(|members| geojson::read(members, 0));
    read.map_or_else(|error| error.to_string(), |geometry| hygiene::why_invalid(&geometry))
}

/// Hands over every position of a geometry.
pub fn positions(geometry: &geo::Geometry<f64>, take: &mut dyn FnMut(Position)) {
    geometry.coords_iter().for_each(take);
}
