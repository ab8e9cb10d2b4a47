//! What can go wrong, as the officer is told.

use kawasemi_identity::IdentityError;
use kawasemi_ledger::LedgerError;
use kawasemi_store::StoreError;
use kawasemi_store::files::FileError;

/// A result of this engine.
pub type Result<T, E = OversightError> = std::result::Result<T, E>;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum OversightError {
    /// There is no such thing.
    #[error("見つかりません。")]
    NotFound,
    /// The caller holds none of the roles that it takes.
    #[error("この操作をする権限がありません。")]
    Forbidden,
    /// It can't be done as it was asked; the sentence says what to do.
    #[error("{0}")]
    Refused(String),
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The ledger engine refused or failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A file could not be read or removed.
    #[error(transparent)]
    File(#[from] FileError),
    /// A package could not be put together.
    #[error("ファイルを作れません: {0}")]
    Package(String),
}

impl OversightError {
    /// A refusal with what to do.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::Refused(message.into())
    }
}

impl From<IdentityError> for OversightError {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::Forbidden => Self::Forbidden,
            IdentityError::NotFound => Self::NotFound,
            IdentityError::Store(error) => Self::Store(error),
            other => Self::Refused(other.to_string()),
        }
    }
}

impl From<zip::result::ZipError> for OversightError {
    fn from(error: zip::result::ZipError) -> Self {
        Self::Package(error.to_string())
    }
}

impl From<std::io::Error> for OversightError {
    fn from(error: std::io::Error) -> Self {
        Self::Package(error.to_string())
    }
}
