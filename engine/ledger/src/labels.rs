//! The names of records that others refer to, in one query for each ledger they belong to.

use std::collections::{BTreeMap, BTreeSet};

use kawasemi_identity::{Context, Manner};
use kawasemi_kernel::{Fields, RecordId, Value};
use kawasemi_schema::{Action, FieldDef, FieldKind, LedgerDef};
use kawasemi_store::record::read::{self, Projection};

use crate::error::Result;
use crate::field::{self, Labels, Style};
use crate::ledgers::{Gate, Ledgers, PersonalData};
use crate::record::Visible;

/// What stands for a record that the caller may not see, or that is not there: the same words.
const HIDDEN: &str = "（閲覧できない記録）";
/// What stands for a record without anything by which to call it.
const NAMELESS: &str = "（名称なし）";

impl Ledgers {
    /// The names of all records to which records of a page refer.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn labels(&self, context: &Context, ledger: &str, records: &[Visible]) -> Result<Labels> {
        let gate = self.gate(context, ledger)?;
        let mut wanted = Wanted::default();
        for record in records {
            wanted.add(&gate.def().fields, record.fields());
        }
        self.labels_for(context, wanted).await
    }

    /// The names of records of one ledger, as far as the caller may see them.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn labels_of(&self, context: &Context, ledger: &str, ids: &[RecordId]) -> Result<Labels> {
        let mut wanted = Wanted::default();
        wanted.by_ledger.entry(ledger.to_owned()).or_default().extend(ids);
        self.labels_for(context, wanted).await
    }

    pub(crate) async fn labels_for(&self, context: &Context, wanted: Wanted) -> Result<Labels> {
        let mut labels = Labels::new();
        for (ledger, ids) in wanted.by_ledger {
            let ids: Vec<RecordId> = ids.into_iter().collect();
            labels.extend(ids.iter().map(|id| (*id, HIDDEN.to_owned())));
            let Ok(gate) = self.gate_for(context, &ledger, Action::Read) else { continue };
            let projection = gate.projection(gate.def().label.iter().map(String::as_str));
            let mut personal = PersonalData::default();
            for row in read::records(self.city(), &gate.ledger, &projection, &ids).await? {
                let Some(mut record) = Visible::of(gate.def(), &gate.access, row) else { continue };
                record.only(&gate.def().label);
                personal.add(gate.def(), record.id, record.fields());
                labels.insert(record.id, label(gate.def(), &record, context));
            }
            self.note_access(context, &ledger, Manner::List, personal).await?;
        }
        Ok(labels)
    }
}

/// The name of a record, from those of its label fields that may be seen.
pub(crate) fn label(ledger: &LedgerDef, record: &Visible, context: &Context) -> String {
    let style = Style::page(context.lang);
    let shown =
        ledger.label.iter().filter_map(|key| ledger.field(key)).map(|f| field::show(f, record.get(&f.key), &style));
    let parts: Vec<String> = shown.filter(|text| !text.is_empty()).collect();
    let name = match (parts.is_empty(), &record.number) {
        (false, _) => parts.join(" "),
        (true, Some(number)) => number.clone(),
        (true, None) => NAMELESS.to_owned(),
    };
    if record.deleted_at.is_some() { format!("{name}（削除済み）") } else { name }
}

impl Gate {
    /// The fields that are asked for, with those on which the grants decide row by row.
    pub fn projection<'a>(&'a self, keys: impl IntoIterator<Item = &'a str>) -> Projection {
        let mut wanted: BTreeSet<&str> = keys.into_iter().collect();
        for action in [Action::Read, Action::Export, Action::Update, Action::Delete] {
            wanted.extend(self.access.row_properties(action));
        }
        let in_order = self.def().fields.iter().map(|field| field.key.as_str()).filter(|key| wanted.contains(key));
        Projection::fields(&self.ledger, in_order)
    }
}

/// Which records' names are wanted, by ledger.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    pub by_ledger: BTreeMap<String, BTreeSet<RecordId>>,
}

impl Wanted {
    /// Adds every reference in the fields of a record, those in child rows included.
    pub fn add(&mut self, defs: &[FieldDef], fields: &Fields) {
        for def in defs {
            match (&def.kind, fields.get(&def.key)) {
                (_, None) => {}
                (FieldKind::Rows { fields: defs, .. }, Some(Value::Rows(rows))) => {
                    rows.iter().for_each(|row| self.add(defs, &row.fields));
                }
                (_, Some(value)) => self.add_value(def, value),
            }
        }
    }

    /// Adds the record to which a value refers.
    pub fn add_value(&mut self, def: &FieldDef, value: &Value) {
        let kind = match &def.kind {
            FieldKind::Computed { result, .. } => result,
            kind => kind,
        };
        match (kind, value) {
            (FieldKind::Reference { target }, Value::Record(id)) => {
                self.by_ledger.entry(target.clone()).or_default().insert(*id);
            }
            (FieldKind::Rows { fields, .. }, Value::Rows(rows)) => {
                rows.iter().for_each(|row| self.add(fields, &row.fields));
            }
            _ => {}
        }
    }
}
