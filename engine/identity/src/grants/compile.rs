//! Reading the grants of all ledgers, so that a mistake in one is found when the definition is loaded.

use std::collections::BTreeMap;
use std::sync::Arc;

use kawasemi_filter::{Expr, FilterError, Limits, Scope, lower, parse_text};
use kawasemi_schema::error::nearest;
use kawasemi_schema::{Catalogue, GrantDef, LedgerDef, RoleDef, SchemaError, SchemaErrors};

use super::parameters::declare;
use super::{Grant, Grants, LedgerGrants, Roles};

impl Grants {
    /// Reads the grants of all ledgers.
    ///
    /// # Errors
    /// Every condition that does not parse or type-check and every role that nobody declares, with file, line and hint.
    pub fn compile(catalogue: &Catalogue, roles: &[RoleDef]) -> Result<Self, SchemaErrors> {
        let roles = Roles::new(roles);
        let (mut ledgers, mut errors) = (BTreeMap::new(), Vec::new());
        for ledger in catalogue.iter() {
            match compile_ledger(ledger, &roles) {
                Ok(grants) => {
                    ledgers.insert(ledger.key.clone(), Arc::new(grants));
                }
                Err(SchemaErrors(found)) => errors.extend(found),
            }
        }
        if errors.is_empty() {
            Ok(Self { ledgers: Arc::new(ledgers), roles: Arc::new(roles) })
        } else {
            Err(SchemaErrors(errors))
        }
    }
}

fn compile_ledger(ledger: &Arc<LedgerDef>, roles: &Roles) -> Result<LedgerGrants, SchemaErrors> {
    // A condition may look at every field, whatever its own clearance: it says who sees a row, and is not seen itself.
    let scope = declare(Scope::of_ledger(ledger, |_| true));
    let (mut grants, mut errors) = (Vec::with_capacity(ledger.grants.len()), Vec::new());
    for def in &ledger.grants {
        match compile_grant(ledger, def, &scope, roles) {
            Ok(rows) => grants.push(Grant { def: def.clone(), rows }),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(LedgerGrants { ledger: Arc::clone(ledger), grants }) } else { Err(SchemaErrors(errors)) }
}

fn compile_grant(ledger: &LedgerDef, def: &GrantDef, scope: &Scope, roles: &Roles) -> Result<Expr, SchemaError> {
    if roles.title(&def.role).is_none() {
        let known = nearest(&def.role, roles.iter().map(|(key, _)| key));
        let hint = known.map_or_else(
            || "system.toml の [[role]] に役割を足してください".to_owned(),
            |near| format!("「{near}」のことですか"),
        );
        let path = format!("{}.role", def.path);
        return Err(ledger.source.error(&path, format!("「{}」という役割はありません", def.role), hint));
    }
    let Some(rows) = &def.rows else { return Ok(Expr::all()) };
    let read = parse_text(rows, Limits::DEFINITION).and_then(|ast| lower(&ast, scope));
    read.map_err(|error| refused(ledger, def, &error))
}

fn refused(ledger: &LedgerDef, def: &GrantDef, error: &FilterError) -> SchemaError {
    let place = error.column.map(|column| format!("{column}文字目：")).unwrap_or_default();
    let message = format!("行の条件を読めません。{place}{}", error.message);
    ledger.source.error(&format!("{}.rows", def.path), message, error.hint.clone())
}
