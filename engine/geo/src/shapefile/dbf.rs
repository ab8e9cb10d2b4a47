//! The attributes of a Shapefile (dBASE III and IV), one record at a time.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;

use encoding_rs::{Encoding, SHIFT_JIS, UTF_8};

use crate::error::{GeoError, Result};
use crate::feature::Attribute;

const WHAT: &str = "属性（.dbf）";

/// A `.dbf` file that is read from its beginning.
pub struct Dbf {
    reader: BufReader<File>,
    fields: Vec<Field>,
    records: u64,
    left: u64,
    language: u8,
    record: Vec<u8>,
}

/// A column.
struct Field {
    name: Vec<u8>,
    kind: u8,
    at: usize,
    length: usize,
}

impl Dbf {
    /// Opens a file and reads its columns.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        let mut reader = BufReader::with_capacity(128 * 1024, file);
        let mut header = [0; 32];
        reader.read_exact(&mut header).map_err(GeoError::reading(WHAT))?;
        let number = |at: usize| u64::from(u16::from_le_bytes([header[at], header[at + 1]]));
        let (head_length, record_length) = (number(8), number(10));
        let said = u64::from(u32::from_le_bytes([header[4], header[5], header[6], header[7]]));
        if head_length < 33 || record_length == 0 || head_length > size {
            return Err(GeoError::Damaged { what: WHAT });
        }
        let records = said.min((size - head_length) / record_length);
        if records < said {
            return Err(GeoError::Damaged { what: WHAT });
        }
        let mut rest = vec![0; usize::try_from(head_length - 32).unwrap_or(0)];
        reader.read_exact(&mut rest).map_err(GeoError::reading(WHAT))?;
        let mut fields = Vec::new();
        let mut at = 1;
        for part in rest.chunks_exact(32).take_while(|part| part[0] != 0x0D) {
            let end = part[..11].iter().position(|byte| *byte == 0).unwrap_or(11);
            // Long texts of some programs keep the upper half of their length where others have decimals.
            let upper = if part[11] == b'C' { usize::from(part[17]) << 8 } else { 0 };
            let length = usize::from(part[16]) + upper;
            fields.push(Field { name: part[..end].to_vec(), kind: part[11], at, length });
            at += length;
        }
        let record_length = usize::try_from(record_length).unwrap_or(0);
        if at > record_length {
            return Err(GeoError::Damaged { what: WHAT });
        }
        Ok(Self { reader, fields, records, left: records, language: header[29], record: vec![0; record_length] })
    }

    /// How many records it has.
    pub const fn records(&self) -> u64 {
        self.records
    }

    /// The encoding that its language byte names.
    pub const fn language(&self) -> Option<&'static Encoding> {
        match self.language {
            0x13 | 0x7B => Some(SHIFT_JIS),
            _ => None,
        }
    }

    /// The names of its columns.
    pub fn names(&self, encoding: &'static Encoding) -> Vec<String> {
        self.fields.iter().map(|field| encoding.decode_without_bom_handling(&field.name).0.trim().to_owned()).collect()
    }

    /// The columns whose values lie elsewhere or are no text.
    pub fn unread(&self, encoding: &'static Encoding) -> Vec<String> {
        let names = self.names(encoding).into_iter();
        names.zip(&self.fields).filter(|(_, field)| !b"CNFDLI".contains(&field.kind)).map(|(name, _)| name).collect()
    }

    /// The names and texts of the first records, to find their encoding by.
    pub fn sample(mut self, most: usize) -> Result<Vec<Vec<u8>>> {
        let mut found: Vec<Vec<u8>> = self.fields.iter().map(|field| field.name.clone()).collect();
        for _ in 0..most {
            if !self.read()? {
                break;
            }
            for field in self.fields.iter().filter(|field| field.kind == b'C') {
                let bytes = trimmed(&self.record[field.at..field.at + field.length]);
                if !bytes.is_ascii() {
                    found.push(bytes.to_vec());
                }
            }
        }
        Ok(found)
    }

    /// The next record; none at the end, and nothing in it where it was marked as deleted.
    pub fn next_record(
        &mut self,
        encoding: &'static Encoding,
        notes: &mut Vec<Cow<'static, str>>,
    ) -> Result<Option<Option<Vec<Attribute>>>> {
        if !self.read()? {
            return Ok(None);
        }
        if self.record[0] == b'*' {
            return Ok(Some(None));
        }
        let mut values = Vec::with_capacity(self.fields.len());
        for field in &self.fields {
            let bytes = &self.record[field.at..field.at + field.length];
            let (value, is_cut) = value(field.kind, bytes, encoding);
            if is_cut {
                let name = encoding.decode_without_bom_handling(&field.name).0.into_owned();
                notes.push(format!("「{name}」の最後の文字が途中で切れていたため、除きました。").into());
            }
            values.push(value);
        }
        Ok(Some(Some(values)))
    }

    fn read(&mut self) -> Result<bool> {
        if self.left == 0 {
            return Ok(false);
        }
        self.left -= 1;
        self.reader.read_exact(&mut self.record).map_err(GeoError::reading(WHAT))?;
        Ok(true)
    }
}

fn trimmed(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| !matches!(byte, b' ' | 0)).map_or(0, |last| last + 1);
    &bytes[..end]
}

/// A value, and whether its last character was cut by the length of the column.
fn value(kind: u8, bytes: &[u8], encoding: &'static Encoding) -> (Attribute, bool) {
    let content = trimmed(bytes);
    let plain = || String::from_utf8_lossy(content).trim().to_owned();
    let value = match kind {
        b'C' => return text(content, bytes.len(), encoding),
        b'N' | b'F' => {
            let text = plain();
            // Stars are what a number became that had no room.
            if text.is_empty() || text.bytes().all(|byte| byte == b'*') {
                Attribute::Null
            } else if let Ok(whole) = text.parse() {
                Attribute::Integer(whole)
            } else {
                text.parse().map_or(Attribute::Text(text), Attribute::Real)
            }
        }
        b'D' => match plain() {
            text if text.len() == 8 && text.is_ascii() && text != "00000000" => {
                Attribute::Text(format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]))
            }
            text if text.is_empty() || text == "00000000" => Attribute::Null,
            text => Attribute::Text(text),
        },
        b'L' => match content.first() {
            Some(b'T' | b't' | b'Y' | b'y') => Attribute::Bool(true),
            Some(b'F' | b'f' | b'N' | b'n') => Attribute::Bool(false),
            _ => Attribute::Null,
        },
        b'I' => {
            bytes.try_into().map_or(Attribute::Null, |four| Attribute::Integer(i64::from(i32::from_le_bytes(four))))
        }
        _ => Attribute::Null,
    };
    (value, false)
}

fn text(content: &[u8], room: usize, encoding: &'static Encoding) -> (Attribute, bool) {
    let (text, has_bad) = encoding.decode_without_bom_handling(content);
    let is_full = content.len() + 1 >= room;
    if has_bad && is_full {
        let most = if encoding == UTF_8 { 3 } else { 1 };
        for cut in 1..=most.min(content.len()) {
            let shorter = &content[..content.len() - cut];
            if let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(shorter) {
                return (Attribute::text(&text), true);
            }
        }
    }
    (Attribute::text(&text), false)
}
