//! The clock: entries of the trail, sessions and one-time codes all lean on it.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use kawasemi_kernel::Clock;
use kawasemi_store::{City, Dialect, Result, Sql};
use tokio::process::Command;

use crate::finding::{Finding, Findings, State, Subject, span};

/// Made by systemd-timesyncd once it has set the clock.
const TIMESYNC: &str = "/run/systemd/timesync/synchronized";
/// How long a program may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// From how many microseconds of difference a database's clock is worth a look, and from how many one-time codes and the order
/// of entries suffer.
const APART: [i64; 2] = [2_000_000, 30_000_000];
/// Entries of other nodes may be so many microseconds ahead without anything being wrong.
const AHEAD: [i64; 2] = [2_000_000, 60_000_000];

/// Whether the machine's clock follows others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Synchronised {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// Nothing on this machine says so, as in a container, whose clock is the machine's.
    Unknown,
}

/// Asks the machine. Every way is tried before the answer is no: a machine has one keeper of time, and the others know nothing.
pub async fn synchronised() -> Synchronised {
    if Path::new(TIMESYNC).exists() {
        return Synchronised::Yes;
    }
    // Asks the kernel (adjtimex), so it knows of chrony and ntpd as well.
    let systemd = answer("timedatectl", &["show", "--property=NTPSynchronized", "--value"]).await;
    if systemd.as_deref().map(str::trim) == Some("yes") {
        return Synchronised::Yes;
    }
    let chrony = answer("chronyc", &["-c", "tracking"]).await;
    match (chrony.as_deref().and_then(leap), systemd.as_deref().map(str::trim)) {
        (Some(is_set), _) => {
            if is_set {
                Synchronised::Yes
            } else {
                Synchronised::No
            }
        }
        (None, Some("no")) => Synchronised::No,
        _ => Synchronised::Unknown,
    }
}

/// What chrony says of itself: the last of its comma-separated values.
fn leap(tracking: &str) -> Option<bool> {
    let last = tracking.trim().rsplit_once(',')?.1;
    (!last.is_empty()).then_some(last != "Not synchronised")
}

/// What a program says, if it is there, quick and content.
async fn answer(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await.ok()?.ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The machine's clock.
#[must_use]
pub fn machine(synchronised: Synchronised) -> Finding {
    let (state, message) = match synchronised {
        Synchronised::Yes => (State::Good, "時刻を合わせる仕組みに合っています。"),
        Synchronised::No => (
            State::Warning,
            "時刻を合わせる仕組みに合っていません。庁内の時刻サーバー（NTP）を systemd-timesyncd か chrony に設定し、timedatectl で「System clock synchronized: yes」になることを確かめてください。",
        ),
        Synchronised::Unknown => (
            State::Warning,
            "合っているかをこの中からは確かめられません。コンテナーなら、動かしている機械のほうで timedatectl を実行して確かめてください。",
        ),
    };
    Finding { subject: Subject::Clock, check: "時計".to_owned(), state, message: message.to_owned() }
}

/// A city's clocks: the database's against ours, and ours against the newest entry of the trail.
///
/// # Errors
/// When the store fails.
pub async fn of_city(city: &City, clock: &dyn Clock, found: &mut Findings) -> Result<()> {
    if city.dialect() == Dialect::Postgres {
        let before = clock.now().as_microsecond();
        let sql = Sql::text("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)");
        let theirs: i64 = city.read_one(sql).await?.map_or(Ok(before), |row| row.get(0))?;
        let after = clock.now().as_microsecond();
        found.extend([database(city.code(), theirs, before, after)]);
    }
    if let Some(newest) = newest_entry(city).await? {
        found.extend([trail(city.code(), newest, clock.now().as_microsecond())]);
    }
    Ok(())
}

/// What the database's clock said between two looks at ours. Half of the time in between may be the way there.
fn database(code: &str, theirs: i64, before: i64, after: i64) -> Finding {
    let apart = (theirs - (before + (after - before) / 2)).abs().saturating_sub((after - before) / 2);
    let said = format!("この機械と{}ずれています。", span(apart / 1_000_000));
    let advice = "両方の機械を、同じ時刻サーバー（NTP）に合わせてください。";
    let (state, message) = match apart {
        apart if apart > APART[1] => (State::Bad, format!("{said}{advice}")),
        apart if apart > APART[0] => (State::Warning, format!("{said}{advice}")),
        _ => (State::Good, "この機械の時計と合っています。".to_owned()),
    };
    Finding { subject: Subject::Clock, check: format!("{code} データベースの時計"), state, message }
}

/// Ours against the newest entry, in microseconds.
fn trail(code: &str, newest: i64, now: i64) -> Finding {
    let ahead = newest - now;
    let said = format!("時計が、最も新しい変更の記録より{}前を指しています。", span(ahead / 1_000_000));
    let (state, message) = match ahead {
        ahead if ahead > AHEAD[1] => (
            State::Bad,
            format!(
                "{said}時計が戻ったか、進んだ時計で書かれた記録があります。時計を合わせ、合っているなら、いつ何が書かれたかを監査で確かめてください。"
            ),
        ),
        ahead if ahead > AHEAD[0] => (State::Warning, format!("{said}この機械と、ほかの台の時計を合わせてください。")),
        _ => (State::Good, "変更の記録より後の時刻を指しています。".to_owned()),
    };
    Finding { subject: Subject::Clock, check: format!("{code} 時計と変更の記録"), state, message }
}

/// When the newest entry of the trail was written: the newest that waits for its place, or the last that has it.
async fn newest_entry(city: &City) -> Result<Option<i64>> {
    let waiting = Sql::with("SELECT max(at) FROM {audit} WHERE seq IS NULL", []);
    let placed = Sql::with("SELECT at FROM {audit} WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1", []);
    let mut newest = None;
    for sql in [waiting, placed] {
        let at: Option<i64> = city.read_one(sql).await?.map_or(Ok(None), |row| row.get(0))?;
        newest = newest.max(at);
    }
    Ok(newest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_the_database_is_no_difference() {
        let second = 1_000_000;
        let state = |theirs, before, after| database("142182", theirs, before, after).state;
        assert_eq!(state(10 * second, 0, 20 * second), State::Good);
        assert_eq!(state(3 * second, 0, 0), State::Warning);
        assert_eq!(state(-31 * second, 0, 0), State::Bad);
    }

    #[test]
    fn a_clock_that_went_back_is_told() {
        let now = 1_000 * 1_000_000;
        let state = |ahead: i64| trail("142182", now + ahead * 1_000_000, now).state;
        assert_eq!(
            [state(-5), state(1), state(5), state(3_600)],
            [State::Good, State::Good, State::Warning, State::Bad]
        );
    }

    #[test]
    fn chrony_is_understood() {
        let line = "A9FEA97B,169.254.169.123,4,1700000000.1,0.000001,0.000002,0.00001,1.5,0.01,0.02,0.0002,0.0003,16.2";
        assert_eq!(leap(&format!("{line},Normal\n")), Some(true));
        assert_eq!(leap(&format!("{line},Not synchronised\n")), Some(false));
        assert_eq!(leap("506 Cannot talk to daemon"), None);
    }
}
