//! The reference system of a `.prj` file or of another well-known text (OGC 01-009, ISO 19162).
//!
//! Exports vary: some name an EPSG code, some only a datum and a projection, each program in its own spelling. So the code is
//! believed first, then the datum and the numbers of the projection; names of systems alone are never believed.

use super::{Crs, Reading, Zone};

/// Longest text that is looked at, in bytes; real ones have less than two thousand.
pub const MOST: usize = 64 * 1024;
/// How deep its brackets may lie in one another.
const DEPTH: usize = 24;

/// How to read the numbers of a file with this text.
///
/// # Errors
/// A sentence where it is a system that is not known, or no well-known text.
pub fn from_prj(text: &str) -> Result<Reading, String> {
    let text = text.trim_start_matches('\u{FEFF}').trim();
    if text.len() > MOST {
        return Err("座標系の定義（.prj）が大きすぎて読めません。".to_owned());
    }
    let mut reader = Reader { rest: text };
    let Some(root) = reader.node(0) else {
        return Err("座標系の定義（.prj）を読めません。".to_owned());
    };
    of_node(&root).ok_or_else(|| {
        let name: String = root.text(0).unwrap_or("名前なし").chars().take(60).collect();
        format!("ファイルの座標系「{name}」には対応していません。緯度経度か平面直角座標系に変換してもらってください。")
    })
}

fn of_node(root: &Node) -> Option<Reading> {
    // A compound system has the horizontal one first.
    if matches!(root.name.as_str(), "COMPD_CS" | "COMPOUNDCRS" | "BOUNDCRS" | "SOURCECRS") {
        return root.nodes().find_map(of_node);
    }
    if let Some(crs) = root.code().and_then(Crs::from_epsg) {
        return Some(with_unit(root, crs));
    }
    match root.name.as_str() {
        "GEOGCS" | "GEOGCRS" | "GEODCRS" | "GEODETICCRS" | "GEOGRAPHICCRS" => geographic(root).map(Reading::plain),
        "PROJCS" | "PROJCRS" | "PROJECTEDCRS" => projected(root),
        _ => None,
    }
}

/// The datum of a geographic system by what its names and its ellipsoid say.
fn geographic(node: &Node) -> Option<Crs> {
    if let Some(crs) = node.code().and_then(Crs::from_epsg).filter(|crs| crs.is_geographic()) {
        return Some(crs);
    }
    let mut names = String::new();
    node.gather(
        &["GEOGCS", "GEOGCRS", "GEODCRS", "BASEGEOGCRS", "BASEGEODCRS", "DATUM", "TRF", "SPHEROID", "ELLIPSOID"],
        &mut names,
    );
    let names = names.to_ascii_uppercase();
    let has = |part: &str| names.contains(part);
    if has("TOKYO") || has("BESSEL") {
        Some(Crs::Tokyo)
    } else if has("2011") || has("2024") {
        Some(Crs::Jgd2011)
    } else if has("JGD") || has("JAPANESE_GEODETIC") || has("JAPANESE GEODETIC") || has("2000") {
        Some(Crs::Jgd2000)
    } else if has("WGS") {
        Some(Crs::Wgs84)
    } else {
        // GRS 80 without a name: what Japanese programs write for the new datum.
        (has("GRS")).then_some(Crs::Jgd2011)
    }
}

