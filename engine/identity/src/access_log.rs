//! The access log (個人情報アクセスログ): who read personal or sensitive fields of which records, and for what.
//!
//! One entry for each request, written durably before the answer is sent; the city's writer commits the entries of waiting
//! requests together, so this costs a shared commit. If it cannot be written, the answer must not be sent. Entries are
//! only ever added.

use jiff::Timestamp;
use kawasemi_kernel::{IdSource, RecordId};
use kawasemi_store::{City, Row, Sql, Unit};
use uuid::Uuid;

use crate::caller::Context;
use crate::error::{IdentityError, Result};
use crate::identity::{instant, stored};

/// What one request read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessEntry {
    /// The ledger's key.
    pub ledger: String,
    /// The keys of the personal and sensitive fields that were read.
    pub fields: Vec<String>,
    /// The records of which they were read.
    pub records: Vec<RecordId>,
}

/// One entry as an auditor sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRow {
    /// The entry's id.
    pub id: Uuid,
    /// When, UTC.
    pub at: Timestamp,
    /// Who: an account's id, `system` or `visitor`.
    pub actor: String,
    /// What was read.
    pub entry: AccessEntry,
    /// The reason that was stated.
    pub purpose: String,
    /// The request's reference number.
    pub request: Option<String>,
}

/// Which entries to list.
#[derive(Clone, Debug, Default)]
pub struct AccessQuery {
    /// Of one ledger.
    pub ledger: Option<String>,
    /// Of one account.
    pub account: Option<Uuid>,
    /// About one record. Without a ledger this looks through all entries.
    pub record: Option<RecordId>,
    /// Before this entry of an earlier page.
    pub before: Option<Uuid>,
    /// How many at most.
    pub limit: u32,
}

/// The access log of a city.
#[derive(Clone, Copy, Debug)]
pub struct AccessLog;

impl AccessLog {
    /// Writes an entry and answers when it is durable. An entry without fields or records is none.
    ///
    /// # Errors
    /// When the store fails; the answer must not be sent then.
    pub async fn record(city: &City, ids: &dyn IdSource, context: &Context, entry: &AccessEntry) -> Result<()> {
        if entry.fields.is_empty() || entry.records.is_empty() {
            return Ok(());
        }
        let records: Vec<u8> = entry.records.iter().flat_map(|record| *record.0.as_bytes()).collect();
        let count = i64::try_from(entry.records.len()).map_err(IdentityError::internal)?;
        let insert = Sql::with(
            "INSERT INTO {access_log} (id, at, actor, ledger, fields, records, record_count, purpose, request) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            [
                ids.next().into(),
                stored(context.act.at),
                context.act.actor.to_string().into(),
                entry.ledger.as_str().into(),
                entry.fields.join(",").into(),
                records.into(),
                count.into(),
                context.act.reason.as_str().into(),
                context.request.as_deref().into(),
            ],
        );
        city.write(Unit::of([insert.into()])).await?;
        Ok(())
    }

    /// Lists entries, the newest first.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`] for others than administrators.
    pub async fn list(city: &City, context: &Context, query: &AccessQuery) -> Result<Vec<AccessRow>> {
        context.require_admin()?;
        let mut sql = Sql::text("SELECT id, at, actor, ledger, fields, records, purpose, request FROM ");
        sql.table("access_log").push(" WHERE 1 = 1");
        if let Some(ledger) = &query.ledger {
            sql.push(" AND ledger = ").bind(ledger.as_str());
        }
        if let Some(account) = query.account {
            sql.push(" AND actor = ").bind(account.to_string());
        }
        if let Some(record) = query.record {
            let position = city.dialect().position();
            match city.dialect() {
                kawasemi_store::Dialect::Sqlite => {
                    sql.push(" AND ").push(position).push("(records, ").bind(*record.0.as_bytes()).push(") > 0");
                }
                // strpos is for text; position(… in …) looks through bytes.
                kawasemi_store::Dialect::Postgres => {
                    sql.push(" AND position(").bind(*record.0.as_bytes()).push(" in records) > 0");
                }
            }
        }
        if let Some(before) = query.before {
            sql.push(" AND id < ").bind(before);
        }
        sql.push(" ORDER BY id DESC LIMIT ").bind(i64::from(query.limit.clamp(1, 1000)));
        let rows: Vec<AccessRow> = city.read(sql).await?.iter().map(read).collect::<Result<_>>()?;
        // Sixteen bytes may also match across two ids.
        let about = |row: &AccessRow| query.record.is_none_or(|record| row.entry.records.contains(&record));
        Ok(rows.into_iter().filter(about).collect())
    }
}

fn read(row: &Row) -> Result<AccessRow> {
    let records: Vec<u8> = row.get(5)?;
    let record = |bytes: &[u8]| Uuid::from_slice(bytes).map(RecordId).map_err(IdentityError::internal);
    let fields: String = row.get(4)?;
    Ok(AccessRow {
        id: row.get(0)?,
        at: instant(row.get(1)?)?,
        actor: row.get(2)?,
        entry: AccessEntry {
            ledger: row.get(3)?,
            fields: fields.split(',').map(str::to_owned).collect(),
            records: records.chunks_exact(16).map(record).collect::<Result<_>>()?,
        },
        purpose: row.get(6)?,
        request: row.get(7)?,
    })
}
