//! A file of rows, whatever its format: what it is, its first rows, and all of them one at a time.

use std::path::Path;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::csv_file::CsvFile;
use super::decode::Encoding;
use super::workbook::{self, Format};
use crate::field::Cell;

/// A row of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SheetRow {
    /// The line or row number in the file, from 1.
    pub line: u64,
    /// The cells; rows may differ in length.
    pub cells: Vec<Cell>,
}

impl SheetRow {
    /// Whether nothing is in any cell.
    pub fn is_empty(&self) -> bool {
        self.cells.iter().all(|cell| cell.to_text().trim().is_empty())
    }

    /// The cell of a column; empty where the row is shorter.
    pub fn cell(&self, column: usize) -> &Cell {
        self.cells.get(column).unwrap_or(&Cell::Empty)
    }
}

/// Why a file can't be read as rows.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FileError {
    /// It is neither text nor a workbook.
    #[error("表のファイルとして読めません。CSV、Excel（xlsx・xls）、ODSのファイルを選んでください。")]
    NotText,
    /// A workbook that can't be unpacked.
    #[error(
        "ファイルが壊れているか、途中で切れているか、パスワードで保護されています。元のファイルを開いて保存し直してから、もう一度選んでください。"
    )]
    Damaged,
    /// There is nothing in it.
    #[error("ファイルに行がありません。見出しの行と、その下にデータの行が必要です。")]
    Empty,
    /// The sheet that was asked for is not there.
    #[error("指定のシートがありません。あるのは {sheets} です。")]
    NoSheet {
        /// The names of the sheets.
        sheets: String,
    },
    /// A row with more columns than any ledger has.
    #[error("{line}行目の列が多すぎます（{most}列まで）。区切り文字の指定を確かめてください。")]
    TooManyColumns {
        /// The line.
        line: u64,
        /// How many are read.
        most: usize,
    },
    /// A quotation mark without its partner.
    #[error(
        "{line}行目から始まる引用符（\"）が閉じられていません。ファイルが途中で切れているか、引用符が一つ足りません。"
    )]
    Unclosed {
        /// The line in which it opens.
        line: u64,
    },
    /// Larger than what is read into memory.
    #[error("ファイルが大きすぎます（中身が{megabytes}MBまで）。CSVで保存し直すと、大きなファイルも取り込めます。")]
    TooLarge {
        /// The limit.
        megabytes: u64,
    },
    /// The CSV reader failed.
    #[error("CSVとして読めません。ファイルを確かめてください。")]
    Csv(String),
    /// A source of rows of another kind, in its own words.
    #[error("{0}")]
    Source(String),
    /// The disk failed.
    #[error("ファイルを読み込めませんでした。もう一度お試しください。")]
    Io(#[from] std::io::Error),
}

/// How a file is to be read. What is not said is found by looking.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FileOptions {
    /// The encoding of a text file.
    pub encoding: Option<Encoding>,
    /// The delimiter of a text file.
    pub delimiter: Option<char>,
    /// The sheet of a workbook.
    pub sheet: Option<String>,
    /// The row of the headings, from 1. Rows above it (a title, a date) are left out.
    pub header: Option<u64>,
}

/// What a file is and how it begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// The encoding of a text file.
    pub encoding: Option<Encoding>,
    /// The delimiter of a text file.
    pub delimiter: Option<char>,
    /// The sheets of a workbook.
    pub sheets: Vec<String>,
    /// The row of the headings, from 1.
    pub header: u64,
    /// The headings; never two alike, never empty.
    pub headings: Vec<String>,
    /// The first rows below.
    pub rows: Vec<SheetRow>,
}

/// How many rows a look shows, and a guess of types reads.
pub const LOOK: usize = 200;

/// Looks at a file.
pub fn look(path: &Path, options: &FileOptions) -> Result<Look, FileError> {
    let mut first = Vec::new();
    let mut look =
        Look { encoding: None, delimiter: None, sheets: Vec::new(), header: 1, headings: Vec::new(), rows: Vec::new() };
    match workbook::format_of(path)? {
        Some(format) => look.sheets = workbook::sheets(path, format)?,
        None => {
            let file = open_csv(path, options)?;
            look.encoding = Some(file.encoding());
            look.delimiter = Some(char::from(file.delimiter()));
        }
    }
    for_each_row(path, options, &mut |row| {
        first.push(row);
        first.len() < LOOK + 20
    })?;
    let first = first.into_iter().collect::<Result<Vec<_>, _>>()?;
    look.header = options.header.unwrap_or_else(|| find_header(&first));
    let header = first.iter().find(|row| row.line >= look.header).ok_or(FileError::Empty)?;
    look.headings = headings(header, &first);
    look.rows = first.iter().filter(|row| row.line > header.line).take(LOOK).cloned().collect();
    Ok(look)
}

/// Hands every row below the headings over, until `take` says false.
pub fn rows_below(
    path: &Path,
    options: &FileOptions,
    header: u64,
    take: &mut dyn FnMut(Result<SheetRow, FileError>) -> bool,
) -> Result<(), FileError> {
    for_each_row(path, options, &mut |row| match &row {
        Ok(read) if read.line <= header || read.is_empty() => true,
        _ => take(row),
    })
}

