//! Parcels and what they do where they arrive.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use kawasemi_kernel::{Clock, IdSource};
use kawasemi_ledger::Ledgers;
use kawasemi_store::Unit;
use kawasemi_store::files::Files;
use uuid::Uuid;

use crate::side::Side;

/// A parcel (受渡し) as it was handed in, opened.
#[derive(Clone, PartialEq, Eq)]
pub struct Parcel {
    /// Its id, which is also the idempotency key of what it does.
    pub id: Uuid,
    /// What it is; decides the handler.
    pub kind: String,
    /// When it was handed in.
    pub at: Timestamp,
    /// The content, as its kind defines it.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Parcel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The content may be personal.
        f.debug_struct("Parcel").field("id", &self.id).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// Why a parcel was not applied.
#[derive(Debug)]
pub enum HandleError {
    /// Trying again does not mend it. The sentence names no content, since it is kept in a list.
    Refused(String),
    /// It may be mended by trying again, such as a database that is busy.
    Later(String),
}

/// Applies the parcels of one kind.
#[async_trait]
pub trait Handler: Send + Sync {
    /// Checks a parcel and answers what it changes. The unit is written together with the receipt, or not at all; so
    /// nothing may be written here.
    async fn prepare(&self, parcel: &Parcel) -> Result<Unit, HandleError>;
}

/// What a handler may work with: the engines of the city where the parcel arrives.
#[derive(Clone)]
pub struct HandlerParts {
    /// The city's ledgers.
    pub ledgers: Ledgers,
    /// The city's attached files.
    pub files: Files,
    /// The source of ids.
    pub ids: Arc<dyn IdSource>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Which half this is; none for an installation that is both.
    pub side: Option<Side>,
}

/// Makes the handlers that a system brings for one city. What is for the other half only is left out there.
pub type HandlersOf = fn(&HandlerParts) -> Handlers;

/// The handlers of an installation, by the kind of parcel.
#[derive(Clone, Default)]
pub struct Handlers {
    by_kind: HashMap<String, Arc<dyn Handler>>,
}

impl Handlers {
    /// Registers a handler under the name of its kind.
    #[must_use]
    pub fn with(mut self, kind: &str, handler: impl Handler + 'static) -> Self {
        self.by_kind.insert(kind.to_owned(), Arc::new(handler));
        self
    }

    /// These and others. A kind that both have is the others'.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.by_kind.extend(others.by_kind);
        self
    }

    /// The handler of a kind.
    #[must_use]
    pub fn get(&self, kind: &str) -> Option<&Arc<dyn Handler>> {
        self.by_kind.get(kind)
    }
}
