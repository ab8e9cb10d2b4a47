//! The cells of a sheet, row by row, and what stands around them: merges, hidden columns, drawings.

use std::io::Read;

use calamine::{ExcelDateTime, ExcelDateTimeType};
use quick_xml::events::{BytesStart, Event};

use super::parts::{Xml, add_text, attribute, is_on, unescape};
use super::strings::{RichText, Strings};
use super::styles::{Shown, Style, Styles, in_places};
use crate::book::{COLUMNS, Frame, RawRow, date_cell, text_cell};
use crate::cell::Cell;
use crate::error::{Result, SheetError};
use crate::place::Area;

/// Most merged areas of a sheet that are kept.
const MERGES: usize = 200_000;
/// Most rows that a sheet can have.
const ROWS: u64 = 1_048_576;

/// What stands for the value of a formula that nobody has reckoned yet.
const NOT_RECKONED: &str = "計算式の結果が保存されていない";

/// Reads the XML of one sheet.
pub(super) struct SheetReader<'a> {
    pub(super) strings: &'a Strings,
    pub(super) styles: &'a Styles,
    pub(super) is_1904: bool,
}

/// A cell that is being read.
#[derive(Default)]
struct Open {
    column: u32,
    kind: String,
    style: Option<usize>,
    value: String,
    rich: RichText,
    in_value: bool,
    in_rich: bool,
    /// It holds a formula.
    is_formula: bool,
    /// It holds a value, be it an empty one.
    has_value: bool,
}

impl SheetReader<'_> {
    /// Hands the rows over until `take` says false; then the rest of the sheet is left unread, and the frame is not whole.
    pub(super) fn read<R: Read>(
        &self,
        xml: &mut Xml<R>,
        take: &mut dyn FnMut(RawRow) -> Result<bool>,
    ) -> Result<Frame> {
        let mut frame = Frame::default();
        let mut row: Option<RawRow> = None;
        let mut cell = Open::default();
        let (mut in_cell, mut line, mut next_column) = (false, 0_u64, 0_u32);
        while let Some(event) = xml.next()? {
            match &event {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "c" => {
                        begin(&mut cell, tag, next_column)?;
                        in_cell = true;
                    }
                    "v" if in_cell => (cell.in_value, cell.has_value) = (true, true),
                    "f" if in_cell => cell.is_formula = true,
                    "is" if in_cell => cell.in_rich = true,
                    "row" => {
                        let given = attribute(tag, "r")?.and_then(|text| text.parse().ok());
                        line = given.filter(|line| (1..=ROWS).contains(line)).unwrap_or(line + 1);
                        let is_hidden = is_on(attribute(tag, "hidden")?.as_deref());
                        row = Some(RawRow { line, is_hidden, ..RawRow::default() });
                        next_column = 0;
                    }
                    "mergeCell" if frame.merges.len() < MERGES => {
                        let area: Option<Area> = attribute(tag, "ref")?.and_then(|text| text.parse().ok());
                        frame.merges.extend(area);
                    }
                    "col" => hidden_columns(tag, &mut frame)?,
                    _ if cell.in_rich => cell.rich.take(&event)?,
                    _ => {}
                },
                Event::End(tag) => match tag.local_name().as_ref() {
                    "c" if in_cell => {
                        in_cell = false;
                        next_column = cell.column + 1;
                        if let Some(row) = &mut row {
                            self.end(&mut cell, row)?;
                        }
                    }
                    "v" => cell.in_value = false,
                    "is" => cell.in_rich = false,
                    "row" => {
                        if let Some(row) = row.take()
                            && !row.cells.is_empty()
                            && !take(row)?
                        {
                            return Ok(frame);
                        }
                    }
                    _ if cell.in_rich => cell.rich.take(&event)?,
                    _ => {}
                },
                event if cell.in_value => add_text(event, &mut cell.value),
                event if cell.in_rich => cell.rich.take(event)?,
                _ => {}
            }
        }
        // A file that was cut ends within its rows.
        if row.is_some() { Err(SheetError::Damaged) } else { Ok(frame) }
    }

    fn end(&self, cell: &mut Open, row: &mut RawRow) -> Result<()> {
        let style = cell.style.and_then(|index| self.styles.get(index));
        let mut reading = None;
        let value = match cell.kind.as_str() {
            // Programs that make workbooks leave the reckoning to Excel. What a person would see is not in the file, and an
            // empty cell would be a loss that nobody notices.
            _ if cell.is_formula && !cell.has_value => Cell::Error(NOT_RECKONED.to_owned()),
            "s" => {
                let index: u32 = cell.value.trim().parse().map_err(|_| SheetError::Damaged)?;
                reading = self.strings.reading(index).map(str::to_owned);
                text_cell(self.strings.text(index).ok_or(SheetError::Damaged)?)
            }
            "inlineStr" => {
                let (text, kana) = std::mem::take(&mut cell.rich).finish();
                reading = kana;
                text_cell(&text)
            }
            "str" => text_cell(&unescape(&cell.value)),
            "b" => Cell::Bool(is_on(Some(cell.value.trim()))),
            "e" => Cell::Error(cell.value.trim().to_owned()),
            "d" => text_cell(&cell.value),
            _ => self.number(cell.value.trim(), style),
        };
        if value == Cell::Empty {
            return Ok(());
        }
        let column = cell.column as usize;
        if column >= COLUMNS {
            return Err(SheetError::TooManyColumns { line: row.line, most: COLUMNS });
        }
        if row.cells.len() <= column {
            row.cells.resize(column + 1, Cell::Empty);
        }
        row.cells[column] = value;
        row.readings.extend(reading.map(|reading| (cell.column, reading)));
        if style.is_some_and(|style| style.stands_out) {
            row.stand_out += 1;
        }
        Ok(())
    }

    fn number(&self, text: &str, style: Option<&Style>) -> Cell {
        if text.is_empty() {
            return Cell::Empty;
        }
        let Ok(number) = text.parse::<f64>() else { return text_cell(text) };
        match style.map(|style| &style.shown) {
            Some(Shown::Date) => date_cell(&ExcelDateTime::new(number, ExcelDateTimeType::DateTime, self.is_1904)),
            Some(Shown::Time) if (0.0..1.0).contains(&number) => time_cell(number),
            Some(Shown::Time) => date_cell(&ExcelDateTime::new(number, ExcelDateTimeType::DateTime, self.is_1904)),
            // People see and mean 50 %, not the half that is kept.
            Some(Shown::Percent) => Cell::Text(format!("{}%", percent(number))),
            Some(Shown::Digits(places)) => in_places(number, places).map_or(Cell::Number(number), Cell::Text),
            _ => Cell::Number(number),
        }
    }
}

