//! The block of a department: its name and basic ideas beside, behind or under their labels.

use super::super::clean::name;
use super::super::labels::{Role, could_announce_basic_ideas, split_inner_basic_idea, split_label};
use super::super::markup::{PlainText, plain};
use super::{Assembler, Cells};

impl Assembler {
    /// Whether a row begins with the label of a department or of its basic ideas.
    pub(super) fn is_label_row(&self, row: &Cells) -> bool {
        let Some((_, first)) = row.filled().next() else { return false };
        match split_label(&first.text()) {
            Some((Role::Department, _)) => true,
            Some(_) => self.draft.awaits_basic_ideas(),
            None => false,
        }
    }

    /// `部局名 | 市長室 | 部局運営に関する基本的考え方 | …`, with values beside, behind or under the labels.
    pub(super) fn label_row(&mut self, row: Cells) {
        self.label_width_min = Some(self.label_width_min.map_or(row.width, |min| min.min(row.width)));
        let mut values: Vec<(Role, Vec<PlainText>)> = Vec::new();
        let mut labels = Vec::new();
        let last = row.cells.iter().rposition(|cell| !cell.is_empty()).unwrap_or(0);
        for (index, cell) in row.cells.into_iter().enumerate() {
            let text = cell.paragraphs.first().cloned().unwrap_or_default();
            let is_after_name = matches!(values.as_slice(), [(Role::Department, name)] if !name.is_empty());
            if is_after_name && index < last && split_label(&text).is_none() && could_announce_basic_ideas(&text) {
                values.push((Role::BasicIdea, Vec::new()));
                continue;
            }
            match split_label(&text) {
                Some((role, rest)) => {
                    labels.push((index, role));
                    values.push((role, Vec::new()));
                    push_value(&mut values, with_first(&cell, rest));
                }
                None => push_value(&mut values, cell),
            }
        }
        self.abandon_labels();
        if values.iter().all(|(_, cells)| cells.is_empty()) {
            (self.pending_labels, self.pending_line) = (labels, row.line);
        } else {
            self.department_values(row.line, values);
        }
    }

    /// Gives up waiting for the values of a label row: a department without a name.
    pub(super) fn abandon_labels(&mut self) {
        let labels = std::mem::take(&mut self.pending_labels);
        if labels.iter().any(|(_, role)| *role == Role::Department) {
            self.draft.enter_department(self.pending_line, "");
        }
    }

    /// The row under labels that had no values beside them.
    pub(super) fn values_row(&mut self, mut row: Cells) {
        let labels = std::mem::take(&mut self.pending_labels);
        let mut values = Vec::new();
        for (index, role) in labels {
            let cell = row.cells.get_mut(index).map(std::mem::take).unwrap_or_default();
            values.push((role, vec![cell]));
        }
        self.department_values(row.line, values);
        if row.filled().next().is_some() {
            self.unplaced(&row, "部局名の行の中で、どの見出しの下にもない文です。");
        }
    }

    fn department_values(&mut self, line: usize, values: Vec<(Role, Vec<PlainText>)>) {
        for (role, cells) in values {
            if role == Role::Department {
                let mut cells = cells.into_iter().filter(|cell| !cell.is_empty());
                let first = cells.next().unwrap_or_default();
                self.department_value(line, &first);
                for cell in cells {
                    self.draft.basic_idea(line, &cell);
                }
            } else {
                for cell in cells {
                    self.draft.basic_idea(line, &cell);
                }
            }
        }
    }

    fn department_value(&mut self, line: usize, cell: &PlainText) {
        let text = cell.text();
        let (department, idea) = split_inner_basic_idea(&text);
        self.draft.enter_department(line, &name(department));
        if let Some(idea) = idea {
            self.draft.basic_idea(line, &plain(idea));
        }
    }
}

/// Adds a value to the last label; cells before any label cannot occur, since a label row begins with one.
fn push_value(values: &mut [(Role, Vec<PlainText>)], cell: PlainText) {
    if let Some((_, cells)) = values.last_mut().filter(|_| !cell.is_empty()) {
        cells.push(cell);
    }
}

/// A cell with its first paragraph replaced by what follows the label in it.
fn with_first(cell: &PlainText, rest: &str) -> PlainText {
    let mut cell = cell.clone();
    match cell.paragraphs.first_mut() {
        Some(first) if !rest.is_empty() => *first = rest.to_owned(),
        Some(_) => drop(cell.paragraphs.remove(0)),
        None => {}
    }
    cell
}
