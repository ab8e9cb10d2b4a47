//! Verifying the audit trail: whether what the city has today is what was done.
//!
//! Two walks in bounded memory, both beside a running server. [`sequence`] follows the checkpoints and their copy outside
//! the database, and holds the sealed entries against the signed roots. [`trails`] follows each record's entries, holds
//! them against their hashes and payloads, and the record's row against the last of them ([`rows`], which asks
//! [`evolution`] what a definition's changes did to a value). [`definitions`] holds the published ledgers against their trail.
//!
//! What can't be found: that the last entries of a record, not sealed yet, were taken out together with what they did to
//! the row. Sealing often keeps that window short.

mod definitions;
mod evolution;
mod report;
mod rows;
mod sequence;
mod trails;

use super::checkpoint::Checkpoint;
use super::keeper::Keeper;
use super::sealing::blocking;
use crate::city::City;
use crate::error::Result;
use crate::sql::Sql;

pub use self::report::{Broken, Problem, VerifyReport};

/// Tells how many entries of how many were looked at. Every entry is looked at twice: in its record and, once it is
/// sealed, in the sequence.
pub type Progress<'a> = &'a (dyn Fn(u64, u64) + Send + Sync);

/// Verifies a city's audit trail.
///
/// # Errors
/// When the database or the keeper's folder can't be read. What is wrong with the trail is no error but in the report.
pub async fn verify(city: &City, keeper: &Keeper, progress: Progress<'_>) -> Result<VerifyReport> {
    verify_with(city, keeper, None, progress).await
}

/// As [`verify`], also against a checkpoint that was kept elsewhere.
///
/// # Errors
/// As [`verify`].
pub async fn verify_with(
    city: &City,
    keeper: &Keeper,
    witness: Option<&Checkpoint>,
    progress: Progress<'_>,
) -> Result<VerifyReport> {
    let count = Sql::with("SELECT count(*), count(seq) FROM {audit}", []);
    let (entries, sealed): (i64, i64) = match city.read_one(count).await? {
        Some(row) => (row.get(0)?, row.get(1)?),
        None => (0, 0),
    };
    let keys = blocking(keeper, Keeper::keys).await?;
    let mut walk = Walk {
        city,
        keeper,
        keys,
        report: VerifyReport::default(),
        done: 0,
        total: entries.unsigned_abs() + sealed.unsigned_abs(),
        progress,
    };
    sequence::check(&mut walk, witness).await?;
    trails::check(&mut walk).await?;
    definitions::check(&mut walk).await?;
    Ok(walk.report.finished())
}

/// What the parts of a verification share.
struct Walk<'a> {
    city: &'a City,
    keeper: &'a Keeper,
    /// The public keys that may have signed.
    keys: Vec<[u8; 32]>,
    report: VerifyReport,
    done: u64,
    total: u64,
    progress: Progress<'a>,
}

impl Walk<'_> {
    /// Counts entries as looked at.
    fn passed(&mut self, entries: usize) {
        self.done += entries as u64;
        // A server may go on writing meanwhile.
        self.total = self.total.max(self.done);
        (self.progress)(self.done, self.total);
    }

    fn found(&mut self, broken: Broken) {
        self.report.add(broken);
    }
}
