//! What a feed would do or did, with samples for those who have to approve it.

use std::collections::BTreeMap;

use kawasemi_kernel::{Fields, RecordId, Value};
use kawasemi_schema::{FieldKind, LedgerDef};
use kawasemi_store::record::RecordRow;
use serde::{Deserialize, Serialize};

use crate::field::{self, FieldError, Style};

/// Most samples of each kind that are kept.
const SAMPLES: usize = 200;
/// Most refused rows that are kept one by one.
const REFUSED: usize = 10_000;

/// The outcome of a feed or of its comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedReport {
    /// Rows that were read, those that were found bad before included.
    pub rows: u64,
    /// Records that were, or would be, made.
    pub created: u64,
    /// Records that were, or would be, changed.
    pub updated: u64,
    /// Records that were, or would be, closed: named as gone, or missing from a full file.
    pub closed: u64,
    /// Rows that say what the ledger says already.
    pub unchanged: u64,
    /// Rows about people under protection that change nothing but, perhaps, where they are to be found: whether they do is
    /// told to nobody.
    #[serde(default)]
    pub sealed: u64,
    /// Rows that do not fit the state of the ledger: an addition of what is there, a change or closing of what is not. Many of
    /// them mean that a file in between is missing.
    pub surprises: u64,
    /// Rows that were refused, by whoever read them or by the ledger.
    pub bad: u64,
    /// How many of the records that change do so in which field of free text, name or address. Where nearly all of them
    /// change in several of these, the file's columns may have moved.
    #[serde(default)]
    pub changed: BTreeMap<String, u64>,
    /// Bad rows that do not even say which record they mean: then nothing is closed for being absent.
    pub keyless: u64,
    /// Rows that the ledger refused, the first ten thousand.
    pub refused: Vec<FeedRefusal>,
    /// Some of what changes, of each kind.
    pub samples: Vec<FeedSample>,
    /// The batch, for undoing; none where nothing was written.
    pub batch: Option<i64>,
    /// Whether anything was written.
    pub is_applied: bool,
}

/// A row that the ledger refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedRefusal {
    /// The line or record in the file, from 1.
    pub line: u64,
    /// The field's key; empty for the whole row.
    pub field: String,
    /// The field's name for people.
    pub label: String,
    /// What is wrong and what to do.
    pub reason: String,
}

/// What becomes of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeedAct {
    /// It is made (追加).
    Created,
    /// It changes (変更).
    Updated,
    /// It is closed (削除・消除): marked, never deleted.
    Closed,
}

/// One record of the difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedSample {
    /// What becomes of it.
    pub act: FeedAct,
    /// The line in the file; none for a record that is missing from it.
    pub line: Option<u64>,
    /// The record; none for a new one.
    pub record: Option<RecordId>,
    /// The fields that change.
    pub changes: Vec<FeedChange>,
}

/// A field that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedChange {
    /// The field's key.
    pub field: String,
    /// As it is, as text.
    pub before: String,
    /// As it will be.
    pub after: String,
}

impl FeedReport {
    pub(super) fn refuse(&mut self, line: u64, errors: Vec<FieldError>) {
        self.bad += 1;
        let room = REFUSED.saturating_sub(self.refused.len());
        self.refused.extend(errors.into_iter().take(room).map(|error| FeedRefusal {
            line,
            field: error.field,
            label: error.label,
            reason: error.message,
        }));
    }

    pub(super) fn sample(
        &mut self,
        ledger: &LedgerDef,
        act: FeedAct,
        line: Option<u64>,
        before: Option<&RecordRow>,
        after: &Fields,
    ) {
        let count = match act {
            FeedAct::Created => &mut self.created,
            FeedAct::Updated => &mut self.updated,
            FeedAct::Closed => &mut self.closed,
        };
        *count += 1;
        if let (FeedAct::Updated, Some(before)) = (act, before.filter(|before| !before.protected)) {
            for field in ledger.fields.iter().filter(|field| is_free(&field.kind)) {
                if before.fields.get(&field.key) != after.get(&field.key) {
                    *self.changed.entry(field.key.clone()).or_default() += 1;
                }
            }
        }
        if *count <= SAMPLES as u64 {
            let mut changes = changes(ledger, before.map(|row| &row.fields), after);
            if before.is_some_and(|before| before.protected) {
                changes.retain(|change| !ledger.field(&change.field).is_some_and(|field| field.protected));
            }
            self.samples.push(FeedSample { act, line, record: before.map(|row| row.id), changes });
        }
    }
}

/// Whether a field takes any text, so that another column's values pass for its own.
const fn is_free(kind: &FieldKind) -> bool {
    matches!(kind, FieldKind::Text { .. } | FieldKind::LongText { .. } | FieldKind::PersonName | FieldKind::Address)
}

fn changes(ledger: &LedgerDef, before: Option<&Fields>, after: &Fields) -> Vec<FeedChange> {
    let style = Style::file();
    let mut changes = Vec::new();
    for field in &ledger.fields {
        let of =
            |fields: Option<&Fields>| fields.and_then(|fields| fields.get(&field.key)).unwrap_or(&Value::Null).clone();
        let (old, new) = (of(before), of(Some(after)));
        if old != new {
            let (before, after) = (field::show(field, &old, &style), field::show(field, &new, &style));
            changes.push(FeedChange { field: field.key.clone(), before, after });
        }
    }
    changes
}
