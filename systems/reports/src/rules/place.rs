//! Positions of reports: how far they lie apart, and how they are rounded where they are on private premises.

use crate::kernel::Geometry;
use crate::kernel::geometry::BoundingBox;

/// The mean radius of the earth in metres (IUGG). Within a city the error of a sphere is below half a percent.
const EARTH_M: f64 = 6_371_008.8;

/// A position in degrees (JGD2011, which the web calls WGS 84).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
}

impl Place {
    /// A position; none if it is off the globe or not a number.
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let is_on_globe = latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
        is_on_globe.then_some(Self { latitude, longitude })
    }

    /// Where a geometry is: a point itself, the middle of the box around anything else.
    pub fn of(geometry: &Geometry) -> Self {
        let found = geometry.bounding_box();
        Self { latitude: (found.south + found.north) / 2.0, longitude: (found.west + found.east) / 2.0 }
    }

    /// The position that somebody typed: `35.4378, 139.4269` as map services show it, full-width digits and `北緯 東経` included.
    pub fn parse(text: &str) -> Option<Self> {
        let folded = crate::kernel::text::fold(text).replace(['北', '緯', '東', '経', '度', '°', ',', '、', '/'], " ");
        let mut numbers = folded.split_whitespace().map(str::parse::<f64>);
        match (numbers.next(), numbers.next(), numbers.next()) {
            (Some(Ok(latitude)), Some(Ok(longitude)), None) => Self::new(latitude, longitude),
            _ => None,
        }
    }

    /// As a point of a ledger.
    pub fn to_geometry(self) -> Geometry {
        Geometry::point(self.longitude, self.latitude).expect("a place is on the globe")
    }

    /// The distance along the earth's surface in metres (haversine formula).
    pub fn distance_m(self, other: Self) -> f64 {
        let (a, b) = (self.latitude.to_radians(), other.latitude.to_radians());
        let half = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
        let h = half(other.latitude - self.latitude) + a.cos() * b.cos() * half(other.longitude - self.longitude);
        2.0 * EARTH_M * h.sqrt().min(1.0).asin()
    }

    /// The box that holds everything within so many metres.
    pub fn around(self, radius_m: f64) -> BoundingBox {
        let (north, east) = self.degrees(radius_m);
        BoundingBox {
            west: (self.longitude - east).max(-180.0),
            south: (self.latitude - north).max(-90.0),
            east: (self.longitude + east).min(180.0),
            north: (self.latitude + north).min(90.0),
        }
    }

    /// The middle of the cell in which the position lies, in a grid of so many metres: everything in the cell gets the same answer,
    /// so that it does not tell which house it was. The grid is fixed to the globe, not to the report.
    #[must_use]
    pub fn rounded(self, grid_m: f64) -> Self {
        let grid_m = grid_m.max(1.0);
        let step_north = (grid_m / EARTH_M).to_degrees();
        let row = (self.latitude / step_north).floor();
        let latitude = ((row + 0.5) * step_north).clamp(-90.0, 90.0);
        // The width of a cell follows its own row, so that all positions of a row share their columns.
        let step_east = step_north / latitude.to_radians().cos().max(0.01);
        let longitude = (((self.longitude / step_east).floor() + 0.5) * step_east).clamp(-180.0, 180.0);
        let tidy = |degrees: f64| (degrees * 1e6).round() / 1e6;
        Self { latitude: tidy(latitude), longitude: tidy(longitude) }
    }

    /// So many metres in degrees of latitude and of longitude here.
    fn degrees(self, metres: f64) -> (f64, f64) {
        let north = (metres / EARTH_M).to_degrees();
        (north, north / self.latitude.to_radians().cos().max(0.01))
    }
}

/// Whether the city takes reports from a position: it lies in the area, or so few metres outside it.
pub fn is_within(area: &Geometry, place: Place, margin_m: f64) -> bool {
    let here = place.to_geometry();
    if area.intersects(&here) {
        return true;
    }
    margin_m > 0.0 && Geometry::rectangle(place.around(margin_m)).is_ok_and(|near| area.intersects(&near))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(latitude: f64, longitude: f64) -> Place {
        Place::new(latitude, longitude).expect("a place")
    }

    /// The city hall of Ayase.
    const HALL: Place = Place { latitude: 35.4378, longitude: 139.4269 };

    #[test]
    fn distances_are_those_of_a_sphere() {
        assert_eq!(HALL.distance_m(HALL), 0.0);
        let degree = place(35.0, 139.0).distance_m(place(36.0, 139.0));
        assert!((degree - 111_195.1).abs() < 1.0, "{degree}");
        let east = HALL.distance_m(place(35.4378, 139.4280));
        assert!((east - 99.65).abs() < 0.5, "{east}");
        assert!((place(0.0, 179.9).distance_m(place(0.0, -179.9)) - 22_239.0).abs() < 1.0, "over the date line");
        assert!(place(90.0, 0.0).distance_m(place(-90.0, 0.0)).is_finite());
    }

    #[test]
    fn what_people_type_is_read() {
        for text in
            ["35.4378, 139.4269", "35.4378 139.4269", "北緯35.4378° 東経139.4269°", "３５．４３７８、１３９．４２６９"]
        {
            assert_eq!(Place::parse(text), Some(HALL), "{text}");
        }
        for text in ["", "139.4269", "a, b", "1 2 3", "91, 0", "NaN, 3"] {
            assert_eq!(Place::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_rounded_position_is_near_and_shared_and_stays() {
        for n in 0..200 {
            let one = place(35.43 + f64::from(n) * 0.000_037, 139.42 + f64::from(n) * 0.000_053);
            let rounded = one.rounded(20.0);
            assert!(one.distance_m(rounded) <= 14.3, "half a diagonal of 20 m: {}", one.distance_m(rounded));
            assert_eq!(rounded.rounded(20.0), rounded, "rounding twice changes nothing");
        }
        let (a, b) = (HALL.rounded(20.0), place(35.437_801, 139.426_901).rounded(20.0));
        assert_eq!(a, b, "neighbours share a cell");
    }

    #[test]
    fn the_sea_is_no_part_of_the_city() {
        let area =
            Geometry::rectangle(BoundingBox { west: 139.41, south: 35.40, east: 139.45, north: 35.46 }).expect("a box");
        assert!(is_within(&area, HALL, 0.0));
        let just_outside = place(35.4605, 139.43);
        assert!(!is_within(&area, just_outside, 0.0) && is_within(&area, just_outside, 100.0));
        assert!(!is_within(&area, place(35.10, 139.30), 100.0), "Sagami Bay");
        assert_eq!(Place::new(139.43, 35.44), None, "swapped coordinates are off the globe");
    }
}
