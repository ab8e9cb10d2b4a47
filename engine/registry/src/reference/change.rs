//! What a publisher's file changes in a register.

use std::collections::{BTreeSet, HashMap};

use jiff::ToSpan as _;
use jiff::civil::Date;
use kawasemi_kernel::Value;
use kawasemi_ledger::Visible;
use serde::Serialize;

/// The field with the last day of what is no more.
pub const VALID_UNTIL: &str = "valid_until";
/// The field with the first day.
pub const VALID_FROM: &str = "valid_from";

/// A register as a publisher's file has it.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The ledger.
    pub ledger: &'static str,
    /// The unique field by which a row finds its record.
    pub key_field: &'static str,
    /// The fields of which the name is made that people call a record by.
    pub name_fields: &'static [&'static str],
    /// The fields that the file has, in the order of the entries' values.
    pub columns: Vec<&'static str>,
    /// The rows.
    pub entries: Vec<Entry>,
    /// Of which records the file says that they are no more when it does not have them.
    pub coverage: Coverage,
}

/// A row of a publisher's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The value of the key field.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// The values of the columns, as an import reads them.
    pub values: Vec<String>,
}

/// What part of a register a file covers.
#[derive(Clone, Debug)]
pub enum Coverage {
    /// All of it.
    All,
    /// The records of which this function answers one of these: a prefecture's, a bank's.
    Groups(fn(&Visible) -> String, BTreeSet<String>),
}

impl Coverage {
    fn has(&self, record: &Visible) -> bool {
        match self {
            Self::All => true,
            Self::Groups(group_of, groups) => groups.contains(&group_of(record)),
        }
    }
}

/// What becomes of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// A value differs.
    Changed,
    /// It is no more.
    Closed,
    /// It was closed and is there again.
    Reopened,
}

/// A change of one record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What becomes of it.
    pub kind: ChangeKind,
    /// Its key.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// The fields that differ, with their values before and after.
    pub fields: Vec<FieldChange>,
    /// The row to import: the key, the columns, the first and the last day.
    #[serde(skip)]
    pub(super) row: Vec<String>,
}

/// A field that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    /// The field's key.
    pub field: &'static str,
    /// What the register has.
    pub before: String,
    /// What the file has.
    pub after: String,
}

/// The changes of a register.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// The changes, in the order of the file, the closed ones last.
    pub list: Vec<Change>,
    /// Records in force, of the part that the file covers, before the change.
    pub in_force: usize,
    /// Records that are as the file has them.
    pub unchanged: usize,
}

impl Changes {
    /// How many changes there are of a kind.
    pub fn count(&self, kind: ChangeKind) -> usize {
        self.list.iter().filter(|change| change.kind == kind).count()
    }

    /// What a file changes from a day on.
    pub fn between(present: &[Visible], wanted: &Wanted, on: Date) -> Self {
        let mut changes = Self::default();
        let mut by_key: HashMap<String, &Visible> =
            present.iter().map(|record| (text(record.get(wanted.key_field)), record)).collect();
        // A register that was never filled says nothing about when its rows began.
        let begins = if present.is_empty() { String::new() } else { on.to_string() };
        for entry in &wanted.entries {
            match by_key.remove(&entry.key) {
                None => changes.list.push(entry.added(&begins)),
                Some(record) => match entry.changed(record, wanted, on) {
                    Some(change) => changes.list.push(change),
                    None => changes.unchanged += 1,
                },
            }
        }
        let is_covered = |record: &&Visible| wanted.coverage.has(record) && is_in_force(record, on);
        changes.in_force = present.iter().filter(is_covered).count();
        let mut missing: Vec<&Visible> = by_key.into_values().filter(is_covered).collect();
        missing.sort_by_key(|record| text(record.get(wanted.key_field)));
        changes.list.extend(missing.into_iter().map(|record| closed(record, wanted, on)));
        changes
    }
}

impl Entry {
    fn added(&self, begins: &str) -> Change {
        let row = self.row(begins, "");
        Change { kind: ChangeKind::Added, key: self.key.clone(), name: self.name.clone(), fields: Vec::new(), row }
    }

    fn changed(&self, record: &Visible, wanted: &Wanted, on: Date) -> Option<Change> {
        let mut fields: Vec<FieldChange> = wanted
            .columns
            .iter()
            .zip(&self.values)
            .map(|(field, after)| FieldChange { field, before: text(record.get(field)), after: after.clone() })
            .filter(|change| change.before != change.after)
            .collect();
        let until = text(record.get(VALID_UNTIL));
        // A last day that is still to come was entered by somebody who knows more than the file.
        let was_closed = !is_in_force(record, on);
        let kind = match (fields.is_empty(), was_closed) {
            (true, false) => return None,
            (_, true) => ChangeKind::Reopened,
            (false, false) => ChangeKind::Changed,
        };
        let kept = if was_closed { String::new() } else { until.clone() };
        if was_closed {
            fields.push(FieldChange { field: VALID_UNTIL, before: until, after: String::new() });
        }
        let row = self.row(&text(record.get(VALID_FROM)), &kept);
        Some(Change { kind, key: self.key.clone(), name: self.name.clone(), fields, row })
    }

    fn row(&self, from: &str, until: &str) -> Vec<String> {
        let ends = [from.to_owned(), until.to_owned()];
        std::iter::once(self.key.clone()).chain(self.values.iter().cloned()).chain(ends).collect()
    }
}

fn closed(record: &Visible, wanted: &Wanted, on: Date) -> Change {
    let key = text(record.get(wanted.key_field));
    let from = record.get(VALID_FROM).as_date();
    // The day before, but not before the first day of what began today.
    let last = on.checked_sub(1.day()).unwrap_or(on).max(from.unwrap_or(Date::MIN)).to_string();
    let values: Vec<String> = wanted.columns.iter().map(|field| text(record.get(field))).collect();
    let name = wanted.name_fields.iter().map(|field| text(record.get(field))).collect::<Vec<_>>().join(" ");
    let entry = Entry { key, name, values };
    let row = entry.row(&text(record.get(VALID_FROM)), &last);
    let fields = vec![FieldChange { field: VALID_UNTIL, before: text(record.get(VALID_UNTIL)), after: last }];
    Change { kind: ChangeKind::Closed, key: entry.key, name: entry.name, fields, row }
}

/// Whether a record is valid on a day, or will be until a day to come.
pub(crate) fn is_in_force(record: &Visible, on: Date) -> bool {
    record.get(VALID_UNTIL).as_date().is_none_or(|last| last >= on)
}

/// A point as an import reads it: latitude, longitude.
pub(super) fn point(latitude: f64, longitude: f64) -> String {
    format!("{latitude:.7}, {longitude:.7}")
}

/// A value as a row of a file has it.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Bool(answer) => answer.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Date(date) => date.to_string(),
        Value::Record(id) => id.to_string(),
        Value::Geometry(geometry) => {
            let at = geometry.bounding_box();
            point(at.south, at.west)
        }
        _ => String::new(),
    }
}
