//! Leading references from one record to another, for merging records of the same thing (名寄せ), and back again.
//!
//! Everything happens in one unit: the references of all ledgers, what is changed in the two records themselves, and the
//! statements by which the caller remembers it. History names who did it and why, in every record. The caller's grants are asked
//! for the two records; the records that refer to them belong to others, who will find the person under the one name.

use kawasemi_identity::Context;
use kawasemi_kernel::{Fields, RecordId, Value};
use kawasemi_schema::{Action, FieldDef, FieldKind};
use kawasemi_store::ledger::Ledger;
use kawasemi_store::record::{RecordUnit, read};
use kawasemi_store::{Sql, Statement, StoreError};
use uuid::Uuid;

use crate::draft::Draft;
use crate::error::{LedgerError, Result};
use crate::ledgers::Ledgers;
use crate::write::write_error;

/// Most records that may refer to a record that is merged: they are changed in one unit.
const MOST: usize = 5_000;

/// A reference that was led elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The ledger that refers.
    pub ledger: String,
    /// The record.
    pub record: RecordId,
    /// The field, or that of the child rows.
    pub field: String,
    /// The child row and its field, where it stands in one.
    pub row: Option<(Uuid, String)>,
}

/// An act on one of the two records, from the revision at which it was read.
#[derive(Clone, Debug)]
pub struct Own {
    /// The record.
    pub record: RecordId,
    /// The revision.
    pub revision: i64,
    /// What is done with it.
    pub act: OwnAct,
}

/// What is done with one of the two records.
#[derive(Clone, Debug)]
pub enum OwnAct {
    /// Its fields are changed.
    Change(Draft),
    /// It is deleted.
    Delete,
    /// It is brought back.
    Restore,
}

impl Ledgers {
    /// Every reference to a record from records that are not deleted.
    ///
    /// # Errors
    /// [`LedgerError::Refused`] when there are more than can be moved at once.
    pub async fn referring(&self, ledger: &str, to: RecordId) -> Result<Vec<Moved>> {
        let compiled = self.compiled()?;
        let mut found = Vec::new();
        for other in compiled.catalogue.iter() {
            for (field, inner) in references(&other.def.fields, ledger) {
                found.extend(self.referring_by(other, field, inner, to).await?);
                if found.len() > MOST {
                    return Err(LedgerError::Refused(format!(
                        "この記録を参照する記録が{MOST}件を超えるため、一度にまとめられません。システム担当に相談してください。"
                    )));
                }
            }
        }
        Ok(found)
    }

    async fn referring_by(
        &self,
        other: &Ledger,
        field: &FieldDef,
        inner: Option<&FieldDef>,
        to: RecordId,
    ) -> Result<Vec<Moved>> {
        let mut sql = Sql::text("SELECT ");
        match inner {
            None => {
                sql.column("r", "id").push(", NULL FROM ").table(other.table()).push(" AS \"r\" WHERE ");
                sql.column("r", &field.key).push(" = ").bind(to.0);
            }
            Some(inner) => {
                sql.column("r", "id")
                    .push(", ")
                    .column("k", "_id")
                    .push(" FROM ")
                    .table(&other.child_table(&field.key));
                sql.push(" AS \"k\" JOIN ").table(other.table()).push(" AS \"r\" ON ").column("r", "id").push(" = ");
                sql.column("k", "_record").push(" WHERE ").column("k", &inner.key).push(" = ").bind(to.0);
            }
        }
        sql.push(" AND ").column("r", "deleted_at").push(" IS NULL LIMIT ").number(MOST as i64 + 1);
        let moved = |row: &kawasemi_store::Row| -> Result<Moved> {
            let within: Option<Uuid> = row.get(1)?;
            let row_of = within.zip(inner).map(|(id, inner)| (id, inner.key.clone()));
            let (ledger, field) = (other.key().to_owned(), field.key.clone());
            Ok(Moved { ledger, record: RecordId(row.get(0)?), field, row: row_of })
        };
        self.city().read(sql).await?.iter().map(moved).collect()
    }

