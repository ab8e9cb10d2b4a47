//! The write unit of acts on records: row, revision, audit entry, search entry, number and events together.
//!
//! A [`RecordUnit`] gathers one or many acts (an import writes five hundred records at a time) and becomes one [`Unit`].
//! Creating a record costs four statements, and one more where it takes a number; changing one costs three, and two more
//! where its search text changed.

use std::sync::Arc;

use kawasemi_kernel::{Act, Fields, IdSource, RecordId, Value};
use kawasemi_schema::FieldDef;
use serde_json::{Value as Json, json};

use super::creation::{self, Creation};
use super::number::Numbering;
use super::search_text::RecordTexts;
use super::{RecordRow, children, columns, search_entry, snapshot};
use crate::audit::Draft;
use crate::error::{Result, StoreError};
use crate::ledger::Ledger;
use crate::sql::{Dialect, Param, Sql};
use crate::unit::{NumberRequest, Statement, Unit, Unmet};

/// What an act does to a record, as the audit trail names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Creates it.
    Create,
    /// Changes its fields.
    Update,
    /// Deletes it, so that it can be restored.
    Delete,
    /// Brings it back.
    Restore,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Create, Self::Update, Self::Delete, Self::Restore];

    /// The kind with a name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }

    /// The name in the audit trail.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Restore => "restore",
        }
    }
}

/// Acts on records that are written together.
pub struct RecordUnit<'a> {
    dialect: Dialect,
    act: &'a Act,
    ids: &'a dyn IdSource,
    batch: i64,
    statements: Vec<Statement>,
    /// Creations one after the other, which are written together.
    creations: Vec<Vec<Statement>>,
    numbered: Vec<(Numbering, Creation)>,
}

impl<'a> RecordUnit<'a> {
    /// Begins a unit of acts by one person at one moment. Ids and salts of audit entries are taken from `ids`.
    #[must_use]
    pub fn new(dialect: Dialect, act: &'a Act, ids: &'a dyn IdSource) -> Self {
        Self { dialect, act, ids, batch: 0, statements: Vec::new(), creations: Vec::new(), numbered: Vec::new() }
    }

    /// Lets the records that are created belong to a batch, invisible until it is published.
    #[must_use]
    pub fn in_batch(mut self, batch: i64) -> Self {
        self.batch = batch;
        self
    }

    /// Creates a record with checked fields.
    ///
    /// # Errors
    /// [`StoreError::Check`] when a value is not of its field's kind.
    pub fn create(&mut self, ledger: &Arc<Ledger>, id: RecordId, fields: &Fields) -> Result<()> {
        let search = RecordTexts::of(ledger, fields);
        let creation = Creation {
            ledger: Arc::clone(ledger),
            id,
            entry: self.ids.next(),
            salt: self.salt(),
            batch: self.batch,
            actor: self.act.actor.to_string(),
            at: self.act.at.as_microsecond(),
            reason: self.act.reason.clone(),
            fields: snapshot::to_json(fields),
            columns: encode(&ledger.def.fields, fields)?,
            search_texts: search.params(ledger).collect(),
            dependents: search_entry::add(ledger, self.dialect, id, &search.all)
                .into_iter()
                .chain(children::insert_all(ledger, id, fields)?)
                .collect(),
        };
        match Numbering::of(&ledger.def, self.act.at) {
            Some(numbering) => self.numbered.push((numbering, creation)),
            None => self.creations.push(creation.statements(None)),
        }
        Ok(())
    }

    /// Replaces all fields of a record; refused as a conflict when somebody changed it since it was read. `before` must
    /// have all its fields ([`super::read::record`]): what did not change is not written again.
    ///
    /// # Errors
    /// [`StoreError::Check`] when a value is not of its field's kind.
    pub fn update(&mut self, ledger: &Arc<Ledger>, before: &RecordRow, fields: &Fields) -> Result<()> {
        let encoded = encode(&ledger.def.fields, fields)?;
        let search = RecordTexts::of(ledger, fields);
        let is_found_otherwise = search != RecordTexts::of(ledger, &before.fields);
        self.change(ledger, before, Kind::Update.key(), Some(snapshot::to_json(fields)), |sql| {
            for (column, value) in ledger.field_columns().zip(encoded) {
                sql.push(", ").ident(column).push(" = ").bind(value);
            }
            if is_found_otherwise {
                for (column, text) in ledger.search_columns().zip(search.params(ledger)) {
                    sql.push(", ").ident(&column).push(" = ").bind(text);
                }
            }
        });
        if is_found_otherwise {
            self.statements.push(search_entry::remove(ledger, self.dialect, before.id));
            self.statements.extend(search_entry::add(ledger, self.dialect, before.id, &search.all));
        }
        self.statements.extend(children::replace(ledger, before, fields)?);
        Ok(())
    }

    /// When the acts of the unit happen.
    pub(super) fn at(&self) -> jiff::Timestamp {
        self.act.at
    }

    /// Deletes a record; it can be restored.
    pub fn delete(&mut self, ledger: &Arc<Ledger>, before: &RecordRow) {
        let at = self.act.at.as_microsecond();
        self.change(ledger, before, Kind::Delete.key(), None, |sql| {
            sql.push(", \"deleted_at\" = ").bind(at);
        });
    }

