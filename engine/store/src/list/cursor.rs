//! Where a page ended, to be handed back for the next one.
//!
//! The text form is opaque to its holder but not secret: it has the sort keys of the last record, so a list may only be
//! sorted by fields that its reader may see.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::ledger::Order;
use crate::row::Cell;
use crate::sql::Param;

/// The sort keys of a record, by which the records after it are found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    #[serde(rename = "o")]
    order: String,
    #[serde(rename = "k")]
    keys: Vec<Key>,
    #[serde(rename = "n")]
    n: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Key {
    #[serde(rename = "z")]
    Null,
    #[serde(rename = "b")]
    Bool(bool),
    #[serde(rename = "i")]
    Int(i64),
    #[serde(rename = "r")]
    Real(f64),
    #[serde(rename = "t")]
    Text(String),
    #[serde(rename = "x")]
    Blob(Vec<u8>),
    #[serde(rename = "u")]
    Id(uuid::Uuid),
}

impl Cursor {
    pub(super) fn new(order: &Order, keys: Vec<Cell>, n: i64) -> Self {
        Self { order: describe(order), keys: keys.into_iter().map(Key::from).collect(), n }
    }

    /// The keys as parameters, one for each column of the order; refused when it is the cursor of another order.
    pub(super) fn keys(&self, order: &Order) -> Result<Vec<Param>, StoreError> {
        if self.order != describe(order) || self.keys.len() != order.columns.len() {
            return Err(refused());
        }
        Ok(self.keys.iter().map(Key::param).collect())
    }

    pub(super) fn row_number(&self) -> i64 {
        self.n
    }
}

fn describe(order: &Order) -> String {
    let columns = order.columns.iter().map(|column| {
        let direction = if column.descending { "-" } else { "" };
        format!("{direction}{}", column.column)
    });
    columns.collect::<Vec<_>>().join(",")
}

fn refused() -> StoreError {
    StoreError::refused("一覧の続きの位置が正しくありません。一覧を最初から開き直してください。")
}

impl From<Cell> for Key {
    fn from(cell: Cell) -> Self {
        match cell {
            Cell::Null => Self::Null,
            Cell::Bool(value) => Self::Bool(value),
            Cell::Int(value) => Self::Int(value),
            Cell::Real(value) => Self::Real(value),
            Cell::Text(value) => Self::Text(value),
            Cell::Blob(value) => Self::Blob(value),
            Cell::Id(value) => Self::Id(value),
        }
    }
}

impl Key {
    fn param(&self) -> Param {
        match self {
            Self::Null => Param::Null,
            Self::Bool(value) => Param::Bool(*value),
            Self::Int(value) => Param::Int(*value),
            Self::Real(value) => Param::Real(*value),
            Self::Text(value) => Param::Text(value.clone()),
            Self::Blob(value) => Param::Blob(value.clone()),
            Self::Id(value) => Param::Id(*value),
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_vec(self).map_err(|_| fmt::Error)?;
        f.write_str(&URL_SAFE_NO_PAD.encode(json))
    }
}

impl FromStr for Cursor {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| refused())?;
        serde_json::from_slice(&json).map_err(|_| refused())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::SortColumn;

    fn by(column: &str) -> Order {
        Order::by(vec![SortColumn { column: column.to_owned(), descending: false, nullable: true }])
    }

    #[test]
    fn a_cursor_survives_its_text_form() {
        let cursor = Cursor::new(&by("name"), vec![Cell::Text("城山公園".into())], 7);
        let read: Cursor = cursor.to_string().parse().unwrap();
        assert_eq!(read, cursor);
        assert_eq!(read.keys(&by("name")), Ok(vec![Param::Text("城山公園".into())]));
    }

    #[test]
    fn a_foreign_cursor_is_refused() {
        let cursor = Cursor::new(&by("name"), vec![Cell::Null], 7);
        assert!(cursor.keys(&by("area")).is_err());
        for text in ["", "x", "e30", "%%%"] {
            assert!(text.parse::<Cursor>().is_err(), "{text}");
        }
    }
}
