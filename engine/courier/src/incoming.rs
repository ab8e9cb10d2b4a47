//! Parcels of the other side: taken in the order of their numbers, each applied once.
//!
//! The receipt is a row of the register and is written in the unit of what the parcel does: whether a process dies before or
//! after, either both are there or neither. A parcel whose predecessor is missing is kept until that has come. One that its
//! handler refuses is listed with its content, still sealed, and the next goes on.

use kawasemi_store::{Param, Row, Sql, Statement, StoreError, Unit, Unmet};

use crate::bundle::Entry;
use crate::courier::Courier;
use crate::envelope::{self, Bound};
use crate::error::{CourierError, Result};
use crate::outgoing::Receipt;
use crate::parcel::{HandleError, Parcel};

/// What became of a parcel that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is applied.
    Applied,
    /// Its handler refused it; it is kept in the list.
    Refused,
    /// It waits for one before it.
    Kept,
    /// It was here before.
    Known,
    /// Another parcel has come under this number before.
    Different,
}

/// What the other side gave a parcel that can't be applied, and why.
enum Failure {
    Refused(String),
    Later(CourierError),
}

impl Courier {
    /// The number that is to be applied next.
    pub(crate) async fn next_incoming(&self) -> Result<i64> {
        let sql = "SELECT coalesce(max(seq), 0) + 1 FROM {courier_in} WHERE state <> 'kept'";
        let row = self.city().read_one(Sql::with(sql, [])).await?;
        Ok(row.map_or(Ok(1), |row| row.get(0))?)
    }

    /// Takes a parcel in, and then those that have waited for it. The hash of the content has been checked.
    pub(crate) async fn take(&self, entry: &Entry, sealed: Vec<u8>) -> Result<Taken> {
        let known = Sql::with("SELECT hash FROM {courier_in} WHERE seq = $1", [entry.seq.into()]);
        if let Some(row) = self.city().read_one(known).await? {
            return Ok(if row.get::<String>(0)? == entry.hash { Taken::Known } else { Taken::Different });
        }
        if entry.seq > self.next_incoming().await? {
            let row = insertion(entry, Some(sealed), "kept", "", self.now().as_microsecond(), None);
            return match self.city().write(Unit::of([row])).await {
                Ok(_) => Ok(Taken::Kept),
                // Another process reads the same at this moment.
                Err(StoreError::Unique { .. }) => Ok(Taken::Known),
                Err(error) => Err(error.into()),
            };
        }
        self.apply(entry, sealed, false).await
    }

