//! Grants (権限): who may do what with which rows of a ledger, and how deep they may look.
//!
//! A grant is role × ledger × actions × row condition × clearance, written in the ledger's TOML. Nothing is allowed that
//! no grant allows. [`Grants::compile`] reads the conditions of all ledgers once, when the catalogue is loaded;
//! [`Grants::access`] puts together what one caller may do with one ledger; lists, API, search, facets, export and files
//! all ask that one [`Access`]. Clearance follows the row: a record is shown up to the highest clearance of the grants
//! that match it.
//!
//! Start reading at [`access`]. [`explain`] answers "why may she see this?" in sentences, [`matrix`] shows all grants at
//! once, [`parameters`] declares what a condition may know of the caller.

pub mod access;
mod compile;
pub mod explain;
pub mod matrix;
pub mod parameters;
mod roles;

use std::collections::BTreeMap;
use std::sync::Arc;

use kawasemi_filter::Expr;
use kawasemi_schema::{GrantDef, LedgerDef};

pub use access::{Access, Exact, Hidden, Reach, RowCondition};
pub use explain::Reason;
pub use matrix::{Matrix, MatrixCell, MatrixRow};
pub use roles::Roles;

/// The grants of all ledgers of a city. Immutable; a published definition makes a new one. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Grants {
    ledgers: Arc<BTreeMap<String, Arc<LedgerGrants>>>,
    roles: Arc<Roles>,
}

/// The grants of one ledger.
#[derive(Debug)]
pub(crate) struct LedgerGrants {
    pub ledger: Arc<LedgerDef>,
    pub grants: Vec<Grant>,
}

/// A grant with its condition read.
#[derive(Debug)]
pub(crate) struct Grant {
    pub def: GrantDef,
    /// The condition on the rows; that which every row meets where the grant has none.
    pub rows: Expr,
}

impl Grants {
    /// The roles that can be held in this city.
    pub fn roles(&self) -> &Roles {
        &self.roles
    }
}
