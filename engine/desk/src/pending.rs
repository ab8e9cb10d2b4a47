//! Stands in for the ledger engine's handle until that crate exports it.

use std::sync::Arc;

use kawasemi_identity::Grants;
use kawasemi_schema::Catalogue;

/// The definitions and grants in force.
#[derive(Clone)]
pub struct Ledgers {
    pub grants: Grants,
    pub catalogue: Arc<Catalogue>,
}
