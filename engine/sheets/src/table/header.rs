//! Where the headings of a table are: one row or several, with parents over their columns, units and numbers below.

use super::words::{heading, is_label, is_unit, ordinal};
use crate::book::{Frame, RawRow};
use crate::cell::Cell;
use crate::place::Area;

/// Most rows of headings.
const MOST: u64 = 4;

/// The rows at the beginning of a sheet, as far as a table may lie in them.
pub(super) struct Head<'a> {
    pub(super) rows: &'a [RawRow],
    pub(super) frame: &'a Frame,
    /// The columns in which something stands.
    pub(super) columns: Vec<u32>,
}

/// Rows that belong to the headings, by their lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) first: u64,
    pub(super) last: u64,
}

impl Head<'_> {
    fn row(&self, line: u64) -> Option<&RawRow> {
        self.rows.iter().find(|row| row.line == line)
    }

    fn filled(&self, row: &RawRow) -> usize {
        self.columns.iter().filter(|column| !row.cell(**column as usize).is_blank()).count()
    }

    /// The first row at least as full as half of the fullest, which passes over a title and a date above the headings.
    pub(super) fn find(&self) -> Option<u64> {
        let fullest = self.rows.iter().map(|row| self.filled(row)).max()?;
        self.rows.iter().find(|row| self.filled(row) * 2 > fullest).map(|row| row.line)
    }

    /// All rows of headings around one of them.
    pub(super) fn span(&self, line: u64) -> Span {
        let mut span = Span { first: line, last: line };
        while span.last - span.first + 1 < MOST && span.first > 1 && self.is_parent(span.first - 1, span.first) {
            span.first -= 1;
        }
        loop {
            // Headings that are merged downwards say how far the headings go.
            let deepest = self.merges_from(span.first, span.last).map(|area| u64::from(area.last.row) + 1).max();
            let deepest = deepest.filter(|last| *last < span.first + MOST && self.row(*last + 1).is_some());
            if let Some(last) = deepest.filter(|last| *last > span.last) {
                span.last = last;
            } else if span.last - span.first + 1 < MOST && self.is_parent(span.last, span.last + 1) {
                span.last += 1;
            } else {
                return span;
            }
        }
    }

    /// The merged areas that begin in these rows.
    fn merges_from(&self, first: u64, last: u64) -> impl Iterator<Item = &Area> {
        self.frame.merges.iter().filter(move |area| {
            let line = u64::from(area.first.row) + 1;
            first <= line && line <= last && self.columns.contains(&area.first.column)
        })
    }

    /// Whether the upper of two rows names groups of what the lower one names.
    fn is_parent(&self, upper: u64, lower: u64) -> bool {
        let (Some(above), Some(below)) = (self.row(upper), self.row(lower)) else { return false };
        // A row of values is no row of headings, and nothing stands over a heading that is not one.
        if !self.is_labels(above) || !self.is_labels(below) {
            return false;
        }
        let reaches_down = self.merges_from(upper, upper).any(|area| u64::from(area.last.row) + 1 >= lower);
        let width = self.columns.len();
        let covered = |area: &Area| self.columns.iter().filter(|c| area.has(area.first.row, **c)).count();
        let is_group = |area: &&Area| {
            let columns = covered(area);
            let alike = self
                .merges_from(lower, lower)
                .any(|other| other.first.column == area.first.column && other.last.column == area.last.column);
            // A lone wide one is a title.
            area.height() == 1
                && columns >= 2
                && !alike
                && columns < width
                && (self.filled(above) > 1 || columns * 2 <= width)
        };
        let has_groups = self.merges_from(upper, upper).any(|area| is_group(&area));
        let groups_have_parts = || {
            self.merges_from(upper, upper).filter(is_group).all(|area| {
                (area.first.column..=area.last.column).any(|column| !below.cell(column as usize).is_blank())
            })
        };
        reaches_down && self.filled(below) > 0 || has_groups && groups_have_parts() || self.completes(above, below)
    }

    /// Whether two rows without merges complete one another: the upper one has a name of its own for some columns, and for
    /// others a name of which the lower one tells the parts. That alone is also how values may lie, so the lower row must
    /// look like headings: it stands out while the row below it does not, or has words over numbers and dates.
    fn completes(&self, above: &RawRow, below: &RawRow) -> bool {
        let text = |row: &RawRow, column: u32| !row.cell(column as usize).is_blank();
        let own = self.columns.iter().any(|c| text(above, *c) && !text(below, *c));
        let shared = self
            .columns
            .windows(2)
            .any(|pair| text(above, pair[0]) && text(below, pair[0]) && !text(above, pair[1]) && text(below, pair[1]));
        let whole = self.columns.iter().all(|c| text(above, *c) || text(below, *c));
        if !(own && shared && whole) {
            return false;
        }
        let Some(next) = self.rows.iter().find(|row| row.line > below.line) else { return false };
        let stands_out = above.stand_out > 0 && below.stand_out > 0 && next.stand_out == 0;
        let over_values = self.columns.iter().any(|c| {
            text(below, *c) && matches!(next.cell(*c as usize), Cell::Number(_) | Cell::DateTime(_) | Cell::Bool(_))
        });
        stands_out || over_values
    }

    fn is_labels(&self, row: &RawRow) -> bool {
        let mut cells = self.columns.iter().map(|c| row.cell(*c as usize)).filter(|cell| !cell.is_blank()).peekable();
        cells.peek().is_some() && cells.all(|cell| is_label(cell) || matches!(cell, Cell::DateTime(_)))
    }

    /// The heading of a column: what stands over it from the top, each once, joined by `／`.
    pub(super) fn heading(&self, span: Span, column: u32) -> String {
        let mut names: Vec<String> = Vec::new();
        for line in span.first..=span.last {
            let name = heading(&self.heading_at(span, line, column));
            if !name.is_empty() && names.last() != Some(&name) {
                names.push(name);
            }
        }
        names.join("／")
    }

    fn heading_at(&self, span: Span, line: u64, column: u32) -> String {
        let text = |line: u64, column: u32| {
            self.row(line).map(|row| row.cell(column as usize).to_text().into_owned()).unwrap_or_default()
        };
        let row = u32::try_from(line.saturating_sub(1)).unwrap_or(u32::MAX);
        if let Some(area) = self.frame.merges.iter().find(|area| area.has(row, column)) {
            return text(u64::from(area.first.row) + 1, area.first.column);
        }
        let own = text(line, column);
        if !own.trim().is_empty() || line == span.last {
            return own;
        }
        // Without merges a group's name stands over its first part only.
        let below = |column: u32| (line + 1..=span.last).any(|line| !text(line, column).trim().is_empty());
        if !below(column) {
            return own;
        }
        let left = self.columns.iter().rev().filter(|c| **c < column).find(|c| !text(line, **c).trim().is_empty());
        left.filter(|c| below(**c)).map(|c| text(line, *c)).unwrap_or_default()
    }

    /// Whether a heading stands in the column itself, not only in a merged area that covers it.
    pub(super) fn has_own(&self, span: Span, column: u32) -> bool {
        let rows = self.rows.iter().filter(|row| span.first <= row.line && row.line <= span.last);
        rows.into_iter().any(|row| !row.cell(column as usize).is_blank())
    }

    /// The row below the headings that only has units, and one that only numbers the columns; in either order.
    pub(super) fn below(&self, span: Span) -> (Option<u64>, Option<u64>) {
        let (mut units, mut numbers) = (None, None);
        let mut last = span.last;
        for _ in 0..2 {
            let Some(row) = self.rows.iter().find(|row| row.line > last) else { break };
            let cells: Vec<(usize, String)> = self
                .columns
                .iter()
                .enumerate()
                .map(|(index, c)| (index, row.cell(*c as usize).to_text().into_owned()))
                .filter(|(_, text)| !text.trim().is_empty())
                .collect();
            // Something must be left for the table.
            if self.rows.iter().all(|other| other.line <= row.line) {
                break;
            }
            if units.is_none() && !cells.is_empty() && cells.iter().all(|(_, text)| is_unit(text)) {
                units = Some(row.line);
            } else if numbers.is_none() && is_numbering(&cells) {
                numbers = Some(row.line);
            } else {
                break;
            }
            last = row.line;
        }
        (units, numbers)
    }
}

/// Whether cells count up from one, as columns of official forms are numbered. Three bare digits may be values.
fn is_numbering(cells: &[(usize, String)]) -> bool {
    let numbers: Vec<u32> = cells.iter().map_while(|(_, text)| ordinal(text)).collect();
    let is_bare = cells.iter().all(|(_, text)| text.trim().bytes().all(|b| b.is_ascii_digit()));
    numbers.len() == cells.len()
        && numbers.len() >= if is_bare { 4 } else { 3 }
        && numbers.iter().zip(1..).all(|(number, expected)| *number == expected)
}
