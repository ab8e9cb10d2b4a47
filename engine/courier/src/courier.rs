//! The courier of one city: the handle that pages, the command line and the upkeep hold.

use std::sync::Arc;

use jiff::Timestamp;
use kawasemi_identity::Identity;
use kawasemi_kernel::{Clock, IdSource};
use kawasemi_store::{City, Sealer, Sql, Statement};

use crate::error::{CourierError, Result};
use crate::parcel::Handlers;
use crate::side::Side;

/// What the courier works with.
#[derive(Clone)]
pub struct Parts {
    /// The city.
    pub city: City,
    /// The city's accounts, for their source of randomness.
    pub identity: Identity,
    /// The keys that seal secrets.
    pub sealer: Sealer,
    /// The source of ids.
    pub ids: Arc<dyn IdSource>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Which half this is; none for an installation that is both.
    pub side: Option<Side>,
    /// What parcels do where they arrive.
    pub handlers: Handlers,
}

/// The courier of one city. Cheap to clone.
#[derive(Clone)]
pub struct Courier {
    pub(crate) parts: Arc<Parts>,
}

impl Courier {
    /// The courier of a city whose store was opened with [`crate::engine`].
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self { parts: Arc::new(parts) }
    }

    /// The same, as one half: for the command line, where the half may be named.
    #[must_use]
    pub fn on(&self, side: Side) -> Self {
        Self::new(Parts { side: Some(side), ..(*self.parts).clone() })
    }

    /// Which half this is.
    ///
    /// # Errors
    /// [`CourierError::NotSeparated`].
    pub fn side(&self) -> Result<Side> {
        self.parts.side.ok_or(CourierError::NotSeparated)
    }

    pub(crate) fn city(&self) -> &City {
        &self.parts.city
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// A number that is remembered; 0 where none is.
    pub(crate) async fn remembered(&self, name: &str) -> Result<(i64, String)> {
        let sql = Sql::with("SELECT number, text FROM {courier_state} WHERE name = $1", [name.into()]);
        Ok(match self.city().read_one(sql).await? {
            Some(row) => (row.get(0)?, row.get(1)?),
            None => (0, String::new()),
        })
    }
}

/// The statement that remembers a number that only grows.
pub(crate) fn remember_higher(name: &str, number: i64) -> Statement {
    Statement::any(Sql::with(
        "INSERT INTO {courier_state} (name, number, text) VALUES ($1, $2, '') \
         ON CONFLICT (name) DO UPDATE SET number = excluded.number WHERE \"courier_state\".\"number\" < excluded.number",
        [name.into(), number.into()],
    ))
}

/// The statement that remembers an instant and what happened then.
pub(crate) fn remember(name: &str, at: Timestamp, text: &str) -> Statement {
    Statement::any(Sql::with(
        "INSERT INTO {courier_state} (name, number, text) VALUES ($1, $2, $3) \
         ON CONFLICT (name) DO UPDATE SET number = excluded.number, text = excluded.text",
        [name.into(), at.as_microsecond().into(), text.into()],
    ))
}
