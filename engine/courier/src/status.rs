//! How it stands with the parcels: for the command line, the administration's page and the doctor.

use jiff::Timestamp;
use kawasemi_store::{Row, Sql, StoreError};
use serde::Serialize;

use crate::courier::Courier;
use crate::error::Result;
use crate::keys::{Key, instant};
use crate::line::{LAST_FAILURE, LAST_ROUND};
use crate::side::Side;

/// Files and parcels that are listed.
const LISTED: i64 = 50;

/// How it stands.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// Which half this is.
    pub side: Side,
    /// The keys of both.
    pub keys: Vec<Key>,
    /// Parcels for the other side.
    pub outgoing: Outgoing,
    /// Parcels of the other side.
    pub incoming: Incoming,
    /// The last round over a connection that was finished.
    pub line_at: Option<Timestamp>,
    /// The last round that failed, and why, if none was finished since.
    pub line_failure: Option<(Timestamp, String)>,
    /// The latest files, the newest first.
    pub files: Vec<LoggedFile>,
}

/// Parcels for the other side.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Outgoing {
    /// Not sent yet.
    pub new: i64,
    /// Sent and not acknowledged.
    pub sent: i64,
    /// Acknowledged and erased.
    pub acknowledged: i64,
    /// Of these, refused by the other side, which keeps them.
    pub refused: i64,
    /// When the oldest that is not acknowledged was handed in.
    pub oldest: Option<Timestamp>,
}

/// Parcels of the other side.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Incoming {
    /// Applied.
    pub applied: i64,
    /// Waiting for one before them.
    pub kept: i64,
    /// The number that is missing, where some wait.
    pub missing: Option<i64>,
    /// Refused, with the reason.
    pub refused: Vec<RefusedParcel>,
}

/// A parcel that was refused.
#[derive(Clone, Debug, Serialize)]
pub struct RefusedParcel {
    /// Its number.
    pub seq: i64,
    /// Its kind.
    pub kind: String,
    /// Why.
    pub reason: String,
    /// When it came.
    pub at: Timestamp,
}

/// A file in the log.
#[derive(Clone, Debug, Serialize)]
pub struct LoggedFile {
    /// Its name.
    pub name: String,
    /// `in` or `out`.
    pub way: String,
    /// `written`, `taken`, `waiting` or `refused`.
    pub outcome: String,
    /// Why it was refused, or what is to be done.
    pub reason: String,
    /// The first and last number in it.
    pub range: Option<(i64, i64)>,
    /// Parcels in it.
    pub parcels: i64,
    /// Parcels that were applied.
    pub applied: i64,
    /// When it was written or read.
    pub at: Timestamp,
}

impl Courier {
    /// How it stands.
    ///
    /// # Errors
    /// [`crate::CourierError::NotSeparated`]; when the store fails.
    pub async fn status(&self) -> Result<Status> {
        let side = self.side()?;
        let (line_at, _) = self.remembered(LAST_ROUND).await?;
        let (failed_at, failure) = self.remembered(LAST_FAILURE).await?;
        Ok(Status {
            side,
            keys: self.keys().await?,
            outgoing: self.outgoing().await?,
            incoming: self.incoming().await?,
            line_at: (line_at > 0).then(|| instant(line_at)),
            line_failure: (failed_at > line_at).then(|| (instant(failed_at), failure)),
            files: self.files().await?,
        })
    }

    async fn outgoing(&self) -> Result<Outgoing> {
        // Sums are of a wider type on PostgreSQL.
        let sql = "SELECT CAST(coalesce(sum(CASE state WHEN 'new' THEN 1 ELSE 0 END), 0) AS bigint), \
                   CAST(coalesce(sum(CASE state WHEN 'sent' THEN 1 ELSE 0 END), 0) AS bigint), \
                   CAST(coalesce(sum(CASE state WHEN 'acknowledged' THEN 1 ELSE 0 END), 0) AS bigint), \
                   CAST(coalesce(sum(CASE outcome WHEN 'refused' THEN 1 ELSE 0 END), 0) AS bigint), \
                   min(CASE state WHEN 'acknowledged' THEN NULL ELSE created_at END) FROM {courier_out}";
        let Some(row) = self.city().read_one(Sql::with(sql, [])).await? else { return Ok(Outgoing::default()) };
        Ok(Outgoing {
            new: row.get(0)?,
            sent: row.get(1)?,
            acknowledged: row.get(2)?,
            refused: row.get(3)?,
            oldest: row.get::<Option<i64>>(4)?.map(instant),
        })
    }

    async fn incoming(&self) -> Result<Incoming> {
        let sql = "SELECT CAST(coalesce(sum(CASE state WHEN 'applied' THEN 1 ELSE 0 END), 0) AS bigint), \
                   CAST(coalesce(sum(CASE state WHEN 'kept' THEN 1 ELSE 0 END), 0) AS bigint) FROM {courier_in}";
        let row = self.city().read_one(Sql::with(sql, [])).await?;
        let (applied, kept) = row.map_or(Ok((0, 0)), |row| Ok::<_, StoreError>((row.get(0)?, row.get(1)?)))?;
        let missing = if kept > 0 { Some(self.next_incoming().await?) } else { None };
        let refused = Sql::with(
            "SELECT seq, kind, reason, received_at FROM {courier_in} WHERE state = 'refused' ORDER BY seq DESC LIMIT $1",
            [LISTED.into()],
        );
        let refused = self.city().read(refused).await?;
        let parcel = |row: &Row| {
            Ok(RefusedParcel { seq: row.get(0)?, kind: row.get(1)?, reason: row.get(2)?, at: instant(row.get(3)?) })
        };
        let refused = refused.iter().map(parcel).collect::<Result<_, StoreError>>()?;
        Ok(Incoming { applied, kept, missing, refused })
    }

    async fn files(&self) -> Result<Vec<LoggedFile>> {
        let sql = Sql::with(
            "SELECT name, way, outcome, reason, first_seq, last_seq, parcels, applied, at FROM {courier_file} \
             ORDER BY at DESC, id DESC LIMIT $1",
            [LISTED.into()],
        );
        let file = |row: &Row| {
            let (first, last): (Option<i64>, Option<i64>) = (row.get(4)?, row.get(5)?);
            Ok(LoggedFile {
                name: row.get(0)?,
                way: row.get(1)?,
                outcome: row.get(2)?,
                reason: row.get(3)?,
                range: first.zip(last),
                parcels: row.get(6)?,
                applied: row.get(7)?,
                at: instant(row.get(8)?),
            })
        };
        Ok(self.city().read(sql).await?.iter().map(file).collect::<Result<_, StoreError>>()?)
    }
}
