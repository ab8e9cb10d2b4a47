//! The logs for those who watch the hall's systems (SIEM): looks at personal data, sign-ins, and acts on records.
//!
//! Each log is handed over in the order of its sealed places, from a cursor in the database that goes on only once the other
//! side has taken what was sent. So nothing is skipped, and after a failure something may come twice, which the place tells
//! ([`Line::seq`]). No line holds anything personal: ids, keys of ledgers and fields, addresses of machines; not what was typed
//! as a reason, since people write names there.

mod collector;
mod files;
mod format;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use jiff::Timestamp;
use kawasemi_identity::AccessRow;
use kawasemi_identity::access_log::COLUMNS;
use kawasemi_store::{Row, Sql, Unit};
use serde_json::{Map, Value as Json, json};

pub use format::Format;

use crate::city::Oversight;
use crate::error::Result;

/// Lines that are sent at once.
const AT_ONCE: i64 = 500;
/// Lines that are sent in one round at most, so that a long backlog does not keep other work waiting.
const A_ROUND: usize = 20_000;

/// A log that is handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Looks at personal data.
    Access,
    /// Sign-ins, and what happened with accounts.
    Events,
    /// Acts on records.
    Audit,
}

impl Source {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Access, Self::Events, Self::Audit];

    /// Its key in lines and on the command line.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Events => "events",
            Self::Audit => "audit",
        }
    }

    /// The source with a key.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.key() == key)
    }
}

/// A line of a log.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Of which log.
    pub source: Source,
    /// Its place in the log.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// What happened, such as `read` or `signed-in`.
    pub kind: String,
    /// Who: an account's id, `system` or `visitor`.
    pub actor: String,
    /// From which address; empty where it is not known.
    pub address: String,
    /// Everything that is to be said, ids and keys only.
    pub said: Map<String, Json>,
}

/// The address of a collector: `tls://host:6514`, `tcp://host:601` or `udp://host:514`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// How messages travel.
    pub by: By,
    /// The host's name or address.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// How messages travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Encrypted (RFC 5425).
    Tls,
    /// Over TCP with counted octets (RFC 6587).
    Tcp,
    /// As datagrams (RFC 5426), which nobody acknowledges: for inside the hall only.
    Udp,
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let said =
            || format!("「{text}」は tls://host:6514、tcp://host:601、udp://host:514 のどれかの形にしてください。");
        let (scheme, rest) = text.split_once("://").ok_or_else(said)?;
        let (by, usual) = match scheme {
            "tls" => (By::Tls, 6514),
            "tcp" => (By::Tcp, 601),
            "udp" => (By::Udp, 514),
            _ => return Err(said()),
        };
        let rest = rest.trim_end_matches('/');
        let (host, port) = match rest.rsplit_once(':') {
            // The last colon of an address of version 6 is its own.
            Some((host, port)) if !rest.ends_with(']') => (host, port.parse().map_err(|_| said())?),
            _ => (rest, usual),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() { Err(said()) } else { Ok(Self { by, host: host.to_owned(), port }) }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.by {
            By::Tls => "tls",
            By::Tcp => "tcp",
            By::Udp => "udp",
        };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

/// Where logs go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// To a collector, as syslog (RFC 5424).
    Collector {
        /// Its address.
        address: Address,
        /// The certificates of the authorities that may vouch for it (PEM), for TLS.
        authority: Option<PathBuf>,
    },
    /// Into files of JSON lines.
    Files {
        /// The folder.
        folder: PathBuf,
        /// The size in bytes at which the next file is begun.
        size: u64,
        /// How many finished files are kept.
        keep: u32,
    },
}

impl Target {
    /// By what its cursors are known.
    fn key(&self) -> String {
        match self {
            Self::Collector { address, .. } => address.to_string(),
            Self::Files { folder, .. } => format!("folder:{}", folder.display()),
        }
    }
}

/// Why a target did not take lines; nothing is lost, they are sent again.
#[derive(Debug, thiserror::Error)]
#[error("{target}: {detail}")]
pub struct NotTaken {
    /// The target.
    pub target: String,
    /// What happened.
    pub detail: String,
}

impl Oversight {
    /// Hands over what a target has not got yet. Answers how many lines that were.
    ///
    /// # Errors
    /// [`crate::OversightError::Refused`] with [`NotTaken`] where the target does not take them; when the store fails.
    pub async fn send(&self, target: &Target, at: Timestamp) -> Result<u64> {
        let (mut sent, key) = (0, target.key());
        // The log of practice is nothing that anybody watches.
        if self.city().is_training() {
            return Ok(sent);
        }
        for source in Source::ALL {
            let mut of_source = 0;
            while of_source < A_ROUND {
                let after = self.cursor(&key, source).await?;
                let lines = self.lines(source, after, None, AT_ONCE).await?;
                let Some(last) = lines.last().map(|line| line.seq) else { break };
                self.hand_over(target, &lines, at).await.map_err(|detail| {
                    let target = key.clone();
                    crate::error::OversightError::Refused(NotTaken { target, detail }.to_string())
                })?;
                self.set_cursor(&key, source, last, at).await?;
                of_source += lines.len();
                sent += lines.len() as u64;
            }
        }
        Ok(sent)
    }

