//! Shapefile in an archive: `.shp`, `.shx`, `.dbf` in CP932, `.cpg`, `.prj`, and the full names of attributes, of which the
//! table holds ten bytes.
//!
//! The columns of a `.dbf` have one width each, so values are put by until all are known.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};

use geo::{BoundingRect as _, Geometry, LineString, Polygon};
use kawasemi_kernel::geometry::GeometryKind;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{ColumnKind, Finished, Layer};
use crate::crs::Transformer;
use crate::error::{GeoError, Result};
use crate::feature::Attribute;

/// The most bytes of a text in a `.dbf`.
const TEXT: usize = 254;
/// The most bytes of a name.
const NAME: usize = 10;
/// The most bytes of a number.
const NUMBER: usize = 20;
/// Lengths are counted in 16-bit words by a signed number; most programs stop at two gigabytes.
const LARGEST: u64 = 2_000_000_000;

/// Turns text into the bytes of the attributes' encoding. What it lacks it writes as what stands best for it, and remembers.
pub trait TextEncoder: Send {
    /// The bytes of a value; `row` counts from 1.
    fn encode(&mut self, row: u64, column: usize, text: &str) -> Vec<u8>;
}

/// What did not fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// Texts of which the end was left out.
    pub texts: u64,
    /// Geometries of another kind than the layer's, or that have no place in the reference system.
    pub shapes: u64,
}

/// Writes one layer.
pub struct ShapefileWriter<E> {
    layer: Layer,
    transformer: Transformer,
    encoder: E,
    shp: BufWriter<File>,
    shx: BufWriter<File>,
    /// Values in their bytes, each after its length.
    spool: BufWriter<File>,
    widths: Vec<usize>,
    decimals: Vec<usize>,
    bounds: Option<geo::Rect<f64>>,
    length: u64,
    records: u32,
    cut: Cut,
    record: Vec<u8>,
}

impl<E: TextEncoder> ShapefileWriter<E> {
    /// Begins a file.
    ///
    /// # Errors
    /// [`GeoError::Io`] when the disk fails.
    pub fn begin(layer: Layer, encoder: E) -> Result<Self> {
        let temporary = || -> Result<BufWriter<File>> { Ok(BufWriter::new(tempfile::tempfile()?)) };
        let (mut shp, mut shx) = (temporary()?, temporary()?);
        shp.write_all(&[0; 100])?;
        shx.write_all(&[0; 100])?;
        let width = |kind: ColumnKind| if kind == ColumnKind::Date { 8 } else { 1 };
        Ok(Self {
            transformer: layer.transformer(),
            widths: layer.columns.iter().map(|column| width(column.kind)).collect(),
            decimals: vec![0; layer.columns.len()],
            layer,
            encoder,
            shp,
            shx,
            spool: temporary()?,
            bounds: None,
            length: 100,
            records: 0,
            cut: Cut::default(),
            record: Vec::new(),
        })
    }

    /// Writes a feature whose geometry is in longitude and latitude.
    ///
    /// # Errors
    /// [`GeoError::Io`] when the disk fails, a sentence where the file would become larger than the format allows.
    pub fn feature(&mut self, geometry: Option<&Geometry<f64>>, values: &[Attribute]) -> Result<()> {
        self.records += 1;
        let converted = geometry.and_then(|geometry| self.transformer.geometry_to_file(geometry));
        self.record.clear();
        let is_written = converted.as_ref().is_some_and(|geometry| self.shape(geometry));
        if !is_written {
            self.cut.shapes += u64::from(geometry.is_some());
            self.record.clear();
            self.record.extend(0_i32.to_le_bytes());
        } else if let Some(bounds) = converted.and_then(|geometry| geometry.bounding_rect()) {
            self.bounds = Some(self.bounds.map_or(bounds, |known| {
                geo::Rect::new(
                    (known.min().x.min(bounds.min().x), known.min().y.min(bounds.min().y)),
                    (known.max().x.max(bounds.max().x), known.max().y.max(bounds.max().y)),
                )
            }));
        }
        let words = |bytes: u64| u32::try_from(bytes / 2).unwrap_or(u32::MAX).to_be_bytes();
        let content = self.record.len() as u64;
        self.shx.write_all(&words(self.length))?;
        self.shx.write_all(&words(content))?;
        self.shp.write_all(&self.records.to_be_bytes())?;
        self.shp.write_all(&words(content))?;
        self.shp.write_all(&self.record)?;
        self.length += 8 + content;
        if self.length > LARGEST {
            return Err(GeoError::Refused(
                "Shapefileの上限（2GB）を超えました。GeoPackageで書き出すか、条件を絞ってください。".to_owned(),
            ));
        }
        for (column, value) in values.iter().enumerate() {
            let bytes = self.value(column, value);
            self.widths[column] = self.widths[column].max(bytes.len());
            self.spool.write_all(&[u8::try_from(bytes.len()).unwrap_or(u8::MAX)])?;
            self.spool.write_all(&bytes)?;
        }
        Ok(())
    }

