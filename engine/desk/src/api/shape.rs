//! Records and errors as JSON.

use kawasemi_ledger::LedgerError;
pub use kawasemi_ledger::json::{RecordJson, change, record};
use kawasemi_schema::ledger::SYSTEM_PROPERTIES;
use serde_json::{Map, Value as Json};

/// The members of a body that are fields. System properties that a program read and sends back are left aside.
pub fn fields_of(body: Map<String, Json>) -> Map<String, Json> {
    body.into_iter().filter(|(key, _)| SYSTEM_PROPERTIES.iter().all(|(name, _)| name != key)).collect()
}

/// The stable key of an error among many, for an answer about several records.
pub const fn error_key(error: &LedgerError) -> &'static str {
    match error {
        LedgerError::NotFound => "not-found",
        LedgerError::Forbidden { .. } => "forbidden",
        LedgerError::UnknownField { .. } => "unknown-field",
        LedgerError::Unsuitable { .. } => "unsuitable-field",
        LedgerError::Filter(_) => "bad-filter",
        LedgerError::Cursor => "bad-cursor",
        LedgerError::Invalid(_) => "invalid",
        LedgerError::Conflict(_) => "conflict",
        LedgerError::Duplicate { .. } => "duplicate",
        LedgerError::IdTaken => "id-taken",
        LedgerError::OutOfScope => "out-of-scope",
        LedgerError::Referred { .. } => "referred",
        LedgerError::File(_) => "bad-file",
        LedgerError::Refused(_) => "refused",
        LedgerError::Schema(_) => "bad-definition",
        _ => "internal",
    }
}
