//! Parcels for the other side: handed in, numbered, sent, acknowledged, erased.

use kawasemi_store::unit::NumberRequest;
use kawasemi_store::{Row, Sql, Statement, StoreError, Unit};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::bundle::Entry;
use crate::courier::Courier;
use crate::envelope::{self, Bound, LARGEST};
use crate::error::{CourierError, Result};
use crate::parcel::{HandleError, Parcel};

/// The counter of a side's parcels.
const COUNTER: &str = "courier/out";

/// What became of a parcel on the other side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Its number.
    pub seq: i64,
    /// The hash of what was received.
    pub hash: String,
    /// Whether it was applied, or refused and kept there. Why, stays on that side: it may be personal.
    pub applied: bool,
}

/// What a training city (教育用の市) says to whatever would leave it.
pub(crate) const INSIDE: &str = "教育用の市では、公開側とも庁内側とも受け渡しません。何もしていません。";

impl Courier {
    /// Hands in a parcel for the other side and answers its id. It is sealed to the other side at once: from then on this
    /// side can't read it. In an installation that is both halves it does here and now what it would do there.
    ///
    /// # Errors
    /// [`CourierError::NoPeer`] where there is nobody to seal it to; [`CourierError::Refused`].
    pub async fn submit(&self, kind: &str, body: Vec<u8>) -> Result<Uuid> {
        let id = self.parts.ids.next();
        self.submit_as(id, kind, body).await?;
        Ok(id)
    }

    /// The same under an id of the caller's, such as one that a form carries: what is handed in twice is there once.
    ///
    /// # Errors
    /// As [`Courier::submit`].
    pub async fn submit_as(&self, id: Uuid, kind: &str, body: Vec<u8>) -> Result<()> {
        if body.len() > LARGEST {
            return Err(CourierError::refused("受渡しの中身が大きすぎます（16 MiB まで）。"));
        }
        let parcel = Parcel { id, kind: kind.to_owned(), at: self.now(), body };
        if self.city().is_training() && self.parts.side.is_some() {
            return Err(CourierError::refused(INSIDE));
        }
        let Some(side) = self.parts.side else {
            let unit = self.prepare(&parcel).await.map_err(|error| match error {
                HandleError::Refused(reason) | HandleError::Later(reason) => CourierError::Refused(reason),
            })?;
            return self.write_once(unit).await;
        };
        let peer = self.peer_key().await?;
        let bound = Bound { city: self.city().code(), from: side };
        let sealed = envelope::seal(bound, &peer.id, peer.sealing(), &parcel, self.parts.identity.entropy());
        let sealed = sealed.ok_or(CourierError::NoPeer(side.other().label()))?;
        self.write_once(numbered(parcel, sealed)).await
    }

    /// Whether something can be handed in: there is somebody to seal it to.
    ///
    /// # Errors
    /// [`CourierError::NoPeer`]; when the store fails.
    pub async fn is_open(&self) -> Result<()> {
        if self.parts.side.is_some() {
            self.peer_key().await?;
        }
        Ok(())
    }

