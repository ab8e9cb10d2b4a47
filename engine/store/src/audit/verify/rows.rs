//! The ledgers' rows, held against the last entries of their records.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use futures::StreamExt as _;
use kawasemi_kernel::Fields;
use serde_json::Value as Json;
use uuid::Uuid;

use super::Walk;
use super::evolution::{self, Origin};
use super::report::{Broken, Problem};
use super::trails::{self, Trail, about};
use crate::city::City;
use crate::error::{Result, StoreError};
use crate::ledger::Ledger;
use crate::record::read::{RECORDS, with_children};
use crate::record::stop::STOPPED;
use crate::record::{Projection, RecordRow, snapshot};
use crate::sql::{Param, Sql};

/// How often a record that is being written to is read again.
const LOOKS: usize = 5;

/// Holds the rows of trails against them.
pub(super) async fn check(walk: &mut Walk<'_>, trails: Vec<Trail>) -> Result<()> {
    let catalogue = walk.city.catalogue();
    let mut by_ledger: BTreeMap<String, Vec<Trail>> = BTreeMap::new();
    for trail in trails.into_iter().filter(|trail| !trail.is_broken) {
        // What is no published ledger (accounts, definitions, a ledger that was retired) has no rows that we know.
        if catalogue.get(&trail.last.ledger).is_some() {
            by_ledger.entry(trail.last.ledger.clone()).or_default().push(trail);
        }
    }
    for (key, trails) in by_ledger {
        let ledger = Arc::clone(catalogue.ledger(&key)?);
        let ids = trails::records(&trails);
        let rows = rows(walk.city, &ledger, ids.into_iter()).await?;
        for trail in trails {
            let row = rows.get(&trail.last.record);
            if compare(walk.city, &ledger, &trail, row).await?.is_some() {
                look_again(walk, &ledger, trail).await?;
            }
        }
    }
    Ok(())
}

/// A record was written, or its batch swept, between the two readings, or something is wrong: then it stays.
async fn look_again(walk: &mut Walk<'_>, ledger: &Ledger, mut trail: Trail) -> Result<()> {
    let record = trail.last.record;
    for look in 1..=LOOKS {
        let Some(now) = trails::of_record(walk, record).await? else { return Ok(()) };
        let is_still = now.last.revision == trail.last.revision;
        trail = now;
        let rows = rows(walk.city, ledger, std::iter::once(record)).await?;
        let Some(problem) = compare(walk.city, ledger, &trail, rows.get(&record)).await? else { return Ok(()) };
        if is_still || look == LOOKS {
            walk.found(about(&trail.last, problem));
            return Ok(());
        }
    }
    Ok(())
}

/// Rows that no entry speaks of.
pub(super) async fn check_unaudited(walk: &mut Walk<'_>) -> Result<()> {
    for ledger in walk.city.catalogue().iter() {
        let mut sql = Sql::text("SELECT r.id, r.revision FROM ");
        sql.table(ledger.table()).push(" AS r WHERE NOT EXISTS (SELECT 1 FROM ").table("audit");
        sql.push(" AS a WHERE a.record = r.id AND a.ledger = ").bind(ledger.key()).push(")");
        let mut found = std::pin::pin!(walk.city.stream(sql, 100));
        while let Some(rows) = found.next().await {
            for row in rows? {
                walk.found(Broken {
                    seq: None,
                    ledger: Some(ledger.key().to_owned()),
                    record: Some(row.get(0)?),
                    revision: Some(row.get(1)?),
                    problem: Problem::RowUnaudited,
                });
            }
        }
    }
    Ok(())
}

/// Rows by record; where a value can't be read, as happens to one that was edited by hand, the name of its column.
type Rows = HashMap<Uuid, Result<RecordRow, String>>;

/// Reads rows whole, whether their batch is published or not.
async fn rows(city: &City, ledger: &Ledger, ids: impl Iterator<Item = Uuid>) -> Result<Rows> {
    let projection = Projection::all(ledger);
    let mut sql = Sql::text("SELECT ");
    projection.select(&mut sql);
    sql.push(" FROM ").table(ledger.table()).push(" AS ").ident(RECORDS).push(" WHERE ").column(RECORDS, "id");
    sql.push(" IN (").bind_list(ids.map(Param::Id)).push(")");
    let (mut whole, mut rows) = (Vec::new(), Rows::new());
    for row in city.read(sql).await? {
        let id = row.get(1)?;
        match projection.decode(row) {
            Ok(row) => whole.push(row),
            Err(StoreError::Decode { column, .. }) => drop(rows.insert(id, Err(column))),
            Err(error) => return Err(error),
        }
    }
    match with_children(city, ledger, &projection, &mut whole).await {
        Ok(()) => rows.extend(whole.into_iter().map(|row| (row.id.0, Ok(row)))),
        Err(StoreError::Decode { .. }) => {
            for row in whole {
                let id = row.id.0;
                let mut alone = [row];
                let read = match with_children(city, ledger, &projection, &mut alone).await {
                    Ok(()) => Ok(()),
                    Err(StoreError::Decode { column, .. }) => Err(column),
                    Err(error) => return Err(error),
                };
                let [row] = alone;
                rows.insert(id, read.map(|()| row));
            }
        }
        Err(error) => return Err(error),
    }
    Ok(rows)
}

