//! What the database servers of an installation are to one another: which is the primary, what follows it and how closely,
//! and what an operator should look at.
//!
//! These are facts and sentences for the start of a server, for `doctor` and for those who watch; what the program itself
//! does about them stands in [`super::primary`].

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::failure::translate;
use super::{Server, connection::Facts};
use crate::error::{Away, Result, StoreError};

/// The servers of an installation on PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replication {
    /// The servers of the address, in its order.
    pub servers: Vec<ServerState>,
    /// The standbys that are attached to the primary (`pg_stat_replication`).
    pub standbys: Vec<Standby>,
    /// `synchronous_standby_names` of the primary; empty where no standby is waited for.
    pub synchronous_names: String,
    /// `synchronous_commit` of the primary, as our connections have it.
    pub synchronous_commit: String,
    /// Whether the primary's disk has what is committed (`fsync`).
    pub is_on_disk: bool,
    /// The primary's timeline: how often in its history a standby took over, from 1. None on a server that does not say.
    pub timeline: Option<u32>,
    /// Whether the database's user may see the standbys' state (the role `pg_monitor`).
    pub is_visible: bool,
}

/// One server of the address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServerState {
    /// Host and port, or the folder of its socket and the port.
    pub name: String,
    /// What it is.
    pub role: ServerRole,
    /// Its timeline, on a server that may be written.
    pub timeline: Option<u32>,
}

/// What a server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServerRole {
    /// It is written.
    Primary,
    /// It follows a primary (待機系).
    Standby,
    /// It accepts writes, but another one took its place: it is refused.
    OldPrimary,
    /// It accepts no connection.
    Away,
}

/// A standby that is attached to the primary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standby {
    /// Its name (`application_name`), by which `synchronous_standby_names` chooses.
    pub name: String,
    /// Where it connects from; none through a socket.
    pub address: Option<String>,
    /// How the primary treats it: `sync`, `quorum`, `potential` or `async`.
    pub sync: String,
    /// `streaming`, or `catchup` and others while it is behind.
    pub state: String,
    /// How many bytes of the log it has not repeated yet.
    pub behind_bytes: i64,
    /// How long the last change took to be repeated there; none where nothing was written lately.
    pub behind: Option<Duration>,
}

/// Something that an operator should look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Concern {
    /// An old primary accepts writes.
    OldPrimary(String),
    /// A server of the address does not answer.
    Away(String),
    /// A server that should be a standby follows no primary of the address.
    Detached,
    /// Standbys are attached, and a commit waits for none of them.
    Asynchronous(Vec<String>),
    /// A commit waits for standbys, and fewer of those are attached than it waits for: nothing can be saved.
    Waiting(String),
    /// The setting of commits does not wait for what was configured, or for the primary's own disk.
    CommitSetting(String),
    /// The primary answers before its disk has anything.
    NotOnDisk,
    /// A standby is behind.
    Behind(String, i64),
    /// The database's user may not see the standbys' state.
    Invisible,
}

/// What happened to the connection with the servers since the process began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Turnover {
    /// Times that another server was the primary from then on.
    pub switches: u64,
    /// Times that an old primary was refused.
    pub refused: u64,
    /// Writes whose answer was lost, and whose outcome was found out: done before, or done again.
    pub settled: u64,
    /// Writes of which somebody was told that the outcome is not known.
    pub unknown: u64,
    /// Commits that are not answered for long, at this moment: they wait for a synchronous standby. Until they end, nothing
    /// further is written.
    pub waiting: u64,
}

/// More than this much log that was not repeated yet is worth a look.
const FAR_BEHIND: i64 = 64 << 20;

impl Replication {
    /// Whether what was acknowledged exists on a standby as well.
    #[must_use]
    pub fn is_synchronous(&self) -> bool {
        !self.synchronous_names.is_empty() && self.is_on_disk && waits(&self.synchronous_commit) && self.is_answered()
    }

    /// Whether as many standbys are attached as a commit waits for.
    fn is_answered(&self) -> bool {
        let waited_for = self.standbys.iter().filter(|standby| matches!(standby.sync.as_str(), "sync" | "quorum"));
        waited_for.count() >= needed(&self.synchronous_names)
    }

