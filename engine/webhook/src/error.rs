//! Why something about a webhook was refused or failed.

use kawasemi_identity::IdentityError;
use kawasemi_ledger::LedgerError;
use kawasemi_store::{SealError, StoreError};
use thiserror::Error;

/// The result of an act on webhooks.
pub type Result<T, E = WebhookError> = std::result::Result<T, E>;

/// Why something about a webhook was refused or failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// There is no such webhook.
    #[error("このWebhookはありません。削除されたかもしれません。")]
    NotFound,
    /// What was entered has a mistake.
    #[error("{message}")]
    Invalid {
        /// The field of the form.
        field: &'static str,
        /// What is wrong, and what to do.
        message: String,
    },
    /// Webhooks are for administrators.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The ledger engine refused or failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The secret can't be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl WebhookError {
    /// A mistake in one field.
    pub fn invalid(field: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid { field, message: message.into() }
    }
}

impl From<StoreError> for WebhookError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NotFound,
            other => Self::Store(other),
        }
    }
}
