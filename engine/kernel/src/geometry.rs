//! Points, lines and polygons in longitude and latitude.
//!
//! A [`Geometry`] is checked when it is made: its coordinates are finite and on the globe, its lines have an extent, its
//! polygons do not cross themselves, and it is not larger than [`MAX_POINTS`]. Hence the predicates need no error.
//! Coordinates are degrees in the order longitude, latitude on JGD2011 (which the web calls WGS 84, EPSG:4326); they
//! are treated as a plane, which over a city is exact enough to say what lies in what.
//!
//! Written forms: WKB in the stores, GeoJSON on the web, WKT in expressions.

mod geojson;
pub mod plane;
pub mod quad;
mod validity;
mod wkb;
mod wkt;

use geo::{BoundingRect, CoordsIter, Intersects, Relate};

pub use geojson::ShapeJson;

/// The most points that one geometry may have.
pub const MAX_POINTS: usize = 100_000;

/// A point, line or polygon, or several of one of these.
#[derive(Clone, Debug, PartialEq)]
pub struct Geometry(geo::Geometry<f64>);

/// The smallest rectangle of longitudes and latitudes around a geometry, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoundingBox {
    /// The western end.
    pub west: f64,
    /// The southern end.
    pub south: f64,
    /// The eastern end.
    pub east: f64,
    /// The northern end.
    pub north: f64,
}

/// Why something is not a geometry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GeometryError {
    /// A coordinate is infinite, not a number, or off the globe.
    #[error("座標が範囲の外です。経度（-180〜180）、緯度（-90〜90）の順に入力してください。")]
    OffGlobe,
    /// There is no point in it.
    #[error("図形に点がありません。点を1つ以上入力してください。")]
    Empty,
    /// It has more than [`MAX_POINTS`] points.
    #[error("図形の点が多すぎます。{MAX_POINTS}点以下に減らしてください。")]
    TooManyPoints,
    /// Its edges are so entangled that checking them would take too long.
    #[error("図形が複雑すぎて確かめられません。点を間引くか、いくつかに分けて入力してください。")]
    TooComplex,
    /// A line without two different points, a polygon that crosses itself, and the like.
    #[error("図形が正しくありません（線は異なる2点以上、面は自分自身と交わらない輪で描きます）。描き直してください。")]
    Invalid,
    /// A kind of geometry other than point, line, polygon and their multiples.
    #[error("この種類の図形は扱えません。点・線・面（またはその複数）で入力してください。")]
    Unsupported,
    /// The coordinates belong to another reference system.
    #[error("座標系が緯度経度（EPSG:4326）ではありません。緯度経度に変換してから入力してください。")]
    OtherReferenceSystem,
    /// The bytes are not WKB.
    #[error("図形のデータ（WKB）が壊れています。もとのファイルを確かめてください。")]
    WkbSyntax,
    /// The value is not a GeoJSON geometry.
    #[error("図形がGeoJSONの形になっていません。「type」と「coordinates」を確かめてください。")]
    GeoJsonSyntax,
    /// The text is not WKT.
    #[error("図形がWKTの形になっていません。「POINT(139.43 35.43)」のように入力してください。")]
    WktSyntax,
}

/// What the store keeps of a geometry to sort and list by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GeometryKind {
    /// One point or several.
    Point,
    /// One line or several.
    Line,
    /// One polygon or several.
    Polygon,
}

impl Geometry {
    /// Checks a geometry from outside.
    pub fn new(geometry: geo::Geometry<f64>) -> Result<Self, GeometryError> {
        let checked = Self::well_formed(geometry)?;
        validity::check(&checked.0)?;
        Ok(checked)
    }

    /// A point from its longitude and latitude in degrees.
    pub fn point(longitude: f64, latitude: f64) -> Result<Self, GeometryError> {
        Self::new(geo::Point::new(longitude, latitude).into())
    }

