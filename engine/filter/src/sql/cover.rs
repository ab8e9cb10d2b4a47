//! The SQL condition that covers an expression: true for every record for which the expression is true.
//!
//! NOT is carried down to the predicates (De Morgan's laws hold in three-valued logic), so that what SQL can't decide
//! under a NOT takes nothing from the rest of the condition.

use kawasemi_store::{Cast, Dialect, Sql};

use crate::eval::Evaluation;
use crate::expr::{Cmp, Cond, Item, Nullable, Scalar, Term};
use crate::like::Pattern;
use crate::sql::Writer;

/// The most values of one list. Beyond it the list is searched in Rust, since statements have a limited number of
/// parameters (SQLite: 32,766).
const LONGEST_LIST: usize = 10_000;

/// What SQL can say of a condition.
pub(super) struct Cover {
    /// None lets every record through.
    pub(super) sql: Option<Sql>,
    /// Whether it is true for no other record, and unknown for the same ones.
    pub(super) is_exact: bool,
}

impl Cover {
    pub(super) fn exact(sql: Sql) -> Self {
        Self { sql: Some(sql), is_exact: true }
    }

    pub(super) fn open(sql: Option<Sql>) -> Self {
        Self { sql, is_exact: false }
    }
}

impl Writer<'_> {
    pub(super) fn cover(&self, cond: &Cond, negated: bool) -> Cover {
        match (cond, negated) {
            (Cond::Not(inner), _) => self.cover(inner, !negated),
            (Cond::And(parts), false) | (Cond::Or(parts), true) => {
                let covers: Vec<Cover> = parts.iter().map(|part| self.cover(part, negated)).collect();
                let is_exact = covers.iter().all(|cover| cover.is_exact);
                let sqls: Vec<Sql> = covers.into_iter().filter_map(|cover| cover.sql).collect();
                Cover { sql: (!sqls.is_empty()).then(|| joined(&sqls, " AND ")), is_exact }
            }
            (Cond::Or(parts), false) | (Cond::And(parts), true) => {
                let covers: Vec<Cover> = parts.iter().map(|part| self.cover(part, negated)).collect();
                let is_exact = covers.iter().all(|cover| cover.is_exact);
                let sqls: Option<Vec<Sql>> = covers.into_iter().map(|cover| cover.sql).collect();
                Cover { sql: sqls.map(|sqls| joined(&sqls, " OR ")), is_exact }
            }
            (Cond::Spatial(relation, left, right), _) if !cond.is_fixed() => {
                self.spatial(*relation, left, right, negated)
            }
            _ => match self.predicate(cond) {
                Some(sql) if negated => Cover::exact(negation(&sql)),
                Some(sql) => Cover::exact(sql),
                None => Cover::open(None),
            },
        }
    }

    /// A single predicate, in parentheses; none if SQL can't decide it.
    fn predicate(&self, cond: &Cond) -> Option<Sql> {
        if cond.is_fixed() {
            return Some(constant(Evaluation::fixed(self.params, |fixed| fixed.cond(cond))));
        }
        let mut sql = Sql::text("(");
        match cond {
            Cond::Known(term, truth) => self.known(&mut sql, &self.term(term)?, *truth),
            Cond::Holds(term) => {
                sql.append(&self.term(term)?);
            }
            Cond::Compare(cmp, left, right) => self.compare(&mut sql, *cmp, left, right)?,
            Cond::In(term, items) => self.is_in(&mut sql, term, items)?,
            Cond::Like(term, pattern) => self.like(&mut sql, term, pattern)?,
            Cond::IsNull(nullable) => self.is_null(&mut sql, nullable)?,
            Cond::Choices(relation, property, keys) => self.choices(&mut sql, *relation, property, keys)?,
            Cond::Const(_) | Cond::And(_) | Cond::Or(_) | Cond::Not(_) | Cond::Spatial(..) => return None,
        }
        sql.push(")");
        Some(sql)
    }

    /// `x = x` is true unless x is NULL, when it is NULL.
    pub(super) fn known(&self, sql: &mut Sql, term: &Sql, truth: bool) {
        sql.append(term).push(if truth { " = " } else { " <> " }).append(term);
    }

    fn compare(&self, sql: &mut Sql, cmp: Cmp, left: &Term, right: &Term) -> Option<()> {
        sql.append(&self.term(left)?);
        if cmp.is_order() && left.cast() == Cast::Text {
            self.by_code_point(sql);
        }
        sql.push(" ").push(cmp.sign()).push(" ").append(&self.term(right)?);
        Some(())
    }

    fn by_code_point(&self, sql: &mut Sql) {
        if self.dialect == Dialect::Postgres {
            sql.push(" COLLATE \"C\"");
        }
    }

    fn is_in(&self, sql: &mut Sql, term: &Term, items: &[Item]) -> Option<()> {
        let mut values: Vec<Option<Scalar>> = Vec::new();
        for item in items {
            match item {
                Item::One(term) => values.push(Evaluation::fixed(self.params, |fixed| fixed.term(term))),
                Item::List(parameter) => match self.params.many(parameter) {
                    Some(list) => values.extend(list.into_iter().map(Some)),
                    None => values.push(None),
                },
            }
        }
        if values.len() > LONGEST_LIST {
            return None;
        }
        if values.is_empty() {
            sql.push("FALSE");
            return Some(());
        }
        sql.append(&self.term(term)?).push(" IN (");
        for (index, value) in values.into_iter().enumerate() {
            if index > 0 {
                sql.push(", ");
            }
            sql.bind_as(value, term.cast());
        }
        sql.push(")");
        Some(())
    }

    fn like(&self, sql: &mut Sql, term: &Term, pattern: &Pattern) -> Option<()> {
        let text = self.term(term)?;
        let Some((first, after)) = pattern.prefix_range() else {
            sql.append(&text).push(" LIKE ").bind_as(pattern.to_sql(), Cast::Text).push(" ESCAPE '\\'");
            return Some(());
        };
        sql.append(&text);
        self.by_code_point(sql);
        sql.push(" >= ").bind_as(first, Cast::Text);
        if let Some(after) = after {
            sql.push(" AND ").append(&text);
            self.by_code_point(sql);
            sql.push(" < ").bind_as(after, Cast::Text);
        }
        Some(())
    }

    fn is_null(&self, sql: &mut Sql, nullable: &Nullable) -> Option<()> {
        match nullable {
            Nullable::Term(term) => {
                sql.append(&self.term(term)?);
            }
            Nullable::Column(property) => self.column(sql, &property.column),
            Nullable::Cond(cond) => {
                let cover = self.cover(cond, false);
                sql.append(&cover.sql.filter(|_| cover.is_exact)?);
            }
        }
        sql.push(" IS NULL");
        Some(())
    }
}

/// NOT in parentheses of its own, since `NOT a IS NULL` would be read as `NOT (a IS NULL)`.
pub(super) fn negation(condition: &Sql) -> Sql {
    let mut sql = Sql::text("(NOT ");
    sql.append(condition).push(")");
    sql
}

/// A truth as a condition.
fn constant(truth: Option<bool>) -> Sql {
    Sql::text(match truth {
        Some(true) => "TRUE",
        Some(false) => "FALSE",
        None => "CAST(NULL AS BOOLEAN)",
    })
}

/// Joins conditions in pairs of pairs: SQLite reads a long chain as a tree as deep as the chain is long, and refuses
/// trees deeper than 1,000.
pub(super) fn joined(parts: &[Sql], word: &str) -> Sql {
    match parts {
        [] => Sql::new(),
        [one] => one.clone(),
        _ => {
            let (left, right) = parts.split_at(parts.len() / 2);
            let mut sql = Sql::text("(");
            sql.append(&joined(left, word)).push(word).append(&joined(right, word)).push(")");
            sql
        }
    }
}
