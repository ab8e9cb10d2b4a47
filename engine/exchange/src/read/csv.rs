//! CSV, with or without a row of headings.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use csv::{ReaderBuilder, StringRecord};
use kawasemi_kernel::text::fold;
use kawasemi_ledger::import::{Decoding, LineFeeds};

use super::{Fault, FaultKind, LONGEST, RawRow, ReadError, record_of, unknown_kind};
use crate::layout::Layout;
use crate::layout::raw::RawCsv;

pub(super) fn read(layout: &Layout, path: &Path, each: &mut dyn FnMut(RawRow) -> bool) -> Result<(), ReadError> {
    let usual = RawCsv::default();
    let csv = layout.raw.csv.as_ref().unwrap_or(&usual);
    let file = Decoding::new(BufReader::with_capacity(1 << 16, File::open(path)?), layout.encoding());
    let delimiter = u8::try_from(csv.delimiter).unwrap_or(b',');
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(LineFeeds::new(file));
    let mut record = StringRecord::new();
    let mut is_first = true;
    let mut waits_for_heading = csv.heading;
    let mut last_line = 0;
    while next(&mut reader, &mut record)? {
        // The reader passes over empty lines before a record, so its line is found from its end.
        let inner = record.iter().flat_map(str::bytes).filter(|byte| *byte == b'\n').count() as u64;
        let line = reader.position().line().saturating_sub(inner + 1);
        // Where lines end with CR alone, the reader counts none.
        let line = line.max(last_line + 1);
        last_line = line;
        if is_nothing(&record) {
            continue;
        }
        if record.iter().any(|cell| cell.len() > LONGEST) {
            return Err(ReadError::Shape(format!(
                "{line}行目の値が長すぎます。引用符（\"）が閉じられていないか、ファイルが途中で切れています。"
            )));
        }
        if waits_for_heading {
            waits_for_heading = false;
            heading(layout, &record)?;
            continue;
        }
        if !each(row(layout, csv, &record, line, is_first)) {
            return Ok(());
        }
        is_first = false;
    }
    Ok(())
}

fn next<R: std::io::Read>(reader: &mut csv::Reader<R>, record: &mut StringRecord) -> Result<bool, ReadError> {
    reader.read_record(record).map_err(|error| match error.into_kind() {
        csv::ErrorKind::Io(error) => ReadError::Io(error),
        _ => ReadError::Shape("CSVとして読めません。文字コードと区切り文字を確かめてください。".to_owned()),
    })
}

/// A line of commas alone, as spreadsheets leave below a table, or the sign with which old hosts end a file.
fn is_nothing(record: &StringRecord) -> bool {
    record.iter().all(|cell| cell.trim_matches(|c: char| c.is_whitespace() || c == '\u{1A}').is_empty())
}

/// The headings are those of the layout, in its order: a column that was put in or taken out is found here.
fn heading(layout: &Layout, record: &StringRecord) -> Result<(), ReadError> {
    let places = &layout.data().places;
    let is_heading = |cell: &str| places.iter().any(|place| fold(&place.raw.name) == fold(cell));
    if !record.iter().any(is_heading) {
        // What stands there may be about a person, so it is not told.
        return Err(ReadError::Shape(
            "見出しの行がありません。1行目がデータになっているか、文字コードか区切り文字が連携レイアウトと違います。"
                .to_owned(),
        ));
    }
    for place in &layout.data().places {
        let found = record.get(place.column).unwrap_or_default();
        if fold(found) != fold(&place.raw.name) {
            let (column, expected) = (place.column + 1, &place.raw.name);
            let found: String = found.chars().take(40).collect();
            return Err(ReadError::Shape(format!(
                "見出しが連携レイアウトと違います。{column}列目は「{expected}」のはずですが「{found}」です。列がずれたか、相手のレイアウトが変わっています。"
            )));
        }
    }
    Ok(())
}

fn row(layout: &Layout, csv: &RawCsv, record: &StringRecord, line: u64, is_first: bool) -> RawRow {
    let kind = layout.raw.kind.as_ref().map(|kind| record.get(kind.column - 1).unwrap_or_default());
    let found = record_of(layout, kind, is_first);
    let Some(of) = found.map(|found| &layout.records[found]) else {
        return RawRow { line, fault: Some(unknown_kind(layout, kind.unwrap_or_default())), ..RawRow::default() };
    };
    let values = of.places.iter().map(|place| record.get(place.column).unwrap_or_default().to_owned()).collect();
    let described = of.places.iter().map(|place| place.column + 1).max().unwrap_or(0);
    let expected =
        if found == Some(layout.data) { csv.columns.unwrap_or(described) } else { record.len().max(described) };
    let fault = (record.len() != expected).then(|| {
        let swallows = record.iter().any(|cell| cell.contains('\n'));
        let hint = if swallows { "引用符（\"）が閉じられていないかもしれません。" } else { "" };
        let message = format!("列の数が{}です（{expected}のはず）。{hint}", record.len());
        Fault { kind: FaultKind::Columns, message }
    });
    RawRow { line, record: found, values, fault }
}
