//! Records and errors as JSON.

use kawasemi_ledger::record::Visible;
use kawasemi_ledger::{LedgerError, field};
use kawasemi_schema::LedgerDef;
use kawasemi_schema::ledger::SYSTEM_PROPERTIES;
use serde_json::{Map, Value as Json, json};

/// A record as one flat object: system properties, then the fields that were asked for and may be seen.
pub fn record(ledger: &LedgerDef, record: &Visible, asked: Option<&[String]>) -> Json {
    let wanted = |key: &str| asked.is_none_or(|keys| keys.iter().any(|k| k == key));
    let mut object = Map::new();
    let system = [
        ("id", json!(record.id.to_string())),
        ("number", json!(record.number)),
        ("revision", json!(record.revision)),
        ("created_at", json!(record.created_at.to_string())),
        ("created_by", json!(record.created_by.map(|by| by.to_string()))),
        ("updated_at", json!(record.updated_at.to_string())),
        ("updated_by", json!(record.updated_by.map(|by| by.to_string()))),
    ];
    // An id and a revision are always there: without them a record can't be changed.
    for (key, value) in system {
        if wanted(key) || matches!(key, "id" | "revision") {
            object.insert(key.to_owned(), value);
        }
    }
    for def in ledger.fields.iter().filter(|def| !record.is_masked(def) && wanted(&def.key)) {
        object.insert(def.key.clone(), field::to_json(def, record.get(&def.key)));
    }
    Json::Object(object)
}

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
