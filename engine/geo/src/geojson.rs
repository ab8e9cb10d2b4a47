//! GeoJSON (RFC 7946 and the GeoJSON of 2008): a collection, a feature or geometry alone, or one feature on each line.
//!
//! The text is scanned byte by byte for where features begin and end, so that of a file of any size one feature lies in memory.
//! Attributes may differ from feature to feature, hence a survey reads the whole file.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use geo::{Coord, Geometry, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon};
use kawasemi_kernel::geometry::{GeometryError, MAX_POINTS};
use serde_json::{Map, Value};

use crate::crs::{Crs, Reading};
use crate::error::{GeoError, Result};
use crate::feature::Attribute;
use crate::survey::{Raw, Shape, Source, Stated};

/// The largest feature in bytes.
const LARGEST: usize = 64 * 1024 * 1024;
/// The most attributes that a file may have.
const ATTRIBUTES: usize = 1_000;
const DAMAGED: &str = "GeoJSON";
/// The column of what stands beside the attributes as a feature's id.
const ID: &str = "id";

/// A GeoJSON file.
#[derive(Debug)]
pub struct GeoJson {
    path: PathBuf,
    columns: Vec<String>,
    has_id: bool,
}

/// Opens a file and learns its attributes.
pub fn open(path: &Path) -> Result<(GeoJson, Stated)> {
    let mut file = GeoJson { path: path.to_owned(), columns: Vec::new(), has_id: false };
    let mut stated = Stated::default();
    let (mut has_own_id, mut count) = (false, 0_u64);
    let mut crs = None;
    scan(path, &mut |item| {
        match item {
            Item::Feature(feature) => {
                count += 1;
                if let Some(properties) = feature.get("properties").and_then(Value::as_object) {
                    for name in properties.keys() {
                        if !file.columns.iter().any(|known| known == name) {
                            file.columns.push(name.clone());
                        }
                    }
                    has_own_id |= properties.contains_key(ID);
                }
                file.has_id |= feature.get(ID).is_some_and(|id| id.is_string() || id.is_number());
                if file.columns.len() > ATTRIBUTES {
                    return Err(GeoError::Refused(format!("属性が多すぎます（{ATTRIBUTES}個まで）。")));
                }
            }
            Item::Crs(value) => crs = Some(value),
        }
        Ok(true)
    })?;
    file.has_id &= !has_own_id;
    if file.has_id {
        file.columns.insert(0, ID.to_owned());
    }
    stated.columns.clone_from(&file.columns);
    stated.count = Some(count);
    stated.reading = match crs {
        // Without a member of that name it is WGS 84 by RFC 7946; but files are held against their numbers all the same.
        None => Some((Reading::plain(Crs::Crs84), "GeoJSONの決まり（RFC 7946）".to_owned())),
        Some(value) => match named(&value) {
            Some(crs) => Some((Reading::plain(crs), "ファイルの「crs」".to_owned())),
            None => {
                stated.doubts.push("ファイルの「crs」が分からないため、数値から座標系を推測します。".to_owned());
                None
            }
        },
    };
    Ok((file, stated))
}

/// The system that the member `crs` of older files names.
fn named(crs: &Value) -> Option<Crs> {
    let properties = crs.get("properties")?;
    let name = properties.get("name").and_then(Value::as_str);
    match name {
        Some(name) => Crs::from_name(name),
        None => {
            properties.get("code").and_then(Value::as_u64).and_then(|code| Crs::from_epsg(u32::try_from(code).ok()?))
        }
    }
}

impl Source for GeoJson {
    fn each(&self, take: &mut dyn FnMut(Raw) -> Result<bool>) -> Result<()> {
        let mut row = 0;
        scan(&self.path, &mut |item| {
            let Item::Feature(feature) = item else { return Ok(true) };
            row += 1;
            take(self.raw(row, &feature))
        })
    }
}

impl GeoJson {
    fn raw(&self, row: u64, feature: &Map<String, Value>) -> Raw {
        let properties = feature.get("properties").and_then(Value::as_object);
        let value = |name: &String| match properties.and_then(|properties| properties.get(name)) {
            None if self.has_id && name == ID => feature.get(ID).map_or(Attribute::Null, attribute),
            found => found.map_or(Attribute::Null, attribute),
        };
        let values = self.columns.iter().map(value).collect();
        // A geometry alone is a feature without attributes.
        let is_geometry = feature.get("type").and_then(Value::as_str) != Some("Feature");
        let shape = if is_geometry { of_members(feature) } else { shape(feature.get("geometry")) };
        Raw { row, values, shape, notes: Vec::new() }
    }
}

