//! Full-text search within a list: hits in the list's order, by whichever way reads least.
//!
//! There are three ways to find the first fifty hits of a list:
//!
//! - **walk** the list's index and look into each record's search text: best for a word that many records have, since
//!   fifty are soon together;
//! - take all **postings** of the word from the full-text index and sort them: best for a rare word;
//! - walk the list's index and ask for each entry whether it is a **member** of the postings, reading only the records
//!   that are: best in between, as it looks at no record in vain.
//!
//! The estimated frequency of the rarest term decides ([`super::frequency`]).
//!
//! Which levels of text a caller may see can depend on the row (the caller's own department). A [`Search`] therefore has
//! one or more scopes; a record is a hit when in one scope its row condition holds and every term is found in the texts
//! of its levels.

use kawasemi_kernel::bigram::{Lookup, Query, Term};
use kawasemi_schema::Clearance;

use super::frequency;
use crate::city::City;
use crate::error::Result;
use crate::ledger::{Ledger, open_search_column, search_column};
use crate::record::read::RECORDS;
use crate::record::search_entry::{PART, weight};
use crate::sql::{Dialect, Sql, SqlType};

/// What must be found, and where a caller may look for it.
#[derive(Debug, Clone)]
pub struct Search {
    /// The terms.
    pub query: Query,
    /// Where; a search without scopes finds nothing.
    pub scopes: Vec<SearchScope>,
    /// Finds protected fields of people under protection as well, which only the program itself may.
    pub sees_protected: bool,
    /// The way to take, for measurements and tests; none lets the estimate decide.
    pub way: Option<Way>,
}

/// The levels of text that a caller may see in some of the rows.
#[derive(Debug, Clone)]
pub struct SearchScope {
    /// The levels.
    pub levels: Vec<Clearance>,
    /// In which rows; none for all.
    pub rows: Option<Sql>,
}

/// How the hits are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Along the list's index, looking into each record's text.
    Walk,
    /// From the postings, sorting them.
    Postings,
    /// Along the list's index, asking whether the entry is among the postings.
    Members,
}

/// A search as SQL.
pub(crate) struct LoweredSearch {
    /// A derived table of row numbers `_hit` from which the query starts.
    pub driver: Option<Sql>,
    pub condition: Sql,
}

/// Costs in microseconds, as measured on a million records with a warm cache; only their proportions matter.
mod cost {
    /// Reading a record by its row number and testing its text.
    pub const RECORD: f64 = 4.0;
    /// Passing an index entry and looking its row number up among the postings.
    pub const ENTRY: f64 = 0.6;
    /// Taking one posting into a temporary index.
    pub const POSTING: f64 = 0.5;
    /// Passing one posting of the rarest term while it is merged with the others.
    pub const MERGED: f64 = 0.2;
}

/// How frequent a search is.
struct Estimate {
    /// Records that have every term.
    hits: f64,
    /// Records that have the rarest term.
    least: f64,
    /// Records of the ledger.
    records: f64,
}

impl Estimate {
    fn cheapest(&self, limit: usize) -> Way {
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let limit = limit as f64;
        // Walking passes so many entries until the page is full.
        let passed = (limit * self.records / self.hits.max(1.0)).min(self.records);
        let merged = self.least * cost::MERGED;
        let costs = [
            (Way::Postings, merged + self.hits * cost::RECORD),
            (Way::Members, merged + self.hits * cost::POSTING + passed * cost::ENTRY),
            (Way::Walk, passed * cost::RECORD),
        ];
        costs.into_iter().min_by(|a, b| a.1.total_cmp(&b.1)).map_or(Way::Walk, |(way, _)| way)
    }
}

impl Search {
    /// A search in which every row shows the same levels.
    #[must_use]
    pub fn everywhere(query: Query, levels: Vec<Clearance>) -> Self {
        Self { query, scopes: vec![SearchScope { levels, rows: None }], sees_protected: false, way: None }
    }

    /// How to find the first records of a list.
    pub(crate) async fn way(&self, city: &City, ledger: &Ledger, limit: usize) -> Result<Way> {
        match self.way {
            Some(way) => Ok(way),
            // A ledger in which nothing is searched has no index to ask.
            None if ledger.levels.is_empty() => Ok(Way::Walk),
            None => Ok(self.estimate(city, ledger).await?.map_or(Way::Walk, |estimate| estimate.cheapest(limit))),
        }
    }

