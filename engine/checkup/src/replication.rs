//! Standbys of PostgreSQL (待機系): whether they are there, and how far behind.
//!
//! What is asked is that of the server itself (`pg_stat_replication`, `pg_replication_slots`). Whoever may not see all of it is
//! told what to grant.

use kawasemi_store::replication::Concern;
use kawasemi_store::{City, Dialect, Replication, Result, Row, Sql};

use crate::figure::{Figure, Kind};
use crate::finding::{Findings, State, Subject, size, span};

/// What is told of the server as a whole.
pub const CHECK: &str = "複製";
/// So many bytes behind, or so many seconds, somebody should look.
const BEHIND: (i64, i64) = (64 << 20, 60);
/// A slot that nobody uses keeps so many bytes of the log before it becomes a danger to the disk.
const KEPT: i64 = 1 << 30;

/// A standby that is attached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standby {
    /// The name that it gives itself.
    pub name: String,
    /// `streaming`, or what it does on the way there; none where one may not see it.
    pub state: Option<String>,
    /// `sync`, `quorum`, `potential` or `async`.
    pub sync: Option<String>,
    /// How many bytes of the log it has not replayed.
    pub bytes: Option<i64>,
    /// How far behind it is in time, in microseconds; none while there is nothing to replay.
    pub micros: Option<i64>,
}

/// A slot, which keeps the log for a standby.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Its name.
    pub name: String,
    /// Whether somebody uses it.
    pub is_active: bool,
    /// `reserved`, `extended`, `unreserved` or `lost`.
    pub status: Option<String>,
    /// How many bytes of the log it keeps.
    pub kept: Option<i64>,
}

/// How the database's server stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A file on this machine.
    Sqlite,
    /// It is itself a standby, so many microseconds behind.
    Standby(Option<i64>),
    /// It is the one that is written to.
    Primary {
        /// What it waits for at a commit; empty for nothing.
        waits_for: String,
        /// The standbys.
        standbys: Vec<Standby>,
        /// The slots.
        slots: Vec<Slot>,
    },
}

/// Asks.
///
/// # Errors
/// When the store fails.
pub async fn look(city: &City) -> Result<Standing> {
    if city.dialect() == Dialect::Sqlite {
        return Ok(Standing::Sqlite);
    }
    let sql = "SELECT CASE WHEN pg_is_in_recovery() THEN 1 ELSE 0 END, current_setting('synchronous_standby_names'), \
               CAST(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000000 AS bigint)";
    let Some(row) = city.read_one(Sql::text(sql)).await? else { return Ok(Standing::Standby(None)) };
    if row.get::<i64>(0).map(|is_standby| is_standby == 1)? {
        return Ok(Standing::Standby(row.get(2)?));
    }
    let standbys = "SELECT coalesce(nullif(application_name, ''), host(client_addr), '') , state, sync_state, \
                    CAST(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) AS bigint), \
                    CAST(extract(epoch FROM replay_lag) * 1000000 AS bigint) \
                    FROM pg_stat_replication ORDER BY 1";
    let slots = "SELECT CAST(slot_name AS text), CASE WHEN active THEN 1 ELSE 0 END, wal_status, \
                 CAST(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) AS bigint) \
                 FROM pg_replication_slots ORDER BY 1";
    Ok(Standing::Primary {
        waits_for: row.get(1)?,
        standbys: city.read(Sql::text(standbys)).await?.iter().map(read_standby).collect::<Result<_>>()?,
        slots: city.read(Sql::text(slots)).await?.iter().map(read_slot).collect::<Result<_>>()?,
    })
}

fn read_standby(row: &Row) -> Result<Standby> {
    Ok(Standby { name: row.get(0)?, state: row.get(1)?, sync: row.get(2)?, bytes: row.get(3)?, micros: row.get(4)? })
}

fn read_slot(row: &Row) -> Result<Slot> {
    let is_active: i64 = row.get(1)?;
    Ok(Slot { name: row.get(0)?, is_active: is_active == 1, status: row.get(2)?, kept: row.get(3)? })
}

