//! Each record's entries, in the order of its revisions.

use std::collections::HashSet;

use uuid::Uuid;

use super::Walk;
use super::report::{Broken, Problem};
use super::rows;
use crate::audit::{Entry, FIRST, Tombstone, digest, tombstone};
use crate::city::City;
use crate::error::Result;
use crate::record::stop;
use crate::row::Row;
use crate::sql::Sql;

/// How many entries are read with one query.
const PAGE: i64 = 400;
/// How many records are held against their rows with one query.
const ROWS: usize = 200;

/// What a record's entries say it is.
pub(super) struct Trail {
    /// Its first entry.
    pub first: Entry,
    /// Its last entry.
    pub last: Entry,
    /// The payload of the last entry; none where it was erased.
    pub last_payload: Option<String>,
    /// The last entry that wrote all fields, with its payload unless that was erased.
    pub whole: Option<(Entry, Option<String>)>,
    /// When it was deleted, if it is.
    pub deleted_at: Option<i64>,
    /// Whether its use is stopped, so that its row is hidden.
    pub is_stopped: bool,
    /// Whether every payload was erased: the record was disposed of.
    pub is_erased: bool,
    /// Whether something is wrong with an entry; then its row is not looked at.
    pub is_broken: bool,
}

/// An entry with what belongs to it.
struct Link {
    entry: Entry,
    payload: Option<(Vec<u8>, String)>,
    tombstone: Option<Tombstone>,
}

/// Checks every record's entries, and the rows of published ledgers against them.
pub(super) async fn check(walk: &mut Walk<'_>) -> Result<()> {
    let mut after = None;
    let mut open: Option<Trail> = None;
    let mut complete = Vec::new();
    loop {
        let page = read(walk.city, after, None).await?;
        let Some(end) = page.last() else { break };
        after = Some((end.entry.record, end.entry.revision));
        walk.passed(page.len());
        for link in page {
            walk.report.entries += 1;
            walk.report.unsealed += u64::from(link.entry.seq.is_none());
            if open.as_ref().is_some_and(|trail| trail.last.record != link.entry.record) {
                complete.extend(open.take());
                walk.report.records += 1;
            }
            let problem = problem(walk, open.as_ref(), &link);
            walk.report.erased += u64::from(link.payload.is_none() && problem.is_none());
            if let Some(problem) = &problem {
                walk.found(about(&link.entry, problem.clone()));
            }
            open = Some(extended(open, link, problem.is_some()));
        }
        if complete.len() >= ROWS {
            rows::check(walk, std::mem::take(&mut complete)).await?;
        }
    }
    walk.report.records += u64::from(open.is_some());
    complete.extend(open);
    rows::check(walk, complete).await?;
    rows::check_unaudited(walk).await
}

/// Reads one record's entries as they are now; none where it has none, or something is wrong with them.
pub(super) async fn of_record(walk: &Walk<'_>, record: Uuid) -> Result<Option<Trail>> {
    let mut after = None;
    let mut trail = None;
    loop {
        let page = read(walk.city, after, Some(record)).await?;
        let Some(end) = page.last() else { return Ok(trail) };
        after = Some((record, end.entry.revision));
        for link in page {
            let is_broken = problem(walk, trail.as_ref(), &link).is_some();
            trail = Some(extended(trail, link, is_broken));
        }
    }
}

/// A finding about an entry.
pub(super) fn about(entry: &Entry, problem: Problem) -> Broken {
    Broken {
        seq: entry.seq,
        ledger: Some(entry.ledger.clone()),
        record: Some(entry.record),
        revision: Some(entry.revision),
        problem,
    }
}

/// What is wrong with an entry that follows those of a trail.
fn problem(walk: &Walk<'_>, before: Option<&Trail>, link: &Link) -> Option<Problem> {
    let entry = &link.entry;
    let (revision, hash) = before.map_or((0, FIRST.as_slice()), |trail| (trail.last.revision, &trail.last.hash));
    if entry.expected_hash().as_slice() != entry.hash {
        return Some(Problem::EntryAltered);
    }
    if entry.revision != revision + 1 {
        return Some(Problem::RevisionMissing);
    }
    if entry.prev != hash {
        return Some(Problem::ChainBroken);
    }
    match (&link.payload, &link.tombstone) {
        (Some((salt, payload)), _) if digest(salt, payload).as_slice() != entry.digest => Some(Problem::PayloadAltered),
        (Some(_), _) => None,
        (None, Some(stone)) if stone.is_valid(walk.city.code(), entry, &walk.keys) => None,
        (None, Some(_)) => Some(Problem::TombstoneInvalid),
        (None, None) => Some(Problem::PayloadMissing),
    }
}

fn extended(trail: Option<Trail>, link: Link, is_broken: bool) -> Trail {
    let Link { entry, payload, .. } = link;
    let payload = payload.map(|(_, payload)| payload);
    let mut trail = trail.unwrap_or_else(|| Trail {
        first: entry.clone(),
        last: entry.clone(),
        last_payload: None,
        whole: None,
        deleted_at: None,
        is_stopped: false,
        is_erased: true,
        is_broken: false,
    });
    match entry.kind.as_str() {
        "create" | "update" => trail.whole = Some((entry.clone(), payload.clone())),
        "delete" => trail.deleted_at = Some(entry.at),
        "restore" => trail.deleted_at = None,
        stop::STOP => trail.is_stopped = true,
        stop::RESUME => trail.is_stopped = false,
        _ => {}
    }
    trail.is_erased &= payload.is_none();
    trail.is_broken |= is_broken;
    trail.last = entry;
    trail.last_payload = payload;
    trail
}

/// Reads entries by keyset, so that no snapshot is held while a large city is verified.
async fn read(city: &City, after: Option<(Uuid, i64)>, only: Option<Uuid>) -> Result<Vec<Link>> {
    let mut sql = Sql::text("SELECT ");
    for column in crate::audit::COLUMNS.split(", ") {
        sql.column("a", column).push(", ");
    }
    sql.push("p.salt, p.payload");
    for column in tombstone::COLUMNS {
        sql.push(", ").column("t", column);
    }
    sql.append(&Sql::with(
        " FROM {audit} AS a LEFT JOIN {audit_payload} AS p ON p.audit_id = a.id \
         LEFT JOIN {audit_tombstone} AS t ON t.audit_id = a.id WHERE ",
        [],
    ));
    match (only, after) {
        (Some(record), after) => {
            sql.push("a.record = ").bind(record).push(" AND a.revision > ");
            sql.bind(after.map_or(i64::MIN, |(_, revision)| revision));
        }
        (None, Some((record, revision))) => {
            sql.push("(a.record, a.revision) > (").bind(record).push(", ").bind(revision).push(")");
        }
        (None, None) => {
            sql.push("a.revision > ").bind(i64::MIN);
        }
    }
    sql.push(" ORDER BY a.record, a.revision LIMIT ").bind(PAGE);
    city.read(sql).await?.iter().map(link).collect()
}

fn link(row: &Row) -> Result<Link> {
    let salt: Option<Vec<u8>> = row.get(13)?;
    let payload: Option<String> = row.get(14)?;
    Ok(Link { entry: Entry::read(row)?, payload: salt.zip(payload), tombstone: Tombstone::read(row, 15)? })
}

/// The records of trails.
pub(super) fn records(trails: &[Trail]) -> HashSet<Uuid> {
    trails.iter().map(|trail| trail.last.record).collect()
}
