//! From text to rows of cells: tabs, commas, or columns set with spaces.
//!
//! The splitter is our own for one reason: a paper is no clean CSV. A quotation mark that is never closed, which a CSV
//! reader takes as a cell reaching to the end of the file, is here an ordinary character, and every row knows the line on
//! which it began.

use super::labels::{Role, role_of};
use super::warning::{Warning, WarningKind, quoted};
use super::{MAX_PAPER_ROWS, PaperError, layout, loose};

/// The most lines of a text with single spaces of which it may be doubtful where they belong.
const DOUBTS_MAX: usize = 5;

/// A row of raw cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// The line on which it begins, from 1.
    pub(super) line: usize,
    /// The cells as they stand in the file.
    pub(super) cells: Vec<String>,
    /// Whether a line break ends it, as it does unless the file stops here.
    pub(super) terminated: bool,
}

/// The rows of a file.
#[derive(Debug)]
pub(super) struct Rows {
    /// The rows, blank ones included.
    pub(super) rows: Vec<Row>,
    /// What stood between two cells and may stand between two parts of one text again.
    pub(super) glue: &'static str,
    /// What is to be said about how the cells were told apart.
    pub(super) remarks: Vec<Warning>,
}

/// What separates the cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Separator {
    Char(char),
    /// An ideographic space or at least two spaces.
    Spaces,
    /// One space.
    Space,
}

/// Splits a text into rows, by the separator under which most heading rows and labels appear.
pub(super) fn read(text: &str, knows_theme: impl Fn(&str) -> bool) -> Result<Rows, PaperError> {
    let mut best: Option<(usize, Rows)> = None;
    const SEPARATORS: [Separator; 6] = [
        Separator::Char('\t'),
        Separator::Char(','),
        Separator::Char(';'),
        Separator::Char('|'),
        Separator::Spaces,
        Separator::Space,
    ];
    for separator in SEPARATORS {
        let Some(rows) = split(text, separator, &knows_theme)? else { continue };
        let recognised = rows.rows.iter().map(recognised_cells).collect::<Vec<usize>>();
        // A row that shows all headings of a table is proof enough; the other separators need not be tried.
        if recognised.iter().any(|cells| *cells >= 3) {
            best = Some((usize::MAX, rows));
            break;
        }
        let score = recognised.into_iter().sum::<usize>();
        if score > best.as_ref().map_or(0, |(score, _)| *score) {
            best = Some((score, rows));
        }
    }
    let (_, rows) = best.ok_or(PaperError::NotAPaper)?;
    // Labels and names one below the other are what remains of a table whose columns were lost: read as text they would all
    // become basic ideas.
    let is_table = rows.rows.iter().any(|row| row.cells.iter().filter(|cell| !cell.trim().is_empty()).count() > 1);
    if is_table { Ok(rows) } else { Err(PaperError::NoColumns) }
}

/// How many cells of a row are a heading or a label; a department's label alone counts as one.
fn recognised_cells(row: &Row) -> usize {
    let roles = row.cells.iter().filter_map(|cell| role_of(cell)).collect::<Vec<Role>>();
    match roles.as_slice() {
        [] | [Role::Theme | Role::Title | Role::Summary | Role::BasicIdea] => {
            usize::from(row.cells.iter().any(|cell| super::labels::begins_with_department(cell)))
        }
        several => several.len(),
    }
}

/// The rows with one separator; none where the text can't be set so.
fn split(text: &str, separator: Separator, knows_theme: impl Fn(&str) -> bool) -> Result<Option<Rows>, PaperError> {
    Ok(match separator {
        Separator::Char(character) => {
            let glue = match character {
                ',' => ",",
                ';' => ";",
                _ => "",
            };
            Some(Rows { rows: Splitter::new(text, character).rows()?, glue, remarks: Vec::new() })
        }
        Separator::Spaces => Some(at_spaces(lines(text)?, knows_theme)),
        // Where many lines are doubtful, names were broken too: no reading of them is better than a wrong one.
        Separator::Space => loose::read(&lines(text)?, knows_theme).filter(|read| read.doubtful.len() <= DOUBTS_MAX).map(|read| {
            let doubts = read.doubtful.iter().map(|(line, text)| {
                let message = format!("空白のある行を前の行の続きとして取り込みました。取り組み名の続きが混ざっていないか、元の文書と見比べてください。{}", quoted(text));
                Warning::about(*line, WarningKind::Joined, message, text)
            });
            let remarks = told_joined(read.joined).into_iter().chain(doubts).collect();
            Rows { rows: read.rows, glue: " ", remarks }
        }),
    })
}

/// The lines of a text as rows of one cell.
pub(super) fn lines(text: &str) -> Result<Vec<Row>, PaperError> {
    Splitter::new(text, '\u{0}').rows()
}

fn at_spaces(mut rows: Vec<Row>, knows_theme: impl Fn(&str) -> bool) -> Rows {
    if let Some(laid) = layout::read(&rows, knows_theme) {
        return Rows { rows: laid.rows, glue: " ", remarks: told_joined(laid.joined).into_iter().collect() };
    }
    for row in &mut rows {
        row.cells = row.cells.iter().flat_map(|cell| cells_at_spaces(cell)).collect();
    }
    Rows { rows, glue: " ", remarks: Vec::new() }
}

/// One remark on all lines that were put to the row above, since each of them is as it should be.
fn told_joined(joined: usize) -> Option<Warning> {
    let message = format!("空白で列をそろえた文章として読み、折り返された{joined}行を前の行につなげました。");
    (joined > 0).then(|| Warning::new(1, WarningKind::Wrapped, message))
}

