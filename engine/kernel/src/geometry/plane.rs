//! Measuring in metres: the plane rectangular coordinates of Japan (平面直角座標系, 平成14年国土交通省告示第9号).
//!
//! Each part of the country has one of nineteen zones, within which lengths are true to one in ten thousand. What a ledger
//! says of an area or a length is measured in the zone of its city, as land surveys are.

use std::sync::LazyLock;

use geo::{Area as _, Coord, Euclidean, Length as _, MapCoords as _};
use proj4rs::Proj;
use proj4rs::transform::{Transform, TransformClosure, transform};

use super::{Geometry, GeometryKind};

/// The origins of the zones: latitude and longitude in degrees and minutes.
const ORIGINS: [((f64, f64), (f64, f64)); 19] = [
    ((33.0, 0.0), (129.0, 30.0)),
    ((33.0, 0.0), (131.0, 0.0)),
    ((36.0, 0.0), (132.0, 10.0)),
    ((33.0, 0.0), (133.0, 30.0)),
    ((36.0, 0.0), (134.0, 20.0)),
    ((36.0, 0.0), (136.0, 0.0)),
    ((36.0, 0.0), (137.0, 10.0)),
    ((36.0, 0.0), (138.0, 30.0)),
    ((36.0, 0.0), (139.0, 50.0)),
    ((40.0, 0.0), (140.0, 50.0)),
    ((44.0, 0.0), (140.0, 15.0)),
    ((44.0, 0.0), (142.0, 15.0)),
    ((44.0, 0.0), (144.0, 15.0)),
    ((26.0, 0.0), (142.0, 0.0)),
    ((26.0, 0.0), (127.0, 30.0)),
    ((26.0, 0.0), (124.0, 0.0)),
    ((26.0, 0.0), (131.0, 0.0)),
    ((20.0, 0.0), (136.0, 0.0)),
    ((26.0, 0.0), (154.0, 0.0)),
];

/// The zone that most of a prefecture lies in, by the prefecture's number; Tokyo's islands and parts of Hokkaido, Kagoshima and
/// Okinawa have others.
const OF_PREFECTURES: [u8; 47] = [
    12, 10, 10, 10, 10, 10, 9, 9, 9, 9, 9, 9, 9, 9, 8, 7, 7, 6, 8, 8, 7, 8, 7, 6, 6, 6, 6, 5, 6, 6, 5, 3, 5, 3, 3, 4,
    4, 4, 4, 2, 2, 1, 2, 2, 2, 2, 15,
];

/// Longitude and latitude, which the projections start from.
static DEGREES: LazyLock<Proj> = LazyLock::new(|| projection("+proj=longlat +ellps=GRS80 +no_defs"));
static PLANES: LazyLock<Vec<Proj>> = LazyLock::new(|| {
    let degrees = |(whole, minutes): (f64, f64)| whole + minutes / 60.0;
    let planes = ORIGINS.map(|(latitude, longitude)| {
        let (latitude, longitude) = (degrees(latitude), degrees(longitude));
        projection(&format!(
            "+proj=etmerc +lat_0={latitude} +lon_0={longitude} +k=0.9999 +ellps=GRS80 +units=m +no_defs"
        ))
    });
    planes.into()
});

fn projection(text: &str) -> Proj {
    Proj::from_proj_string(text).expect("the projections of the program are well formed")
}

/// A zone of the plane rectangular coordinates (系), from I to XIX.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Zone(u8);

/// A place in a zone, in metres. The standard names the axes the other way round than mathematics does: X is north.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlanePoint {
    /// X: metres north of the zone's origin.
    pub north: f64,
    /// Y: metres east of the zone's origin.
    pub east: f64,
}

impl Zone {
    /// The zone with a number; none beyond 1 to 19.
    pub fn new(number: u8) -> Option<Self> {
        (1..=19).contains(&number).then_some(Self(number))
    }

    /// The zone in which a city with a code (全国地方公共団体コード) is measured, as far as the prefecture tells.
    pub fn of_city(code: &str) -> Option<Self> {
        let prefecture: usize = code.get(..2)?.parse().ok()?;
        OF_PREFECTURES.get(prefecture.checked_sub(1)?).copied().and_then(Self::new)
    }

    /// Its number, from 1 to 19.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Its code in the EPSG register, on JGD2011.
    pub const fn epsg(self) -> u32 {
        6668 + self.0 as u32
    }

    /// The plane coordinates of a place in degrees.
    pub fn plane_of(self, longitude: f64, latitude: f64) -> PlanePoint {
        let at = self.moved(Coord { x: longitude.to_radians(), y: latitude.to_radians() }, true);
        PlanePoint { north: at.y, east: at.x }
    }