fn begin(cell: &mut Open, tag: &BytesStart<'_>, next_column: u32) -> Result<()> {
    cell.column = next_column;
    cell.kind.clear();
    cell.value.clear();
    cell.style = None;
    (cell.in_value, cell.in_rich) = (false, false);
    (cell.is_formula, cell.has_value) = (false, false);
    for found in tag.attributes().with_checks(false) {
        let found = found?;
        match found.key.local_name().as_ref() {
            "r" => cell.column = column(&found.value).ok_or(SheetError::Damaged)?,
            "t" => cell.kind.push_str(&found.value),
            "s" => cell.style = found.value.parse().ok(),
            _ => {}
        }
    }
    Ok(())
}

/// The column of an address, from 0. Addresses in files are plain capital letters and digits.
fn column(address: &str) -> Option<u32> {
    let mut column = 0_u32;
    for byte in address.bytes().take_while(u8::is_ascii_uppercase) {
        column = column.checked_mul(26)?.checked_add(u32::from(byte - b'A') + 1)?;
    }
    column.checked_sub(1)
}

fn hidden_columns(tag: &BytesStart<'_>, frame: &mut Frame) -> Result<()> {
    if !is_on(attribute(tag, "hidden")?.as_deref()) {
        return Ok(());
    }
    let number =
        |name| -> Result<u32> { Ok(attribute(tag, name)?.and_then(|text| text.parse().ok()).unwrap_or_default()) };
    let (first, last) = (number("min")?, number("max")?.min(COLUMNS as u32));
    frame.hidden_columns.extend((first.max(1)..=last).map(|column| column - 1));
    Ok(())
}

/// A hundred times a number without the traces of binary fractions: 0.07 is 7, not 7.000000000000001.
fn percent(number: f64) -> f64 {
    let hundred = number * 100.0;
    let rounded = (hundred * 1e9).round() / 1e9;
    if rounded.is_finite() { rounded } else { hundred }
}

/// A time of the day without a date: `9:30`.
fn time_cell(fraction: f64) -> Cell {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a fraction of a day in seconds")]
    let seconds = ((fraction * 86_400.0).round() as u32).min(86_399);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let seconds = if second == 0 { String::new() } else { format!(":{second:02}") };
    Cell::Text(format!("{hour}:{minute:02}{seconds}"))
}
