//! New records on their way into a batch that nobody sees yet.

use kawasemi_identity::Context;
use kawasemi_kernel::{Fields, RecordId};
use kawasemi_store::batch::{self, Batch};
use kawasemi_store::lease::Kept;
use kawasemi_store::record::RecordUnit;
use kawasemi_store::{Receipt, StoreError};
use tokio::task::JoinHandle;

use crate::error::Result;
use crate::ledgers::{Gate, Ledgers};
use crate::write::write_error;

/// The staged records of one import or feed.
pub(super) struct Staging<'a> {
    ledgers: &'a Ledgers,
    context: &'a Context,
    gate: &'a Gate,
    title: String,
    meta: String,
    batch: Option<Batch>,
    read: i64,
    /// The unit that is being written while the next rows are prepared.
    writing: Option<JoinHandle<kawasemi_store::Result<Receipt>>>,
    /// Says to others that this process is at work.
    kept: Option<Kept>,
}

impl<'a> Staging<'a> {
    /// Nothing staged yet. `title` is what people call the batch, `meta` JSON that says how it was made.
    pub fn new(ledgers: &'a Ledgers, context: &'a Context, gate: &'a Gate, title: String, meta: String) -> Self {
        Self { ledgers, context, gate, title, meta, batch: None, read: 0, writing: None, kept: None }
    }

    /// Waits until the unit that is being written is durable.
    pub async fn written(&mut self) -> Result<()> {
        match self.writing.take() {
            None => Ok(()),
            Some(writing) => match writing.await {
                Ok(outcome) => outcome.map(drop).map_err(|error| write_error(self.gate, error)),
                Err(_) => Err(StoreError::Closed.into()),
            },
        }
    }

    /// Begins to write new records, those of the first `rows` rows of the source.
    pub async fn create(&mut self, new: Vec<(RecordId, Fields)>, rows: u64) -> Result<()> {
        if new.is_empty() {
            return Ok(());
        }
        let batch = self.batch().await?;
        let mut unit = RecordUnit::new(self.ledgers.dialect(), &self.context.act, self.ledgers.ids()).in_batch(batch);
        for (id, fields) in &new {
            unit.create(&self.gate.ledger, *id, fields)?;
        }
        let to = i64::try_from(rows).unwrap_or(i64::MAX);
        unit.add(batch::progress(batch, self.read, to, self.context.act.at));
        let (city, unit) = (self.ledgers.city().clone(), unit.into_unit());
        self.written().await?;
        self.writing = Some(tokio::spawn(async move { city.write(unit).await }));
        self.read = to;
        Ok(())
    }

    /// The batch, begun when it is first needed.
    pub async fn batch(&mut self) -> Result<i64> {
        if let Some(batch) = &self.batch {
            return Ok(batch.id);
        }
        let (city, ledger) = (self.ledgers.city(), &self.gate.ledger);
        let batch = batch::open(city, ledger, &self.title, &self.meta, &self.context.act).await?;
        let id = batch.id;
        self.kept = Some(batch::keep(city, id));
        self.batch = Some(batch);
        Ok(id)
    }

    /// Removes what was staged, without a trace.
    pub async fn sweep(&mut self) -> Result<()> {
        // What is on its way would only be refused after the sweep; its own failure is not news.
        if let Err(error) = self.written().await {
            tracing::debug!(%error, "the last unit of a swept batch was not written");
        }
        if let Some(open) = self.batch.take() {
            batch::sweep(self.ledgers.city(), &self.gate.ledger, open.id, self.context.act.at).await?;
        }
        Ok(())
    }
}
