//! List-shaped sheets (一覧の表): where the table is, what its columns are called, and its rows one after the other.
//!
//! The first rows of a sheet and its merges decide where the table is ([`survey`]); then rows are read one at a time by
//! rules that are told in the report ([`body`]). A person can overrule each guess by [`TableOptions`]. A sheet with one row
//! of headings and plain rows below reads as it stands.

mod body;
mod columns;
mod header;
pub(crate) mod words;

use std::collections::BTreeMap;

use kawasemi_kernel::era::Era;
use kawasemi_kernel::text::fold;
use serde::{Deserialize, Serialize};

use self::body::Body;
pub use self::columns::Column;
use self::header::{Head, Span};
use crate::book::{Book, Frame, RawRow};
use crate::cell::SheetRow;
use crate::error::{Result, SheetError};
use crate::place::{Area, Place};
use crate::report::{Findings, Report, Sort};

/// How many rows decide where a table is.
const HEAD: usize = 300;

/// What a person says about a table over what would be guessed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TableOptions {
    /// The first row of the headings, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<u64>,
    /// How many rows the headings have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_rows: Option<u64>,
    /// The cells in which the table lies; nothing outside is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area: Option<Area>,
    /// Marks such as 〃 are read as they stand.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub keep_ditto: bool,
    /// Rows of sums and remarks are read like others.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub keep_totals: bool,
    /// Hidden rows and columns are read as well.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub with_hidden: bool,
    /// Headings of columns in which an empty cell means the one above.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fill_down: Vec<String>,
    /// The era of years that are written without one, by its letter: `R`, `H`, `S`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub era: Option<char>,
}

/// A table in a sheet.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    sheet: usize,
    span: Span,
    /// The last row above the values.
    above: u64,
    area: Option<Area>,
    /// The columns; several blocks where the same table goes on beside itself.
    blocks: Vec<Vec<Column>>,
    frame: Frame,
    /// Texts of the rows of headings, by which they are known again after a page.
    repeated: Vec<BTreeMap<u32, String>>,
    header_stands_out: bool,
}

/// A table with what was found about it.
#[derive(Clone, Debug)]
pub struct Survey {
    /// The table.
    pub table: Table,
    /// What was understood, guessed and left.
    pub report: Report,
    /// The first rows.
    pub rows: Vec<SheetRow>,
}

/// Finds the table of a sheet and reads it once, for its first rows and for the report.
///
/// # Errors
/// [`SheetError::Empty`] where there is no row, and whatever reading the workbook answers.
pub fn survey(book: &mut Book, sheet: Option<&str>, options: &TableOptions, first: usize) -> Result<Survey> {
    let sheet = book.find(sheet)?;
    let (mut head, mut tail) = (Vec::new(), Vec::new());
    let (mut readings, mut has_more) = (BTreeMap::<u32, u64>::new(), false);
    let frame = book.rows(sheet, &mut |row| {
        row.readings.iter().for_each(|(column, _)| *readings.entry(*column).or_default() += 1);
        if head.len() < HEAD {
            head.push(row);
        } else {
            has_more = true;
            if tail.len() < row.cells.len() {
                tail.resize(row.cells.len(), 0_u64);
            }
            for (count, cell) in tail.iter_mut().zip(&row.cells) {
                *count += u64::from(!cell.is_blank());
            }
        }
        Ok(true)
    })?;
    let mut findings = Findings::default();
    let found = Found { head: &head, tail: &tail, readings: &readings, frame };
    let table = find(sheet, found, options, &mut findings)?;
    let mut rows = Vec::new();
    let mut body = Body::new(&table, options, Some(&mut findings), &head);
    let mut take = |row: RawRow| {
        body.row(row, &mut |row| {
            if rows.len() < first {
                rows.push(row);
            }
        });
        Ok(true)
    };
    if has_more {
        book.rows(sheet, &mut take)?;
    } else {
        for row in head.iter().cloned() {
            take(row)?;
        }
    }
    body.finish(&mut |row| {
        if rows.len() < first {
            rows.push(row);
        }
    });
    beside(book, sheet, &table, &mut findings)?;
    Ok(Survey { table, report: findings.into_report(), rows })
}

impl TableOptions {
    /// The era of years that are written without one.
    pub fn era(&self) -> Option<Era> {
        Era::ALL.into_iter().find(|era| Some(era.letter()) == self.era)
    }
}

impl Table {
    /// The headings of the columns; never two alike, never empty.
    pub fn headings(&self) -> Vec<String> {
        self.columns().iter().map(|column| column.heading.clone()).collect()
    }

    /// The columns.
    pub fn columns(&self) -> &[Column] {
        self.blocks.first().map_or(&[], Vec::as_slice)
    }

    /// The first row of the headings, from 1.
    pub fn header(&self) -> u64 {
        self.span.first
    }

    /// How many rows the headings have.
    pub fn header_rows(&self) -> u64 {
        self.span.last - self.span.first + 1
    }

    /// Hands the rows over until `take` says false. The cells of a row are those of [`Table::columns`].
    ///
    /// # Errors
    /// Whatever reading the workbook answers.
    pub fn rows(&self, book: &mut Book, options: &TableOptions, take: &mut dyn FnMut(SheetRow) -> bool) -> Result<()> {
        // What the columns usually hold is learnt again from the first rows, as the survey did.
        let mut body = Body::new(self, options, None, &[]);
        let mut head = Some(Vec::new());
        let goes_on = std::cell::Cell::new(true);
        let mut hand_over = |row: SheetRow| goes_on.set(goes_on.get() && take(row));
        book.rows(self.sheet, &mut |row| {
            match &mut head {
                Some(first) => {
                    first.push(row);
                    if first.len() == HEAD {
                        let first = head.take().unwrap_or_default();
                        body.learn(&first);
                        first.into_iter().for_each(|row| body.row(row, &mut hand_over));
                    }
                }
                None => body.row(row, &mut hand_over),
            }
            Ok(goes_on.get())
        })?;
        if let Some(first) = head {
            body.learn(&first);
            first.into_iter().for_each(|row| body.row(row, &mut hand_over));
        }
        body.finish(&mut hand_over);
        Ok(())
    }

