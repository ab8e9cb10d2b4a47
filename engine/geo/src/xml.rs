//! KML (OGC 07-147r2), in an archive too, and GPX 1.1: what phones and map services give out. Both are longitude and latitude on
//! WGS 84 by their standards.
//!
//! Entities that a file defines itself are left out, so that none can unfold into gigabytes.

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use geo::{Coord, Geometry, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon};
use kawasemi_kernel::geometry::{GeometryError, MAX_POINTS};
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use tempfile::NamedTempFile;
use zip::ZipArchive;

use crate::crs::{Crs, Reading};
use crate::error::{GeoError, Result};
use crate::feature::Attribute;
use crate::format::Format;
use crate::survey::{Raw, Shape, Source, Stated};

/// The largest file in bytes, unpacked.
const LARGEST: u64 = 200 << 20;
/// The most attributes.
const ATTRIBUTES: usize = 1_000;
const WHAT: &str = "KML・GPXファイル";
/// The columns of every GPX file.
const GPX_COLUMNS: [&str; 5] = ["名称", "説明", "種類", "日時", "標高"];

/// A KML or GPX file.
#[derive(Debug)]
pub struct XmlFile {
    path: PathBuf,
    is_gpx: bool,
    columns: Vec<String>,
    /// Where an unpacked file lies.
    _unpacked: Option<Arc<NamedTempFile>>,
}

/// Opens a file and learns its attributes.
pub fn open(path: &Path, format: Format) -> Result<(XmlFile, Stated)> {
    let unpacked = if format == Format::Kmz { Some(Arc::new(unpack(path)?)) } else { None };
    let path = unpacked.as_ref().map_or(path, |file| file.path()).to_owned();
    if std::fs::metadata(&path)?.len() > LARGEST {
        return Err(GeoError::TooLarge { what: "ファイル", megabytes: LARGEST >> 20 });
    }
    let is_gpx = format == Format::Gpx;
    let mut file = XmlFile { path, is_gpx, columns: GPX_COLUMNS.map(str::to_owned).to_vec(), _unpacked: unpacked };
    let mut count = 0;
    if !is_gpx {
        let mut columns = vec!["名称".to_owned(), "説明".to_owned()];
        file.placemarks(&mut |mark| {
            count += 1;
            for (name, _) in mark.data {
                if !columns.contains(&name) {
                    columns.push(name);
                }
            }
            if columns.len() > ATTRIBUTES {
                return Err(GeoError::Refused(format!("属性が多すぎます（{ATTRIBUTES}個まで）。")));
            }
            Ok(true)
        })?;
        file.columns = columns;
    }
    let reading = Some((Reading::plain(Crs::Crs84), format!("{}の決まり", format.label())));
    let columns = file.columns.clone();
    let count = (!is_gpx).then_some(count);
    Ok((file, Stated { columns, count, reading, ..Stated::default() }))
}

/// The document of an archive: the first `.kml` in it.
fn unpack(path: &Path) -> Result<NamedTempFile> {
    let mut archive = ZipArchive::new(BufReader::new(File::open(path)?))?;
    let is_kml = |name: &&str| name.to_ascii_lowercase().ends_with(".kml");
    let name = archive.file_names().find(is_kml).map(str::to_owned).ok_or(GeoError::NotGeographic)?;
    let mut file = NamedTempFile::new()?;
    let mut member = archive.by_name(&name)?;
    let size = std::io::copy(&mut (&mut member).take(LARGEST + 1), &mut file).map_err(GeoError::reading(WHAT))?;
    if size > LARGEST {
        return Err(GeoError::TooLarge { what: "KMZの中身", megabytes: LARGEST >> 20 });
    }
    Ok(file)
}

impl Source for XmlFile {
    fn each(&self, take: &mut dyn FnMut(Raw) -> Result<bool>) -> Result<()> {
        let mut row = 0;
        self.placemarks(&mut |mark| {
            row += 1;
            let text = |text: &str| Attribute::text(text.trim());
            let values = self.columns.iter().enumerate().map(|(at, column)| match at {
                0 => text(&mark.name),
                1 => text(&mark.description),
                _ => {
                    mark.data.iter().find(|(name, _)| name == column).map_or(Attribute::Null, |(_, value)| text(value))
                }
            });
            let values = values.collect();
            take(Raw { row, values, shape: together(mark.shapes), notes: Vec::new() })
        })
    }
}

/// A placemark, a waypoint, a route or a track.
#[derive(Default)]
struct Mark {
    name: String,
    description: String,
    data: Vec<(String, String)>,
    shapes: Vec<Result<Geometry<f64>, GeometryError>>,
}

