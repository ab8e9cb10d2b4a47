//! Webhooks: tells other systems over HTTPS what changed in a ledger.
//!
//! An administrator subscribes an address to a ledger, on behalf of an account whose grants decide which records and fields
//! are told. The changes are those of the sealed sequence ([`kawasemi_ledger::changes`]), so that writing a record costs
//! nothing more; a webhook keeps how far it has told them.
//!
//! - [`subscription`]: what an administrator decides, and [`register`], the acts on it; each is in the audit trail
//! - [`pump`](mod@pump): makes of what is new the next message of each webhook, as a job of the outbox
//! - [`delivery`]: does that job: reads the changes through the account's grants, signs, sends, notes what became of it
//! - [`secret`]: secrets and signatures after the Standard Webhooks convention
//! - [`destinations`] and [`sender`]: to which addresses anything is sent at all, and the sending
//! - [`attempts`]: the log of what was sent
//!
//! One message of a webhook is on its way at a time, and the next follows when it has arrived: changes arrive in order, and
//! a receiver that is down finds everything that it missed. A message may arrive twice, with the same `webhook-id`.

pub mod attempts;
pub mod delivery;
pub mod destinations;
pub mod error;
mod message;
pub mod owned;
pub mod pump;
pub mod register;
pub mod secret;
pub mod sender;
pub mod subscription;
pub mod tables;
mod webhooks;

pub use attempts::Attempt;
pub use delivery::{Delivery, TOPIC};
pub use destinations::{Allowed, Destinations};
pub use error::{Result, WebhookError};
pub use owned::OwnedWebhooks;
pub use register::Restart;
pub use sender::Sender;
pub use subscription::{State, Subscription, Webhook};
pub use tables::engine;
pub use webhooks::{Parts, Webhooks};
