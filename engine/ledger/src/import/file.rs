//! A file of rows, whatever its format: what it is, its first rows, and all of them one at a time.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use kawasemi_sheets::SheetError;
pub use kawasemi_sheets::SheetRow;
use kawasemi_sheets::access;
use kawasemi_sheets::book::{self, Format};
use kawasemi_sheets::form::FormMapping;
use kawasemi_sheets::report::{Findings, Report, Sort};
use kawasemi_sheets::table::TableOptions;

use super::csv_file::CsvFile;
use super::decode::Encoding;
use super::forms::{self, Forms};
use super::places::{self, Features, Ground, PlaceColumn, PlaceLook};
use super::workbook::Workbook;
use tempfile::NamedTempFile;

/// Why a file can't be read as rows.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FileError {
    /// It is neither text nor a workbook.
    #[error(
        "表のファイルとして読めません。CSV、Excel（xlsx・xls）、ODS、地図のファイル（GeoJSON・Shapefile・GeoPackage・KML・GPX）を選んでください。"
    )]
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
    /// What can't be done with the file, in a sentence that says what to do.
    #[error("{0}")]
    Refused(String),
    /// A source of rows of another kind, in its own words.
    #[error("{0}")]
    Source(String),
    /// The disk failed.
    #[error("ファイルを読み込めませんでした。もう一度お試しください。")]
    Io(#[from] std::io::Error),
}

impl From<SheetError> for FileError {
    fn from(error: SheetError) -> Self {
        match error {
            SheetError::NotWorkbook => Self::NotText,
            SheetError::Damaged => Self::Damaged,
            SheetError::Empty => Self::Empty,
            SheetError::NoSheet { sheets } => Self::NoSheet { sheets },
            SheetError::TooManyColumns { line, most } => Self::TooManyColumns { line, most },
            SheetError::TooLarge { megabytes } => Self::TooLarge { megabytes },
            SheetError::Io(error) => Self::Io(error),
            error => Self::Refused(error.to_string()),
        }
    }
}

/// How a file is to be read. What is not said is found by looking.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FileOptions {
    /// The encoding of a text file.
    pub encoding: Option<Encoding>,
    /// The delimiter of a text file.
    pub delimiter: Option<char>,
    /// The sheet of a workbook, or the layer of a geographic file.
    pub sheet: Option<String>,
    /// The row of the headings, from 1. Rows above it (a title, a date) are left out.
    pub header: Option<u64>,
    /// In which reference system positions are, as [`kawasemi_geo::crs::Reading`] writes it: `EPSG:6677`, `EPSG:4326+swapped`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crs: Option<String>,
    /// What a person says about the table of a workbook.
    #[serde(skip_serializing_if = "is_plain")]
    pub table: TableOptions,
    /// The files are forms, one for each record, with their values in these cells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<FormMapping>,
}

fn is_plain(options: &TableOptions) -> bool {
    *options == TableOptions::default()
}

/// What a file is and how it begins.
#[derive(Clone, Debug)]
pub struct Look {
    /// The encoding of a text file.
    pub encoding: Option<Encoding>,
    /// The delimiter of a text file.
    pub delimiter: Option<char>,
    /// The sheets of a workbook, or the layers of a geographic file.
    pub sheets: Vec<String>,
    /// The row of the headings, from 1.
    pub header: u64,
    /// The headings; never two alike, never empty.
    pub headings: Vec<String>,
    /// The first rows below.
    pub rows: Vec<SheetRow>,
    /// How many rows the headings have.
    pub header_rows: u64,
    /// What was understood, guessed and left; empty for a text file.
    pub understood: Report,
    /// Files of forms that were refused.
    pub refused: Vec<Refused>,
    /// Where the places of the rows are read from, and how; none without any.
    pub place: Option<PlaceLook>,
    /// The column of places that is made of a table's columns.
    pub(super) place_column: Option<Arc<PlaceColumn>>,
    /// Where the rows come from.
    pub(super) source: Source,
}

/// A file of a form that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its number among the files, from 1.
    pub line: u64,
    /// Its name.
    pub file: String,
    /// Why, with the cell, the label that was expected, and what stands there.
    pub reason: String,
}

/// Where the rows of a file come from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// A text file.
    Text,
    /// A workbook, as far as it was understood.
    Workbook(Arc<Workbook>),
    /// A text file that was made of a table of an Access database.
    Exported(Arc<NamedTempFile>),
    /// A geographic file.
    Features(Arc<Features>),
    /// Rows that were read already, one for each form.
    Rows(Arc<Vec<SheetRow>>, Arc<Forms>),
}

impl Look {
    /// Whether it is a workbook, of which more can be said than of a text file.
    pub fn is_workbook(&self) -> bool {
        matches!(self.source, Source::Workbook(_))
    }

    /// What was found of places while the rows were read for the last time: mended, doubtful. Asked once.
    pub(super) fn told_of_places(&self) -> Report {
        match (&self.source, &self.place_column) {
            (Source::Features(features), _) => features.told(),
            (_, Some(column)) => column.told(),
            _ => Report::default(),
        }
    }

    /// The file from which a row was read, where there are several.
    pub(super) fn file_of<'a>(&self, row: &'a SheetRow) -> Option<std::borrow::Cow<'a, str>> {
        matches!(self.source, Source::Rows(..)).then(|| row.cell(self.headings.len().saturating_sub(1)).to_text())
    }

    /// A look at nothing but headings, as when they are typed.
    pub fn of_headings(headings: Vec<String>) -> Self {
        Self {
            encoding: None,
            delimiter: None,
            sheets: Vec::new(),
            header: 1,
            headings,
            rows: Vec::new(),
            header_rows: 1,
            understood: Report::default(),
            refused: Vec::new(),
            place: None,
            place_column: None,
            source: Source::Text,
        }
    }
}

