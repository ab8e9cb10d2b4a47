//! Well-known binary (OGC 06-103r4, §8): the form in which both stores keep a geometry.
//!
//! Little endian is written; either byte order is read, also with heights and measures (ISO codes 1001… and the flags
//! of PostGIS), which are dropped, and with the SRID 4326 of PostGIS.

use geo::{Coord, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon};

use super::{Geometry, GeometryError, MAX_POINTS};

const POINT: u32 = 1;
const LINE: u32 = 2;
const POLYGON: u32 = 3;
const MULTI_POINT: u32 = 4;
const MULTI_LINE: u32 = 5;
const MULTI_POLYGON: u32 = 6;
const COLLECTION: u32 = 7;

const HAS_HEIGHT: u32 = 0x8000_0000;
const HAS_MEASURE: u32 = 0x4000_0000;
const HAS_SRID: u32 = 0x2000_0000;
/// Longitude and latitude on WGS 84.
const LONGITUDE_LATITUDE: u32 = 4326;

impl Geometry {
    /// Little-endian WKB in two dimensions.
    pub fn to_wkb(&self) -> Vec<u8> {
        use geo::Geometry as G;
        let mut out = Vec::with_capacity(64);
        match self.as_geo() {
            G::Point(point) => put_point(&mut out, *point),
            G::LineString(line) => put_line(&mut out, line),
            G::Polygon(polygon) => put_polygon(&mut out, polygon),
            G::MultiPoint(points) => put_all(&mut out, MULTI_POINT, &points.0, |out, point| put_point(out, *point)),
            G::MultiLineString(lines) => put_all(&mut out, MULTI_LINE, &lines.0, put_line),
            G::MultiPolygon(polygons) => put_all(&mut out, MULTI_POLYGON, &polygons.0, put_polygon),
            _ => unreachable!("a checked geometry has one of these kinds"),
        }
        out
    }

    /// Reads WKB from outside and checks the geometry.
    pub fn from_wkb(bytes: &[u8]) -> Result<Self, GeometryError> {
        Self::new(read(bytes)?)
    }

    /// Reads WKB that [`Self::to_wkb`] of a checked geometry wrote, as the stores do. What costs time in the check
    /// (whether polygons cross themselves) is not repeated.
    pub fn from_stored_wkb(bytes: &[u8]) -> Result<Self, GeometryError> {
        Self::well_formed(read(bytes)?)
    }
}

fn put_header(out: &mut Vec<u8>, kind: u32) {
    out.push(1);
    out.extend(kind.to_le_bytes());
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    let count = u32::try_from(count).expect("a checked geometry has at most MAX_POINTS points");
    out.extend(count.to_le_bytes());
}

fn put_coords(out: &mut Vec<u8>, coords: &[Coord<f64>]) {
    put_count(out, coords.len());
    for coord in coords {
        put_coord(out, *coord);
    }
}

fn put_coord(out: &mut Vec<u8>, coord: Coord<f64>) {
    out.extend(coord.x.to_le_bytes());
    out.extend(coord.y.to_le_bytes());
}

fn put_point(out: &mut Vec<u8>, point: Point<f64>) {
    put_header(out, POINT);
    put_coord(out, point.0);
}

fn put_line(out: &mut Vec<u8>, line: &LineString<f64>) {
    put_header(out, LINE);
    put_coords(out, &line.0);
}

fn put_polygon(out: &mut Vec<u8>, polygon: &Polygon<f64>) {
    put_header(out, POLYGON);
    put_count(out, 1 + polygon.interiors().len());
    put_coords(out, &polygon.exterior().0);
    for hole in polygon.interiors() {
        put_coords(out, &hole.0);
    }
}

fn put_all<T>(out: &mut Vec<u8>, kind: u32, parts: &[T], put: impl Fn(&mut Vec<u8>, &T)) {
    put_header(out, kind);
    put_count(out, parts.len());
    for part in parts {
        put(out, part);
    }
}

