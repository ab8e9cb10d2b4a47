//! Names of records of other ledgers, to choose from and to show.

use std::collections::HashMap;

use crate::kernel::RecordId;
use crate::ledger::{LedgerError, Ledgers, ListRequest};
use crate::platform::identity::Context;
use crate::platform::ui::field::Choice;
use crate::records::some;

/// The most names of one ledger.
const MOST: usize = 1_000;

/// The records of a ledger by their names; none where the city has no such ledger or the caller may not read it.
///
/// # Errors
/// When the store fails.
pub async fn of(ledgers: &Ledgers, context: &Context, ledger: &str) -> Result<Vec<(RecordId, String)>, LedgerError> {
    let Ok((def, _)) = ledgers.open(context, ledger) else { return Ok(Vec::new()) };
    let Some(label) = def.label.first() else { return Ok(Vec::new()) };
    let request = ListRequest { fields: Some(vec![label.clone()]), ..ListRequest::all() };
    let records = match some(ledgers, context, ledger, request, MOST).await {
        Err(LedgerError::NotFound) => return Ok(Vec::new()),
        other => other?,
    };
    let name = |record: &crate::ledger::Visible| record.get(label).as_text().unwrap_or_default().to_owned();
    Ok(records.iter().map(|record| (record.id, name(record))).collect())
}

/// The departments by their names.
///
/// # Errors
/// When the store fails.
pub async fn departments(ledgers: &Ledgers, context: &Context) -> Result<HashMap<RecordId, String>, LedgerError> {
    Ok(of(ledgers, context, crate::platform::registry::DEPARTMENT).await?.into_iter().collect())
}

/// Names to choose from; the field itself offers to choose none.
pub fn choices(names: &[(RecordId, String)]) -> Vec<Choice> {
    names.iter().map(|(id, name)| Choice::new(id.to_string(), name)).collect()
}
