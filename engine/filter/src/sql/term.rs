//! Values in SQL.
//!
//! Arithmetic must be unknown where it leaves 64 bits, but SQLite goes over to binary fractions there and PostgreSQL
//! fails the whole statement. So each operation is computed where it cannot fail (PostgreSQL: `numeric`) and looked at
//! before it is used, in a subquery that names the result: writing it twice would double the text at every level.

use kawasemi_store::{Dialect, Sql};

use crate::eval::Evaluation;
use crate::expr::{Arith, Call, Term};
use crate::sql::Writer;

impl Writer<'_> {
    /// A value; none if only Rust can compute it.
    pub(super) fn term(&self, term: &Term) -> Option<Sql> {
        if !term.is_sql() {
            return None;
        }
        let mut sql = Sql::new();
        if term.is_fixed() {
            sql.bind_as(Evaluation::fixed(self.params, |fixed| fixed.term(term)), term.cast());
            return Some(sql);
        }
        match term {
            Term::Property(property) => self.column(&mut sql, &property.column),
            Term::Arith(op, left, right) => self.arith(&mut sql, *op, &self.term(left)?, &self.term(right)?),
            Term::Power(base, exponent) => self.power(&mut sql, &self.term(base)?, *exponent),
            Term::Call(function, args) => {
                let args: Option<Vec<Sql>> = args.iter().map(|arg| self.term(arg)).collect();
                self.call(&mut sql, *function, &args?);
            }
            Term::Const(_) | Term::Param(_) | Term::Fold(..) | Term::DayStart { .. } | Term::IdText(_) => return None,
        }
        Some(sql)
    }

    fn arith(&self, sql: &mut Sql, op: Arith, left: &Sql, right: &Sql) {
        let is_postgres = self.dialect == Dialect::Postgres;
        self.guarded(sql, |sql| {
            let numeric = if is_postgres { "::numeric" } else { "" };
            let sign = match op {
                Arith::Add => " + ",
                Arith::Sub => " - ",
                Arith::Mul => " * ",
                Arith::Rem => " % ",
                // Only PostgreSQL's `div` cuts off a quotient of numerics.
                Arith::Div if is_postgres => {
                    sql.push("div(").append(left).push("::numeric, NULLIF(").append(right).push(", 0)::numeric)");
                    return;
                }
                Arith::Div => " / ",
            };
            sql.append(left).push(numeric).push(sign);
            match op {
                Arith::Div | Arith::Rem => sql.push("NULLIF(").append(right).push(", 0)"),
                _ => sql.append(right),
            };
        });
    }

    fn power(&self, sql: &mut Sql, base: &Sql, exponent: u8) {
        let numeric = if self.dialect == Dialect::Postgres { "::numeric" } else { "" };
        self.guarded(sql, |sql| {
            sql.push("(SELECT kw_b");
            for _ in 1..exponent {
                sql.push(" * kw_b");
            }
            sql.push(" FROM (SELECT ").append(base).push(numeric).push(" AS kw_b LIMIT 1) AS kw_base)");
        });
    }

    /// `LIMIT 1` keeps either store from pulling the inner query apart and computing it twice.
    fn guarded(&self, sql: &mut Sql, compute: impl FnOnce(&mut Sql)) {
        sql.push(match self.dialect {
            Dialect::Sqlite => "(SELECT CASE WHEN typeof(kw_v) = 'integer' THEN kw_v END FROM (SELECT ",
            Dialect::Postgres => {
                "(SELECT CASE WHEN kw_v BETWEEN -9223372036854775808 AND 9223372036854775807 THEN kw_v::bigint END \
                 FROM (SELECT "
            }
        });
        compute(sql);
        sql.push(" AS kw_v LIMIT 1) AS kw_result)");
    }

    /// Dates are ISO text, so their parts are cut out of it.
    fn call(&self, sql: &mut Sql, function: Call, args: &[Sql]) {
        let Some(first) = args.first() else { return };
        match (function, args.get(1), self.dialect) {
            (Call::Length, ..) => {
                sql.push("length(").append(first).push(")");
            }
            (Call::Year, ..) => year(sql, first),
            (Call::Month, ..) => {
                sql.push("CAST(substr(").append(first).push(", 6, 2) AS BIGINT)");
            }
            (Call::FiscalYear, ..) => {
                sql.push("(");
                year(sql, first);
                sql.push(" - CASE WHEN substr(").append(first).push(", 6, 2) < '04' THEN 1 ELSE 0 END)");
            }
            (Call::AgeOn, Some(on), _) => {
                sql.push("(");
                year(sql, on);
                sql.push(" - ");
                year(sql, first);
                sql.push(" - CASE WHEN substr(").append(on).push(", 6, 5)");
                if self.dialect == Dialect::Postgres {
                    sql.push(" COLLATE \"C\"");
                }
                sql.push(" < substr(").append(first).push(", 6, 5) THEN 1 ELSE 0 END)");
            }
            (Call::Days, Some(to), Dialect::Sqlite) => {
                sql.push("CAST(julianday(").append(to).push(") - julianday(").append(first).push(") AS BIGINT)");
            }
            (Call::Days, Some(to), Dialect::Postgres) => {
                sql.push("(").append(to).push("::date - ").append(first).push("::date)::bigint");
            }
            (Call::CivilDate, _, dialect) => civil_date(sql, first, dialect),
            (Call::AgeOn | Call::Days, None, _) => {}
        }
    }
}

fn year(sql: &mut Sql, date: &Sql) {
    sql.push("CAST(substr(").append(date).push(", 1, 4) AS BIGINT)");
}

/// The civil date in Japan (UTC+9) of microseconds: whole days since 1970, rounded down also before it.
fn civil_date(sql: &mut Sql, instant: &Sql, dialect: Dialect) {
    const DAY: &str = "86400000000";
    let (open, close) = match dialect {
        Dialect::Sqlite => ("date('1970-01-01', (", ") || ' days')"),
        Dialect::Postgres => ("to_char(DATE '1970-01-01' + (", ")::integer, 'YYYY-MM-DD')"),
    };
    sql.push(open);
    // The instant is a column, so naming it twice costs nothing.
    sql.push("(").append(instant).push(" + 32400000000 - ((").append(instant).push(" + 32400000000) % ");
    sql.push(DAY).push(" + ").push(DAY).push(") % ").push(DAY).push(") / ").push(DAY);
    sql.push(close);
}