impl XmlFile {
    fn placemarks(&self, take: &mut dyn FnMut(Mark) -> Result<bool>) -> Result<()> {
        let mut reader = Reader::from_reader(BufReader::with_capacity(64 * 1024, File::open(&self.path)?));
        reader.config_mut().expand_empty_elements = true;
        let mut parser = Parser::default();
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            let event = reader.read_event_into(&mut buffer).map_err(|_| GeoError::Damaged { what: WHAT })?;
            let done = match event {
                Event::Eof if parser.path.is_empty() => return Ok(()),
                Event::Eof => return Err(GeoError::Damaged { what: WHAT }),
                Event::Start(tag) => {
                    parser.begin(&tag, self.is_gpx);
                    None
                }
                Event::End(_) => {
                    if self.is_gpx {
                        parser.end_gpx()
                    } else {
                        parser.end_kml()
                    }
                }
                Event::Text(text) => {
                    parser.text.push_str(&text.xml10_content());
                    None
                }
                Event::CData(text) => {
                    parser.text.push_str(text.as_ref());
                    None
                }
                Event::GeneralRef(reference) => {
                    let known = match reference.as_ref() {
                        "amp" => Some('&'),
                        "lt" => Some('<'),
                        "gt" => Some('>'),
                        "quot" => Some('"'),
                        "apos" => Some('\''),
                        _ => reference.resolve_char_ref().ok().flatten(),
                    };
                    parser.text.extend(known);
                    None
                }
                _ => None,
            };
            if let Some(mark) = done
                && !take(mark)?
            {
                return Ok(());
            }
        }
    }
}

/// What was read of the mark that is open.
#[derive(Default)]
struct Parser {
    path: Vec<String>,
    text: String,
    mark: Mark,
    /// The name of a datum that is open.
    datum: String,
    rings: Vec<LineString<f64>>,
    /// Positions of the segment that is open.
    segment: Vec<Coord<f64>>,
    segments: Vec<LineString<f64>>,
    /// The position of the waypoint that is open.
    point: Option<Result<Coord<f64>, GeometryError>>,
    is_bad: Option<GeometryError>,
}

impl Parser {
    fn begin(&mut self, tag: &BytesStart<'_>, is_gpx: bool) {
        let name = tag.local_name().as_ref().to_owned();
        self.text.clear();
        match (is_gpx, name.as_str()) {
            (false, "Placemark") | (true, "wpt" | "rte" | "trk") => self.mark = Mark::default(),
            (false, "Data" | "SimpleData") => self.datum = attribute(tag, "name").unwrap_or_default(),
            (false, "Polygon") => self.rings.clear(),
            _ => {}
        }
        if is_gpx && matches!(name.as_str(), "wpt" | "rtept" | "trkpt") {
            let number = |name: &str| attribute(tag, name).and_then(|text| text.trim().parse().ok());
            let position = match (number("lon"), number("lat")) {
                (Some(x), Some(y)) => Ok(Coord { x, y }),
                _ => Err(GeometryError::GeoJsonSyntax),
            };
            match position {
                position if name == "wpt" => self.point = Some(position),
                Ok(position) if self.segment.len() < MAX_POINTS => self.segment.push(position),
                Ok(_) => self.is_bad = Some(GeometryError::TooManyPoints),
                Err(error) => self.is_bad = Some(error),
            }
        }
        self.path.push(name);
    }

    fn is_in(&self, name: &str) -> bool {
        self.path.iter().any(|open| open == name)
    }

    fn end_kml(&mut self) -> Option<Mark> {
        let name = self.path.pop()?;
        let text = std::mem::take(&mut self.text);
        let parent = self.path.last().map_or("", String::as_str);
        match (name.as_str(), parent) {
            ("name", "Placemark") => self.mark.name = text,
            ("description", "Placemark") => self.mark.description = text,
            ("value", "Data") | ("SimpleData", _) => {
                let datum = std::mem::take(&mut self.datum);
                self.mark.data.push((datum, text));
            }
            ("coordinates", "Point") => self.mark.shapes.push(first_position(&text).map(|at| Point(at).into())),
            ("coordinates", "LineString") => self.mark.shapes.push(positions(&text).map(|line| line.into())),
            ("coordinates", "LinearRing") if self.is_in("Polygon") => match positions(&text) {
                Ok(ring) => self.rings.push(ring),
                Err(error) => self.is_bad = Some(error),
            },
            ("coordinates", "LinearRing") => self.mark.shapes.push(positions(&text).map(|line| line.into())),
            ("Polygon", _) => {
                let mut rings = std::mem::take(&mut self.rings).into_iter();
                let polygon = match (self.is_bad.take(), rings.next()) {
                    (Some(error), _) => Err(error),
                    (None, None) => Err(GeometryError::Empty),
                    (None, Some(exterior)) => Ok(Polygon::new(exterior, rings.collect()).into()),
                };
                self.mark.shapes.push(polygon);
            }
            ("Model" | "Track", _) => self.mark.shapes.push(Err(GeometryError::Unsupported)),
            ("Placemark", _) => return Some(std::mem::take(&mut self.mark)),
            _ => {}
        }
        None
    }

