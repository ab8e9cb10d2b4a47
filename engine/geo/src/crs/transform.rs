//! From the numbers of a file to longitude and latitude, and back.

use std::fmt;
use std::str::FromStr;

use geo::{Coord, MapCoords as _};
use proj4rs::Proj;
use proj4rs::transform::transform;

use super::{Crs, Zone};
use crate::error::{GeoError, Result};

/// How the numbers of a file are read: in which system, and what its writer did to them.
///
/// Its text is what a person chooses and a command takes: `EPSG:6677`, `EPSG:4326+swapped`, `EPSG:6677+mm`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reading {
    /// The reference system.
    pub crs: Crs,
    /// North stands before east, or latitude before longitude.
    pub is_swapped: bool,
    /// Lengths are millimetres.
    pub is_millimetres: bool,
}

impl Reading {
    /// The numbers as the system has them, x before y.
    pub const fn plain(crs: Crs) -> Self {
        Self { crs, is_swapped: false, is_millimetres: false }
    }

    /// The same with the axes the other way round.
    #[must_use]
    pub const fn swapped(self) -> Self {
        Self { is_swapped: !self.is_swapped, ..self }
    }

    /// What people call it.
    pub fn label(self) -> String {
        let mut label = format!("{} {}", self.crs.label(), self.crs);
        if self.is_swapped {
            label.push_str("、縦と横を入れ替え");
        }
        if self.is_millimetres {
            label.push_str("、単位ミリメートル");
        }
        label
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.crs)?;
        f.write_str(if self.is_swapped { "+swapped" } else { "" })?;
        f.write_str(if self.is_millimetres { "+mm" } else { "" })
    }
}

impl FromStr for Reading {
    type Err = GeoError;

    fn from_str(text: &str) -> Result<Self> {
        let unknown = || GeoError::UnknownCrs(text.chars().take(40).collect());
        let mut parts = text.split('+');
        let crs = parts.next().and_then(Crs::from_name).ok_or_else(unknown)?;
        let mut reading = Self::plain(crs);
        for part in parts {
            match part {
                "swapped" => reading.is_swapped = true,
                "mm" => reading.is_millimetres = true,
                _ => return Err(unknown()),
            }
        }
        Ok(reading)
    }
}

/// Converts positions between a file and longitude and latitude on JGD2011.
pub struct Transformer {
    reading: Reading,
    /// The file's projection and the ledger's; none where the numbers are longitude and latitude already.
    projections: Option<Box<(Proj, Proj)>>,
}

impl Transformer {
    /// The conversion for a file's numbers.
    pub fn new(reading: Reading) -> Self {
        let build = |text: &str| Proj::from_proj_string(text).expect("the built-in projections are well formed");
        let definition = definition(reading.crs);
        let target = |definition: &str| {
            // Web Mercator's sphere has no datum of its own: its degrees are those of WGS 84 already.
            let ledger = if reading.crs == Crs::WebMercator { "+proj=longlat +ellps=WGS84 +no_defs" } else { LEDGER };
            Box::new((build(definition), build(ledger)))
        };
        Self { reading, projections: definition.as_deref().map(target) }
    }

    /// Longitude and latitude in degrees of a position of the file; none where it has none.
    pub fn to_degrees(&self, position: Coord<f64>) -> Option<Coord<f64>> {
        let Coord { mut x, mut y } = position;
        if self.reading.is_swapped {
            std::mem::swap(&mut x, &mut y);
        }
        if self.reading.is_millimetres {
            (x, y) = (x / 1_000.0, y / 1_000.0);
        }
        let Some(projections) = &self.projections else { return Some(Coord { x, y }).filter(is_finite) };
        if self.reading.crs.is_geographic() {
            (x, y) = (x.to_radians(), y.to_radians());
        }
        let mut point = (x, y, 0.0);
        transform(&projections.0, &projections.1, &mut point).ok()?;
        Some(Coord { x: point.0.to_degrees(), y: point.1.to_degrees() }).filter(is_finite)
    }

    /// The position of the file for longitude and latitude in degrees.
    pub fn to_file(&self, position: Coord<f64>) -> Option<Coord<f64>> {
        let out = self.once_to_file(position)?;
        if !self.reading.crs.is_tokyo() {
            return Some(out);
        }
        // The shift between datums goes through heights, which files of maps have none of; that costs some millimetres, which
        // what comes back says.
        let back = self.to_degrees(out)?;
        self.once_to_file(Coord { x: 2.0 * position.x - back.x, y: 2.0 * position.y - back.y })
    }

    fn once_to_file(&self, position: Coord<f64>) -> Option<Coord<f64>> {
        let mut out = position;
        if let Some(projections) = &self.projections {
            let mut point = (position.x.to_radians(), position.y.to_radians(), 0.0);
            transform(&projections.1, &projections.0, &mut point).ok()?;
            out = Coord { x: point.0, y: point.1 };
            if self.reading.crs.is_geographic() {
                out = Coord { x: out.x.to_degrees(), y: out.y.to_degrees() };
            }
        }
        if self.reading.is_millimetres {
            out = Coord { x: out.x * 1_000.0, y: out.y * 1_000.0 };
        }
        if self.reading.is_swapped {
            out = Coord { x: out.y, y: out.x };
        }
        Some(out).filter(is_finite)
    }