fn projected(node: &Node) -> Option<Reading> {
    let base = node.nodes().find(|n| matches!(n.name.as_str(), "GEOGCS" | "GEOGCRS" | "BASEGEOGCRS" | "BASEGEODCRS"));
    let mut names = String::new();
    node.gather(&["PROJCS", "PROJCRS", "PROJECTION", "METHOD"], &mut names);
    let names = names.to_ascii_uppercase().replace([' ', '-'], "_");
    if names.contains("AUXILIARY_SPHERE") || names.contains("PSEUDO_MERCATOR") || names.contains("WEB_MERCATOR") {
        return Some(Reading::plain(Crs::WebMercator));
    }
    let is_transverse = names.contains("TRANSVERSE_MERCATOR") || names.contains("GAUSS_KRUGER");
    let parameter = |wanted: &[&str]| {
        let is_wanted = |n: &&Node| {
            let name = n.text(0).unwrap_or_default().to_ascii_lowercase().replace([' ', '-'], "_");
            n.name == "PARAMETER" && wanted.contains(&name.as_str())
        };
        node.all().into_iter().find(is_wanted).and_then(|n| n.number(1))
    };
    let latitude = parameter(&["latitude_of_origin", "latitude_of_natural_origin"])?;
    let longitude = parameter(&["central_meridian", "longitude_of_natural_origin", "longitude_of_origin"])?;
    let scale = parameter(&["scale_factor", "scale_factor_at_natural_origin"]).unwrap_or(1.0);
    let offsets = [parameter(&["false_easting"]).unwrap_or(0.0), parameter(&["false_northing"]).unwrap_or(0.0)];
    let has_offset = offsets.iter().any(|offset| offset.abs() > 0.001);
    if !is_transverse || (scale - 0.9999).abs() > 1e-6 || has_offset {
        return None;
    }
    let zone: Zone = Zone::with_origin(latitude, longitude)?;
    let crs = match base.and_then(geographic)? {
        Crs::Tokyo => Crs::PlaneTokyo(zone),
        Crs::Jgd2000 => Crs::Plane2000(zone),
        _ => Crs::Plane2011(zone),
    };
    Some(with_unit(node, crs))
}

/// Lengths in millimetres, where the text says so.
fn with_unit(node: &Node, crs: Crs) -> Reading {
    let unit = node.nodes().find(|n| matches!(n.name.as_str(), "UNIT" | "LENGTHUNIT")).and_then(|n| n.number(1));
    let is_millimetres = !crs.is_geographic() && unit.is_some_and(|unit| (unit - 0.001).abs() < 1e-9);
    Reading { is_millimetres, ..Reading::plain(crs) }
}

/// `NAME[part, part, …]`.
#[derive(Debug)]
struct Node {
    name: String,
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Node(Node),
    Text(String),
    Number(f64),
}

impl Node {
    fn nodes(&self) -> impl Iterator<Item = &Self> {
        self.parts.iter().filter_map(|part| match part {
            Part::Node(node) => Some(node),
            _ => None,
        })
    }

    /// This node and all below it.
    fn all(&self) -> Vec<&Self> {
        let mut found = vec![self];
        let mut at = 0;
        while let Some(node) = found.get(at).copied() {
            found.extend(node.nodes());
            at += 1;
        }
        found
    }

    fn text(&self, at: usize) -> Option<&str> {
        match self.parts.get(at) {
            Some(Part::Text(text)) => Some(text),
            _ => None,
        }
    }