    /// How to find all of them: from the postings, unless a good part of the records has the words.
    pub(crate) async fn way_for_all(&self, city: &City, ledger: &Ledger) -> Result<Way> {
        if let Some(way) = self.way {
            return Ok(way);
        }
        if ledger.levels.is_empty() {
            return Ok(Way::Walk);
        }
        let estimate = self.estimate(city, ledger).await?;
        let is_rare = estimate.is_some_and(|estimate| estimate.least < estimate.records / 4.0);
        Ok(if is_rare { Way::Postings } else { Way::Walk })
    }

    /// How many records have all terms, as if the terms had nothing to do with one another.
    async fn estimate(&self, city: &City, ledger: &Ledger) -> Result<Option<Estimate>> {
        let mut together: Option<Estimate> = None;
        for term in &self.query.terms {
            let of_term = frequency::of_term(city, ledger, term).await?;
            let (hits, records) = (of_term.hits, of_term.records.max(1.0));
            together = Some(match together {
                None => Estimate { hits, least: hits, records },
                Some(before) => Estimate { hits: before.hits * hits / records, least: before.least.min(hits), records },
            });
        }
        Ok(together)
    }

    /// Writes the search for one store.
    pub(crate) fn lower(&self, dialect: Dialect, ledger: &Ledger, way: Way) -> LoweredSearch {
        let everything = self.levels(ledger);
        if everything.is_empty() || self.query.is_empty() {
            // No text that the caller may see: nothing is found. No term: everything is.
            let condition = Sql::text(if self.query.is_empty() { "" } else { "1 = 0" });
            return LoweredSearch { driver: None, condition };
        }
        // Whoever sees all these levels in every row needs no further test of what the index finds.
        let is_uniform = matches!(self.scopes.as_slice(), [only] if only.rows.is_none());
        let postings = postings(dialect, ledger, &self.query, &everything);
        let mut condition = match is_uniform && postings.covers_all_terms && way != Way::Walk {
            true => Sql::new(),
            false => self.texts_contain(dialect, ledger, search_column),
        };
        if let Some(guard) = ledger.guard.as_ref().filter(|_| self.hides(ledger)) {
            let column = |level| match ledger.open_levels.contains(&level) {
                true => open_search_column(level),
                false => search_column(level),
            };
            if !condition.is_empty() {
                condition.push(" AND ");
            }
            condition.push("(NOT ").append(&guard.condition(RECORDS)).push(" OR ");
            condition.append(&self.texts_contain(dialect, ledger, column)).push(")");
        }
        match way {
            Way::Postings => {
                let mut driver = Sql::text(match dialect {
                    Dialect::Sqlite => "(",
                    // Kept apart, so that the planner does not turn it into a test of every record.
                    Dialect::Postgres => "(SELECT DISTINCT \"_hit\" FROM (",
                });
                driver.append(&postings.select).push(match dialect {
                    Dialect::Sqlite => ") AS \"_s\"",
                    Dialect::Postgres => " OFFSET 0) AS \"_p\") AS \"_s\"",
                });
                if !condition.is_empty() {
                    condition.push(" AND ");
                }
                condition.column(RECORDS, "n").push(" = \"_s\".\"_hit\"");
                LoweredSearch { driver: Some(driver), condition }
            }
            Way::Members => {
                let mut members = Sql::new();
                // Both forms keep the planner from starting at the postings.
                match dialect {
                    Dialect::Sqlite => {
                        members.push("+").column(RECORDS, "n").push(" IN (").append(&postings.select).push(")")
                    }
                    Dialect::Postgres => {
                        members.push("(").column(RECORDS, "n").push(" IN (").append(&postings.select).push(")) IS TRUE")
                    }
                };
                if !condition.is_empty() {
                    members.push(" AND ").append(&condition);
                }
                LoweredSearch { driver: None, condition: members }
            }
            Way::Walk => LoweredSearch { driver: None, condition },
        }
    }

    /// Whether some of the texts must not be found in records of people under protection.
    fn hides(&self, ledger: &Ledger) -> bool {
        let looks_there = |level: &Clearance| self.scopes.iter().any(|scope| scope.levels.contains(level));
        !self.sees_protected && ledger.open_levels.iter().any(looks_there)
    }

