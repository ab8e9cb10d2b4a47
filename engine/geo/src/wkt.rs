//! Well-known text whose numbers may be in any reference system; the kernel's own reader takes degrees alone.

use geo::{Coord, Geometry, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon};
use kawasemi_kernel::geometry::{GeometryError, MAX_POINTS};

type Read<T> = Result<T, GeometryError>;

/// Reads a geometry.
///
/// # Errors
/// The kernel's sentence for text that is none.
pub fn read(text: &str) -> Result<Geometry<f64>, String> {
    geometry(text).map_err(|error| error.to_string())
}

fn geometry(text: &str) -> Read<Geometry<f64>> {
    let text = match text.trim().split_once(';') {
        // What the file's columns say of the system is said elsewhere.
        Some((_, rest)) => rest,
        None => text.trim(),
    };
    let mut reader = Reader { rest: text, points: 0 };
    let kind = reader.word().to_ascii_uppercase();
    let mut next = reader.word().to_ascii_uppercase();
    if matches!(next.as_str(), "Z" | "M" | "ZM") {
        next = reader.word().to_ascii_uppercase();
    }
    if next == "EMPTY" {
        return Err(GeometryError::Empty);
    }
    if !next.is_empty() {
        return Err(GeometryError::WktSyntax);
    }
    let geometry = match kind.trim_end_matches(['Z', 'M']) {
        "POINT" => reader.one_point()?.into(),
        "LINESTRING" => reader.line()?.into(),
        "POLYGON" => reader.polygon()?.into(),
        "MULTIPOINT" => MultiPoint(reader.list(Reader::point_of_many)?).into(),
        "MULTILINESTRING" => MultiLineString(reader.list(Reader::line)?).into(),
        "MULTIPOLYGON" => MultiPolygon(reader.list(Reader::polygon)?).into(),
        "" => return Err(GeometryError::WktSyntax),
        _ => return Err(GeometryError::Unsupported),
    };
    if reader.rest.trim().is_empty() { Ok(geometry) } else { Err(GeometryError::WktSyntax) }
}

struct Reader<'a> {
    rest: &'a str,
    points: usize,
}

impl<'a> Reader<'a> {
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

    fn expect(&mut self, mark: char) -> Read<()> {
        if self.accept(mark) { Ok(()) } else { Err(GeometryError::WktSyntax) }
    }

    fn list<T>(&mut self, item: impl Fn(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        self.expect('(')?;
        let mut items = vec![item(self)?];
        while self.accept(',') {
            items.push(item(self)?);
        }
        self.expect(')')?;
        Ok(items)
    }

    fn number(&mut self) -> Read<f64> {
        let text = self.rest.trim_start();
        let is_part = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
        let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
        self.rest = &text[end..];
        text[..end].parse().map_err(|_| GeometryError::WktSyntax)
    }

    fn position(&mut self) -> Read<Coord<f64>> {
        self.points += 1;
        if self.points > MAX_POINTS {
            return Err(GeometryError::TooManyPoints);
        }
        let position = Coord { x: self.number()?, y: self.number()? };
        for _height_or_measure in 0..2 {
            if !self.rest.trim_start().starts_with([',', ')']) {
                self.number()?;
            }
        }
        Ok(position)
    }

    fn one_point(&mut self) -> Read<Point<f64>> {
        self.expect('(')?;
        let position = self.position()?;
        self.expect(')')?;
        Ok(Point(position))
    }

    fn point_of_many(&mut self) -> Read<Point<f64>> {
        if self.rest.trim_start().starts_with('(') { self.one_point() } else { self.position().map(Point) }
    }

    fn line(&mut self) -> Read<LineString<f64>> {
        self.list(Self::position).map(LineString)
    }

    fn polygon(&mut self) -> Read<Polygon<f64>> {
        let mut rings = self.list(Self::line)?.into_iter();
        let exterior = rings.next().ok_or(GeometryError::Empty)?;
        Ok(Polygon::new(exterior, rings.collect()))
    }
}
