//! The binary form of a geometry in a GeoPackage (§2.1.3): a header with the system and a box, then well-known binary.

use geo::{BoundingRect as _, Geometry};

use crate::survey::Shape;
use crate::wkb;

const BROKEN: &str = "図形のデータが壊れています。元のファイルを確かめてください。";

/// Reads a geometry. The box is passed over; the geometry says it better.
pub fn read(bytes: &[u8]) -> Shape {
    let Some([b'G', b'P', _version, flags]) = bytes.first_chunk::<4>().copied() else {
        return Shape::Refused(BROKEN.to_owned());
    };
    let envelope = match flags >> 1 & 7 {
        0 => 0,
        1 => 32,
        2 | 3 => 48,
        4 => 64,
        _ => return Shape::Refused(BROKEN.to_owned()),
    };
    if flags & 0x10 != 0 {
        return Shape::None;
    }
    let Some(content) = bytes.get(8 + envelope..) else { return Shape::Refused(BROKEN.to_owned()) };
    match wkb::read(content) {
        Ok(Some(geometry)) => Shape::At(geometry),
        Ok(None) => Shape::None,
        Err(error) => Shape::Refused(error.to_string()),
    }
}

/// Writes a geometry; points go without a box, as is usual.
pub fn write(geometry: &Geometry<f64>, srs: i32, out: &mut Vec<u8>) {
    let bounds = geometry.bounding_rect().filter(|_| !matches!(geometry, Geometry::Point(_)));
    out.extend(b"GP\0");
    out.push(if bounds.is_some() { 0b0000_0011 } else { 0b0000_0001 });
    out.extend(srs.to_le_bytes());
    if let Some(bounds) = bounds {
        for number in [bounds.min().x, bounds.max().x, bounds.min().y, bounds.max().y] {
            out.extend(number.to_le_bytes());
        }
    }
    wkb::write(geometry, out);
}
