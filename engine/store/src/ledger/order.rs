//! In which order a list stands, and which index serves it.
//!
//! NULLs come last in either direction, and the row number breaks ties, so that an order is total and a page can go on
//! where the one before it ended. Neither store's own NULL order is like that in both directions. The first column is
//! therefore read in two goes, values and then NULLs, and each further column that may be NULL is preceded by its null
//! rank ([`IndexPart::NullRank`]).

use kawasemi_schema::LedgerDef;
use kawasemi_schema::ledger::SYSTEM_PROPERTIES;

use crate::table::IndexPart;

/// An order of records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Order {
    pub(crate) columns: Vec<SortColumn>,
}

/// One column of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortColumn {
    /// The column.
    pub column: String,
    /// From large to small.
    pub descending: bool,
    /// Whether it may be NULL.
    pub nullable: bool,
}

impl Order {
    /// The order by these columns; by creation, newest first, where there are none. A column that occurs twice counts
    /// once.
    #[must_use]
    pub fn by(columns: Vec<SortColumn>) -> Self {
        let mut order = Self::default();
        for column in columns {
            if !order.columns.iter().any(|known| known.column == column.column) {
                order.columns.push(column);
            }
        }
        order
    }

    /// Whether records of equal columns stand from the newest to the oldest. It follows the first column, so that one
    /// index serves an order and its reverse.
    pub(crate) fn ties_descend(&self) -> bool {
        self.columns.first().is_none_or(|column| column.descending)
    }

    /// The parts of the index that serves this order, for the rows of one value of the scope or for all rows. An order
    /// that begins descending is turned round as a whole: the index is read from its end.
    pub(crate) fn index(&self, scope: Option<&str>) -> Vec<IndexPart> {
        let turned = self.ties_descend();
        let mut parts = Vec::new();
        parts.extend(scope.map(|name| IndexPart::Column { name: name.to_owned(), descending: false }));
        for (position, column) in self.columns.iter().enumerate() {
            if Some(column.column.as_str()) == scope {
                continue;
            }
            if position > 0 && column.nullable {
                parts.push(IndexPart::NullRank { name: column.column.clone(), descending: turned });
            }
            parts.push(IndexPart::Column { name: column.column.clone(), descending: column.descending != turned });
        }
        parts.push(IndexPart::RowNumber);
        parts
    }
}

/// The column by which a field or a system property sorts.
pub(crate) fn column(def: &LedgerDef, key: &str, descending: bool) -> Option<SortColumn> {
    if let Some(field) = def.field(key) {
        let column = field.sort_column()?;
        return Some(SortColumn { column, descending, nullable: true });
    }
    let known = SYSTEM_PROPERTIES.iter().any(|(name, _)| *name == key);
    known.then(|| SortColumn { column: key.to_owned(), descending, nullable: key == "number" })
}
