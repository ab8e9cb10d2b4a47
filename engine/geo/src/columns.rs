//! Coordinates in tables: which columns hold them, and the position of a row.
//!
//! Two columns 緯度 and 経度 by their many names, one column with both, one with well-known text, or X and Y of the plane
//! rectangular system. Which system the numbers are in is recognised as for any other file ([`crate::crs::recognise()`]).

use std::str::FromStr as _;

use geo::{Coord, Geometry, Point};

use crate::position;

/// The columns of a table that say where its rows are, by their positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Columns {
    /// Longitude and latitude.
    Degrees {
        /// Longitude.
        longitude: usize,
        /// Latitude.
        latitude: usize,
    },
    /// X (north) and Y (east) in metres, as surveyors have them.
    Plane {
        /// X座標.
        north: usize,
        /// Y座標.
        east: usize,
    },
    /// Both in one text.
    Text(usize),
    /// Well-known text.
    Wkt(usize),
}

const LATITUDE: &[&str] = &["緯度", "lat", "latitude", "北緯", "緯度10進", "緯度世界測地系", "ido"];
const LONGITUDE: &[&str] = &["経度", "lon", "lng", "long", "longitude", "東経", "経度10進", "経度世界測地系", "keido"];
const NORTH: &[&str] = &["x座標", "座標x", "x", "xcoord", "x座標m"];
const EAST: &[&str] = &["y座標", "座標y", "y", "ycoord", "y座標m"];
const BOTH: &[&str] =
    &["緯度経度", "経緯度", "位置座標", "座標", "緯度・経度", "緯度,経度", "latlng", "latlon", "地理座標", "位置"];
const WKT: &[&str] = &["wkt", "geom", "geometry", "thegeom", "wktgeom", "図形wkt"];

impl Columns {
    /// Finds the columns by their headings; those whose `samples` can't be what they are called are passed over.
    /// `sample` gives the texts of some rows of a column.
    pub fn find(headings: &[String], sample: &dyn Fn(usize) -> Vec<String>) -> Option<Self> {
        let names: Vec<String> = headings.iter().map(|heading| bare(heading)).collect();
        let with = |wanted: &[&str]| names.iter().position(|name| wanted.contains(&name.as_str()));
        let ending = |end: &str, not: &str| {
            names.iter().position(|name| name.ends_with(end) && !name.contains(not) && name != "経緯度")
        };
        let latitude = with(LATITUDE).or_else(|| ending("緯度", "経度"));
        let longitude = with(LONGITUDE).or_else(|| ending("経度", "緯度"));
        let are_most = |column: usize, is: &dyn Fn(&str) -> bool| {
            let texts = sample(column);
            let filled: Vec<&String> = texts.iter().filter(|text| !text.trim().is_empty()).collect();
            !filled.is_empty() && filled.iter().filter(|text| is(text)).count() * 2 >= filled.len()
        };
        let is_angle = |text: &str| position::angle(text).is_some();
        if let (Some(latitude), Some(longitude)) = (latitude, longitude)
            && are_most(latitude, &is_angle)
            && are_most(longitude, &is_angle)
        {
            return Some(Self::Degrees { longitude, latitude });
        }
        if let Some(column) = with(WKT).filter(|column| are_most(*column, &is_wkt)) {
            return Some(Self::Wkt(column));
        }
        let is_text =
            |text: &str| position::read(text).is_ok() || position::read(text).is_err_and(|said| said.contains('逆'));
        if let Some(column) = with(BOTH).filter(|column| are_most(*column, &is_text)) {
            return Some(Self::Text(column));
        }
        let is_number = |text: &str| plane_number(text).is_some();
        let (north, east) = (with(NORTH)?, with(EAST)?);
        (are_most(north, &is_number) && are_most(east, &is_number)).then_some(Self::Plane { north, east })
    }

    /// The positions of the columns.
    pub fn used(&self) -> Vec<usize> {
        match *self {
            Self::Degrees { longitude, latitude } => vec![latitude, longitude],
            Self::Plane { north, east } => vec![north, east],
            Self::Text(column) | Self::Wkt(column) => vec![column],
        }
    }

    /// The columns, as people find them in their file.
    pub fn said(&self, headings: &[String]) -> String {
        let name = |column: &usize| headings.get(*column).map_or("", String::as_str);
        match self {
            Self::Degrees { longitude, latitude } => format!("「{}」と「{}」の列", name(latitude), name(longitude)),
            Self::Plane { north, east } => format!("「{}」と「{}」の列", name(north), name(east)),
            Self::Text(column) | Self::Wkt(column) => format!("「{}」の列", name(column)),
        }
    }

