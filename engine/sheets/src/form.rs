//! Form-shaped sheets (様式): one sheet for each thing, its values in cells beside their labels.
//!
//! A form is mapped once, by a filled-in or an empty one: each field has the cell of its label and the cell of its value.
//! Then hundreds are read. A file in which a label is not where it was is not believed: if the label stands at exactly one
//! other place, the value is taken from the same place beside it and told as a guess; otherwise the whole file is refused,
//! with the cell, the label that was expected, and what stands there. It is refused as well where a value is missing and
//! something that the mapped form hasn't stands right behind its cell: the cell itself has moved then.

use std::collections::HashMap;
use std::path::Path;

use kawasemi_kernel::text::fold;
use serde::{Deserialize, Serialize};

use crate::book::{Book, Frame};
use crate::cell::Cell;
use crate::error::{Result, SheetError};
use crate::place::Place;
use crate::report::{Findings, Sort};
use crate::table::words::heading;

/// Most cells of a form.
const CELLS: usize = 20_000;
/// How far behind an empty value it is looked for what may be the value.
const BEHIND: u32 = 2;
/// Longest text that is told of a cell, in characters.
const TOLD: usize = 40;
/// Most sheets of one file that are read as forms.
const SHEETS: usize = 500;

/// Where the values of a form are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormMapping {
    /// The sheet; without a name the first one that is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// Each sheet of a file that has the labels is a form of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub every_sheet: bool,
    /// The fields.
    pub fields: Vec<FormField>,
}

/// Where one value of a form is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormField {
    /// What it goes to: a field's key, or a part of one.
    pub target: String,
    /// What the label says.
    pub label: String,
    /// The cell of the label.
    pub label_at: Place,
    /// The cell of the value.
    pub value_at: Place,
    /// The label stands at several places of the form, so that a moved one can't be told from another.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repeated: bool,
    /// The value is one of several choices: `有・無` alone then says nothing, as a ring around a word is a drawing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub choice: bool,
    /// What stands close behind the value in the form that was mapped, such as `㎡`; empty where nothing does. Without it
    /// nothing is concluded from what stands there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside: Option<String>,
}

/// A form that was read, or why not.
pub type Filled = std::result::Result<Vec<Cell>, String>;

/// The cells of one sheet, held in memory.
#[derive(Clone, Debug, Default)]
pub struct Grid {
    cells: HashMap<Place, Cell>,
    frame: Frame,
}

/// A label of a form with the cell in which its value is likely to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// What it says.
    pub text: String,
    /// Where it stands.
    pub at: Place,
    /// The cell to its right, behind what is merged with it.
    pub right: Place,
    /// The cell below it.
    pub below: Place,
}

impl Grid {
    /// Reads a sheet.
    ///
    /// # Errors
    /// [`SheetError::Refused`] where the sheet is too large to be a form, and whatever reading the workbook answers.
    pub fn read(book: &mut Book, sheet: usize) -> Result<Self> {
        let mut cells = HashMap::new();
        let frame = book.rows(sheet, &mut |row| {
            let line = u32::try_from(row.line.saturating_sub(1)).map_err(|_| SheetError::Damaged)?;
            let filled = row.cells.into_iter().zip(0..).filter(|(cell, _)| !cell.is_blank());
            cells.extend(filled.map(|(cell, column)| (Place::new(line, column), cell)));
            if cells.len() > CELLS {
                let text =
                    "一枚の様式としては大きすぎるシートです。一覧の表なら、様式としてではなく取り込んでください。";
                return Err(SheetError::Refused(text.to_owned()));
            }
            Ok(true)
        })?;
        Ok(Self { cells, frame })
    }

    /// A cell; of a merged area its upper left one, whichever was asked for.
    pub fn cell(&self, place: Place) -> &Cell {
        let at =
            self.frame.merges.iter().find(|area| area.has(place.row, place.column)).map_or(place, |area| area.first);
        self.cells.get(&at).unwrap_or(&Cell::Empty)
    }

    /// The cells that are not empty, from the top.
    pub fn filled(&self) -> Vec<(Place, &Cell)> {
        let mut all: Vec<_> = self.cells.iter().map(|(place, cell)| (*place, cell)).collect();
        all.sort_by_key(|(place, _)| *place);
        all
    }

    /// The texts that may be labels, each with the cells beside it.
    pub fn labels(&self) -> Vec<Label> {
        let is_text = |(_, cell): &(Place, &Cell)| matches!(cell, Cell::Text(text) if text.chars().count() <= 40);
        let label = |(at, cell): (Place, &Cell)| {
            let area = self.frame.merges.iter().find(|area| area.first == at);
            let last = area.map_or(at, |area| area.last);
            Label {
                text: label_text(&cell.to_text()),
                at,
                right: Place::new(at.row, last.column + 1),
                below: Place::new(last.row + 1, at.column),
            }
        };
        self.filled().into_iter().filter(is_text).map(label).filter(|label| !label.text.is_empty()).collect()
    }