    /// The levels of all scopes that the ledger has texts of.
    fn levels(&self, ledger: &Ledger) -> Vec<Clearance> {
        let is_seen = |level: &Clearance| self.scopes.iter().any(|scope| scope.levels.contains(level));
        ledger.levels.iter().copied().filter(is_seen).collect()
    }

    /// The exact test on the search texts of a record.
    fn texts_contain(&self, dialect: Dialect, ledger: &Ledger, column: impl Fn(Clearance) -> String) -> Sql {
        let mut sql = Sql::new();
        for scope in &self.scopes {
            let levels: Vec<Clearance> =
                ledger.levels.iter().copied().filter(|level| scope.levels.contains(level)).collect();
            if levels.is_empty() {
                continue;
            }
            sql.push(if sql.is_empty() { "((" } else { ") OR (" });
            if let Some(rows) = scope.rows.as_ref().filter(|rows| !rows.is_empty()) {
                sql.push("(").append(rows).push(") AND ");
            }
            for (position, term) in self.query.terms.iter().enumerate() {
                sql.push(if position > 0 { " AND (" } else { "(" });
                for (position, level) in levels.iter().enumerate() {
                    sql.push(if position > 0 { " OR " } else { "" });
                    dialect.holds(&mut sql, RECORDS, &column(*level), &term.text);
                }
                sql.push(")");
            }
        }
        sql.push(if sql.is_empty() { "1 = 0" } else { "))" });
        sql
    }
}

/// The row numbers of hits in some levels.
struct Postings {
    select: Sql,
    /// Whether every one is a hit; otherwise the records' texts have to be tested as well.
    covers_all_terms: bool,
}

fn postings(dialect: Dialect, ledger: &Ledger, query: &Query, levels: &[Clearance]) -> Postings {
    let mut select = Sql::new();
    match dialect {
        Dialect::Sqlite => {
            select.push("SELECT rowid AS \"_hit\" FROM ").table(ledger.search_table()).push(" WHERE ");
            select.ident(ledger.search_table()).push(" MATCH ").bind(match_expression(&query.terms, levels));
            Postings { select, covers_all_terms: true }
        }
        Dialect::Postgres => {
            select.push("SELECT \"n\" AS \"_hit\" FROM ").table(ledger.search_table()).push(" WHERE \"tsv\" @@ ");
            select.bind_as(ts_query_of_all(&query.terms, levels), SqlType::Text).push("::tsquery");
            Postings { select, covers_all_terms: query.terms.len() == 1 }
        }
    }
}

/// All terms in one entry; or, in an entry that is a part of a long text, one of them: the others may lie in other parts.
fn ts_query_of_all(terms: &[Term], levels: &[Clearance]) -> String {
    let each: Vec<String> = terms.iter().map(|term| format!("({})", ts_query(term, levels))).collect();
    let all = each.join(" & ");
    match each.as_slice() {
        [_] => all,
        [one, ..] => format!("({all}) | ('{PART}' & {one})"),
        [] => String::new(),
    }
}

/// The terms in FTS5's query language, in the columns of the levels. Terms are letters and digits only.
pub(super) fn match_expression(terms: &[Term], levels: &[Clearance]) -> String {
    let columns = levels.iter().map(|level| level.key()).collect::<Vec<_>>().join(" ");
    let terms = terms.iter().map(|term| match &term.lookup {
        Lookup::Phrase(tokens) => format!("{{{columns}}} : \"{}\"", tokens.join(" ")),
        Lookup::Prefix(character) => format!("{{{columns}}} : \"{character}\" *"),
    });
    terms.collect::<Vec<_>>().join(" AND ")
}

/// A term as PostgreSQL's `tsquery`, in the weights of the levels.
pub(super) fn ts_query(term: &Term, levels: &[Clearance]) -> String {
    let weights: String = levels.iter().map(|level| weight(*level)).collect();
    match &term.lookup {
        Lookup::Phrase(tokens) => {
            tokens.iter().map(|token| format!("'{token}':{weights}")).collect::<Vec<_>>().join(" <-> ")
        }
        Lookup::Prefix(character) => format!("'{character}':*{weights}"),
    }
}
