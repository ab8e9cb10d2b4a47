//! A workbook: its sheets, the rows of one, and what stands around the cells.
//!
//! XLSX is streamed ([`crate::xlsx`]). XLS and ODS are read whole, as the library has no other way, and are therefore taken
//! only up to a size; of them only values and, for XLS, merges are known.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use calamine::{Data, Ods, Range, Reader as _, Xls};
use jiff::civil::{Date, DateTime, Time};
use zip::ZipArchive;

use crate::cell::Cell;
use crate::error::{Result, SheetError};
use crate::place::{Area, Place};
use crate::xlsx::Xlsx;
use crate::xlsx::parts::Parts;

/// Largest workbook of the older formats, in bytes.
const WHOLE: u64 = 32 * 1024 * 1024;
/// Most columns of a row.
pub(crate) const COLUMNS: usize = 2_000;

/// The format of a workbook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Excel since 2007, with or without macros.
    Xlsx,
    /// Excel before.
    Xls,
    /// OpenDocument.
    Ods,
}

/// The name of a sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetName {
    /// The name.
    pub name: String,
    /// Whether Excel does not show it.
    pub is_hidden: bool,
}

/// A row as it stands in a sheet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawRow {
    /// Its number, from 1.
    pub line: u64,
    /// Whether Excel does not show it (hidden, or left out by a filter).
    pub is_hidden: bool,
    /// Its cells from column A on.
    pub cells: Vec<Cell>,
    /// How texts of it are read, by column.
    pub readings: Vec<(u32, String)>,
    /// How many of its cells stand out by bold letters or a coloured ground.
    pub stand_out: u32,
}

impl RawRow {
    /// A cell; empty where the row is shorter.
    pub fn cell(&self, column: usize) -> &Cell {
        self.cells.get(column).unwrap_or(&Cell::Empty)
    }
}

/// What stands around the cells of a sheet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// Merged areas (セルの結合).
    pub merges: Vec<Area>,
    /// Columns that Excel does not show, from 0.
    pub hidden_columns: BTreeSet<u32>,
}

/// A note on a cell (メモ, コメント).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The cell.
    pub place: Place,
    /// What it says; the remarks of a thread one per line.
    pub text: String,
}

/// A picture on a sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The cell in which its upper left corner lies.
    pub place: Place,
    /// Its part of the workbook, by which [`Book::picture`] finds it.
    pub part: String,
}

enum Source {
    Xlsx(Box<Xlsx>),
    Xls(Box<Xls<BufReader<File>>>),
    Ods(Box<Ods<BufReader<File>>>),
}

/// An open workbook.
pub struct Book {
    source: Source,
    names: Vec<SheetName>,
}

/// Which workbook format a file has; none if it is no workbook.
///
/// # Errors
/// [`SheetError::Damaged`] for an archive that can't be opened, [`SheetError::NotWorkbook`] for one of something else.
pub fn format_of(path: &Path) -> Result<Option<Format>> {
    let mut file = File::open(path)?;
    let mut head = Vec::new();
    (&mut file).take(8).read_to_end(&mut head)?;
    if head == [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1] {
        return Ok(Some(Format::Xls));
    }
    if !head.starts_with(b"PK\x03\x04") {
        return Ok(None);
    }
    file.rewind()?;
    let archive = ZipArchive::new(BufReader::new(file))?;
    let has = |name: &str| archive.index_for_name(name).is_some();
    if has("xl/workbook.xml") {
        Ok(Some(Format::Xlsx))
    } else if has("content.xml") {
        Ok(Some(Format::Ods))
    } else {
        Err(SheetError::NotWorkbook)
    }
}

impl Book {
    /// Opens a workbook.
    ///
    /// # Errors
    /// [`SheetError::NotWorkbook`], [`SheetError::Damaged`], [`SheetError::TooLarge`].
    pub fn open(path: &Path) -> Result<Self> {
        let source = match format_of(path)?.ok_or(SheetError::NotWorkbook)? {
            Format::Xlsx => Source::Xlsx(Box::new(Xlsx::open(path)?)),
            Format::Xls => Source::Xls(Box::new(whole(path)?)),
            Format::Ods => {
                // Its parts are measured before the library unpacks them.
                Parts::open(path)?;
                Source::Ods(Box::new(whole(path)?))
            }
        };
        let plain = |names: Vec<String>| names.into_iter().map(|name| SheetName { name, is_hidden: false }).collect();
        let hidden = |meta: &[calamine::Sheet]| -> Vec<SheetName> {
            let one = |sheet: &calamine::Sheet| SheetName {
                name: sheet.name.clone(),
                is_hidden: sheet.visible != calamine::SheetVisible::Visible,
            };
            meta.iter().map(one).collect()
        };
        let names = match &source {
            Source::Xlsx(book) => book.sheets().cloned().collect(),
            Source::Xls(book) if book.sheets_metadata().is_empty() => plain(book.sheet_names()),
            Source::Xls(book) => hidden(book.sheets_metadata()),
            Source::Ods(book) if book.sheets_metadata().is_empty() => plain(book.sheet_names()),
            Source::Ods(book) => hidden(book.sheets_metadata()),
        };
        Ok(Self { source, names })
    }

    /// The sheets, in their order.
    pub fn sheets(&self) -> &[SheetName] {
        &self.names
    }

    /// The number of a sheet; without a name that of the first one that Excel shows.
    ///
    /// # Errors
    /// [`SheetError::NoSheet`] with the names that there are.
    pub fn find(&self, name: Option<&str>) -> Result<usize> {
        let found = match name {
            Some(name) => self.names.iter().position(|sheet| sheet.name == name),
            None => self.names.iter().position(|sheet| !sheet.is_hidden).or((!self.names.is_empty()).then_some(0)),
        };
        let names = || self.names.iter().map(|sheet| sheet.name.as_str()).collect::<Vec<_>>().join("、");
        found.ok_or_else(|| SheetError::NoSheet { sheets: names() })
    }