    /// The first cell that is filled close behind the one of a value, on the side away from its label.
    fn behind(&self, label: Place, value: Place) -> Option<(Place, String)> {
        let last =
            self.frame.merges.iter().find(|area| area.has(value.row, value.column)).map_or(value, |area| area.last);
        (1..=BEHIND).find_map(|step| {
            let place = match value.row == label.row {
                true => Place::new(value.row, last.column + step),
                false => Place::new(last.row + step, value.column),
            };
            let text = label_text(&self.cells.get(&place)?.to_text());
            (!text.is_empty()).then_some((place, text))
        })
    }

    /// Where a label stands.
    fn find(&self, label: &str) -> Vec<Place> {
        let wanted = fold(label);
        let same = |(_, cell): &(Place, &Cell)| matches!(cell, Cell::Text(text) if fold(&label_text(text)) == wanted);
        self.filled().into_iter().filter(same).map(|(place, _)| place).collect()
    }
}

/// A label without the spaces that stretch it and the colon behind it.
pub fn label_text(text: &str) -> String {
    heading(text).trim_end_matches(['：', ':']).trim().to_owned()
}

impl FormMapping {
    /// Itself, with what stands behind the values in the form that was mapped.
    #[must_use]
    pub fn beside(mut self, sample: &Grid) -> Self {
        for field in &mut self.fields {
            let behind = sample.behind(field.label_at, field.value_at);
            field.beside = Some(behind.map_or_else(String::new, |(_, text)| text));
        }
        self
    }

    /// Reads the forms of a file: one, or one for each sheet, with the name of its sheet.
    ///
    /// # Errors
    /// Whatever opening the workbook answers. What is wrong with one form is its own answer.
    pub fn read(&self, path: &Path, file: &str, findings: &mut Findings) -> Result<Vec<(String, Filled)>> {
        let mut book = Book::open(path)?;
        if !self.every_sheet {
            let sheet = book.find(self.sheet.as_deref())?;
            let grid = Grid::read(&mut book, sheet)?;
            return Ok(vec![(String::new(), self.fill(&grid, file, findings))]);
        }
        let names: Vec<(usize, String)> = book
            .sheets()
            .iter()
            .enumerate()
            .filter(|(_, s)| !s.is_hidden)
            .map(|(at, s)| (at, s.name.clone()))
            .collect();
        if names.len() > SHEETS {
            return Err(SheetError::TooMany { most: SHEETS });
        }
        let mut forms = Vec::new();
        for (sheet, name) in names {
            let grid = Grid::read(&mut book, sheet)?;
            let place = format!("{file}「{name}」");
            if self.fields.iter().all(|field| grid.find(&field.label).is_empty()) {
                findings.add(Sort::Left, "様式の見出しが一つもないシートは読みません。", place);
            } else {
                forms.push((name, self.fill(&grid, &place, findings)));
            }
        }
        Ok(forms)
    }

    /// Reads one form; the cells are in the order of the fields. What was guessed is told only of a form that is taken.
    pub fn fill(&self, grid: &Grid, file: &str, findings: &mut Findings) -> Filled {
        let labels: Vec<String> = self.fields.iter().map(|field| fold(&field.label)).collect();
        let places: Vec<(Place, Place)> = self.fields.iter().map(|field| field.find(grid)).collect::<Result<_, _>>()?;
        let mut cells = Vec::with_capacity(self.fields.len());
        let mut notes = Vec::new();
        for (field, (label_at, at)) in self.fields.iter().zip(places.iter().copied()) {
            if label_at != field.label_at {
                notes.push((
                    Sort::Guessed,
                    "見出しが元の位置にないため、移った先の見出しから同じ向きの欄を読みました。",
                    format!("{file}：「{}」{}→{}、値は{at}", field.label, field.label_at, label_at),
                ));
            }
            let cell = grid.cell(at);
            let text = fold(&label_text(&cell.to_text()));
            // A choice may be called as another field is; its own label in its place is one that was merged with it.
            let is_label = labels.contains(&text) && (!field.choice || text == fold(&field.label));
            if at != label_at && !text.is_empty() && is_label {
                return Err(format!(
                    "{at}には「{}」の値があるはずですが、見出し「{}」があります。様式の形が変わっています。",
                    field.label,
                    label_text(&cell.to_text())
                ));
            }
            if cell.is_blank()
                && let Some(known) = &field.beside
                && let Some((place, found)) = grid.behind(label_at, at)
            {
                let is_known = fold(&found) == fold(known) || labels.contains(&fold(&found));
                if !is_known && places.iter().all(|(_, value)| *value != place) {
                    let (label, found) = (&field.label, found.chars().take(TOLD).collect::<String>());
                    return Err(format!(
                        "「{label}」の値の欄{at}が空で、{place}に「{found}」があります。値のセルが動いているかもしれません。元のファイルを直すか、手で入力してください。"
                    ));
                }
            }
            let (cell, note) = field.value(cell);
            notes.extend(note.map(|(sort, text)| (sort, text, format!("{file}：{at}「{}」", field.label))));
            cells.push(cell);
        }
        notes.into_iter().for_each(|(sort, text, place)| findings.add(sort, text, place));
        Ok(cells)
    }
}

