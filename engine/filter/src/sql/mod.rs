//! The typed expression as SQL for both stores.
//!
//! Every value is bound, none is ever part of the text, and what does not depend on the record (`today`, `1 + 2`) is
//! computed here and bound as one value. What a store can't decide exactly (geometries that are more than their boxes,
//! folded text) is left to [`Expr::matches`] on the rows that the rest of the condition lets through.
//!
//! Two things are the same on both stores only because they are asked for: SQLite's LIKE tells upper from lower case
//! because every connection says so (`case_sensitive_like`), and texts have the order of their code points on
//! PostgreSQL because every comparison of order says `COLLATE "C"`.

mod choices;
mod cover;
mod spatial;
mod term;

use kawasemi_store::{Dialect, Sql};

use crate::expr::{Cond, Expr};
use crate::params::Params;

/// A condition for a store, and what is left to decide.
#[derive(Clone, Debug)]
pub struct Lowered {
    /// Lets every record through that meets the condition, and perhaps more.
    pub condition: Sql,
    /// What a row that came through must still meet; none if the condition is exact. Rows are then fetched in batches
    /// until the page is full, and not counted in SQL.
    pub exact: Option<Expr>,
}

impl Expr {
    /// Lowers the condition for one store, with column names alone.
    #[must_use]
    pub fn to_sql(&self, dialect: Dialect, params: &Params) -> Lowered {
        Writer { dialect, alias: None, params }.lower(self)
    }

    /// Lowers the condition for a statement in which the ledger's table has an alias.
    ///
    /// # Panics
    /// When the alias is no SQL identifier: it is written by us, never from outside.
    #[must_use]
    pub fn to_sql_of(&self, alias: &str, dialect: Dialect, params: &Params) -> Lowered {
        Writer { dialect, alias: Some(alias), params }.lower(self)
    }
}

/// Writes SQL for one use of an expression.
struct Writer<'a> {
    dialect: Dialect,
    alias: Option<&'a str>,
    params: &'a Params,
}

impl Writer<'_> {
    /// Of parts that are joined by AND, only those stay for the exact test that SQL did not decide.
    fn lower(&self, expr: &Expr) -> Lowered {
        let parts = match &expr.root {
            Cond::And(parts) => parts.as_slice(),
            other => std::slice::from_ref(other),
        };
        let (mut conditions, mut open) = (Vec::new(), Vec::new());
        for part in parts {
            let cover = self.cover(part, false);
            conditions.extend(cover.sql);
            if !cover.is_exact {
                open.push(part.clone());
            }
        }
        let condition = if conditions.is_empty() { Sql::text("TRUE") } else { cover::joined(&conditions, " AND ") };
        let exact = (!open.is_empty()).then(|| Expr { root: Cond::all(open) });
        Lowered { condition, exact }
    }

    fn column(&self, sql: &mut Sql, name: &str) {
        match self.alias {
            Some(alias) => sql.column(alias, name),
            None => sql.ident(name),
        };
    }
}
