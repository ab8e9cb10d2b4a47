//! The same checks for child rows.

use std::collections::HashSet;

use kawasemi_kernel::{ChildRow, Value};
use kawasemi_schema::{FieldDef, FieldKind};

use super::{Check, NewReference, missing};
use crate::field::FieldError;

impl Check<'_> {
    /// Gives new rows an id. An id that no row of the record had before is not believed.
    pub(super) fn with_ids(&self, rows: Vec<ChildRow>, before: &Value) -> Vec<ChildRow> {
        let mut known: HashSet<_> = match before {
            Value::Rows(rows) => rows.iter().map(|row| row.id).collect(),
            _ => HashSet::new(),
        };
        let own = |mut row: ChildRow| {
            if !known.remove(&row.id) {
                row.id = self.against.ids.next();
            }
            row
        };
        rows.into_iter().map(own).collect()
    }

    pub(super) fn leave_out_in_rows(&mut self) {
        for field in self.ledger_fields() {
            let FieldKind::Rows { fields, .. } = &field.kind else { continue };
            let Some(Value::Rows(mut rows)) = self.fields.remove(&field.key) else { continue };
            for row in &mut rows {
                for row_field in fields {
                    let shown = &self.against.rules.conditions_of_row(&field.key, &row_field.key).shown;
                    if shown.as_ref().is_some_and(|shown| !shown.matches(&row.fields, self.against.params)) {
                        row.fields.remove(&row_field.key);
                    }
                }
            }
            self.put(&field.key, Value::Rows(rows));
        }
    }

    pub(super) fn require_in_rows(&mut self) {
        let mut mistakes = Vec::new();
        for field in self.ledger_fields() {
            let (FieldKind::Rows { fields, .. }, Value::Rows(rows)) = (&field.kind, self.value(&field.key)) else {
                continue;
            };
            for (index, row) in rows.iter().enumerate() {
                let open = fields.iter().filter(|f| row.fields.get(&f.key).is_none_or(Value::is_null));
                mistakes.extend(open.filter(|f| self.is_required(field, f, row)).map(|f| FieldError {
                    field: format!("{}.{index}.{}", field.key, f.key),
                    label: format!("{} {}行目 {}", field.label.ja(), index + 1, f.label.ja()),
                    message: missing(&f.kind).to_owned(),
                }));
            }
        }
        self.mistakes.extend(mistakes);
    }

    fn is_required(&self, field: &FieldDef, row_field: &FieldDef, row: &ChildRow) -> bool {
        let conditions = self.against.rules.conditions_of_row(&field.key, &row_field.key);
        let holds = |expr: &kawasemi_filter::Expr| expr.matches(&row.fields, self.against.params);
        let is_asked = conditions.shown.as_ref().is_none_or(holds);
        is_asked && (row_field.required || conditions.required.as_ref().is_some_and(holds))
    }
}

/// The references in child rows. All are looked at again when any row changed.
pub(super) fn references(field: &FieldDef, fields: &[FieldDef], rows: &[ChildRow]) -> Vec<NewReference> {
    let of_row = |(index, row): (usize, &ChildRow)| {
        let found = fields.iter().filter_map(|f| match (&f.kind, row.fields.get(&f.key)) {
            (FieldKind::Reference { target }, Some(Value::Record(id))) => Some(NewReference {
                field: format!("{}.{index}.{}", field.key, f.key),
                label: format!("{} {}行目 {}", field.label.ja(), index + 1, f.label.ja()),
                target: target.clone(),
                id: *id,
            }),
            _ => None,
        });
        found.collect::<Vec<_>>()
    };
    rows.iter().enumerate().flat_map(of_row).collect()
}
