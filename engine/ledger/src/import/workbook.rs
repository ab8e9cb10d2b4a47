//! Rows of a sheet of a workbook: XLSX, XLS or ODS.
//!
//! XLSX is read cell by cell, so that a sheet with one cell in its far corner costs nothing. The other two formats are
//! read whole, as the library has no other way, and are therefore taken only up to a size.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use calamine::{Data, DataRef, Ods, Reader as _, Xls, Xlsx};
use jiff::civil::{Date, DateTime, Time};
use zip::ZipArchive;

use super::{FileError, SheetRow};
use crate::field::Cell;

/// Largest workbook of the older formats, in bytes.
const WHOLE: u64 = 32 * 1024 * 1024;
/// Largest unpacked part of a workbook, in bytes. A hundred thousand rows of a ledger have about 100 MB.
const PART: u64 = 1024 * 1024 * 1024;
/// Largest unpacked list of shared texts, which is held in memory.
const TEXTS: u64 = 256 * 1024 * 1024;
/// Most columns of a row.
const COLUMNS: usize = 2_000;

/// The format of a workbook, by its first bytes and parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Xlsx,
    Xls,
    Ods,
}

/// Which workbook format a file has; none if it is no workbook.
pub(super) fn format_of(path: &Path) -> Result<Option<Format>, FileError> {
    let mut file = File::open(path)?;
    let mut head = [0; 8];
    let mut filled = 0;
    while filled < head.len() {
        match file.read(&mut head[filled..])? {
            0 => break,
            length => filled += length,
        }
    }
    if head == [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1] {
        return Ok(Some(Format::Xls));
    }
    if !head.starts_with(b"PK\x03\x04") {
        return Ok(None);
    }
    file.rewind()?;
    let archive = ZipArchive::new(BufReader::new(file)).map_err(|_| FileError::Damaged)?;
    let names: Vec<&str> = archive.file_names().collect();
    if names.contains(&"xl/workbook.xml") {
        Ok(Some(Format::Xlsx))
    } else if names.contains(&"content.xml") {
        Ok(Some(Format::Ods))
    } else {
        Err(FileError::NotText)
    }
}

/// Refuses an archive whose parts unpack to more than we are ready to read.
fn check_parts(path: &Path) -> Result<(), FileError> {
    let mut archive = ZipArchive::new(BufReader::new(File::open(path)?)).map_err(|_| FileError::Damaged)?;
    for index in 0..archive.len() {
        let part = archive.by_index_raw(index).map_err(|_| FileError::Damaged)?;
        let most = if part.name().ends_with("sharedStrings.xml") { TEXTS } else { PART };
        if part.size() > most {
            return Err(FileError::TooLarge { megabytes: most / (1024 * 1024) });
        }
    }
    Ok(())
}

/// The names of the sheets.
pub(super) fn sheets(path: &Path, format: Format) -> Result<Vec<String>, FileError> {
    Ok(match format {
        Format::Xlsx => {
            check_parts(path)?;
            open::<Xlsx<_>>(path)?.sheet_names()
        }
        Format::Xls => whole(path).and_then(open::<Xls<_>>)?.sheet_names(),
        Format::Ods => {
            check_parts(path)?;
            whole(path).and_then(open::<Ods<_>>)?.sheet_names()
        }
    })
}

/// Hands the rows of a sheet over, one after the other, until `take` says false. Empty rows are left out.
pub(super) fn for_each_row(
    path: &Path,
    format: Format,
    sheet: Option<&str>,
    take: &mut dyn FnMut(Result<SheetRow, FileError>) -> bool,
) -> Result<(), FileError> {
    let names = sheets(path, format)?;
    let name = match sheet {
        Some(wanted) => names.iter().find(|name| *name == wanted),
        None => names.first(),
    };
    let name = name.ok_or_else(|| FileError::NoSheet { sheets: names.join("、") })?;
    match format {
        Format::Xlsx => xlsx_rows(open(path)?, name, take),
        Format::Xls => range_rows(open::<Xls<_>>(path)?, name, take),
        Format::Ods => range_rows(open::<Ods<_>>(path)?, name, take),
    }
}

fn whole(path: &Path) -> Result<&Path, FileError> {
    let size = std::fs::metadata(path)?.len();
    if size > WHOLE { Err(FileError::TooLarge { megabytes: WHOLE / (1024 * 1024) }) } else { Ok(path) }
}

fn open<R: calamine::Reader<BufReader<File>>>(path: &Path) -> Result<R, FileError> {
    R::new(BufReader::new(File::open(path)?)).map_err(|_| FileError::Damaged)
}

fn xlsx_rows<RS: Read + Seek>(
    mut workbook: Xlsx<RS>,
    name: &str,
    take: &mut dyn FnMut(Result<SheetRow, FileError>) -> bool,
) -> Result<(), FileError> {
    let mut cells = workbook.worksheet_cells_reader(name).map_err(|_| FileError::Damaged)?;
    let mut row = SheetRow { line: 0, cells: Vec::new() };
    loop {
        let next = cells.next_cell().map_err(|_| FileError::Damaged)?;
        let line = next.as_ref().map(|cell| u64::from(cell.get_position().0) + 1);
        if line != Some(row.line) {
            let finished = std::mem::replace(&mut row, SheetRow { line: line.unwrap_or_default(), cells: Vec::new() });
            if !finished.is_empty() && !take(Ok(finished)) {
                return Ok(());
            }
        }
        let Some(cell) = next else { return Ok(()) };
        let column = cell.get_position().1 as usize;
        let value = from_ref(cell.get_value());
        if value == Cell::Empty {
            continue;
        }
        if column >= COLUMNS {
            return Err(FileError::TooManyColumns { line: row.line, most: COLUMNS });
        }
        if row.cells.len() <= column {
            row.cells.resize(column + 1, Cell::Empty);
        }
        row.cells[column] = value;
    }
}

fn range_rows<R: calamine::Reader<BufReader<File>>>(
    mut workbook: R,
    name: &str,
    take: &mut dyn FnMut(Result<SheetRow, FileError>) -> bool,
) -> Result<(), FileError> {
    let range = workbook.worksheet_range(name).map_err(|_| FileError::Damaged)?;
    let Some((first_row, first_column)) = range.start() else { return Ok(()) };
    for (index, values) in range.rows().enumerate() {
        let mut cells = vec![Cell::Empty; first_column as usize];
        cells.extend(values.iter().map(from_data));
        let row = SheetRow { line: u64::from(first_row) + index as u64 + 1, cells };
        if row.cells.len() > COLUMNS {
            return Err(FileError::TooManyColumns { line: row.line, most: COLUMNS });
        }
        if !row.is_empty() && !take(Ok(row)) {
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
    }
}

fn from_ref(data: &DataRef<'_>) -> Cell {
    match data {
        DataRef::SharedString(text) => text_cell(text),
        other => from_data(&Data::from(other.clone())),
    }
}

/// Text keeps an apostrophe that was typed; spreadsheets do not store the one that marks a text.
fn text_cell(text: &str) -> Cell {
    if text.is_empty() { Cell::Empty } else { Cell::Text(kawasemi_kernel::csv_safe::unguard(text).to_owned()) }
}

/// A date, or the number itself where it is a length of time or outside the calendar.
fn date_cell(at: &calamine::ExcelDateTime) -> Cell {
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
