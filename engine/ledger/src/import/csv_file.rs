//! Rows of a CSV or tab-separated file, one at a time.

use std::fs::File;
use std::io::{BufReader, Chain, Read, Seek as _};
use std::path::Path;

use csv::{ByteRecord, ReaderBuilder};

use super::decode::{self, Decoding, Encoding};
use super::line_feeds::LineFeeds;
use super::{FileError, SheetRow};
use crate::field::Cell;

/// Most columns of a row.
const COLUMNS: usize = 2_000;
/// Longest cell in bytes.
const CELL: usize = 1024 * 1024;
/// How much of the file the search for the delimiter looks at, in characters.
const SAMPLE: u64 = 64 * 1024;

/// The file, decoded, with line ends of one kind and one more at its end.
type Source = Chain<LineFeeds<Decoding<BufReader<File>>>, &'static [u8]>;

/// A CSV file that is open.
pub(super) struct CsvFile {
    reader: csv::Reader<Source>,
    record: ByteRecord,
    encoding: Encoding,
    delimiter: u8,
    /// The last record's line, and whether it went over several.
    line: u64,
    spans_lines: bool,
    failed: bool,
}

impl CsvFile {
    /// Opens a file. What is not given is found by looking at it.
    pub fn open(path: &Path, encoding: Option<Encoding>, delimiter: Option<u8>) -> Result<Self, FileError> {
        let mut file = File::open(path)?;
        let encoding = match encoding {
            Some(encoding) => encoding,
            None => decode::detect(&mut BufReader::new(&file))?.ok_or(FileError::NotText)?,
        };
        file.rewind()?;
        let mut sample = Vec::new();
        Decoding::new(BufReader::new(&file), encoding).take(SAMPLE).read_to_end(&mut sample)?;
        let delimiter = delimiter.unwrap_or_else(|| find_delimiter(&sample));
        file.rewind()?;
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            // A line end after the last line makes lines count alike whether the file has one there or not.
            .from_reader(LineFeeds::new(Decoding::new(BufReader::new(file), encoding)).chain(b"\n".as_slice()));
        let (record, line, spans_lines, failed) = (ByteRecord::new(), 0, false, false);
        Ok(Self { reader, record, encoding, delimiter, line, spans_lines, failed })
    }

    /// The encoding in use.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The delimiter in use.
    pub fn delimiter(&self) -> u8 {
        self.delimiter
    }

    fn next_row(&mut self) -> Result<Option<SheetRow>, FileError> {
        // An unclosed quotation mark swallows the rest of the file: a cell beyond the bound, or at the end of the file a
        // record of several lines with an odd number of quotation marks.
        let has_row =
            self.reader.read_byte_record(&mut self.record).map_err(|error| FileError::Csv(error.to_string()))?;
        if !has_row {
            let is_cut = self.reader.get_ref().get_ref().0.inner().quotation_marks() % 2 == 1;
            return if is_cut && self.spans_lines { Err(FileError::Unclosed { line: self.line }) } else { Ok(None) };
        }
        // The reader passes over empty lines before a record, so its line is found from its end.
        let inner = self.record.iter().flatten().filter(|byte| **byte == b'\n').count() as u64;
        let line = self.reader.position().line().saturating_sub(inner + 1);
        (self.line, self.spans_lines) = (line, inner > 0);
        if self.record.len() > COLUMNS {
            return Err(FileError::TooManyColumns { line, most: COLUMNS });
        }
        if self.record.iter().any(|cell| cell.len() > CELL) {
            return Err(FileError::Unclosed { line: self.record.position().map_or(line, csv::Position::line) });
        }
        let cells = self.record.iter().map(cell).collect();
        Ok(Some(SheetRow { line, cells }))
    }
}

fn cell(bytes: &[u8]) -> Cell {
    let text = String::from_utf8_lossy(bytes);
    let text = kawasemi_kernel::csv_safe::unguard(&text);
    if text.is_empty() { Cell::Empty } else { Cell::Text(text.to_owned()) }
}

impl Iterator for CsvFile {
    type Item = Result<SheetRow, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let row = self.next_row().transpose();
        self.failed = matches!(row, Some(Err(_)));
        row
    }
}

/// The delimiter with which the first lines have the same number of columns, and most of them.
fn find_delimiter(sample: &[u8]) -> u8 {
    let consistency = |delimiter: u8| {
        let mut reader =
            ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(sample);
        let widths: Vec<usize> = reader.byte_records().take(20).filter_map(|r| r.ok().map(|r| r.len())).collect();
        let first = widths.first().copied().unwrap_or(1);
        let same = widths.iter().filter(|width| **width == first).count();
        if first < 2 { (0, 0) } else { (same, first) }
    };
    // Of equals the first is taken, so a comma wins.
    let candidates = [b',', b'\t', b';'];
    candidates.into_iter().rev().max_by_key(|delimiter| consistency(*delimiter)).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn rows(bytes: &[u8]) -> Result<Vec<Vec<String>>, FileError> {
        let mut file = tempfile::NamedTempFile::new().expect("makes a file");
        file.write_all(bytes).expect("writes");
        let rows = CsvFile::open(file.path(), None, None)?;
        rows.map(|row| Ok(row?.cells.iter().map(|cell| cell.to_text().into_owned()).collect())).collect()
    }

    #[test]
    fn reads_what_spreadsheets_write() {
        let (cp932, ..) = encoding_rs::SHIFT_JIS.encode("番号,名称\r\n1,\"中央\r\n公園\"\r\n2,ﾁｭｳｵｳ\r\n");
        assert_eq!(rows(&cp932).expect("reads"), [["番号", "名称"], ["1", "中央\n公園"], ["2", "ﾁｭｳｵｳ"]]);
        assert_eq!(rows("\u{FEFF}a\tb,c\n1\t2\n".as_bytes()).expect("reads"), [["a", "b,c"], ["1", "2"]]);
        assert_eq!(rows("a;b\n'=1+1;2\n".as_bytes()).expect("reads"), [["a", "b"], ["=1+1", "2"]]);
    }

    #[test]
    fn refuses_what_is_no_table() {
        assert!(matches!(rows(b"\x89PNG\r\n\x1a\n\0\0\0"), Err(FileError::NotText)));
        let unclosed = format!("a,b\n1,\"{}", "x\n".repeat(1_000_000));
        assert!(matches!(rows(unclosed.as_bytes()), Err(FileError::Unclosed { line: 2 })));
        assert!(matches!(rows(b"a,b\n1,\"x\n2,y\n"), Err(FileError::Unclosed { .. })));
        assert_eq!(rows(b"a,b\n1,5\" pipe").expect("reads")[1], ["1", "5\" pipe"]);
        assert!(matches!(rows(&b",".repeat(5_000)), Err(FileError::TooManyColumns { line: 1, .. })));
    }

    #[test]
    fn knows_the_line_of_a_row_after_quoted_line_ends() {
        for text in [
            "a,b\n\"1\n2\",3\n4,5\n",
            "a,b\n\"1\n2\",3\n4,5",
            "a,b\r\n\"1\r\n2\",3\r\n4,5\r\n",
            "a,b\r\n\"1\r\n2\",3\r\n4,5",
        ] {
            let mut file = tempfile::NamedTempFile::new().expect("makes a file");
            file.write_all(text.as_bytes()).expect("writes");
            let lines: Vec<u64> =
                CsvFile::open(file.path(), None, None).expect("opens").map(|row| row.expect("reads").line).collect();
            assert_eq!(lines, [1, 2, 4], "{text:?}");
        }
    }
}
