//! Reference systems (測地系・座標系) that files of Japanese city halls are in.
//!
//! A ledger keeps longitude and latitude on JGD2011, which the web calls WGS 84; both, and JGD2000, are treated as one here, since
//! they differ by less than what a city's drawings are exact to (the ground's own movement of 2011 included, some tens of
//! centimetres in Kanagawa). The old Tokyo Datum (旧日本測地系) lies 400 metres off and is converted by three parameters, which is
//! exact to a few metres; the grid of the Geographical Survey Institute (TKY2JGD) is not part of the program.
//!
//! Projections are those of the 19 zones of the plane rectangular system (平面直角座標系, 平成14年国土交通省告示第9号), whose
//! origins are data (`data/zones.csv`), and Web Mercator.

mod prj;
mod recognise;
mod surroundings;
mod transform;

use std::fmt;
use std::sync::LazyLock;

pub use prj::{MOST, from_prj};
pub(crate) use recognise::lies_in;
pub use recognise::{Extent, Recognised, recognise};
pub use surroundings::Surroundings;
pub use transform::{Reading, Transformer};

/// A zone of the plane rectangular system, 1 to 19.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Zone(u8);

/// A reference system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Crs {
    /// Longitude and latitude on WGS 84, in this order (CRS84): GeoJSON.
    Crs84,
    /// Latitude and longitude on WGS 84 (EPSG:4326).
    Wgs84,
    /// Latitude and longitude on JGD2011 (EPSG:6668).
    Jgd2011,
    /// Latitude and longitude on JGD2000 (EPSG:4612).
    Jgd2000,
    /// Latitude and longitude on the Tokyo Datum (旧日本測地系, EPSG:4301).
    Tokyo,
    /// Plane rectangular on JGD2011 (EPSG:6669–6687).
    Plane2011(Zone),
    /// Plane rectangular on JGD2000 (EPSG:2443–2461).
    Plane2000(Zone),
    /// Plane rectangular on the Tokyo Datum (EPSG:30161–30179).
    PlaneTokyo(Zone),
    /// Web Mercator (EPSG:3857): tiles.
    WebMercator,
}

/// In which order the registry gives the numbers of a position. Files keep x before y whatever it says; web services that
/// are asked for a reference system by its URI follow the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axes {
    /// East, or longitude, first.
    EastNorth,
    /// North, or latitude, first.
    NorthEast,
}

/// The origin of a zone.
struct Origin {
    roman: String,
    latitude: f64,
    longitude: f64,
}

static ORIGINS: LazyLock<Vec<Origin>> = LazyLock::new(|| {
    let rows = include_str!("../../data/zones.csv").lines().skip(1);
    rows.map(|row| origin(row).expect("the built-in list of zones is well formed")).collect()
});

fn origin(row: &str) -> Option<Origin> {
    let mut cells = row.split(',').skip(1);
    let roman = cells.next()?.to_owned();
    Some(Origin { roman, latitude: cells.next()?.parse().ok()?, longitude: cells.next()?.parse().ok()? })
}

impl Zone {
    /// The zone of a number; none but 1 to 19.
    pub const fn new(number: u8) -> Option<Self> {
        if number >= 1 && number <= 19 { Some(Self(number)) } else { None }
    }

    /// Every zone.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..=19).map(Self)
    }

    /// Its number.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// The latitude and longitude of its origin in degrees.
    pub fn origin(self) -> (f64, f64) {
        let origin = self.row();
        (origin.latitude, origin.longitude)
    }

    fn row(self) -> &'static Origin {
        &ORIGINS[usize::from(self.0) - 1]
    }

    /// The zone with an origin, to a hundredth of a degree.
    fn with_origin(latitude: f64, longitude: f64) -> Option<Self> {
        Self::all().find(|zone| {
            let (lat, lon) = zone.origin();
            (lat - latitude).abs() < 0.01 && (lon - longitude).abs() < 0.01
        })
    }
}

impl Crs {
    /// The number in the EPSG registry; CRS84 is 4326 there, which has the other order of axes.
    pub const fn epsg(self) -> u32 {
        match self {
            Self::Crs84 | Self::Wgs84 => 4326,
            Self::Jgd2011 => 6668,
            Self::Jgd2000 => 4612,
            Self::Tokyo => 4301,
            Self::Plane2011(zone) => 6668 + zone.0 as u32,
            Self::Plane2000(zone) => 2442 + zone.0 as u32,
            Self::PlaneTokyo(zone) => 30160 + zone.0 as u32,
            Self::WebMercator => 3857,
        }
    }

