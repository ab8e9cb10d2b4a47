//! Rows of a file as an office makes it: CSV in UTF-8 or CP932, or a workbook, with a line of headings that people word
//! differently.

use std::collections::HashMap;
use std::path::Path;

use kawasemi_kernel::text::{fold, tidy_line};
use kawasemi_ledger::import::{FileError, FileOptions, look, rows_below};

/// A row of a file, its cells by heading.
#[derive(Clone, Debug)]
pub struct Line {
    /// The line in the file, from 1.
    pub number: u64,
    cells: HashMap<String, String>,
}

impl Line {
    /// The first cell that is filled under one of several headings.
    pub fn get(&self, headings: &[&str]) -> Option<&str> {
        headings.iter().find_map(|heading| self.cells.get(&fold(heading))).map(String::as_str)
    }

    /// The same as a value of its own, empty where there is none.
    pub fn text(&self, headings: &[&str]) -> String {
        self.get(headings).unwrap_or_default().to_owned()
    }
}

/// What is wrong with one line of a file, and whom or what the line was about.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct LineProblem {
    /// The line, the heading being line 1; 0 where no single line is meant.
    pub line: u64,
    /// Whom or what the line is about, as the file names it.
    pub about: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl std::fmt::Display for LineProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.line > 0 {
            write!(f, "{}行目 ", self.line)?;
        }
        write!(f, "{}: {}", self.about, self.message)
    }
}

/// Reads all rows of a file. Every one of `required` (each a list of headings that mean the same) must have a column.
///
/// # Errors
/// When the file can't be read as rows, or a column is missing; in words for the person who made it.
pub fn read(path: &Path, required: &[&[&str]]) -> Result<Vec<Line>, String> {
    let options = FileOptions::default();
    let looked = look(path, &options).map_err(|error| error.to_string())?;
    let headings: Vec<String> = looked.headings.iter().map(|heading| fold(heading)).collect();
    let missing = required.iter().filter(|names| !names.iter().any(|name| headings.contains(&fold(name))));
    let missing: Vec<&str> = missing.filter_map(|names| names.first().copied()).collect();
    if !missing.is_empty() {
        return Err(format!(
            "見出しの列「{}」がありません。{}行目を見出しとして読みました。見出しの行を確かめてください。",
            missing.join("」「"),
            looked.header
        ));
    }
    let (mut lines, mut failed) = (Vec::new(), None::<FileError>);
    rows_below(path, &options, &looked, &mut |row| match row {
        Ok(row) => {
            let cell = |n: usize| tidy_line(&row.cell(n).to_text());
            let cells = headings.iter().enumerate().map(|(n, heading)| (heading.clone(), cell(n)));
            lines.push(Line { number: row.line, cells: cells.filter(|(_, cell)| !cell.is_empty()).collect() });
            true
        }
        Err(error) => {
            failed = Some(error);
            false
        }
    })
    .map_err(|error| error.to_string())?;
    match failed {
        Some(error) => Err(error.to_string()),
        None => Ok(lines),
    }
}
