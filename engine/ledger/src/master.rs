//! Records of which another system is the master (正本), as 住民記録 is of residents.
//!
//! A ledger declares it (`[master]`): the field that says where a record comes from, the day as of which it is known, and the
//! fields that are the other system's own. Those change only by its files ([`crate::Ledgers::feed`]); forms, the API, imports,
//! bulk edits and the restoring of revisions all meet the same refusal in [`crate::check`].

use jiff::civil::Date;
use kawasemi_kernel::{Fields, Value};
use kawasemi_schema::LedgerDef;
use kawasemi_store::record::RecordRow;

use crate::error::{LedgerError, Result};
use crate::ledgers::Gate;

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