    /// What an operator should look at, the gravest first; none where all is well, or there is one server alone.
    #[must_use]
    pub fn concerns(&self) -> Vec<Concern> {
        let mut concerns = Vec::new();
        let of = |role| self.servers.iter().filter(move |server| server.role == role).map(|server| server.name.clone());
        concerns.extend(of(ServerRole::OldPrimary).map(Concern::OldPrimary));
        let is_replicated = self.servers.len() > 1 || !self.standbys.is_empty();
        if !self.is_visible && (is_replicated || !self.synchronous_names.is_empty()) {
            concerns.extend(of(ServerRole::Away).map(Concern::Away));
            concerns.push(Concern::Invisible);
            return concerns;
        }
        let (is_configured, waits) = (!self.synchronous_names.is_empty(), waits(&self.synchronous_commit));
        if is_configured && waits && !self.is_answered() {
            concerns.push(Concern::Waiting(self.synchronous_names.clone()));
        }
        if !is_configured && !self.standbys.is_empty() {
            let names = self.standbys.iter().map(|standby| standby.name.clone());
            concerns.push(Concern::Asynchronous(names.collect()));
        }
        if is_configured && !waits || self.synchronous_commit == "off" {
            concerns.push(Concern::CommitSetting(self.synchronous_commit.clone()));
        }
        if !self.is_on_disk {
            concerns.push(Concern::NotOnDisk);
        }
        concerns.extend(of(ServerRole::Away).map(Concern::Away));
        if self.standbys.is_empty() && of(ServerRole::Standby).next().is_some() {
            concerns.push(Concern::Detached);
        }
        let behind = self.standbys.iter().filter(|standby| standby.behind_bytes > FAR_BEHIND);
        concerns.extend(behind.map(|standby| Concern::Behind(standby.name.clone(), standby.behind_bytes)));
        concerns
    }
}

/// How many standbys a commit waits for: `FIRST 2 (…)`, `ANY 2 (…)`, `2 (…)`, or names alone for one.
fn needed(synchronous_names: &str) -> usize {
    let Some((before, _)) = synchronous_names.split_once('(') else { return 1 };
    before.split_whitespace().last().and_then(|number| number.parse().ok()).unwrap_or(1)
}

/// Whether a commit with this setting waits until a synchronous standby has it on its disk, or has repeated it.
fn waits(synchronous_commit: &str) -> bool {
    matches!(synchronous_commit, "on" | "remote_apply")
}

impl fmt::Display for Concern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OldPrimary(name) => write!(
                f,
                "切替え前の古いサーバー {name} が書込みを受け付けています。使っていませんが、ほかの人が書くと失われます。止めて、pg_rewind で待機系にしてください。"
            ),
            Self::Away(name) => write!(
                f,
                "データベースのサーバー {name} につながりません。いまのサーバーが止まると切り替える先がありません。"
            ),
            Self::Detached => write!(
                f,
                "待機系はありますが、いまのプライマリーにつながっていません。待機系の primary_conninfo と log を確かめてください。"
            ),
            Self::Asynchronous(names) => write!(
                f,
                "待機系 {} は非同期です。プライマリーが壊れると、保存できたと答えたものが失われることがあります。synchronous_standby_names に書いてください。",
                names.join("、")
            ),
            Self::Waiting(names) => write!(
                f,
                "同期の待機系（synchronous_standby_names = '{names}'）が足りず、保存が終わりません。待機系をつなぐか、失われる危険を承知のうえで synchronous_standby_names を空にしてください。"
            ),
            Self::CommitSetting(setting) => write!(
                f,
                "synchronous_commit が {setting} のため、保存できたと答えるときに、まだディスク（待機系のものを含む）に届いていないことがあります。on か remote_apply にしてください。"
            ),
            Self::NotOnDisk => write!(
                f,
                "fsync が off のため、電源が落ちると、保存できたと答えたものもデータベース全体も壊れることがあります。on にしてください。"
            ),
            Self::Behind(name, bytes) => {
                write!(f, "待機系 {name} が {} MiB 遅れています。回線と待機系の負荷を確かめてください。", bytes >> 20)
            }
            Self::Invisible => write!(
                f,
                "待機系の様子を見る権限がありません。データベースの管理者で GRANT pg_monitor TO 利用者 を実行してください。"
            ),
        }
    }
}

/// Asks all servers of the address, and the primary for its standbys.
pub(super) async fn read(server: &Server) -> Result<Replication> {
    let all = server.servers();
    let answers = all.ask_all().await;
    let state = |(index, answer): (usize, &Result<super::Connection>)| {
        let facts = answer.as_ref().ok().map(|connection| &connection.facts);
        ServerState {
            name: all.places[index].name.clone(),
            role: facts.map_or(ServerRole::Away, |facts| role(facts, all.is_present(facts))),
            timeline: facts.and_then(|facts| facts.timeline),
        }
    };
    let servers: Vec<ServerState> = answers.iter().enumerate().map(state).collect();
    let primary = answers.iter().flatten().find(|found| found.facts.is_primary() && all.is_present(&found.facts));
    let Some(primary) = primary else {
        let why = match servers.iter().map(|server| server.role).min_by_key(|role| matches!(role, ServerRole::Away)) {
            Some(ServerRole::Standby) => Away::NoPrimary,
            Some(ServerRole::OldPrimary) => Away::OldPrimary,
            _ => Away::Unreachable,
        };
        return Err(StoreError::Away { why, detail: String::new() });
    };
    let settings = "SELECT current_setting('synchronous_standby_names'), current_setting('synchronous_commit'), \
                    pg_has_role(current_user, 'pg_read_all_stats', 'usage'), current_setting('fsync') = 'on'";
    let row = primary.query_one(settings, &[]).await.map_err(translate)?;
    let rows = primary.query(STANDBYS, &[]).await.map_err(translate)?;
    let is_visible = row.get(2);
    let standby = |row: &tokio_postgres::Row| Standby {
        name: row.get::<_, Option<String>>(0).unwrap_or_default(),
        address: row.get(1),
        sync: row.get::<_, Option<String>>(2).unwrap_or_default(),
        state: row.get::<_, Option<String>>(3).unwrap_or_default(),
        behind_bytes: row.get(4),
        behind: row.get::<_, Option<i64>>(5).map(|micros| Duration::from_micros(micros.unsigned_abs())),
    };
    Ok(Replication {
        servers,
        standbys: rows.iter().map(standby).collect(),
        synchronous_names: row.get::<_, String>(0).trim().to_owned(),
        synchronous_commit: row.get(1),
        is_on_disk: row.get(3),
        timeline: primary.facts.timeline,
        is_visible,
    })
}

