//! A ledger as it is stored: its tables, columns and orders, derived from its published definition.
//!
//! [`tables`] says which tables a definition means, [`order`] how a list is sorted and which index serves it.

mod guard;
pub(crate) mod order;
mod tables;

use std::sync::Arc;

use kawasemi_schema::field::FieldKind;
use kawasemi_schema::{Clearance, Column, ColumnType, FieldDef, LedgerDef};

use crate::ddl::SearchIndex;
use crate::sql::{Sql, SqlType};
use crate::table::{Table, shorten};

pub use guard::Guard;
pub use order::{Order, SortColumn};

/// A published ledger definition with its version.
#[derive(Debug, Clone)]
pub struct Ledger {
    /// The definition.
    pub def: Arc<LedgerDef>,
    /// Which of its versions, from 1.
    pub version: i64,
    /// Its tables: the records', then the child rows'.
    pub tables: Vec<Table>,
    /// The levels of search text, from open to closed.
    pub levels: Vec<Clearance>,
    /// Those of the levels in which protected fields are found. Each has the text of its other fields apart as well, for
    /// records whose people are under protection.
    pub(crate) open_levels: Vec<Clearance>,
    /// How to tell whether a record's people are under protection; none where no field is protected.
    pub guard: Option<Guard>,
    name: String,
    search_name: String,
    field_columns: Vec<String>,
    insertion: Sql,
}

/// The columns that the statement creating a record fills before those of the fields.
const CREATED_COLUMNS: [&str; 10] = [
    "id",
    "number",
    "revision",
    "definition",
    "batch",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
    "chain",
];

impl Ledger {
    /// Derives the tables of a definition.
    #[must_use]
    pub fn new(def: Arc<LedgerDef>, version: i64) -> Self {
        let tables = tables::of(&def);
        let levels = search_levels(&def);
        let open_levels = open_levels(&def);
        let name = def.table();
        let search_name = format!("f_{}", def.key.replace('-', "_"));
        let field_columns = def.columns().map(|(_, column)| column.name).collect::<Vec<_>>();
        let insertion = begin_insertion(&name, &field_columns, search_columns(&levels, &open_levels));
        let guard = None;
        Self { def, version, tables, levels, open_levels, guard, name, search_name, field_columns, insertion }
    }

    /// Tells the ledger which other ledgers protect its people. Without it, a ledger does not know of any protection; the
    /// catalogue of a city always says it.
    #[must_use]
    pub fn guarded(mut self, catalogue: &kawasemi_schema::Catalogue) -> Self {
        self.guard = Guard::of(&self.def, catalogue);
        self
    }

    /// The columns of search texts, in the order of [`crate::record::search_text::RecordTexts::params`].
    pub(crate) fn search_columns(&self) -> impl Iterator<Item = String> {
        search_columns(&self.levels, &self.open_levels)
    }

    /// Its key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.def.key
    }

    /// The table of its records.
    #[must_use]
    pub fn table(&self) -> &str {
        &self.name
    }

    /// The full-text index of its records.
    #[must_use]
    pub fn search_table(&self) -> &str {
        &self.search_name
    }

    /// The table that counts the words of the full-text index, on SQLite.
    pub(crate) fn vocabulary_table(&self) -> String {
        format!("v_{}", &self.search_name[2..])
    }

    /// The full-text index; none where no field is searched.
    pub(crate) fn search_index(&self) -> Option<SearchIndex> {
        let index = SearchIndex { table: self.search_name.clone(), vocabulary: self.vocabulary_table() };
        (!self.levels.is_empty()).then_some(index)
    }

    /// The columns of the fields, in order.
    pub(crate) fn field_columns(&self) -> impl Iterator<Item = &str> {
        self.field_columns.iter().map(String::as_str)
    }

    /// The statement that creates a record, up to its values: system columns, fields, search texts.
    pub(crate) fn insertion(&self) -> Sql {
        self.insertion.clone()
    }

    /// The table of a field's child rows.
    #[must_use]
    pub fn child_table(&self, field: &str) -> String {
        child_table(&self.def, field)
    }

    /// The fields that have child rows, with the fields of these.
    pub fn child_fields(&self) -> impl Iterator<Item = (&FieldDef, &[FieldDef])> {
        child_fields(&self.def)
    }

    /// The column by which a field key or system property sorts; none where it has no order.
    #[must_use]
    pub fn sort_column(&self, key: &str, descending: bool) -> Option<SortColumn> {
        order::column(&self.def, key, descending)
    }

    /// The fields whose unique key a store error names; empty when the index is not one of this ledger's.
    #[must_use]
    pub fn unique_fields(&self, index: &str) -> Vec<String> {
        let found =
            self.tables.iter().flat_map(|table| &table.indexes).find(|known| known.name == index && known.unique);
        found.map_or_else(Vec::new, |index| index.columns().map(str::to_owned).collect())
    }
}

