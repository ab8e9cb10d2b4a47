//! Grouping in the database.

use kawasemi_schema::{FieldDef, FieldKind};
use kawasemi_store::record::read::RECORDS;
use kawasemi_store::{Cell, Dialect, Row, Sql};

use super::{GROUPS, Grouping, Key, Step, Tallies, Tally, plain_kind};
use crate::error::Result;
use crate::ledgers::{Gate, Ledgers};
use crate::read::query;
use crate::select::Selection;

/// Sums are added as `value / HALF` and `value % HALF`, neither of which can overflow below a billion records.
const HALF: i64 = 1_000_000_000;
/// Microseconds of nine hours: from UTC to the city's time.
const OFFSET: i64 = 9 * 3_600 * 1_000_000;

impl Ledgers {
    pub(super) async fn tally_in_sql(
        &self,
        gate: &Gate,
        selection: &Selection,
        by: &[Grouping<'_>],
        of: Option<&FieldDef>,
    ) -> Result<(Tallies, bool)> {
        let mut sql = Sql::text("SELECT count(*)");
        measure(&mut sql, of);
        let groups: Vec<Sql> = by.iter().map(|grouping| group(grouping, self.dialect())).collect();
        for (position, group) in groups.iter().enumerate() {
            sql.push(", ").append(group).push(if position == 0 { " AS \"g0\"" } else { " AS \"g1\"" });
        }
        sql.append(&query(gate, selection).from_where(self.city()).await?);
        if !by.is_empty() {
            // By position: both stores take it, and the expressions are written once.
            sql.push(if by.len() == 1 { " GROUP BY 6" } else { " GROUP BY 6, 7" });
            sql.push(" LIMIT ").bind(GROUPS as i64 + 1);
        }
        let rows = self.city().read(sql).await?;
        let is_partial = rows.len() > GROUPS;
        let mut tallies = Tallies::default();
        for row in rows.into_iter().take(GROUPS) {
            add(&mut tallies, by, row)?;
        }
        Ok((tallies, is_partial))
    }
}

/// count(v), the two halves of the sum, smallest and largest: together with the count, five columns.
fn measure(sql: &mut Sql, of: Option<&FieldDef>) {
    let Some(field) = of else {
        sql.push(", CAST(0 AS BIGINT), CAST(0 AS BIGINT), CAST(0 AS BIGINT), CAST(NULL AS TEXT)");
        return;
    };
    let column = |sql: &mut Sql| {
        sql.column(RECORDS, &field.key);
    };
    // Smallest and largest in one column of text: both stores put two integers together so.
    for (before, after) in [
        (", count(", ")"),
        (", CAST(coalesce(sum(", " / 1000000000), 0) AS BIGINT)"),
        (", CAST(coalesce(sum(", " % 1000000000), 0) AS BIGINT)"),
    ] {
        sql.push(before);
        column(sql);
        sql.push(after);
    }
    sql.push(", CAST(min(");
    column(sql);
    sql.push(") AS TEXT) || '|' || CAST(max(");
    column(sql);
    sql.push(") AS TEXT)");
}

/// The expression by which records are grouped.
fn group(grouping: &Grouping<'_>, dialect: Dialect) -> Sql {
    let key = &grouping.field.key;
    let mut column = Sql::new();
    column.column(RECORDS, key);
    let kind = plain_kind(grouping.field);
    let mut sql = Sql::new();
    match (kind, grouping.step()) {
        (FieldKind::DateTime, step) => {
            let day = local_day(&column, dialect);
            by_step(&mut sql, &day, step);
        }
        (FieldKind::Date, step) => by_step(&mut sql, &column, step),
        (FieldKind::YearMonth, Step::FiscalYear) => by_step(&mut sql, &column, Step::FiscalYear),
        _ => {
            sql.append(&column);
        }
    }
    sql
}

/// The ISO text of the day of an instant in the city.
fn local_day(column: &Sql, dialect: Dialect) -> Sql {
    let mut sql = Sql::new();
    let (before, after) = match dialect {
        Dialect::Sqlite => ("strftime('%Y-%m-%d', (", ") / 1000000, 'unixepoch')"),
        Dialect::Postgres => ("to_char(to_timestamp((", ") / 1000000) AT TIME ZONE 'UTC', 'YYYY-MM-DD')"),
    };
    sql.push(before).append(column).push(" + ").push(&OFFSET.to_string()).push(after);
    sql
}

/// A part of an ISO date.
fn by_step(sql: &mut Sql, day: &Sql, step: Step) {
    match step {
        Step::Value | Step::Day => {
            sql.append(day);
        }
        Step::Month => {
            sql.push("substr(").append(day).push(", 1, 7)");
        }
        Step::FiscalYear => {
            sql.push("CAST(substr(").append(day).push(", 1, 4) AS BIGINT) - (CASE WHEN substr(").append(day);
            sql.push(", 6, 2) < '04' THEN 1 ELSE 0 END)");
        }
    }
}

fn add(tallies: &mut Tallies, by: &[Grouping<'_>], row: Row) -> Result<()> {
    let records: i64 = row.get(0)?;
    let values: i64 = row.get(1)?;
    let (high, low): (i64, i64) = (row.get(2)?, row.get(3)?);
    let extremes: Option<String> = row.get(4)?;
    let mut extremes = extremes.as_deref().unwrap_or_default().split('|').map(str::parse::<i64>);
    let tally = Tally {
        records: records.unsigned_abs(),
        values: values.unsigned_abs(),
        sum: i128::from(high) * i128::from(HALF) + i128::from(low),
        min: extremes.next().and_then(Result::ok),
        max: extremes.next().and_then(Result::ok),
    };
    if records == 0 {
        return Ok(());
    }
    let cells: Vec<Cell> = row.into_cells().into_iter().skip(5).collect();
    let keys: Vec<Vec<Key>> = by.iter().zip(&cells).map(|(grouping, cell)| keys(grouping, cell)).collect();
    tallies.add(&keys, &tally);
    Ok(())
}

/// The keys of a cell; several where a field holds several choices, since the record counts for each of them.
fn keys(grouping: &Grouping<'_>, cell: &Cell) -> Vec<Key> {
    match (cell, plain_kind(grouping.field)) {
        (Cell::Text(bars), FieldKind::Choices { .. }) => {
            bars.split('|').filter(|key| !key.is_empty()).map(|key| Key::Text(key.to_owned())).collect()
        }
        (Cell::Text(text), _) => vec![Key::Text(text.clone())],
        (Cell::Int(number), _) => vec![Key::Int(*number)],
        (Cell::Bool(answer), _) => vec![Key::Int(i64::from(*answer))],
        (Cell::Id(id), _) => vec![Key::Text(id.to_string())],
        (Cell::Blob(bytes), _) => vec![uuid::Uuid::from_slice(bytes).map_or(Key::Null, |id| Key::Text(id.to_string()))],
        (Cell::Null | Cell::Real(_), _) => vec![Key::Null],
    }
}
