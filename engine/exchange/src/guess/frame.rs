//! A first and a last record of another kind (ヘッダー・トレーラー), as the files of hosts have them: found by the sign with which
//! every record begins, and by what stands in them.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::convert::text_of;
use crate::layout::{Conversion, Format, Place, RawPlace};

/// Longest last line that is looked at, in bytes.
const LONGEST: usize = 64 * 1024;
/// Longest sign of a kind, in bytes.
const SIGN: usize = 2;
/// Fewest and most digits of a count.
const COUNT: std::ops::RangeInclusive<usize> = 3..=10;

/// Records of another kind around the data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Bytes of the sign at the beginning of a record (fixed width); the sign is the first column (CSV).
    pub length: usize,
    /// The sign of the data.
    pub data: String,
    /// The first record.
    pub header: Option<Framing>,
    /// The last record.
    pub trailer: Option<Framing>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Framing {
    /// Its sign.
    pub is: String,
    /// What was found in it.
    pub found: Vec<Found>,
}

/// A field of a header or trailer that was recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// What people call it.
    pub name: &'static str,
    /// What it is for, as a layout writes it.
    pub used: &'static str,
    /// What it holds, as a layout writes it.
    pub kind: &'static str,
    /// The first byte, or the column, from 1.
    pub at: usize,
    /// Bytes (fixed width).
    pub length: usize,
}

const CITY: Found = Found { name: "団体コード", used: "city-code", kind: "text", at: 0, length: 0 };
const DATE: Found = Found { name: "作成日", used: "file-date", kind: "date", at: 0, length: 0 };
const SEQUENCE: Found = Found { name: "通番", used: "sequence", kind: "number", at: 0, length: 0 };
const TOTAL: Found = Found { name: "件数", used: "count", kind: "number", at: 0, length: 0 };

/// A line without what may stand at its end: CR, and the sign with which old hosts end a file.
pub(super) fn without_end(line: &[u8]) -> &[u8] {
    let length = line.iter().rposition(|byte| !matches!(byte, b'\r' | b'\x1A')).map_or(0, |at| at + 1);
    &line[..length]
}

/// How many lines a file has that are not empty, and the last of them.
pub(super) fn end_of(path: &Path) -> Result<(usize, Vec<u8>), std::io::Error> {
    let (mut file, mut block) = (File::open(path)?, vec![0; 1 << 16]);
    let (mut count, mut line, mut last) = (0, Vec::new(), Vec::new());
    let mut end = |line: &mut Vec<u8>| {
        line.truncate(without_end(line).len());
        if !line.is_empty() {
            count += 1;
            last = std::mem::take(line);
        }
        line.clear();
    };
    loop {
        let length = file.read(&mut block)?;
        for byte in &block[..length] {
            match byte {
                b'\n' => end(&mut line),
                byte if line.len() < LONGEST => line.push(*byte),
                _ => {}
            }
        }
        if length == 0 {
            end(&mut line);
            return Ok((count, last));
        }
    }
}

/// The frame of fixed-width records. `lines` are the first ones, `last` is the last of all `count`.
pub(super) fn of_fixed(lines: &[&[u8]], last: &[u8], count: usize, city: &str) -> Option<Frame> {
    (1..=SIGN).find_map(|length| {
        let sign = |line: &[u8]| -> Option<String> {
            let bytes = line.get(..length).filter(|bytes| bytes.iter().all(u8::is_ascii_alphanumeric))?;
            Some(String::from_utf8_lossy(bytes).into_owned())
        };
        let signs: Vec<String> = lines.iter().map(|line| sign(line)).collect::<Option<_>>()?;
        let kinds = kinds(&signs, &sign(last)?, count)?;
        let header = kinds.header.map(|is| Framing { is, found: in_header(lines[0], length, city) });
        let trailer =
            kinds.trailer.map(|is| Framing { is, found: counted(last, length, kinds.records).into_iter().collect() });
        let filled = |line: &[u8]| line.iter().rposition(|byte| *byte != b' ').map_or(0, |at| at + 1);
        let seen: Vec<usize> = lines.iter().map(|line| filled(line)).collect();
        Frame { length, data: kinds.data, header, trailer }.if_meant(&seen, filled(last), lines.len() == count)
    })
}

/// The frame of a CSV whose first column is the sign.
pub(super) fn of_csv(rows: &[csv::StringRecord], last: &csv::StringRecord, count: usize, city: &str) -> Option<Frame> {
    let sign = |row: &csv::StringRecord| -> Option<String> {
        let text = row.get(0)?.trim();
        let is_sign = (1..=SIGN).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_sign.then(|| text.to_owned())
    };
    let signs: Vec<String> = rows.iter().map(sign).collect::<Option<_>>()?;
    let kinds = kinds(&signs, &sign(last)?, count)?;
    let header = kinds.header.map(|is| Framing { is, found: cells_of_header(&rows[0], city) });
    let trailer = kinds.trailer.map(|is| {
        let at = last.iter().skip(1).position(|cell| cell.trim().parse() == Ok(kinds.records));
        Framing { is, found: at.map(|at| Found { at: at + 2, ..TOTAL }).into_iter().collect() }
    });
    let filled = |row: &csv::StringRecord| row.iter().filter(|cell| !cell.trim().is_empty()).count();
    let seen: Vec<usize> = rows.iter().map(filled).collect();
    Frame { length: 0, data: kinds.data, header, trailer }.if_meant(&seen, filled(last), rows.len() == count)
}

/// The signs of a file's records.
struct Kinds {
    data: String,
    header: Option<String>,
    trailer: Option<String>,
    /// How many records of data there are.
    records: usize,
}

