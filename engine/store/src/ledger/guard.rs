//! Whether the people of a record are under protection (支援措置), as a condition in SQL.
//!
//! The answer is read together with the record, in the same query, from the ledgers that protect: there is no copy of it
//! that could be late. A record protects while the date of its end is empty, whatever the calendar says, and its people are
//! protected from the moment at which it is committed.

use std::sync::Arc;

use kawasemi_schema::{Catalogue, LedgerDef};
use uuid::Uuid;

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
    /// Where it names the staff who may open what it hides.
    openers: Vec<Place>,
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
        self.protected(alias, None)
    }

    /// The condition that somebody of a record is under a protection that does not name a member of staff as one who may open
    /// what it hides. Whoever opens a record has to be named by all protections that hold for it.
    #[must_use]
    pub fn closed_to(&self, alias: &str, staff: Uuid) -> Sql {
        self.protected(alias, Some(staff))
    }

    fn protected(&self, alias: &str, unless_named: Option<Uuid>) -> Sql {
        let mut sql = Sql::text("(");
        for (position, person) in self.people.iter().enumerate() {
            sql.push(if position > 0 { " OR " } else { "" });
            person.condition(alias, unless_named, &mut sql);
        }
        sql.push(if self.people.is_empty() { "1 = 0)" } else { ")" });
        sql
    }
}

impl Person {
    fn condition(&self, alias: &str, unless_named: Option<Uuid>, sql: &mut Sql) {
        match &self.place.children {
            None => self.is_protected(alias, unless_named, sql),
            Some(children) => {
                sql.push("EXISTS (SELECT 1 FROM ").table(children).push(" AS \"_k\" WHERE ");
                sql.column("_k", "_record").push(" = ").column(alias, "id").push(" AND ");
                self.is_protected("_k", unless_named, sql);
                sql.push(")");
            }
        }
    }

    fn is_protected(&self, alias: &str, unless_named: Option<Uuid>, sql: &mut Sql) {
        sql.push("(");
        for (position, measure) in self.protected_by.iter().enumerate() {
            sql.push(if position > 0 { " OR " } else { "" });
            measure.holds_for(alias, &self.place.column, unless_named, sql);
        }
        sql.push(if self.protected_by.is_empty() { "1 = 0)" } else { ")" });
    }
}

impl Measure {
    fn holds_for(&self, alias: &str, column: &str, unless_named: Option<Uuid>, sql: &mut Sql) {
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
        sql.push(" IS NULL AND ").append(&visible("_m"));
        for opener in unless_named.iter().flat_map(|staff| self.openers.iter().map(move |place| (place, *staff))) {
            let (place, staff) = opener;
            match &place.children {
                // Of an empty reference nothing is known in SQL: nobody is named.
                None => {
                    sql.push(" AND (").column("_m", &place.column).push(" IS NULL OR ");
                    sql.column("_m", &place.column).push(" <> ").bind(staff).push(")")
                }
                Some(children) => {
                    sql.push(" AND NOT EXISTS (SELECT 1 FROM ").table(children).push(" AS \"_o\" WHERE ");
                    sql.column("_o", "_record").push(" = ").column("_m", "id").push(" AND ");
                    sql.column("_o", &place.column).push(" = ").bind(staff).push(")")
                }
            };
        }
        sql.push(")");
    }
}

fn measure(by: &Arc<LedgerDef>, person: &str) -> Option<Measure> {
    let protects = by.protects.as_ref()?;
    let openers = protects.openers.iter().filter_map(|path| place(by, path)).collect();
    Some(Measure { table: by.table(), person: place(by, person)?, until: protects.until.clone(), openers })
}

fn place(def: &LedgerDef, path: &str) -> Option<Place> {
    if path == "id" {
        return Some(Place { children: None, column: "id".to_owned() });
    }
    let found = def.reference(path)?;
    let children = found.rows.map(|rows| child_table(def, &rows.key));
    Some(Place { children, column: found.field.key.clone() })
}