    /// The geometry of a row in the numbers of the file, x before y; none where its cells are empty.
    ///
    /// # Errors
    /// A sentence where the cells are no position.
    pub fn geometry(&self, cell: &dyn Fn(usize) -> String) -> Result<Option<Geometry<f64>>, String> {
        let text = |column: usize| {
            let text = cell(column);
            if matches!(text.trim(), "-" | "－" | "ー" | "―" | "−") { String::new() } else { text }
        };
        let two = |one: usize, other: usize| match (text(one), text(other)) {
            (one, other) if one.trim().is_empty() && other.trim().is_empty() => Ok(None),
            (one, other) if one.trim().is_empty() || other.trim().is_empty() => {
                Err("緯度・経度（X・Y）の片方だけが入っています。両方を入れるか、両方を空にしてください。".to_owned())
            }
            both => Ok(Some(both)),
        };
        match self {
            Self::Degrees { longitude, latitude } => {
                let Some((x, y)) = two(*longitude, *latitude)? else { return Ok(None) };
                let (x, y) = (one_angle(&x)?, one_angle(&y)?);
                // Where they say it themselves, it does not matter which column they are in.
                let is_turned = x.is_latitude == Some(true) && y.is_latitude != Some(true);
                let (x, y) = if is_turned { (y, x) } else { (x, y) };
                Ok(Some(point(x.degrees, y.degrees)))
            }
            Self::Plane { north, east } => {
                let Some((x, y)) = two(*east, *north)? else { return Ok(None) };
                let number = |text: &str| {
                    plane_number(text).ok_or_else(|| format!("「{}」は座標の数値ではありません。", short(text)))
                };
                Ok(Some(point(number(&x)?, number(&y)?)))
            }
            Self::Text(column) => {
                let text = text(*column);
                if text.trim().is_empty() {
                    return Ok(None);
                }
                let found = position::read(&text)?;
                Ok(Some(Point(found).into()))
            }
            Self::Wkt(column) => {
                let text = text(*column);
                if text.trim().is_empty() {
                    return Ok(None);
                }
                wkt(&text).map(Some)
            }
        }
    }
}

fn one_angle(text: &str) -> Result<position::Angle, String> {
    position::angle(text).ok_or_else(|| {
        format!("「{}」は緯度・経度として読めません。35.4378 や 35度26分16秒 のように入れてください。", short(text))
    })
}

fn short(text: &str) -> String {
    text.chars().take(30).collect()
}

fn point(x: f64, y: f64) -> Geometry<f64> {
    Point(Coord { x, y }).into()
}

/// A number of metres: full-width digits and separators of thousands are read too.
fn plane_number(text: &str) -> Option<f64> {
    let text: String = kawasemi_kernel::text::fold(text).chars().filter(|c| !matches!(c, ',' | ' ' | 'm')).collect();
    let text = text.replace('\u{2212}', "-");
    f64::from_str(&text).ok().filter(|number| number.is_finite())
}

fn is_wkt(text: &str) -> bool {
    let head: String = text.trim_start().chars().take(30).collect::<String>().to_ascii_uppercase();
    ["POINT", "LINESTRING", "POLYGON", "MULTI", "SRID="].iter().any(|word| head.starts_with(word))
}

/// Well-known text in any reference system. The kernel's reader checks that numbers are degrees; here they need not be.
fn wkt(text: &str) -> Result<Geometry<f64>, String> {
    crate::wkt::read(text)
}

/// A heading without brackets, spaces and width.
fn bare(heading: &str) -> String {
    let folded = kawasemi_kernel::text::fold(heading);
    let without = folded.split(['(', '（', '[', '【']).next().unwrap_or_default();
    let name: String =
        without.chars().filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-' | '*' | '※' | '.')).collect();
    if name.is_empty() { folded } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(headings: &[&str], row: &[&str]) -> (Option<Columns>, Result<Option<Geometry<f64>>, String>) {
        let headings: Vec<String> = headings.iter().map(|heading| (*heading).to_owned()).collect();
        let cell = |column: usize| row.get(column).copied().unwrap_or_default().to_owned();
        let found = Columns::find(&headings, &|column| vec![cell(column)]);
        let geometry = found.map_or(Ok(None), |found| found.geometry(&cell));
        (found, geometry)
    }

    #[test]
    fn columns_are_found_by_their_many_names() {
        let degrees = Some(Columns::Degrees { longitude: 1, latitude: 0 });
        let here = Ok(Some(point(139.425, 35.4375)));
        for (headings, row) in [
            (["緯度", "経度"], ["35.4375", "139.425"]),
            (["Lat", "LNG"], ["35.4375", "139.425"]),
            (["緯度（世界測地系）", "経度（世界測地系）"], ["３５．４３７５", "139.425"]),
            (["所在地_緯度", "所在地_経度"], ["35度26分15秒", "139度25分30秒"]),
        ] {
            let (found, place) = find(&headings, &row);
            let Ok(Some(Geometry::Point(place))) = place else { panic!("{headings:?}: {place:?}") };
            assert_eq!(found, degrees, "{headings:?}");
            assert!(
                (place.x() - 139.425).abs() < 1e-9 && (place.y() - 35.4375).abs() < 1e-9,
                "{headings:?}: {place:?}"
            );
        }
        assert_eq!(find(&["X座標", "Y座標"], &["-62,340.4", "-36918.6"]).1, Ok(Some(point(-36_918.6, -62_340.4))));
        assert_eq!(find(&["名称", "緯度経度"], &["公園", "35.4375,139.425"]), (Some(Columns::Text(1)), here.clone()));
        assert_eq!(find(&["wkt"], &["POINT(139.425 35.4375)"]).1, here);
    }

    #[test]
    fn what_only_is_called_so_is_passed_over() {
        assert_eq!(find(&["緯度", "経度"], &["", ""]).0, None);
        assert_eq!(find(&["位置"], &["入口の右"]).0, None);
        assert_eq!(find(&["X", "Y"], &["あり", "なし"]).0, None);
        assert_eq!(find(&["経緯"], &["35, 139"]).0, None);
    }

    #[test]
    fn cells_that_are_none_are_told() {
        let columns = Columns::Degrees { longitude: 1, latitude: 0 };
        let of = |cells: [&str; 2]| columns.geometry(&|column| cells[column].to_owned());
        assert_eq!(of(["", " "]), Ok(None));
        assert_eq!(of(["-", "-"]), Ok(None));
        assert!(of(["35.4", ""]).expect_err("is half").contains("片方"));
        assert!(of(["35.4", "不明"]).expect_err("is none").contains("「不明」"));
    }
}
