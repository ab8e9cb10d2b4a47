//! The outline of a city and of the municipalities around it: a GeoJSON file that comes with the program, or the operator's own.

use std::sync::LazyLock;

use kawasemi_kernel::Geometry;
use kawasemi_kernel::geometry::BoundingBox;
use serde_json::Value;

/// The outline of the city for which one comes with the program (綾瀬市), by its code.
const BUILT_IN: (&str, &str) = ("142182", include_str!("../../data/map/ayase.geojson"));
/// Who has to be named for it.
const BUILT_IN_SOURCE: &str = "国土数値情報（行政区域データ）（国土交通省）を加工、町名：Geolonia 住所データ";
/// The largest file in bytes.
const LARGEST: usize = 5 * 1024 * 1024;

/// An outline that was read.
#[derive(Clone, Debug)]
pub struct Outline {
    text: String,
    pieces: Vec<Piece>,
    attribution: String,
}

/// An area of an outline.
#[derive(Clone, Debug)]
pub struct Piece {
    /// What it is called; empty where the file does not say.
    pub name: String,
    /// Whether it is the city itself.
    pub is_city: bool,
    /// Its area.
    pub area: Geometry,
}

/// Why a file is no outline.
#[derive(Debug, thiserror::Error)]
pub enum OutlineError {
    /// It is larger than a browser should be sent.
    #[error("大きすぎます（{}MBまで）。図形を間引いてください。", LARGEST / 1024 / 1024)]
    TooLarge,
    /// It is not JSON.
    #[error("GeoJSONとして読めません: {0}")]
    Json(#[from] serde_json::Error),
    /// It is JSON of another kind.
    #[error("GeoJSONのFeatureCollectionではありません。")]
    Collection,
    /// A feature is no area.
    #[error("{number}番目の図形を面として読めません: {reason}")]
    Feature {
        /// Its place, from 1.
        number: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// Nothing says where the city is.
    #[error("市の区域がありません。市の図形に \"role\": \"city\" を付けてください。")]
    NoCity,
}

impl Outline {
    /// Reads an outline: a feature collection of areas with `name` and `role` (`city` or `around`). A single area is the city.
    ///
    /// # Errors
    /// See [`OutlineError`].
    pub fn read(text: &str, attribution: &str) -> Result<Self, OutlineError> {
        if text.len() > LARGEST {
            return Err(OutlineError::TooLarge);
        }
        let mut json: Value = serde_json::from_str(text)?;
        let features = json.get_mut("features").and_then(Value::as_array_mut).ok_or(OutlineError::Collection)?;
        let is_only = features.len() == 1;
        let mut pieces = Vec::with_capacity(features.len());
        for (index, feature) in features.iter_mut().enumerate() {
            let refused = |reason: String| OutlineError::Feature { number: index + 1, reason };
            let area = Geometry::from_geojson(&feature["geometry"]).map_err(|error| refused(error.to_string()))?;
            if area.kind() != kawasemi_kernel::geometry::GeometryKind::Polygon {
                return Err(refused("面（Polygon）ではありません。".to_owned()));
            }
            let is_city = is_only || feature["properties"]["role"] == "city";
            let name = feature["properties"]["name"].as_str().unwrap_or_default().to_owned();
            // What the file says besides is not for every visitor.
            let role = if is_city { "city" } else { "around" };
            feature["properties"] = serde_json::json!({ "name": name, "role": role });
            pieces.push(Piece { name, is_city, area });
        }
        if !pieces.iter().any(|piece| piece.is_city) {
            return Err(OutlineError::NoCity);
        }
        Ok(Self { text: json.to_string(), pieces, attribution: attribution.to_owned() })
    }

    /// The outline that comes with the program for a city; none for another.
    pub fn built_in(city: &str) -> Option<&'static Self> {
        static OUTLINE: LazyLock<Outline> = LazyLock::new(|| {
            Outline::read(BUILT_IN.1, BUILT_IN_SOURCE).expect("a test reads the outline that comes with the program")
        });
        (city == BUILT_IN.0).then(|| &*OUTLINE)
    }

    /// The areas.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// As GeoJSON.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Who is named on every map, as plain text.
    pub fn attribution(&self) -> &str {
        &self.attribution
    }

    /// The rectangle around the city.
    pub fn bounds(&self) -> Option<BoundingBox> {
        let mut boxes = self.pieces.iter().filter(|piece| piece.is_city).map(|piece| piece.area.bounding_box());
        let first = boxes.next()?;
        Some(boxes.fold(first, |all, own| BoundingBox {
            west: all.west.min(own.west),
            south: all.south.min(own.south),
            east: all.east.max(own.east),
            north: all.north.max(own.north),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_outline_is_around_the_city() {
        let outline = Outline::built_in("142182").expect("comes with the program");
        let bounds = outline.bounds().expect("has the city");
        assert!((139.40..139.41).contains(&bounds.west) && (35.46..35.47).contains(&bounds.north), "{bounds:?}");
        assert!(outline.pieces().iter().any(|piece| piece.name == "大和市" && !piece.is_city));
        assert!(Outline::built_in("142158").is_none());
    }

    #[test]
    fn a_file_that_is_no_outline_is_refused_with_a_reason() {
        let area = |role: &str, coordinates: &str| {
            format!(
                "{{\"type\":\"Feature\",\"properties\":{{\"role\":\"{role}\",\"secret\":\"x\"}},\"geometry\":{{\"type\":\"Polygon\",\"coordinates\":{coordinates}}}}}"
            )
        };
        let file =
            |features: &[String]| format!("{{\"type\":\"FeatureCollection\",\"features\":[{}]}}", features.join(","));
        let square = "[[[139,35],[140,35],[140,36],[139,35]]]";
        let one = Outline::read(&file(&[area("", square)]), "").expect("a single area is the city");
        assert!(one.pieces()[0].is_city && !one.text().contains("secret"), "{}", one.text());
        for (text, expected) in [
            ("{", "GeoJSONとして読めません"),
            ("[]", "FeatureCollection"),
            (&file(&[area("around", square), area("around", square)]), "市の区域がありません"),
            (&file(&[area("city", "[[[139,35],[140,36],[140,35],[139,36],[139,35]]]")]), "1番目の図形"),
        ] {
            let said = Outline::read(text, "").expect_err("is refused").to_string();
            assert!(said.contains(expected), "{text}: {said}");
        }
    }
}
