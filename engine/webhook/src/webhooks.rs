//! The webhooks of one city: the handle that pages, the worker and the upkeep hold.

use std::sync::Arc;

use jiff::Timestamp;
use kawasemi_identity::{Context, Identity};
use kawasemi_kernel::{Clock, IdSource};
use kawasemi_ledger::Ledgers;
use kawasemi_store::{City, Sealer, Sql};
use uuid::Uuid;

use crate::error::{Result, WebhookError};
use crate::sender::Sender;
use crate::subscription::{self, Webhook};

/// What webhooks work with.
#[derive(Clone)]
pub struct Parts {
    /// The city's ledgers.
    pub ledgers: Ledgers,
    /// The city's accounts.
    pub identity: Identity,
    /// The keys that seal the secrets.
    pub sealer: Sealer,
    /// The source of ids.
    pub ids: Arc<dyn IdSource>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The way out.
    pub sender: Sender,
}

/// The webhooks of one city. Cheap to clone.
#[derive(Clone)]
pub struct Webhooks {
    pub(crate) parts: Arc<Parts>,
}

impl Webhooks {
    /// The webhooks of a city whose store was opened with [`crate::tables()`].
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self { parts: Arc::new(parts) }
    }

    /// All of them, in the order in which they were made.
    ///
    /// # Errors
    /// For others than administrators.
    pub async fn list(&self, context: &Context) -> Result<Vec<Webhook>> {
        context.require_admin()?;
        self.select(&Sql::text("1 = 1")).await
    }

    /// One of them.
    ///
    /// # Errors
    /// [`WebhookError::NotFound`]; for others than administrators.
    pub async fn get(&self, context: &Context, id: Uuid) -> Result<Webhook> {
        context.require_admin()?;
        self.find(id).await?.ok_or(WebhookError::NotFound)
    }

    pub(crate) fn city(&self) -> &City {
        self.parts.ledgers.city()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    pub(crate) async fn find(&self, id: Uuid) -> Result<Option<Webhook>> {
        Ok(self.select(&Sql::with("id = $1", [id.into()])).await?.pop())
    }

    pub(crate) async fn select(&self, condition: &Sql) -> Result<Vec<Webhook>> {
        let rows = self.city().read(subscription::select(condition)).await?;
        Ok(rows.iter().map(subscription::read).collect::<Result<_, _>>()?)
    }

    /// The context in which changes are read: the account's grants of now, and no more.
    pub(crate) async fn context_of(&self, account: Uuid, title: &str) -> Result<Context> {
        let (at, reason) = (self.now(), format!("Webhook「{title}」の送信"));
        let mut caller = self.parts.identity.caller_of(&Context::system(at, ""), account).await?;
        caller.read_only = true;
        Ok(Context::new(caller, at).because(reason))
    }
}