fn attribute(value: &Value) -> Attribute {
    match value {
        Value::Null => Attribute::Null,
        Value::Bool(answer) => Attribute::Bool(*answer),
        Value::String(text) => Attribute::text(text),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => Attribute::Integer(number),
            (None, Some(number)) => Attribute::Real(number),
            (None, None) => Attribute::Null,
        },
        // Lists of plain values are what choices are written as.
        Value::Array(items) if items.iter().all(|item| item.is_string() || item.is_number()) => {
            let texts: Vec<String> = items.iter().map(|item| attribute(item).to_text().into_owned()).collect();
            Attribute::text(&texts.join(";"))
        }
        other => Attribute::Text(other.to_string()),
    }
}

fn shape(geometry: Option<&Value>) -> Shape {
    match geometry {
        None | Some(Value::Null) => Shape::None,
        Some(Value::Object(members)) => of_members(members),
        Some(_) => Shape::Refused(GeometryError::GeoJsonSyntax.to_string()),
    }
}

fn of_members(members: &Map<String, Value>) -> Shape {
    match read(members, 0) {
        Ok(geometry) => Shape::At(geometry),
        Err(GeometryError::Empty) => Shape::None,
        Err(error) => Shape::Refused(error.to_string()),
    }
}

/// Reads a GeoJSON geometry whose numbers may be in any reference system.
///
/// # Errors
/// The kernel's sentences.
pub(crate) fn read(members: &Map<String, Value>, depth: usize) -> Result<Geometry<f64>, GeometryError> {
    let kind = members.get("type").and_then(Value::as_str).ok_or(GeometryError::GeoJsonSyntax)?;
    if kind == "GeometryCollection" {
        let parts = members.get("geometries").and_then(Value::as_array).ok_or(GeometryError::GeoJsonSyntax)?;
        return match parts.as_slice() {
            [] => Err(GeometryError::Empty),
            [Value::Object(only)] if depth < 4 => read(only, depth + 1),
            _ => Err(GeometryError::Unsupported),
        };
    }
    let coordinates = members.get("coordinates").ok_or(GeometryError::GeoJsonSyntax)?;
    if coordinates.as_array().is_some_and(Vec::is_empty) {
        return Err(GeometryError::Empty);
    }
    Ok(match kind {
        "Point" => Point(position(coordinates)?).into(),
        "LineString" => line(coordinates)?.into(),
        "Polygon" => polygon(coordinates)?.into(),
        "MultiPoint" => MultiPoint(list(coordinates, |each| position(each).map(Point))?).into(),
        "MultiLineString" => MultiLineString(list(coordinates, line)?).into(),
        "MultiPolygon" => MultiPolygon(list(coordinates, polygon)?).into(),
        _ => return Err(GeometryError::Unsupported),
    })
}

fn position(value: &Value) -> Result<Coord<f64>, GeometryError> {
    let numbers = value.as_array().ok_or(GeometryError::GeoJsonSyntax)?;
    let number = |at: usize| numbers.get(at).and_then(Value::as_f64).ok_or(GeometryError::GeoJsonSyntax);
    Ok(Coord { x: number(0)?, y: number(1)? })
}

fn line(value: &Value) -> Result<LineString<f64>, GeometryError> {
    list(value, position).map(LineString)
}

fn polygon(value: &Value) -> Result<Polygon<f64>, GeometryError> {
    let mut rings = list(value, line)?.into_iter();
    let exterior = rings.next().ok_or(GeometryError::Empty)?;
    Ok(Polygon::new(exterior, rings.collect()))
}

fn list<T>(value: &Value, item: impl Fn(&Value) -> Result<T, GeometryError>) -> Result<Vec<T>, GeometryError> {
    let items = value.as_array().ok_or(GeometryError::GeoJsonSyntax)?;
    if items.len() > MAX_POINTS {
        return Err(GeometryError::TooManyPoints);
    }
    items.iter().map(item).collect()
}

/// What a scan finds.
enum Item {
    /// A feature, or a geometry that stands alone.
    Feature(Map<String, Value>),
    /// The member `crs` of the collection.
    Crs(Value),
}

/// Hands over what the file has, until `take` says false.
fn scan(path: &Path, take: &mut dyn FnMut(Item) -> Result<bool>) -> Result<()> {
    let mut scanner = Scanner { reader: BufReader::with_capacity(256 * 1024, File::open(path)?), value: Vec::new() };
    loop {
        match scanner.next_sign()? {
            None => return Ok(()),
            Some(b'{') => {
                if !scanner.top(take)? {
                    return Ok(());
                }
            }
            Some(_) => return Err(GeoError::Damaged { what: DAMAGED }),
        }
    }
}

struct Scanner {
    reader: BufReader<File>,
    /// The bytes of the value that is read.
    value: Vec<u8>,
}