/// How many rows a look shows, and a guess of types reads.
pub const LOOK: usize = 200;

/// Looks at a file.
pub fn look(path: &Path, options: &FileOptions) -> Result<Look, FileError> {
    look_on(path, options, &Ground::default())
}

/// Looks at a file of which rows may have a place.
pub(super) fn look_on(path: &Path, options: &FileOptions, ground: &Ground) -> Result<Look, FileError> {
    if options.form.is_none()
        && let Some(look) = places::look(path, options, ground)?
    {
        return Ok(look);
    }
    let mut look = look_at_table(path, options)?;
    places::add_column(&mut look, options, ground)?;
    Ok(look)
}

fn look_at_table(path: &Path, options: &FileOptions) -> Result<Look, FileError> {
    if let Some(form) = &options.form {
        return forms::look(path, form);
    }
    if path.is_file() && access::is_access(path)? {
        return look_at_access(path, options);
    }
    if book::format_of(path)?.is_some() {
        return super::workbook::look(path, options);
    }
    look_at_text(path, options)
}

/// A table of an Access database: the first one, unless it is named as a sheet is.
fn look_at_access(path: &Path, options: &FileOptions) -> Result<Look, FileError> {
    let tables = access::tables(path)?;
    let wanted = options.sheet.as_ref().or(tables.first()).filter(|wanted| tables.contains(wanted));
    let table = wanted.ok_or_else(|| FileError::NoSheet { sheets: tables.join("、") })?;
    let exported = access::export(path, table)?;
    let mut look = look_at_text(exported.path(), &as_exported())?;
    let mut findings = Findings::default();
    findings.add(Sort::Understood, format!("Access の表「{table}」を読みます。"), "");
    for other in tables.iter().filter(|other| *other != table) {
        findings.add(Sort::Left, "ほかの表は、それを選んで別に取り込んでください。", format!("「{other}」"));
    }
    look.understood = findings.into_report();
    (look.encoding, look.delimiter) = (None, None);
    look.sheets = tables;
    look.source = Source::Exported(Arc::new(exported));
    Ok(look)
}

/// How a table of an Access database was written out.
fn as_exported() -> FileOptions {
    let (encoding, delimiter, header) = (Some(Encoding::Utf8), Some(','), Some(1));
    FileOptions { encoding, delimiter, header, ..FileOptions::default() }
}

/// A page of a browser that is called a workbook: many systems give those out, and Excel opens them.
fn refuse_page(path: &Path) -> Result<(), FileError> {
    let mut head = Vec::new();
    std::fs::File::open(path)?.take(512).read_to_end(&mut head)?;
    let head = String::from_utf8_lossy(&head).trim_start_matches(['\u{FEFF}', ' ', '\r', '\n', '\t']).to_lowercase();
    let is_page = ["<html", "<!doctype html", "<table", "<meta", "<head", "mime-version:"];
    let is_workbook = head.starts_with("<?xml") && head.contains("urn:schemas-microsoft-com:office");
    if !is_workbook && !is_page.iter().any(|start| head.starts_with(start)) && !head.contains("<html") {
        return Ok(());
    }
    Err(FileError::Refused(
        "中身はExcelのブックではなく、表の形をしたWebページ（HTML）かXMLです。Excelで開き、「名前を付けて保存」で「Excel ブック（.xlsx）」か\
         CSVにしてから、もう一度選んでください。"
            .to_owned(),
    ))
}

fn look_at_text(path: &Path, options: &FileOptions) -> Result<Look, FileError> {
    refuse_page(path)?;
    let mut look = Look::of_headings(Vec::new());
    let file = open_csv(path, options)?;
    look.encoding = Some(file.encoding());
    look.delimiter = Some(char::from(file.delimiter()));
    let first = file.take(LOOK + 20).collect::<Result<Vec<_>, _>>()?;
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
    look: &Look,
    take: &mut dyn FnMut(Result<SheetRow, FileError>) -> bool,
) -> Result<(), FileError> {
    let Some(column) = &look.place_column else { return table_rows(path, options, look, take) };
    let placing = column.begin();
    table_rows(path, options, look, &mut |row| take(row.map(|row| placing.place(row))))
}

/// The rows as the file has them.
fn table_rows(
    path: &Path,
    options: &FileOptions,
    look: &Look,
    take: &mut dyn FnMut(Result<SheetRow, FileError>) -> bool,
) -> Result<(), FileError> {
    let csv = match &look.source {
        Source::Workbook(workbook) => return workbook.rows(path, options, &mut |row| take(Ok(row))),
        Source::Features(features) => return features.rows(&mut |row| take(Ok(row))),
        Source::Rows(rows, _) => {
            rows.iter().cloned().map(Ok).all(take);
            return Ok(());
        }
        Source::Exported(exported) => open_csv(exported.path(), &as_exported())?,
        Source::Text => open_csv(path, options)?,
    };
    for row in csv {
        let is_passed = matches!(&row, Ok(read) if read.line <= look.header || read.is_empty());
        if !is_passed && !take(row) {
            break;
        }
    }
    Ok(())
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
    if let Ok(Some(format)) = kawasemi_geo::format_of(path) {
        return format.label();
    }
    match book::format_of(path) {
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
        // What stands alone, far below the table, is no row of it; that it was left is said with its place.
        assert_eq!(look.rows.len(), 1);
        assert!(format!("{:?}", look.understood).contains("1048576"), "{:?}", look.understood);
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
