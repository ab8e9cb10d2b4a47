//! CSV for spreadsheets: UTF-8 with a byte order mark, or CP932 with a report of what it could not write.

use encoding_rs::{EncoderResult, SHIFT_JIS};
use kawasemi_kernel::csv_safe::guard;

use super::Writer;
use super::columns::Column;
use crate::error::Result;
use crate::field::Style;
use crate::import::Encoding;
use crate::record::Visible;

/// Stands for a character that CP932 does not have (ゲタ記号).
const MISSING: char = '〓';
/// Most replacements that are reported one by one.
const REPORTED: usize = 1_000;

/// A character that could not be written.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Replacement {
    /// The line in the file, from 1.
    pub line: u64,
    /// The column's heading.
    pub column: String,
    /// The character.
    pub character: char,
}

/// Writes CSV.
pub(super) struct CsvWriter {
    columns: Vec<Column>,
    encoding: Encoding,
    line: u64,
    replacements: Vec<Replacement>,
    replaced: u64,
}

impl CsvWriter {
    pub fn new(columns: Vec<Column>, encoding: Encoding) -> Self {
        Self { columns, encoding, line: 0, replacements: Vec::new(), replaced: 0 }
    }

    fn write_line(&mut self, cells: Vec<String>, out: &mut Vec<u8>) {
        self.line += 1;
        for (index, cell) in cells.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            let quoted = quote(cell);
            match self.encoding {
                Encoding::Cp932 => self.encode(index, &quoted, out),
                _ => out.extend_from_slice(quoted.as_bytes()),
            }
        }
        out.extend_from_slice(b"\r\n");
    }

    fn encode(&mut self, column: usize, text: &str, out: &mut Vec<u8>) {
        let text: String = text.chars().map(substitute).collect();
        let mut encoder = SHIFT_JIS.new_encoder();
        let mut rest = text.as_str();
        let mut buffer = [0; 1024];
        loop {
            let (result, read, written) = encoder.encode_from_utf8_without_replacement(rest, &mut buffer, true);
            out.extend_from_slice(&buffer[..written]);
            rest = &rest[read..];
            match result {
                EncoderResult::InputEmpty => return,
                EncoderResult::OutputFull => {}
                EncoderResult::Unmappable(character) => {
                    out.extend_from_slice(&SHIFT_JIS.encode(&MISSING.to_string()).0);
                    self.replaced += 1;
                    if self.replacements.len() < REPORTED {
                        let column = self.columns[column].heading.clone();
                        self.replacements.push(Replacement { line: self.line, column, character });
                    }
                }
            }
        }
    }
}

/// Characters that other systems write in place of those of CP932, and which look the same.
const fn substitute(character: char) -> char {
    match character {
        '\u{301C}' => '\u{FF5E}',
        '\u{2014}' => '\u{2015}',
        '\u{2016}' => '\u{2225}',
        '\u{00A0}' => ' ',
        c => c,
    }
}

/// A cell, guarded against being run as a formula, and quoted where it must be.
fn quote(cell: &str) -> String {
    let safe = guard(cell);
    if safe.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", safe.replace('"', "\"\"")) } else { safe.into_owned() }
}

impl Writer for CsvWriter {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        if self.encoding == Encoding::Utf8 {
            out.extend_from_slice("\u{FEFF}".as_bytes());
        }
        let headings = self.columns.iter().map(|column| column.heading.clone()).collect();
        self.write_line(headings, out);
        Ok(())
    }

    fn record(&mut self, record: &Visible, style: &Style<'_>, out: &mut Vec<u8>) -> Result<()> {
        let cells = self.columns.iter().map(|column| column.text(record, style)).collect();
        self.write_line(cells, out);
        Ok(())
    }

    fn end(&mut self, _: &mut Vec<u8>) -> Result<Option<std::fs::File>> {
        Ok(None)
    }

    fn replacements(&mut self) -> (u64, Vec<Replacement>) {
        (self.replaced, std::mem::take(&mut self.replacements))
    }
}

#[cfg(test)]
mod tests {
    use super::super::columns::Source;
    use super::*;

    fn written(encoding: Encoding, cells: [&str; 2]) -> (Vec<u8>, Vec<Replacement>) {
        let column = |heading: &str| Column { source: Source::Id, heading: heading.to_owned() };
        let mut writer = CsvWriter::new(vec![column("a"), column("b")], encoding);
        let mut out = Vec::new();
        writer.write_line(cells.map(str::to_owned).to_vec(), &mut out);
        (out, writer.replacements().1)
    }

    #[test]
    fn guards_and_quotes() {
        let (out, _) = written(Encoding::Utf8, ["=HYPERLINK(\"x\")", "-1,234"]);
        assert_eq!(String::from_utf8(out).expect("is UTF-8"), "\"'=HYPERLINK(\"\"x\"\")\",\"-1,234\"\r\n");
    }

    #[test]
    fn reports_what_cp932_does_not_have() {
        let (out, replacements) = written(Encoding::Cp932, ["髙﨑〜①", "𠮷野家"]);
        assert_eq!(SHIFT_JIS.decode(&out).0, "髙﨑～①,〓野家\r\n");
        assert_eq!(replacements, [Replacement { line: 1, column: "b".into(), character: '𠮷' }]);
    }
}
