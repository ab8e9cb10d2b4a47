//! Undoing an import, or other work that was done as one batch.

use std::sync::Arc;

use jiff::Timestamp;
use kawasemi_identity::Context;
use kawasemi_kernel::{Actor, RecordId};
use kawasemi_schema::Action;
use kawasemi_store::batch::{self, Batch, State};
use kawasemi_store::record::{RecordUnit, history, read};
use kawasemi_store::{Ledger, Sql, StoreError};

use crate::error::{LedgerError, Result};
use crate::ledgers::{Gate, Ledgers};

/// Changes that are undone in one unit.
const AT_ONCE: usize = 200;

/// A batch of work in a ledger, as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchSummary {
    /// Its number.
    pub id: i64,
    /// What it was called.
    pub title: String,
    /// When it was begun.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: Actor,
    /// Whether it can be undone by the caller.
    pub can_undo: bool,
    /// Where it stands.
    pub state: State,
}

/// What undoing did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Undone {
    /// New records that were deleted.
    pub deleted: u64,
    /// Changed records that are as before.
    pub reverted: u64,
    /// Records that stayed, since somebody changed them afterwards.
    pub kept: u64,
}

impl Ledgers {
    /// The latest batches of a ledger.
    ///
    /// # Errors
    /// [`LedgerError::Forbidden`] without the right to import.
    pub async fn batches(&self, context: &Context, ledger: &str) -> Result<Vec<BatchSummary>> {
        let gate = self.gate_for(context, ledger, Action::Import)?;
        let sql = Sql::with("SELECT id FROM {batch} WHERE ledger = $1 ORDER BY id DESC LIMIT 50", [ledger.into()]);
        let mut batches = Vec::new();
        for row in self.city().read(sql).await? {
            let Some(found) = batch::lookup(self.city(), row.get(0)?).await? else { continue };
            batches.push(BatchSummary {
                id: found.id,
                can_undo: found.state == State::Published && may_undo(context, &gate, &found),
                title: found.title,
                created_at: found.created_at,
                created_by: found.created_by,
                state: found.state,
            });
        }
        Ok(batches)
    }

    /// Undoes a batch: what it made is deleted, what it changed is as before, except what somebody changed since.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`], [`LedgerError::Forbidden`], [`LedgerError::Refused`] when it was undone before.
    pub async fn undo_batch(&self, context: &Context, ledger: &str, id: i64) -> Result<Undone> {
        let gate = self.gate(context, ledger)?;
        let found = batch::lookup(self.city(), id).await?.filter(|found| found.ledger == ledger);
        let found = found.ok_or(LedgerError::NotFound)?;
        if !may_undo(context, &gate, &found) {
            return Err(LedgerError::Forbidden { action: Action::Import });
        }
        if found.state != State::Published {
            return Err(LedgerError::Refused("この作業はすでに取り消されているか、まだ終わっていません。".to_owned()));
        }
        self.take_back(context, ledger, id).await
    }

    /// Takes a batch back whose records are visible, whoever asks.
    pub(super) async fn take_back(&self, context: &Context, ledger: &str, id: i64) -> Result<Undone> {
        let ledger = Arc::clone(self.city().catalogue().ledger(ledger)?);
        let (reverted, kept) = self.revert_changes(context, &ledger, id).await?;
        let undone = batch::undo(self.city(), &ledger, id, &context.act, self.ids()).await?;
        Ok(Undone { deleted: undone.deleted, reverted, kept: kept + undone.kept })
    }

    async fn revert_changes(&self, context: &Context, ledger: &Arc<Ledger>, batch: i64) -> Result<(u64, u64)> {
        let sql = Sql::with(
            "SELECT record, before_revision, after_revision FROM {batch_change} WHERE batch = $1 ORDER BY record",
            [batch.into()],
        );
        let changes = self.city().read(sql).await?;
        let (mut reverted, mut kept) = (0, 0);
        for part in changes.chunks(AT_ONCE) {
            let mut unit = RecordUnit::new(self.dialect(), &context.act, self.ids());
            let mut in_unit = 0;
            for change in part {
                let (id, before): (uuid::Uuid, i64) = (change.get(0)?, change.get(1)?);
                let row = read::record(self.city(), ledger, RecordId(id)).await?;
                let after: i64 = change.get(2)?;
                let Some(row) = row.filter(|row| row.revision == after && row.deleted_at.is_none()) else {
                    kept += 1;
                    continue;
                };
                match history::fields_at(self.city(), ledger.key(), row.id, before).await {
                    Ok((_, fields)) => {
                        unit.update(ledger, &row, &fields)?;
                        in_unit += 1;
                    }
                    // The content was erased by a disposal.
                    Err(StoreError::NotFound) => kept += 1,
                    Err(error) => return Err(error.into()),
                }
            }
            if in_unit > 0 {
                self.city().write(unit.into_unit()).await?;
            }
            reverted += in_unit;
        }
        Ok((reverted, kept))
    }
}

/// Who did the work may undo it, and who designs the ledger.
fn may_undo(context: &Context, gate: &Gate, batch: &Batch) -> bool {
    let own = batch.created_by == context.act.actor;
    let may_write = [Action::Import, Action::Update].iter().any(|action| gate.access.may(*action));
    own && may_write || gate.access.may(Action::Design)
}
