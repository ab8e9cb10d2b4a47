//! Who, when and why: what every call of an engine is told first.
//!
//! No engine reads the clock by itself. A request is given one instant when it arrives, and everything it writes
//! carries that instant.

use std::fmt;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The present instant, to the microsecond.
    fn now(&self) -> Timestamp;
}

/// The machine's clock. Only `app` makes one.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place where time comes in")]
    fn now(&self) -> Timestamp {
        // Stored instants have microseconds, so a value read back equals the value written.
        let now = Timestamp::now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }
}

/// A clock that stands still, for tests and for the demo city.
#[derive(Clone, Copy, Debug)]
pub struct FixedClock(pub Timestamp);

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}

impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }
}

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "id")]
pub enum Actor {
    /// A signed-in person, by account id.
    Account(Uuid),
    /// The program itself: an import on the command line, a scheduled job.
    System,
    /// A visitor who has not signed in.
    Visitor,
}

impl Actor {
    /// The account, if a person acts.
    pub const fn account(self) -> Option<Uuid> {
        match self {
            Self::Account(id) => Some(id),
            Self::System | Self::Visitor => None,
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => id.hyphenated().fmt(f),
            Self::System => f.write_str("system"),
            Self::Visitor => f.write_str("visitor"),
        }
    }
}

impl std::str::FromStr for Actor {
    type Err = crate::id::InvalidId;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "system" => Ok(Self::System),
            "visitor" => Ok(Self::Visitor),
            id => Uuid::try_parse(id).map(Self::Account).map_err(|_| crate::id::InvalidId),
        }
    }
}

/// The moment and the reason of one act, as they go into history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// Who acts.
    pub actor: Actor,
    /// When, UTC.
    pub at: Timestamp,
    /// Why, in the person's own words; empty where none was asked.
    pub reason: String,
}

impl Act {
    /// An act of the program itself.
    pub fn system(at: Timestamp, reason: impl Into<String>) -> Self {
        Self { actor: Actor::System, at, reason: reason.into() }
    }

    /// The civil date in the city on which this act falls.
    pub fn date(&self) -> Date {
        civil_date(self.at)
    }
}

/// The civil date in Japan (UTC+9 all year round since 1952) of an instant.
pub fn civil_date(at: Timestamp) -> Date {
    civil_date_time(at).date()
}

/// The civil date and time in Japan of an instant.
pub fn civil_date_time(at: Timestamp) -> jiff::civil::DateTime {
    let offset = jiff::tz::offset(9);
    TimeZone::fixed(offset).to_datetime(at)
}

/// The instant at which a civil date begins in Japan.
pub fn start_of(date: Date) -> Timestamp {
    let offset = jiff::tz::offset(9);
    offset.to_timestamp(date.at(0, 0, 0, 0)).unwrap_or(if date.year() < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX - SignedDuration::from_secs(1)
    })
}
