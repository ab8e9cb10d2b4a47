//! Records as JSON for programs: the API, its changes, webhooks. One shape, so that whoever reads one reads all.

use std::fmt::Display;

use kawasemi_kernel::Value;
use kawasemi_schema::{FieldDef, LedgerDef};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::{Value as Json, json};

use crate::changes::ChangeEvent;
use crate::field;
use crate::record::Visible;

/// A record as one flat object: system properties, then the fields that were asked for and may be seen. It is written as it is
/// walked through, since building the objects of a page first took longer than finding its records.
pub struct RecordJson<'a> {
    ledger: &'a LedgerDef,
    record: &'a Visible,
    asked: Option<&'a [String]>,
}

impl<'a> RecordJson<'a> {
    /// The object of a record, with the fields that were asked for or all of them.
    pub const fn new(ledger: &'a LedgerDef, record: &'a Visible, asked: Option<&'a [String]>) -> Self {
        Self { ledger, record, asked }
    }
}

impl Serialize for RecordJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { ledger, record, asked } = *self;
        let wanted = |key: &str| asked.is_none_or(|keys| keys.iter().any(|k| k == key));
        let mut object = serializer.serialize_map(None)?;
        // An id and a revision are always there: without them a record can't be changed.
        object.serialize_entry("id", &Shown(&record.id))?;
        if wanted("number") {
            object.serialize_entry("number", &record.number)?;
        }
        object.serialize_entry("revision", &record.revision)?;
        let acts = [
            ("created_at", record.created_at, "created_by", record.created_by),
            ("updated_at", record.updated_at, "updated_by", record.updated_by),
        ];
        for (at_key, at, by_key, by) in acts {
            if wanted(at_key) {
                object.serialize_entry(at_key, &Shown(&at))?;
            }
            if wanted(by_key) {
                object.serialize_entry(by_key, &by.as_ref().map(Shown))?;
            }
        }
        for def in ledger.fields.iter().filter(|def| !record.is_masked(def) && wanted(&def.key)) {
            object.serialize_entry(&def.key, &FieldJson(def, record.get(&def.key)))?;
        }
        object.end()
    }
}

/// What is written as it shows itself.
struct Shown<'a, T>(&'a T);

impl<T: Display> Serialize for Shown<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self.0)
    }
}

/// A field's value as [`field::to_json`] has it; the plain kinds without a copy.
struct FieldJson<'a>(&'a FieldDef, &'a Value);

impl Serialize for FieldJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.1 {
            Value::Null => serializer.serialize_unit(),
            Value::Text(text) => serializer.serialize_str(text),
            value => field::to_json(self.0, value).serialize(serializer),
        }
    }
}

/// A record as [`RecordJson`] writes it, as a value.
pub fn record(ledger: &LedgerDef, record: &Visible, asked: Option<&[String]>) -> Json {
    // Nothing in it can refuse to be JSON: keys are texts, and numbers are finite.
    serde_json::to_value(RecordJson::new(ledger, record, asked)).unwrap_or_default()
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