    /// Ends the file, and tells what did not fit.
    ///
    /// # Errors
    /// [`GeoError::Io`] when the disk fails.
    pub fn finish(mut self) -> Result<(Finished, Cut, E)> {
        let header = self.header(self.length);
        let index_header = self.header(100 + u64::from(self.records) * 8);
        let names = self.short_names();
        let stem = self.layer.name.clone();
        let mut zip = ZipWriter::new(BufWriter::new(tempfile::tempfile()?));
        let options = SimpleFileOptions::default();
        for (ending, file, header) in [("shp", &mut self.shp, header), ("shx", &mut self.shx, index_header)] {
            file.flush()?;
            let file = file.get_mut();
            file.seek(SeekFrom::Start(0))?;
            file.write_all(&header)?;
            file.seek(SeekFrom::Start(0))?;
            zip.start_file(format!("{stem}.{ending}"), options)?;
            std::io::copy(&mut BufReader::new(file), &mut zip)?;
        }
        zip.start_file(format!("{stem}.dbf"), options)?;
        self.table(&names, &mut zip)?;
        zip.start_file(format!("{stem}.cpg"), options)?;
        zip.write_all(b"CP932")?;
        zip.start_file(format!("{stem}.prj"), options)?;
        zip.write_all(self.layer.crs.wkt().as_bytes())?;
        zip.start_file(format!("{stem}{}", crate::shapefile::NAMES), options)?;
        zip.write_all("\u{FEFF}\"Shapefileの項目名\",\"元の項目名\"\r\n".as_bytes())?;
        for ((_, short), column) in names.iter().zip(&self.layer.columns) {
            let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
            zip.write_all(format!("{},{}\r\n", quoted(short), quoted(&column.name)).as_bytes())?;
        }
        let mut file = zip.finish()?.into_inner().map_err(|error| GeoError::Io(error.into_error()))?;
        file.seek(SeekFrom::Start(0))?;
        Ok((file, self.cut, self.encoder))
    }

    /// The header of a file of some length in bytes.
    fn header(&self, length: u64) -> [u8; 100] {
        let mut header = [0; 100];
        header[..4].copy_from_slice(&9994_i32.to_be_bytes());
        header[24..28].copy_from_slice(&u32::try_from(length / 2).unwrap_or(u32::MAX).to_be_bytes());
        header[28..32].copy_from_slice(&1000_i32.to_le_bytes());
        header[32..36].copy_from_slice(&self.kind().to_le_bytes());
        if let Some(bounds) = self.bounds {
            let numbers = [bounds.min().x, bounds.min().y, bounds.max().x, bounds.max().y];
            for (at, number) in numbers.into_iter().enumerate() {
                header[36 + at * 8..44 + at * 8].copy_from_slice(&number.to_le_bytes());
            }
        }
        header
    }

    const fn kind(&self) -> i32 {
        match self.layer.kind {
            GeometryKind::Point => 1,
            GeometryKind::Line => 3,
            GeometryKind::Polygon => 5,
        }
    }

