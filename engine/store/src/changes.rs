//! What changed in a ledger, in an order that stands (変更の並び).
//!
//! Every act on a record writes its audit entry in its own unit, and the sealing job gives the entries of published work
//! their places in the city's gapless sequence ([`crate::audit`]). Places are given by one node at a time and in one write,
//! always after the last one: what commits later gets a later place, on PostgreSQL as well, so whoever has read up to a place
//! has missed nothing before it. The price is that a change is seen only when it is sealed, within seconds of its commit.
//!
//! Nothing more is written for this than what history is made of anyway.

use std::collections::HashMap;

use jiff::Timestamp;
use kawasemi_kernel::{Fields, RecordId};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::audit::checkpoint;
use crate::city::City;
use crate::error::{Result, StoreError};
use crate::record::history;
use crate::record::read::instant;
use crate::record::snapshot;
use crate::record::write::Kind;
use crate::row::Row;
use crate::sql::{Param, Sql, SqlType};

/// How many states are read with one query.
const STATES_AT_ONCE: usize = 200;

/// A place in the city's sequence, with a sign of the entry that has it: after a restore from a backup the same place may
/// belong to another entry, and who goes on from there must be told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    /// The place; 0 before the first.
    pub seq: i64,
    /// The first bytes of the entry's hash; 0 before the first.
    pub sign: u32,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where it stands.
    pub place: Place,
    /// The record.
    pub record: RecordId,
    /// The revision that it made.
    pub revision: i64,
    /// What was done.
    pub kind: Kind,
    /// When, as the act says of itself.
    pub at: Timestamp,
}

/// The changes of a ledger after a place, up to another one, in order.
///
/// # Errors
/// As [`City::read`].
pub async fn after(city: &City, ledger: &str, seq: i64, until: Option<i64>, limit: usize) -> Result<Vec<Change>> {
    let sql = Sql::with(
        "SELECT seq, hash, record, revision, kind, at FROM {audit} \
         WHERE ledger = $1 AND seq > $2 AND seq <= $3 AND seq IS NOT NULL \
         AND kind IN ('create', 'update', 'delete', 'restore') ORDER BY seq LIMIT $4",
        [ledger.into(), seq.into(), until.unwrap_or(i64::MAX).into(), i64::try_from(limit).unwrap_or(i64::MAX).into()],
    );
    city.read(sql).await?.iter().map(read).collect()
}

/// The last place that was given.
///
/// # Errors
/// As [`City::read`].
pub async fn head(city: &City) -> Result<Place> {
    match checkpoint::last(city).await? {
        Some(last) => Ok(place(city, last.last).await?.unwrap_or_default()),
        None => Ok(Place::default()),
    }
}

/// Whether a place is still what it was when it was handed out.
///
/// # Errors
/// As [`City::read`].
pub async fn is_known(city: &City, known: Place) -> Result<bool> {
    Ok(known == Place::default() || place(city, known.seq).await? == Some(known))
}

/// The fields that records had before these revisions of theirs. Where the content was erased there is nothing.
///
/// # Errors
/// As [`City::read`].
pub async fn states_before(
    city: &City,
    ledger: &str,
    wanted: &[(RecordId, i64)],
) -> Result<HashMap<(RecordId, i64), Fields>> {
    let mut found = HashMap::new();
    for wanted in wanted.chunks(STATES_AT_ONCE) {
        let mut known = whole_before(city, wanted).await?;
        for (record, revision) in wanted {
            let fields = match known.remove(&(*record, *revision)) {
                Some((definition, fields)) => {
                    let definition = city.definition(ledger, definition).await?;
                    Some(snapshot::from_json(&definition.fields, &fields)?)
                }
                // The revision before changed no field, or was erased.
                None => match history::fields_at(city, ledger, *record, revision - 1).await {
                    Ok((_, fields)) => Some(fields),
                    Err(StoreError::NotFound) => None,
                    Err(error) => return Err(error),
                },
            };
            found.extend(fields.map(|fields| ((*record, *revision), fields)));
        }
    }
    Ok(found)
}

/// What the revisions just before these wrote, where they wrote all fields: the definition's version and the fields.
async fn whole_before(city: &City, wanted: &[(RecordId, i64)]) -> Result<HashMap<(RecordId, i64), (i64, Json)>> {
    let mut sql = Sql::with(
        "SELECT a.record, a.revision, a.meta, p.payload FROM {audit} AS a \
         JOIN {audit_payload} AS p ON p.audit_id = a.id WHERE (a.record, a.revision) IN (VALUES ",
        [],
    );
    for (index, (record, revision)) in wanted.iter().enumerate() {
        sql.push(if index > 0 { ", (" } else { "(" }).bind_as(record.0, SqlType::Id).push(", ");
        sql.bind_as(revision - 1, SqlType::Int).push(")");
    }
    sql.push(")");
    let mut found = HashMap::new();
    for row in city.read(sql).await? {
        let (record, revision): (Uuid, i64) = (row.get(0)?, row.get(1)?);
        let (meta, mut payload) = (parse(&row.get::<String>(2)?)?, parse(&row.get::<String>(3)?)?);
        let definition = meta.get("definition").and_then(Json::as_i64);
        if let (Some(definition), Some(fields)) = (definition, payload.get_mut("fields")) {
            found.insert((RecordId(record), revision + 1), (definition, fields.take()));
        }
    }
    Ok(found)
}

/// A place by its number; none where there is none.
///
/// # Errors
/// As [`City::read`].
pub async fn place(city: &City, seq: i64) -> Result<Option<Place>> {
    let sql = Sql::with("SELECT seq, hash FROM {audit} WHERE seq = $1 AND seq IS NOT NULL", [Param::Int(seq)]);
    city.read_one(sql).await?.map(|row| read_place(&row)).transpose()
}

fn read_place(row: &Row) -> Result<Place> {
    let hash: Vec<u8> = row.get(1)?;
    let sign = hash.first_chunk().map_or(0, |first| u32::from_be_bytes(*first));
    Ok(Place { seq: row.get(0)?, sign })
}

fn read(row: &Row) -> Result<Change> {
    let kind: String = row.get(4)?;
    Ok(Change {
        place: read_place(row)?,
        record: RecordId(row.get(2)?),
        revision: row.get(3)?,
        kind: Kind::from_key(&kind).ok_or_else(|| decode("kind", &kind))?,
        at: instant(row.get(5)?)?,
    })
}

fn parse(text: &str) -> Result<Json> {
    serde_json::from_str(text).map_err(|error| decode("payload", &error.to_string()))
}

fn decode(column: &str, detail: &str) -> StoreError {
    StoreError::Decode { column: column.to_owned(), detail: detail.to_owned() }
}