    /// Whether a row lies where the table may lie.
    fn has_line(&self, line: u64) -> bool {
        let row = u32::try_from(line.saturating_sub(1)).unwrap_or(u32::MAX);
        self.area.is_none_or(|area| area.first.row <= row && row <= area.last.row)
    }
}

/// What the first reading found.
struct Found<'a> {
    head: &'a [RawRow],
    /// How many values the columns have after the first rows.
    tail: &'a [u64],
    readings: &'a BTreeMap<u32, u64>,
    frame: Frame,
}

fn find(sheet: usize, found: Found<'_>, options: &TableOptions, findings: &mut Findings) -> Result<Table> {
    let is_open = |column: u32| {
        let is_in = options.area.is_none_or(|area| area.first.column <= column && column <= area.last.column);
        is_in && (options.with_hidden || !found.frame.hidden_columns.contains(&column))
    };
    let in_area = |row: &&RawRow| {
        let at = u32::try_from(row.line.saturating_sub(1)).unwrap_or(u32::MAX);
        options.area.is_none_or(|area| area.first.row <= at && at <= area.last.row)
            && (options.with_hidden || !row.is_hidden)
    };
    let rows: Vec<RawRow> = found.head.iter().filter(in_area).cloned().collect();
    let width = rows.iter().map(|row| row.cells.len()).max().unwrap_or_default();
    let has_value = |column: &u32| {
        found.tail.get(*column as usize).is_some_and(|count| *count > 0)
            || rows.iter().any(|row| !row.cell(*column as usize).is_blank())
    };
    let width = u32::try_from(width).unwrap_or(u32::MAX);
    let columns: Vec<u32> = (0..width).filter(|column| is_open(*column)).filter(has_value).collect();
    let head = Head { rows: &rows, frame: &found.frame, columns };
    let first = options.header.or_else(|| head.find()).ok_or(SheetError::Empty)?;
    let first = rows.iter().find(|row| row.line >= first).ok_or(SheetError::Empty)?.line;
    let span = match (options.header, options.header_rows) {
        (_, Some(count)) => {
            let from = if options.header.is_some() { first } else { head.span(first).first };
            Span { first: from, last: from + count.clamp(1, 10) - 1 }
        }
        // The row that a person names is the first of the headings, or one of plain headings.
        (Some(_), None) => Span { first, last: head.span(first).last.max(first) },
        (None, None) => head.span(first),
    };
    let (units, numbers) = head.below(span);
    let above = [Some(span.last), units, numbers].into_iter().flatten().max().unwrap_or(span.last);
    let blocks = columns::blocks(&head, span, above, found.tail, found.readings, findings);
    let repeated = rows.iter().filter(|row| span.first <= row.line && row.line <= span.last).map(texts).collect();
    let header_stands_out = rows.iter().any(|row| row.line == span.last && row.stand_out > 0);
    columns::tell_header(&head, span, (units, numbers), findings);
    Ok(Table { sheet, span, above, area: options.area, blocks, frame: found.frame, repeated, header_stands_out })
}

/// The texts of a row, folded, by column.
fn texts(row: &RawRow) -> BTreeMap<u32, String> {
    let filled = row.cells.iter().zip(0_u32..).filter(|(cell, _)| !cell.is_blank());
    filled.map(|(cell, column)| (column, fold(&words::heading(&cell.to_text())))).collect()
}

/// Tells what hangs beside the cells.
fn beside(book: &mut Book, sheet: usize, table: &Table, findings: &mut Findings) -> Result<()> {
    for note in book.notes(sheet)? {
        let text: String = note.text.chars().take(60).collect();
        let text = text.replace('\n', " ");
        findings.add(
            Sort::Left,
            "セルのメモ（コメント）は取り込みません。要るものは項目に写してください。",
            format!("{}「{text}」", note.place),
        );
    }
    for picture in book.pictures(sheet)? {
        if u64::from(picture.place.row) >= table.above {
            let text = "表の行に貼られた写真・図があります。添付ファイルの項目を選ぶと、その行の記録に付けられます。";
            findings.add(Sort::Left, text, picture.place);
        } else {
            findings.add(Sort::Left, "表の外に貼られた写真・図は取り込みません。", picture.place);
        }
    }
    for column in &table.frame.hidden_columns {
        let name = crate::place::letters(*column);
        findings.add(
            Sort::Left,
            "非表示の列は読みません。要るときは「非表示の行と列も読む」を選んでください。",
            format!("{name}列"),
        );
    }
    let hidden: Vec<String> = book.sheets().iter().filter(|s| s.is_hidden).map(|s| s.name.clone()).collect();
    for name in hidden {
        findings.add(
            Sort::Left,
            "非表示のシートがあります。要るときはシートを選んで読んでください。",
            format!("「{name}」"),
        );
    }
    let others = book.sheets().iter().enumerate().filter(|(at, s)| *at != sheet && !s.is_hidden);
    for (_, other) in others {
        findings.add(Sort::Left, "ほかのシートは、それを選んで別に取り込んでください。", format!("「{}」", other.name));
    }
    Ok(())
}

/// A cell's address for the report.
fn address(line: u64, column: u32) -> Place {
    Place::new(u32::try_from(line.saturating_sub(1)).unwrap_or(u32::MAX), column)
}
