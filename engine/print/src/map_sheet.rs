//! A map on paper (地図の印刷), true to a scale: drawn from the geometries themselves, never a picture of a screen.
//!
//! Degrees become millimetres of the paper on a plane around the middle of the map (Sanson's projection on GRS80): distances along
//! its parallels and its middle meridian are exact, and over a sheet at 1/25,000 the rest differs by less than a thousandth. What
//! is drawn is a vector drawing; words are set by the typesetter, so that a name is looked up in the fonts like any other.

use std::fmt::Write as _;

use kawasemi_kernel::Geometry;
use kawasemi_kernel::geometry::BoundingBox;
use serde_json::{Value, json};

use crate::job::{Asset, Job, Naming, Options, Orientation, PaperSize, Template};

const TEMPLATE: &str = include_str!("../typ/map.typ");

/// The scales that are offered, by their denominators.
pub const SCALES: [u32; 7] = [500, 1_000, 2_500, 5_000, 10_000, 15_000, 25_000];

/// Margins of the paper and what stands around the map, in millimetres; the same as in `typ/paper.typ` and `typ/map.typ`.
const MARGIN_X: f64 = 22.0;
const MARGIN_TOP: f64 = 22.0;
const MARGIN_BOTTOM: f64 = 20.0;
const HEAD: f64 = 14.0;
const BELOW: f64 = 44.0;
const BESIDE: f64 = 64.0;
/// Width of a letter of the names (7 pt) in millimetres.
const LETTER: f64 = 2.55;
/// Longest scale bar in millimetres.
const BAR: f64 = 50.0;

/// Semi-major axis and square of the eccentricity of GRS80.
const MAJOR: f64 = 6_378_137.0;
const ECCENTRICITY_2: f64 = 0.006_694_380_022_9;

/// What is put on paper.
#[derive(Clone, Debug)]
pub struct MapSheet {
    /// The title above the map.
    pub title: String,
    /// What it shows besides, such as by what it is narrowed; empty for nothing.
    pub note: String,
    /// The middle: longitude and latitude in degrees.
    pub middle: (f64, f64),
    /// The denominator of the scale.
    pub scale: u32,
    /// What is drawn, from below to above.
    pub drawn: Vec<Drawn>,
    /// Names on the map.
    pub names: Vec<Name>,
    /// What the colours mean.
    pub legend: Vec<Entry>,
    /// Who is named for what lies under it.
    pub attribution: Vec<String>,
    /// The date, in words.
    pub date: String,
}

/// A geometry with its look.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// Where it is.
    pub geometry: Geometry,
    /// How it looks.
    pub look: Look,
}

/// How a geometry looks. Colours are `#rrggbb`.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// Of lines, edges and points.
    pub colour: String,
    /// Of areas; none for no filling.
    pub fill: Option<(String, f64)>,
    /// Width of lines in millimetres.
    pub width: f64,
}

/// A name on the map.
#[derive(Clone, Debug)]
pub struct Name {
    /// The words.
    pub text: String,
    /// Longitude and latitude in degrees.
    pub at: (f64, f64),
    /// Whether it belongs to what lies under the map, and is paler.
    pub is_base: bool,
}

/// A line of the legend.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The words.
    pub label: String,
    /// The colour; none for a heading.
    pub colour: Option<String>,
    /// `point`, `line` or `polygon`.
    pub shape: &'static str,
}

/// The plane of a sheet.
#[derive(Clone, Copy, Debug)]
pub struct Plane {
    middle: (f64, f64),
    /// Millimetres of the paper to a metre.
    scale: f64,
    /// Width and height of the map in millimetres.
    frame: (f64, f64),
}

impl Plane {
    /// The plane around a middle at a scale, for a map of a size.
    pub fn new(middle: (f64, f64), denominator: u32, frame: (f64, f64)) -> Self {
        Self { middle, scale: 1_000.0 / f64::from(denominator), frame }
    }