fn cells_at_spaces(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut gap = String::new();
    for c in line.chars() {
        if c == ' ' || c == '\u{3000}' {
            gap.push(c);
            continue;
        }
        let is_separator = gap.contains('\u{3000}') || gap.len() >= 2;
        if is_separator {
            cells.push(String::new());
        } else if let Some(cell) = cells.last_mut() {
            cell.push_str(&gap);
        }
        gap.clear();
        if let Some(cell) = cells.last_mut() {
            cell.push(c);
        }
    }
    cells
}

/// Splits at one separator character, with cells in quotation marks where these are well formed.
struct Splitter<'t> {
    rest: &'t str,
    separator: char,
    line: usize,
    /// Set once a quotation mark was found unclosed: the later ones cannot be closed either.
    no_more_quotes: bool,
}

impl<'t> Splitter<'t> {
    fn new(text: &'t str, separator: char) -> Self {
        Self { rest: text, separator, line: 1, no_more_quotes: false }
    }

    fn rows(mut self) -> Result<Vec<Row>, PaperError> {
        let mut rows = Vec::new();
        while !self.rest.is_empty() {
            rows.push(self.row());
            if rows.len() > MAX_PAPER_ROWS {
                return Err(PaperError::TooManyRows { rows: rows.len() + self.rest.lines().count() });
            }
        }
        Ok(rows)
    }

    fn row(&mut self) -> Row {
        let line = self.line;
        let mut cells = Vec::new();
        loop {
            cells.push(self.cell());
            match self.rest.chars().next() {
                Some(c) if c == self.separator => self.skip(c),
                Some(c) => {
                    self.end_line(c);
                    return Row { line, cells, terminated: true };
                }
                None => return Row { line, cells, terminated: false },
            }
        }
    }

    /// Takes the cell up to the separator, the line break or the end, which remain.
    fn cell(&mut self) -> String {
        if let Some(cell) = self.quoted_cell() {
            return cell;
        }
        let separator = self.separator;
        let end = self.rest.find(|c| c == separator || is_line_break(c)).unwrap_or(self.rest.len());
        let (cell, rest) = self.rest.split_at(end);
        self.rest = rest;
        cell.to_owned()
    }

    /// A cell in quotation marks, if it is well formed: doubled inside, and closed right before the next separator.
    fn quoted_cell(&mut self) -> Option<String> {
        let inside = self.rest.strip_prefix('"').filter(|_| !self.no_more_quotes)?;
        let mut from = 0;
        loop {
            let Some(quote) = inside[from..].find('"').map(|at| from + at) else {
                self.no_more_quotes = true;
                return None;
            };
            let after = &inside[quote + 1..];
            match after.chars().next() {
                Some('"') => from = quote + 2,
                Some(c) if c != self.separator && !is_line_break(c) => return None,
                _ => {
                    self.line += inside[..quote].matches('\n').count();
                    self.rest = after;
                    return Some(inside[..quote].replace("\"\"", "\""));
                }
            }
        }
    }

    fn skip(&mut self, c: char) {
        self.rest = &self.rest[c.len_utf8()..];
    }

    fn end_line(&mut self, c: char) {
        self.skip(c);
        if c == '\r' && self.rest.starts_with('\n') {
            self.skip('\n');
        }
        // A form feed ends a row but is no line for an editor.
        self.line += usize::from(c != '\u{C}');
    }
}

fn is_line_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str, separator: Separator) -> Vec<Vec<String>> {
        split(text, separator, |_| false).unwrap().unwrap().rows.into_iter().map(|row| row.cells).collect()
    }

    #[test]
    fn splits_tabs_commas_and_spaces() {
        assert_eq!(cells("a\tb\t\r\n\tc", Separator::Char('\t')), [vec!["a", "b", ""], vec!["", "c"]]);
        assert_eq!(cells("\"a,\"\"b\"\"\",c\n", Separator::Char(',')), [["a,\"b\"", "c"]]);
        assert_eq!(cells("a b  c\n　d　e f", Separator::Spaces), [vec!["a b", "c"], vec!["", "d", "e f"]]);
    }

    #[test]
    fn a_quoted_cell_may_span_lines_and_the_next_row_knows_its_line() {
        let rows = Splitter::new("x,\"一\n二\"\ny,z", ',').rows().unwrap();
        assert_eq!(rows[0].cells, ["x", "一\n二"]);
        assert_eq!((rows[1].line, rows[1].terminated), (3, false));
    }

    #[test]
    fn a_quotation_mark_out_of_place_is_a_character() {
        assert_eq!(cells("\"安全\"な町,b\n\"c,d", Separator::Char(',')), [["\"安全\"な町", "b"], ["\"c", "d"]]);
    }

    #[test]
    fn many_unclosed_quotation_marks_take_no_longer_than_the_text() {
        let text = "\"a\t".repeat(400_000);
        assert_eq!(cells(&text, Separator::Char('\t'))[0].len(), 400_001);
    }

    #[test]
    fn the_separator_is_the_one_that_shows_the_headings() {
        for text in [
            "重点項目\t取り組み名\t取り組みの概要\n",
            "重点項目,取り組み名,取り組みの概要\n",
            "重点項目　取り組み名　取り組みの概要\n",
        ] {
            assert_eq!(read(text, |_| false).unwrap().rows[0].cells, ["重点項目", "取り組み名", "取り組みの概要"]);
        }
        assert_eq!(read("今日は,よい\t天気", |_| false).unwrap_err(), PaperError::NotAPaper);
        let lost = "部局名\n市長室\n重点項目\n取り組み名\n取り組みの概要\n財務体質の強化\n";
        assert_eq!(read(lost, |_| false).unwrap_err(), PaperError::NoColumns);
    }
}
