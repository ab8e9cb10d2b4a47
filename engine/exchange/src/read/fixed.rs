//! Fixed-width records, counted in bytes of the file's encoding, as host systems write them.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use encoding_rs::{Encoding, SHIFT_JIS, UTF_8};

use super::{Fault, FaultKind, RawRow, ReadError, record_of, unknown_kind};
use crate::layout::{Layout, LayoutEncoding, LineEnd};

pub(super) fn read(layout: &Layout, path: &Path, each: &mut dyn FnMut(RawRow) -> bool) -> Result<(), ReadError> {
    let Some(fixed) = &layout.raw.fixed else { return Ok(()) };
    let mut records = Records {
        reader: BufReader::with_capacity(1 << 16, File::open(path)?),
        length: fixed.record_length,
        line_end: fixed.line_end,
        record: Vec::new(),
    };
    let mut line = 0;
    let mut is_first = true;
    while records.next()? {
        line += 1;
        let mut record = records.record.as_slice();
        if line == 1 {
            record = record.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(record);
        }
        // Old hosts end a file with the sign for its end, on a line of its own or right behind the last record.
        if record == b"\x1A" || record.len() > fixed.record_length {
            record = record.strip_suffix(b"\x1A").unwrap_or(record);
        }
        // Empty lines mean nothing.
        if record.is_empty() {
            continue;
        }
        if !each(row(layout, record, line, is_first)) {
            return Ok(());
        }
        is_first = false;
    }
    Ok(())
}

fn row(layout: &Layout, record: &[u8], line: u64, is_first: bool) -> RawRow {
    let length = layout.raw.fixed.as_ref().map_or(0, |fixed| fixed.record_length);
    let kind = layout.raw.kind.as_ref().map(|kind| {
        let start = kind.offset - 1;
        decode(layout, record.get(start..start + kind.length).unwrap_or_default())
    });
    let found = record_of(layout, kind.as_deref(), is_first);
    let values = found.map(|found| &layout.records[found]).map_or_else(Vec::new, |of| {
        of.places.iter().map(|place| decode(layout, slice(record, place.start, place.length))).collect()
    });
    let fault = if record.len() != length {
        let message = format!("レコードの長さが{}バイトです（{length}バイトのはず）。", record.len());
        Some(Fault { kind: FaultKind::Length, message })
    } else if found.is_none() {
        Some(unknown_kind(layout, kind.as_deref().unwrap_or_default()))
    } else {
        None
    };
    RawRow { line, record: found, values, fault }
}

fn slice(record: &[u8], start: usize, length: usize) -> &[u8] {
    let end = (start + length).min(record.len());
    record.get(start..end).unwrap_or_default()
}

/// A field's bytes as text; bytes without a meaning, as where a character is cut in two, become U+FFFD.
fn decode(layout: &Layout, bytes: &[u8]) -> String {
    let encoding: &'static Encoding = match layout.raw.encoding {
        LayoutEncoding::Cp932 => SHIFT_JIS,
        _ => UTF_8,
    };
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

struct Records {
    reader: BufReader<File>,
    length: usize,
    line_end: LineEnd,
    record: Vec<u8>,
}

impl Records {
    /// Reads the next record; whether there is one.
    fn next(&mut self) -> Result<bool, ReadError> {
        self.record.clear();
        if self.line_end == LineEnd::None {
            let length = self.length as u64;
            (&mut self.reader).take(length).read_to_end(&mut self.record)?;
            return Ok(!self.record.is_empty());
        }
        // A record without its end would otherwise be read into memory whole.
        let most = self.length as u64 * 2 + 1024;
        (&mut self.reader).take(most).read_until(b'\n', &mut self.record)?;
        if self.record.len() as u64 == most {
            let length = self.length;
            return Err(ReadError::Shape(format!(
                "改行のないまま、レコード長（{length}バイト）の2倍を超えて続いています。改行の有無（line_end）とレコード長を確かめてください。"
            )));
        }
        let had_any = !self.record.is_empty();
        if self.record.last() == Some(&b'\n') {
            self.record.pop();
            if self.record.last() == Some(&b'\r') {
                self.record.pop();
            }
        }
        Ok(had_any)
    }
}