fn begin_insertion(table: &str, field_columns: &[String], search: impl Iterator<Item = String>) -> Sql {
    let mut sql = Sql::text("INSERT INTO ");
    sql.table(table).push(" (");
    let search: Vec<String> = search.collect();
    let columns = CREATED_COLUMNS.into_iter().chain(field_columns.iter().chain(&search).map(String::as_str));
    for (position, column) in columns.enumerate() {
        if position > 0 {
            sql.push(", ");
        }
        sql.ident(column);
    }
    sql.push(") VALUES ");
    sql
}

/// The clearance levels of what full-text search reads, fields of child rows included, from open to closed. A child row
/// is never more open than the field that holds it.
pub(crate) fn search_levels(def: &LedgerDef) -> Vec<Clearance> {
    fn collect(fields: &[FieldDef], least: Clearance, levels: &mut Vec<Clearance>) {
        for field in fields {
            let level = field.clearance.max(least);
            match &field.kind {
                FieldKind::Rows { fields, .. } => collect(fields, level, levels),
                _ if field.search => levels.push(level),
                _ => {}
            }
        }
    }
    let mut levels = Vec::new();
    collect(&def.fields, Clearance::Public, &mut levels);
    levels.sort_unstable();
    levels.dedup();
    levels
}

/// The levels in which search finds protected fields.
pub(crate) fn open_levels(def: &LedgerDef) -> Vec<Clearance> {
    fn collect(fields: &[FieldDef], least: Clearance, is_inside: bool, levels: &mut Vec<Clearance>) {
        for field in fields {
            let (level, protected) = (field.clearance.max(least), is_inside || field.protected);
            match &field.kind {
                FieldKind::Rows { fields, .. } => collect(fields, level, protected, levels),
                _ if field.search && protected => levels.push(level),
                _ => {}
            }
        }
    }
    let mut levels = Vec::new();
    collect(&def.fields, Clearance::Public, false, &mut levels);
    levels.sort_unstable();
    levels.dedup();
    levels
}

/// The column of search text of a level.
pub(crate) fn search_column(level: Clearance) -> String {
    format!("search_{}", level.key())
}

/// The column of a level's search text without protected fields.
pub(crate) fn open_search_column(level: Clearance) -> String {
    format!("search_{}_open", level.key())
}

pub(crate) fn search_columns(levels: &[Clearance], open: &[Clearance]) -> impl Iterator<Item = String> {
    levels.iter().map(|level| search_column(*level)).chain(open.iter().map(|level| open_search_column(*level)))
}

pub(crate) fn child_table(def: &LedgerDef, field: &str) -> String {
    shorten(def.child_table(field))
}

pub(crate) fn child_fields(def: &LedgerDef) -> impl Iterator<Item = (&FieldDef, &[FieldDef])> {
    def.fields.iter().filter_map(|field| match &field.kind {
        FieldKind::Rows { fields, .. } => Some((field, fields.as_slice())),
        _ => None,
    })
}

/// How a column of a definition is kept.
pub(crate) fn sql_type(column: &Column) -> SqlType {
    match column.ty {
        ColumnType::Text | ColumnType::Date | ColumnType::YearMonth | ColumnType::Many | ColumnType::Json => {
            SqlType::Text
        }
        ColumnType::Integer | ColumnType::Decimal { .. } | ColumnType::Instant => SqlType::Int,
        ColumnType::Bool => SqlType::Bool,
        ColumnType::Id => SqlType::Id,
        ColumnType::Wkb => SqlType::Blob,
        ColumnType::Real => SqlType::Real,
    }
}
