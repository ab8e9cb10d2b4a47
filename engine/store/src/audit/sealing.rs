//! Sealing: giving entries their place in the city's sequence, and signing how far it goes.
//!
//! Entries are sealed in the order of time and id, some thousands at a time, each unit with one checkpoint and in one
//! write. What is sealed can't be changed, taken out or put in without [`super::verify()`] noticing, whoever owns the database, as
//! long as the key and the copy outside are not in the same hands.
//!
//! Nothing is lost by sealing twice or by a crash in the middle: a unit is committed wholly or not at all, and the next
//! sealing completes the copy. Where several nodes seal, an advisory lock on PostgreSQL lets one of them through, and the
//! checkpoint's number refuses the write of any other.

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::checkpoint::{self, Checkpoint};
use super::keeper::Keeper;
use super::merkle::Merkle;
use crate::city::City;
use crate::error::{Result, StoreError};
use crate::sql::{Dialect, Sql, SqlType};
use crate::unit::{Statement, Unit, Unmet};

/// How many entries a checkpoint seals at most.
pub const AT_ONCE: i64 = 5_000;
/// How many entries get their places in one statement: few sizes, so that all of them stay prepared.
const PLACED: [usize; 3] = [500, 50, 5];

/// What sealing did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sealed {
    /// Entries that got their place.
    pub entries: u64,
    /// Checkpoints that were signed.
    pub checkpoints: u64,
}

/// Seals all entries of published work that are not sealed yet.
///
/// # Errors
/// [`StoreError::Refused`] when there is no key, or when the copy outside the database is not what the database has:
/// nothing is sealed then, so that what happened can be looked into. As [`City::write`].
pub async fn seal(city: &City, keeper: &Keeper, at: Timestamp) -> Result<Sealed> {
    let mut sealed = Sealed::default();
    let Some(_lock) = blocking(keeper, Keeper::lock).await? else { return Ok(sealed) };
    let signer = blocking(keeper, Keeper::signer).await?;
    let mut last = settle(city, keeper).await?;
    loop {
        let entries = unsealed(city).await?;
        if entries.is_empty() {
            return Ok(sealed);
        }
        let first = last.as_ref().map_or(1, |last| last.last + 1);
        let mut tree = Merkle::default();
        for (seq, (_, hash)) in (first..).zip(&entries) {
            tree.push(seq, hash);
        }
        let end = first - 1 + i64::try_from(entries.len()).unwrap_or(i64::MAX);
        let made = Checkpoint::sign(city.code(), last.as_ref(), (end, tree.root()), at.as_microsecond(), &signer);
        let noted = made.clone();
        blocking(keeper, move |keeper| keeper.set_pending(&noted)).await?;
        match city.write(unit(city, &made, &entries)).await {
            Ok(_) => {}
            // Another node sealed meanwhile, or a batch was swept.
            Err(StoreError::Conflict | StoreError::Unique { .. }) => return Ok(sealed),
            Err(error) => return Err(error),
        }
        let kept = made.clone();
        blocking(keeper, move |keeper| keeper.keep(&kept)).await?;
        sealed.entries += entries.len() as u64;
        sealed.checkpoints += 1;
        last = Some(made);
    }
}

/// Makes the copy outside the database agree with a database that was put in place of another one: after a restore. The
/// copy of before is kept beside it.
///
/// # Errors
/// As [`City::read`], and when the folder can't be written.
pub async fn rebase(city: &City, keeper: &Keeper, at: Timestamp) -> Result<()> {
    let mut checkpoints: Vec<Checkpoint> = Vec::new();
    loop {
        let number = checkpoints.last().map_or(0, |last| last.number);
        let page = checkpoint::after(city, number, 1_000).await?;
        if page.is_empty() {
            break;
        }
        checkpoints.extend(page);
    }
    let aside = format!("checkpoints.before-restore-{}.jsonl", at.as_second());
    blocking(keeper, move |keeper| keeper.replace_copy(&aside, checkpoints.into_iter())).await
}

/// Completes what a crash has cut short and answers the last checkpoint.
async fn settle(city: &City, keeper: &Keeper) -> Result<Option<Checkpoint>> {
    let last = checkpoint::last(city).await?;
    let kept = blocking(keeper, Keeper::last).await?;
    if last == kept {
        return Ok(last);
    }
    let pending = blocking(keeper, Keeper::pending).await?;
    match (last, pending) {
        (Some(last), Some(pending)) if last == pending && last.follows(city.code(), kept.as_ref()) => {
            blocking(keeper, move |keeper| keeper.keep(&pending)).await?;
            Ok(Some(last))
        }
        _ => Err(StoreError::refused(
            "データベースの検印と、データベースの外に置いた写しが合いません。封印を止めました。kawasemi audit verify で確かめてください。",
        )),
    }
}

async fn unsealed(city: &City) -> Result<Vec<(Uuid, Vec<u8>)>> {
    let sql = Sql::with(
        "SELECT id, hash FROM {audit} WHERE seq IS NULL \
         AND (batch = 0 OR batch NOT IN (SELECT id FROM {batch} WHERE published_at IS NULL)) \
         ORDER BY at, id LIMIT $1",
        [AT_ONCE.into()],
    );
    city.read(sql).await?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

fn unit(city: &City, made: &Checkpoint, entries: &[(Uuid, Vec<u8>)]) -> Unit {
    let mut unit = Unit::new();
    if city.dialect() == Dialect::Postgres {
        let lock = Sql::with("SELECT 1 WHERE pg_try_advisory_xact_lock($1)", [lock_number(city.code()).into()]);
        unit.add(Statement::one_row(lock, Unmet::Conflict));
    }
    unit.add(made.insertion());
    let mut rest = entries;
    let mut first = made.first;
    while !rest.is_empty() {
        let size = PLACED.into_iter().find(|size| *size <= rest.len()).unwrap_or(1);
        let (these, others) = rest.split_at(size);
        unit.add(places(first, these));
        first += i64::try_from(size).unwrap_or(i64::MAX);
        rest = others;
    }
    unit
}

/// Gives entries that have no place theirs, from a first one on.
///
/// They are looked up by their ids. "No place" is said in such a way that PostgreSQL does not look for them in the index of
/// unsealed entries, which it believes to be empty, since it mostly is, and would read whole for each of them.
fn places(first: i64, entries: &[(Uuid, Vec<u8>)]) -> Statement {
    let mut sql = Sql::with("UPDATE {audit} AS a SET seq = v.column2 FROM (VALUES ", []);
    for (position, (seq, (id, _))) in (first..).zip(entries).enumerate() {
        sql.push(if position > 0 { ", (" } else { "(" });
        sql.bind_as(*id, SqlType::Id).push(", ").bind_as(seq, SqlType::Int).push(")");
    }
    sql.push(") AS v WHERE a.id = v.column1 AND coalesce(a.seq, 0) = 0");
    Statement::rows(sql, entries.len() as u64, Unmet::Conflict)
}

/// The number of the city's advisory lock for sealing.
fn lock_number(code: &str) -> i64 {
    let hash = Sha256::new().chain_update("kawasemi seal ").chain_update(code).finalize();
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash[..8]);
    i64::from_be_bytes(bytes)
}

/// Runs work on the keeper's files where it does not hold up others.
pub(super) async fn blocking<T: Send + 'static>(
    keeper: &Keeper,
    work: impl FnOnce(&Keeper) -> Result<T> + Send + 'static,
) -> Result<T> {
    let keeper = keeper.clone();
    tokio::task::spawn_blocking(move || work(&keeper)).await.map_err(|_| StoreError::Closed)?
}
