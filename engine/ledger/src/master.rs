//! Records of which another system is the master (正本), as 住民記録 is of residents.
//!
//! A ledger declares it (`[master]`): the field that says where a record comes from, the day as of which it is known, and the
//! fields that are the other system's own. Those change only by its files ([`crate::Ledgers::feed`]); forms, the API, imports,
//! bulk edits and the restoring of revisions all meet the same refusal in [`crate::check`].

use std::collections::HashMap;

use jiff::civil::Date;
use kawasemi_identity::Context;
use kawasemi_kernel::{Fields, RecordId, Value};
use kawasemi_schema::{Action, LedgerDef};
use kawasemi_store::record::{RecordRow, read};

use crate::error::{LedgerError, Result};
use crate::labels::Wanted;
use crate::ledgers::{Gate, Ledgers};
use crate::record::Visible;

/// What a record says of its master.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mastered {
    /// What the other system is called, such as `住民記録`.
    pub name: String,
    /// The day as of which the record is known; none where the caller may not see it or it was never stamped.
    pub as_of: Option<Date>,
}

/// The master of a record; none where it is our own.
#[must_use]
pub fn of(ledger: &LedgerDef, fields: &Fields) -> Option<Mastered> {
    let master = ledger.master.as_ref()?;
    let is_own = fields.get(&master.field).and_then(Value::as_text) == Some(master.is.as_str());
    let as_of = match fields.get(&master.stamp) {
        Some(Value::Date(day)) => Some(*day),
        _ => None,
    };
    is_own.then(|| Mastered { name: ledger.master_name().unwrap_or_default().to_owned(), as_of })
}

impl Ledgers {
    /// The masters of the records to which a record refers, as far as the caller may see them: a person's name in another
    /// ledger is also known as of a day.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn masters_of_references(
        &self,
        context: &Context,
        ledger: &str,
        record: &Visible,
    ) -> Result<HashMap<RecordId, Mastered>> {
        let mut wanted = Wanted::default();
        wanted.add(&self.gate(context, ledger)?.def().fields, record.fields());
        let mut known = HashMap::new();
        for (target, ids) in wanted.by_ledger {
            let Ok(gate) = self.gate_for(context, &target, Action::Read) else { continue };
            let Some(master) = &gate.def().master else { continue };
            let projection = gate.projection([master.field.as_str(), master.stamp.as_str()]);
            let ids: Vec<RecordId> = ids.into_iter().collect();
            for row in read::records(self.city(), &gate.ledger, &projection, &ids).await? {
                let seen = Visible::of(gate.def(), &gate.access, row);
                known.extend(seen.and_then(|seen| Some((seen.id, of(gate.def(), seen.fields())?))));
            }
        }
        Ok(known)
    }
}

/// Whether nobody here may change a field of this record.
#[must_use]
pub fn is_mastered(ledger: &LedgerDef, fields: &Fields, field: &str) -> bool {
    ledger.is_mastered(field) && of(ledger, fields).is_some()
}

/// Refuses that somebody here deletes what another system is the master of: its next file would bring it back.
pub(crate) fn refuse_deletion(gate: &Gate, row: &RecordRow) -> Result<()> {
    match of(gate.def(), &row.fields).filter(|_| !gate.is_master) {
        None => Ok(()),
        Some(Mastered { name, .. }) => Err(LedgerError::Refused(format!(
            "{name}の記録なので、ここでは削除できません。{name}の連携で消除されます。"
        ))),
    }
}
