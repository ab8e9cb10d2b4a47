//! Oversight over one city.

use std::sync::Arc;

use jiff::Timestamp;
use kawasemi_identity::{Context, Identity};
use kawasemi_kernel::{Clock, IdSource};
use kawasemi_ledger::Ledgers;
use kawasemi_store::City;
use kawasemi_store::audit::Keeper;
use kawasemi_store::files::Files;

use crate::error::{OversightError, Result};
use crate::hours::OpeningHours;

/// What oversight is made of.
#[derive(Clone)]
pub struct Parts {
    /// The ledgers.
    pub ledgers: Ledgers,
    /// The accounts.
    pub identity: Identity,
    /// What is kept of the trail outside the database, with the key that signs.
    pub keeper: Keeper,
    /// The attached files; none for somebody who may only read the database.
    pub files: Option<Files>,
    /// The source of ids.
    pub ids: Arc<dyn IdSource>,
    /// The clock, for work that nobody asks for.
    pub clock: Arc<dyn Clock>,
    /// When the office is open.
    pub hours: OpeningHours,
}

/// Oversight over one city. Cheap to clone.
#[derive(Clone)]
pub struct Oversight {
    pub(crate) parts: Arc<Parts>,
}

impl Oversight {
    /// Over a city.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self { parts: Arc::new(parts) }
    }

    pub(crate) fn city(&self) -> &City {
        self.parts.ledgers.city()
    }

    pub(crate) fn ledgers(&self) -> &Ledgers {
        &self.parts.ledgers
    }

    pub(crate) fn ids(&self) -> &dyn IdSource {
        &*self.parts.ids
    }

    /// The attached files.
    pub(crate) fn files(&self) -> Result<&Files> {
        self.parts.files.as_ref().ok_or_else(|| OversightError::refused("添付ファイルの置き場所を開けません。"))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// The program's own context, for looking into the registers and ledgers on somebody's behalf.
    pub(crate) fn system(&self, at: Timestamp) -> Context {
        Context::system(at, "監査・個人情報保護")
    }
}
