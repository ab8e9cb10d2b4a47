//! Changing or deleting many records at once: those that were ticked, or all of a list.
//!
//! Every record is checked as if it were changed alone, against its own grants and, where it was ticked, the revision that
//! was on the screen. What can't be changed is listed with its reason and the rest is done. The whole is one batch, which
//! can be undone.

use kawasemi_identity::Context;
use kawasemi_kernel::RecordId;
use kawasemi_schema::Action;
use kawasemi_store::batch;
use kawasemi_store::ledger::Order;
use kawasemi_store::record::{RecordRow, RecordUnit, read};
use kawasemi_store::{Sql, Statement, StoreError};

use crate::draft::Draft;
use crate::error::{LedgerError, Result};
use crate::import::Progress;
use crate::ledgers::{Gate, Ledgers};
use crate::master;
use crate::record::RowView;
use crate::select::ListRequest;
use crate::write::write_error;

/// Records of one unit.
const CHUNK: usize = 200;
/// Most records that were not changed are listed one by one.
const LISTED: usize = 1_000;

/// Which records.
#[derive(Clone, Debug, PartialEq)]
pub enum Targets {
    /// Those that were ticked, with the revisions on the screen.
    Ticked(Vec<(RecordId, i64)>),
    /// All of a list.
    All(Box<ListRequest>),
}

/// What is done to each of them.
#[derive(Clone, Debug, PartialEq)]
pub enum BulkAct {
    /// Sets fields.
    Update(Draft),
    /// Deletes them; they can be restored.
    Delete,
}

/// What a bulk change did.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct BulkReport {
    /// Records that changed.
    pub changed: u64,
    /// Records that say so already.
    pub unchanged: u64,
    /// Records that could not be changed.
    pub failed: u64,
    /// The first of these.
    pub failures: Vec<Failure>,
    /// The batch, for undoing; none where nothing changed.
    pub batch: Option<i64>,
}

/// A record that could not be changed.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Failure {
    /// The record.
    pub id: RecordId,
    /// Its human number, where it has one and may be seen.
    pub number: Option<String>,
    /// Why.
    pub reason: String,
}

impl BulkReport {
    fn fail(&mut self, id: RecordId, number: Option<String>, reason: &LedgerError) {
        self.failed += 1;
        if self.failures.len() < LISTED {
            self.failures.push(Failure { id, number, reason: reason.to_string() });
        }
    }
}

impl Ledgers {
    /// Changes or deletes many records as one batch.
    ///
    /// # Errors
    /// [`LedgerError::Forbidden`], a list that can't be read; what concerns one record is in the report.
    pub async fn bulk(
        &self,
        context: &Context,
        ledger: &str,
        targets: &Targets,
        act: &BulkAct,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<BulkReport> {
        let action = if *act == BulkAct::Delete { Action::Delete } else { Action::Update };
        let gate = self.gate_for(context, ledger, action)?;
        let mut bulk = Bulk { ledgers: self, context, gate: &gate, act, action, report: BulkReport::default() };
        match targets {
            Targets::Ticked(ticked) => {
                for part in ticked.chunks(CHUNK) {
                    bulk.part(part).await?;
                    progress(Progress { rows: bulk.done(), bad: bulk.report.failed, is_updating: true });
                }
            }
            Targets::All(request) => {
                let mut listing = self.listing(context, &gate, Action::Read, request).await?;
                // The order of creation, which no change of a field can alter while we go through it.
                listing.order = Order::default();
                listing.limit = CHUNK;
                listing.fields.clear();
                let mut after = None;
                loop {
                    let page = self.page(&gate, &listing, after).await?;
                    let part: Vec<(RecordId, i64)> = page.records.iter().map(|r| (r.id, r.revision)).collect();
                    bulk.part(&part).await?;
                    progress(Progress { rows: bulk.done(), bad: bulk.report.failed, is_updating: true });
                    match page.next {
                        Some(next) => after = Some(next.parse().map_err(|_| LedgerError::Cursor)?),
                        None => break,
                    }
                }
            }
        }
        Ok(bulk.report)
    }
}

struct Bulk<'a> {
    ledgers: &'a Ledgers,
    context: &'a Context,
    gate: &'a Gate,
    act: &'a BulkAct,
    action: Action,
    report: BulkReport,
}

