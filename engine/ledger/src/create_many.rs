//! Creating many records at once, each for itself: one that is refused keeps no other from being created.
//!
//! What they refer to is looked up together, and some hundreds are written as one unit. Such a unit fails as a whole, so its
//! records are then written one by one, and each gets the answer that it would have had alone.

use std::collections::HashMap;

use futures::{StreamExt as _, stream};
use kawasemi_identity::Context;
use kawasemi_kernel::RecordId;
use kawasemi_schema::Action;
use kawasemi_store::record::{Projection, RecordUnit, read};

use crate::check::{Checked, NewReference};
use crate::draft::Draft;
use crate::error::{LedgerError, Result};
use crate::ledgers::{Gate, Ledgers};
use crate::references::dangling;
use crate::uses::Use;
use crate::write::Saved;

/// Records of one unit: enough to share the work, few enough that others' writes do not wait long.
const TOGETHER: usize = 250;
/// Records that are written at the same time after their unit was refused; their writes share commits.
const AT_ONCE: usize = 64;

/// A draft that may become a record.
struct Ready {
    /// Its place among those that were sent.
    place: usize,
    id: RecordId,
    checked: Checked,
}

impl Ledgers {
    /// Creates records and answers what became of each, in their order. As [`Ledgers::create`] for each of them.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] and [`LedgerError::Forbidden`] for the ledger itself; the rest is in the answers.
    pub async fn create_many(&self, context: &Context, ledger: &str, drafts: &[Draft]) -> Result<Vec<Result<Saved>>> {
        let gate = self.gate_for(context, ledger, Action::Create)?;
        let mut answers: Vec<Option<Result<Saved>>> = drafts.iter().map(|_| None).collect();
        let mut ready = Vec::with_capacity(drafts.len());
        for (place, draft) in drafts.iter().enumerate() {
            match self.check_new(context, &gate, Action::Create, draft) {
                Ok((id, checked)) => ready.push(Ready { place, id, checked }),
                Err(error) => answers[place] = Some(Err(error)),
            }
        }
        let ready = self.without_dangling(context, ready, &mut answers).await?;
        for together in self.write_together(context, &gate, &ready)? {
            let (ready, written) = together.await;
            if written {
                for (one, saved) in ready.iter().zip(self.saved_many(&gate, ready).await?) {
                    answers[one.place] = Some(Ok(saved));
                }
            } else {
                // With the ids that they have: should the unit have been written after all, each is found to be there.
                let alone: Vec<(usize, RecordId)> = ready.iter().map(|one| (one.place, one.id)).collect();
                let alone = alone.into_iter().map(|(place, id)| async move {
                    let draft = drafts[place].clone().with_id(id);
                    (place, self.create(context, ledger, draft).await)
                });
                let alone: Vec<_> = stream::iter(alone).buffer_unordered(AT_ONCE).collect().await;
                alone.into_iter().for_each(|(place, answer)| answers[place] = Some(answer));
            }
        }
        self.note_use(context, ledger, Use::Change).await;
        Ok(answers.into_iter().map(|answer| answer.unwrap_or(Err(LedgerError::NotFound))).collect())
    }

    /// Sorts out the drafts that refer to what is not there; everything is looked up at once.
    async fn without_dangling(
        &self,
        context: &Context,
        ready: Vec<Ready>,
        answers: &mut [Option<Result<Saved>>],
    ) -> Result<Vec<Ready>> {
        let all: Vec<NewReference> = ready.iter().flat_map(|one| one.checked.references()).cloned().collect();
        if all.is_empty() {
            return Ok(ready);
        }
        let found = self.found(context, &all).await?;
        let mut good = Vec::with_capacity(ready.len());
        for one in ready {
            match dangling(one.checked.references(), &found) {
                mistakes if mistakes.is_empty() => good.push(one),
                mistakes => answers[one.place] = Some(Err(LedgerError::Invalid(mistakes))),
            }
        }
        Ok(good)
    }

    /// Begins to write records, some hundreds as one unit; each of the futures answers whether its records are written.
    fn write_together<'a>(
        &self,
        context: &Context,
        gate: &Gate,
        ready: &'a [Ready],
    ) -> Result<Vec<impl Future<Output = (&'a [Ready], bool)>>> {
        let mut writing = Vec::new();
        for part in ready.chunks(TOGETHER) {
            let mut unit = RecordUnit::new(self.dialect(), &context.act, self.ids());
            for one in part {
                unit.create(&gate.ledger, one.id, one.checked.fields())?;
            }
            let (city, unit) = (self.city().clone(), unit.into_unit());
            let written = tokio::spawn(async move { city.write(unit).await });
            writing.push(async move { (part, written.await.is_ok_and(|outcome| outcome.is_ok())) });
        }
        Ok(writing)
    }

    /// What was saved of new records; their numbers are known only now.
    async fn saved_many(&self, gate: &Gate, ready: &[Ready]) -> Result<Vec<Saved>> {
        let mut numbers: HashMap<RecordId, String> = HashMap::new();
        if gate.def().number.is_some() {
            let ids: Vec<RecordId> = ready.iter().map(|one| one.id).collect();
            let projection = Projection::fields(&gate.ledger, []);
            let rows = read::records(self.city(), &gate.ledger, &projection, &ids).await?;
            numbers.extend(rows.into_iter().filter_map(|row| Some((row.id, row.number?))));
        }
        let saved = |one: &Ready| Saved { id: one.id, number: numbers.remove(&one.id), revision: 1 };
        Ok(ready.iter().map(saved).collect())
    }
}