    /// Applies the kept parcels whose turn has come, and answers how many were applied.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn catch_up(&self) -> Result<u64> {
        let mut applied = 0;
        loop {
            let next = self.next_incoming().await?;
            let sql = Sql::with(
                "SELECT seq, id, kind, hash, size, sealed FROM {courier_in} WHERE seq = $1 AND state = 'kept'",
                [next.into()],
            );
            let Some(row) = self.city().read_one(sql).await? else { return Ok(applied) };
            match self.apply(&entry(&row)?, row.get(5)?, true).await {
                Ok(taken) => applied += u64::from(taken == Taken::Applied),
                Err(error) => return Err(error),
            }
        }
    }

    /// Tries a refused parcel again, after what kept it from being applied was mended.
    ///
    /// # Errors
    /// [`CourierError::Refused`] with the reason, where it is refused again or there is no such parcel.
    pub async fn retry(&self, seq: i64) -> Result<()> {
        let sql = Sql::with(
            "SELECT seq, id, kind, hash, size, sealed FROM {courier_in} WHERE seq = $1 AND state = 'refused'",
            [seq.into()],
        );
        let row = self.city().read_one(sql).await?;
        let row =
            row.ok_or_else(|| CourierError::refused(format!("番号 {seq} の受け取れなかった受渡しはありません。")))?;
        let entry = entry(&row)?;
        let mut unit = match self.opened(&entry, &row.get::<Vec<u8>>(5)?).await {
            Ok(unit) => unit,
            Err(Failure::Refused(reason)) => return Err(CourierError::Refused(reason)),
            Err(Failure::Later(error)) => return Err(error),
        };
        let done = Sql::with(
            "UPDATE {courier_in} SET state = 'applied', sealed = NULL, reason = '', applied_at = $2 \
             WHERE seq = $1 AND state = 'refused'",
            [seq.into(), self.now().as_microsecond().into()],
        );
        unit.add(Statement::one_row(done, Unmet::Conflict));
        self.city().write(unit).await?;
        Ok(())
    }

    /// What the other side is to be told: the parcels from a number on that were applied or refused.
    pub(crate) async fn receipts(&self, limit: i64) -> Result<Vec<Receipt>> {
        let (from, _) = self.remembered(PEER_LOW).await?;
        let sql = Sql::with(
            "SELECT seq, hash, state FROM {courier_in} WHERE seq >= $1 AND state <> 'kept' ORDER BY seq LIMIT $2",
            [from.into(), limit.into()],
        );
        let rows = self.city().read(sql).await?;
        let receipt = |row: &Row| {
            Ok(Receipt { seq: row.get(0)?, hash: row.get(1)?, applied: row.get::<String>(2)? == "applied" })
        };
        Ok(rows.iter().map(receipt).collect::<Result<_, StoreError>>()?)
    }

    async fn apply(&self, entry: &Entry, sealed: Vec<u8>, was_kept: bool) -> Result<Taken> {
        let refused = |reason| self.decided(entry, Some((sealed.clone(), reason)), was_kept);
        let (unit, outcome) = match self.opened(entry, &sealed).await {
            Ok(mut unit) => {
                unit.add(self.decided(entry, None, was_kept));
                (unit, Taken::Applied)
            }
            Err(Failure::Refused(reason)) => (Unit::of([refused(reason)]), Taken::Refused),
            Err(Failure::Later(error)) => return Err(error),
        };
        match self.city().write(unit).await {
            Ok(_) => Ok(outcome),
            // Either another process has taken it in the meantime, or what it does contradicts what is there.
            Err(error) if is_lasting(&error) && !self.is_decided(entry.seq).await? => {
                self.city().write(Unit::of([refused(error.to_string())])).await?;
                Ok(Taken::Refused)
            }
            Err(error) if is_lasting(&error) => Ok(Taken::Known),
            Err(error) => Err(error.into()),
        }
    }

    /// The statement that enters a parcel as applied, or as refused with its content and the reason.
    fn decided(&self, entry: &Entry, refused: Option<(Vec<u8>, String)>, was_kept: bool) -> Statement {
        let at = self.now().as_microsecond();
        let state = if refused.is_some() { "refused" } else { "applied" };
        let (content, reason) = refused.map_or((None, String::new()), |(content, reason)| (Some(content), reason));
        if !was_kept {
            return insertion(entry, content, state, &reason, at, Some(at));
        }
        let row = Sql::with(
            "UPDATE {courier_in} SET state = $2, reason = $3, sealed = $4, applied_at = $5 \
             WHERE seq = $1 AND state = 'kept'",
            [entry.seq.into(), state.into(), reason.into(), content.map_or(Param::Null, Param::Blob), at.into()],
        );
        Statement::one_row(row, Unmet::Conflict)
    }

    /// Whether a parcel was applied or refused before.
    async fn is_decided(&self, seq: i64) -> Result<bool> {
        let sql = Sql::with("SELECT 1 FROM {courier_in} WHERE seq = $1 AND state <> 'kept'", [seq.into()]);
        Ok(self.city().read_one(sql).await?.is_some())
    }

    /// Opens a parcel and asks its handler what it changes.
    async fn opened(&self, entry: &Entry, sealed: &[u8]) -> Result<Unit, Failure> {
        let side = self.side().map_err(Failure::Later)?;
        let refused = |reason: String| Failure::Refused(reason);
        let key = envelope::key_of(sealed).ok_or_else(|| refused("封緘の形が違います。".to_owned()))?;
        let secrets = self.secrets(&key).await.map_err(Failure::Later)?;
        let secrets = secrets.ok_or_else(|| {
            refused(format!(
                "封じ先の鍵 {key} がこの設置にありません。鍵のある控えから戻してから、やり直してください。"
            ))
        })?;
        let bound = Bound { city: self.city().code(), from: side.other() };
        let parcel = envelope::open(bound, &secrets.opening, entry.id, &entry.kind, sealed)
            .map_err(|_| refused("封緘が開きません。別の市か別の受渡しのために封じたものです。".to_owned()))?;
        self.prepare(&parcel).await.map_err(|error| match error {
            HandleError::Refused(reason) => refused(reason),
            HandleError::Later(reason) => Failure::Later(CourierError::Line(reason)),
        })
    }

    pub(crate) async fn prepare(&self, parcel: &Parcel) -> Result<Unit, HandleError> {
        let handler = self.parts.handlers.get(&parcel.kind).ok_or_else(|| {
            HandleError::Refused(format!(
                "この版のプログラムは「{}」という受渡しを知りません。新しい版に上げてから、やり直してください。",
                parcel.kind
            ))
        })?;
        handler.prepare(parcel).await
    }
}

/// Whether writing again would fail again, since the content contradicts what is there.
fn is_lasting(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Unique { .. }
            | StoreError::ForeignKey { .. }
            | StoreError::Check { .. }
            | StoreError::Conflict
            | StoreError::NotFound
            | StoreError::Refused { .. }
    )
}

/// Under which name the other side's lowest number without a receipt is remembered.
pub(crate) const PEER_LOW: &str = "peer-low";

fn insertion(
    entry: &Entry,
    sealed: Option<Vec<u8>>,
    state: &str,
    reason: &str,
    at: i64,
    applied_at: Option<i64>,
) -> Statement {
    Statement::any(Sql::with(
        "INSERT INTO {courier_in} (seq, id, kind, sealed, hash, size, state, reason, received_at, applied_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        [
            entry.seq.into(),
            entry.id.into(),
            entry.kind.as_str().into(),
            sealed.map_or(Param::Null, Param::Blob),
            entry.hash.as_str().into(),
            entry.size.into(),
            state.into(),
            reason.into(),
            at.into(),
            applied_at.map_or(Param::Null, Param::Int),
        ],
    ))
}

fn entry(row: &Row) -> Result<Entry, StoreError> {
    Ok(Entry { seq: row.get(0)?, id: row.get(1)?, kind: row.get(2)?, hash: row.get(3)?, size: row.get(4)? })
}
