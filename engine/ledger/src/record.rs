//! A record as one person may see it.
//!
//! [`Visible`] is made from a stored row and the clearance that the row's grants give the caller, and in no other way: a
//! field above that clearance is not in it, nor is any trace of whether it holds anything.

use std::borrow::Cow;

use jiff::Timestamp;
use kawasemi_filter::RecordView;
use kawasemi_identity::grants::{Access, Reach};
use kawasemi_kernel::{Actor, Fields, RecordId, Value};
use kawasemi_schema::{Action, Clearance, FieldDef, FieldKind, LedgerDef};
use kawasemi_store::record::RecordRow;

/// A record, as far as the caller may see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Visible {
    /// Its id.
    pub id: RecordId,
    /// Its human number, where the ledger gives them.
    pub number: Option<String>,
    /// How often it was written, from 1. What a change has to name.
    pub revision: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// By whom; none where the caller may not know.
    pub created_by: Option<Actor>,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// By whom; none where the caller may not know.
    pub updated_by: Option<Actor>,
    /// When it was deleted; none while it is not.
    pub deleted_at: Option<Timestamp>,
    /// The most closed fields that are shown.
    pub clearance: Clearance,
    /// Whether somebody of the record is under protection (支援措置).
    pub protected: bool,
    /// Whether that hides the protected fields from the caller.
    pub hidden: bool,
    /// What the caller may do with this record.
    pub may: May,
    fields: Fields,
}

/// What a caller may do with one record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct May {
    /// Change it.
    pub update: bool,
    /// Delete it, or bring it back.
    pub delete: bool,
}

impl Visible {
    /// What a caller may see of a row; none if no grant matches it.
    pub(crate) fn of(ledger: &LedgerDef, access: &Access, row: RecordRow) -> Option<Self> {
        Self::through(ledger, access, Action::Read, row)
    }

    /// What a caller gets of a row by an action, which is reading or taking out.
    pub(crate) fn through(ledger: &LedgerDef, access: &Access, action: Action, row: RecordRow) -> Option<Self> {
        let view = RowView(&row);
        let clearance = access.row_clearance(action, &view)?;
        let may = May {
            update: access.row_clearance(Action::Update, &view).is_some(),
            delete: access.row_clearance(Action::Delete, &view).is_some(),
        };
        let hidden = access.hides(row.id, row.protected);
        let by = |actor: Actor| (clearance >= Clearance::Internal).then_some(actor);
        Some(Self {
            id: row.id,
            revision: row.revision,
            created_at: row.created_at,
            created_by: by(row.created_by),
            updated_at: row.updated_at,
            updated_by: by(row.updated_by),
            deleted_at: row.deleted_at,
            clearance,
            protected: row.protected,
            hidden,
            may,
            fields: masked(&ledger.fields, row.fields, Shown { clearance, hidden }),
            number: row.number,
        })
    }

    /// The value of a field; nothing where it is empty or may not be seen.
    pub fn get(&self, key: &str) -> &Value {
        self.fields.get(key).unwrap_or(&Value::Null)
    }

    /// The fields that are filled in and may be seen.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// Whether a field is kept from the caller in this record.
    pub fn is_masked(&self, field: &FieldDef) -> bool {
        !Shown { clearance: self.clearance, hidden: self.hidden }.has(field)
    }

    /// Keeps only the fields with these keys.
    pub(crate) fn only(&mut self, keys: &[String]) {
        self.fields.retain(|key, _| keys.contains(key));
    }

    /// Leaves out the fields with these keys.
    pub(crate) fn without(&mut self, keys: &[String]) {
        keys.iter().for_each(|key| drop(self.fields.remove(key)));
    }
}

impl RecordView for Visible {
    fn value(&self, key: &str) -> Cow<'_, Value> {
        match key {
            "id" => Cow::Owned(Value::Record(self.id)),
            "number" => Cow::Owned(self.number.clone().map_or(Value::Null, Value::Text)),
            "revision" => Cow::Owned(Value::Int(self.revision)),
            "created_at" => Cow::Owned(Value::Instant(self.created_at)),
            "updated_at" => Cow::Owned(Value::Instant(self.updated_at)),
            "created_by" => Cow::Owned(self.created_by.map_or(Value::Null, |by| Value::Text(by.to_string()))),
            "updated_by" => Cow::Owned(self.updated_by.map_or(Value::Null, |by| Value::Text(by.to_string()))),
            key => Cow::Borrowed(self.get(key)),
        }
    }
}

/// How much of a record is shown to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    /// The most closed fields.
    pub clearance: Clearance,
    /// Whether protected fields are hidden.
    pub hidden: bool,
}

impl Shown {
    /// How much of a row a caller sees through an action; none if no grant matches it.
    pub fn of(access: &Access, action: Action, row: &RecordRow) -> Option<Self> {
        let clearance = access.row_clearance(action, &RowView(row))?;
        Some(Self { clearance, hidden: access.hides(row.id, row.protected) })
    }

    /// Whether a field is part of it.
    pub fn has(self, field: &FieldDef) -> bool {
        field.clearance <= self.clearance && !(field.protected && self.hidden)
    }

    /// Whether it is enough for a question.
    pub fn reaches(self, needed: Reach) -> bool {
        self.clearance >= needed.clearance && !(needed.protected && self.hidden)
    }
}

/// The fields that are shown, those of child rows included.
pub(crate) fn masked(fields: &[FieldDef], mut values: Fields, how: Shown) -> Fields {
    if fields.iter().all(|field| is_open(field, how)) {
        return values;
    }
    let mut shown = Fields::new();
    for field in fields.iter().filter(|field| how.has(field)) {
        let Some(value) = values.remove(&field.key) else { continue };
        let value = match (&field.kind, value) {
            (FieldKind::Rows { fields, .. }, Value::Rows(mut rows)) => {
                for row in &mut rows {
                    row.fields = masked(fields, std::mem::take(&mut row.fields), how);
                }
                Value::Rows(rows)
            }
            (_, value) => value,
        };
        shown.insert(field.key.clone(), value);
    }
    shown
}

/// Whether nothing of a field is kept back.
fn is_open(field: &FieldDef, how: Shown) -> bool {
    let of_rows = match &field.kind {
        FieldKind::Rows { fields, .. } => fields.as_slice(),
        _ => &[],
    };
    how.has(field) && of_rows.iter().all(|field| is_open(field, how))
}

/// A stored row as grants and filters look at it.
pub(crate) struct RowView<'a>(pub &'a RecordRow);

impl RecordView for RowView<'_> {
    fn value(&self, key: &str) -> Cow<'_, Value> {
        let row = self.0;
        match key {
            "id" => Cow::Owned(Value::Record(row.id)),
            "number" => Cow::Owned(row.number.clone().map_or(Value::Null, Value::Text)),
            "revision" => Cow::Owned(Value::Int(row.revision)),
            "created_at" => Cow::Owned(Value::Instant(row.created_at)),
            "updated_at" => Cow::Owned(Value::Instant(row.updated_at)),
            "created_by" => Cow::Owned(Value::Text(row.created_by.to_string())),
            "updated_by" => Cow::Owned(Value::Text(row.updated_by.to_string())),
            key => row.fields.get(key).map_or(Cow::Owned(Value::Null), Cow::Borrowed),
        }
    }
}
