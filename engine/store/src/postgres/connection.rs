//! One connection, and what the server at its other end is.
//!
//! A server is asked what it is before anything else is said to it: whether it may be written, on which timeline, and of
//! which database cluster. What it is can't change while the connection lives, since a server that turns from a standby into
//! a primary was never used before, and one that turns the other way is restarted.

use std::future::poll_fn;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deadpool_postgres::ClientWrapper;
use tokio_postgres::{AsyncMessage, SimpleQueryMessage};

use super::address::Place;
use super::failure::{translate, unreachable};
use super::tls::Tls;
use crate::error::Result;

/// How long a server has to say what it is.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);
/// The place in PostgreSQL's source that says that a commit was answered before the standby had it.
const NOT_REPLICATED: &str = "SyncRepWaitForLSN";

/// An open connection to a server that was asked what it is.
pub(crate) struct Connection {
    client: ClientWrapper,
    /// What the server is.
    pub facts: Facts,
    /// Which of the address's servers it is.
    pub index: usize,
    /// Whether a commit on it came back before the synchronous standby had it, since somebody cancelled the waiting.
    not_replicated: Arc<AtomicBool>,
}

/// What a server says of itself. What a server of another make does not know is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Whether it repeats another server's log: a standby (待機系).
    pub in_recovery: bool,
    /// Whether it refuses writes, for this or another reason.
    pub read_only: bool,
    /// The cluster's own number, the same on a primary and its standbys.
    pub system: Option<String>,
    /// How often in its history a standby took over. It is on a primary only.
    pub timeline: Option<u32>,
    /// When it was started, by which one server under two names is known.
    pub started: Option<String>,
}

impl Facts {
    /// Whether it may be written.
    pub const fn is_primary(&self) -> bool {
        !self.in_recovery && !self.read_only
    }
}

impl Connection {
    /// Connects and asks.
    pub async fn open(place: &Place, index: usize, tls: Tls) -> Result<Self> {
        let asked = async {
            let (client, mut connection) = place.config.connect(tls).await.map_err(translate)?;
            let not_replicated = Arc::new(AtomicBool::new(false));
            let seen = Arc::clone(&not_replicated);
            let task = tokio::spawn(async move {
                while let Some(message) = poll_fn(|cx| connection.poll_message(cx)).await {
                    match message {
                        Ok(AsyncMessage::Notice(notice)) => {
                            if notice.routine() == Some(NOT_REPLICATED) {
                                seen.store(true, Ordering::Release);
                            }
                            tracing::info!(%notice, "PostgreSQL remarks");
                        }
                        Ok(_) => {}
                        Err(error) => {
                            tracing::debug!(%error, "a connection to PostgreSQL broke");
                            return;
                        }
                    }
                }
            });
            let client = ClientWrapper::new(client, task);
            let facts = ask(&client).await?;
            Ok(Self { client, facts, index, not_replicated })
        };
        match tokio::time::timeout(ANSWERS_WITHIN, asked).await {
            Ok(opened) => opened,
            Err(_) => Err(unreachable(format!("{} did not answer", place.name))),
        }
    }

    /// Whether a commit since the last call came back without the synchronous standby having it.
    pub fn was_not_replicated(&self) -> bool {
        self.not_replicated.swap(false, Ordering::AcqRel)
    }
}

impl Deref for Connection {
    type Target = ClientWrapper;

    fn deref(&self) -> &ClientWrapper {
        &self.client
    }
}

async fn ask(client: &ClientWrapper) -> Result<Facts> {
    let first =
        "SELECT pg_is_in_recovery(), current_setting('transaction_read_only'), pg_postmaster_start_time()::text";
    let row = values(client, first).await?;
    let is = |n: usize, yes: &str| row.get(n).and_then(Option::as_deref) == Some(yes);
    let (in_recovery, read_only) = (is(0, "t"), is(1, "on"));
    let started = row.get(2).cloned().flatten();
    // The log's file name begins with the timeline that is written now; the control file may still name the one before.
    let second = if in_recovery {
        "SELECT system_identifier::text, NULL FROM pg_control_system()"
    } else {
        "SELECT system_identifier::text, left(pg_walfile_name(pg_current_wal_lsn()), 8) FROM pg_control_system()"
    };
    // A server of another make that speaks the same language may not know these.
    let row = values(client, second).await.unwrap_or_default();
    let system = row.first().cloned().flatten();
    let timeline = row.get(1).cloned().flatten().and_then(|text| u32::from_str_radix(&text, 16).ok());
    Ok(Facts { in_recovery, read_only, system, timeline, started })
}

/// The first row of an answer, as text.
async fn values(client: &ClientWrapper, sql: &str) -> Result<Vec<Option<String>>> {
    let messages = client.simple_query(sql).await.map_err(translate)?;
    let row = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    Ok(row.map(|row| (0..row.len()).map(|n| row.get(n).map(str::to_owned)).collect()).unwrap_or_default())
}
