//! One city's accounts, sessions and sign-in: the handle that the engines above hold.
//!
//! The operations stand in the files named after their subject (`accounts`, `roles`, `sessions`, `sign_in`, …), each as
//! methods of [`Identity`]. What is the same for all cities of a process comes in as [`Parts`].

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use jiff::{SignedDuration, Timestamp};
use kawasemi_kernel::IdSource;
use kawasemi_store::{City, Param, Sealer};
use uuid::Uuid;

use crate::caller_cache::CallerCache;
use crate::ldap::Directory;
use crate::password::Passwords;
use crate::rate_limit::{BrakeRules, Brakes};
use crate::secret::{Entropy, Secret};

/// What every city of a process shares.
#[derive(Clone)]
pub struct Parts {
    /// Makes ids.
    pub ids: Arc<dyn IdSource>,
    /// Makes secrets.
    pub entropy: Arc<dyn Entropy>,
    /// Hashes passwords, a few at once.
    pub passwords: Passwords,
    /// How long things last.
    pub rules: Rules,
}

/// How long sessions and proofs last, and how attempts are slowed down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// A session ends when it was not used for so long.
    pub idle: SignedDuration,
    /// A session ends so long after sign-in, used or not.
    pub absolute: SignedDuration,
    /// How long a proof of who one is counts as fresh, for dangerous acts.
    pub fresh: SignedDuration,
    /// How long a sign-in that was begun may take.
    pub ceremony: SignedDuration,
    /// How long a caller read from the database is believed on this node. On several nodes a revocation made on another
    /// one is effective after this long at the latest.
    pub believed: SignedDuration,
    /// A session at a shared machine (窓口端末) locks when it was not used for so long.
    pub counter_lock: SignedDuration,
    /// A session at a shared machine ends when it was not used for so long, locked or not.
    pub counter_idle: SignedDuration,
    /// The roles whose holders need a second factor (確認コード、確認コード表、パスキー).
    pub second_factor_roles: Vec<String>,
    /// How attempts are slowed down.
    pub brakes: BrakeRules,
}

impl Default for Rules {
    /// A working day, with a lunch break.
    fn default() -> Self {
        Self {
            idle: SignedDuration::from_mins(90),
            absolute: SignedDuration::from_hours(12),
            fresh: SignedDuration::from_mins(15),
            ceremony: SignedDuration::from_mins(5),
            believed: SignedDuration::from_secs(5),
            second_factor_roles: Vec::new(),
            counter_lock: SignedDuration::from_mins(5),
            counter_idle: SignedDuration::from_mins(30),
            brakes: BrakeRules::default(),
        }
    }
}

/// One city's accounts. Cheap to clone.
#[derive(Clone)]
pub struct Identity {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub city: City,
    pub sealer: Sealer,
    pub parts: Parts,
    pub callers: CallerCache,
    pub brakes: Brakes,
    /// The hall's directory, if the city has one.
    pub directory: OnceLock<Directory>,
}

/// From where and when somebody tries to sign in.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The instant of the request, UTC.
    pub at: Timestamp,
    /// The network address, as far as the server can believe it.
    pub address: Option<IpAddr>,
    /// The browser's `User-Agent`.
    pub agent: String,
    /// The request's reference number.
    pub request: Option<String>,
    /// The secret of the session that the browser has already; it ends when a new one begins.
    pub previous: Option<Secret>,
    /// The secret of the shared machine (窓口端末) at which the browser runs, if it was registered as one.
    pub device: Option<Secret>,
}

impl Visit {
    /// A visit of which only the instant is known.
    pub const fn at(at: Timestamp) -> Self {
        Self { at, address: None, agent: String::new(), request: None, previous: None, device: None }
    }

    /// The address as it is stored; empty where it is not known.
    pub(crate) fn address_text(&self) -> String {
        self.address.map(|address| address.to_string()).unwrap_or_default()
    }

    /// The browser's name, cut to what a list shows.
    pub(crate) fn agent_text(&self) -> String {
        self.agent.chars().filter(|c| !c.is_control()).take(200).collect()
    }
}

impl Identity {
    /// The accounts of a city whose store was opened with [`crate::tables::tables`], with the keys that seal its secrets.
    pub fn new(city: City, sealer: Sealer, parts: Parts) -> Self {
        let brakes = Brakes::new(parts.rules.brakes);
        let callers = CallerCache::new(parts.rules.believed);
        Self { inner: Arc::new(Inner { city, sealer, parts, callers, brakes, directory: OnceLock::new() }) }
    }

    /// The city.
    pub fn city(&self) -> &City {
        &self.inner.city
    }

    /// How long things last here.
    pub fn rules(&self) -> &Rules {
        &self.inner.parts.rules
    }

    /// Makes the secret of a visitor's cookie, by which the browser that left for the identity provider is known again.
    pub fn visitor_secret(&self) -> Secret {
        self.new_secret()
    }

    /// The source of random bytes, for one-time passwords.
    pub fn entropy(&self) -> &dyn Entropy {
        &*self.inner.parts.entropy
    }

    pub(crate) fn passwords(&self) -> &Passwords {
        &self.inner.parts.passwords
    }

    pub(crate) fn new_id(&self) -> Uuid {
        self.inner.parts.ids.next()
    }

    pub(crate) fn new_secret(&self) -> Secret {
        Secret::new(self.entropy())
    }
}

/// An instant as it is stored.
pub(crate) fn stored(at: Timestamp) -> Param {
    Param::Int(at.as_microsecond())
}

/// The instant so long after another; the last one there is where that would be later.
pub(crate) fn after(at: Timestamp, wait: SignedDuration) -> Timestamp {
    at.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// Reads a stored instant.
pub(crate) fn instant(micros: i64) -> crate::error::Result<Timestamp> {
    Timestamp::from_microsecond(micros).map_err(crate::error::IdentityError::internal)
}