    /// The reference system with a number.
    pub fn from_epsg(code: u32) -> Option<Self> {
        let zone = |base: u32| u8::try_from(code - base).ok().and_then(Zone::new);
        match code {
            4326 | 4979 => Some(Self::Wgs84),
            6668 => Some(Self::Jgd2011),
            4612 => Some(Self::Jgd2000),
            4301 => Some(Self::Tokyo),
            6669..=6687 => zone(6668).map(Self::Plane2011),
            2443..=2461 => zone(2442).map(Self::Plane2000),
            30161..=30179 => zone(30160).map(Self::PlaneTokyo),
            3857 | 900_913 | 102_100 | 102_113 => Some(Self::WebMercator),
            _ => None,
        }
    }

    /// The reference system of a URI, a URN or a code: `http://www.opengis.net/def/crs/EPSG/0/6677`,
    /// `urn:ogc:def:crs:EPSG::6677`, `EPSG:6677`, `6677`, and CRS84 in its writings.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.trim().trim_matches(['<', '>', '[', ']']);
        let last = name.rsplit(['/', ':', '#']).next().unwrap_or(name);
        if last.eq_ignore_ascii_case("CRS84") || last.eq_ignore_ascii_case("CRS84h") {
            return Some(Self::Crs84);
        }
        let is_bare = last.len() == name.len();
        let is_epsg = name.to_ascii_uppercase().contains("EPSG");
        if is_bare || is_epsg { last.parse().ok().and_then(Self::from_epsg) } else { None }
    }

    /// The URI by which OGC services name it.
    pub fn uri(self) -> String {
        match self {
            Self::Crs84 => "http://www.opengis.net/def/crs/OGC/1.3/CRS84".to_owned(),
            other => format!("http://www.opengis.net/def/crs/EPSG/0/{}", other.epsg()),
        }
    }

    /// The order of axes that the registry gives.
    pub const fn axes(self) -> Axes {
        match self {
            Self::Crs84 | Self::WebMercator => Axes::EastNorth,
            _ => Axes::NorthEast,
        }
    }

    /// Whether positions are degrees.
    pub const fn is_geographic(self) -> bool {
        matches!(self, Self::Crs84 | Self::Wgs84 | Self::Jgd2011 | Self::Jgd2000 | Self::Tokyo)
    }

    /// Whether it is on the Tokyo Datum.
    pub const fn is_tokyo(self) -> bool {
        matches!(self, Self::Tokyo | Self::PlaneTokyo(_))
    }

    /// The zone of a plane rectangular system.
    pub const fn zone(self) -> Option<Zone> {
        match self {
            Self::Plane2011(zone) | Self::Plane2000(zone) | Self::PlaneTokyo(zone) => Some(zone),
            _ => None,
        }
    }

    /// What people call it.
    pub fn label(self) -> String {
        let plane = |datum: &str, zone: Zone| format!("平面直角座標系 第{}系（{datum}）", zone.0);
        match self {
            Self::Crs84 | Self::Wgs84 => "緯度経度（WGS 84）".to_owned(),
            Self::Jgd2011 => "緯度経度（JGD2011）".to_owned(),
            Self::Jgd2000 => "緯度経度（JGD2000）".to_owned(),
            Self::Tokyo => "緯度経度（旧日本測地系）".to_owned(),
            Self::Plane2011(zone) => plane("JGD2011", zone),
            Self::Plane2000(zone) => plane("JGD2000", zone),
            Self::PlaneTokyo(zone) => plane("旧日本測地系", zone),
            Self::WebMercator => "Webメルカトル".to_owned(),
        }
    }

    /// The same system on the Tokyo Datum, where a file may be in it without saying so.
    pub const fn on_tokyo_datum(self) -> Option<Self> {
        match self {
            Self::Crs84 | Self::Wgs84 | Self::Jgd2011 | Self::Jgd2000 => Some(Self::Tokyo),
            Self::Plane2011(zone) | Self::Plane2000(zone) => Some(Self::PlaneTokyo(zone)),
            _ => None,
        }
    }

    /// Well-known text of the system (OGC 01-009), as `.prj` files and GeoPackages have it.
    pub fn wkt(self) -> String {
        let (name, datum, spheroid) = match self {
            Self::Tokyo | Self::PlaneTokyo(_) => {
                ("GCS_Tokyo", "D_Tokyo", "SPHEROID[\"Bessel_1841\",6377397.155,299.1528128]")
            }
            Self::Jgd2000 | Self::Plane2000(_) => {
                ("GCS_JGD_2000", "D_JGD_2000", "SPHEROID[\"GRS_1980\",6378137.0,298.257222101]")
            }
            Self::Jgd2011 | Self::Plane2011(_) => {
                ("GCS_JGD_2011", "D_JGD_2011", "SPHEROID[\"GRS_1980\",6378137.0,298.257222101]")
            }
            Self::Crs84 | Self::Wgs84 | Self::WebMercator => {
                ("GCS_WGS_1984", "D_WGS_1984", "SPHEROID[\"WGS_1984\",6378137.0,298.257223563]")
            }
        };
        let geographic = format!(
            "GEOGCS[\"{name}\",DATUM[\"{datum}\",{spheroid}],PRIMEM[\"Greenwich\",0.0],UNIT[\"Degree\",0.0174532925199433]]"
        );
        match (self, self.zone()) {
            (Self::WebMercator, _) => format!(
                "PROJCS[\"WGS_1984_Web_Mercator_Auxiliary_Sphere\",{geographic},PROJECTION[\"Mercator_Auxiliary_Sphere\"],\
                 PARAMETER[\"False_Easting\",0.0],PARAMETER[\"False_Northing\",0.0],PARAMETER[\"Central_Meridian\",0.0],\
                 PARAMETER[\"Standard_Parallel_1\",0.0],PARAMETER[\"Auxiliary_Sphere_Type\",0.0],UNIT[\"Meter\",1.0]]"
            ),
            (_, Some(zone)) => {
                let (latitude, longitude) = zone.origin();
                let datum = name.trim_start_matches("GCS_");
                format!(
                    "PROJCS[\"{datum}_Japan_Zone_{number}\",{geographic},PROJECTION[\"Transverse_Mercator\"],\
                     PARAMETER[\"False_Easting\",0.0],PARAMETER[\"False_Northing\",0.0],\
                     PARAMETER[\"Central_Meridian\",{longitude}],PARAMETER[\"Scale_Factor\",0.9999],\
                     PARAMETER[\"Latitude_Of_Origin\",{latitude:.1}],UNIT[\"Meter\",1.0]]",
                    number = zone.0
                )
            }
            _ => geographic,
        }
    }

    /// The name of the registry, such as `JGD2011 / Japan Plane Rectangular CS IX`.
    pub fn registered_name(self) -> String {
        let plane = |datum: &str, zone: Zone| format!("{datum} / Japan Plane Rectangular CS {}", zone.row().roman);
        match self {
            Self::Crs84 | Self::Wgs84 => "WGS 84".to_owned(),
            Self::Jgd2011 => "JGD2011".to_owned(),
            Self::Jgd2000 => "JGD2000".to_owned(),
            Self::Tokyo => "Tokyo".to_owned(),
            Self::Plane2011(zone) => plane("JGD2011", zone),
            Self::Plane2000(zone) => plane("JGD2000", zone),
            Self::PlaneTokyo(zone) => plane("Tokyo", zone),
            Self::WebMercator => "WGS 84 / Pseudo-Mercator".to_owned(),
        }
    }
}

