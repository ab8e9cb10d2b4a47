//! Records by where they lie: what meets a box, page by page, and what a crowded tile of a map shows first.
//!
//! Both walk an index of the geometry's [`Spot`](kawasemi_kernel::geometry::quad::Spot). A box becomes a few dozen ranges of
//! cells, which are read one after the other in the order of cells, so that a page costs what it shows, however many records
//! there are around. A tile reads the highest ranks first and stops where it has enough: what it then shows is spread like
//! the whole, since ranks know nothing of neighbours.

use kawasemi_kernel::geometry::BoundingBox;
use kawasemi_kernel::geometry::quad::{CHANCE, CellRange, DEPTH, Extent, RANK_MAX};

use super::{Deleted, ListQuery};
use crate::batch::visible;
use crate::city::City;
use crate::error::Result;
use crate::record::RecordRow;
use crate::record::read::{RECORDS, with_children};
use crate::row::Row;
use crate::sql::{Dialect, Sql, SqlType};

/// Where to look.
#[derive(Debug, Clone, PartialEq)]
pub struct Area<'a> {
    /// The key of the geometry.
    pub field: &'a str,
    /// What the geometries are.
    pub extent: Extent,
    /// The cells, in order and apart.
    pub ranges: Vec<CellRange>,
    /// The box, which the records' own boxes must meet.
    pub bounds: BoundingBox,
}

/// The mark after which the next page goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AreaMark {
    /// After a record with a place: its cell and its row number.
    Placed(i64, i64),
    /// After a record without one; 0 is before the first of them.
    Unplaced(i64),
}

/// A page of records in the order of their cells.
#[derive(Debug, Clone, PartialEq)]
pub struct AreaPage {
    /// The records.
    pub records: Vec<RecordRow>,
    /// Each one's mark, from which a page after it goes on.
    pub marks: Vec<AreaMark>,
    /// Whether there are no more of this kind: with a place, or without one.
    pub is_end: bool,
}

/// What a tile shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Prominent {
    /// The records.
    pub records: Vec<RecordRow>,
    /// Whether these are all: otherwise others of lower rank were left out.
    pub is_complete: bool,
}