    /// A geometry of the file in longitude and latitude; none where a position has none.
    pub fn geometry_to_degrees(&self, geometry: &geo::Geometry<f64>) -> Option<geo::Geometry<f64>> {
        geometry.try_map_coords(|position| self.to_degrees(position).ok_or(())).ok()
    }

    /// A geometry in longitude and latitude as the file has it.
    pub fn geometry_to_file(&self, geometry: &geo::Geometry<f64>) -> Option<geo::Geometry<f64>> {
        geometry.try_map_coords(|position| self.to_file(position).ok_or(())).ok()
    }
}

fn is_finite(position: &Coord<f64>) -> bool {
    position.x.is_finite() && position.y.is_finite()
}

/// Longitude and latitude on JGD2011.
const LEDGER: &str = "+proj=longlat +ellps=GRS80 +towgs84=0,0,0,0,0,0,0 +no_defs";
const GRS80: &str = "+ellps=GRS80 +towgs84=0,0,0,0,0,0,0";
/// The three parameters from the Tokyo Datum (飛田 2002) on Bessel's ellipsoid.
const BESSEL: &str = "+ellps=bessel +towgs84=-146.414,507.337,680.507,0,0,0,0";

/// What `proj4rs` is told of a system; none for longitude and latitude that need no conversion.
fn definition(crs: Crs) -> Option<String> {
    let plane = |zone: Zone, datum: &str| {
        let (latitude, longitude) = zone.origin();
        // The exact series rather than the approximate ones of `tmerc`.
        format!("+proj=etmerc +lat_0={latitude} +lon_0={longitude} +k=0.9999 +x_0=0 +y_0=0 {datum} +units=m +no_defs")
    };
    match crs {
        Crs::Crs84 | Crs::Wgs84 | Crs::Jgd2011 | Crs::Jgd2000 => None,
        Crs::Tokyo => Some(format!("+proj=longlat {BESSEL} +no_defs")),
        Crs::Plane2011(zone) | Crs::Plane2000(zone) => Some(plane(zone, GRS80)),
        Crs::PlaneTokyo(zone) => Some(plane(zone, BESSEL)),
        Crs::WebMercator => {
            Some("+proj=merc +a=6378137 +b=6378137 +lat_ts=0 +lon_0=0 +x_0=0 +y_0=0 +k=1 +units=m +no_defs".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ninth() -> Zone {
        Zone::new(9).expect("is a zone")
    }

    #[test]
    fn the_ninth_zone_is_exact_to_a_tenth_of_a_millimetre() {
        let plane = Transformer::new(Reading::plain(Crs::Plane2011(ninth())));
        for (latitude, longitude, north, east) in [
            (36.103_774_791_666_666, 140.087_855_041_666_64, 11_543.688_3, 22_916.243_6),
            (35.4374, 139.4267, -62_340.403_7, -36_918.607_3),
        ] {
            let found = plane.to_file(Coord { x: longitude, y: latitude }).expect("is on the globe");
            assert!((found.x - east).abs() < 1e-4 && (found.y - north).abs() < 1e-4, "{found:?}");
            let back = plane.to_degrees(found).expect("is on the globe");
            assert!((back.x - longitude).abs() < 1e-9 && (back.y - latitude).abs() < 1e-9, "{back:?}");
        }
    }

    #[test]
    fn the_old_datum_lies_four_hundred_metres_off() {
        let tokyo = Transformer::new(Reading::plain(Crs::Tokyo));
        let here = Coord { x: 139.4267, y: 35.4374 };
        let there = tokyo.to_file(here).expect("is on the globe");
        // Around Kanagawa −11.6″ of latitude and +11.8″ of longitude from the new datum to the old.
        let (latitude, longitude) = ((there.y - here.y) * 3600.0, (there.x - here.x) * 3600.0);
        assert!((latitude + 11.6).abs() < 0.2 && (longitude - 11.7).abs() < 0.3, "{latitude} {longitude}");
        let back = tokyo.to_degrees(there).expect("is on the globe");
        assert!((back.x - here.x).abs() < 1e-9 && (back.y - here.y).abs() < 1e-8, "{back:?}");
    }

    #[test]
    fn readings_are_written_and_read() {
        for text in ["EPSG:6677", "EPSG:4326+swapped", "EPSG:2451+swapped+mm", "CRS84"] {
            assert_eq!(text.parse::<Reading>().expect("is a reading").to_string(), text);
        }
        for text in ["", "EPSG:1", "EPSG:6677+feet"] {
            assert!(text.parse::<Reading>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn there_and_back_is_the_same_place(
            latitude in 35.0..36.0_f64, longitude in 139.0..140.0_f64, which in 0..5_usize,
            is_swapped: bool, is_millimetres: bool,
        ) {
            let crs = [
                Crs::Tokyo, Crs::Plane2011(ninth()), Crs::PlaneTokyo(ninth()), Crs::WebMercator, Crs::Jgd2000,
            ][which];
            let is_millimetres = is_millimetres && !crs.is_geographic();
            let transformer = Transformer::new(Reading { crs, is_swapped, is_millimetres });
            let here = Coord { x: longitude, y: latitude };
            let back = transformer.to_degrees(transformer.to_file(here).expect("there")).expect("back");
            prop_assert!((back.x - here.x).abs() < 1e-8 && (back.y - here.y).abs() < 1e-8, "{:?}", back);
        }
    }
}
