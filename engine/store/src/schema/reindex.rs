//! Making all records' search texts anew, after a definition changed what is searched.
//!
//! Five hundred records at a time, from the newest to the oldest. A record that is saved meanwhile has new texts already;
//! its unit is refused as a conflict and read again.

use kawasemi_kernel::text::FOLDING;

use crate::city::City;
use crate::error::{Result, StoreError};
use crate::ledger::Ledger;
use crate::record::read::{RECORDS, with_children};
use crate::record::search_text::RecordTexts;
use crate::record::{Projection, RecordRow, search_entry};
use crate::sql::Sql;
use crate::unit::{Statement, Unit, Unmet};

const AT_ONCE: i64 = 500;
/// The counter that remembers with which way of folding the search texts were made.
const FOLDING_KEY: &str = "search/folding";

/// Makes the search texts and index entries of a ledger anew. Running it again changes nothing.
///
/// # Errors
/// As [`City::write`].
pub async fn reindex(city: &City, ledger: &Ledger) -> Result<u64> {
    if ledger.levels.is_empty() {
        return Ok(0);
    }
    let (mut below, mut done) = (i64::MAX, 0);
    loop {
        let records = records_below(city, ledger, below).await?;
        let Some(last) = records.last() else { return Ok(done) };
        let next = last.n;
        let count = records.len() as u64;
        match city.write(unit(city, ledger, &records)).await {
            Ok(_) => {
                below = next;
                done += count;
            }
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Makes all search texts of a city anew if they were made with an older way of folding text than this program's (a kanji that now
/// counts as a variant of another). Answers how many records were gone through; a city that is up to date is told by one
/// look. It may be broken off: the next call begins again.
///
/// # Errors
/// As [`City::write`].
pub async fn renew_search(city: &City) -> Result<u64> {
    let known = city.read_one(Sql::with("SELECT value FROM {counter} WHERE key = $1", [FOLDING_KEY.into()])).await?;
    // Before this was counted there was the first way only.
    let known = known.map_or(Ok(1), |row| row.get::<i64>(0))?;
    if known >= FOLDING {
        return Ok(0);
    }
    let mut done = 0;
    for ledger in city.catalogue().iter() {
        done += reindex(city, ledger).await?;
    }
    let noted = Sql::with(
        "INSERT INTO {counter} (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        [FOLDING_KEY.into(), FOLDING.into()],
    );
    city.write(Unit::of([noted.into()])).await?;
    Ok(done)
}

async fn records_below(city: &City, ledger: &Ledger, below: i64) -> Result<Vec<RecordRow>> {
    let projection = Projection::all(ledger);
    let mut sql = Sql::text("SELECT ");
    projection.select(&mut sql);
    sql.push(" FROM ").table(ledger.table()).push(" AS ").ident(RECORDS).push(" WHERE ").column(RECORDS, "n");
    sql.push(" < ").bind(below).push(" ORDER BY ").column(RECORDS, "n").push(" DESC LIMIT ").bind(AT_ONCE);
    let rows = city.read(sql).await?;
    let mut records = rows.into_iter().map(|row| projection.decode(row)).collect::<Result<Vec<_>>>()?;
    with_children(city, ledger, &projection, &mut records).await?;
    Ok(records)
}

fn unit(city: &City, ledger: &Ledger, records: &[RecordRow]) -> Unit {
    let mut unit = Unit::new();
    for record in records {
        let search = RecordTexts::of(ledger, &record.fields);
        let mut sql = Sql::text("UPDATE ");
        sql.table(ledger.table()).push(" SET ");
        for (position, (column, text)) in ledger.search_columns().zip(search.params(ledger)).enumerate() {
            sql.push(if position > 0 { ", " } else { "" });
            sql.ident(&column).push(" = ").bind(text);
        }
        sql.push(" WHERE \"id\" = ").bind(record.id.0).push(" AND \"revision\" = ").bind(record.revision);
        unit.add(Statement::one_row(sql, Unmet::Conflict));
        unit.add(search_entry::remove(ledger, city.dialect(), record.id));
        unit.extend(search_entry::add(ledger, city.dialect(), record.id, &search.all));
    }
    unit
}