    /// Puts a shape into the record; false where it is of another kind.
    fn shape(&mut self, geometry: &Geometry<f64>) -> bool {
        match (self.layer.kind, geometry) {
            (GeometryKind::Point, Geometry::Point(point)) => {
                self.record.extend(1_i32.to_le_bytes());
                self.record.extend(point.x().to_le_bytes());
                self.record.extend(point.y().to_le_bytes());
                true
            }
            (GeometryKind::Point, Geometry::MultiPoint(points)) if points.0.len() == 1 => {
                self.shape(&points.0[0].into())
            }
            (GeometryKind::Line, Geometry::LineString(line)) => self.parts(vec![line.clone()]),
            (GeometryKind::Line, Geometry::MultiLineString(lines)) => self.parts(lines.0.clone()),
            (GeometryKind::Polygon, Geometry::Polygon(polygon)) => self.parts(rings(polygon)),
            (GeometryKind::Polygon, Geometry::MultiPolygon(polygons)) => {
                self.parts(polygons.iter().flat_map(rings).collect())
            }
            _ => false,
        }
    }

    fn parts(&mut self, parts: Vec<LineString<f64>>) -> bool {
        let Some(bounds) = geo::MultiLineString(parts.clone()).bounding_rect() else { return false };
        let out = &mut self.record;
        let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX).to_le_bytes();
        out.extend(match self.layer.kind {
            GeometryKind::Polygon => 5_i32.to_le_bytes(),
            _ => 3_i32.to_le_bytes(),
        });
        for number in [bounds.min().x, bounds.min().y, bounds.max().x, bounds.max().y] {
            out.extend(number.to_le_bytes());
        }
        out.extend(count(parts.len()));
        out.extend(count(parts.iter().map(|part| part.0.len()).sum()));
        let mut first = 0;
        for part in &parts {
            out.extend(count(first));
            first += part.0.len();
        }
        for position in parts.iter().flat_map(|part| &part.0) {
            out.extend(position.x.to_le_bytes());
            out.extend(position.y.to_le_bytes());
        }
        true
    }

    /// The bytes of a value.
    fn value(&mut self, column: usize, value: &Attribute) -> Vec<u8> {
        let text = value.to_text();
        match self.layer.columns[column].kind {
            _ if text.is_empty() => Vec::new(),
            ColumnKind::Date => text.replace('-', "").into_bytes(),
            ColumnKind::Integer | ColumnKind::Real if text.len() <= NUMBER && text.is_ascii() => {
                let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
                self.decimals[column] = self.decimals[column].max(decimals.min(15));
                text.into_owned().into_bytes()
            }
            // A number that has no room would be another one.
            ColumnKind::Integer | ColumnKind::Real => {
                self.cut.texts += 1;
                Vec::new()
            }
            ColumnKind::Text | ColumnKind::Bool => {
                let mut bytes = self.encoder.encode(u64::from(self.records), column, &text);
                if bytes.len() > TEXT {
                    self.cut.texts += 1;
                    bytes.truncate(boundary(&bytes, TEXT));
                }
                bytes
            }
        }
    }

    /// Writes the table of attributes.
    fn table(&mut self, names: &[(Vec<u8>, String)], out: &mut impl std::io::Write) -> Result<()> {
        // Numbers of one column may have more digits before the point and others more after it.
        for (column, width) in self.widths.iter_mut().enumerate() {
            if self.layer.columns[column].kind == ColumnKind::Real {
                *width = (*width + self.decimals[column]).min(NUMBER + 15);
            }
        }
        let count = self.layer.columns.len();
        let length = 1 + self.widths.iter().sum::<usize>();
        let too_wide = || {
            GeoError::Refused(
                "Shapefileに入る項目の長さを超えました。項目を減らすか、GeoPackageで書き出してください。".to_owned(),
            )
        };
        let mut header = vec![3, 126, 1, 1];
        header.extend(self.records.to_le_bytes());
        header.extend(u16::try_from(32 + 32 * count + 1).map_err(|_| too_wide())?.to_le_bytes());
        header.extend(u16::try_from(length).map_err(|_| too_wide())?.to_le_bytes());
        header.resize(32, 0);
        // Code page 932.
        header[29] = 0x13;
        for ((name, _), (column, width)) in names.iter().zip(self.layer.columns.iter().zip(&self.widths)) {
            let at = header.len();
            header.resize(at + 32, 0);
            header[at..at + name.len()].copy_from_slice(name);
            header[at + 11] = match column.kind {
                ColumnKind::Text | ColumnKind::Bool => b'C',
                ColumnKind::Integer | ColumnKind::Real => b'N',
                ColumnKind::Date => b'D',
            };
            header[at + 16] = u8::try_from(*width).unwrap_or(u8::MAX);
        }
        for (index, decimals) in self.decimals.iter().enumerate() {
            if self.layer.columns[index].kind == ColumnKind::Real {
                header[32 + index * 32 + 17] = u8::try_from(*decimals).unwrap_or(0);
            }
        }
        header.push(0x0D);
        out.write_all(&header)?;
        self.spool.flush()?;
        let spool = self.spool.get_mut();
        spool.seek(SeekFrom::Start(0))?;
        let mut spool = BufReader::new(spool);
        let mut row = Vec::with_capacity(length);
        for _ in 0..self.records {
            row.clear();
            row.push(b' ');
            for (column, width) in self.widths.iter().enumerate() {
                let mut size = [0; 1];
                spool.read_exact(&mut size)?;
                let at = row.len();
                row.resize(at + width, b' ');
                let mut value = vec![0; usize::from(size[0])];
                spool.read_exact(&mut value)?;
                let kind = self.layer.columns[column].kind;
                if kind == ColumnKind::Real && !value.is_empty() {
                    value = with_decimals(&value, self.decimals[column]);
                }
                // Numbers stand at the right.
                let is_number = matches!(kind, ColumnKind::Integer | ColumnKind::Real);
                let from = if is_number { at + width.saturating_sub(value.len()) } else { at };
                let value = &value[..value.len().min(*width)];
                row[from..from + value.len()].copy_from_slice(value);
            }
            out.write_all(&row)?;
        }
        out.write_all(&[0x1A])?;
        Ok(())
    }

    /// Names of ten bytes that differ from one another, in bytes and as text.
    fn short_names(&mut self) -> Vec<(Vec<u8>, String)> {
        let mut names: Vec<(Vec<u8>, String)> = Vec::new();
        for (at, column) in self.layer.columns.iter().enumerate() {
            let name = std::iter::once(String::new()).chain((1..).map(|n| n.to_string())).find_map(|number| {
                let room = NAME - number.len();
                let mut text = String::new();
                for c in column.name.chars().filter(|c| !c.is_control()) {
                    let longer = format!("{text}{c}");
                    let (bytes, _, is_lacking) = encoding_rs::SHIFT_JIS.encode(&longer);
                    if is_lacking {
                        continue;
                    }
                    if bytes.len() > room {
                        break;
                    }
                    text = longer;
                }
                if text.is_empty() && number.is_empty() {
                    text = format!("F{}", at + 1);
                }
                text.push_str(&number);
                let bytes = encoding_rs::SHIFT_JIS.encode(&text).0.into_owned();
                let is_new = names.iter().all(|(known, _)| !known.eq_ignore_ascii_case(&bytes));
                is_new.then_some((bytes, text))
            });
            names.extend(name);
        }
        names
    }
}