impl FormField {
    /// Where the label and the value are in a form.
    fn find(&self, grid: &Grid) -> std::result::Result<(Place, Place), String> {
        let there = label_text(&grid.cell(self.label_at).to_text());
        if fold(&there) == fold(&self.label) {
            return Ok((self.label_at, self.value_at));
        }
        let found =
            if there.is_empty() { "何もありません".to_owned() } else { format!("「{there}」があります") };
        let expected = format!("{}には見出し「{}」があるはずですが、{found}。", self.label_at, self.label);
        let places = grid.find(&self.label);
        match places.as_slice() {
            [only] if !self.repeated => {
                let moved = |from: u32, label: u32, value: u32| {
                    (i64::from(from) + i64::from(value) - i64::from(label)).try_into().ok()
                };
                let row = moved(only.row, self.label_at.row, self.value_at.row);
                let column = moved(only.column, self.label_at.column, self.value_at.column);
                match (row, column) {
                    (Some(row), Some(column)) => Ok((*only, Place::new(row, column))),
                    _ => Err(format!("{expected}見出しは{only}にありますが、値の欄がシートの外になります。")),
                }
            }
            [] => Err(format!("{expected}同じ見出しは、シートのどこにもありません。")),
            _ => {
                let named: Vec<String> = places.iter().map(Place::to_string).collect();
                Err(format!("{expected}同じ見出しが{}にあり、どれか決められません。", named.join("、")))
            }
        }
    }

    /// The value of a cell: of check boxes the words that are checked.
    fn value(&self, cell: &Cell) -> (Cell, Option<(Sort, &'static str)>) {
        let Cell::Text(text) = cell else { return (cell.clone(), None) };
        if let Some(checked) = checked(text) {
            let note = (Sort::Understood, "☑・■・□の印の付いた言葉から、選ばれたものを読みました。");
            let words = checked.join("、");
            return (if words.is_empty() { Cell::Empty } else { Cell::Text(words) }, Some(note));
        }
        if self.choice && is_to_be_circled(text) {
            let note = (
                Sort::Left,
                "丸で囲んで選ぶ欄は、どれが囲まれているか読めないため空にしました。元のファイルを見て入力してください。",
            );
            return (Cell::Empty, Some(note));
        }
        (cell.clone(), None)
    }
}

/// The words behind checked boxes: of `☑有　□無` it is 有. None where there are no boxes.
pub fn checked(text: &str) -> Option<Vec<String>> {
    const ON: [char; 7] = ['☑', '■', '☒', '✓', '✔', '✅', '◉'];
    const OFF: [char; 4] = ['□', '☐', '▢', '◻'];
    let is_mark = |c: char| ON.contains(&c) || OFF.contains(&c);
    let first = text.find(is_mark)?;
    let mut words = Vec::new();
    let mut rest = &text[first..];
    while let Some(mark) = rest.chars().next() {
        let after = &rest[mark.len_utf8()..];
        let end = after.find(is_mark).unwrap_or(after.len());
        let word = heading(
            after[..end].trim_matches(|c: char| c.is_whitespace() || matches!(c, '・' | '、' | ',' | '／' | '/')),
        );
        if ON.contains(&mark) && !word.is_empty() {
            words.push(word);
        }
        rest = &after[end..];
    }
    // A mark with no word is an answer of its own, which the field reads.
    let has_words = text.chars().any(|c| !is_mark(c) && !c.is_whitespace());
    has_words.then_some(words)
}

/// Whether a text offers words of which one is to be circled: `有・無`, `男 ／ 女`.
fn is_to_be_circled(text: &str) -> bool {
    let parts: Vec<&str> =
        text.split(['・', '／', '/', '　', '\n']).map(str::trim).filter(|part| !part.is_empty()).collect();
    (2..=8).contains(&parts.len()) && parts.iter().all(|part| part.chars().count() <= 10)
}

#[cfg(test)]
mod tests;
