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
        sql.push(" LIMIT ").bind(i64::from(bound) + 1).push(") AS counted");
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
        let mut sql = Sql::text("SELECT ");
        for (position, column) in columns.iter().enumerate() {
            sql.push(if position > 0 { ", " } else { "" }).column(RECORDS, column);
        }
        sql.append(&self.from_where(city).await?);
        sql.push(" LIMIT ").bind(i64::from(bound) + 1);
        let mut rows = city.read(sql).await?;
        let is_partial = rows.len() > bound as usize;
        rows.truncate(bound as usize);
        let mut counts: Vec<HashMap<String, (Cell, u64)>> = vec![HashMap::new(); columns.len()];
        for row in rows {
            for (counts, cell) in counts.iter_mut().zip(row.into_cells()) {
                let counted = counts.entry(format!("{cell:?}")).or_insert((cell, 0));
                counted.1 += 1;
            }
        }
        Ok(Facets { facets: counts.into_iter().map(facet).collect(), is_partial })
    }
}

fn facet(counts: HashMap<String, (Cell, u64)>) -> Facet {
    let mut values: Vec<(String, (Cell, u64))> = counts.into_iter().collect();
    values.sort_by(|(a, (_, more)), (b, (_, less))| less.cmp(more).then_with(|| a.cmp(b)));
    Facet { values: values.into_iter().map(|(_, value)| value).collect() }
}
