//! Leases: who is at work on something that outlives a request, and whether it still is.
//!
//! A process that imports a file or verifies the trail writes into the row of that work who it is and until when it will
//! have said again that it lives. Another process (the next one after a kill, or another node) sees that the work was
//! broken off: at once where it runs on the same machine and finds the process gone, and otherwise when the lease has
//! ended. The time is the database's own, which all nodes share.

use std::sync::OnceLock;
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::city::City;
use crate::sql::{Dialect, Param, Sql};

/// How long a lease holds.
const HOLDS_S: i64 = 60;
/// How often it is renewed.
const RENEWED: Duration = Duration::from_secs(15);

/// This process, as others find it in a row: the running system and its space of process numbers, the number, and when
/// the process was started, since numbers come round again.
#[must_use]
pub fn this_process() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| format!("{}/{}", space(), process("self").unwrap_or_else(|| std::process::id().to_string())))
}

/// Whether a holder is known to be gone: it ran here, and does no more.
fn is_gone(holder: &str) -> bool {
    let Some((space_of, of)) = holder.rsplit_once('/') else { return false };
    let number = of.split_once('@').map_or(of, |(number, _)| number);
    space_of == space() && process(number).is_none_or(|living| living != of)
}

fn space() -> String {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let numbers = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    format!("{} {}", boot.trim(), numbers.display())
}

/// A living process as `number@start`.
fn process(number: &str) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
    // The name stands in brackets and may hold anything; the start is the 20th word after it, the state the first.
    let (head, rest) = stat.rsplit_once(") ")?;
    let words: Vec<&str> = rest.split(' ').collect();
    let number = head.split(' ').next()?;
    (words.first() != Some(&"Z")).then(|| words.get(19).map(|start| format!("{number}@{start}")))?
}

/// The present instant in SQL, UTC microseconds, by the database's clock.
fn now(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "CAST(unixepoch('now', 'subsec') * 1000000 AS INTEGER)",
        Dialect::Postgres => "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
    }
}

/// The end of a lease that begins now, in SQL.
#[must_use]
pub fn end(dialect: Dialect) -> String {
    format!("{} + {}", now(dialect), HOLDS_S * 1_000_000)
}

/// In SQL, whether the lease of a row has ended. A row that no process holds has none.
#[must_use]
pub fn has_ended(dialect: Dialect) -> String {
    format!("(held_until IS NULL OR held_until < {})", now(dialect))
}

/// Whether the holder of a row is still at work: `ended` is what [`has_ended`] said.
#[must_use]
pub fn is_held(holder: Option<&str>, ended: bool) -> bool {
    holder.is_some_and(|holder| !ended && !is_gone(holder))
}

/// Takes over a lease that nobody keeps any more; false where somebody else was faster.
pub(crate) fn take_over(dialect: Dialect, table: &str, key: Param, before: Option<&str>) -> Sql {
    let mut sql = Sql::text("UPDATE ");
    sql.table(table).push(" SET holder = ").bind(this_process()).push(", held_until = ").push(&end(dialect));
    sql.push(" WHERE id = ").bind(key);
    match before {
        Some(before) => sql.push(" AND holder = ").bind(before),
        None => sql.push(" AND holder IS NULL"),
    };
    sql
}

/// Renews the lease of a row, in a table with `id`, `holder` and `held_until`, as long as the answer lives.
#[must_use]
pub fn keep_row(city: &City, table: &'static str, id: Param) -> Kept {
    Kept::keep(city, table, id)
}

/// A lease that is renewed as long as this lives.
#[derive(Debug)]
pub struct Kept(JoinHandle<()>);

impl Kept {
    /// Renews the lease of a row in a table with `id`, `holder` and `held_until`.
    pub(crate) fn keep(city: &City, table: &'static str, key: Param) -> Self {
        let city = city.clone();
        Self(tokio::spawn(async move {
            loop {
                tokio::time::sleep(RENEWED).await;
                let mut sql = Sql::text("UPDATE ");
                sql.table(table).push(" SET held_until = ").push(&end(city.dialect()));
                sql.push(" WHERE id = ").bind(key.clone()).push(" AND holder = ").bind(this_process());
                if let Err(error) = city.write(crate::unit::Unit::of([sql.into()])).await {
                    tracing::warn!(%error, table, "a lease was not renewed");
                }
            }
        }))
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_living_process_is_told_from_one_that_is_gone() {
        let own = this_process();
        assert!(own.contains('@') && !is_gone(own), "{own}");
        let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("sleep runs");
        let other = format!("{}/{}", space(), process(&child.id().to_string()).expect("it lives"));
        assert!(!is_gone(&other));
        child.kill().expect("it is killed");
        assert!(child.wait().is_ok() && is_gone(&other));
        let (head, _) = own.rsplit_once('@').expect("has a start");
        assert!(is_gone(&format!("{head}@1")), "the same number, started at another time, is another process");
        assert!(!is_gone("another machine/12@34"), "of other machines nothing is known before the lease ends");
    }
}