impl ListQuery<'_> {
    /// Reads the records that meet a box after a mark, at most `limit` of the query, in the order of their cells. Order,
    /// cursor and search of the query mean nothing here.
    ///
    /// # Errors
    /// As [`City::read`].
    pub async fn in_area(&self, city: &City, area: &Area<'_>, after: Option<(i64, i64)>) -> Result<AreaPage> {
        let cell = part(area.field, "cell");
        let from = after.map_or(i64::MIN, |(cell, _)| cell);
        let ranges: Vec<CellRange> = area
            .ranges
            .iter()
            .filter(|range| range.last >= from)
            .map(|range| CellRange { first: range.first.max(from), last: range.last })
            .collect();
        let mut inner = Sql::new();
        self.wanted(&mut inner, area);
        if let Some((cell_after, n)) = after {
            inner.push(" AND (").column(RECORDS, &cell).push(" > ").bind(cell_after);
            inner.push(" OR ").column(RECORDS, "n").push(" > ").bind(n).push(")");
        }
        let columns =
            [ranges.iter().map(|range| range.first).collect(), ranges.iter().map(|range| range.last).collect()];
        let sql = self.ranged(city.dialect(), &["_first", "_last"], columns, &[&cell], &inner);
        let mut rows = city.read(sql).await?;
        let is_end = rows.len() < self.limit;
        rows.truncate(self.limit);
        let cells = rows.iter().map(|row| row.get(self.projection.width())).collect::<Result<Vec<i64>>>()?;
        let records = self.decoded(city, rows).await?;
        let marks = cells.iter().zip(&records).map(|(cell, record)| AreaMark::Placed(*cell, record.n)).collect();
        Ok(AreaPage { records, marks, is_end })
    }

    /// Reads records without a place, which every box lets through (OGC API Features, requirement `fc-bbox-response`).
    ///
    /// # Errors
    /// As [`City::read`].
    pub async fn without_place(&self, city: &City, field: &str, after: i64) -> Result<AreaPage> {
        let cell = part(field, "cell");
        let mut sql = Sql::text("SELECT ");
        self.projection.select(&mut sql);
        sql.push(" FROM ").table(self.ledger.table()).push(" AS ").ident(RECORDS).push(" WHERE ");
        sql.column(RECORDS, &cell).push(" IS NULL AND ").column(RECORDS, "n").push(" > ").bind(after);
        sql.push(" AND ");
        self.belongs(&mut sql);
        sql.push(" ORDER BY ").column(RECORDS, "n").push(" LIMIT ").number(limit(self.limit));
        let rows = city.read(sql).await?;
        let is_end = rows.len() < self.limit;
        let records = self.decoded(city, rows).await?;
        let marks = records.iter().map(|record| AreaMark::Unplaced(record.n)).collect();
        Ok(AreaPage { records, marks, is_end })
    }

    /// Reads what meets a box, the most prominent first, at most `limit` of the query. If there is more, all of the lowest rank
    /// that was begun is left out, so that what is shown is not fuller in one corner.
    ///
    /// # Errors
    /// As [`City::read`].
    pub async fn prominent(&self, city: &City, area: &Area<'_>) -> Result<Prominent> {
        let (cell, rank) = (part(area.field, "cell"), part(area.field, "rank"));
        let mut columns: [Vec<i64>; 3] = Default::default();
        for value in (0..=RANK_MAX).rev() {
            for range in area.ranges.iter().filter(|range| may_rank(**range, area.extent, value)) {
                columns[0].push(value);
                columns[1].push(range.first);
                columns[2].push(range.last);
            }
        }
        let mut inner = Sql::new();
        self.wanted(&mut inner, area);
        let one_more = ListQuery { limit: self.limit + 1, ..self.clone() };
        let sql = one_more.ranged(city.dialect(), &["_rank", "_first", "_last"], columns, &[&rank, &cell], &inner);
        let mut rows = city.read(sql).await?;
        let is_complete = rows.len() <= self.limit;
        if !is_complete {
            let ranks = rows.iter().map(|row| row.get(self.projection.width())).collect::<Result<Vec<i64>>>()?;
            let kept = ranks.iter().position(|rank| Some(rank) == ranks.last()).unwrap_or_default();
            // A single rank that fills the tile alone is shown as far as it goes.
            rows.truncate(if kept == 0 { self.limit } else { kept });
        }
        Ok(Prominent { records: self.decoded(city, rows).await?, is_complete })
    }

    /// Counts what meets a box, up to a bound, by the boxes of the records.
    ///
    /// # Errors
    /// As [`City::read`].
    pub async fn count_in_area(&self, city: &City, area: &Area<'_>, bound: usize) -> Result<usize> {
        let cell = part(area.field, "cell");
        let mut inner = Sql::new();
        self.wanted(&mut inner, area);
        let columns = [
            area.ranges.iter().map(|range| range.first).collect(),
            area.ranges.iter().map(|range| range.last).collect(),
        ];
        let bounded = ListQuery { limit: bound, ..self.clone() };
        let mut sql = Sql::text("SELECT count(*) FROM (");
        sql.append(&bounded.statement(city.dialect(), &["_first", "_last"], columns, &[&cell], &inner, false));
        sql.push(") AS counted");
        let counted: i64 = city.read_one(sql).await?.map_or(Ok(0), |row| row.get(0))?;
        Ok(usize::try_from(counted).unwrap_or_default())
    }

    /// The box around the places of the query's records; none where there is none.
    ///
    /// # Errors
    /// As [`City::read`].
    pub async fn bounds(&self, city: &City, field: &str) -> Result<Option<BoundingBox>> {
        let mut sql = Sql::text("SELECT ");
        for (place, (function, side)) in
            [("min", "min_x"), ("min", "min_y"), ("max", "max_x"), ("max", "max_y")].into_iter().enumerate()
        {
            sql.push(if place > 0 { ", " } else { "" }).push(function).push("(");
            sql.column(RECORDS, &part(field, side)).push(")");
        }
        sql.push(" FROM ").table(self.ledger.table()).push(" AS ").ident(RECORDS).push(" WHERE ");
        self.belongs(&mut sql);
        let Some(row) = city.read_one(sql).await? else { return Ok(None) };
        let side = |place: usize| row.get::<Option<f64>>(place);
        let (west, south, east, north) = (side(0)?, side(1)?, side(2)?, side(3)?);
        Ok((|| Some(BoundingBox { west: west?, south: south?, east: east?, north: north? }))())
    }

    fn ranged<const N: usize>(
        &self,
        dialect: Dialect,
        names: &[&str; N],
        columns: [Vec<i64>; N],
        keys: &[&str],
        inner: &Sql,
    ) -> Sql {
        self.statement(dialect, names, columns, keys, inner, true)
    }

    /// For each row of a small table (cells from and to, a rank), the records of the index in its range, in order: the last two
    /// names are the range of the last key, names before them are what the keys before are equal to. The database walks
    /// the small table in its order and stops at the limit; no sort comes between.
    fn statement<const N: usize>(
        &self,
        dialect: Dialect,
        names: &[&str; N],
        columns: [Vec<i64>; N],
        keys: &[&str],
        inner: &Sql,
        shows: bool,
    ) -> Sql {
        let mut range = Sql::new();
        let (last, equal) = keys.split_last().expect("a range is of a key");
        for (key, name) in equal.iter().zip(names) {
            range.column(RECORDS, key).push(" = ").column("_c", name).push(" AND ");
        }
        range.column(RECORDS, last).push(" BETWEEN ").column("_c", names[N - 2]).push(" AND ");
        range.column("_c", names[N - 1]);
        let mut select = Sql::text("SELECT ");
        if shows {
            self.projection.select(&mut select);
            select.push(", ").column(RECORDS, keys[0]);
        } else {
            select.push("1");
        }
        let mut sql = Sql::new();
        match dialect {
            Dialect::Sqlite => {
                sql.push("WITH \"_c\" AS MATERIALIZED (SELECT ");
                for (place, name) in names.iter().enumerate() {
                    sql.push(if place > 0 { ", " } else { "" });
                    sql.push("value ->> ").number(limit(place)).push(" AS ").ident(name);
                }
                sql.push(" FROM json_each(").bind(rows_json(&columns)).push(")) ").append(&select);
                sql.push(" FROM \"_c\" CROSS JOIN ").table(self.ledger.table()).push(" AS ").ident(RECORDS);
                sql.push(" WHERE ").append(&range).push(" AND ").append(inner);
            }
            Dialect::Postgres => {
                sql.push("SELECT \"_x\".* FROM unnest(");
                for (place, column) in columns.iter().enumerate() {
                    sql.push(if place > 0 { ", " } else { "" }).push("string_to_array(");
                    sql.bind_as(listed(column), SqlType::Text).push(", ',')::bigint[]");
                }
                sql.push(") AS \"_c\"(");
                for (place, name) in names.iter().enumerate() {
                    sql.push(if place > 0 { ", " } else { "" }).ident(name);
                }
                // The limit within makes the planner walk the index in its order rather than sort what the range holds.
                sql.push(") CROSS JOIN LATERAL (").append(&select).push(" FROM ").table(self.ledger.table());
                sql.push(" AS ").ident(RECORDS).push(" WHERE ").append(&range).push(" AND ").append(inner);
                sql.push(" ORDER BY ").column(RECORDS, last).push(", ").column(RECORDS, "n");
                sql.push(" LIMIT ").number(limit(self.limit)).push(") AS \"_x\"");
            }
        }
        sql.push(" LIMIT ").number(limit(self.limit));
        sql
    }

    /// What records of an area meet beside their range.
    fn wanted(&self, sql: &mut Sql, area: &Area<'_>) {
        let BoundingBox { west, south, east, north } = area.bounds;
        let side = |sql: &mut Sql, name: &str, sign: &str, value: f64| {
            sql.column(RECORDS, &part(area.field, name)).push(sign).bind_as(value, SqlType::Real);
        };
        side(sql, "min_y", " <= ", north);
        sql.push(" AND ");
        side(sql, "max_y", " >= ", south);
        sql.push(" AND ");
        if west <= east {
            side(sql, "min_x", " <= ", east);
            sql.push(" AND ");
            side(sql, "max_x", " >= ", west);
        } else {
            sql.push("(");
            side(sql, "max_x", " >= ", west);
            sql.push(" OR ");
            side(sql, "min_x", " <= ", east);
            sql.push(")");
        }
        sql.push(" AND ");
        self.belongs(sql);
    }

    /// What every list asks of its records.
    fn belongs(&self, sql: &mut Sql) {
        match self.deleted {
            Deleted::Without => sql.column(RECORDS, "deleted_at").push(" IS NULL AND "),
            Deleted::Only => sql.column(RECORDS, "deleted_at").push(" IS NOT NULL AND "),
            Deleted::With => sql,
        };
        sql.append(&visible(RECORDS));
        if let Some(condition) = self.condition.as_ref().filter(|condition| !condition.is_empty()) {
            sql.push(" AND (").append(condition).push(")");
        }
    }

    async fn decoded(&self, city: &City, rows: Vec<Row>) -> Result<Vec<RecordRow>> {
        let mut records = rows.into_iter().map(|row| self.projection.decode(row)).collect::<Result<Vec<_>>>()?;
        with_children(city, self.ledger, &self.projection, &mut records).await?;
        Ok(records)
    }
}

/// Whether something of a rank can be in a range: a point has what chance gives; what is alone in a square of some level has
/// that level's rank and what chance adds.
fn may_rank(range: CellRange, extent: Extent, rank: i64) -> bool {
    let least = match extent {
        Extent::Points => 0,
        Extent::Any if range.first == range.last => i64::from(DEPTH - range.level()),
        Extent::Any => return true,
    };
    (least..=(least + CHANCE).min(RANK_MAX)).contains(&rank)
}

fn part(field: &str, suffix: &str) -> String {
    format!("{field}__{suffix}")
}

fn limit(records: usize) -> i64 {
    i64::try_from(records).unwrap_or(i64::MAX)
}

fn rows_json<const N: usize>(columns: &[Vec<i64>; N]) -> String {
    let row = |row: usize| format!("[{}]", listed(&columns.each_ref().map(|column| column[row])));
    format!("[{}]", (0..columns[0].len()).map(row).collect::<Vec<_>>().join(","))
}

fn listed(numbers: &[i64]) -> String {
    numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(",")
}