    fn number(&self, at: usize) -> Option<f64> {
        match self.parts.get(at) {
            Some(Part::Number(number)) => Some(*number),
            Some(Part::Text(text)) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// The EPSG code that the node itself carries.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "codes are small; others lead nowhere")]
    fn code(&self) -> Option<u32> {
        let own = self.nodes().find(|node| matches!(node.name.as_str(), "AUTHORITY" | "ID"))?;
        let is_epsg = own.text(0).is_some_and(|name| name.eq_ignore_ascii_case("EPSG"));
        own.number(1).filter(|_| is_epsg).map(|code| code as u32)
    }

    /// The names of all nodes of some kinds, one after another.
    fn gather(&self, kinds: &[&str], into: &mut String) {
        for node in self.all() {
            if let Some(name) = node.text(0).filter(|_| kinds.contains(&node.name.as_str())) {
                into.push_str(name);
                into.push('\n');
            }
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn node(&mut self, depth: usize) -> Option<Node> {
        let end = self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))?;
        let name = self.rest[..end].to_ascii_uppercase();
        self.rest = self.rest[end..].trim_start();
        if name.is_empty() || depth > DEPTH || !self.take(&['[', '(']) {
            return None;
        }
        let mut parts = Vec::new();
        loop {
            parts.push(self.part(depth)?);
            if self.take(&[',']) {
                continue;
            }
            return self.take(&[']', ')']).then_some(Node { name, parts });
        }
    }

    fn part(&mut self, depth: usize) -> Option<Part> {
        if let Some(quoted) = self.rest.strip_prefix('"') {
            let end = quoted.find('"')?;
            self.rest = quoted[end + 1..].trim_start();
            return Some(Part::Text(quoted[..end].to_owned()));
        }
        let end = self.rest.find([',', '[', '(', ']', ')'])?;
        if self.rest[end..].starts_with(['[', '(']) {
            return self.node(depth + 1).map(Part::Node);
        }
        let word = self.rest[..end].trim().to_owned();
        self.rest = &self.rest[end..];
        Some(word.parse().map_or(Part::Text(word), Part::Number))
    }

    fn take(&mut self, wanted: &[char]) -> bool {
        let Some(rest) = self.rest.strip_prefix(wanted) else { return false };
        self.rest = rest.trim_start();
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_we_write_is_read() {
        let zones = Zone::all().flat_map(|zone| [Crs::Plane2011(zone), Crs::Plane2000(zone), Crs::PlaneTokyo(zone)]);
        for crs in zones.chain([Crs::Wgs84, Crs::Jgd2011, Crs::Jgd2000, Crs::Tokyo, Crs::WebMercator]) {
            assert_eq!(from_prj(&crs.wkt()), Ok(Reading::plain(crs)), "{}", crs.wkt());
        }
    }

    #[test]
    fn exports_of_every_spelling_are_read() {
        for (text, crs) in [
            // A code in the root decides, whatever the names say.
            (r#"PROJCS["x",GEOGCS["y",AUTHORITY["EPSG","4612"]],AUTHORITY["EPSG","6677"]]"#, "EPSG:6677"),
            // PROJ's second edition of well-known text.
            (
                r#"PROJCRS["JGD2000 / Japan Plane Rectangular CS IX",BASEGEOGCRS["JGD2000",DATUM["Japanese Geodetic Datum 2000",ELLIPSOID["GRS 1980",6378137,298.257222101,LENGTHUNIT["metre",1]]]],CONVERSION["zone",METHOD["Transverse Mercator",ID["EPSG",9807]],PARAMETER["Latitude of natural origin",36],PARAMETER["Longitude of natural origin",139.833333333333],PARAMETER["Scale factor at natural origin",0.9999],PARAMETER["False easting",0],PARAMETER["False northing",0]],CS[Cartesian,2],LENGTHUNIT["metre",1]]"#,
                "EPSG:2451",
            ),
            (
                r#"PROJCS["Japan_Zone_9",GEOGCS["GCS_Tokyo",DATUM["D_Tokyo",SPHEROID["Bessel_1841",6377397.155,299.1528128]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["False_Easting",0.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",139.8333333333333],PARAMETER["Scale_Factor",0.9999],PARAMETER["Latitude_Of_Origin",36.0],UNIT["Millimeter",0.001]]"#,
                "EPSG:30169+mm",
            ),
            (r#"GEOGCS["Geographic",DATUM["D_",SPHEROID["GRS_1980",6378137,298.257222101]]]"#, "EPSG:6668"),
        ] {
            assert_eq!(from_prj(text).map(|found| found.to_string()).as_deref(), Ok(crs), "{text}");
        }
    }

    #[test]
    fn what_is_not_known_is_said() {
        let utm = r#"PROJCS["WGS_1984_UTM_Zone_54N",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137,298.25]]],PROJECTION["Transverse_Mercator"],PARAMETER["False_Easting",500000],PARAMETER["Central_Meridian",141],PARAMETER["Scale_Factor",0.9996],PARAMETER["Latitude_Of_Origin",0],UNIT["Meter",1]]"#;
        assert!(from_prj(utm).is_err_and(|said| said.contains("UTM_Zone_54N")));
        let deep = "A[".repeat(10_000);
        for text in ["", "PROJCS", "PROJCS[", r#"LOCAL_CS["x"]"#, &deep, "PROJCS[\"", "あ"] {
            assert!(from_prj(text).is_err(), "{text:.20}");
        }
    }
}
