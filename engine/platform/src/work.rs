//! What a system is given when it does something outside a request.

use std::path::PathBuf;
use std::sync::Arc;

use kawasemi_identity::{Context, Identity};
use kawasemi_kernel::IdSource;
use kawasemi_ledger::{LedgerError, Ledgers};
use kawasemi_registry::handover::Inventory;
use kawasemi_store::City;

/// The city, the context and the arguments of a piece of work.
#[derive(Clone)]
pub struct Work {
    /// The city.
    pub city: City,
    /// Its ledgers.
    pub ledgers: Ledgers,
    /// Its accounts.
    pub identity: Identity,
    /// Who, when and why.
    pub context: Context,
    /// What people own, for a handover.
    pub inventory: Arc<Inventory>,
    /// The source of ids.
    pub ids: Arc<dyn IdSource>,
    /// What stood after the command's name.
    pub arguments: Vec<String>,
    /// Is told how far the work is: done, and the total where it is known.
    pub progress: Arc<dyn Fn(u64, Option<u64>) + Send + Sync>,
}

impl Work {
    /// The argument at a position, as a file.
    ///
    /// # Errors
    /// When it is missing; `name` says what was expected.
    pub fn file(&self, position: usize, name: &str) -> Result<PathBuf, WorkError> {
        let argument = self.arguments.get(position);
        argument.map(PathBuf::from).ok_or_else(|| WorkError::Usage(format!("{name} を指定してください。")))
    }
}

/// What a piece of work answers.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// For a person, in lines.
    pub text: String,
    /// For a program (`--json`).
    pub json: serde_json::Value,
}

/// Why a piece of work was not done.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// The command was not called as its help says.
    #[error("{0}")]
    Usage(String),
    /// What was given can't be worked on; nothing was changed.
    #[error("{0}")]
    Refused(String),
    /// The ledger engine refused or failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Something else failed.
    #[error("{message}")]
    Failed {
        /// What was being done.
        message: String,
        /// What went wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
