//! CSV for spreadsheets: UTF-8 with a byte order mark, or CP932 with a report of what it could not write.
//!
//! External characters (外字) keep their codes in CP932 (U+E000 is F040): that is how a city's other systems know them. What CP932
//! does not have is written as what stands best for it, by the city's table, and every such place is reported.

use std::sync::Arc;

use encoding_rs::SHIFT_JIS;
use kawasemi_kernel::csv_safe::guard;
use kawasemi_kernel::text::cluster::clusters;
use kawasemi_kernel::text::external::{ExternalCharacters, to_cp932};

use super::Writer;
use super::columns::Column;
use crate::error::Result;
use crate::field::Style;
use crate::import::Encoding;
use crate::record::Visible;

/// Stands for a character that CP932 does not have and for which nothing else stands (ゲタ記号).
const MISSING: &str = "〓";
/// Most replacements that are reported one by one.
const REPORTED: usize = 1_000;

/// A character that could not be written.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Replacement {
    /// The line in the file, from 1.
    pub line: u64,
    /// The column's heading.
    pub column: String,
    /// The character, with its variation selector.
    pub character: String,
    /// What was written in its place.
    pub written: String,
}

/// Writes CSV.
pub(super) struct CsvWriter {
    columns: Vec<Column>,
    encoding: Encoding,
    cp932: Cp932,
    line: u64,
}

/// Texts in CP932, with what it could not write.
pub(super) struct Cp932 {
    external: Arc<ExternalCharacters>,
    replacements: Vec<Replacement>,
    replaced: u64,
}

impl Cp932 {
    pub fn new(external: Arc<ExternalCharacters>) -> Self {
        Self { external, replacements: Vec::new(), replaced: 0 }
    }

    /// Adds a text; the line and the column say where it stands.
    pub fn encode(&mut self, line: u64, column: &str, text: &str, out: &mut Vec<u8>) {
        if let Some(bytes) = encoded(text) {
            out.extend_from_slice(&bytes);
            return;
        }
        for cluster in clusters(text) {
            match encoded(cluster) {
                Some(bytes) => out.extend_from_slice(&bytes),
                None => self.replace(line, column, cluster, out),
            }
        }
    }

    /// How many characters were replaced, and the first of them.
    pub fn told(mut self) -> (u64, Vec<Replacement>) {
        (self.replaced, std::mem::take(&mut self.replacements))
    }

    /// Writes what stands best for a character, and reports it.
    fn replace(&mut self, line: u64, column: &str, cluster: &str, out: &mut Vec<u8>) {
        let mut stand_ins = self.external.stand_ins(cluster).into_iter().chain([MISSING.to_owned()]);
        let Some((bytes, written)) = stand_ins.find_map(|text| Some((encoded(&text)?, text))) else { return };
        out.extend_from_slice(&bytes);
        self.replaced += 1;
        if self.replacements.len() < REPORTED {
            let (column, character) = (column.to_owned(), cluster.to_owned());
            self.replacements.push(Replacement { line, column, character, written });
        }
    }
}

impl CsvWriter {
    pub fn new(columns: Vec<Column>, encoding: Encoding, external: Arc<ExternalCharacters>) -> Self {
        Self { columns, encoding, cp932: Cp932::new(external), line: 0 }
    }

    fn write_line(&mut self, cells: Vec<String>, out: &mut Vec<u8>) {
        self.line += 1;
        for (index, cell) in cells.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            let quoted = quote(cell);
            match self.encoding {
                Encoding::Cp932 => self.cp932.encode(self.line, &self.columns[index].heading, &quoted, out),
                _ => out.extend_from_slice(quoted.as_bytes()),
            }
        }
        out.extend_from_slice(b"\r\n");
    }
}

/// A text in CP932; none where it has a character that CP932 lacks.
fn encoded(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let (mut plain, mut after) = (text, None);
    loop {
        // The encoder knows no external characters, so they are put between what it encodes.
        if let Some((at, code)) = plain.char_indices().find_map(|(at, c)| Some((at, to_cp932(c)?))) {
            let length = plain[at..].chars().next().map_or(0, char::len_utf8);
            after = Some((code, &plain[at + length..]));
            plain = &plain[..at];
        }
        let substituted: String = plain.chars().map(substitute).collect();
        let (bytes, _, had_unmappable) = SHIFT_JIS.encode(&substituted);
        if had_unmappable {
            return None;
        }
        out.extend_from_slice(&bytes);
        let Some((code, rest)) = after.take() else { return Some(out) };
        out.extend(code.to_be_bytes());
        plain = rest;
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
        (self.cp932.replaced, std::mem::take(&mut self.cp932.replacements))
    }
}

#[cfg(test)]
mod tests {
    use kawasemi_kernel::text::external::ExternalCharacter;

    use super::super::columns::Source;
    use super::*;

    fn written(encoding: Encoding, cells: [&str; 2]) -> (Vec<u8>, Vec<Replacement>) {
        let column = |heading: &str| Column { source: Source::Id, heading: heading.to_owned() };
        let entry = ExternalCharacter {
            code: '\u{E000}',
            mj: None,
            standard: Some("邉\u{E0102}".into()),
            substitute: Some("邊".into()),
        };
        let external = Arc::new([entry].into_iter().collect());
        let mut writer = CsvWriter::new(vec![column("a"), column("b")], encoding, external);
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
        let (out, replacements) = written(Encoding::Cp932, ["髙﨑〜①", "𠮷野 葛\u{E0100}城 渡邉\u{E0102} 𛀁"]);
        assert_eq!(SHIFT_JIS.decode(&out).0, "髙﨑～①,吉野 葛城 渡邊 〓\r\n");
        let said: Vec<_> = replacements
            .iter()
            .map(|one| (one.line, one.column.as_str(), one.character.as_str(), one.written.as_str()))
            .collect();
        let expected = [("𠮷", "吉"), ("葛\u{E0100}", "葛"), ("邉\u{E0102}", "邊"), ("𛀁", "〓")]
            .map(|(from, to)| (1, "b", from, to));
        assert_eq!(said, expected);
    }

    #[test]
    fn external_characters_keep_their_codes() {
        let (out, replacements) = written(Encoding::Cp932, ["渡\u{E000}", "\u{E757}\u{E03F}"]);
        assert_eq!(out, [0x93, 0x6E, 0xF0, 0x40, b',', 0xF9, 0xFC, 0xF0, 0x80, b'\r', b'\n']);
        assert!(replacements.is_empty());
        assert_eq!(SHIFT_JIS.decode(&out).0, "渡\u{E000},\u{E757}\u{E03F}\r\n");
        // Beyond the area of CP932 there is no code.
        assert_eq!(written(Encoding::Cp932, ["\u{E758}", ""]).1.len(), 1);
    }
}
