//! Stands in for the ledger engine's handle until that crate exports it.

use std::sync::Arc;

use kawasemi_identity::Grants;
use kawasemi_schema::Catalogue;

/// The definitions and grants in force.
#[derive(Clone)]
pub struct Ledgers {
    /// Grants.
    pub grants: Grants,
    /// Definitions.
    pub catalogue: Arc<Catalogue>,
}

impl Ledgers {
    /// Grants.
    pub fn grants(&self) -> Result<Grants, std::convert::Infallible> {
        Ok(self.grants.clone())
    }
}
