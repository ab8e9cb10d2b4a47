//! Points, lines and areas on the map.

use kawasemi_geo::position;
use kawasemi_kernel::geometry::{GeometryError, GeometryKind};
use kawasemi_kernel::{Geometry, Value};
use serde_json::Value as Json;

use super::{Cell, FieldType, Parsed, Style, input};

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
    fn checked(&self, geometry: Geometry) -> Parsed {
        let (fits, name) = match self.wanted {
            Wanted::Point => (geometry.kind() == GeometryKind::Point, "点（Point）"),
            Wanted::Line => (geometry.kind() == GeometryKind::Line, "線（LineString、MultiLineString）"),
            Wanted::Polygon => (geometry.kind() == GeometryKind::Polygon, "面（Polygon、MultiPolygon）"),
        };
        if !fits {
            return Err(format!("この項目には{name}を入力してください。").into());
        }
        // Lines and areas may have several parts, as a road or a park in two places; a point is one place.
        match self.wanted {
            Wanted::Point => kawasemi_geo::one_point(geometry)
                .map(Value::Geometry)
                .map_err(|count| format!("点が{count}個あります。この項目には点を一つだけ入力してください。").into()),
            Wanted::Line | Wanted::Polygon => Ok(Value::Geometry(geometry)),
        }
    }

    /// Positions as people write them: one for a point, one on each line for a line or the corners of an area.
    fn typed(&self, text: &str) -> Parsed {
        if self.wanted == Wanted::Point {
            let position = position::read(input::short(text)?)?;
            return self.checked(kawasemi_geo::of_positions(vec![position], GeometryKind::Point)?);
        }
        let mut positions = Vec::new();
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            positions.push(position::read(line).map_err(|said| format!("{}行目：{said}", at + 1))?);
        }
        let kind = if self.wanted == Wanted::Line { GeometryKind::Line } else { GeometryKind::Polygon };
        self.checked(kawasemi_geo::of_positions(positions, kind)?)
    }
}

impl FieldType for Shape {
    /// WKT, GeoJSON, or latitude and longitude as map services show them and as people read them off a map.
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
        if text.starts_with(is_typed) || text.starts_with(['N', 'E', 'n', 'e']) {
            return self.typed(text);
        }
        match text.parse::<Geometry>() {
            Ok(geometry) => self.checked(geometry),
            Err(GeometryError::Invalid) => Err(kawasemi_geo::why_invalid_wkt(text).into()),
            Err(error) => Err(error.to_string().into()),
        }
    }

    fn read_json(&self, json: &Json) -> Parsed {
        match json {
            Json::Null => Ok(Value::Null),
            Json::Object(members) => {
                // What is copied from a map is often a feature, or a collection of one.
                let geometry = kawasemi_geo::only_geometry(members).unwrap_or(json);
                match Geometry::from_geojson(geometry) {
                    Ok(geometry) => self.checked(geometry),
                    Err(GeometryError::Invalid) => Err(kawasemi_geo::why_invalid_geojson(geometry).into()),
                    Err(error) => Err(error.to_string().into()),
                }
            }
            json => self.read_text(&input::json_text(json)?),
        }
    }

    /// A geometry that a file has and that can't be taken comes with its reason.
    fn read_cell(&self, cell: &Cell) -> Parsed {
        match cell {
            Cell::Empty => Ok(Value::Null),
            Cell::Error(said) if !said.starts_with('#') => Err(said.as_str().into()),
            Cell::Error(code) => {
                Err(format!("表計算のエラー値（{code}）が入っています。元のファイルを直してください。").into())
            }
            cell => self.read_text(&cell.to_text()),
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

/// How a position begins that is typed and not well-known text.
fn is_typed(c: char) -> bool {
    c.is_numeric() || matches!(c, '北' | '南' | '東' | '西' | '緯' | '経' | '-' | '+' | '(' | '（')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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
        check(&area, "35,139\n36,140\n35,140\n36,139", Err("北緯35.5"));
    }

    #[test]
    fn reads_points_in_every_way() {
        let point = Shape { wanted: Wanted::Point };
        let hall = Value::Geometry(Geometry::point(139.4269, 35.4378).expect("is a point"));
        for text in ["35.4378, 139.4269", "北緯35.4378° 東経139.4269°", "POINT(139.4269 35.4378)"] {
            check(&point, text, Ok(hall.clone()));
        }
        check_json(&point, json!({ "type": "Point", "coordinates": [139.4269, 35.4378] }), Ok(hall.clone()));
        check(&point, "139.4269, 35.4378", Err("逆のようです"));
        check(&point, "MULTIPOINT((139.4 35.4),(139.5 35.4))", Err("点が2個"));
        check(&point, "MULTIPOINT((139.4269 35.4378))", Ok(hall.clone()));
        let feature = json!({ "type": "FeatureCollection", "features": [
            { "type": "Feature", "properties": {}, "geometry": { "type": "Point", "coordinates": [139.4269, 35.4378] } },
        ] });
        check_json(&point, feature, Ok(hall.clone()));
        check(&point, "35.4378", Err("「緯度, 経度」"));
        check(&point, "LINESTRING(0 0, 1 1)", Err("点（Point）"));
        check(&point, &" 1".repeat(9_000_000), Err("大きすぎます"));
        assert_eq!(point.show(&hall, &Style::page(Lang::Ja)), "北緯35.43780° 東経139.42690°");
        assert_eq!(point.read_text(&point.show(&hall, &Style::file())), Ok(hall));
    }

    #[test]
    fn lines_and_areas_may_be_typed_and_have_parts() {
        let (line, area) = (Shape { wanted: Wanted::Line }, Shape { wanted: Wanted::Polygon });
        let wkt = |text: &str| Ok(Value::Geometry(text.parse().expect("is well-known text")));
        check(&line, "35.4, 139.4\n35.5, 139.5", wkt("LINESTRING(139.4 35.4,139.5 35.5)"));
        check(
            &area,
            "35.4,139.4\n35.4,139.5\n35.5,139.5",
            wkt("POLYGON((139.4 35.4,139.5 35.4,139.5 35.5,139.4 35.4))"),
        );
        check(&area, "35.4,139.4\nここ\n35.5,139.5", Err("2行目"));
        let parts = "MULTILINESTRING((139.4 35.4,139.5 35.5),(139.6 35.4,139.7 35.5))";
        check(&line, parts, wkt(parts));
        check(&area, "POLYGON((139.4 35.4,139.5 35.5,139.5 35.4,139.4 35.5,139.4 35.4))", Err("北緯35.450000°"));
        check(&area, "35.4,139.4", Err("異なる3点以上"));
        check(&line, "35.4,139.4", Err("異なる2点以上"));
    }
}