/// What is to be said of the servers beyond what [`Standing`] says of the one that is written to: one that is away, one that
/// was the primary once and is written to by others, or a setting by which what was acknowledged can be lost.
pub fn concerns(servers: &Replication, found: &mut Findings) {
    for concern in servers.concerns() {
        let state = match concern {
            Concern::OldPrimary(_) | Concern::Waiting(_) => State::Bad,
            Concern::NotOnDisk
            | Concern::Away(_)
            | Concern::Detached
            | Concern::Asynchronous(_)
            | Concern::CommitSetting(_) => State::Warning,
            // Said of each standby.
            Concern::Behind(..) | Concern::Invisible => continue,
        };
        found.add(Subject::Replication, "データベースのサーバー", state, concern.to_string());
    }
}

impl Standing {
    /// How it stands, in sentences.
    pub fn findings(&self, found: &mut Findings) {
        let mut add = |check: String, state, message: String| found.add(Subject::Replication, check, state, message);
        match self {
            Self::Sqlite => {
                add(CHECK.to_owned(), State::Good, "SQLite に待機系はありません。備えは控えです。".to_owned())
            }
            Self::Standby(behind) => {
                let behind = behind.map_or_else(String::new, |micros| format!("（{}遅れ）", span(micros / 1_000_000)));
                let message = format!(
                    "つないだ先は待機系です{behind}。書き込めません。database_url を主系に向けるか、主系が失われたなら待機系を昇格（pg_ctl promote）してください。"
                );
                add(CHECK.to_owned(), State::Bad, message);
            }
            Self::Primary { waits_for, standbys, slots } => {
                standbys.iter().for_each(|standby| {
                    let (state, message) = standby.finding();
                    add(format!("待機系 {}", standby.name), state, message);
                });
                slots.iter().filter_map(Slot::finding).for_each(|(name, state, message)| {
                    add(format!("複製スロット {name}"), state, message);
                });
                let (state, message) = attached(waits_for, standbys);
                add(CHECK.to_owned(), state, message);
            }
        }
    }

    /// For a monitor.
    #[must_use]
    pub fn figures(&self) -> Vec<Figure> {
        let gauge = |name, help, value: i64| Figure::new(name, help, Kind::Gauge, value as f64);
        let Self::Primary { standbys, slots, .. } = self else { return Vec::new() };
        let mut figures =
            vec![gauge("kawasemi_standbys", "Standbys that are attached to the database.", standbys.len() as i64)];
        for standby in standbys {
            let of = |figure: Figure| figure.with("standby", &standby.name);
            let bytes = "Bytes of the log that a standby has not replayed.";
            figures.extend(
                standby.bytes.map(|bytes_behind| of(gauge("kawasemi_replication_lag_bytes", bytes, bytes_behind))),
            );
            if standby.state.is_some() {
                let lag = standby.micros.unwrap_or(0) as f64 / 1e6;
                let help = "How far a standby is behind in time.";
                figures.push(of(Figure::new("kawasemi_replication_lag_seconds", help, Kind::Gauge, lag)));
            }
        }
        for slot in slots {
            let help = "Bytes of the log that a replication slot keeps.";
            figures.extend(
                slot.kept
                    .map(|kept| gauge("kawasemi_replication_slot_kept_bytes", help, kept).with("slot", &slot.name)),
            );
        }
        figures
    }
}

impl Standby {
    fn finding(&self) -> (State, String) {
        let Some(state) = self.state.as_deref() else {
            let message =
                "様子を見る権限がありません。データベースの管理者が GRANT pg_monitor TO 利用者 を実行してください。";
            return (State::Warning, message.to_owned());
        };
        let sync = match self.sync.as_deref() {
            Some("sync" | "quorum") => "同期",
            Some("potential") => "同期の控え",
            _ => "非同期",
        };
        let bytes = self.bytes.unwrap_or(0).max(0);
        let seconds = self.micros.unwrap_or(0) / 1_000_000;
        let said = format!("{sync}、遅れは {}（{}）です。", size(bytes.unsigned_abs()), span(seconds));
        match state {
            "streaming" if bytes > BEHIND.0 || seconds > BEHIND.1 => {
                (State::Warning, format!("{said}待機系の機械の負荷、ディスク、網を確かめてください。"))
            }
            "streaming" => (State::Good, said),
            other => (
                State::Warning,
                format!(
                    "{said}まだ追いついていません（{other}）。しばらくして変わらなければ、待機系の記録を確かめてください。"
                ),
            ),
        }
    }
}

