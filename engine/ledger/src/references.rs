//! Whether references lead to records that are there and that the caller may see.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use kawasemi_identity::Context;
use kawasemi_kernel::RecordId;
use kawasemi_schema::Action;
use kawasemi_store::record::{RecordRow, read};

use crate::check::{Checked, NewReference};
use crate::error::{LedgerError, Result};
use crate::field::FieldError;
use crate::ledgers::Ledgers;
use crate::record::RowView;

/// Said of a record that is missing and of one that may not be seen alike.
pub(crate) const MISSING: &str = "参照先の記録が見つかりません。一覧から選び直してください。";

/// Records that were found, by ledger.
pub(crate) type Found = BTreeMap<String, HashSet<RecordId>>;

/// The references that lead nowhere, as mistakes of their fields.
pub(crate) fn dangling(references: &[NewReference], found: &Found) -> Vec<FieldError> {
    let is_dangling =
        |reference: &&NewReference| found.get(&reference.target).is_none_or(|records| !records.contains(&reference.id));
    let mistake = |reference: &NewReference| FieldError {
        field: reference.field.clone(),
        label: reference.label.clone(),
        message: MISSING.to_owned(),
    };
    references.iter().filter(is_dangling).map(mistake).collect()
}

impl Ledgers {
    /// Looks every new reference up, with one query for each ledger.
    pub(crate) async fn check_references(&self, context: &Context, checked: &Checked) -> Result<()> {
        let mistakes = self.dangling(context, checked.references()).await?;
        if mistakes.is_empty() { Ok(()) } else { Err(LedgerError::Invalid(mistakes)) }
    }

    pub(crate) async fn dangling(&self, context: &Context, references: &[NewReference]) -> Result<Vec<FieldError>> {
        Ok(dangling(references, &self.found(context, references).await?))
    }

    /// The records among those referred to that are there and that the caller may see, by ledger.
    pub(crate) async fn found(&self, context: &Context, references: &[NewReference]) -> Result<Found> {
        let mut by_ledger: BTreeMap<&str, BTreeSet<RecordId>> = BTreeMap::new();
        for reference in references {
            by_ledger.entry(&reference.target).or_default().insert(reference.id);
        }
        let mut found = Found::default();
        for (ledger, ids) in by_ledger {
            let ids: Vec<RecordId> = ids.into_iter().collect();
            let visible = self.visible_ids(context, ledger, &ids).await?;
            found.entry(ledger.to_owned()).or_default().extend(visible);
        }
        Ok(found)
    }

    /// Those of the ids whose records are not deleted and may be seen.
    pub(crate) async fn visible_ids(&self, context: &Context, ledger: &str, ids: &[RecordId]) -> Result<Vec<RecordId>> {
        let Ok(gate) = self.gate_for(context, ledger, Action::Read) else { return Ok(Vec::new()) };
        let rows = read::records(self.city(), &gate.ledger, &gate.projection([]), ids).await?;
        let may_see = |row: &RecordRow| {
            row.deleted_at.is_none() && gate.access.row_clearance(Action::Read, &RowView(row)).is_some()
        };
        Ok(rows.into_iter().filter(may_see).map(|row| row.id).collect())
    }
}