impl fmt::Display for Crs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crs84 => f.write_str("CRS84"),
            other => write!(f, "EPSG:{}", other.epsg()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_systems_and_back() {
        let ninth = Zone::new(9).expect("is a zone");
        for (name, crs) in [
            ("http://www.opengis.net/def/crs/EPSG/0/6677", Crs::Plane2011(ninth)),
            ("urn:ogc:def:crs:EPSG::2451", Crs::Plane2000(ninth)),
            ("epsg:30169", Crs::PlaneTokyo(ninth)),
            ("4301", Crs::Tokyo),
            ("urn:ogc:def:crs:OGC:1.3:CRS84", Crs::Crs84),
            ("<http://www.opengis.net/def/crs/OGC/1.3/CRS84>", Crs::Crs84),
        ] {
            assert_eq!(Crs::from_name(name), Some(crs), "{name}");
            assert_eq!(Crs::from_name(&crs.uri()), Some(crs));
            assert_eq!(Crs::from_name(&crs.to_string()), Some(crs));
        }
        for name in ["", "EPSG:99999", "OGC:6677x", "FOO/6677"] {
            assert_eq!(Crs::from_name(name), None, "{name}");
        }
        assert_eq!(Crs::Plane2011(ninth).axes(), Axes::NorthEast);
        assert_eq!(Crs::Crs84.axes(), Axes::EastNorth);
    }
}