/// The rings of a polygon, the outer one clockwise as the format asks.
fn rings(polygon: &Polygon<f64>) -> Vec<LineString<f64>> {
    let turned = |ring: &LineString<f64>, is_outer: bool| {
        let is_clockwise = crate::shapefile::turning(ring) < 0.0;
        if is_clockwise == is_outer { ring.clone() } else { LineString(ring.0.iter().rev().copied().collect()) }
    };
    let holes = polygon.interiors().iter().map(|hole| turned(hole, false));
    std::iter::once(turned(polygon.exterior(), true)).chain(holes).collect()
}

/// The longest beginning of CP932 bytes within a limit that cuts no character.
fn boundary(bytes: &[u8], limit: usize) -> usize {
    let mut at = 0;
    while at < bytes.len() {
        let width = if matches!(bytes[at], 0x81..=0x9F | 0xE0..=0xFC) { 2 } else { 1 };
        if at + width > limit {
            break;
        }
        at += width;
    }
    at
}

/// A number with a fixed count of decimals.
fn with_decimals(value: &[u8], decimals: usize) -> Vec<u8> {
    let mut text = String::from_utf8_lossy(value).into_owned();
    let has = text.split_once('.').map(|(_, decimals)| decimals.len());
    match has {
        None if decimals > 0 => {
            text.push('.');
            text.push_str(&"0".repeat(decimals));
        }
        Some(has) if has > decimals => text.truncate(text.len() - (has - decimals)),
        Some(has) => text.push_str(&"0".repeat(decimals - has)),
        None => {}
    }
    text.into_bytes()
}
