//! A new record but for its number, which is known only inside the write.

use std::sync::Arc;

use kawasemi_kernel::RecordId;
use serde_json::Value as Json;
use uuid::Uuid;

use super::write::{Kind, meta, payload};
use crate::audit::{self, Draft};
use crate::ledger::Ledger;
use crate::sql::{Param, Sql};
use crate::unit::Statement;

/// Everything about a new record that does not depend on its number.
pub(super) struct Creation {
    pub ledger: Arc<Ledger>,
    pub id: RecordId,
    /// The audit entry's id and salt.
    pub entry: Uuid,
    pub salt: [u8; 32],
    pub batch: i64,
    pub actor: String,
    pub at: i64,
    pub reason: String,
    pub fields: Json,
    /// The values of the fields' columns.
    pub columns: Vec<Param>,
    /// The search texts of the ledger's levels.
    pub search_texts: Vec<Param>,
    /// What follows the record's row: search entries and child rows.
    pub dependents: Vec<Statement>,
}

impl Creation {
    /// The statements that create the record.
    pub fn statements(&self, number: Option<&str>) -> Vec<Statement> {
        let entry = Draft {
            id: self.entry,
            ledger: self.ledger.key(),
            record: self.id.0,
            revision: 1,
            kind: Kind::Create.key(),
            actor: &self.actor,
            at: self.at,
            batch: self.batch,
            meta: &meta(&self.ledger, self.batch),
            salt: self.salt,
            payload: &payload(number, &self.reason, Some(self.fields.clone())),
            prev: &audit::FIRST,
        };
        let (chain, audited) = entry.statements();
        let mut statements = Vec::with_capacity(3 + self.dependents.len());
        statements.push(self.row(number, chain));
        statements.extend(self.dependents.iter().cloned());
        statements.extend(audited);
        statements
    }

    /// Every record of a ledger names the same columns, filled or not, so that the statement stays prepared.
    fn row(&self, number: Option<&str>, chain: [u8; 32]) -> Statement {
        let mut sql = Sql::text("(");
        sql.bind_list([
            self.id.0.into(),
            number.into(),
            1.into(),
            self.ledger.version.into(),
            self.batch.into(),
            self.at.into(),
            Param::from(&self.actor),
            self.at.into(),
            Param::from(&self.actor),
            chain.into(),
        ]);
        for param in self.columns.iter().chain(&self.search_texts) {
            sql.push(", ").bind(param.clone());
        }
        sql.push(")");
        Statement::row(self.ledger.insertion(), &sql)
    }
}

/// The statements of many creations: the rows of all, then what follows them, table by table, so that insertions of the same
/// kind stand beside one another and can be joined.
pub(super) fn together(creations: impl IntoIterator<Item = Vec<Statement>>) -> Vec<Statement> {
    let mut layers: Vec<Vec<Statement>> = Vec::new();
    for statements in creations {
        for (place, statement) in statements.into_iter().enumerate() {
            match layers.get_mut(place) {
                Some(layer) => layer.push(statement),
                None => layers.push(vec![statement]),
            }
        }
    }
    layers.into_iter().flatten().collect()
}