    /// Longitude and latitude in degrees of a place in the plane.
    pub fn degrees_of(self, at: PlanePoint) -> (f64, f64) {
        let at = self.moved(Coord { x: at.east, y: at.north }, false);
        (at.x.to_degrees(), at.y.to_degrees())
    }

    /// Not a number where the projection has no answer, which no place in or near Japan is.
    fn moved(self, coord: Coord<f64>, forward: bool) -> Coord<f64> {
        let plane = &PLANES[usize::from(self.0) - 1];
        let (from, to) = if forward { (&*DEGREES, plane) } else { (plane, &*DEGREES) };
        let mut at = Place(coord);
        match transform(from, to, &mut at) {
            Ok(()) => at.0,
            Err(_) => Coord { x: f64::NAN, y: f64::NAN },
        }
    }
}

impl Geometry {
    /// The length of a line in metres, or of a polygon's outline with its holes; 0 for points.
    pub fn length_m(&self, zone: Zone) -> f64 {
        match self.in_plane(zone) {
            geo::Geometry::LineString(line) => Euclidean.length(&line),
            geo::Geometry::MultiLineString(lines) => Euclidean.length(&lines),
            geo::Geometry::Polygon(polygon) => outline(&polygon),
            geo::Geometry::MultiPolygon(polygons) => polygons.iter().map(outline).sum(),
            _ => 0.0,
        }
    }

    /// The area of a polygon in square metres; 0 for points and lines.
    pub fn area_m2(&self, zone: Zone) -> f64 {
        if self.kind() == GeometryKind::Polygon { self.in_plane(zone).unsigned_area() } else { 0.0 }
    }

    fn in_plane(&self, zone: Zone) -> geo::Geometry<f64> {
        self.as_geo().map_coords(|at| {
            let at = zone.plane_of(at.x, at.y);
            Coord { x: at.east, y: at.north }
        })
    }
}

fn outline(polygon: &geo::Polygon<f64>) -> f64 {
    let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
    rings.map(|ring| Euclidean.length(ring)).sum()
}

/// One place, which the library moves.
struct Place(Coord<f64>);

impl Transform for Place {
    fn transform_coordinates<F: TransformClosure>(&mut self, moved: &mut F) -> Result<(), proj4rs::errors::Error> {
        moved(self.0.x, self.0.y, 0.0).map(|(x, y, _)| self.0 = Coord { x, y })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(value: f64, expected: f64, within: f64) {
        assert!((value - expected).abs() < within, "{value} instead of {expected}");
    }

    #[test]
    fn places_are_where_the_survey_puts_them() {
        let zone = Zone::new(9).unwrap();
        for ((latitude, longitude), (north, east)) in [
            ((36.103_774_791_666_666, 140.087_855_041_666_64), (11_543.688_3, 22_916.243_6)),
            ((35.4374, 139.4267), (-62_340.403_7, -36_918.607_3)),
        ] {
            let at = zone.plane_of(longitude, latitude);
            near(at.north, north, 0.001);
            near(at.east, east, 0.001);
            let back = zone.degrees_of(at);
            near(back.0, longitude, 1e-9);
            near(back.1, latitude, 1e-9);
        }
    }

    #[test]
    fn lengths_and_areas_are_metres() {
        let zone = Zone::of_city("142182").unwrap();
        let line: Geometry = "LINESTRING(139.4267 35.4374, 139.4277 35.4384)".parse().unwrap();
        // On the sphere it would be 143.43 m: the ellipsoid and the scale of the zone take 7 cm.
        near(line.length_m(zone), 143.355, 0.01);
        let corner = zone.plane_of(139.4267, 35.4374);
        let at = |north: f64, east: f64| {
            let (x, y) = zone.degrees_of(PlanePoint { north: corner.north + north, east: corner.east + east });
            format!("{x} {y}")
        };
        let [a, b, c, d] = [at(0.0, 0.0), at(0.0, 50.0), at(20.0, 50.0), at(20.0, 0.0)];
        let field: Geometry = format!("POLYGON(({a}, {b}, {c}, {d}, {a}))").parse().unwrap();
        near(field.area_m2(zone), 1000.0, 0.001);
        near(field.length_m(zone), 140.0, 0.001);
        near(line.area_m2(zone), 0.0, f64::EPSILON);
    }

    #[test]
    fn a_city_is_measured_in_its_prefectures_zone() {
        for (code, zone) in [("142182", 9), ("011002", 12), ("271004", 6), ("472018", 15), ("401005", 2)] {
            assert_eq!(Zone::of_city(code).map(Zone::number), Some(zone), "{code}");
        }
        assert_eq!(
            (Zone::of_city("990000"), Zone::of_city("x"), Zone::new(0), Zone::new(20)),
            (None, None, None, None)
        );
        assert_eq!(Zone::new(9).map(Zone::epsg), Some(6677));
    }
}
