//! Why something about parcels was refused or failed.

use kawasemi_identity::IdentityError;
use kawasemi_ledger::LedgerError;
use kawasemi_store::{SealError, StoreError};
use thiserror::Error;

/// The result of an act on parcels.
pub type Result<T, E = CourierError> = std::result::Result<T, E>;

/// Why something about parcels was refused or failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CourierError {
    /// A file, a request or a key is not taken: what is wrong with it, and what to do.
    #[error("{0}")]
    Refused(String),
    /// The installation is not one half of a separated one.
    #[error(
        "この設置は公開側と庁内側に分かれていません。設定 serve.role（または --role）に portal か desk を指定してください。"
    )]
    NotSeparated,
    /// The other side's key is not known yet.
    #[error(
        "{0}の鍵がまだ登録されていません。相手で kawasemi courier key show を実行し、その行を kawasemi courier key trust で登録してください。"
    )]
    NoPeer(&'static str),
    /// There is no key of one's own yet.
    #[error("この設置の受渡しの鍵がまだありません。kawasemi courier key rotate で作ってください。")]
    NoKey,
    /// The other side could not be reached, or did not answer as it should.
    #[error("{0}")]
    Line(String),
    /// The caller may not do this.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The ledger engine refused or failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The key of one's own does not open.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A file could not be read or written.
    #[error("ファイルを読み書きできません（{0}）。")]
    Io(#[from] std::io::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl CourierError {
    /// A refusal with its reason.
    pub fn refused(reason: impl Into<String>) -> Self {
        Self::Refused(reason.into())
    }
}