async fn compare(
    city: &City,
    ledger: &Ledger,
    trail: &Trail,
    row: Option<&Result<RecordRow, String>>,
) -> Result<Option<Problem>> {
    let row = match row {
        None => return Ok((!trail.is_erased).then_some(Problem::RowMissing)),
        Some(Err(what)) => return Ok(Some(Problem::RowAltered { what: what.clone() })),
        Some(Ok(row)) => row,
    };
    if row.revision > trail.last.revision {
        return Ok(Some(Problem::LastEntryMissing));
    }
    if let Some(what) = properties(trail, row).into_iter().find_map(|(what, is_same)| (!is_same).then_some(what)) {
        return Ok(Some(Problem::RowAltered { what: what.to_owned() }));
    }
    let Some((entry, Some(payload))) = &trail.whole else { return Ok(None) };
    let version = definition(&entry.meta);
    let Some(fields) = parse(payload)?.get_mut("fields").map(Json::take) else { return Ok(None) };
    let differing = differing_field(city, ledger, version, &fields, &row.fields).await?;
    Ok(differing.map(|what| Problem::RowAltered { what }))
}

/// What a row says of itself, with whether the trail says the same.
fn properties(trail: &Trail, row: &RecordRow) -> [(&'static str, bool); 10] {
    let (first, last) = (&trail.first, &trail.last);
    let batch = if trail.is_stopped { STOPPED } else { first.batch };
    let number = trail.last_payload.as_deref().map(|payload| {
        let payload = parse(payload).unwrap_or_default();
        payload.get("number").and_then(Json::as_str).map(str::to_owned) == row.number
    });
    [
        ("revision", row.revision == last.revision),
        ("chain", row.chain == last.hash),
        ("definition", row.definition == definition(&last.meta)),
        ("updated_at", row.updated_at.as_microsecond() == last.at),
        ("updated_by", row.updated_by.to_string() == last.actor),
        ("created_at", row.created_at.as_microsecond() == first.at),
        ("created_by", row.created_by.to_string() == first.actor),
        ("batch", row.batch == batch),
        ("deleted_at", row.deleted_at.map(jiff::Timestamp::as_microsecond) == trail.deleted_at),
        ("number", number.unwrap_or(true)),
    ]
}

/// The first field whose value is not the one that was written under a version of the definition.
async fn differing_field(
    city: &City,
    ledger: &Ledger,
    version: i64,
    written: &Json,
    row: &Fields,
) -> Result<Option<String>> {
    let earlier = match city.definition(ledger.key(), version).await {
        Ok(earlier) => earlier,
        // That the definition is not there is found where definitions are looked at.
        Err(StoreError::NotFound) => return Ok(None),
        Err(error) => return Err(error),
    };
    let written = snapshot::from_json(&earlier.fields, written)?;
    // Through the same text, so that coordinates come out alike to the last bit.
    let present = parse(&snapshot::to_json(row).to_string())?;
    let present = snapshot::from_json(&ledger.def.fields, &present)?;
    let origins = evolution::origins(city, ledger, version).await?;
    let differs = ledger.def.fields.iter().zip(&origins).find(|(field, origin)| {
        let present = present.get(&field.key).filter(|value| !value.is_null());
        match origin {
            Origin::Field(key) => present != written.get(key).filter(|value| !value.is_null()),
            Origin::Empty => present.is_some(),
            Origin::Unknown => false,
        }
    });
    Ok(differs.map(|(field, _)| field.key.clone()))
}

fn definition(meta: &str) -> i64 {
    let meta: Option<Json> = serde_json::from_str(meta).ok();
    meta.as_ref().and_then(|meta| meta.get("definition")).and_then(Json::as_i64).unwrap_or_default()
}

fn parse(text: &str) -> Result<Json> {
    serde_json::from_str(text)
        .map_err(|error| StoreError::Decode { column: "payload".to_owned(), detail: error.to_string() })
}
