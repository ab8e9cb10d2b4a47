//! Why the exchange refuses or fails.

use kawasemi_ledger::LedgerError;
use kawasemi_schema::SchemaErrors;
use kawasemi_store::StoreError;
use kawasemi_store::files::FileError;

/// What operations of the exchange answer.
pub type Result<T, E = ExchangeError> = std::result::Result<T, E>;

/// Why the exchange refuses or fails.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// There is no such layout, run or row, or the caller may not know of it.
    #[error("指定の連携レイアウトまたは連携の記録が見つかりません。")]
    NotFound,
    /// The caller may not do it.
    #[error("この操作には「連携担当」の役割が要ります。")]
    Forbidden,
    /// What was asked does not fit the state of things.
    #[error("{0}")]
    Refused(String),
    /// A layout with mistakes.
    #[error(transparent)]
    Layout(#[from] SchemaErrors),
    /// The ledger engine refused or failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file store failed.
    #[error(transparent)]
    File(#[from] FileError),
    /// The disk failed.
    #[error("ファイル「{file}」を読み書きできません: {source}")]
    Io {
        /// The file.
        file: String,
        /// What went wrong.
        #[source]
        source: std::io::Error,
    },
}

impl ExchangeError {
    pub(crate) fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::Io { file: path.display().to_string(), source }
    }
}
