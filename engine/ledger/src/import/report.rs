//! What an import found and did, kept within bounds however bad the file is.

use kawasemi_kernel::csv_safe::guard;
use kawasemi_sheets::report::Report;
use serde::{Deserialize, Serialize};

use super::file::{Look, Refused, SheetRow};
use super::mapping::Mapping;
use crate::field::{Cell, FieldError};

/// Most problems that are kept one by one.
const KEPT: usize = 10_000;
/// Longest part of a value that is quoted, in characters.
const QUOTED: usize = 60;

/// The outcome of an import or of its dry run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportReport {
    /// Rows that were read.
    pub rows: u64,
    /// Records that were, or would be, made.
    pub created: u64,
    /// Records that were, or would be, changed.
    pub updated: u64,
    /// Rows that say what their record says already.
    pub unchanged: u64,
    /// Rows with mistakes.
    pub bad: u64,
    /// The mistakes, the first ten thousand of them.
    pub problems: Vec<Problem>,
    /// The batch under which records were made, for undoing; none for a dry run, or where nothing was written.
    pub batch: Option<i64>,
    /// Whether anything was written.
    pub is_applied: bool,
    /// What was understood, guessed and left.
    #[serde(default)]
    pub understood: Report,
}

/// One mistake in one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The line or row in the file, from 1; of forms the number of the file.
    pub line: u64,
    /// The file, where there are several.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub file: String,
    /// The heading of the column, or the field's name; empty for the whole row.
    pub column: String,
    /// The value, shortened.
    pub value: String,
    /// What is wrong and what to do.
    pub reason: String,
}

impl ImportReport {
    /// Notes the mistakes of a row.
    pub(super) fn refuse(&mut self, row: &SheetRow, mapping: &Mapping, look: &Look, errors: Vec<FieldError>) {
        self.bad += 1;
        let file = look.file_of(row).unwrap_or_default();
        for error in errors {
            if self.problems.len() >= KEPT {
                return;
            }
            let column = mapping.columns.iter().position(|target| *target == error.field);
            let heading = column.and_then(|column| look.headings.get(column)).cloned();
            let value = match mapping.cell(row, &error.field) {
                // A place that can't be taken has its reason instead of a value.
                Cell::Error(said) if *said == error.message => String::new(),
                cell => cell.to_text().chars().take(QUOTED).collect(),
            };
            self.problems.push(Problem {
                line: row.line,
                file: file.to_string(),
                column: heading.unwrap_or(error.label),
                value,
                reason: error.message,
            });
        }
    }

    /// Notes the files of forms that were refused before their values were read.
    pub(super) fn refuse_files(&mut self, refused: &[Refused]) {
        self.rows += refused.len() as u64;
        self.bad += refused.len() as u64;
        let problem = |refused: &Refused| Problem {
            line: refused.line,
            file: refused.file.clone(),
            column: String::new(),
            value: String::new(),
            reason: refused.reason.clone(),
        };
        self.problems.extend(refused.iter().take(KEPT).map(problem));
    }

    /// Whether there were more mistakes than are kept.
    pub fn is_cut(&self) -> bool {
        self.problems.len() >= KEPT
    }

    /// The mistakes as CSV in UTF-8 with a byte order mark, to be worked through in a spreadsheet.
    pub fn to_csv(&self) -> String {
        let mut out = String::from("\u{FEFF}行,列,値,理由,ファイル\r\n");
        for problem in &self.problems {
            let cells = [&problem.line.to_string(), &problem.column, &problem.value, &problem.reason, &problem.file];
            let quoted = cells.map(|cell| format!("\"{}\"", guard(cell).replace('"', "\"\"")));
            out.push_str(&quoted.join(","));
            out.push_str("\r\n");
        }
        out
    }
}

/// How far an import has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Rows that were read.
    pub rows: u64,
    /// Rows with mistakes.
    pub bad: u64,
    /// Whether it is the second reading, which changes the records that were there before.
    pub is_updating: bool,
}