fn read(bytes: &[u8]) -> Result<geo::Geometry<f64>, GeometryError> {
    let mut reader = Reader { rest: bytes };
    let header = reader.header()?;
    let geometry = match header.kind {
        POINT => reader.point(header)?.into(),
        LINE => reader.line(header)?.into(),
        POLYGON => reader.polygon(header)?.into(),
        MULTI_POINT => MultiPoint(reader.parts(header, POINT, Reader::point)?).into(),
        MULTI_LINE => MultiLineString(reader.parts(header, LINE, Reader::line)?).into(),
        MULTI_POLYGON => MultiPolygon(reader.parts(header, POLYGON, Reader::polygon)?).into(),
        COLLECTION..=17 => return Err(GeometryError::Unsupported),
        _ => return Err(GeometryError::WkbSyntax),
    };
    if reader.rest.is_empty() { Ok(geometry) } else { Err(GeometryError::WkbSyntax) }
}

/// What the first bytes of a geometry say about the rest.
#[derive(Clone, Copy)]
struct Header {
    little_endian: bool,
    kind: u32,
    /// Numbers in a coordinate: 2 to 4.
    dimensions: usize,
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], GeometryError> {
        let (bytes, rest) = self.rest.split_first_chunk::<N>().ok_or(GeometryError::WkbSyntax)?;
        self.rest = rest;
        Ok(*bytes)
    }

    fn integer(&mut self, little_endian: bool) -> Result<u32, GeometryError> {
        let bytes = self.take()?;
        Ok(if little_endian { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }

    fn header(&mut self) -> Result<Header, GeometryError> {
        let little_endian = match self.take::<1>()? {
            [0] => false,
            [1] => true,
            _ => return Err(GeometryError::WkbSyntax),
        };
        let code = self.integer(little_endian)?;
        if code & HAS_SRID != 0 && !matches!(self.integer(little_endian)?, 0 | LONGITUDE_LATITUDE) {
            return Err(GeometryError::OtherReferenceSystem);
        }
        let flags = usize::from(code & HAS_HEIGHT != 0) + usize::from(code & HAS_MEASURE != 0);
        let iso = code & !(HAS_HEIGHT | HAS_MEASURE | HAS_SRID);
        let dimensions = match iso / 1000 {
            0 => 2 + flags,
            1 | 2 => 3,
            3 => 4,
            _ => return Err(GeometryError::WkbSyntax),
        };
        Ok(Header { little_endian, kind: iso % 1000, dimensions })
    }

    /// The number of parts that follow, each of which takes at least `bytes_each` of what is left.
    fn count(&mut self, header: Header, bytes_each: usize) -> Result<usize, GeometryError> {
        let count = self.integer(header.little_endian)?;
        let count = usize::try_from(count).map_err(|_| GeometryError::TooManyPoints)?;
        if count > self.rest.len() / bytes_each {
            return Err(GeometryError::WkbSyntax);
        }
        if count > MAX_POINTS { Err(GeometryError::TooManyPoints) } else { Ok(count) }
    }

    fn coord(&mut self, header: Header) -> Result<Coord<f64>, GeometryError> {
        let mut numbers = [0.0; 4];
        for number in numbers.iter_mut().take(header.dimensions) {
            let bytes = self.take()?;
            *number = if header.little_endian { f64::from_le_bytes(bytes) } else { f64::from_be_bytes(bytes) };
        }
        Ok(Coord { x: numbers[0], y: numbers[1] })
    }

    fn coords(&mut self, header: Header) -> Result<LineString<f64>, GeometryError> {
        let count = self.count(header, 8 * header.dimensions)?;
        (0..count).map(|_| self.coord(header)).collect::<Result<Vec<_>, _>>().map(LineString)
    }

    fn point(&mut self, header: Header) -> Result<Point<f64>, GeometryError> {
        let coord = self.coord(header)?;
        // An empty point is written as two NaN.
        if coord.x.is_nan() && coord.y.is_nan() { Err(GeometryError::Empty) } else { Ok(Point(coord)) }
    }

    fn line(&mut self, header: Header) -> Result<LineString<f64>, GeometryError> {
        self.coords(header)
    }

    fn polygon(&mut self, header: Header) -> Result<Polygon<f64>, GeometryError> {
        let count = self.count(header, 4)?;
        let mut rings = (0..count).map(|_| self.coords(header)).collect::<Result<Vec<_>, _>>()?.into_iter();
        let exterior = rings.next().ok_or(GeometryError::Empty)?;
        Ok(Polygon::new(exterior, rings.collect()))
    }

    /// The parts of a multiple geometry; each has a header of its own.
    fn parts<T>(
        &mut self,
        header: Header,
        kind: u32,
        part: impl Fn(&mut Self, Header) -> Result<T, GeometryError>,
    ) -> Result<Vec<T>, GeometryError> {
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