    /// The rectangle of a bounding box; a box without extent gives a point or a line.
    pub fn rectangle(bbox: BoundingBox) -> Result<Self, GeometryError> {
        let BoundingBox { west, south, east, north } = bbox;
        if west > east || south > north {
            return Err(GeometryError::OffGlobe);
        }
        match (west == east, south == north) {
            (true, true) => Self::point(west, south),
            (false, false) => Self::new(geo::Rect::new((west, south), (east, north)).to_polygon().into()),
            _ => Self::new(geo::LineString::from(vec![(west, south), (east, north)]).into()),
        }
    }

    /// The geometry in the types of the `geo` crate.
    pub const fn as_geo(&self) -> &geo::Geometry<f64> {
        &self.0
    }

    /// Whether it is made of points, lines or polygons.
    pub const fn kind(&self) -> GeometryKind {
        match self.0 {
            geo::Geometry::Point(_) | geo::Geometry::MultiPoint(_) => GeometryKind::Point,
            geo::Geometry::LineString(_) | geo::Geometry::MultiLineString(_) => GeometryKind::Line,
            _ => GeometryKind::Polygon,
        }
    }

    /// The bounding box.
    pub fn bounding_box(&self) -> BoundingBox {
        let rect = self.0.bounding_rect().expect("a checked geometry has a point");
        BoundingBox { west: rect.min().x, south: rect.min().y, east: rect.max().x, north: rect.max().y }
    }

    /// Whether they have a point in common.
    pub fn intersects(&self, other: &Self) -> bool {
        self.bounding_box().intersects(other.bounding_box()) && self.0.intersects(&other.0)
    }

    /// Whether they have no point in common.
    pub fn disjoint(&self, other: &Self) -> bool {
        !self.intersects(other)
    }

    /// Whether the other lies in this one, not only on its boundary.
    pub fn contains(&self, other: &Self) -> bool {
        self.bounding_box().contains(other.bounding_box()) && self.0.relate(&other.0).is_contains()
    }

    /// Whether this one lies in the other, not only on its boundary.
    pub fn within(&self, other: &Self) -> bool {
        other.contains(self)
    }

    /// Whether both are the same set of points, however they were drawn.
    pub fn equals(&self, other: &Self) -> bool {
        self.bounding_box() == other.bounding_box() && self.0.relate(&other.0).is_equal_topo()
    }

    /// The cheap part of the check: kind, size and coordinates.
    fn well_formed(geometry: geo::Geometry<f64>) -> Result<Self, GeometryError> {
        use geo::Geometry as G;
        let has_empty_part = match &geometry {
            G::Point(_) | G::MultiPoint(_) | G::LineString(_) | G::Polygon(_) => false,
            G::MultiLineString(lines) => lines.iter().any(|line| line.0.is_empty()),
            G::MultiPolygon(polygons) => polygons.iter().any(|polygon| polygon.exterior().0.is_empty()),
            _ => return Err(GeometryError::Unsupported),
        };
        if geometry.coords_count() == 0 || has_empty_part {
            return Err(GeometryError::Empty);
        }
        if geometry.coords_count() > MAX_POINTS {
            return Err(GeometryError::TooManyPoints);
        }
        if !geometry.coords_iter().all(is_on_globe) {
            return Err(GeometryError::OffGlobe);
        }
        Ok(Self(geometry))
    }
}

impl BoundingBox {
    /// Whether the boxes have a point in common.
    pub fn intersects(self, other: Self) -> bool {
        self.west <= other.east && other.west <= self.east && self.south <= other.north && other.south <= self.north
    }

    /// Whether the other box lies in this one, its edge included.
    pub fn contains(self, other: Self) -> bool {
        self.west <= other.west && other.east <= self.east && self.south <= other.south && other.north <= self.north
    }
}

/// Whether a coordinate is finite and within ±180°, ±90°. (A comparison with NaN is false.)
fn is_on_globe(coord: geo::Coord<f64>) -> bool {
    coord.x.abs() <= 180.0 && coord.y.abs() <= 90.0
}

#[cfg(test)]
mod tests;
