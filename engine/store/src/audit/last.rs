//! The last verification of a city's trail, in the city's database: whichever node runs it, every node can tell how far it
//! is and what came out, also after a restart.

use jiff::Timestamp;
use tokio::sync::watch;

use super::{Keeper, VerifyReport, verify};
use crate::city::City;
use crate::error::{Result, StoreError};
use crate::lease::{self, Kept};
use crate::sql::{Param, Sql};
use crate::unit::{Statement, Unit};

/// How often progress is written at most.
const NOTED: std::time::Duration = std::time::Duration::from_secs(1);

/// The last verification.
#[derive(Debug, Clone, PartialEq)]
pub struct LastVerification {
    /// When it was begun.
    pub since: Timestamp,
    /// Where it stands.
    pub state: VerificationState,
}

/// Where a verification stands.
#[derive(Debug, Clone, PartialEq)]
pub enum VerificationState {
    /// It goes on: entries that were looked at, of so many.
    Running(u64, u64),
    /// It came to its end.
    Ended(Timestamp, Box<VerifyReport>),
    /// It could not be carried through.
    Failed(String),
    /// The process that ran it is gone.
    BrokenOff,
}

/// The turn to verify a city, which one process has at a time.
#[derive(Debug)]
pub struct VerificationTurn {
    city: City,
    kept: Kept,
}

/// The last verification of a city, or the one that goes on.
///
/// # Errors
/// As [`City::read`].
pub async fn last_verification(city: &City) -> Result<Option<LastVerification>> {
    let ended = lease::has_ended(city.dialect());
    let sql = Sql::with(
        &format!(
            "SELECT since, done, total, ended_at, report, error, holder, CASE WHEN {ended} THEN 1 ELSE 0 END \
             FROM {{verification}} WHERE id = 1"
        ),
        [],
    );
    let Some(row) = city.read_one(sql).await? else { return Ok(None) };
    let instant = |micros: i64| Timestamp::from_microsecond(micros).unwrap_or_default();
    let (at, report, error): (Option<i64>, Option<String>, Option<String>) = (row.get(3)?, row.get(4)?, row.get(5)?);
    let (holder, ended): (Option<String>, i64) = (row.get(6)?, row.get(7)?);
    let state = match (at, report, error) {
        (_, _, Some(error)) => VerificationState::Failed(error),
        (Some(at), Some(report), None) => {
            let report = serde_json::from_str(&report).map_err(|error| StoreError::Decode {
                column: "verification.report".to_owned(),
                detail: error.to_string(),
            })?;
            VerificationState::Ended(instant(at), Box::new(report))
        }
        _ if lease::is_held(holder.as_deref(), ended != 0) => {
            VerificationState::Running(row.get::<i64>(1)?.unsigned_abs(), row.get::<i64>(2)?.unsigned_abs())
        }
        _ => VerificationState::BrokenOff,
    };
    Ok(Some(LastVerification { since: instant(row.get(0)?), state }))
}

/// Takes the turn to verify a city; none while another one goes on.
///
/// # Errors
/// As [`City::write`].
pub async fn begin_verification(city: &City, since: Timestamp) -> Result<Option<VerificationTurn>> {
    let last = last_verification(city).await?;
    if last.as_ref().is_some_and(|last| matches!(last.state, VerificationState::Running(..))) {
        return Ok(None);
    }
    let mut unit = Unit::new();
    if let Some(last) = last {
        unit.add(Sql::with(
            "DELETE FROM {verification} WHERE id = 1 AND since = $1",
            [last.since.as_microsecond().into()],
        ));
    }
    let mut insert = Sql::with(
        "INSERT INTO {verification} (id, since, done, total, holder, held_until) VALUES (1, $1, 0, 0, $2, ",
        [since.as_microsecond().into(), lease::this_process().into()],
    );
    insert.push(&lease::end(city.dialect())).push(")");
    unit.add(insert);
    match city.write(unit).await {
        Ok(_) => {
            Ok(Some(VerificationTurn { city: city.clone(), kept: lease::keep_row(city, "verification", 1.into()) }))
        }
        // Somebody else began at the same instant.
        Err(StoreError::Unique { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

impl VerificationTurn {
    /// Verifies, telling the database how far it is and what came out.
    ///
    /// # Errors
    /// When the outcome can't be kept. A verification that fails is no error here.
    pub async fn run(
        self,
        keeper: &Keeper,
        ended_at: impl FnOnce() -> Timestamp + Send,
    ) -> Result<Option<VerifyReport>> {
        let (sender, receiver) = watch::channel((0, 0));
        let noting = tokio::spawn(note(self.city.clone(), receiver));
        let tell = move |done, total| sender.send_modify(|progress| *progress = (done, total));
        let outcome = verify(&self.city, keeper, &tell).await;
        noting.abort();
        let (report, error) = match &outcome {
            Ok(report) => (serde_json::to_string(report).map_or(Param::Null, Param::from), Param::Null),
            Err(error) => {
                tracing::error!(%error, detail = error.detail(), "the audit trail could not be verified");
                (Param::Null, error.to_string().into())
            }
        };
        let sql = Sql::with(
            "UPDATE {verification} SET ended_at = $1, report = $2, error = $3, holder = NULL, held_until = NULL WHERE id = 1",
            [ended_at().as_microsecond().into(), report, error],
        );
        drop(self.kept);
        self.city.write(Unit::of([Statement::any(sql)])).await?;
        Ok(outcome.ok())
    }
}

/// Writes how far a verification is, now and then.
async fn note(city: City, mut progress: watch::Receiver<(u64, u64)>) {
    while progress.changed().await.is_ok() {
        let (done, total) = *progress.borrow_and_update();
        let number = |count: u64| Param::Int(i64::try_from(count).unwrap_or(i64::MAX));
        let sql =
            Sql::with("UPDATE {verification} SET done = $1, total = $2 WHERE id = 1", [number(done), number(total)]);
        if let Err(error) = city.write(Unit::of([sql.into()])).await {
            tracing::warn!(%error, "the progress of a verification was not kept");
        }
        tokio::time::sleep(NOTED).await;
    }
}
