//! XLSX in constant memory: rows go to a temporary file while they arrive.
//!
//! Values keep their types, so that a spreadsheet can calculate with them. Text is written as text, never as a formula.

use std::io::{BufWriter, Seek as _};

use kawasemi_kernel::{Decimal, Value};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use super::Writer;
use super::columns::Column;
use crate::error::{LedgerError, Result};
use crate::field::Style;
use crate::record::Visible;

/// Rows of a sheet, its heading included.
const ROWS: u32 = 1_048_576;
/// Longest text of a cell in characters.
const CELL: usize = 32_767;
/// Significant digits that a spreadsheet keeps.
const DIGITS: u64 = 1_000_000_000_000_000;

/// Writes XLSX.
pub(super) struct XlsxWriter {
    columns: Vec<Column>,
    workbook: Workbook,
    formats: Formats,
    row: u32,
    is_wareki: bool,
}

struct Formats {
    heading: Format,
    date: Format,
    date_time: Format,
    yen: Format,
}

impl XlsxWriter {
    pub fn new(columns: Vec<Column>, title: &str, is_wareki: bool) -> Result<Self> {
        let mut workbook = Workbook::new();
        workbook.add_worksheet_with_constant_memory().map_err(failed)?.set_name(sheet_name(title)).map_err(failed)?;
        let formats = Formats {
            heading: Format::new().set_bold(),
            date: Format::new().set_num_format("yyyy/mm/dd"),
            date_time: Format::new().set_num_format("yyyy/mm/dd hh:mm"),
            yen: Format::new().set_num_format("#,##0"),
        };
        Ok(Self { columns, workbook, formats, row: 0, is_wareki })
    }
}

/// A sheet's name: at most 31 characters, none of those that a formula would read.
fn sheet_name(title: &str) -> String {
    let name: String = title.chars().filter(|c| !"[]:*?/\\'".contains(*c)).take(31).collect();
    if name.trim().is_empty() { "Sheet1".to_owned() } else { name }
}

fn failed(error: XlsxError) -> LedgerError {
    LedgerError::Refused(format!("Excelファイルを作れませんでした（{error}）。CSVで書き出してください。"))
}

impl Writer for XlsxWriter {
    fn begin(&mut self, _: &mut Vec<u8>) -> Result<()> {
        let sheet = self.workbook.worksheet_from_index(0).map_err(failed)?;
        for (index, column) in self.columns.iter().enumerate() {
            sheet.write_with_format(0, index as u16, &column.heading, &self.formats.heading).map_err(failed)?;
        }
        self.row = 1;
        Ok(())
    }

    fn record(&mut self, record: &Visible, style: &Style<'_>, _: &mut Vec<u8>) -> Result<()> {
        if self.row >= ROWS {
            return Err(LedgerError::Refused(
                "Excelの行数の上限を超えました。CSVで書き出すか、条件を絞ってください。".to_owned(),
            ));
        }
        let sheet = self.workbook.worksheet_from_index(0).map_err(failed)?;
        for (index, column) in self.columns.iter().enumerate() {
            let at = (self.row, index as u16);
            let is_typed = match column.value(record) {
                Some((_, value)) => write_typed(sheet, at, value, &self.formats, self.is_wareki).map_err(failed)?,
                None => false,
            };
            if !is_typed {
                let text: String = column.text(record, style).chars().take(CELL).collect();
                if !text.is_empty() {
                    sheet.write_string(at.0, at.1, text).map_err(failed)?;
                }
            }
        }
        self.row += 1;
        Ok(())
    }

    fn end(&mut self, _: &mut Vec<u8>) -> Result<Option<std::fs::File>> {
        let io = |error: std::io::Error| LedgerError::File(crate::import::FileError::Io(error).to_string());
        let mut file = tempfile::tempfile().map_err(io)?;
        self.workbook.save_to_writer(BufWriter::new(&mut file)).map_err(failed)?;
        file.rewind().map_err(io)?;
        Ok(Some(file))
    }
}

/// Writes a number, a date or an answer as such; false where the value is text or would lose digits.
fn write_typed(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    value: &Value,
    formats: &Formats,
    is_wareki: bool,
) -> Result<bool, XlsxError> {
    match value {
        Value::Int(number) if number.unsigned_abs() < DIGITS => {
            #[expect(clippy::cast_precision_loss, reason = "fewer digits than a binary fraction keeps")]
            sheet.write_number_with_format(row, column, *number as f64, &formats.yen)?;
        }
        Value::Decimal(number) if number.units().unsigned_abs() < DIGITS => {
            sheet.write_number(row, column, Decimal::to_f64(*number))?;
        }
        Value::Bool(answer) => {
            sheet.write_boolean(row, column, *answer)?;
        }
        Value::Date(date) if !is_wareki && date.year() >= 1900 => {
            let cell = ExcelDateTime::from_ymd(date.year().unsigned_abs(), date.month() as u8, date.day() as u8)?;
            sheet.write_datetime_with_format(row, column, &cell, &formats.date)?;
        }
        Value::Instant(at) if !is_wareki => {
            let local = kawasemi_kernel::context::civil_date_time(*at);
            if local.year() < 1900 {
                return Ok(false);
            }
            let cell = ExcelDateTime::from_ymd(local.year().unsigned_abs(), local.month() as u8, local.day() as u8)?
                .and_hms(local.hour() as u16, local.minute() as u8, f64::from(local.second()))?;
            sheet.write_datetime_with_format(row, column, &cell, &formats.date_time)?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}
