//! How many records have a term, roughly and quickly, so that a search can choose its way.
//!
//! SQLite's full-text index counts the records of a token; PostgreSQL's statistics know the most frequent ones, and what
//! they do not know is rare. Answers are kept for some minutes: a search box asks the same words again and again.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use kawasemi_kernel::bigram::{Lookup, Term};
use kawasemi_schema::Clearance;

use super::search::ts_query;
use crate::city::City;
use crate::error::Result;
use crate::ledger::Ledger;
use crate::sql::{Naming, Sql, SqlType};

/// How long an answer is good.
const GOOD_FOR: Duration = Duration::from_secs(300);
/// How many answers are kept for a city.
const KEPT: usize = 10_000;
/// Up to so many hits are counted where the statistics say nothing.
const COUNTED: i64 = 2_000;

/// How frequent a term is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Estimate {
    /// Records that have it, at most.
    pub hits: f64,
    /// Records of the ledger.
    pub records: f64,
}

/// A city's answers, by ledger and token.
#[derive(Default)]
pub(crate) struct Frequencies {
    known: Mutex<HashMap<(String, String), (Instant, Estimate)>>,
}

impl Frequencies {
    fn get(&self, key: &(String, String)) -> Option<Estimate> {
        let known = self.known.lock().expect("no holder of the frequencies panics");
        known.get(key).filter(|(since, _)| since.elapsed() < GOOD_FOR).map(|(_, estimate)| *estimate)
    }

    fn put(&self, key: (String, String), estimate: Estimate) {
        let mut known = self.known.lock().expect("no holder of the frequencies panics");
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(key, (Instant::now(), estimate));
    }
}

/// Estimates a term by its rarest token.
pub(super) async fn of_term(city: &City, ledger: &Ledger, term: &Term) -> Result<Estimate> {
    let tokens: Vec<String> = match &term.lookup {
        Lookup::Phrase(tokens) => tokens.clone(),
        Lookup::Prefix(character) => vec![format!("{character}*")],
    };
    let mut least: Option<Estimate> = None;
    for token in tokens {
        let key = (ledger.key().to_owned(), token);
        let estimate = match city.frequencies().get(&key) {
            Some(estimate) => estimate,
            None => {
                let estimate = ask(city, ledger, term, &key.1).await?;
                city.frequencies().put(key, estimate);
                estimate
            }
        };
        if least.is_none_or(|least| estimate.hits < least.hits) {
            least = Some(estimate);
        }
    }
    Ok(least.unwrap_or(Estimate { hits: 0.0, records: 0.0 }))
}

async fn ask(city: &City, ledger: &Ledger, term: &Term, token: &str) -> Result<Estimate> {
    match city.naming() {
        Naming::Bare => {
            let hits = sqlite_hits(city, ledger, token).await?;
            let mut sql = Sql::text("SELECT max(\"n\") FROM ");
            sql.table(ledger.table());
            let last = number(city, sql).await?;
            Ok(Estimate { hits, records: last })
        }
        Naming::Schema(schema) => postgres_estimate(city, ledger, term, token, schema).await,
    }
}

/// The tokens of a prefix are many (every pair that begins with a character); the sum of their records is an upper bound.
async fn sqlite_hits(city: &City, ledger: &Ledger, token: &str) -> Result<f64> {
    let mut sql = Sql::text("SELECT sum(doc) FROM ");
    sql.table(&ledger.vocabulary_table());
    match token.strip_suffix('*') {
        Some(prefix) => {
            // The next code point bounds the range; there is always one after a letter or digit.
            let after = prefix.chars().next().and_then(|c| char::from_u32(u32::from(c) + 1)).unwrap_or(char::MAX);
            sql.push(" WHERE term >= ").bind(prefix).push(" AND term < ").bind(after.to_string());
        }
        None => {
            sql.push(" WHERE term = ").bind(token);
        }
    }
    number(city, sql).await
}

async fn postgres_estimate(city: &City, ledger: &Ledger, term: &Term, token: &str, schema: &str) -> Result<Estimate> {
    let records = number(
        city,
        Sql::with(
            "SELECT c.reltuples::bigint FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace s \
             ON s.oid = c.relnamespace WHERE s.nspname = $1 AND c.relname = $2",
            [schema.into(), ledger.table().into()],
        ),
    )
    .await?;
    let known = Sql::with(
        "SELECT max(u.f) FROM pg_catalog.pg_stats s, \
         unnest(s.most_common_elems::text::text[], s.most_common_elem_freqs) AS u(e, f) \
         WHERE s.schemaname = $1 AND s.tablename = $2 AND s.attname = 'tsv' AND u.e = $3",
        [schema.into(), ledger.search_table().into(), token.into()],
    );
    if let Some(frequency) = city.read_one(known).await?.and_then(|row| row.get::<Option<f64>>(0).ok().flatten()) {
        return Ok(Estimate { hits: frequency * records, records });
    }
    let mut sql = Sql::text("SELECT count(*) FROM (SELECT 1 FROM ");
    sql.table(ledger.search_table()).push(" WHERE \"tsv\" @@ ");
    sql.bind_as(ts_query(term, &Clearance::ALL), SqlType::Text).push("::tsquery LIMIT ").bind(COUNTED);
    sql.push(") AS counted");
    let hits = number(city, sql).await?;
    Ok(Estimate { hits, records: records.max(hits) })
}

async fn number(city: &City, sql: Sql) -> Result<f64> {
    let value = city.read_one(sql).await?.map(|row| row.get::<Option<i64>>(0)).transpose()?.flatten();
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    Ok(value.unwrap_or_default().max(0) as f64)
}
