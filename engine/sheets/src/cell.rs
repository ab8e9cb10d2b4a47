//! A cell and a row, as readers hand them over whatever the file was.

use std::borrow::Cow;

use jiff::civil::DateTime;

/// A cell of a sheet or of a CSV file.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Cell {
    /// Nothing.
    #[default]
    Empty,
    /// Text; every cell of a CSV file.
    Text(String),
    /// A number. Spreadsheets know only binary fractions.
    Number(f64),
    /// Yes or no.
    Bool(bool),
    /// A date, with a time where the cell has one.
    DateTime(DateTime),
    /// An error such as `#REF!`.
    Error(String),
}

impl Cell {
    /// The cell as it would be typed.
    pub fn to_text(&self) -> Cow<'_, str> {
        match self {
            Self::Empty => Cow::Borrowed(""),
            Self::Text(text) | Self::Error(text) => Cow::Borrowed(text),
            // The shortest decimal that reads back as the same binary fraction: 0.1 is "0.1", 12.0 is "12".
            Self::Number(number) => Cow::Owned(number.to_string()),
            Self::Bool(answer) => Cow::Borrowed(if *answer { "はい" } else { "いいえ" }),
            Self::DateTime(at) if at.time() == jiff::civil::Time::midnight() => Cow::Owned(at.date().to_string()),
            Self::DateTime(at) => Cow::Owned(at.strftime("%Y-%m-%d %H:%M:%S").to_string()),
        }
    }

    /// Whether a person would see nothing in it.
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => text.trim().is_empty(),
            _ => false,
        }
    }
}

/// A row of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SheetRow {
    /// The line or row number in the file, from 1.
    pub line: u64,
    /// The cells; rows may differ in length.
    pub cells: Vec<Cell>,
}

impl SheetRow {
    /// Whether nothing is in any cell.
    pub fn is_empty(&self) -> bool {
        self.cells.iter().all(|cell| cell.to_text().trim().is_empty())
    }

    /// The cell of a column; empty where the row is shorter.
    pub fn cell(&self, column: usize) -> &Cell {
        self.cells.get(column).unwrap_or(&Cell::Empty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_reads_as_it_would_be_typed() {
        for (cell, text) in [
            (Cell::Number(12.0), "12"),
            (Cell::Number(0.1), "0.1"),
            (Cell::Number(f64::NAN), "NaN"),
            (Cell::DateTime(jiff::civil::date(2021, 5, 1).at(0, 0, 0, 0)), "2021-05-01"),
            (Cell::DateTime(jiff::civil::date(2021, 5, 1).at(9, 5, 0, 0)), "2021-05-01 09:05:00"),
        ] {
            assert_eq!(cell.to_text(), text);
        }
    }
}
