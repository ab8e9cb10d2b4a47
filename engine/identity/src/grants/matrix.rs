//! All grants at once (権限一覧): ledgers down, roles across, for the administrator's page and for audits.

use kawasemi_kernel::Lang;
use kawasemi_schema::{Action, Clearance};

use super::{Grants, LedgerGrants};

/// Ledgers × roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    /// The roles across, by key and name.
    pub roles: Vec<(String, String)>,
    /// The ledgers down.
    pub rows: Vec<MatrixRow>,
}

/// One ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatrixRow {
    /// The ledger's key.
    pub ledger: String,
    /// Its name.
    pub title: String,
    /// For each role of [`Matrix::roles`] its grants; none for most.
    pub cells: Vec<Vec<MatrixCell>>,
}

/// One grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatrixCell {
    /// What it allows.
    pub actions: Vec<Action>,
    /// On which rows; none for all.
    pub rows: Option<String>,
    /// How deep.
    pub clearance: Clearance,
    /// Why.
    pub reason: String,
}

impl Grants {
    /// All grants of all ledgers, with the names in a language.
    pub fn matrix(&self, lang: Lang) -> Matrix {
        let roles: Vec<(String, String)> =
            self.roles.iter().map(|(key, title)| (key.to_owned(), title.to_owned())).collect();
        let rows = self.ledgers.values().map(|ledger| row(ledger, &roles, lang)).collect();
        Matrix { roles, rows }
    }
}

fn row(ledger: &LedgerGrants, roles: &[(String, String)], lang: Lang) -> MatrixRow {
    let of_role = |role: &str| {
        let grants = ledger.grants.iter().map(|grant| &grant.def).filter(|def| def.role == role);
        let cell = |def: &kawasemi_schema::GrantDef| MatrixCell {
            actions: def.actions.clone(),
            rows: def.rows.clone(),
            clearance: def.clearance,
            reason: def.reason.clone(),
        };
        grants.map(cell).collect()
    };
    MatrixRow {
        ledger: ledger.ledger.key.clone(),
        title: ledger.ledger.title.get(lang).to_owned(),
        cells: roles.iter().map(|(role, _)| of_role(role)).collect(),
    }
}