    /// Leads references from one record of a ledger to another, and changes records of that ledger itself. `also` runs in
    /// the same unit. A reference that somebody has led elsewhere meanwhile stays; those that were moved are answered.
    ///
    /// # Errors
    /// [`LedgerError::Forbidden`], [`LedgerError::Invalid`], and [`LedgerError::Refused`] when somebody changed one of
    /// the records meanwhile: nothing is written then.
    pub async fn relink(
        &self,
        context: &Context,
        ledger: &str,
        (from, to): (RecordId, RecordId),
        references: Vec<Moved>,
        own: Vec<Own>,
        also: impl FnOnce(&[Moved]) -> Vec<Statement>,
    ) -> Result<Vec<Moved>> {
        let gate = self.gate_for(context, ledger, Action::Update)?;
        let compiled = self.compiled()?;
        let mut unit = RecordUnit::new(self.dialect(), &context.act, self.ids());
        let mut moved = Vec::new();
        for (key, record, parts) in by_record(references) {
            let other = compiled.catalogue.get(&key).ok_or(LedgerError::NotFound)?;
            let Some(before) = read::record(self.city(), other, record).await? else { continue };
            let mut fields = before.fields.clone();
            let led: Vec<Moved> = parts.into_iter().filter(|part| lead(&mut fields, part, from, to)).collect();
            if before.deleted_at.is_none() && !led.is_empty() {
                unit.update(other, &before, &fields)?;
                moved.extend(led);
            }
        }
        for Own { record, revision, act } in own {
            let action = if matches!(act, OwnAct::Change(_)) { Action::Update } else { Action::Delete };
            let row = self.any_row_for(&gate, record, action).await?;
            if row.revision != revision || row.deleted_at.is_some() != matches!(act, OwnAct::Restore) {
                return Err(changed_meanwhile());
            }
            match act {
                OwnAct::Change(draft) => {
                    let checked = self.check_change(context, &gate, &row, &draft)?;
                    if checked.is_changed() {
                        unit.update(&gate.ledger, &row, checked.fields())?;
                    }
                }
                OwnAct::Delete => unit.delete(&gate.ledger, &row),
                OwnAct::Restore => unit.restore(&gate.ledger, &row),
            }
        }
        also(&moved).into_iter().for_each(|statement| unit.add(statement));
        match self.city().write(unit.into_unit()).await {
            Ok(_) => Ok(moved),
            Err(StoreError::Conflict) => Err(changed_meanwhile()),
            Err(error) => Err(write_error(&gate, error)),
        }
    }
}

fn changed_meanwhile() -> LedgerError {
    let text = "確認している間に、ほかの人が記録を変更しました。今の内容を確かめてから、もう一度操作してください。";
    LedgerError::Refused(text.to_owned())
}

/// The fields of a ledger that refer to another, those of child rows with the field that holds them.
fn references<'a>(fields: &'a [FieldDef], to: &'a str) -> impl Iterator<Item = (&'a FieldDef, Option<&'a FieldDef>)> {
    let leads = move |field: &FieldDef| matches!(&field.kind, FieldKind::Reference { target } if target == to);
    fields.iter().flat_map(move |field| -> Vec<(&FieldDef, Option<&FieldDef>)> {
        match &field.kind {
            FieldKind::Rows { fields, .. } => {
                fields.iter().filter(|inner| leads(inner)).map(|inner| (field, Some(inner))).collect()
            }
            _ if leads(field) => vec![(field, None)],
            _ => Vec::new(),
        }
    })
}

/// The references of each record together: a record is written once.
fn by_record(references: Vec<Moved>) -> Vec<(String, RecordId, Vec<Moved>)> {
    let mut grouped: Vec<(String, RecordId, Vec<Moved>)> = Vec::new();
    let mut sorted = references;
    sorted.sort_by(|a, b| (&a.ledger, a.record).cmp(&(&b.ledger, b.record)));
    for reference in sorted {
        match grouped.last_mut() {
            Some((ledger, record, parts)) if *ledger == reference.ledger && *record == reference.record => {
                parts.push(reference);
            }
            _ => grouped.push((reference.ledger.clone(), reference.record, vec![reference])),
        }
    }
    grouped
}

/// Leads one reference; says whether it was there.
fn lead(fields: &mut Fields, part: &Moved, from: RecordId, to: RecordId) -> bool {
    let set = |value: Option<&mut Value>| match value {
        Some(value) if *value == Value::Record(from) => {
            *value = Value::Record(to);
            true
        }
        _ => false,
    };
    match (&part.row, fields.get_mut(&part.field)) {
        (None, value) => set(value),
        (Some((id, key)), Some(Value::Rows(rows))) => {
            let row = rows.iter_mut().find(|row| row.id == *id);
            set(row.and_then(|row| row.fields.get_mut(key)))
        }
        _ => false,
    }
}
