//! From declared tables to the statements that make them, on either store, and what a database still lacks of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::city::City;
use crate::error::Result;
use crate::sql::{Dialect, Naming, Sql, SqlType};
use crate::table::{Column, Index, IndexPart, Table};

/// A change of the database's shape, as it goes into the log.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Change {
    /// The table, column or index.
    pub subject: String,
    pub sql: Sql,
    /// Whether it fills a column that has to be there first.
    pub fills: bool,
}

impl Change {
    pub fn new(subject: impl Into<String>, sql: Sql) -> Self {
        Self { subject: subject.into(), sql, fills: false }
    }
}

/// The tables, columns and indexes that a city's database has.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Shape {
    pub tables: BTreeMap<String, BTreeSet<String>>,
    /// Index name to its table.
    pub indexes: BTreeMap<String, String>,
}

impl Shape {
    /// Asks the database.
    pub async fn read(city: &City) -> Result<Self> {
        let (columns, indexes) = match city.naming() {
            Naming::Bare => (
                Sql::text(
                    "SELECT m.name, p.name FROM sqlite_master m JOIN pragma_table_info(m.name) p WHERE m.type = 'table'",
                ),
                Sql::text("SELECT name, tbl_name FROM sqlite_master WHERE type = 'index'"),
            ),
            Naming::Schema(schema) => (
                Sql::with(
                    "SELECT c.relname, a.attname FROM pg_catalog.pg_class c \
                     JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace \
                     JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid \
                     WHERE s.nspname = $1 AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped",
                    [schema.into()],
                ),
                Sql::with(
                    "SELECT indexname, tablename FROM pg_catalog.pg_indexes WHERE schemaname = $1",
                    [schema.into()],
                ),
            ),
        };
        let mut shape = Self::default();
        for row in city.read(columns).await? {
            shape.tables.entry(row.get(0)?).or_default().insert(row.get(1)?);
        }
        for row in city.read(indexes).await? {
            shape.indexes.insert(row.get(0)?, row.get(1)?);
        }
        Ok(shape)
    }

    /// Whether a table has a column.
    pub fn has_column(&self, table: &str, column: &str) -> bool {
        self.tables.get(table).is_some_and(|columns| columns.contains(column))
    }

    /// The changes that bring the declared tables and full-text indexes about. Nothing is dropped but indexes that are no
    /// longer declared.
    pub fn changes_to<'a>(
        &self,
        tables: &[Table],
        search: impl IntoIterator<Item = &'a SearchIndex>,
        dialect: Dialect,
    ) -> Vec<Change> {
        let mut changes = Vec::new();
        for table in tables {
            match self.tables.get(&table.name) {
                None => changes.push(Change::new(&table.name, create_table(table, dialect))),
                Some(columns) => {
                    let missing = table.columns.iter().filter(|column| !columns.contains(&column.name));
                    changes.extend(missing.map(|column| {
                        Change::new(format!("{}.{}", table.name, column.name), add_column(&table.name, column, dialect))
                    }));
                }
            }
        }
        for table in tables {
            let missing = table.indexes.iter().filter(|index| !self.indexes.contains_key(&index.name));
            changes.extend(missing.map(|index| Change::new(&index.name, create_index(&table.name, index, dialect))));
            changes.extend(self.surplus_indexes(table).map(|name| Change::new(name, drop_index(name))));
        }
        // PostgreSQL wants the other table and its key to be there first, and references may run in a circle.
        if dialect == Dialect::Postgres {
            for (table, column) in self.new_references(tables) {
                let subject = format!("{}.{}", table.name, column.name);
                changes.extend(add_reference(&table.name, column).map(|sql| Change::new(subject, sql)));
            }
        }
        for index in search.into_iter().filter(|index| !self.tables.contains_key(&index.table)) {
            changes.extend(create_search_index(index, dialect).map(|sql| Change::new(&index.table, sql)));
        }
        changes
    }

    /// What the shape will be once a column has another name.
    pub fn rename_column(&mut self, table: &str, from: &str, to: &str) {
        if let Some(columns) = self.tables.get_mut(table) {
            columns.remove(from);
            columns.insert(to.to_owned());
        }
    }

    /// What the shape will be once a table has another name.
    pub fn rename_table(&mut self, from: &str, to: &str) {
        if let Some(columns) = self.tables.remove(from) {
            self.tables.insert(to.to_owned(), columns);
        }
        for table in self.indexes.values_mut().filter(|table| *table == from) {
            to.clone_into(table);
        }
    }

    /// Forgets the indexes of ours that a table has, since they will be dropped.
    pub fn take_indexes(&mut self, table: &str) -> Vec<String> {
        let is_ours = |name: &str| name.starts_with("i_") || name.starts_with("u_");
        let taken: Vec<String> = self
            .indexes
            .iter()
            .filter(|(name, of)| *of == table && is_ours(name))
            .map(|(name, _)| name.clone())
            .collect();
        self.indexes.retain(|name, _| !taken.contains(name));
        taken
    }

    fn new_references<'a>(&'a self, tables: &'a [Table]) -> impl Iterator<Item = (&'a Table, &'a Column)> {
        tables
            .iter()
            .flat_map(|table| table.columns.iter().map(move |column| (table, column)))
            .filter(|(table, column)| column.references.is_some() && !self.has_column(&table.name, &column.name))
    }

    /// Indexes of ours (by the form of their names) that the declaration no longer has.
    fn surplus_indexes<'a>(&'a self, table: &'a Table) -> impl Iterator<Item = &'a str> {
        let of_table = self.indexes.iter().filter(|(_, of)| **of == table.name).map(|(name, _)| name.as_str());
        of_table
            .filter(|name| name.starts_with("i_") || name.starts_with("u_"))
            .filter(|name| !table.indexes.iter().any(|index| index.name == *name))
    }
}

