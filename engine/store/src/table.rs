//! Tables as they are declared: what the store creates, and extends when a declaration grows.
//!
//! An engine that keeps something of its own (sessions, jobs) declares its tables with these builders and hands them to
//! [`crate::Store::open`]; a ledger's tables are derived from its definition ([`crate::ledger`]). Either way the database
//! is compared with the declaration when a city is opened, and what is missing is added ([`crate::ddl`]): a column is
//! never dropped or retyped here.
//!
//! ```
//! use kawasemi_store::table::{Column, Table};
//! let table = Table::new("saved_view")
//!     .column(Column::id("id"))
//!     .column(Column::text("title"))
//!     .column(Column::int("used_at").optional())
//!     .key(["id"])
//!     .index(["used_at"]);
//! assert_eq!(table.indexes[0].name, "i_saved_view__used_at");
//! ```

use sha2::{Digest as _, Sha256};

use crate::sql::SqlType;

/// PostgreSQL cuts longer names off.
const LONGEST_NAME: usize = 63;

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// The primary key; empty where the table is numbered.
    pub key: Vec<String>,
    /// Whether it has a column `n` that the database counts up, as its primary key.
    pub numbered: bool,
    /// Whether SQLite keeps the rows in the order of the key (`WITHOUT ROWID`): for short rows found by key only.
    pub clustered: bool,
    /// Its indexes and unique keys.
    pub indexes: Vec<Index>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: SqlType,
    /// Whether it may be NULL.
    pub optional: bool,
    /// A number that a row gets when nothing is said.
    pub default: Option<i64>,
    /// The table and its unique column to which values refer.
    pub references: Option<(String, String)>,
}

/// An index or a unique key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Its name, made from the table's and the columns'.
    pub name: String,
    /// What it is sorted by, in order.
    pub parts: Vec<IndexPart>,
    /// Whether no two rows may have the same values.
    pub unique: bool,
    /// Which rows it holds.
    pub rows: IndexedRows,
}

/// One part of what an index is sorted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexPart {
    /// A column.
    Column {
        /// Its name.
        name: String,
        /// From large to small.
        descending: bool,
    },
    /// 0 where a column has a value and 1 where it is NULL: makes NULLs last on both stores, whatever the direction.
    NullRank {
        /// The column's name.
        name: String,
        /// From 1 to 0.
        descending: bool,
    },
    /// The row number `n`, which SQLite's indexes end with even if nothing is said.
    RowNumber,
}

impl IndexPart {
    fn ascending(name: String) -> Self {
        Self::Column { name, descending: false }
    }

    fn label(&self) -> String {
        let direction = |descending| if descending { "_d" } else { "" };
        match self {
            Self::Column { name, descending } => format!("{name}{}", direction(*descending)),
            Self::NullRank { name, descending } => format!("{name}_z{}", direction(*descending)),
            Self::RowNumber => "n".to_owned(),
        }
    }
}

/// Which rows an index holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexedRows {
    /// All of them.
    All,
    /// Those that are not deleted.
    Live,
    /// Those that meet a condition, in SQL that both stores understand; with a name for the index's name.
    Where {
        /// A word for the condition, such as `unsealed`.
        name: &'static str,
        /// The condition, such as `"seq" IS NULL`.
        condition: &'static str,
    },
}

impl IndexedRows {
    /// The condition in SQL.
    #[must_use]
    pub fn condition(self) -> Option<&'static str> {
        match self {
            Self::All => None,
            Self::Live => Some("\"deleted_at\" IS NULL"),
            Self::Where { condition, .. } => Some(condition),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::All => "",
            Self::Live => "live",
            Self::Where { name, .. } => name,
        }
    }
}

impl Table {
    /// A table without columns.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            columns: Vec::new(),
            key: Vec::new(),
            numbered: false,
            clustered: false,
            indexes: Vec::new(),
        }
    }

    /// Adds the column `n`, which the database counts up, as primary key.
    #[must_use]
    pub fn numbered(mut self) -> Self {
        self.numbered = true;
        self
    }

    /// Keeps the rows in the order of the key on SQLite.
    #[must_use]
    pub fn clustered(mut self) -> Self {
        self.clustered = true;
        self
    }

    /// Adds a column.
    #[must_use]
    pub fn column(mut self, column: Column) -> Self {
        self.columns.push(column);
        self
    }

    /// Sets the primary key.
    #[must_use]
    pub fn key<'a>(mut self, columns: impl IntoIterator<Item = &'a str>) -> Self {
        self.key = columns.into_iter().map(str::to_owned).collect();
        self
    }

    /// Adds an index.
    #[must_use]
    pub fn index<'a>(self, columns: impl IntoIterator<Item = &'a str>) -> Self {
        self.with_index(named(columns), false, IndexedRows::All)
    }

    /// Adds an index of some of the rows.
    #[must_use]
    pub fn index_of<'a>(self, rows: IndexedRows, columns: impl IntoIterator<Item = &'a str>) -> Self {
        self.with_index(named(columns), false, rows)
    }

    /// Adds a unique key of some of the rows.
    #[must_use]
    pub fn unique_of<'a>(self, rows: IndexedRows, columns: impl IntoIterator<Item = &'a str>) -> Self {
        self.with_index(named(columns), true, rows)
    }

    /// Adds a unique key. NULLs are distinct from one another on both stores.
    #[must_use]
    pub fn unique<'a>(self, columns: impl IntoIterator<Item = &'a str>) -> Self {
        self.with_index(named(columns), true, IndexedRows::All)
    }

    /// Adds an index or unique key; the same one twice is one.
    #[must_use]
    pub(crate) fn with_index(mut self, parts: Vec<IndexPart>, unique: bool, rows: IndexedRows) -> Self {
        let name = index_name(&self.name, &parts, unique, rows);
        if !self.indexes.iter().any(|index| index.name == name) {
            self.indexes.push(Index { name, parts, unique, rows });
        }
        self
    }

    /// Leaves out the indexes that are the beginning of another one: that finds and sorts the same rows.
    #[must_use]
    pub(crate) fn without_beginnings(mut self) -> Self {
        let all = self.indexes.clone();
        self.indexes.retain(|index| {
            let is_beginning_of = |other: &Index| {
                !other.unique
                    && other.rows == index.rows
                    && other.parts.len() > index.parts.len()
                    && other.parts.starts_with(&index.parts)
            };
            index.unique || !all.iter().any(is_beginning_of)
        });
        self
    }
}

