//! Well-known text (OGC 06-103r4, §7): the form of geometries in CQL2 expressions.
//!
//! Heights and measures (`POINT Z (1 2 3)`) are dropped; `SRID=4326;` in front is allowed.

use std::fmt;
use std::str::FromStr;

use geo::{Coord, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon};

use super::{Geometry, GeometryError, MAX_POINTS};

impl FromStr for Geometry {
    type Err = GeometryError;

    /// Reads WKT and checks the geometry.
    fn from_str(text: &str) -> Result<Self, GeometryError> {
        let mut reader = Reader { rest: without_srid(text.trim())?, points: 0 };
        let kind = reader.word().to_ascii_uppercase();
        let mut following = reader.word().to_ascii_uppercase();
        if matches!(following.as_str(), "Z" | "M" | "ZM") {
            following = reader.word().to_ascii_uppercase();
        }
        match following.as_str() {
            "" => {}
            "EMPTY" if reader.rest.trim().is_empty() => return Err(GeometryError::Empty),
            _ => return Err(GeometryError::WktSyntax),
        }
        let geometry = match kind.as_str() {
            "POINT" => reader.one_point()?.into(),
            "LINESTRING" => reader.line()?.into(),
            "POLYGON" => reader.polygon()?.into(),
            "MULTIPOINT" => MultiPoint(reader.list(Reader::point_of_many)?).into(),
            "MULTILINESTRING" => MultiLineString(reader.list(Reader::line)?).into(),
            "MULTIPOLYGON" => MultiPolygon(reader.list(Reader::polygon)?).into(),
            "" => return Err(GeometryError::WktSyntax),
            _ => return Err(GeometryError::Unsupported),
        };
        if reader.rest.trim().is_empty() { Self::new(geometry) } else { Err(GeometryError::WktSyntax) }
    }
}

impl fmt::Display for Geometry {
    /// WKT in two dimensions.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use geo::Geometry as G;
        match self.as_geo() {
            G::Point(point) => write!(f, "POINT{}", list([point.0].iter(), coord)),
            G::LineString(line) => write!(f, "LINESTRING{}", coords(line)),
            G::Polygon(polygon) => write!(f, "POLYGON{}", rings(polygon)),
            G::MultiPoint(points) => {
                write!(f, "MULTIPOINT{}", list(points.iter(), |point| format!("({})", coord(&point.0))))
            }
            G::MultiLineString(lines) => write!(f, "MULTILINESTRING{}", list(lines.iter(), coords)),
            G::MultiPolygon(polygons) => write!(f, "MULTIPOLYGON{}", list(polygons.iter(), rings)),
            _ => unreachable!("a checked geometry has one of these kinds"),
        }
    }
}

fn coord(coord: &Coord<f64>) -> String {
    format!("{} {}", coord.x, coord.y)
}

fn coords(line: &LineString<f64>) -> String {
    list(line.coords(), coord)
}

fn rings(polygon: &Polygon<f64>) -> String {
    list(std::iter::once(polygon.exterior()).chain(polygon.interiors()), coords)
}

fn list<T>(items: impl Iterator<Item = T>, show: impl Fn(T) -> String) -> String {
    format!("({})", items.map(show).collect::<Vec<_>>().join(","))
}

fn without_srid(text: &str) -> Result<&str, GeometryError> {
    match text.split_once(';') {
        None => Ok(text),
        Some((srid, rest)) if srid.eq_ignore_ascii_case("SRID=4326") => Ok(rest),
        Some((srid, _)) if srid.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("SRID=")) => {
            Err(GeometryError::OtherReferenceSystem)
        }
        Some(_) => Err(GeometryError::WktSyntax),
    }
}

/// Reads from the front of the text. The depth is that of the grammar (three), never that of the text.
struct Reader<'a> {
    rest: &'a str,
    points: usize,
}

impl<'a> Reader<'a> {
    /// The letters that come next, if any.
    fn word(&mut self) -> &'a str {
        let text = self.rest.trim_start();
        let end = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
        self.rest = &text[end..];
        &text[..end]
    }

    fn accept(&mut self, mark: char) -> bool {
        let rest = self.rest.trim_start().strip_prefix(mark);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, mark: char) -> Result<(), GeometryError> {
        if self.accept(mark) { Ok(()) } else { Err(GeometryError::WktSyntax) }
    }

    fn list<T>(&mut self, item: impl Fn(&mut Self) -> Result<T, GeometryError>) -> Result<Vec<T>, GeometryError> {
        self.expect('(')?;
        let mut items = vec![item(self)?];
        while self.accept(',') {
            items.push(item(self)?);
        }
        self.expect(')')?;
        Ok(items)
    }

    fn number(&mut self) -> Result<f64, GeometryError> {
        let text = self.rest.trim_start();
        let end = text
            .find(|c: char| !(c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E')))
            .unwrap_or(text.len());
        self.rest = &text[end..];
        text[..end].parse().map_err(|_| GeometryError::WktSyntax)
    }

    fn coord(&mut self) -> Result<Coord<f64>, GeometryError> {
        self.points += 1;
        if self.points > MAX_POINTS {
            return Err(GeometryError::TooManyPoints);
        }
        let coord = Coord { x: self.number()?, y: self.number()? };
        for _height_or_measure in 0..2 {
            if !self.rest.trim_start().starts_with([',', ')']) {
                self.number()?;
            }
        }
        Ok(coord)
    }

    fn one_point(&mut self) -> Result<Point<f64>, GeometryError> {
        self.expect('(')?;
        let coord = self.coord()?;
        self.expect(')')?;
        Ok(Point(coord))
    }

    /// `(1 2)` or, as older programs write it, `1 2`.
    fn point_of_many(&mut self) -> Result<Point<f64>, GeometryError> {
        if self.rest.trim_start().starts_with('(') { self.one_point() } else { self.coord().map(Point) }
    }

    fn line(&mut self) -> Result<LineString<f64>, GeometryError> {
        self.list(Self::coord).map(LineString)
    }

    fn polygon(&mut self) -> Result<Polygon<f64>, GeometryError> {
        let mut rings = self.list(Self::line)?.into_iter();
        let exterior = rings.next().ok_or(GeometryError::Empty)?;
        Ok(Polygon::new(exterior, rings.collect()))
    }
}