    async fn hand_over(&self, target: &Target, lines: &[Line], at: Timestamp) -> Result<(), String> {
        let city = self.city().code();
        match target {
            Target::Collector { address, authority } => {
                let messages: Vec<String> = lines.iter().map(|line| format::syslog(line, city)).collect();
                collector::send(address, authority.as_deref(), &messages).await
            }
            Target::Files { folder, size, keep } => {
                let text: String = lines.iter().map(|line| format::json_line(line, city)).collect();
                let (folder, size, keep, city) = (folder.clone(), *size, *keep, city.to_owned());
                let write = move || files::append(&folder, &city, &text, (size, keep), at);
                tokio::task::spawn_blocking(write).await.map_err(|error| error.to_string())?
            }
        }
    }

    /// The sealed lines of a log after a place, perhaps only those between two instants.
    ///
    /// # Errors
    /// As [`kawasemi_store::City::read`].
    pub async fn lines(
        &self,
        source: Source,
        after: i64,
        between: Option<(Timestamp, Timestamp)>,
        limit: i64,
    ) -> Result<Vec<Line>> {
        let (columns, table) = match source {
            Source::Access => (COLUMNS, "access_log"),
            Source::Events => ("id, at, kind, actor, account, address, request, seq", "identity_event"),
            Source::Audit => ("id, at, kind, actor, ledger, record, revision, seq", "audit"),
        };
        let mut sql = Sql::text("SELECT ");
        sql.push(columns).push(" FROM ").table(table).push(" WHERE seq > ").bind(after);
        if let Some((from, until)) = between {
            sql.push(" AND at >= ").bind(from.as_microsecond()).push(" AND at < ").bind(until.as_microsecond());
        }
        sql.push(" ORDER BY seq LIMIT ").number(limit);
        let rows = self.city().read(sql).await?;
        rows.iter()
            .map(|row| match source {
                Source::Access => access(row),
                Source::Events => event(row),
                Source::Audit => act(row),
            })
            .collect()
    }

    async fn cursor(&self, target: &str, source: Source) -> Result<i64> {
        let sql = Sql::with(
            "SELECT seq FROM {siem_cursor} WHERE target = $1 AND log = $2",
            [target.into(), source.key().into()],
        );
        Ok(self.city().read_one(sql).await?.map(|row| row.get(0)).transpose()?.unwrap_or_default())
    }

    async fn set_cursor(&self, target: &str, source: Source, seq: i64, at: Timestamp) -> Result<()> {
        let sql = Sql::with(
            "INSERT INTO {siem_cursor} (target, log, seq, at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (target, log) DO UPDATE SET seq = excluded.seq, at = excluded.at \
             WHERE \"siem_cursor\".seq < excluded.seq",
            [target.into(), source.key().into(), seq.into(), at.as_microsecond().into()],
        );
        self.city().write(Unit::of([sql.into()])).await?;
        Ok(())
    }
}

/// A line of an export, as text with its line's end.
#[must_use]
pub fn written(line: &Line, city: &str, format: Format) -> String {
    match format {
        Format::JsonLines => format::json_line(line, city),
        Format::Syslog => format!("{}\n", format::syslog(line, city)),
        Format::Cef => format!("{}\n", format::cef(line, city)),
    }
}

fn instant(row: &Row) -> Result<Timestamp> {
    Ok(Timestamp::from_microsecond(row.get(1)?).unwrap_or(Timestamp::MIN))
}

fn access(row: &Row) -> Result<Line> {
    let look = AccessRow::read(row)?;
    let records: Vec<String> = look.entry.records.iter().map(ToString::to_string).collect();
    let said = json!({
        "ledger": look.entry.ledger,
        "clearance": look.entry.clearance.key(),
        "fields": look.entry.fields,
        "count": records.len(),
        "records": records,
        "department": look.department.map(|department| department.to_string()),
        "session": look.session.map(|session| session.to_string()),
        "via": look.via,
        "request": look.request,
    });
    Ok(Line {
        source: Source::Access,
        seq: look.seq.unwrap_or_default(),
        at: look.at,
        kind: look.entry.manner.key().to_owned(),
        actor: look.actor,
        address: look.address,
        said: members(said),
    })
}

fn event(row: &Row) -> Result<Line> {
    let account: Option<uuid::Uuid> = row.get(4)?;
    let request: Option<String> = row.get(6)?;
    Ok(Line {
        source: Source::Events,
        seq: row.get(7)?,
        at: instant(row)?,
        kind: row.get(2)?,
        actor: row.get(3)?,
        address: row.get(5)?,
        said: members(json!({ "account": account.map(|account| account.to_string()), "request": request })),
    })
}

fn act(row: &Row) -> Result<Line> {
    let (ledger, record, revision): (String, uuid::Uuid, i64) = (row.get(4)?, row.get(5)?, row.get(6)?);
    Ok(Line {
        source: Source::Audit,
        seq: row.get(7)?,
        at: instant(row)?,
        kind: row.get(2)?,
        actor: row.get(3)?,
        address: String::new(),
        said: members(json!({ "ledger": ledger, "record": record.to_string(), "revision": revision })),
    })
}

/// The members of an object; what is null is left out.
fn members(json: Json) -> Map<String, Json> {
    match json {
        Json::Object(members) => members.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_how_and_where() {
        let read = |text: &str| text.parse::<Address>().map(|address| address.to_string());
        assert_eq!(read("tls://siem.city.lg.jp").as_deref(), Ok("tls://siem.city.lg.jp:6514"));
        assert_eq!(read("udp://10.0.0.5:5514").as_deref(), Ok("udp://10.0.0.5:5514"));
        assert_eq!(read("tcp://[fd00::1]:601").map(|text| text.contains("fd00::1")), Ok(true));
        for wrong in ["siem.city.lg.jp:514", "http://siem", "tcp://", "tcp://siem:99999"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
