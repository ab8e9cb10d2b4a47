//! A record's entry in the full-text index.
//!
//! On SQLite it is one row of an FTS5 table that keeps no text, with a column for each clearance level. On PostgreSQL it is
//! one or more rows of a side table with a `tsvector` each, where the levels are the four weights.

use std::fmt::Write as _;

use kawasemi_kernel::RecordId;
use kawasemi_schema::Clearance;

use super::search_text::{SearchTexts, chunks};
use crate::ledger::Ledger;
use crate::sql::{Dialect, Sql, SqlType};
use crate::unit::Statement;

/// The word in every vector of a text that has several. No token is like it, since tokens are letters and digits.
pub(crate) const PART: &str = "+";

/// The weight that stands for a level in PostgreSQL's vectors and queries.
pub(crate) const fn weight(level: Clearance) -> char {
    match level {
        Clearance::Public => 'A',
        Clearance::Internal => 'B',
        Clearance::Personal => 'C',
        Clearance::Sensitive => 'D',
    }
}

/// The statements that enter a record whose row is there already.
pub(crate) fn add(ledger: &Ledger, dialect: Dialect, id: RecordId, search: &SearchTexts) -> Vec<Statement> {
    match dialect {
        _ if ledger.levels.is_empty() => Vec::new(),
        Dialect::Sqlite => vec![add_on_sqlite(ledger, id, search)],
        Dialect::Postgres => vectors(search)
            .into_iter()
            .enumerate()
            .map(|(chunk, vector)| {
                let mut insertion = Sql::text("INSERT INTO ");
                insertion.table(ledger.search_table()).push(" (\"n\", \"chunk\", \"tsv\") VALUES ");
                let mut row = Sql::text("(");
                row.append(&row_number(ledger, id));
                row.push(", ").bind(i64::try_from(chunk).unwrap_or(i64::MAX)).push(", ");
                row.bind_as(vector, SqlType::Text).push("::tsvector)");
                Statement::row(insertion, &row)
            })
            .collect(),
    }
}

/// The statement that takes a record out.
pub(crate) fn remove(ledger: &Ledger, dialect: Dialect, id: RecordId) -> Statement {
    let mut sql = Sql::text("DELETE FROM ");
    sql.table(ledger.search_table()).push(match dialect {
        Dialect::Sqlite => " WHERE rowid = ",
        Dialect::Postgres => " WHERE \"n\" = ",
    });
    sql.append(&row_number(ledger, id));
    sql.into()
}

fn row_number(ledger: &Ledger, id: RecordId) -> Sql {
    let mut sql = Sql::text("(SELECT \"n\" FROM ");
    sql.table(ledger.table()).push(" WHERE \"id\" = ").bind(id.0).push(")");
    sql
}

fn add_on_sqlite(ledger: &Ledger, id: RecordId, search: &SearchTexts) -> Statement {
    let mut sql = Sql::text("INSERT INTO ");
    sql.table(ledger.search_table()).push(" (rowid");
    for level in &ledger.levels {
        sql.push(", ").ident(level.key());
    }
    sql.push(") VALUES (").append(&row_number(ledger, id));
    for level in &ledger.levels {
        sql.push(", ").bind(search.tokens(*level).join(" "));
    }
    sql.push(")");
    sql.into()
}

/// The texts as `tsvector` literals, all levels after one another. The last token of a run stands alone, so that no
/// phrase reaches from one level into the next.
fn vectors(search: &SearchTexts) -> Vec<String> {
    let tokens: Vec<(char, &str)> = search
        .levels()
        .flat_map(|(level, tokens)| tokens.iter().map(move |token| (weight(level), token.as_str())))
        .collect();
    if tokens.is_empty() {
        return Vec::new();
    }
    let chunks = chunks(&tokens);
    let mark = if chunks.len() > 1 { format!("'{PART}' ") } else { String::new() };
    let literals = chunks.into_iter().map(|chunk| {
        let mut vector = String::with_capacity(mark.len() + chunk.len() * 16);
        vector.push_str(&mark);
        for (position, (weight, token)) in chunk.iter().enumerate() {
            // Tokens are letters and digits, so that quoting needs no escapes. Writing to a string can't fail.
            let _ = write!(vector, "'{token}':{}{weight} ", position + 1);
        }
        vector
    });
    literals.collect()
}
