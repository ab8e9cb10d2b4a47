//! Lists of records: filtered, sorted, searched, a page at a time, and never counted beyond a bound.
//!
//! A [`ListQuery`] says what is wanted; [`ListQuery::page`] answers it. The condition is SQL that the filter engine lowered and
//! already holds the caller's row grants: this module adds what every list needs (not deleted, batch published), the
//! order with its keyset ([`keyset`]) and the search ([`search`]).

pub mod area;
pub mod count;
mod cursor;
pub(crate) mod frequency;
mod keyset;
pub mod search;

use crate::batch::visible;
use crate::city::City;
use crate::error::Result;
use crate::ledger::{Ledger, Order};
use crate::record::read::{RECORDS, with_children};
use crate::record::{Projection, RecordRow};
use crate::row::{Cell, Row};
use crate::sql::{Dialect, Sql};

pub use area::{Area, AreaMark, AreaPage, Prominent};
pub use cursor::Cursor;
pub use search::{Search, SearchScope, Way};

/// Which records a list wants, and in which order.
#[derive(Debug, Clone)]
pub struct ListQuery<'a> {
    /// The ledger.
    pub ledger: &'a Ledger,
    /// The fields that the answer has.
    pub projection: Projection,
    /// What records must meet, the caller's grants included. It may name columns alone or with the alias
    /// [`RECORDS`]; none means all records.
    pub condition: Option<Sql>,
    /// The order.
    pub order: Order,
    /// Where the page before ended.
    pub after: Option<Cursor>,
    /// How many records a page has at most.
    pub limit: usize,
    /// What must be found in the records' texts.
    pub search: Option<Search>,
    /// Deleted records.
    pub deleted: Deleted,
}

/// Whether a list has deleted records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Deleted {
    /// Only records that are not deleted.
    #[default]
    Without,
    /// Both.
    With,
    /// Only deleted ones.
    Only,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The records.
    pub records: Vec<RecordRow>,
    /// Where the next page begins; none when this is the last.
    pub next: Option<Cursor>,
}

impl<'a> ListQuery<'a> {
    /// All records of a ledger with all their fields, newest first, 50 to a page.
    #[must_use]
    pub fn new(ledger: &'a Ledger) -> Self {
        Self {
            ledger,
            projection: Projection::all(ledger),
            condition: None,
            order: Order::default(),
            after: None,
            limit: 50,
            search: None,
            deleted: Deleted::default(),
        }
    }

    /// Reads one page.
    ///
    /// # Errors
    /// As [`City::read`]; [`crate::StoreError::Refused`] when the cursor belongs to another order.
    pub async fn page(&self, city: &City) -> Result<Page> {
        let way = match &self.search {
            Some(search) => search.way(city, self.ledger, self.limit).await?,
            None => Way::Walk,
        };
        // One more than the page has says whether there is another.
        let wanted = self.limit + 1;
        let mut rows: Vec<Row> = Vec::with_capacity(wanted);
        for phase in keyset::phases(&self.order, self.after.as_ref())? {
            if rows.len() >= wanted {
                break;
            }
            let mut sql = Sql::text("SELECT ");
            self.projection.select(&mut sql);
            for column in &self.order.columns {
                sql.push(", ").column(RECORDS, &column.column);
            }
            sql.append(&self.source(city, way, Some(&phase.condition)));
            sql.push(" ORDER BY ").append(&phase.order_by);
            sql.push(" LIMIT ").number(i64::try_from(wanted - rows.len()).unwrap_or(i64::MAX));
            rows.extend(city.read(sql).await?);
        }
        self.finish(city, rows).await
    }

    async fn finish(&self, city: &City, mut rows: Vec<Row>) -> Result<Page> {
        let is_last = rows.len() <= self.limit;
        rows.truncate(self.limit);
        let sort_keys =
            |row: &Row| -> Vec<Cell> { row.cells().get(self.projection.width()..).unwrap_or_default().to_vec() };
        let last_keys = rows.last().filter(|_| !is_last).map(sort_keys);
        let mut records = rows.into_iter().map(|row| self.projection.decode(row)).collect::<Result<Vec<_>>>()?;
        with_children(city, self.ledger, &self.projection, &mut records).await?;
        let next = match (last_keys, records.last()) {
            (Some(keys), Some(last)) => Some(Cursor::new(&self.order, keys, last.n)),
            _ => None,
        };
        Ok(Page { records, next })
    }

    /// `FROM … WHERE …` for this query, for aggregates over its records. The table's alias is [`RECORDS`].
    ///
    /// # Errors
    /// As [`City::read`].
    pub async fn from_where(&self, city: &City) -> Result<Sql> {
        let way = match &self.search {
            Some(search) => search.way_for_all(city, self.ledger).await?,
            None => Way::Walk,
        };
        Ok(self.source(city, way, None))
    }

    fn source(&self, city: &City, way: Way, phase: Option<&Sql>) -> Sql {
        let mut sql = Sql::text(" FROM ");
        let search = self.search.as_ref().map(|search| search.lower(city.dialect(), self.ledger, way));
        let driver = search.as_ref().and_then(|search| search.driver.as_ref());
        if let Some(driver) = driver {
            sql.append(driver).push(" CROSS JOIN ");
        }
        match (driver, city.dialect()) {
            // Each hit's record is looked up by its number. Left to itself the planner reads the whole table beside a few
            // thousand hits, whose number it can't know.
            (Some(_), Dialect::Postgres) => sql
                .push("LATERAL (SELECT * FROM ")
                .table(self.ledger.table())
                .push(" AS \"_r\" WHERE \"_r\".\"n\" = \"_s\".\"_hit\" OFFSET 0)"),
            _ => sql.table(self.ledger.table()),
        };
        sql.push(" AS ").ident(RECORDS).push(" WHERE ");
        match self.deleted {
            Deleted::Without => sql.column(RECORDS, "deleted_at").push(" IS NULL AND "),
            Deleted::Only => sql.column(RECORDS, "deleted_at").push(" IS NOT NULL AND "),
            Deleted::With => &mut sql,
        };
        sql.append(&visible(RECORDS));
        let found = search.as_ref().map(|search| &search.condition);
        for condition in [phase, self.condition.as_ref(), found].into_iter().flatten().filter(|sql| !sql.is_empty()) {
            sql.push(" AND (").append(condition).push(")");
        }
        sql
    }
}
