//! Well-known binary (OGC 06-103r4, §8) whose numbers may be in any reference system; the kernel's own takes degrees alone.
//!
//! Either byte order is read, with heights and measures (ISO codes and the flags of PostGIS), which are dropped. Counts are
//! believed only as far as there are bytes for them.

use geo::{Coord, Geometry, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon};
use kawasemi_kernel::geometry::{GeometryError, MAX_POINTS};

type Read<T> = Result<T, GeometryError>;

/// Reads a geometry; none where it is an empty one.
///
/// # Errors
/// The kernel's sentences.
pub fn read(bytes: &[u8]) -> Read<Option<Geometry<f64>>> {
    let mut reader = Reader { rest: bytes };
    let header = reader.header()?;
    match reader.geometry(header) {
        Ok(geometry) => Ok(Some(geometry)),
        Err(GeometryError::Empty) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a geometry in two dimensions, little endian. What is no point, line or polygon is written as an empty collection.
pub fn write(geometry: &Geometry<f64>, out: &mut Vec<u8>) {
    match geometry {
        Geometry::Point(point) => {
            head(out, 1);
            position(out, point.0);
        }
        Geometry::LineString(line) => put_line(out, line),
        Geometry::Polygon(polygon) => put_polygon(out, polygon),
        Geometry::MultiPoint(points) => {
            head(out, 4);
            count(out, points.0.len());
            for point in points {
                head(out, 1);
                position(out, point.0);
            }
        }
        Geometry::MultiLineString(lines) => {
            head(out, 5);
            count(out, lines.0.len());
            lines.iter().for_each(|line| put_line(out, line));
        }
        Geometry::MultiPolygon(polygons) => {
            head(out, 6);
            count(out, polygons.0.len());
            polygons.iter().for_each(|polygon| put_polygon(out, polygon));
        }
        _ => {
            head(out, 7);
            count(out, 0);
        }
    }
}

fn head(out: &mut Vec<u8>, kind: u32) {
    out.push(1);
    out.extend(kind.to_le_bytes());
}

fn count(out: &mut Vec<u8>, count: usize) {
    let count = u32::try_from(count).expect("a geometry has at most MAX_POINTS points");
    out.extend(count.to_le_bytes());
}

fn position(out: &mut Vec<u8>, position: Coord<f64>) {
    out.extend(position.x.to_le_bytes());
    out.extend(position.y.to_le_bytes());
}

fn positions(out: &mut Vec<u8>, line: &LineString<f64>) {
    count(out, line.0.len());
    line.0.iter().for_each(|each| position(out, *each));
}

fn put_line(out: &mut Vec<u8>, line: &LineString<f64>) {
    head(out, 2);
    positions(out, line);
}

fn put_polygon(out: &mut Vec<u8>, polygon: &Polygon<f64>) {
    head(out, 3);
    count(out, 1 + polygon.interiors().len());
    positions(out, polygon.exterior());
    polygon.interiors().iter().for_each(|hole| positions(out, hole));
}

#[derive(Clone, Copy)]
struct Header {
    is_little: bool,
    kind: u32,
    dimensions: usize,
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Read<[u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk::<N>().ok_or(GeometryError::WkbSyntax)?;
        self.rest = rest;
        Ok(*bytes)
    }

    fn integer(&mut self, is_little: bool) -> Read<u32> {
        let bytes = self.take()?;
        Ok(if is_little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }

    fn header(&mut self) -> Read<Header> {
        let is_little = match self.take::<1>()? {
            [0] => false,
            [1] => true,
            _ => return Err(GeometryError::WkbSyntax),
        };
        let code = self.integer(is_little)?;
        if code & 0x2000_0000 != 0 {
            self.integer(is_little)?;
        }
        let flags = usize::from(code & 0x8000_0000 != 0) + usize::from(code & 0x4000_0000 != 0);
        let iso = code & 0x1FFF_FFFF;
        let dimensions = match iso / 1000 {
            0 => 2 + flags,
            1 | 2 => 3,
            3 => 4,
            _ => return Err(GeometryError::WkbSyntax),
        };
        Ok(Header { is_little, kind: iso % 1000, dimensions })
    }

    fn geometry(&mut self, header: Header) -> Read<Geometry<f64>> {
        Ok(match header.kind {
            1 => self.point(header)?.into(),
            2 => self.line(header)?.into(),
            3 => self.polygon(header)?.into(),
            4 => MultiPoint(self.parts(header, 1, Self::point)?).into(),
            5 => MultiLineString(self.parts(header, 2, Self::line)?).into(),
            6 => MultiPolygon(self.parts(header, 3, Self::polygon)?).into(),
            7..=17 => return Err(GeometryError::Unsupported),
            _ => return Err(GeometryError::WkbSyntax),
        })
    }

    fn count(&mut self, header: Header, bytes_each: usize) -> Read<usize> {
        let count = self.integer(header.is_little)? as usize;
        if count > self.rest.len() / bytes_each {
            return Err(GeometryError::WkbSyntax);
        }
        match count {
            0 => Err(GeometryError::Empty),
            1..=MAX_POINTS => Ok(count),
            _ => Err(GeometryError::TooManyPoints),
        }
    }

    fn position(&mut self, header: Header) -> Read<Coord<f64>> {
        let mut numbers = [0.0; 4];
        for number in numbers.iter_mut().take(header.dimensions) {
            let bytes = self.take()?;
            *number = if header.is_little { f64::from_le_bytes(bytes) } else { f64::from_be_bytes(bytes) };
        }
        Ok(Coord { x: numbers[0], y: numbers[1] })
    }

    fn positions(&mut self, header: Header) -> Read<LineString<f64>> {
        let count = self.count(header, 8 * header.dimensions)?;
        (0..count).map(|_| self.position(header)).collect::<Read<Vec<_>>>().map(LineString)
    }

    fn point(&mut self, header: Header) -> Read<Point<f64>> {
        let position = self.position(header)?;
        if position.x.is_nan() && position.y.is_nan() { Err(GeometryError::Empty) } else { Ok(Point(position)) }
    }

    fn line(&mut self, header: Header) -> Read<LineString<f64>> {
        self.positions(header)
    }

    fn polygon(&mut self, header: Header) -> Read<Polygon<f64>> {
        let count = self.count(header, 4)?;
        let mut rings = (0..count).map(|_| self.positions(header)).collect::<Read<Vec<_>>>()?.into_iter();
        let exterior = rings.next().ok_or(GeometryError::Empty)?;
        Ok(Polygon::new(exterior, rings.collect()))
    }

    fn parts<T>(&mut self, header: Header, kind: u32, part: impl Fn(&mut Self, Header) -> Read<T>) -> Read<Vec<T>> {
        let count = self.count(header, 9)?;
        let mut parts = Vec::with_capacity(count);
        for _ in 0..count {
            let header = self.header()?;
            if header.kind != kind {
                return Err(GeometryError::WkbSyntax);
            }
            parts.push(part(self, header)?);
        }
        Ok(parts)
    }
}