impl Bulk<'_> {
    fn done(&self) -> u64 {
        self.report.changed + self.report.unchanged + self.report.failed
    }

    async fn part(&mut self, part: &[(RecordId, i64)]) -> Result<()> {
        let mut changes = Vec::new();
        let ids: Vec<RecordId> = part.iter().map(|(id, _)| *id).collect();
        let projection = read::Projection::all(&self.gate.ledger);
        let rows = read::records(self.ledgers.city(), &self.gate.ledger, &projection, &ids).await?;
        for (id, revision) in part {
            let row = rows.iter().find(|row| row.id == *id && row.deleted_at.is_none());
            match self.one(row, *revision).await {
                Ok(Some(change)) => changes.push(change),
                Ok(None) => self.report.unchanged += 1,
                Err(LedgerError::Store(error)) if error != StoreError::Conflict => return Err(error.into()),
                Err(error) => {
                    let seen = row.filter(|row| self.may(Action::Read, row));
                    self.report.fail(*id, seen.and_then(|row| row.number.clone()), &error);
                }
            }
        }
        if changes.is_empty() {
            return Ok(());
        }
        let count = changes.len() as u64;
        let batch = self.batch().await?;
        match self.write(&changes, batch).await {
            Ok(()) => self.report.changed += count,
            // One record of many was changed, or one key taken, meanwhile: each for itself, so that only that one fails.
            Err(StoreError::Conflict | StoreError::Unique { .. }) => self.one_by_one(&changes, batch).await?,
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn may(&self, action: Action, row: &RecordRow) -> bool {
        self.gate.access.row_clearance(action, &RowView(row)).is_some()
    }

    /// What becomes of one record; none where nothing changes.
    async fn one(&self, row: Option<&RecordRow>, revision: i64) -> Result<Option<Change>> {
        let row = row.filter(|row| self.may(Action::Read, row)).ok_or(LedgerError::NotFound)?;
        if !self.may(self.action, row) {
            return Err(LedgerError::Forbidden { action: self.action });
        }
        if row.revision != revision {
            return Err(StoreError::Conflict.into());
        }
        match self.act {
            BulkAct::Delete => {
                master::refuse_deletion(self.gate, row)?;
                self.ledgers.refuse_while_referred(self.context, self.gate, row.id).await?;
                Ok(Some(Change { before: row.clone(), fields: None }))
            }
            BulkAct::Update(draft) => {
                let checked = self.ledgers.check_change(self.context, self.gate, row, draft)?;
                self.ledgers.check_references(self.context, &checked).await?;
                let is_changed = checked.is_changed();
                Ok(is_changed.then(|| Change { before: row.clone(), fields: Some(checked.into_fields()) }))
            }
        }
    }

    async fn write(&self, changes: &[Change], batch: i64) -> Result<(), StoreError> {
        let mut unit = RecordUnit::new(self.ledgers.dialect(), &self.context.act, self.ledgers.ids());
        for change in changes {
            match &change.fields {
                Some(fields) => unit.update(&self.gate.ledger, &change.before, fields)?,
                None => unit.delete(&self.gate.ledger, &change.before),
            }
            unit.add(note(batch, &change.before));
        }
        self.ledgers.city().write(unit.into_unit()).await.map(drop)
    }

    async fn one_by_one(&mut self, changes: &[Change], batch: i64) -> Result<()> {
        for change in changes {
            match self.write(std::slice::from_ref(change), batch).await {
                Ok(()) => self.report.changed += 1,
                Err(error @ (StoreError::Conflict | StoreError::Unique { .. })) => {
                    let reason = write_error(self.gate, error);
                    self.report.fail(change.before.id, change.before.number.clone(), &reason);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// The batch, begun when something is first written. It has no records of its own, so it is public at once.
    async fn batch(&mut self) -> Result<i64> {
        if let Some(batch) = self.report.batch {
            return Ok(batch);
        }
        let title = if self.action == Action::Delete { "一括削除" } else { "一括変更" };
        let open = batch::open(self.ledgers.city(), &self.gate.ledger, title, "{}", &self.context.act).await?;
        batch::publish(self.ledgers.city(), open.id, self.context.act.at).await?;
        self.report.batch = Some(open.id);
        Ok(open.id)
    }
}

struct Change {
    before: RecordRow,
    /// The fields after; none where the record is deleted.
    fields: Option<kawasemi_kernel::Fields>,
}

/// Notes that a batch changed a record, for its undoing.
pub(crate) fn note(batch: i64, before: &RecordRow) -> Statement {
    Statement::any(Sql::with(
        "INSERT INTO {batch_change} (batch, record, before_revision, after_revision) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (batch, record) DO UPDATE SET after_revision = excluded.after_revision",
        [batch.into(), before.id.0.into(), before.revision.into(), (before.revision + 1).into()],
    ))
}