/// Those that repeat the log, not a backup that is being taken.
const STANDBYS: &str = "SELECT application_name, host(client_addr), sync_state, state, \
    coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn), 0)::bigint, \
    (extract(epoch FROM replay_lag) * 1000000)::bigint \
    FROM pg_stat_replication WHERE state IS NULL OR state IN ('startup', 'catchup', 'streaming') \
    ORDER BY application_name, pid";

fn role(facts: &Facts, is_present: bool) -> ServerRole {
    match (facts.is_primary(), is_present) {
        (false, _) => ServerRole::Standby,
        (true, true) => ServerRole::Primary,
        (true, false) => ServerRole::OldPrimary,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(second: ServerRole, names: &str, sync: &[&str]) -> Replication {
        let server = |name: &str, role| ServerState { name: name.to_owned(), role, timeline: None };
        let standby = |sync: &&str| Standby {
            name: "b".to_owned(),
            address: None,
            sync: (*sync).to_owned(),
            state: "streaming".to_owned(),
            behind_bytes: 0,
            behind: None,
        };
        Replication {
            servers: vec![server("a:5432", ServerRole::Primary), server("b:5432", second)],
            standbys: sync.iter().map(standby).collect(),
            synchronous_names: names.to_owned(),
            synchronous_commit: "on".to_owned(),
            is_on_disk: true,
            timeline: Some(1),
            is_visible: true,
        }
    }

    #[test]
    fn what_an_operator_should_look_at_is_said() {
        let said = |replication: &Replication| replication.concerns();
        let good = pair(ServerRole::Standby, "b", &["sync"]);
        assert_eq!((said(&good), good.is_synchronous()), (vec![], true));
        let any = pair(ServerRole::Standby, "ANY 1 (b, c)", &["quorum", "quorum"]);
        assert_eq!((said(&any), any.is_synchronous()), (vec![], true));
        let asynchronous = pair(ServerRole::Standby, "", &["async"]);
        assert_eq!(said(&asynchronous), [Concern::Asynchronous(vec!["b".to_owned()])]);
        assert!(!asynchronous.is_synchronous());
        let waiting = pair(ServerRole::Away, "b", &[]);
        assert_eq!(said(&waiting), [Concern::Waiting("b".to_owned()), Concern::Away("b:5432".to_owned())]);
        let old = pair(ServerRole::OldPrimary, "", &[]);
        assert_eq!(said(&old), [Concern::OldPrimary("b:5432".to_owned())]);
        assert_eq!(said(&pair(ServerRole::Standby, "", &[])), [Concern::Detached]);
        let local = Replication { synchronous_commit: "local".to_owned(), ..good.clone() };
        assert_eq!((said(&local), local.is_synchronous()), (vec![Concern::CommitSetting("local".to_owned())], false));
        let hasty = Replication {
            synchronous_commit: "off".to_owned(),
            is_on_disk: false,
            ..pair(ServerRole::Standby, "", &[])
        };
        assert_eq!(said(&hasty)[..2], [Concern::CommitSetting("off".to_owned()), Concern::NotOnDisk]);
        // Of two that a commit waits for, one is not enough.
        for names in ["ANY 2 (b, c)", "FIRST 2 (b, c)", "2 (b, c)"] {
            let short = pair(ServerRole::Standby, names, &["quorum"]);
            assert_eq!((said(&short), short.is_synchronous()), (vec![Concern::Waiting(names.to_owned())], false));
        }
        assert_eq!(said(&pair(ServerRole::Standby, "2 (b, c)", &["sync", "sync", "potential"])), []);
        let blind = Replication { is_visible: false, standbys: Vec::new(), ..good.clone() };
        assert_eq!(said(&blind), [Concern::Invisible]);
        let mut slow = good;
        slow.standbys[0].behind_bytes = 200 << 20;
        assert_eq!(said(&slow)[0].to_string().matches("200 MiB").count(), 1);
        let one = Replication { servers: Vec::new(), ..pair(ServerRole::Away, "", &[]) };
        assert_eq!(said(&one), []);
    }
}