    /// Where a place is on the paper: millimetres from the left and from the top of the map.
    pub fn place(&self, (longitude, latitude): (f64, f64)) -> (f64, f64) {
        let (across, _) = metres_per_degree(latitude);
        let (_, along) = metres_per_degree((latitude + self.middle.1) / 2.0);
        let x = (longitude - self.middle.0) * across * self.scale;
        let y = (latitude - self.middle.1) * along * self.scale;
        (self.frame.0 / 2.0 + x, self.frame.1 / 2.0 - y)
    }

    /// What lies on the paper, in degrees, with some room.
    pub fn bounds(&self) -> BoundingBox {
        let (across, along) = metres_per_degree(self.middle.1);
        let half = |millimetres: f64, per_degree: f64| millimetres * 0.52 / self.scale / per_degree;
        let (dx, dy) = (half(self.frame.0, across), half(self.frame.1, along));
        BoundingBox {
            west: self.middle.0 - dx,
            south: self.middle.1 - dy,
            east: self.middle.0 + dx,
            north: self.middle.1 + dy,
        }
    }
}

/// Width and height of the map on a paper, in millimetres.
pub fn frame(paper: PaperSize, orientation: Orientation) -> (f64, f64) {
    let (short, long) = match paper {
        PaperSize::A4 => (210.0, 297.0),
        PaperSize::A3 => (297.0, 420.0),
    };
    match orientation {
        Orientation::Portrait => (short - 2.0 * MARGIN_X, long - MARGIN_TOP - MARGIN_BOTTOM - HEAD - BELOW),
        Orientation::Landscape => (long - 2.0 * MARGIN_X - BESIDE, short - MARGIN_TOP - MARGIN_BOTTOM - HEAD),
    }
}

/// The largest of the scales at which a stretch fits on a map of a size; the smallest of all where none does.
pub fn fitting(bounds: BoundingBox, frame: (f64, f64)) -> u32 {
    let (across, along) = metres_per_degree((bounds.south + bounds.north) / 2.0);
    let metres = ((bounds.east - bounds.west) * across, (bounds.north - bounds.south) * along);
    let fits = |scale: &&u32| {
        let per_metre = 1_000.0 / f64::from(**scale);
        metres.0 * per_metre <= frame.0 && metres.1 * per_metre <= frame.1
    };
    SCALES.iter().find(fits).copied().unwrap_or(SCALES[SCALES.len() - 1])
}

/// Metres to a degree of longitude and of latitude, at a latitude.
fn metres_per_degree(latitude: f64) -> (f64, f64) {
    let phi = latitude.to_radians();
    let w2 = 1.0 - ECCENTRICITY_2 * phi.sin().powi(2);
    let across = MAJOR / w2.sqrt() * phi.cos();
    let along = MAJOR * (1.0 - ECCENTRICITY_2) / w2.powf(1.5);
    (across.to_radians(), along.to_radians())
}

impl MapSheet {
    /// The job that prints it.
    pub fn job(&self, options: Options) -> Job {
        let frame = frame(options.paper, options.orientation);
        let plane = Plane::new(self.middle, self.scale, frame);
        let (bar_metres, bar_millimetres) = bar(self.scale);
        let data = json!({
            "title": self.title,
            "note": self.note,
            "date": self.date,
            "scale": format!("1/{}", grouped(self.scale)),
            "width": frame.0,
            "height": frame.1,
            "bar": { "width": bar_millimetres, "said": said_metres(bar_metres), "half": said_metres(bar_metres / 2.0) },
            "names": self.placed(&plane),
            "legend": self.legend.iter().map(entry).collect::<Vec<Value>>(),
            "attribution": self.attribution,
        });
        let naming = Naming::default()
            .with_subject("", "この地図")
            .with_field("title", "地図の題名")
            .with_field("note", "地図の説明")
            .with_field("text", "地図の中の名前")
            .with_field("words", "凡例")
            .with_field("attribution", "出典");
        let drawing = Asset { name: "map.svg".to_owned(), bytes: self.svg(&plane).into_bytes() };
        Job { template: Template::new("map.typ", TEMPLATE), data, naming, assets: vec![drawing], options }
    }