impl Index {
    /// The columns whose values it holds, in order.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            IndexPart::Column { name, .. } => Some(name.as_str()),
            IndexPart::NullRank { .. } | IndexPart::RowNumber => None,
        })
    }
}

fn named<'a>(columns: impl IntoIterator<Item = &'a str>) -> Vec<IndexPart> {
    columns.into_iter().map(|name| IndexPart::ascending(name.to_owned())).collect()
}

impl Column {
    fn new(name: impl Into<String>, ty: SqlType) -> Self {
        Self { name: name.into(), ty, optional: false, default: None, references: None }
    }

    /// A required integer: a count, an instant, a version.
    #[must_use]
    pub fn int(name: impl Into<String>) -> Self {
        Self::new(name, SqlType::Int)
    }

    /// A required yes or no.
    #[must_use]
    pub fn bool(name: impl Into<String>) -> Self {
        Self::new(name, SqlType::Bool)
    }

    /// A required real number.
    #[must_use]
    pub fn real(name: impl Into<String>) -> Self {
        Self::new(name, SqlType::Real)
    }

    /// A required text, compared by code point.
    #[must_use]
    pub fn text(name: impl Into<String>) -> Self {
        Self::new(name, SqlType::Text)
    }

    /// Required bytes.
    #[must_use]
    pub fn blob(name: impl Into<String>) -> Self {
        Self::new(name, SqlType::Blob)
    }

    /// A required id.
    #[must_use]
    pub fn id(name: impl Into<String>) -> Self {
        Self::new(name, SqlType::Id)
    }

    /// A column of a type.
    #[must_use]
    pub fn of(name: impl Into<String>, ty: SqlType) -> Self {
        Self::new(name, ty)
    }

    /// Lets the column be NULL.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Gives rows that say nothing this number.
    #[must_use]
    pub fn default_to(mut self, number: i64) -> Self {
        self.default = Some(number);
        self
    }

    /// Lets the column refer to a unique column of another table.
    #[must_use]
    pub fn references(mut self, table: impl Into<String>, column: impl Into<String>) -> Self {
        self.references = Some((table.into(), column.into()));
        self
    }
}

/// The name of an index says what it is, so that an index whose declaration changed has another name: the old one is
/// dropped and the new one made.
fn index_name(table: &str, parts: &[IndexPart], unique: bool, rows: IndexedRows) -> String {
    let kind = if unique { 'u' } else { 'i' };
    let joint = if rows == IndexedRows::All { "" } else { "__" };
    let parts: Vec<String> = parts.iter().map(IndexPart::label).collect();
    shorten(format!("{kind}_{table}__{}{joint}{}", parts.join("_"), rows.name()))
}

/// Shortens a name that is too long to its beginning and a hash of the whole.
pub(crate) fn shorten(name: String) -> String {
    if name.len() <= LONGEST_NAME {
        return name;
    }
    let hash = hex::encode(&Sha256::digest(name.as_bytes())[..5]);
    format!("{}_{hash}", &name[..LONGEST_NAME - hash.len() - 1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::is_identifier;

    #[test]
    fn long_index_names_stay_distinct_identifiers() {
        let columns = |last: &str| named(["a_very_long_column_name_indeed_it_is_long", last]);
        let table = Table::new("l_neighbourhood_association_member")
            .with_index(columns("x"), false, IndexedRows::Live)
            .with_index(columns("y"), false, IndexedRows::Live)
            .with_index(columns("y"), true, IndexedRows::Live);
        let mut names: Vec<&str> = table.indexes.iter().map(|index| index.name.as_str()).collect();
        assert!(names.iter().all(|name| is_identifier(name)), "{names:?}");
        names.dedup();
        assert_eq!(names.len(), 3);
    }
}
