//! What was before a change is kept in the record's own rows (`[[keep]]`), as the former addresses of a party are.

use kawasemi_kernel::text::fold;
use kawasemi_kernel::{ChildRow, Fields, Value};
use kawasemi_schema::FieldKind;
use kawasemi_schema::raw::RawKeep;

use super::Check;
use crate::draft::Draft;

impl Check<'_> {
    /// Adds a row of what was before, where the fields that are kept have changed. What is brought back, or taken from a record of the
    /// same person, is no change of this kind.
    pub(super) fn keep_what_was(&mut self, draft: &Draft) {
        let ledger = &self.against.rules.ledger;
        for keep in &ledger.keeps {
            if self.against.before.is_none() || draft.is_restored() || !self.has_left(keep) {
                continue;
            }
            let Some(FieldKind::Rows { max_count, .. }) = ledger.field(&keep.rows).map(|field| &field.kind) else {
                continue;
            };
            let mut rows = match self.value(&keep.rows) {
                Value::Rows(rows) => rows.clone(),
                _ => Vec::new(),
            };
            rows.push(self.what_was(keep));
            // The oldest give way; the record's history keeps them.
            let spare = rows.len().saturating_sub(usize::try_from(*max_count).unwrap_or(usize::MAX));
            rows.drain(..spare);
            self.put(&keep.rows, Value::Rows(rows));
        }
    }

    /// Whether what is kept is now another, and the rows were left alone: whoever edits them says by that what is to stand there.
    fn has_left(&self, keep: &RawKeep) -> bool {
        let Some(first) = keep.fields.first() else { return false };
        let is_other = |key: &String| text(self.before(key)) != text(self.value(key));
        !self.before(first).is_null()
            && self.before(&keep.rows) == self.value(&keep.rows)
            && keep.fields.iter().any(is_other)
    }

    fn what_was(&self, keep: &RawKeep) -> ChildRow {
        let of_before = keep.fields.iter().map(|key| (key.clone(), self.before(key).clone()));
        let mut fields: Fields = of_before.filter(|(_, value)| !value.is_null()).collect();
        let mut until = Value::Date(self.against.as_of);
        if let Some(since) = &keep.since {
            let (before, now) = (self.before(since), self.value(since));
            if !before.is_null() {
                fields.insert("from".to_owned(), before.clone());
            }
            if !now.is_null() && now != before {
                until = now.clone();
            }
        }
        fields.insert("until".to_owned(), until);
        ChildRow { id: self.against.ids.next(), fields }
    }
}

/// A value as it counts as another: a postcode that is filled in, full width or a space are none.
fn text(value: &Value) -> String {
    match value.as_text() {
        Some(text) => fold(text).chars().filter(|c| !c.is_whitespace()).collect(),
        None if value.is_null() => String::new(),
        None => format!("{value:?}"),
    }
}
