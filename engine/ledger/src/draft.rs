//! What somebody entered for a record, not yet checked.
//!
//! A draft holds the fields that were sent and no others: what is absent stays as it is. It keeps the mistakes found while
//! reading, so that all of them, those of form and those of content, are shown at once. Only [`crate::check`] makes
//! something of it that can be stored.

use std::collections::{BTreeMap, BTreeSet};

use kawasemi_kernel::{FileRef, RecordId, Value};
use kawasemi_schema::{FieldDef, FieldKind, LedgerDef};
use serde_json::{Map, Value as Json};

use crate::field::{self, Entry, FieldError};

/// The fields as entered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft {
    /// The id that the client made, for a record made without signal or sent again.
    pub id: Option<RecordId>,
    entered: BTreeMap<String, Value>,
    mistakes: Vec<FieldError>,
    unknown: Vec<String>,
    /// The fields that were read by their types. What a program sets is proven when the draft is checked.
    read: BTreeSet<String>,
    is_restored: bool,
    uploads: Vec<FileRef>,
}

impl Draft {
    /// A draft in which nothing was entered.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same draft with a field entered.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.set(key, value);
        self
    }

    /// The same draft with the id that the client made.
    #[must_use]
    pub fn with_id(mut self, id: RecordId) -> Self {
        self.id = Some(id);
        self
    }

    /// Enters a field; [`Value::Null`] empties it.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<Value>) {
        let key = key.into();
        self.read.remove(&key);
        self.entered.insert(key, value.into());
    }

    /// Adds a file that was stored for this draft, at the end of its field.
    pub fn attach(&mut self, key: &str, file: FileRef) {
        match self.entered.entry(key.to_owned()).or_default() {
            Value::Files(files) => files.push(file.clone()),
            other => *other = Value::Files(vec![file.clone()]),
        }
        self.uploads.push(file);
    }

    /// Enters what the record held before, which was checked when it was stored; its files are known.
    pub fn restore(&mut self, key: &str, value: Value) {
        if let Value::Files(files) = &value {
            self.uploads.extend(files.iter().cloned());
        }
        self.take(key, Ok(value));
        self.is_restored = true;
    }

    /// Notes a mistake that was found before the fields were checked.
    pub fn refuse(&mut self, mistake: FieldError) {
        self.mistakes.push(mistake);
    }

    /// Reads a form. Fields of which the form sent nothing, not even a hidden empty text, stay as they are; names that
    /// are no fields (a button, a token) are the form's own.
    pub fn from_entry(ledger: &LedgerDef, entry: &Entry) -> Self {
        let mut draft = Self::new();
        for field in ledger.fields.iter().filter(|f| is_entered(f) && entry.has(&f.key)) {
            draft.take(&field.key, field::from_entry(field, entry));
        }
        draft
    }

    /// Reads a JSON object. A member that is no field is refused when the draft is checked, with the words for a field
    /// that may not be seen.
    pub fn from_json(ledger: &LedgerDef, object: &Map<String, Json>) -> Self {
        let mut draft = Self::new();
        for (key, json) in object {
            match ledger.field(key) {
                Some(field) => draft.take(key, field::from_json(field, json)),
                None => draft.unknown.push(key.clone()),
            }
        }
        draft
    }

    /// Enters what a type read, or notes why it refused.
    pub(crate) fn take(&mut self, key: &str, read: Result<Value, Vec<FieldError>>) {
        match read {
            Ok(value) => {
                self.set(key, value);
                self.read.insert(key.to_owned());
            }
            Err(mistakes) => self.mistakes.extend(mistakes),
        }
    }

    /// Whether a field's value was read by its type.
    pub(crate) fn is_read(&self, key: &str) -> bool {
        self.read.contains(key)
    }

    /// Whether it brings back what a record held before.
    pub(crate) fn is_restored(&self) -> bool {
        self.is_restored
    }

    /// What was entered in a field; none if it stays as it is.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entered.get(key)
    }

    /// The fields that were entered, in the order of their keys.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.entered.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// The keys of all fields that were sent, those with mistakes included.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let mistaken = self.mistakes.iter().map(|m| m.field.split('.').next().unwrap_or_default());
        self.entered.keys().map(String::as_str).chain(mistaken)
    }

    /// Names that are no fields of the ledger.
    pub fn unknown(&self) -> &[String] {
        &self.unknown
    }

    /// The mistakes found while reading.
    pub fn mistakes(&self) -> &[FieldError] {
        &self.mistakes
    }

    /// The files that were stored for this draft.
    pub fn uploads(&self) -> &[FileRef] {
        &self.uploads
    }
}

/// Whether a field is entered at all.
pub(crate) fn is_entered(field: &FieldDef) -> bool {
    !matches!(field.kind, FieldKind::Computed { .. })
}
