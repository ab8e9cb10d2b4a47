//! Geometries on the grid of a tile.

use geo::{Coord, LineString, Polygon};
use kawasemi_kernel::Geometry;
use kawasemi_kernel::geometry::quad::on_square;
use mvt::{GeomData, GeomEncoder, GeomType};

use crate::clip::{Place, Window};
use crate::{EXTENT, Square, TileError};

/// The grid of a tile and the strip around it, a sixty-fourth of its side.
const WINDOW: Window = Window { low: -64, high: 4096 + 64 };
/// Twice the area, in square units, below which a ring is not seen.
const SMALLEST: i64 = 2;

/// Where coordinates fall on the grid of one tile.
pub(crate) struct Grid {
    west: f64,
    north: f64,
    tiles: f64,
}

impl Grid {
    pub fn of(square: Square) -> Self {
        let tiles = 2_f64.powi(i32::try_from(square.zoom).unwrap_or(i32::MAX));
        Self { west: f64::from(square.column), north: f64::from(square.row), tiles }
    }

    /// The geometry as the format has it; none where nothing of it is to be seen.
    pub fn drawn(&self, geometry: &Geometry) -> Result<Option<GeomData>, TileError> {
        use geo::Geometry as G;
        match geometry.as_geo() {
            G::Point(point) => self.points([point.0]),
            G::MultiPoint(points) => self.points(points.iter().map(|point| point.0)),
            G::LineString(line) => self.lines([line]),
            G::MultiLineString(lines) => self.lines(lines),
            G::Polygon(polygon) => self.polygons([polygon]),
            G::MultiPolygon(polygons) => self.polygons(polygons),
            _ => Ok(None),
        }
    }

    fn points(&self, coords: impl IntoIterator<Item = Coord<f64>>) -> Result<Option<GeomData>, TileError> {
        let near: Vec<Place> =
            coords.into_iter().map(|coord| self.place(coord)).filter(|place| WINDOW.has(*place)).collect();
        encoded(GeomType::Point, [near])
    }

    fn lines<'a>(&self, lines: impl IntoIterator<Item = &'a LineString<f64>>) -> Result<Option<GeomData>, TileError> {
        encoded(GeomType::Linestring, lines.into_iter().flat_map(|line| WINDOW.line(&self.places(line))))
    }

    fn polygons<'a>(
        &self,
        polygons: impl IntoIterator<Item = &'a Polygon<f64>>,
    ) -> Result<Option<GeomData>, TileError> {
        let mut rings = Vec::new();
        for polygon in polygons {
            let outline = self.ring(polygon.exterior(), true);
            if !outline.is_empty() {
                rings.push(outline);
                rings.extend(polygon.interiors().iter().map(|hole| self.ring(hole, false)));
            }
        }
        encoded(GeomType::Polygon, rings)
    }

    /// A ring without its closing place, running as the format asks: outlines with a positive area where y points down, holes
    /// with a negative one. Empty where it is too small to be seen, or elsewhere.
    fn ring(&self, ring: &LineString<f64>, is_outline: bool) -> Vec<Place> {
        let mut places = self.places(ring);
        if places.len() > 1 && places.first() == places.last() {
            places.pop();
        }
        let mut places = WINDOW.ring(places);
        let cross = |(index, at): (usize, &Place)| {
            let to = places[(index + 1) % places.len()];
            i64::from(at.0) * i64::from(to.1) - i64::from(to.0) * i64::from(at.1)
        };
        let twice: i64 = places.iter().enumerate().map(cross).sum();
        if places.len() < 3 || twice.abs() < SMALLEST {
            return Vec::new();
        }
        if (twice > 0) != is_outline {
            places.reverse();
        }
        places
    }

    /// The places on the grid, without those that fall on the one before.
    fn places(&self, line: &LineString<f64>) -> Vec<Place> {
        let mut places: Vec<Place> = line.coords().map(|coord| self.place(*coord)).collect();
        places.dedup();
        places
    }

    #[expect(clippy::cast_possible_truncation, reason = "the value is clamped to far less than the type holds")]
    fn place(&self, coord: Coord<f64>) -> Place {
        let (x, y) = on_square(coord.x, coord.y);
        // Far outside it matters only on which side.
        let on = |part: f64, edge: f64| {
            (part.mul_add(self.tiles, -edge) * f64::from(EXTENT)).round().clamp(-1e8, 1e8) as i32
        };
        (on(x, self.west), on(y, self.north))
    }
}

/// Parts of one geometry in the commands of the format; none where there is nothing to draw.
fn encoded(kind: GeomType, parts: impl IntoIterator<Item = Vec<Place>>) -> Result<Option<GeomData>, TileError> {
    let mut encoder = GeomEncoder::<i32>::new(kind);
    let mut before: Option<Place> = None;
    for mut part in parts.into_iter().filter(|part| !part.is_empty()) {
        // The encoder takes a part that begins where the one before ended for the same part, which is no harm to lines only.
        if kind == GeomType::Polygon && before == part.first().copied() {
            part.rotate_left(1);
        }
        for (x, y) in &part {
            encoder.add_point(*x, *y)?;
        }
        encoder.complete_geom()?;
        before = part.last().copied();
    }
    Ok(before.is_some().then_some(encoder).map(GeomEncoder::encode).transpose()?)
}