    fn end_gpx(&mut self) -> Option<Mark> {
        let name = self.path.pop()?;
        let text = std::mem::take(&mut self.text);
        let parent = self.path.last().map_or("", String::as_str);
        let is_own = matches!(parent, "wpt" | "rte" | "trk");
        let is_kept = |mark: &mut Mark, name: &str| mark.data.push((name.to_owned(), text.clone()));
        match name.as_str() {
            "name" if is_own => self.mark.name = text,
            "desc" if is_own => self.mark.description = text,
            "cmt" if is_own && self.mark.description.is_empty() => self.mark.description = text,
            "time" if parent == "wpt" => is_kept(&mut self.mark, "日時"),
            "ele" if parent == "wpt" => is_kept(&mut self.mark, "標高"),
            "trkseg" => {
                let segment = std::mem::take(&mut self.segment);
                if !segment.is_empty() {
                    self.segments.push(LineString(segment));
                }
            }
            "wpt" => {
                let shape = self.point.take().unwrap_or(Err(GeometryError::Empty));
                self.mark.shapes.push(shape.map(|at| Point(at).into()));
                return Some(self.finish("地点"));
            }
            "rte" => {
                let line = LineString(std::mem::take(&mut self.segment));
                self.mark.shapes.push(if line.0.is_empty() { Err(GeometryError::Empty) } else { Ok(line.into()) });
                return Some(self.finish("経路"));
            }
            "trk" => {
                let segments = std::mem::take(&mut self.segments);
                self.mark.shapes.extend(segments.into_iter().map(|line| Ok(line.into())));
                return Some(self.finish("軌跡"));
            }
            _ => {}
        }
        None
    }

    fn finish(&mut self, kind: &str) -> Mark {
        let mut mark = std::mem::take(&mut self.mark);
        mark.data.push(("種類".to_owned(), kind.to_owned()));
        if let Some(error) = self.is_bad.take() {
            mark.shapes = vec![Err(error)];
        }
        mark
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    for found in tag.attributes().with_checks(false) {
        let found = found.ok()?;
        if found.key.local_name().as_ref() == name {
            return Some(found.normalized_value(XmlVersion::default()).ok()?.into_owned());
        }
    }
    None
}

/// `139.4,35.4,0 139.5,35.5,0`
fn positions(text: &str) -> Result<LineString<f64>, GeometryError> {
    let mut found = Vec::new();
    for word in text.split_whitespace() {
        if found.len() >= MAX_POINTS {
            return Err(GeometryError::TooManyPoints);
        }
        found.push(one(word)?);
    }
    if found.is_empty() { Err(GeometryError::Empty) } else { Ok(LineString(found)) }
}

fn first_position(text: &str) -> Result<Coord<f64>, GeometryError> {
    text.split_whitespace().next().map_or(Err(GeometryError::Empty), one)
}

fn one(word: &str) -> Result<Coord<f64>, GeometryError> {
    let mut numbers = word.split(',').map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(x)), Some(Ok(y))) => Ok(Coord { x, y }),
        _ => Err(GeometryError::GeoJsonSyntax),
    }
}

/// Several shapes of one mark as one geometry.
fn together(shapes: Vec<Result<Geometry<f64>, GeometryError>>) -> Shape {
    let mut all = Vec::with_capacity(shapes.len());
    for shape in shapes {
        match shape {
            Ok(geometry) => all.push(geometry),
            Err(GeometryError::Empty) => {}
            Err(GeometryError::GeoJsonSyntax) => {
                return Shape::Refused("座標が数値として読めません。元のファイルを確かめてください。".to_owned());
            }
            Err(error) => return Shape::Refused(error.to_string()),
        }
    }
    if all.len() < 2 {
        return all.pop().map_or(Shape::None, Shape::At);
    }
    let (mut points, mut lines, mut polygons) = (Vec::new(), Vec::new(), Vec::new());
    for geometry in all {
        match geometry {
            Geometry::Point(point) => points.push(point),
            Geometry::LineString(line) => lines.push(line),
            Geometry::Polygon(polygon) => polygons.push(polygon),
            _ => {}
        }
    }
    match (points.is_empty(), lines.is_empty(), polygons.is_empty()) {
        (false, true, true) => Shape::At(MultiPoint(points).into()),
        (true, false, true) => Shape::At(MultiLineString(lines).into()),
        (true, true, false) => Shape::At(MultiPolygon(polygons).into()),
        _ => Shape::Refused("点・線・面が混ざった図形は取り込めません。種類ごとに分けてください。".to_owned()),
    }
}