    /// The names that lie on the map, with their places; of those that would lie on one another only the first.
    fn placed(&self, plane: &Plane) -> Vec<Value> {
        let mut taken: Vec<(f64, f64, f64, f64)> = Vec::new();
        let mut placed = Vec::new();
        // What the map is about comes first, the names below it take the room that is left.
        let own = self.names.iter().filter(|name| !name.is_base);
        for name in own.chain(self.names.iter().filter(|name| name.is_base)) {
            let (x, y) = plane.place(name.at);
            let (width, height) = (LETTER * name.text.chars().count() as f64 + 1.0, 3.2);
            let y = if name.is_base { y } else { y + 3.2 };
            let own = (x - width / 2.0, y - height / 2.0, x + width / 2.0, y + height / 2.0);
            let is_inside = own.0 >= 0.0 && own.1 >= 0.0 && own.2 <= plane.frame.0 && own.3 <= plane.frame.1;
            let meets =
                |other: &(f64, f64, f64, f64)| own.0 < other.2 && other.0 < own.2 && own.1 < other.3 && other.1 < own.3;
            if !is_inside || taken.iter().any(meets) {
                continue;
            }
            taken.push(own);
            placed.push(json!({ "text": name.text, "x": own.0, "y": own.1, "width": width, "base": name.is_base }));
        }
        placed
    }

    fn svg(&self, plane: &Plane) -> String {
        let (width, height) = plane.frame;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}mm\" height=\"{height}mm\" viewBox=\"0 0 {width} {height}\">\
             <clipPath id=\"frame\"><rect width=\"{width}\" height=\"{height}\"/></clipPath>\
             <rect width=\"{width}\" height=\"{height}\" fill=\"#eef2f5\"/><g clip-path=\"url(#frame)\">"
        );
        for drawn in &self.drawn {
            draw(&mut svg, &drawn.geometry.to_geojson(), &drawn.look, plane);
        }
        svg.push_str("</g>");
        let _ = write!(
            svg,
            "<rect width=\"{width}\" height=\"{height}\" fill=\"none\" stroke=\"#333\" stroke-width=\".4\"/></svg>"
        );
        svg
    }
}

/// Draws a GeoJSON geometry.
fn draw(svg: &mut String, geometry: &Value, look: &Look, plane: &Plane) {
    let coordinates = &geometry["coordinates"];
    let colour = &look.colour;
    let mut path = String::new();
    match geometry["type"].as_str().unwrap_or_default() {
        "Point" => return point(svg, coordinates, look, plane),
        "MultiPoint" => return each(coordinates).for_each(|position| point(svg, position, look, plane)),
        "LineString" => line(&mut path, coordinates, plane),
        "MultiLineString" => each(coordinates).for_each(|one| line(&mut path, one, plane)),
        "Polygon" => rings(&mut path, coordinates, plane),
        "MultiPolygon" => each(coordinates).for_each(|one| rings(&mut path, one, plane)),
        _ => return,
    }
    let fill = match &look.fill {
        Some((fill, opacity)) if path.ends_with('Z') => {
            format!("fill=\"{fill}\" fill-opacity=\"{opacity}\" fill-rule=\"evenodd\"")
        }
        _ => "fill=\"none\"".to_owned(),
    };
    let _ = write!(
        svg,
        "<path d=\"{path}\" {fill} stroke=\"{colour}\" stroke-width=\"{}\" stroke-linejoin=\"round\" stroke-linecap=\"round\"/>",
        look.width
    );
}

