//! Counts that cost no more than they are worth: up to a bound, beside the list and never before it.

use std::collections::HashMap;

use super::ListQuery;
use crate::city::City;
use crate::error::{Result, StoreError};
use crate::record::read::RECORDS;
use crate::row::Cell;
use crate::sql::Sql;

/// A number of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BoundedCount {
    /// How many were counted.
    pub count: u64,
    /// Whether there are more: the count is then shown as 10,000+.
    pub is_more: bool,
}

/// How often each value of a column occurs.
#[derive(Debug, Clone, PartialEq)]
pub struct Facet {
    /// Value and number of records, the most frequent first.
    pub values: Vec<(Cell, u64)>,
}

/// The facets of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Facets {
    /// One facet for each column that was asked for.
    pub facets: Vec<Facet>,
    /// Whether only the first records were looked at, so that the numbers are lower bounds.
    pub is_partial: bool,
}

impl ListQuery<'_> {
    /// Counts the records of the list (of all its pages) up to a bound.
    ///
    /// # Errors
    /// As [`City::read`].
    pub async fn bounded_count(&self, city: &City, bound: u32) -> Result<BoundedCount> {
        let mut sql = Sql::text("SELECT count(*) FROM (SELECT 1");
        sql.append(&self.from_where(city).await?);
        sql.push(" LIMIT ").number(i64::from(bound) + 1).push(") AS counted");
        let counted: i64 = city.read_one(sql).await?.ok_or(StoreError::NotFound)?.get(0)?;
        let is_more = counted > i64::from(bound);
        Ok(BoundedCount { count: counted.unsigned_abs().min(bound.into()), is_more })
    }

    /// Counts the values of columns over the first records of the list, at most `bound`, in one pass.
    ///
    /// # Errors
    /// As [`City::read`].
    pub async fn facets(&self, city: &City, columns: &[&str], bound: u32) -> Result<Facets> {
        if columns.is_empty() {
            return Ok(Facets { facets: Vec::new(), is_partial: false });
        }
        // The database counts what belongs together: a few rows come back in place of ten thousand.
        let names: Vec<String> = (0..columns.len()).map(|position| format!("f{position}")).collect();
        let mut sql = Sql::text("SELECT ");
        for name in &names {
            sql.ident(name).push(", ");
        }
        sql.push("count(*) FROM (SELECT ");
        for (position, (column, name)) in columns.iter().zip(&names).enumerate() {
            sql.push(if position > 0 { ", " } else { "" }).column(RECORDS, column).push(" AS ").ident(name);
        }
        sql.append(&self.from_where(city).await?);
        sql.push(" LIMIT ").number(i64::from(bound) + 1).push(") AS looked_at GROUP BY ");
        for (position, name) in names.iter().enumerate() {
            sql.push(if position > 0 { ", " } else { "" }).ident(name);
        }
        let mut looked_at = 0;
        let mut counts: Vec<HashMap<String, (Cell, u64)>> = vec![HashMap::new(); columns.len()];
        for row in city.read(sql).await? {
            let together = row.get::<i64>(columns.len())?.unsigned_abs();
            looked_at += together;
            for (counts, cell) in counts.iter_mut().zip(row.into_cells()) {
                counts.entry(format!("{cell:?}")).or_insert((cell, 0)).1 += together;
            }
        }
        let is_partial = looked_at > u64::from(bound);
        Ok(Facets { facets: counts.into_iter().map(facet).collect(), is_partial })
    }
}

fn facet(counts: HashMap<String, (Cell, u64)>) -> Facet {
    let mut values: Vec<(String, (Cell, u64))> = counts.into_iter().collect();
    values.sort_by(|(a, (_, more)), (b, (_, less))| less.cmp(more).then_with(|| a.cmp(b)));
    Facet { values: values.into_iter().map(|(_, value)| value).collect() }
}