    /// Hands the rows of a sheet over, one after the other, until `take` says false. Rows without a value are left out.
    /// What stands around them is whole only where all were taken.
    ///
    /// # Errors
    /// [`SheetError::Damaged`], [`SheetError::TooManyColumns`], and whatever `take` answers.
    pub fn rows(&mut self, sheet: usize, take: &mut dyn FnMut(RawRow) -> Result<bool>) -> Result<Frame> {
        let name = self.names.get(sheet).ok_or(SheetError::Damaged)?.name.clone();
        match &mut self.source {
            Source::Xlsx(book) => book.rows(sheet, take),
            Source::Xls(book) => {
                let merges = book.merge_cells_by_sheet_name(&name).unwrap_or_default();
                let merges = merges.iter().map(|merged| Area {
                    first: Place::new(merged.start.0, merged.start.1),
                    last: Place::new(merged.end.0, merged.end.1),
                });
                let frame = Frame { merges: merges.collect(), ..Frame::default() };
                range_rows(&book.worksheet_range(&name).map_err(|_| SheetError::Damaged)?, take)?;
                Ok(frame)
            }
            Source::Ods(book) => {
                range_rows(&book.worksheet_range(&name).map_err(|_| SheetError::Damaged)?, take)?;
                Ok(Frame::default())
            }
        }
    }

    /// The notes on the cells of a sheet; of XLSX only.
    ///
    /// # Errors
    /// [`SheetError::Damaged`].
    pub fn notes(&mut self, sheet: usize) -> Result<Vec<Note>> {
        match &mut self.source {
            Source::Xlsx(book) => book.notes(sheet),
            _ => Ok(Vec::new()),
        }
    }

    /// The pictures on a sheet; of XLSX only.
    ///
    /// # Errors
    /// [`SheetError::Damaged`].
    pub fn pictures(&mut self, sheet: usize) -> Result<Vec<Picture>> {
        match &mut self.source {
            Source::Xlsx(book) => book.pictures(sheet),
            _ => Ok(Vec::new()),
        }
    }

    /// The bytes of a picture.
    ///
    /// # Errors
    /// [`SheetError::TooLarge`] beyond 50 MB, [`SheetError::Damaged`].
    pub fn picture(&mut self, picture: &Picture) -> Result<Vec<u8>> {
        match &mut self.source {
            Source::Xlsx(book) => book.picture(&picture.part),
            _ => Err(SheetError::Damaged),
        }
    }
}

fn whole<R: calamine::Reader<BufReader<File>>>(path: &Path) -> Result<R> {
    if std::fs::metadata(path)?.len() > WHOLE {
        return Err(SheetError::TooLarge { megabytes: WHOLE / (1024 * 1024) });
    }
    R::new(BufReader::new(File::open(path)?)).map_err(|_| SheetError::Damaged)
}

fn range_rows(range: &Range<Data>, take: &mut dyn FnMut(RawRow) -> Result<bool>) -> Result<()> {
    let Some((first_row, first_column)) = range.start() else { return Ok(()) };
    for (index, values) in range.rows().enumerate() {
        let mut cells = vec![Cell::Empty; first_column as usize];
        cells.extend(values.iter().map(from_data));
        while cells.last().is_some_and(|cell| *cell == Cell::Empty) {
            cells.pop();
        }
        let row = RawRow { line: u64::from(first_row) + index as u64 + 1, cells, ..RawRow::default() };
        if row.cells.len() > COLUMNS {
            return Err(SheetError::TooManyColumns { line: row.line, most: COLUMNS });
        }
        if !row.cells.is_empty() && !take(row)? {
            return Ok(());
        }
    }
    Ok(())
}

fn from_data(data: &Data) -> Cell {
    match data {
        Data::Empty => Cell::Empty,
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text_cell(text),
        Data::Float(number) => Cell::Number(*number),
        #[expect(clippy::cast_precision_loss, reason = "spreadsheets keep every number as a binary fraction")]
        Data::Int(number) => Cell::Number(*number as f64),
        Data::Bool(answer) => Cell::Bool(*answer),
        Data::DateTime(at) => date_cell(at),
        Data::Error(error) => Cell::Error(error.to_string()),
        // A kind of value that a later version of the library brings is shown as it shows it.
        #[allow(unreachable_patterns, reason = "the library may add kinds")]
        other => text_cell(&other.to_string()),
    }
}

/// Text keeps an apostrophe that was typed; spreadsheets do not store the one that marks a text.
pub(crate) fn text_cell(text: &str) -> Cell {
    if text.is_empty() { Cell::Empty } else { Cell::Text(kawasemi_kernel::csv_safe::unguard(text).to_owned()) }
}

/// A date, or the number itself where it is a length of time or outside the calendar.
pub(crate) fn date_cell(at: &calamine::ExcelDateTime) -> Cell {
    let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
    let number = Cell::Number(at.as_f64());
    if !at.is_datetime() {
        return number;
    }
    let date = i16::try_from(year)
        .ok()
        .and_then(|year| Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok());
    let time = (|| {
        let (hour, minute) = (i8::try_from(hour).ok()?, i8::try_from(minute).ok()?);
        Time::new(hour, minute, i8::try_from(second).ok()?, 0).ok()
    })();
    match (date, time) {
        (Some(date), Some(time)) => Cell::DateTime(DateTime::from_parts(date, time)),
        _ => number,
    }
}