    /// Writes what was handed in; that it is there already is as good.
    async fn write_once(&self, unit: Unit) -> Result<()> {
        match self.city().write(unit).await {
            Ok(_) | Err(StoreError::Unique { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Parcels that the other side has not acknowledged, from the lowest number on, as far as they fit.
    pub(crate) async fn open_parcels(&self, limit_bytes: i64, limit_parcels: usize) -> Result<(Vec<Entry>, bool)> {
        let sql = Sql::with(
            "SELECT seq, id, kind, hash, size FROM {courier_out} WHERE state <> 'acknowledged' ORDER BY seq LIMIT $1",
            [i64::try_from(limit_parcels + 1).unwrap_or(i64::MAX).into()],
        );
        let rows = self.city().read(sql).await?;
        let mut entries: Vec<Entry> = Vec::with_capacity(rows.len());
        let mut bytes = 0;
        for row in &rows {
            let entry = entry(row)?;
            bytes += entry.size;
            if entries.len() == limit_parcels || (bytes > limit_bytes && !entries.is_empty()) {
                return Ok((entries, true));
            }
            entries.push(entry);
        }
        Ok((entries, false))
    }

    /// The sealed content of a parcel that is not acknowledged.
    pub(crate) async fn sealed_content(&self, seq: i64) -> Result<Option<Vec<u8>>> {
        let sql = Sql::with("SELECT sealed FROM {courier_out} WHERE seq = $1", [seq.into()]);
        let row = self.city().read_one(sql).await?;
        Ok(row.map(|row| row.get(0)).transpose()?.flatten())
    }

    /// The lowest number that is not acknowledged: receipts before it are not needed any more.
    pub(crate) async fn lowest_open(&self) -> Result<i64> {
        let sql = "SELECT coalesce((SELECT min(seq) FROM {courier_out} WHERE state <> 'acknowledged'), \
                   (SELECT max(seq) + 1 FROM {courier_out}), 1)";
        let row = self.city().read_one(Sql::with(sql, [])).await?;
        Ok(row.map_or(Ok(1), |row| row.get(0))?)
    }

    /// Notes that parcels were sent.
    pub(crate) async fn mark_sent(&self, entries: &[Entry]) -> Result<()> {
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return Ok(()) };
        let sql = Sql::with(
            "UPDATE {courier_out} SET state = 'sent', sent_at = $3 WHERE seq BETWEEN $1 AND $2 AND state = 'new'",
            [first.seq.into(), last.seq.into(), self.now().as_microsecond().into()],
        );
        self.city().write(Unit::of([sql.into()])).await?;
        Ok(())
    }

    /// Takes receipts: what was acknowledged is erased here. Answers how many were new, and the numbers whose receipt is
    /// for something else than what was sent: those keep their content.
    pub(crate) async fn acknowledge(&self, receipts: &[Receipt]) -> Result<(u64, Vec<i64>)> {
        let at = self.now().as_microsecond();
        let erase = |receipt: &Receipt| {
            Statement::any(Sql::with(
                "UPDATE {courier_out} SET state = 'acknowledged', sealed = NULL, acknowledged_at = $3, outcome = $4 \
                 WHERE seq = $1 AND hash = $2 AND state <> 'acknowledged'",
                [
                    receipt.seq.into(),
                    receipt.hash.as_str().into(),
                    at.into(),
                    if receipt.applied { "applied" } else { "refused" }.into(),
                ],
            ))
        };
        let (mut erased, mut strange) = (0, Vec::new());
        for some in receipts.chunks(500) {
            let receipt = self.city().write(Unit::of(some.iter().map(erase))).await?;
            erased += receipt.affected.iter().sum::<u64>();
            let untouched = some.iter().zip(&receipt.affected).filter(|(_, rows)| **rows == 0).map(|(one, _)| one);
            for one in untouched {
                let known = Sql::with("SELECT hash FROM {courier_out} WHERE seq = $1", [one.seq.into()]);
                let known = self.city().read_one(known).await?.map(|row| row.get::<String>(0)).transpose()?;
                if known.as_ref() != Some(&one.hash) {
                    strange.push(one.seq);
                }
            }
        }
        Ok((erased, strange))
    }
}

/// The unit that gives a parcel its number. A number is taken in the same write, so that a refused one leaves no gap.
fn numbered(parcel: Parcel, sealed: Vec<u8>) -> Unit {
    let mut unit = Unit::new();
    let (hash, size) = (envelope::hash(&sealed), i64::try_from(sealed.len()).unwrap_or(i64::MAX));
    unit.finish_with(vec![NumberRequest::one(COUNTER)], move |numbers| {
        let seq = numbers.first().copied().ok_or(StoreError::NotFound)?;
        let row = Sql::with(
            "INSERT INTO {courier_out} (seq, id, kind, sealed, hash, size, state, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, 'new', $7)",
            [
                seq.into(),
                parcel.id.into(),
                parcel.kind.as_str().into(),
                sealed.clone().into(),
                hash.as_str().into(),
                size.into(),
                parcel.at.as_microsecond().into(),
            ],
        );
        Ok(vec![row.into()])
    });
    unit
}

fn entry(row: &Row) -> Result<Entry, StoreError> {
    Ok(Entry { seq: row.get(0)?, id: row.get(1)?, kind: row.get(2)?, hash: row.get(3)?, size: row.get(4)? })
}