    /// Brings a deleted record back as it was. A unique key that another record has taken meanwhile refuses it.
    pub fn restore(&mut self, ledger: &Arc<Ledger>, before: &RecordRow) {
        self.change(ledger, before, Kind::Restore.key(), None, |sql| {
            sql.push(", \"deleted_at\" = NULL");
        });
    }

    /// Writes an act that changes no field (an approval, a merge) into the record's history. It counts as a revision.
    pub fn note(&mut self, ledger: &Arc<Ledger>, before: &RecordRow, kind: &str) {
        self.change(ledger, before, kind, None, |_| {});
    }

    /// Adds any other statement, such as that of a job ([`crate::jobs::enqueue`]). Statements run in the order in which they were added, before the creation of records
    /// that take a number.
    pub fn add(&mut self, statement: impl Into<Statement>) {
        self.settle();
        self.statements.push(statement.into());
    }

    /// Puts the creations so far before what comes next.
    fn settle(&mut self) {
        self.statements.extend(creation::together(std::mem::take(&mut self.creations)));
    }

    /// The unit, for [`crate::City::write`].
    #[must_use]
    pub fn into_unit(mut self) -> Unit {
        self.settle();
        let mut unit = Unit::of(self.statements);
        let numbered = self.numbered;
        if numbered.is_empty() {
            return unit;
        }
        // Records of one counter take their numbers together.
        let mut requests: Vec<NumberRequest> = Vec::new();
        for (numbering, _) in &numbered {
            match requests.iter_mut().find(|request| request.counter == numbering.counter) {
                Some(request) => request.count += 1,
                None => requests.push(NumberRequest::one(&numbering.counter)),
            }
        }
        let counters: Vec<String> = requests.iter().map(|request| request.counter.clone()).collect();
        unit.finish_with(requests, move |first| {
            let mut next = first.to_vec();
            let mut creations = Vec::with_capacity(numbered.len());
            for (numbering, creation) in &numbered {
                let counter = counters.iter().position(|counter| *counter == numbering.counter);
                let number = &mut next[counter.expect("every record's counter was asked for")];
                creations.push(creation.statements(Some(&numbering.write(*number))));
                *number += 1;
            }
            Ok(creation::together(creations))
        });
        unit
    }

    /// The statement that changes the row if it still is what was read, then the audit entry that follows its last one.
    pub(super) fn change(
        &mut self,
        ledger: &Ledger,
        before: &RecordRow,
        kind: &str,
        fields: Option<Json>,
        set: impl FnOnce(&mut Sql),
    ) {
        let (actor, at) = (self.act.actor.to_string(), self.act.at.as_microsecond());
        let entry = Draft {
            id: self.ids.next(),
            ledger: ledger.key(),
            record: before.id.0,
            revision: before.revision + 1,
            kind,
            actor: &actor,
            at,
            batch: 0,
            meta: &meta(ledger, self.batch),
            salt: self.salt(),
            payload: &payload(before.number.as_deref(), &self.act.reason, fields),
            prev: &before.chain,
        };
        let (chain, audited) = entry.statements();
        let mut sql = Sql::text("UPDATE ");
        sql.table(ledger.table()).push(" SET \"revision\" = ").bind(before.revision + 1);
        sql.push(", \"definition\" = ").bind(ledger.version);
        sql.push(", \"updated_at\" = ").bind(at).push(", \"updated_by\" = ").bind(actor.as_str());
        sql.push(", \"chain\" = ").bind(chain);
        set(&mut sql);
        sql.push(" WHERE \"id\" = ").bind(before.id.0).push(" AND \"revision\" = ").bind(before.revision);
        self.settle();
        // First: a stale save is a conflict, not a unique key of the audit trail.
        self.statements.push(Statement::one_row(sql, Unmet::Conflict));
        self.statements.extend(audited);
    }

    /// Ids carry 74 random bits each.
    fn salt(&self) -> [u8; 32] {
        let mut salt = [0; 32];
        salt[..16].copy_from_slice(self.ids.next().as_bytes());
        salt[16..].copy_from_slice(self.ids.next().as_bytes());
        salt
    }
}

/// The parameters of the fields' columns, in order.
pub(super) fn encode(fields: &[FieldDef], values: &Fields) -> Result<Vec<Param>> {
    let mut params = Vec::with_capacity(fields.len() + 8);
    for field in fields {
        params.extend(columns::encode(field, values.get(&field.key).unwrap_or(&Value::Null))?);
    }
    Ok(params)
}

pub(super) fn meta(ledger: &Ledger, batch: i64) -> String {
    match batch {
        0 => format!(r#"{{"definition":{}}}"#, ledger.version),
        batch => format!(r#"{{"definition":{},"batch":{batch}}}"#, ledger.version),
    }
}

pub(super) fn payload(number: Option<&str>, reason: &str, fields: Option<Json>) -> String {
    let mut payload = serde_json::Map::new();
    payload.extend(number.map(|number| ("number".to_owned(), json!(number))));
    if !reason.is_empty() {
        payload.insert("reason".to_owned(), json!(reason));
    }
    payload.extend(fields.map(|fields| ("fields".to_owned(), fields)));
    Json::Object(payload).to_string()
}

/// Whether an error says that a new record's id was used before, perhaps by the same device's first attempt.
#[must_use]
pub fn is_taken_id(ledger: &Ledger, error: &StoreError) -> bool {
    matches!(error, StoreError::Unique { index } if *index == format!("u_{}__id", ledger.table()))
}
