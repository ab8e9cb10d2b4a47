//! Whether the people of a record are under protection (支援措置), as a condition in SQL.
//!
//! The answer is read together with the record, in the same query, from the ledgers that protect: there is no copy of it
//! that could be late. A record protects while the date of its end is empty, whatever the calendar says, and its people are
//! protected from the moment at which it is committed.

use std::sync::Arc;

use kawasemi_schema::{Catalogue, LedgerDef};

use super::child_table;
use crate::batch::visible;
use crate::sql::Sql;

/// How to tell whether a record's people are under protection.
#[derive(Debug, Clone)]
pub struct Guard {
    people: Vec<Person>,
}

/// Where a record names somebody, and where that somebody may be named as protected.
#[derive(Debug, Clone)]
struct Person {
    place: Place,
    protected_by: Vec<Measure>,
}

/// A column of the record's table, or of a table of its child rows.
#[derive(Debug, Clone)]
struct Place {
    children: Option<String>,
    column: String,
}

/// A ledger whose records protect.
#[derive(Debug, Clone)]
struct Measure {
    table: String,
    person: Place,
    until: String,
}

impl Guard {
    /// The guard of a ledger; none where it has no protected field.
    pub(crate) fn of(def: &LedgerDef, catalogue: &Catalogue) -> Option<Self> {
        if !def.holds_protected() {
            return None;
        }
        let paths = def.protection.iter().flat_map(|protection| &protection.persons);
        let people = paths.filter_map(|path| {
            let target = if path == "id" { def.key.as_str() } else { def.reference(path)?.target };
            let measures = catalogue.protecting(target).filter_map(|(by, person)| measure(by, person));
            Some(Person { place: place(def, path)?, protected_by: measures.collect() })
        });
        Some(Self { people: people.collect() })
    }

    /// The condition that somebody of a record is under protection; `alias` is the ledger's table.
    #[must_use]
    pub fn condition(&self, alias: &str) -> Sql {
        let mut sql = Sql::text("(");
        for (position, person) in self.people.iter().enumerate() {
            sql.push(if position > 0 { " OR " } else { "" });
            person.condition(alias, &mut sql);
        }
        sql.push(if self.people.is_empty() { "1 = 0)" } else { ")" });
        sql
    }
}

impl Person {
    fn condition(&self, alias: &str, sql: &mut Sql) {
        match &self.place.children {
            None => self.is_protected(alias, sql),
            Some(children) => {
                sql.push("EXISTS (SELECT 1 FROM ").table(children).push(" AS \"_k\" WHERE ");
                sql.column("_k", "_record").push(" = ").column(alias, "id").push(" AND ");
                self.is_protected("_k", sql);
                sql.push(")");
            }
        }
    }

    fn is_protected(&self, alias: &str, sql: &mut Sql) {
        sql.push("(");
        for (position, measure) in self.protected_by.iter().enumerate() {
            sql.push(if position > 0 { " OR " } else { "" });
            measure.holds_for(alias, &self.place.column, sql);
        }
        sql.push(if self.protected_by.is_empty() { "1 = 0)" } else { ")" });
    }
}

impl Measure {
    fn holds_for(&self, alias: &str, column: &str, sql: &mut Sql) {
        sql.push("EXISTS (SELECT 1 FROM ").table(&self.table).push(" AS \"_m\"");
        let named_in = match &self.person.children {
            None => "_m",
            Some(children) => {
                sql.push(" JOIN ").table(children).push(" AS \"_c\" ON ").column("_c", "_record");
                sql.push(" = ").column("_m", "id");
                "_c"
            }
        };
        sql.push(" WHERE ").column(named_in, &self.person.column).push(" = ").column(alias, column);
        sql.push(" AND ").column("_m", &self.until).push(" IS NULL AND ").column("_m", "deleted_at");
        sql.push(" IS NULL AND ").append(&visible("_m")).push(")");
    }
}

fn measure(by: &Arc<LedgerDef>, person: &str) -> Option<Measure> {
    let until = by.protects.as_ref()?.until.clone();
    Some(Measure { table: by.table(), person: place(by, person)?, until })
}

fn place(def: &LedgerDef, path: &str) -> Option<Place> {
    if path == "id" {
        return Some(Place { children: None, column: "id".to_owned() });
    }
    let found = def.reference(path)?;
    let children = found.rows.map(|rows| child_table(def, &rows.key));
    Some(Place { children, column: found.field.key.clone() })
}
