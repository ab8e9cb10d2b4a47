//! What comes back from a query: rows of cells with typed getters.
//!
//! The two databases answer with slightly different types (SQLite has no booleans and no ids). The getters level this
//! out: ask for the type that the column was declared with, and both stores give the same answer. A value of another
//! type is an error, never a panic and never a silent conversion.

use std::sync::Arc;

use uuid::Uuid;

use crate::error::{Result, StoreError};

/// One value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// No value.
    Null,
    /// Yes or no (PostgreSQL only; SQLite answers [`Cell::Int`]).
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A floating-point number.
    Real(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
    /// An id (PostgreSQL only; SQLite answers 16 bytes).
    Id(Uuid),
}

impl Cell {
    fn kind(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Bool(_) => "boolean",
            Self::Int(_) => "integer",
            Self::Real(_) => "real",
            Self::Text(_) => "text",
            Self::Blob(_) => "blob",
            Self::Id(_) => "uuid",
        }
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

/// One row of an answer, with the names of its columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    columns: Arc<[String]>,
    cells: Vec<Cell>,
}

impl Row {
    /// Creates a row; all rows of an answer share their column names.
    #[must_use]
    pub fn new(columns: Arc<[String]>, cells: Vec<Cell>) -> Self {
        Self { columns, cells }
    }

    /// The value of a column by its position, as the type asked for.
    ///
    /// # Errors
    /// [`StoreError::Decode`] when there is no such column or its value is of another type (NULL included, unless an
    /// `Option` is asked for).
    pub fn get<T: FromCell>(&self, index: usize) -> Result<T> {
        let cell = self.cells.get(index).ok_or_else(|| self.decode_error(index, "a column"))?;
        T::from_cell(cell.clone()).map_err(|cell| self.decode_error(index, &mismatch::<T>(&cell)))
    }

    /// As [`Row::get`], taking the value out of the row instead of copying it.
    ///
    /// # Errors
    /// As [`Row::get`].
    pub fn take<T: FromCell>(&mut self, index: usize) -> Result<T> {
        let cell = match self.cells.get_mut(index) {
            Some(cell) => std::mem::replace(cell, Cell::Null),
            None => return Err(self.decode_error(index, "a column")),
        };
        T::from_cell(cell).map_err(|cell| self.decode_error(index, &mismatch::<T>(&cell)))
    }

    /// The value of a column by its name. Positions are quicker; names are for wide rows.
    ///
    /// # Errors
    /// As [`Row::get`].
    pub fn named<T: FromCell>(&self, column: &str) -> Result<T> {
        let index = self.columns.iter().position(|name| name == column);
        let index = index.ok_or_else(|| StoreError::Decode {
            column: column.to_owned(),
            detail: "the answer has no such column".to_owned(),
        })?;
        self.get(index)
    }

    /// The names of the columns.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The cells, in the order of the columns.
    #[must_use]
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// The cells, taken out of the row.
    #[must_use]
    pub fn into_cells(self) -> Vec<Cell> {
        self.cells
    }

    fn decode_error(&self, index: usize, detail: &str) -> StoreError {
        StoreError::Decode {
            column: self.columns.get(index).cloned().unwrap_or_else(|| format!("#{index}")),
            detail: detail.to_owned(),
        }
    }
}

fn mismatch<T: FromCell>(cell: &Cell) -> String {
    format!("expected {}, found {}", T::KIND, cell.kind())
}

/// A Rust type that a cell can be read as.
pub trait FromCell: Sized {
    /// The type's name in error messages.
    const KIND: &'static str;

    /// Reads the cell, or gives it back when it is of another type.
    ///
    /// # Errors
    /// The cell itself.
    fn from_cell(cell: Cell) -> Result<Self, Cell>;
}

impl FromCell for Cell {
    const KIND: &'static str = "any value";

    fn from_cell(cell: Cell) -> Result<Self, Cell> {
        Ok(cell)
    }
}

impl FromCell for bool {
    const KIND: &'static str = "boolean";

    fn from_cell(cell: Cell) -> Result<Self, Cell> {
        match cell {
            Cell::Bool(value) => Ok(value),
            Cell::Int(0) => Ok(false),
            Cell::Int(1) => Ok(true),
            other => Err(other),
        }
    }
}

impl FromCell for i64 {
    const KIND: &'static str = "integer";

    fn from_cell(cell: Cell) -> Result<Self, Cell> {
        match cell {
            Cell::Int(value) => Ok(value),
            Cell::Bool(value) => Ok(value.into()),
            other => Err(other),
        }
    }
}

impl FromCell for f64 {
    const KIND: &'static str = "real";

    fn from_cell(cell: Cell) -> Result<Self, Cell> {
        match cell {
            Cell::Real(value) => Ok(value),
            // Averages and coordinates that happen to be whole are integers to SQLite; exact below 2^53.
            #[expect(clippy::cast_precision_loss, reason = "the column is declared real")]
            Cell::Int(value) => Ok(value as f64),
            other => Err(other),
        }
    }
}

impl FromCell for String {
    const KIND: &'static str = "text";

    fn from_cell(cell: Cell) -> Result<Self, Cell> {
        match cell {
            Cell::Text(value) => Ok(value),
            other => Err(other),
        }
    }
}

impl FromCell for Vec<u8> {
    const KIND: &'static str = "blob";

    fn from_cell(cell: Cell) -> Result<Self, Cell> {
        match cell {
            Cell::Blob(value) => Ok(value),
            other => Err(other),
        }
    }
}

impl FromCell for Uuid {
    const KIND: &'static str = "uuid";

    fn from_cell(cell: Cell) -> Result<Self, Cell> {
        match cell {
            Cell::Id(value) => Ok(value),
            Cell::Blob(bytes) => Uuid::from_slice(&bytes).map_err(|_| Cell::Blob(bytes)),
            other => Err(other),
        }
    }
}

impl<T: FromCell> FromCell for Option<T> {
    const KIND: &'static str = T::KIND;

    fn from_cell(cell: Cell) -> Result<Self, Cell> {
        match cell {
            Cell::Null => Ok(None),
            other => T::from_cell(other).map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: Vec<Cell>) -> Row {
        let columns: Vec<String> = (0..cells.len()).map(|n| format!("c{n}")).collect();
        Row::new(columns.into(), cells)
    }

    #[test]
    fn both_stores_forms_of_a_value_read_alike() {
        let id = Uuid::from_u128(7);
        let sqlite = row(vec![Cell::Int(1), Cell::Blob(id.as_bytes().to_vec())]);
        let postgres = row(vec![Cell::Bool(true), Cell::Id(id)]);
        for row in [sqlite, postgres] {
            assert_eq!(row.get::<bool>(0), Ok(true));
            assert_eq!(row.named::<Uuid>("c1"), Ok(id));
        }
    }

    #[test]
    fn another_type_and_a_missing_column_are_errors() {
        let row = row(vec![Cell::Text("7".into()), Cell::Null]);
        assert!(row.get::<i64>(0).is_err());
        assert!(row.get::<String>(1).is_err());
        assert_eq!(row.get::<Option<String>>(1), Ok(None));
        assert!(row.get::<i64>(9).is_err());
        assert!(row.named::<i64>("none").is_err());
    }
}