/// The sign that all records have between the first and the last, and those of the two where they are others. `signs` are
/// those of the first records.
fn kinds(signs: &[String], last: &str, count: usize) -> Option<Kinds> {
    let data = signs.get(1)?;
    let are_all = signs.len() == count;
    let mut inner = signs.iter().skip(1).take(signs.len() - 1 - usize::from(are_all));
    let header = signs.first().filter(|sign| *sign != data).cloned();
    let trailer = Some(last).filter(|sign| *sign != data).map(str::to_owned);
    let is_framed = (header.is_some() || trailer.is_some()) && header != trailer && inner.all(|sign| sign == data);
    let records = count.checked_sub(usize::from(header.is_some()) + usize::from(trailer.is_some()))?;
    (is_framed && records > 0).then(|| Kinds { data: data.clone(), header, trailer, records })
}

fn in_header(line: &[u8], from: usize, city: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let text: String = line.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { '?' }).collect();
    let mut at = from;
    for code in [city, city.get(..5).unwrap_or(city)] {
        if let Some(place) = text[from..].find(code).filter(|_| !code.is_empty()) {
            found.push(Found { at: from + place + 1, length: code.len(), ..CITY });
            at = from + place + code.len();
            break;
        }
    }
    let is_date =
        |start: &usize| text.get(*start..start + 8).is_some_and(|text| text.starts_with("20") && is_day(text));
    if let Some(start) = (at..text.len()).find(is_date) {
        found.push(Found { at: start + 1, length: 8, ..DATE });
        let digits = text[start + 8..].bytes().take_while(u8::is_ascii_digit).count();
        if (1..=8).contains(&digits) {
            found.push(Found { at: start + 9, length: digits, ..SEQUENCE });
        }
    }
    found
}

fn cells_of_header(row: &csv::StringRecord, city: &str) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for (at, cell) in row.iter().enumerate().skip(1) {
        let cell = cell.trim();
        let kind = match cell {
            _ if !cell.is_empty() && (cell == city || Some(cell) == city.get(..5)) => CITY,
            _ if is_day(cell) => DATE,
            _ if !cell.is_empty() && cell.len() <= 8 && cell.bytes().all(|byte| byte.is_ascii_digit()) => SEQUENCE,
            _ => continue,
        };
        if found.iter().all(|known| known.name != kind.name) {
            found.push(Found { at: at + 1, ..kind });
        }
    }
    found
}

fn is_day(text: &str) -> bool {
    let raw = RawPlace { r#type: Conversion::Date, ..RawPlace::default() };
    let place = Place { raw, start: 0, length: 0, column: 0 };
    text_of(&place, text).is_ok_and(|day| !day.is_empty())
}

/// The digits that say how many records there are.
fn counted(line: &[u8], from: usize, records: usize) -> Option<Found> {
    let is_digit = |at: usize| line.get(at).is_some_and(u8::is_ascii_digit);
    (from..line.len()).filter(|start| is_digit(*start) && (*start == from || !is_digit(start - 1))).find_map(|start| {
        COUNT.rev().find_map(|length| {
            let digits = line.get(start..start + length).filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
            let said: usize = std::str::from_utf8(digits).ok()?.parse().ok()?;
            (said == records).then_some(Found { at: start + 1, length, ..TOTAL })
        })
    })
}

impl Frame {
    /// Itself, where the records of other signs look like no data: numbers that ascend also begin alike for a while. They are
    /// filled less than all data or say how many records there are, and of one at least it is known what it says. `seen` says
    /// how far the first records are filled (all, where `are_all`), `last` how far the last of all is.
    fn if_meant(self, seen: &[usize], last: usize, are_all: bool) -> Option<Self> {
        let has_trailer = self.trailer.is_some();
        let end = seen.len() - usize::from(has_trailer && are_all);
        let least = *seen.get(usize::from(self.header.is_some())..end)?.iter().min()?;
        let says = |framing: &Option<Framing>| framing.as_ref().is_some_and(|framing| !framing.found.is_empty());
        let header_fits = self.header.is_none() || seen[0] < least;
        let trailer_fits = !has_trailer || says(&self.trailer) || last < least;
        (header_fits && trailer_fits && (says(&self.header) || says(&self.trailer))).then_some(self)
    }

    /// Where a record says of which kind it is, and the records around the data, as a layout writes them.
    pub(super) fn to_toml(&self, format: Format) -> String {
        let mut text = match format {
            Format::Fixed => format!("\n[kind]\noffset = 1\nlength = {}\n", self.length),
            _ => "\n[kind]\ncolumn = 1\n".to_owned(),
        };
        for (kind, framing) in [("header", &self.header), ("trailer", &self.trailer)] {
            let Some(framing) = framing else { continue };
            // Writing to a text can't fail.
            let is = toml::Value::from(framing.is.as_str());
            let _ = write!(
                text,
                "\n[[record]]\nkind = \"{kind}\"\nis = {is}\n\n[[record.field]]\nname = \"レコード区分\"\n"
            );
            let _ = match format {
                Format::Fixed => writeln!(text, "offset = 1\nlength = {}", self.length),
                _ => writeln!(text, "column = 1"),
            };
            for found in &framing.found {
                let Found { name, used, kind, at, length } = found;
                let _ = write!(text, "\n[[record.field]]\nname = \"{name}\"\nuse = \"{used}\"\ntype = \"{kind}\"\n");
                let _ = match format {
                    Format::Fixed => writeln!(text, "offset = {at}\nlength = {length}"),
                    _ => writeln!(text, "column = {at}"),
                };
                text.push_str("required = true\n");
            }
        }
        text
    }
}