fn each(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn point(svg: &mut String, position: &Value, look: &Look, plane: &Plane) {
    let Some((x, y)) = at(position, plane) else { return };
    let _ = write!(
        svg,
        "<circle cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"1.5\" fill=\"{}\" stroke=\"#fff\" stroke-width=\".4\"/>",
        look.colour
    );
}

fn line(path: &mut String, positions: &Value, plane: &Plane) {
    for (index, (x, y)) in each(positions).filter_map(|position| at(position, plane)).enumerate() {
        let _ = write!(path, "{}{x:.2} {y:.2}", if index == 0 { 'M' } else { 'L' });
    }
}

fn rings(path: &mut String, all: &Value, plane: &Plane) {
    for ring in each(all) {
        line(path, ring, plane);
        path.push('Z');
    }
}

/// Where a position is on the paper, kept within what a drawing can hold.
fn at(position: &Value, plane: &Plane) -> Option<(f64, f64)> {
    let (x, y) = plane.place((position.get(0)?.as_f64()?, position.get(1)?.as_f64()?));
    Some((x.clamp(-1e5, 1e5), y.clamp(-1e5, 1e5)))
}

fn entry(entry: &Entry) -> Value {
    json!({ "words": entry.label, "colour": entry.colour, "shape": entry.shape })
}

/// A round length in metres and its millimetres on the paper.
fn bar(scale: u32) -> (f64, f64) {
    let longest = BAR / 1_000.0 * f64::from(scale);
    let power = 10f64.powf(longest.log10().floor());
    let metres =
        [5.0, 2.0, 1.0].into_iter().map(|step| step * power).find(|length| *length <= longest).unwrap_or(power);
    (metres, metres / f64::from(scale) * 1_000.0)
}

fn said_metres(metres: f64) -> String {
    if metres >= 1_000.0 { format!("{} km", metres / 1_000.0) } else { format!("{metres} m") }
}

fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_on_paper_is_the_length_on_the_ground() {
        // In the plane zone IX (EPSG:6677, by Kawase's formula) these two places are 143.355 m apart.
        let (one, other) = ((139.4267, 35.4374), (139.4277, 35.4384));
        for scale in SCALES {
            let plane = Plane::new((139.43, 35.44), scale, (166.0, 197.0));
            let ((x1, y1), (x2, y2)) = (plane.place(one), plane.place(other));
            let metres = (x2 - x1).hypot(y2 - y1) / 1_000.0 * f64::from(scale);
            assert!((metres - 143.355).abs() < 0.03, "1/{scale}: {metres}");
        }
        let plane = Plane::new((139.43, 35.44), 25_000, (166.0, 197.0));
        assert_eq!(plane.place((139.43, 35.44)), (83.0, 98.5), "the middle is in the middle");
        let (_, north) = plane.place((139.43, 35.45));
        assert!(north < 98.5, "north is up");
    }

    #[test]
    fn the_scale_fits_what_is_in_view() {
        let paper = frame(PaperSize::A4, Orientation::Portrait);
        let stretch = |half: f64| BoundingBox {
            west: 139.43 - half,
            south: 35.44 - half,
            east: 139.43 + half,
            north: 35.44 + half,
        };
        assert_eq!([0.0003, 0.004, 0.02, 0.5].map(|half| fitting(stretch(half), paper)), [500, 5_000, 25_000, 25_000]);
        let wide = frame(PaperSize::A3, Orientation::Landscape);
        assert!(wide.0 > paper.0 && wide.1 > paper.1);
    }

    #[test]
    fn the_scale_bar_is_round_and_fits() {
        for (scale, said) in [(500, "20 m"), (1_000, "50 m"), (2_500, "100 m"), (10_000, "500 m"), (25_000, "1 km")] {
            let (metres, millimetres) = bar(scale);
            assert!(millimetres <= BAR && (millimetres * f64::from(scale) / 1_000.0 - metres).abs() < 1e-9);
            assert_eq!(said_metres(metres), said, "1/{scale}");
        }
    }

    #[test]
    fn names_do_not_lie_on_one_another() {
        let name =
            |text: &str, longitude: f64, is_base| Name { text: text.to_owned(), at: (longitude, 35.44), is_base };
        let sheet = MapSheet {
            title: String::new(),
            note: String::new(),
            middle: (139.43, 35.44),
            scale: 10_000,
            drawn: Vec::new(),
            names: vec![name("大上一丁目", 139.43, true), name("大上二丁目", 139.4301, true), name("外", 140.0, true)],
            legend: Vec::new(),
            attribution: Vec::new(),
            date: String::new(),
        };
        let plane = Plane::new(sheet.middle, sheet.scale, (166.0, 197.0));
        assert_eq!(sheet.placed(&plane).len(), 1);
    }
}
