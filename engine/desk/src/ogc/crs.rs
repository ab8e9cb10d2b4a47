//! Reference systems by their address (OGC API – Features Part 2), with the axes as the register has them.

use kawasemi_kernel::geometry::BoundingBox;
use kawasemi_kernel::geometry::plane::{PlanePoint, Zone};
use kawasemi_kernel::geometry::quad::on_square;

use crate::problem::Problem;

/// Longitude, latitude on WGS 84: what GeoJSON has.
pub const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";
/// Half the circumference of the earth of web maps, in metres.
const HALF_EARTH: f64 = 20_037_508.342_789_244;

/// A reference system that is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crs {
    /// Longitude, latitude.
    Crs84,
    /// Latitude, longitude on WGS 84 (EPSG:4326).
    Wgs84,
    /// Latitude, longitude on JGD2011 (EPSG:6668): what is stored. Over a city it is WGS 84.
    Jgd2011,
    /// The plane rectangular zone of the city on JGD2011: north, east, in metres.
    Plane(Zone),
    /// The map of the web (EPSG:3857): east, north.
    WebMercator,
}

impl Crs {
    /// What a city offers, the default first.
    pub fn offered(zone: Zone) -> [Self; 5] {
        [Self::Crs84, Self::Wgs84, Self::Jgd2011, Self::Plane(zone), Self::WebMercator]
    }

    /// Its address.
    pub fn uri(self) -> String {
        let epsg = |code: u32| format!("http://www.opengis.net/def/crs/EPSG/0/{code}");
        match self {
            Self::Crs84 => CRS84.to_owned(),
            Self::Wgs84 => epsg(4326),
            Self::Jgd2011 => epsg(6668),
            Self::Plane(zone) => epsg(zone.epsg()),
            Self::WebMercator => epsg(3857),
        }
    }

    /// Reads an address of a parameter.
    pub fn read(name: &str, text: &str, zone: Zone) -> Result<Self, Problem> {
        Self::offered(zone).into_iter().find(|crs| crs.uri() == text).ok_or_else(|| {
            let offered = Self::offered(zone).map(Self::uri).join("、");
            Problem::bad_request(format!("{name} に指定できるのは {offered} です。"))
        })
    }

    /// A place in degrees, as this system has it: its first axis, then its second.
    pub fn of_degrees(self, longitude: f64, latitude: f64) -> (f64, f64) {
        match self {
            Self::Crs84 => (longitude, latitude),
            Self::Wgs84 | Self::Jgd2011 => (latitude, longitude),
            Self::Plane(zone) => {
                let PlanePoint { north, east } = zone.plane_of(longitude, latitude);
                (north, east)
            }
            Self::WebMercator => {
                let (x, y) = on_square(longitude, latitude);
                ((x.mul_add(2.0, -1.0)) * HALF_EARTH, (y.mul_add(-2.0, 1.0)) * HALF_EARTH)
            }
        }
    }

    /// Longitude and latitude in degrees of a place in this system.
    pub fn to_degrees(self, first: f64, second: f64) -> (f64, f64) {
        match self {
            Self::Crs84 => (first, second),
            Self::Wgs84 | Self::Jgd2011 => (second, first),
            Self::Plane(zone) => zone.degrees_of(PlanePoint { north: first, east: second }),
            Self::WebMercator => {
                let latitude = (second / HALF_EARTH * std::f64::consts::PI).sinh().atan().to_degrees();
                (first / HALF_EARTH * 180.0, latitude)
            }
        }
    }

    /// The box around a box of this system. In the plane its sides are no meridians: it is the box around its corners.
    pub fn box_of(self, [low_first, low_second, high_first, high_second]: [f64; 4]) -> BoundingBox {
        if self == Self::Crs84 {
            return BoundingBox { west: low_first, south: low_second, east: high_first, north: high_second };
        }
        let corners = [
            self.to_degrees(low_first, low_second),
            self.to_degrees(low_first, high_second),
            self.to_degrees(high_first, low_second),
            self.to_degrees(high_first, high_second),
        ];
        let around = |of: fn(&(f64, f64)) -> f64, pick: fn(f64, f64) -> f64| corners.iter().map(of).reduce(pick);
        // A box over the antimeridian keeps its west east of its east.
        let crosses = matches!(self, Self::Wgs84 | Self::Jgd2011) && low_second > high_second;
        let (west, east) = match crosses {
            true => (low_second, high_second),
            false => (around(|at| at.0, f64::min).unwrap_or_default(), around(|at| at.0, f64::max).unwrap_or_default()),
        };
        let south = around(|at| at.1, f64::min).unwrap_or_default();
        let north = around(|at| at.1, f64::max).unwrap_or_default();
        BoundingBox { west, south, east, north }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_stand_as_the_register_has_them() {
        let zone = Zone::new(9).expect("IX");
        let near = |a: (f64, f64), b: (f64, f64), within: f64| {
            assert!((a.0 - b.0).abs() < within && (a.1 - b.1).abs() < within, "{a:?} {b:?}");
        };
        let hall = (139.4267, 35.4374);
        near(Crs::Wgs84.of_degrees(hall.0, hall.1), (35.4374, 139.4267), 1e-12);
        near(Crs::Plane(zone).of_degrees(hall.0, hall.1), (-62_340.403_7, -36_918.607_3), 0.001);
        near(Crs::WebMercator.of_degrees(hall.0, hall.1), (15_520_909.25, 4_223_482.08), 0.1);
        for crs in Crs::offered(zone) {
            let (first, second) = crs.of_degrees(hall.0, hall.1);
            near(crs.to_degrees(first, second), hall, 1e-8);
            assert_eq!(Crs::read("crs", &crs.uri(), zone).expect("is offered"), crs);
        }
        assert!(Crs::read("crs", "EPSG:4326", zone).is_err());
    }

    #[test]
    fn a_box_lies_within_the_box_around_it() {
        let zone = Zone::new(9).expect("IX");
        let square = Crs::Plane(zone).box_of([-63_000.0, -37_500.0, -62_000.0, -36_500.0]);
        assert!(square.west < 139.4267 && 139.4267 < square.east && square.south < 35.4374 && 35.4374 < square.north);
        let over = Crs::Wgs84.box_of([-10.0, 179.0, 10.0, -179.0]);
        assert!(over.west > over.east);
    }
}