impl Scanner {
    /// The next byte that is not space, a mark of byte order, or a record separator (RFC 8142).
    fn next_sign(&mut self) -> Result<Option<u8>> {
        while let Some(byte) = self.byte()? {
            if !matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x1E | 0xEF | 0xBB | 0xBF) {
                return Ok(Some(byte));
            }
        }
        Ok(None)
    }

    fn needed_sign(&mut self) -> Result<u8> {
        self.next_sign()?.ok_or(GeoError::Damaged { what: DAMAGED })
    }

    fn byte(&mut self) -> Result<Option<u8>> {
        let buffer = self.reader.fill_buf()?;
        let Some(byte) = buffer.first().copied() else { return Ok(None) };
        self.reader.consume(1);
        Ok(Some(byte))
    }

    /// Reads the members of an object at the top, whose bracket was read. The features of a collection are handed over as
    /// they come; an object without them is a feature or a geometry itself.
    fn top(&mut self, take: &mut dyn FnMut(Item) -> Result<bool>) -> Result<bool> {
        let mut members = Map::new();
        let mut size = 0;
        let mut has_features = false;
        loop {
            match self.needed_sign()? {
                b'}' => break,
                b',' => continue,
                b'"' => {}
                _ => return Err(GeoError::Damaged { what: DAMAGED }),
            }
            self.whole(b'"')?;
            let name: String = self.parsed()?;
            if self.needed_sign()? != b':' {
                return Err(GeoError::Damaged { what: DAMAGED });
            }
            let first = self.needed_sign()?;
            if name == "features" && first == b'[' {
                has_features = true;
                if !self.features(take)? {
                    return Ok(false);
                }
                continue;
            }
            self.whole(first)?;
            size += self.value.len();
            if size > LARGEST {
                return Err(too_large());
            }
            members.insert(name, self.parsed()?);
        }
        if has_features {
            return match members.remove("crs") {
                None | Some(Value::Null) => Ok(true),
                Some(crs) => take(Item::Crs(crs)),
            };
        }
        let kind = members.get("type").and_then(Value::as_str).unwrap_or_default();
        if matches!(kind, "FeatureCollection" | "Topology") || kind.is_empty() {
            let said = match kind {
                "Topology" => "TopoJSONは読めません。GeoJSONに変換してから、もう一度選んでください。",
                "FeatureCollection" => return Ok(true),
                _ => "GeoJSONとして読めません。「type」がありません。",
            };
            return Err(GeoError::Refused(said.to_owned()));
        }
        take(Item::Feature(members))
    }

    fn features(&mut self, take: &mut dyn FnMut(Item) -> Result<bool>) -> Result<bool> {
        loop {
            match self.needed_sign()? {
                b']' => return Ok(true),
                b',' => {}
                b'{' => {
                    self.whole(b'{')?;
                    let feature: Map<String, Value> = self.parsed()?;
                    if !take(Item::Feature(feature))? {
                        return Ok(false);
                    }
                }
                _ => return Err(GeoError::Damaged { what: DAMAGED }),
            }
        }
    }

    /// Reads a value whole, whose first byte was read.
    fn whole(&mut self, first: u8) -> Result<()> {
        self.value.clear();
        self.value.push(first);
        match first {
            b'"' => self.up_to_end(0, true),
            b'{' | b'[' => self.up_to_end(1, false),
            // A number, true, false or null: up to what stands after it, which stays.
            _ => loop {
                let next = self.reader.fill_buf()?.first().copied();
                let is_part = |byte: &u8| !matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t');
                let Some(byte) = next.filter(is_part) else { return Ok(()) };
                self.value.push(byte);
                self.reader.consume(1);
                if self.value.len() > LARGEST {
                    return Err(too_large());
                }
            },
        }
    }

    /// Reads on to the end of a text, or of an object or list that is open `depth` deep.
    fn up_to_end(&mut self, mut depth: u32, mut is_text: bool) -> Result<()> {
        let mut is_escaped = false;
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                return Err(GeoError::Damaged { what: DAMAGED });
            }
            let (mut used, mut is_done) = (buffer.len(), false);
            for (at, byte) in buffer.iter().enumerate() {
                match byte {
                    _ if is_escaped => is_escaped = false,
                    b'\\' if is_text => is_escaped = true,
                    b'"' => is_text = !is_text,
                    b'{' | b'[' if !is_text => depth += 1,
                    b'}' | b']' if !is_text => depth -= 1,
                    _ => continue,
                }
                if depth == 0 && !is_text && !is_escaped {
                    (used, is_done) = (at + 1, true);
                    break;
                }
            }
            if self.value.len() + used > LARGEST {
                return Err(too_large());
            }
            self.value.extend_from_slice(&buffer[..used]);
            self.reader.consume(used);
            if is_done {
                return Ok(());
            }
        }
    }

    fn parsed<T: serde::de::DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.value).or_else(|_| {
            // Some programs of Japan write GeoJSON in CP932.
            let (text, _, is_bad) = encoding_rs::SHIFT_JIS.decode(&self.value);
            let text = if is_bad { None } else { Some(text) };
            text.and_then(|text| serde_json::from_str(&text).ok()).ok_or(GeoError::Damaged { what: DAMAGED })
        })
    }
}

fn too_large() -> GeoError {
    GeoError::TooLarge { what: "一つの地物", megabytes: LARGEST as u64 >> 20 }
}
