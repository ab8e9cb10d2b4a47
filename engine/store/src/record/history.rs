//! A record's revisions, newest first: who, when, what and why.

use std::sync::Arc;

use jiff::Timestamp;
use kawasemi_kernel::{Actor, Fields, RecordId};
use kawasemi_schema::LedgerDef;
use serde_json::Value as Json;

use super::read::{actor, instant};
use super::snapshot;
use crate::city::City;
use crate::error::{Result, StoreError};
use crate::row::Row;
use crate::sql::{Param, Sql};

/// One step of a record's history.
#[derive(Debug, Clone, PartialEq)]
pub struct Revision {
    /// Its number, from 1.
    pub revision: i64,
    /// What was done, such as `create` or `update`.
    pub kind: String,
    /// Who did it.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
    /// The version of the ledger's definition.
    pub definition: i64,
    /// The reason in the person's words; empty where none was given or it was erased.
    pub reason: String,
    /// The fields as they became, as [`snapshot`] writes them; none where the act changed no field or it was erased.
    pub fields: Option<Json>,
    /// Whether the content was erased by a disposal; who, when and what kind of act remain.
    pub is_erased: bool,
}

impl Revision {
    /// The fields as values, read with the definition under which they were written (see [`City::definition`]).
    ///
    /// # Errors
    /// [`StoreError::Decode`].
    pub fn values(&self, definition: &LedgerDef) -> Result<Option<Fields>> {
        self.fields.as_ref().map(|fields| snapshot::from_json(&definition.fields, fields)).transpose()
    }
}

/// Reads the revisions of a record before a revision (or all), newest first, at most `limit`.
///
/// # Errors
/// As [`City::read`].
pub async fn revisions(city: &City, record: RecordId, before: Option<i64>, limit: i64) -> Result<Vec<Revision>> {
    select(city, record, Sql::new(), before.unwrap_or(i64::MAX), limit).await
}

/// Reads the fields that a record had at a revision, with the definition that held then. Acts that change no field leave
/// those of the revision before.
///
/// # Errors
/// As [`City::read`]; [`StoreError::NotFound`] where there is no such revision or its content was erased.
pub async fn fields_at(city: &City, ledger: &str, record: RecordId, revision: i64) -> Result<(Arc<LedgerDef>, Fields)> {
    let writing = Sql::text(" AND a.kind IN ('create', 'update')");
    let whole = select(city, record, writing, revision.saturating_add(1), 1).await?.pop();
    let whole = whole.ok_or(StoreError::NotFound)?;
    let definition = city.definition(ledger, whole.definition).await?;
    let fields = whole.values(&definition)?.ok_or(StoreError::NotFound)?;
    Ok((definition, fields))
}

async fn select(city: &City, record: RecordId, condition: Sql, before: i64, limit: i64) -> Result<Vec<Revision>> {
    let mut sql = Sql::with(
        "SELECT a.revision, a.kind, a.actor, a.at, a.meta, p.payload FROM {audit} AS a \
         LEFT JOIN {audit_payload} AS p ON p.audit_id = a.id WHERE a.record = $1 AND a.revision < $2",
        [Param::Id(record.0), Param::Int(before)],
    );
    sql.append(&condition).push(" ORDER BY a.revision DESC LIMIT ").bind(limit);
    city.read(sql).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Revision> {
    let meta = parse(&row.get::<String>(4)?)?;
    let payload = row.get::<Option<String>>(5)?.map(|text| parse(&text)).transpose()?;
    let (reason, fields) = match &payload {
        Some(payload) => (payload.get("reason").and_then(Json::as_str), payload.get("fields").cloned()),
        None => (None, None),
    };
    Ok(Revision {
        revision: row.get(0)?,
        kind: row.get(1)?,
        actor: actor(&row.get::<String>(2)?)?,
        at: instant(row.get(3)?)?,
        definition: meta.get("definition").and_then(Json::as_i64).unwrap_or_default(),
        reason: reason.unwrap_or_default().to_owned(),
        fields,
        is_erased: payload.is_none(),
    })
}

fn parse(text: &str) -> Result<Json> {
    serde_json::from_str(text)
        .map_err(|error| StoreError::Decode { column: "payload".to_owned(), detail: error.to_string() })
}
