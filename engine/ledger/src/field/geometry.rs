//! Points, lines and areas on the map.

use kawasemi_kernel::geometry::GeometryKind;
use kawasemi_kernel::text::fold;
use kawasemi_kernel::{Geometry, Value};
use serde_json::{Value as Json, json};

use super::{FieldType, Parsed, Style, input};

/// Longest WKT or GeoJSON text in bytes: the most points with all their digits.
const LONGEST: usize = 8 * 1024 * 1024;

/// Which kind of geometry a field holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Point,
    Line,
    Polygon,
}

/// A geometry of one kind (点・線・面).
pub(super) struct Shape {
    pub(super) wanted: Wanted,
}

impl Shape {
    /// A line or an area from a point on each line; an area is closed where it was not.
    fn of_lines(&self, text: &str) -> Result<Geometry, String> {
        let lines = text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty());
        let position = |(index, line): (usize, &str)| {
            let point = latitude_longitude(line).map_err(|said| format!("{}行目：{said}", index + 1))?;
            let at = point.bounding_box();
            Ok(vec![at.west, at.south])
        };
        let mut positions = lines.map(position).collect::<Result<Vec<_>, String>>()?;
        let json = if self.wanted == Wanted::Polygon {
            if positions.first() != positions.last() {
                positions.extend(positions.first().cloned());
            }
            json!({ "type": "Polygon", "coordinates": [positions] })
        } else {
            json!({ "type": "LineString", "coordinates": positions })
        };
        Geometry::from_geojson(&json).map_err(|error| error.to_string())
    }

    fn checked(&self, geometry: Geometry) -> Parsed {
        let (fits, name) = match self.wanted {
            Wanted::Point => (geometry.kind() == GeometryKind::Point, "点（Point）"),
            Wanted::Line => (geometry.kind() == GeometryKind::Line, "線（LineString）"),
            Wanted::Polygon => (geometry.kind() == GeometryKind::Polygon, "面（Polygon）"),
        };
        if fits {
            Ok(Value::Geometry(geometry))
        } else {
            Err(format!("この項目には{name}を入力してください。").into())
        }
    }
}

impl FieldType for Shape {
    /// WKT, GeoJSON, or `緯度, 経度` as map services show it: once for a point, on each line for a line or an area.
    fn read_text(&self, text: &str) -> Parsed {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Value::Null);
        }
        if text.len() > LONGEST {
            return Err("図形のデータが大きすぎます。点を間引いてから入力してください。".into());
        }
        if text.starts_with('{') {
            let json: Json = serde_json::from_str(text).map_err(|_| "図形がGeoJSONの形になっていません。")?;
            return self.read_json(&json);
        }
        if text.starts_with(|c: char| c.is_numeric() || c == '北') {
            return self.checked(match self.wanted {
                Wanted::Point => latitude_longitude(text)?,
                Wanted::Line | Wanted::Polygon => self.of_lines(text)?,
            });
        }
        self.checked(text.parse::<Geometry>().map_err(|error| error.to_string())?)
    }

    fn read_json(&self, json: &Json) -> Parsed {
        match json {
            Json::Null => Ok(Value::Null),
            Json::Object(_) => self.checked(Geometry::from_geojson(json).map_err(|error| error.to_string())?),
            json => self.read_text(&input::json_text(json)?),
        }
    }

    fn show(&self, value: &Value, style: &Style<'_>) -> String {
        let Value::Geometry(geometry) = value else { return String::new() };
        if style.plain {
            return geometry.to_string();
        }
        match self.wanted {
            Wanted::Point => {
                let middle = geometry.bounding_box();
                format!("北緯{:.5}° 東経{:.5}°", middle.south, middle.west)
            }
            Wanted::Line => "線".to_owned(),
            Wanted::Polygon => "面".to_owned(),
        }
    }

    fn to_json(&self, value: &Value) -> Json {
        match value {
            Value::Geometry(geometry) => geometry.to_geojson(),
            _ => Json::Null,
        }
    }
}

/// `35.4378, 139.4269` or `北緯35.4378° 東経139.4269°`: latitude first, as people read them off a map.
fn latitude_longitude(text: &str) -> Result<Geometry, String> {
    let folded = fold(input::short(text)?).replace(['北', '緯', '東', '経', '°', '度', ','], " ");
    let numbers: Vec<f64> = folded.split_whitespace().filter_map(|part| part.parse().ok()).collect();
    match numbers[..] {
        [latitude, longitude] if folded.split_whitespace().count() == 2 => Geometry::point(longitude, latitude)
            .map_err(|_| "緯度（-90〜90）、経度（-180〜180）の順に入力してください。".to_owned()),
        _ => Err("位置は「緯度, 経度」で入力してください（例：35.4378, 139.4269）。".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, check_json};
    use super::*;
    use kawasemi_kernel::Lang;

    #[test]
    fn reads_a_point_on_each_line() {
        let line = Shape { wanted: Wanted::Line };
        let drawn = Value::Geometry("LINESTRING(139.42 35.43, 139.43 35.44)".parse().expect("is a line"));
        check(&line, "35.43, 139.42\n北緯35.44° 東経139.43°\n", Ok(drawn));
        check(&line, "35.43, 139.42\n35.44", Err("2行目：位置は「緯度, 経度」"));
        check(&line, "35.43, 139.42", Err("線は異なる2点以上"));
        let area = Shape { wanted: Wanted::Polygon };
        let drawn = Value::Geometry("POLYGON((139 35, 140 35, 140 36, 139 35))".parse().expect("is an area"));
        check(&area, "35,139\n35,140\n36,140", Ok(drawn.clone()));
        check(&area, "35,139\n35,140\n36,140\n35,139", Ok(drawn));
        check(&area, "35,139\n36,140\n35,140\n36,139", Err("自分自身と交わらない"));
    }

    #[test]
    fn reads_points_in_every_way() {
        let point = Shape { wanted: Wanted::Point };
        let hall = Value::Geometry(Geometry::point(139.4269, 35.4378).expect("is a point"));
        for text in ["35.4378, 139.4269", "北緯35.4378° 東経139.4269°", "POINT(139.4269 35.4378)"] {
            check(&point, text, Ok(hall.clone()));
        }
        check_json(&point, json!({ "type": "Point", "coordinates": [139.4269, 35.4378] }), Ok(hall.clone()));
        check(&point, "139.4269, 35.4378", Err("緯度（-90〜90）"));
        check(&point, "35.4378", Err("「緯度, 経度」"));
        check(&point, "LINESTRING(0 0, 1 1)", Err("点（Point）"));
        check(&point, &" 1".repeat(9_000_000), Err("大きすぎます"));
        assert_eq!(point.show(&hall, &Style::page(Lang::Ja)), "北緯35.43780° 東経139.42690°");
        assert_eq!(point.read_text(&point.show(&hall, &Style::file())), Ok(hall));
    }
}
