//! The shapes of a Shapefile, one at a time.

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;

use geo::{Contains as _, coords_iter::CoordsIter as _};
use geo::{Coord, Geometry, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon};
use kawasemi_kernel::geometry::{GeometryError, MAX_POINTS};

use crate::error::{GeoError, Result};
use crate::survey::Shape;

const WHAT: &str = "図形（.shp）";
/// The largest record in bytes: as many points as any shape may have, with heights and measures, and some more.
const LARGEST: u64 = 64 << 20;

/// A `.shp` file that is read from its beginning.
pub struct Shp {
    reader: BufReader<File>,
    kind: i32,
    /// Bytes of the file that are not read yet, by what the disk says.
    left: u64,
    record: Vec<u8>,
}

impl Shp {
    /// Opens a file.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        let mut reader = BufReader::with_capacity(128 * 1024, file);
        let mut header = [0; 100];
        reader.read_exact(&mut header).map_err(GeoError::reading(WHAT))?;
        if big(&header, 0) != 9994 || little(&header, 28) != 1000 {
            return Err(GeoError::Damaged { what: WHAT });
        }
        let said = u64::from(big(&header, 24).unsigned_abs()) * 2;
        if said > size {
            return Err(GeoError::Damaged { what: WHAT });
        }
        Ok(Self { reader, kind: little(&header, 32), left: said.saturating_sub(100), record: Vec::new() })
    }

    /// What kind of shapes it has.
    pub fn label(&self) -> Result<&'static str> {
        match self.kind {
            0 => Ok("図形なし"),
            1 | 11 | 21 => Ok("点"),
            3 | 13 | 23 => Ok("線"),
            5 | 15 | 25 => Ok("面"),
            8 | 18 | 28 => Ok("複数の点"),
            31 => Err(GeoError::Refused(
                "立体の図形（MultiPatch）は読めません。面に変換してもらってから、もう一度選んでください。".to_owned(),
            )),
            _ => Err(GeoError::Damaged { what: WHAT }),
        }
    }

    /// The next shape; none at the end.
    pub fn next_shape(&mut self) -> Result<Option<Shape>> {
        if self.left < 8 {
            return Ok(None);
        }
        let mut head = [0; 8];
        self.reader.read_exact(&mut head).map_err(GeoError::reading(WHAT))?;
        let length = u64::from(big(&head, 4).unsigned_abs()) * 2;
        self.left -= 8;
        if big(&head, 4) < 2 || length > self.left {
            return Err(GeoError::Damaged { what: WHAT });
        }
        self.left -= length;
        if length > LARGEST {
            return Err(GeoError::TooLarge { what: "一つの図形", megabytes: LARGEST >> 20 });
        }
        self.record.clear();
        (&mut self.reader).take(length).read_to_end(&mut self.record)?;
        if self.record.len() as u64 != length {
            return Err(GeoError::Damaged { what: WHAT });
        }
        Ok(Some(match read(&self.record) {
            Ok(geometry) => Shape::At(geometry),
            Err(GeometryError::Empty) => Shape::None,
            Err(GeometryError::WkbSyntax) => return Err(GeoError::Damaged { what: WHAT }),
            Err(GeometryError::Unsupported) => {
                Shape::Refused("立体の図形（MultiPatch）は読めません。面に変換してもらってください。".to_owned())
            }
            Err(error) => Shape::Refused(error.to_string()),
        }))
    }
}

fn big(bytes: &[u8], at: usize) -> i32 {
    i32::from_be_bytes(four(bytes, at))
}

fn little(bytes: &[u8], at: usize) -> i32 {
    i32::from_le_bytes(four(bytes, at))
}

fn four(bytes: &[u8], at: usize) -> [u8; 4] {
    bytes.get(at..at + 4).and_then(|part| part.try_into().ok()).unwrap_or_default()
}

/// A record's geometry. Heights and measures follow the positions and are left unread.
fn read(record: &[u8]) -> Result<Geometry<f64>, GeometryError> {
    match little(record, 0) {
        0 => Err(GeometryError::Empty),
        1 | 11 | 21 => {
            let point = position(record, 4)?;
            if point.x < -1e38 || point.x.is_nan() { Err(GeometryError::Empty) } else { Ok(Point(point).into()) }
        }
        8 | 18 | 28 => {
            let count = counted(record, 36)?;
            let points = positions(record, 40, count)?.into_iter().map(Point).collect();
            Ok(MultiPoint(points).into())
        }
        3 | 13 | 23 => {
            let mut lines: Vec<LineString<f64>> = parts(record)?;
            Ok(if lines.len() == 1 { lines.remove(0).into() } else { MultiLineString(lines).into() })
        }
        5 | 15 | 25 => Ok(polygons(parts(record)?)),
        31 => Err(GeometryError::Unsupported),
        _ => Err(GeometryError::WkbSyntax),
    }
}

