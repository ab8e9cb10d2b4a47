//! What imports left that were broken off: by a kill, a crash, a node that is gone.
//!
//! The next process finds it at once (see [`kawasemi_store::lease`]). Records that nobody has seen yet are removed; where
//! the import had gone on to change records that were there, all of it is taken back, in their histories. Either way the
//! city is as before, and the same file can be imported again without doubling anything.

use jiff::Timestamp;
use kawasemi_identity::Context;
use kawasemi_store::batch::{self, State};

use crate::error::Result;
use crate::ledgers::Ledgers;

/// An import that was broken off and cleared away.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Recovered {
    /// Its batch.
    pub batch: i64,
    /// The ledger's key.
    pub ledger: String,
    /// What it was called, such as the file's name.
    pub title: String,
    /// Records that were removed.
    pub removed: u64,
    /// Records that are as before the import.
    pub reverted: u64,
}

impl Ledgers {
    /// Clears away what imports left that were broken off, and says which they were. Costs one short query where there are
    /// none.
    ///
    /// # Errors
    /// When the store fails; what is left is found again.
    pub async fn recover_imports(&self, now: Timestamp) -> Result<Vec<Recovered>> {
        let context = &Context::system(now, "途中で止まった取込の片付け");
        let mut recovered = Vec::new();
        for broken in batch::take_broken_off(self.city()).await? {
            let catalogue = self.city().catalogue();
            // The records of a ledger that was retired meanwhile are invisible with it.
            let Some(ledger) = catalogue.get(&broken.ledger) else { continue };
            let _kept = batch::keep(self.city(), broken.id);
            let (removed, reverted) = match broken.state {
                State::Updating => {
                    let undone = self.take_back(context, ledger.key(), broken.id).await?;
                    (undone.deleted, undone.reverted)
                }
                _ => (batch::sweep(self.city(), ledger, broken.id, context.act.at).await?, 0),
            };
            tracing::warn!(
                batch = broken.id,
                ledger = broken.ledger,
                removed,
                reverted,
                "a broken-off import was cleared away"
            );
            recovered.push(Recovered {
                batch: broken.id,
                ledger: broken.ledger,
                title: broken.title,
                removed,
                reverted,
            });
        }
        Ok(recovered)
    }
}