fn for_each_row(
    path: &Path,
    options: &FileOptions,
    take: &mut dyn FnMut(Result<SheetRow, FileError>) -> bool,
) -> Result<(), FileError> {
    match workbook::format_of(path)? {
        Some(format) => workbook::for_each_row(path, format, options.sheet.as_deref(), take),
        None => {
            for row in open_csv(path, options)? {
                if !take(row) {
                    break;
                }
            }
            Ok(())
        }
    }
}

fn open_csv(path: &Path, options: &FileOptions) -> Result<CsvFile, FileError> {
    let delimiter = options.delimiter.and_then(|c| u8::try_from(c).ok()).filter(u8::is_ascii);
    CsvFile::open(path, options.encoding, delimiter)
}

/// The headings: the first row at least as full as half of the fullest, which passes over a title and a date above them.
fn find_header(rows: &[SheetRow]) -> u64 {
    let filled = |row: &SheetRow| row.cells.iter().filter(|cell| !cell.to_text().trim().is_empty()).count();
    let fullest = rows.iter().map(filled).max().unwrap_or(0);
    rows.iter().find(|row| filled(row) * 2 > fullest).map_or(1, |row| row.line)
}

/// A name for every column that has a heading or a value.
fn headings(header: &SheetRow, rows: &[SheetRow]) -> Vec<String> {
    let width = rows.iter().filter(|row| row.line >= header.line).map(|row| row.cells.len()).max().unwrap_or(0);
    let mut names: Vec<String> = Vec::with_capacity(width);
    for column in 0..width {
        let text = kawasemi_kernel::text::tidy_line(&header.cell(column).to_text());
        let name = if text.is_empty() { format!("列{}", column + 1) } else { text.chars().take(100).collect() };
        let is_new = |name: &String| !names.contains(name);
        let name =
            std::iter::once(name.clone()).chain((2..).map(|n| format!("{name}（{n}）"))).find(is_new).unwrap_or(name);
        names.push(name);
    }
    names
}

/// The format of a file by name, for a message.
pub fn format_name(path: &Path) -> &'static str {
    match workbook::format_of(path) {
        Ok(Some(Format::Xlsx)) => "Excel（xlsx）",
        Ok(Some(Format::Xls)) => "Excel（xls）",
        Ok(Some(Format::Ods)) => "ODS",
        _ => "CSV",
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use rust_xlsxwriter::{ExcelDateTime, Format as CellFormat, Workbook};

    use super::*;

    fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().expect("makes a file");
        file.write_all(bytes).expect("writes");
        file
    }

    #[test]
    fn passes_over_a_title_and_names_every_column() {
        let file = file("公園一覧\n\n番号,名称,,名称\n1,中央公園,x,y,z\n".as_bytes());
        let look = look(file.path(), &FileOptions::default()).expect("looks");
        assert_eq!((look.header, look.encoding), (3, Some(Encoding::Utf8)));
        assert_eq!(look.headings, ["番号", "名称", "列3", "名称（2）", "列5"]);
        assert_eq!(look.rows.len(), 1);
    }

    #[test]
    fn reads_a_workbook() {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        sheet.write_row(0, 0, ["番号", "開園日", "面積"]).expect("writes");
        sheet.write(1, 0, "'=1").expect("writes");
        let date = ExcelDateTime::from_ymd(2021, 5, 17).expect("is a date");
        sheet.write_with_format(1, 1, &date, &CellFormat::new().set_num_format("yyyy-mm-dd")).expect("writes");
        sheet.write(1, 2, 12.5).expect("writes");
        sheet.write(1_048_575, 0, "遠い").expect("writes");
        let file = file(&workbook.save_to_buffer().expect("saves"));
        let look = look(file.path(), &FileOptions::default()).expect("looks");
        assert_eq!(look.headings, ["番号", "開園日", "面積"]);
        let texts: Vec<_> = look.rows[0].cells.iter().map(|cell| cell.to_text().into_owned()).collect();
        assert_eq!(texts, ["=1", "2021-05-17", "12.5"]);
        assert_eq!(look.rows[1].line, 1_048_576);
    }

    #[test]
    fn refuses_damage_with_a_sentence() {
        let mut workbook = Workbook::new();
        workbook.add_worksheet().write(0, 0, "a").expect("writes");
        let bytes = workbook.save_to_buffer().expect("saves");
        for bytes in [&bytes[..bytes.len() / 2], b"PK\x03\x04 and then nothing", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"] {
            let error = look(file(bytes).path(), &FileOptions::default()).expect_err("is refused");
            assert!(error.to_string().contains("壊れている"), "{error}");
        }
        assert!(matches!(look(file(b"").path(), &FileOptions::default()), Err(FileError::Empty)));
        assert!(matches!(look(file(b"%PDF-1.7\0\0").path(), &FileOptions::default()), Err(FileError::NotText)));
    }
}