/// A count that there are bytes for.
fn counted(record: &[u8], at: usize) -> Result<usize, GeometryError> {
    if record.len() < at + 4 {
        return Err(GeometryError::WkbSyntax);
    }
    let count = usize::try_from(little(record, at)).map_err(|_| GeometryError::WkbSyntax)?;
    match count {
        0 => Err(GeometryError::Empty),
        count if count > record.len() / 4 => Err(GeometryError::WkbSyntax),
        count if count > MAX_POINTS => Err(GeometryError::TooManyPoints),
        count => Ok(count),
    }
}

fn position(record: &[u8], at: usize) -> Result<Coord<f64>, GeometryError> {
    let number = |at: usize| {
        let bytes: [u8; 8] = record.get(at..at + 8)?.try_into().ok()?;
        Some(f64::from_le_bytes(bytes))
    };
    match (number(at), number(at + 8)) {
        (Some(x), Some(y)) => Ok(Coord { x, y }),
        _ => Err(GeometryError::WkbSyntax),
    }
}

fn positions(record: &[u8], at: usize, count: usize) -> Result<Vec<Coord<f64>>, GeometryError> {
    if record.len() < at + count * 16 {
        return Err(GeometryError::WkbSyntax);
    }
    (0..count).map(|index| position(record, at + index * 16)).collect()
}

/// The parts of a line or polygon.
fn parts(record: &[u8]) -> Result<Vec<LineString<f64>>, GeometryError> {
    let part_count = counted(record, 36)?;
    let count = counted(record, 40)?;
    let first = 44 + part_count * 4;
    let all = positions(record, first, count)?;
    let start = |part: usize| usize::try_from(little(record, 44 + part * 4)).map_err(|_| GeometryError::WkbSyntax);
    let mut lines = Vec::with_capacity(part_count);
    for part in 0..part_count {
        let from = start(part)?;
        let to = if part + 1 < part_count { start(part + 1)? } else { count };
        lines.push(LineString(all.get(from..to).ok_or(GeometryError::WkbSyntax)?.to_vec()));
    }
    lines.retain(|line| !line.0.is_empty());
    if lines.is_empty() { Err(GeometryError::Empty) } else { Ok(lines) }
}

/// Rings that turn clockwise bound a polygon, the others are holes of the smallest one around them.
fn polygons(rings: Vec<LineString<f64>>) -> Geometry<f64> {
    let (mut outer, mut holes): (Vec<_>, Vec<_>) = rings.into_iter().partition(|ring| turning(ring) <= 0.0);
    if outer.is_empty() {
        // Some programs turn all the other way round.
        std::mem::swap(&mut outer, &mut holes);
    }
    let mut polygons: Vec<Polygon<f64>> = outer.into_iter().map(|ring| Polygon::new(ring, Vec::new())).collect();
    for hole in holes {
        let owner = match polygons.len() {
            1 => Some(0),
            _ => owner(&polygons, &hole),
        };
        match owner {
            Some(owner) => polygons[owner].interiors_push(hole),
            // A hole in nothing is an area of its own that turns the wrong way.
            None => polygons.push(Polygon::new(hole, Vec::new())),
        }
    }
    if polygons.len() == 1 { polygons.remove(0).into() } else { MultiPolygon(polygons).into() }
}

/// The smallest polygon that contains a ring.
fn owner(polygons: &[Polygon<f64>], hole: &LineString<f64>) -> Option<usize> {
    let contains = |polygon: &Polygon<f64>| {
        let outline = Polygon::new(polygon.exterior().clone(), Vec::new());
        hole.coords_iter().take(8).any(|corner| outline.contains(&corner))
    };
    let size = |at: &usize| turning(polygons[*at].exterior()).abs();
    (0..polygons.len()).filter(|at| contains(&polygons[*at])).min_by(|one, other| size(one).total_cmp(&size(other)))
}

/// Twice the area that a ring bounds: positive where it turns counter-clockwise.
pub(crate) fn turning(ring: &LineString<f64>) -> f64 {
    let Some(first) = ring.0.first() else { return 0.0 };
    // Relative to its first corner, so that large coordinates cost no digits.
    ring.0
        .windows(2)
        .map(|two| (two[0].x - first.x) * (two[1].y - first.y) - (two[1].x - first.x) * (two[0].y - first.y))
        .sum()
}
