//! Records of other ledgers that refer to a record.

use kawasemi_identity::Context;
use kawasemi_identity::grants::Reach;
use kawasemi_kernel::RecordId;
use kawasemi_schema::{Action, FieldDef, LedgerDef};
use kawasemi_store::Sql;
use kawasemi_store::record::read::RECORDS;

use crate::error::{LedgerError, Result};
use crate::ledgers::{Gate, Ledgers};
use crate::read::Bounded;
use crate::record::Visible;
use crate::select::ListRequest;

/// How far related records are counted.
const COUNTED: u64 = 1_000;

/// The records of one ledger that refer to a record through one field.
#[derive(Clone, Debug, PartialEq)]
pub struct Related {
    /// The ledger's key.
    pub ledger: String,
    /// Its name for people.
    pub title: String,
    /// The field that refers.
    pub field: String,
    /// Its name for people.
    pub label: String,
    /// The first of them, in the ledger's order.
    pub records: Vec<Visible>,
    /// How many there are.
    pub count: Bounded,
}

impl Related {
    /// The CQL2 filter that lists them all.
    pub fn filter(&self, id: RecordId) -> String {
        format!("{} = '{id}'", self.field)
    }
}

impl Ledgers {
    /// The records that refer to a record, the first few of each ledger. Each ledger's own grants decide what is shown.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] when the record may not be seen.
    pub async fn related(&self, context: &Context, ledger: &str, id: RecordId, first: u32) -> Result<Vec<Related>> {
        let gate = self.gate_for(context, ledger, Action::Read)?;
        self.any_row_for(&gate, id, Action::Read).await?;
        let compiled = self.compiled()?;
        let mut related = Vec::new();
        for (other, field) in compiled.catalogue.definitions().referring_to(ledger) {
            let Ok(other_gate) = self.gate_for(context, &other.key, Action::Read) else { continue };
            let request = ListRequest {
                filter: Some(format!("{} = '{id}'", field.key)),
                fields: Some(shown_fields(&other_gate)),
                limit: first,
                ..ListRequest::default()
            };
            let page = match self.list(context, &other.key, &request).await {
                Ok(page) if page.records.is_empty() => continue,
                Ok(page) => page,
                // Neither the ledger nor the field exists for this caller.
                Err(LedgerError::NotFound | LedgerError::UnknownField { .. } | LedgerError::Filter(_)) => continue,
                Err(error) => return Err(error),
            };
            let count = match page.next {
                None => Bounded { count: page.records.len() as u64, more: false },
                Some(_) => self.count(context, &other.key, &request, COUNTED).await?,
            };
            related.push(Related {
                ledger: other.key.clone(),
                title: other.title.get(context.lang).to_owned(),
                field: field.key.clone(),
                label: field.label.get(context.lang).to_owned(),
                records: page.records,
                count,
            });
        }
        Ok(related)
    }

    /// Refuses while any record that is not deleted refers to this one. Which ledgers these are is said only as far as the
    /// caller may see such a record there, by the field that refers.
    pub(crate) async fn refuse_while_referred(&self, context: &Context, gate: &Gate, id: RecordId) -> Result<()> {
        let compiled = self.compiled()?;
        let mut by = Vec::new();
        let mut is_referred = false;
        for (other, field) in compiled.catalogue.definitions().referring_to(gate.ledger.key()) {
            let mut sql = Sql::text("SELECT 1 FROM ");
            sql.table(&other.table()).push(" WHERE ").ident(&field.key).push(" = ").bind(id.0);
            sql.push(" AND \"deleted_at\" IS NULL AND \"id\" <> ").bind(id.0).push(" LIMIT 1");
            if self.city().read_one(sql).await?.is_none() {
                continue;
            }
            is_referred = true;
            if self.shows_reference(context, other, field, id).await? {
                by.push(other.title.get(context.lang).to_owned());
            }
        }
        if !is_referred {
            return Ok(());
        }
        by.dedup();
        let by = if by.is_empty() { "ほかの台帳".to_owned() } else { by.join("・") };
        Err(LedgerError::Referred { by })
    }
}

impl Ledgers {
    /// Whether the caller sees a record that refers to another one through a field. Where the grants can't be asked in SQL
    /// alone, nothing is said.
    async fn shows_reference(&self, context: &Context, by: &LedgerDef, field: &FieldDef, id: RecordId) -> Result<bool> {
        let Ok(gate) = self.gate_for(context, &by.key, Action::Read) else { return Ok(false) };
        let granted = gate.condition(Action::Read, Reach::of(field), self.dialect());
        let Some(granted) = granted.filter(|granted| granted.exact.is_none()) else { return Ok(false) };
        let mut sql = Sql::text("SELECT 1 FROM ");
        sql.table(&by.table()).push(" AS ").ident(RECORDS).push(" WHERE ").column(RECORDS, &field.key).push(" = ");
        sql.bind(id.0).push(" AND ").column(RECORDS, "deleted_at").push(" IS NULL AND (").append(&granted.condition);
        sql.push(") LIMIT 1");
        Ok(self.city().read_one(sql).await?.is_some())
    }
}

/// What a short list of a ledger shows: its columns, the fields by which records are called, and as of which day those of
/// another system are known.
fn shown_fields(gate: &Gate) -> Vec<String> {
    let (columns, label) = (&gate.def().list.columns, &gate.def().label);
    let visible = gate.access.visible_fields(Action::Read).map(|field| &field.key);
    let is_of_master =
        |key: &String| gate.def().master.as_ref().is_some_and(|master| *key == master.field || *key == master.stamp);
    visible.filter(|key| columns.contains(key) || label.contains(key) || is_of_master(key)).cloned().collect()
}