/// A full-text index and, on SQLite, the table that counts its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SearchIndex {
    pub table: String,
    pub vocabulary: String,
}

/// SQLite: an FTS5 table that keeps no text, with a column for every level whether used or not, since FTS5 can't add one.
/// Tokens come cut and folded, so the simplest tokenizer does. PostgreSQL: a side table of vectors under a GIN index whose
/// list of pending entries is kept short, as every search reads it.
fn create_search_index(index: &SearchIndex, dialect: Dialect) -> impl Iterator<Item = Sql> {
    let mut first = Sql::new();
    let mut second = Sql::new();
    match dialect {
        Dialect::Sqlite => {
            first.push("CREATE VIRTUAL TABLE ").table(&index.table);
            first.push(" USING fts5(public, internal, personal, sensitive, content = '', contentless_delete = 1, ");
            first.push("tokenize = 'ascii')");
            second.push("CREATE VIRTUAL TABLE ").table(&index.vocabulary);
            second.push(" USING fts5vocab(").ident(&index.table).push(", 'row')");
        }
        Dialect::Postgres => {
            first.push("CREATE TABLE ").table(&index.table);
            first.push(" (\"n\" bigint, \"chunk\" bigint, \"tsv\" tsvector NOT NULL, PRIMARY KEY (\"n\", \"chunk\"))");
            second.push("CREATE INDEX ").ident(&crate::table::shorten(format!("i_{}__tsv", index.table)));
            second.push(" ON ").table(&index.table);
            second.push(" USING gin (\"tsv\") WITH (fastupdate = on, gin_pending_list_limit = 512)");
        }
    }
    [first, second].into_iter()
}

fn create_table(table: &Table, dialect: Dialect) -> Sql {
    let mut sql = Sql::text("CREATE TABLE ");
    sql.table(&table.name).push(" (");
    let mut comma = "";
    if table.numbered {
        sql.push(match dialect {
            Dialect::Sqlite => "\"n\" INTEGER PRIMARY KEY",
            Dialect::Postgres => "\"n\" bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
        });
        comma = ", ";
    }
    for column in &table.columns {
        sql.push(comma);
        sql.append(&column_definition(column, dialect));
        comma = ", ";
    }
    if !table.key.is_empty() {
        sql.push(", PRIMARY KEY (");
        names(&mut sql, &table.key);
        sql.push(")");
    }
    sql.push(match (dialect, table.clustered && !table.numbered) {
        (Dialect::Sqlite, true) => ") STRICT, WITHOUT ROWID",
        (Dialect::Sqlite, false) => ") STRICT",
        (Dialect::Postgres, _) => ")",
    });
    sql
}

fn column_definition(column: &Column, dialect: Dialect) -> Sql {
    let mut sql = Sql::new();
    sql.ident(&column.name).push(" ").push(type_name(column.ty, dialect));
    if !column.optional {
        sql.push(" NOT NULL");
    }
    if let Some(default) = column.default {
        let default = match (column.ty, dialect) {
            (SqlType::Bool, Dialect::Postgres) => if default == 0 { "false" } else { "true" }.to_owned(),
            _ => default.to_string(),
        };
        sql.push(" DEFAULT ").push(&default);
    }
    if let (Dialect::Sqlite, Some((table, key))) = (dialect, &column.references) {
        sql.push(" REFERENCES ").table(table).push("(").ident(key).push(")");
    }
    sql
}

