//! What a webhook is: an address, a ledger, and on whose behalf.

use jiff::Timestamp;
use kawasemi_kernel::Actor;
use kawasemi_store::record::write::Kind;
use kawasemi_store::{Row, Sql, StoreError};
use uuid::Uuid;

use crate::secret::Sealed;

/// What an administrator decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// What people call it.
    pub title: String,
    /// The ledger's key.
    pub ledger: String,
    /// Where messages are sent.
    pub url: String,
    /// Which acts are told; empty for all.
    pub kinds: Vec<Kind>,
    /// Only of records that meet this CQL2 condition.
    pub filter: Option<String>,
    /// The account whose grants decide which records and fields are told.
    pub account: Uuid,
    /// Whether the record's fields are told beside its id.
    pub with_fields: bool,
}

impl Subscription {
    /// The subscription without secrets, for the audit trail.
    pub(crate) fn noted(&self) -> String {
        serde_json::json!({
            "title": self.title,
            "ledger": self.ledger,
            "url": self.url,
            "kinds": keys(&self.kinds),
            "filter": self.filter,
            "account": self.account,
            "with_fields": self.with_fields,
        })
        .to_string()
    }
}

/// Whether messages are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// They are.
    Active,
    /// An administrator has stopped it.
    Stopped,
    /// It stopped by itself: the receiver failed for too long, or there is nothing that may be told any more.
    Failed,
}

impl State {
    const ALL: [Self; 3] = [Self::Active, Self::Stopped, Self::Failed];

    /// The key under which it is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }
}

/// A webhook and how it fares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: Uuid,
    /// What was decided.
    pub subscription: Subscription,
    /// Whether messages are sent.
    pub state: State,
    /// Why they are not; empty while they are.
    pub reason: String,
    /// Attempts that failed since the last that succeeded.
    pub failures: i64,
    /// Since when.
    pub failing_since: Option<Timestamp>,
    /// When a message last arrived.
    pub delivered_at: Option<Timestamp>,
    /// Until when the secret before is signed with as well.
    pub old_secret_until: Option<Timestamp>,
    /// The message on its way, by its job.
    pub pending: Option<Uuid>,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: Option<Actor>,
    pub(crate) position: i64,
    pub(crate) secret: Sealed,
    pub(crate) old_secret: Option<Sealed>,
}

/// The columns of [`read`], in order.
const COLUMNS: &str = "id, ledger, title, url, kinds, filter, account, with_fields, state, reason, failures, failing_since, \
                       delivered_at, position, pending, secret, old_secret, old_secret_until, created_at, created_by";

impl Webhook {
    /// All secrets that are kept, in force or not, each with its column.
    pub(crate) fn sealed(&self) -> impl Iterator<Item = (&'static str, &Sealed)> {
        let old = self.old_secret.as_ref().map(|old| ("old_secret", old));
        std::iter::once(("secret", &self.secret)).chain(old)
    }
}

/// The query of webhooks that meet a condition.
pub(crate) fn select(condition: &Sql) -> Sql {
    let mut sql = Sql::text("SELECT ");
    sql.push(COLUMNS).push(" FROM ").table("webhook").push(" WHERE ").append(condition).push(" ORDER BY id");
    sql
}

pub(crate) fn read(row: &Row) -> Result<Webhook, StoreError> {
    let kinds: String = row.get(4)?;
    let state: String = row.get(8)?;
    Ok(Webhook {
        id: row.get(0)?,
        subscription: Subscription {
            ledger: row.get(1)?,
            title: row.get(2)?,
            url: row.get(3)?,
            kinds: kinds.split(',').filter_map(Kind::from_key).collect(),
            filter: row.get(5)?,
            account: row.get(6)?,
            with_fields: row.get(7)?,
        },
        // What is unknown sends nothing.
        state: State::ALL.into_iter().find(|known| known.key() == state).unwrap_or(State::Stopped),
        reason: row.get(9)?,
        failures: row.get(10)?,
        failing_since: instant(row.get(11)?),
        delivered_at: instant(row.get(12)?),
        position: row.get(13)?,
        pending: row.get(14)?,
        secret: Sealed(row.get(15)?),
        old_secret: row.get::<Option<Vec<u8>>>(16)?.map(Sealed),
        old_secret_until: instant(row.get(17)?),
        created_at: instant(row.get(18)?).unwrap_or_default(),
        created_by: row.get::<String>(19)?.parse().ok(),
    })
}

/// Kinds as they are stored.
pub(crate) fn keys(kinds: &[Kind]) -> String {
    kinds.iter().map(|kind| kind.key()).collect::<Vec<_>>().join(",")
}

pub(crate) fn instant(micros: Option<i64>) -> Option<Timestamp> {
    micros.and_then(|micros| Timestamp::from_microsecond(micros).ok())
}