impl Slot {
    /// Worth a word: one that nobody uses, or that is lost.
    fn finding(&self) -> Option<(&str, State, String)> {
        let kept = self.kept.unwrap_or(0).max(0);
        let said = format!("WAL を {} 残しています。", size(kept.unsigned_abs()));
        let (state, message) = match (self.status.as_deref(), self.is_active) {
            (Some("lost"), _) => (
                State::Bad,
                "必要な WAL が失われました。待機系を作り直し（pg_basebackup）、このスロットを消してください。"
                    .to_owned(),
            ),
            (Some("unreserved"), _) => {
                (State::Bad, format!("{said}まもなく失われます。待機系が動いているかを確かめてください。"))
            }
            (_, false) => (
                if kept > KEPT { State::Bad } else { State::Warning },
                format!(
                    "使われていません。{said}主系のディスクがいっぱいになる前に、待機系を動かすか、もう使わないなら pg_drop_replication_slot で消してください。"
                ),
            ),
            (_, true) => return None,
        };
        Some((&self.name, state, message))
    }
}

/// Whether those that a commit waits for are there.
fn attached(waits_for: &str, standbys: &[Standby]) -> (State, String) {
    let is_sync = |standby: &&Standby| matches!(standby.sync.as_deref(), Some("sync" | "quorum"));
    let sync = standbys.iter().filter(is_sync).count();
    let is_seen = standbys.iter().all(|standby| standby.state.is_some());
    match (waits_for.is_empty(), standbys.len()) {
        (false, _) if sync == 0 && is_seen => (
            State::Bad,
            format!(
                "主系ですが、同期の待機系（{waits_for}）がつながっていません。保存が待たされます。待機系を動かすか、synchronous_standby_names を空にして pg_reload_conf() を実行してください。"
            ),
        ),
        (true, 0) => (State::Good, "主系で、待機系はありません。備えは控えです。".to_owned()),
        (_, all) => (State::Good, format!("主系で、待機系が{all}台（うち同期 {sync}台）つながっています。")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standby(state: Option<&str>, sync: &str, bytes: i64, seconds: i64) -> Standby {
        Standby {
            name: "taiki".to_owned(),
            state: state.map(str::to_owned),
            sync: state.map(|_| sync.to_owned()),
            bytes: state.map(|_| bytes),
            micros: state.map(|_| seconds * 1_000_000),
        }
    }

    fn worst(waits_for: &str, standbys: Vec<Standby>, slots: Vec<Slot>) -> State {
        let mut found = Findings::default();
        Standing::Primary { waits_for: waits_for.to_owned(), standbys, slots }.findings(&mut found);
        found.0.iter().map(|finding| finding.state).max().unwrap()
    }

    #[test]
    fn what_is_behind_or_missing_is_told() {
        let streaming = |sync, bytes, seconds| standby(Some("streaming"), sync, bytes, seconds);
        assert_eq!(worst("", vec![], vec![]), State::Good);
        assert_eq!(worst("taiki", vec![streaming("sync", 10, 0)], vec![]), State::Good);
        assert_eq!(worst("taiki", vec![streaming("sync", 0, 61)], vec![]), State::Warning);
        assert_eq!(worst("", vec![streaming("async", 65 << 20, 0)], vec![]), State::Warning);
        assert_eq!(worst("", vec![standby(Some("catchup"), "async", 0, 0)], vec![]), State::Warning);
        assert_eq!(worst("taiki", vec![], vec![]), State::Bad, "every commit waits");
        assert_eq!(worst("taiki", vec![standby(None, "", 0, 0)], vec![]), State::Warning, "it may well be there");
    }

    #[test]
    fn a_slot_that_nobody_uses_is_a_danger() {
        let slot = |is_active, status: &str, kept| Slot {
            name: "s".to_owned(),
            is_active,
            status: Some(status.to_owned()),
            kept: Some(kept),
        };
        assert_eq!(worst("", vec![], vec![slot(true, "reserved", 5 << 30)]), State::Good);
        assert_eq!(worst("", vec![], vec![slot(false, "reserved", 10)]), State::Warning);
        assert_eq!(worst("", vec![], vec![slot(false, "extended", 2 << 30)]), State::Bad);
        assert_eq!(worst("", vec![], vec![slot(false, "lost", 0)]), State::Bad);
    }
}