fn type_name(ty: SqlType, dialect: Dialect) -> &'static str {
    match (dialect, ty) {
        (Dialect::Sqlite, SqlType::Bool | SqlType::Int) => "INTEGER",
        (Dialect::Sqlite, SqlType::Real) => "REAL",
        (Dialect::Sqlite, SqlType::Text) => "TEXT",
        (Dialect::Sqlite, SqlType::Blob | SqlType::Id) => "BLOB",
        (Dialect::Postgres, SqlType::Bool) => "boolean",
        (Dialect::Postgres, SqlType::Int) => "bigint",
        (Dialect::Postgres, SqlType::Real) => "double precision",
        (Dialect::Postgres, SqlType::Text) => "text COLLATE \"C\"",
        (Dialect::Postgres, SqlType::Blob) => "bytea",
        (Dialect::Postgres, SqlType::Id) => "uuid",
    }
}

/// A column that existing rows get as well. A required one without a default is filled with its type's empty value.
pub(crate) fn add_column(table: &str, column: &Column, dialect: Dialect) -> Sql {
    let mut definition = column_definition(column, dialect);
    if !column.optional && column.default.is_none() {
        definition.push(" DEFAULT ").push(match (column.ty, dialect) {
            (SqlType::Bool, Dialect::Postgres) => "false",
            (SqlType::Bool | SqlType::Int | SqlType::Real, _) => "0",
            (SqlType::Text, _) => "''",
            (SqlType::Blob, Dialect::Sqlite) => "x''",
            (SqlType::Blob, Dialect::Postgres) => "'\\x'",
            (SqlType::Id, Dialect::Sqlite) => "x'00000000000000000000000000000000'",
            (SqlType::Id, Dialect::Postgres) => "'00000000-0000-0000-0000-000000000000'",
        });
    }
    let mut sql = Sql::text("ALTER TABLE ");
    sql.table(table).push(" ADD COLUMN ").append(&definition);
    sql
}

fn add_reference(table: &str, column: &Column) -> Option<Sql> {
    let (target, key) = column.references.as_ref()?;
    let mut sql = Sql::text("ALTER TABLE ");
    sql.table(table).push(" ADD FOREIGN KEY (").ident(&column.name).push(") REFERENCES ");
    sql.table(target).push("(").ident(key).push(")");
    Some(sql)
}

fn create_index(table: &str, index: &Index, dialect: Dialect) -> Sql {
    let mut sql = Sql::text(if index.unique { "CREATE UNIQUE INDEX " } else { "CREATE INDEX " });
    sql.ident(&index.name).push(" ON ").table(table).push(" (");
    // SQLite's indexes end with the row number without being told.
    let ends_with_number = dialect == Dialect::Sqlite && index.parts.last() == Some(&IndexPart::RowNumber);
    let written = index.parts.len() - usize::from(ends_with_number);
    for (position, part) in index.parts.iter().take(written).enumerate() {
        if position > 0 {
            sql.push(", ");
        }
        match part {
            IndexPart::Column { name, descending } => {
                sql.ident(name).push(if *descending { " DESC" } else { "" });
            }
            IndexPart::NullRank { name, descending } => {
                sql.append(&null_rank(name)).push(if *descending { " DESC" } else { "" });
            }
            IndexPart::RowNumber => {
                sql.ident("n");
            }
        }
    }
    sql.push(")");
    if let Some(condition) = index.rows.condition() {
        sql.push(" WHERE ").push(condition);
    }
    sql
}

/// The expression of [`IndexPart::NullRank`]. An index serves a query only where both write it alike; a number and not
/// a truth value, since PostgreSQL rewrites `(x IS NULL) = false` into something that no index has.
pub(crate) fn null_rank(column: &str) -> Sql {
    let mut sql = Sql::text("(CASE WHEN ");
    sql.ident(column).push(" IS NULL THEN 1 ELSE 0 END)");
    sql
}

pub(crate) fn drop_index(name: &str) -> Sql {
    let mut sql = Sql::text("DROP INDEX IF EXISTS ");
    // An index is named with its schema when it is dropped, as a table is.
    sql.table(name);
    sql
}

fn names(sql: &mut Sql, columns: &[String]) {
    for (position, column) in columns.iter().enumerate() {
        if position > 0 {
            sql.push(", ");
        }
        sql.ident(column);
    }
}

/// `CREATE SCHEMA` for a city; SQLite needs none.
pub(crate) fn create_schema(naming: &Naming) -> Option<Sql> {
    let Naming::Schema(schema) = naming else { return None };
    let mut sql = Sql::text("CREATE SCHEMA IF NOT EXISTS ");
    sql.ident(schema);
    Some(sql)
}
