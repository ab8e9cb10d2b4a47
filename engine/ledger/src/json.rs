//! Records as JSON for programs: the API, its changes, webhooks. One shape, so that whoever reads one reads all.

use kawasemi_schema::LedgerDef;
use serde_json::{Map, Value as Json, json};

use crate::changes::ChangeEvent;
use crate::field;
use crate::record::Visible;

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

/// A change: what happened to which record, and the record as it is now; null for a tombstone.
pub fn change(ledger: &LedgerDef, change: &ChangeEvent, asked: Option<&[String]>) -> Json {
    json!({
        "cursor": change.mark.to_string(),
        "id": change.id.to_string(),
        "revision": change.revision,
        "kind": change.kind.key(),
        "at": change.at.to_string(),
        "record": change.record.as_ref().map(|found| record(ledger, found, asked)),
    })
}
