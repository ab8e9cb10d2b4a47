//! What stands on the papers of the parks, as data for the templates under `prints/`: no page and no printer.
//!
//! - [`ledger_sheet`]: the ledger sheet (調書) with every item that the order asks for
//! - [`inspection_sheet`]: sheets to be filled in by pen
//! - [`plan_tables`]: the tables of a life-extension plan, for PDF and XLSX alike
//! - [`acceptance_list`]: a month under a contract

pub mod acceptance_list;
pub mod inspection_sheet;
pub mod ledger_sheet;
pub mod plan_tables;

use jiff::civil::Date;
use serde::Serialize;

use crate::kernel::era;

/// The template of papers made of sections.
pub const SECTIONS: &str = include_str!("../../prints/sections.typ");
/// The template of inspection sheets.
pub const INSPECTION_SHEET: &str = include_str!("../../prints/inspection-sheet.typ");

/// A section of a paper.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Section {
    /// Its heading.
    pub title: String,
    /// Facts.
    pub facts: Vec<Fact>,
    /// The headings of its table; none for no table.
    pub headings: Vec<String>,
    /// How wide the columns are, in shares.
    pub widths: Vec<u32>,
    /// Which columns hold numbers, and so stand at the right; none for none.
    pub right: Vec<bool>,
    /// The rows of its table.
    pub rows: Vec<Vec<String>>,
    /// What is said where there is nothing.
    pub none: String,
    /// Notes below.
    pub notes: Vec<String>,
}

/// A fact.
#[derive(Clone, Debug, Serialize)]
pub struct Fact {
    /// What it is.
    pub label: String,
    /// Its value.
    pub value: String,
}

impl Section {
    /// A section of one text.
    pub fn text(title: impl Into<String>, value: &str) -> Self {
        let none = if value.is_empty() { "－".to_owned() } else { value.to_owned() };
        Self { title: title.into(), none, ..Self::default() }
    }

    /// A section of a table; columns are given as heading and width.
    pub fn table(title: impl Into<String>, columns: &[(&str, u32)], rows: Vec<Vec<String>>) -> Self {
        Self {
            title: title.into(),
            headings: columns.iter().map(|(heading, _)| (*heading).to_owned()).collect(),
            widths: columns.iter().map(|(_, width)| *width).collect(),
            rows,
            none: "該当なし".to_owned(),
            ..Self::default()
        }
    }

    /// The same with facts above.
    #[must_use]
    pub fn with_facts(mut self, facts: impl IntoIterator<Item = (String, String)>) -> Self {
        self.facts.extend(facts.into_iter().map(|(label, value)| Fact { label, value: or_dash(value) }));
        self
    }

    /// The same with a note.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

/// A text, or the dash of an empty cell.
pub fn or_dash(text: String) -> String {
    if text.is_empty() { "－".to_owned() } else { text }
}

/// A date as papers write it; a dash where there is none.
pub fn day(day: Option<Date>) -> String {
    day.map_or_else(|| "－".to_owned(), era::long)
}
