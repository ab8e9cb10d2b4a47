//! Makes of what is new the next message of each webhook.
//!
//! It is asked after each sealing, and after each message that has arrived. A message is a job of the outbox, written together
//! with the step of the webhook's position; the step is refused where another node has made it, so that nothing is told
//! twice for that reason.

use kawasemi_store::{Sql, Statement, StoreError, Unit, Unmet, changes, jobs};
use uuid::Uuid;

use crate::delivery::TOPIC;
use crate::error::Result;
use crate::message::{CHANGES, Span};
use crate::subscription::{State, Webhook};
use crate::webhooks::Webhooks;

/// Entries of the sequence that are looked at together.
const CHUNK: usize = 500;

impl Webhooks {
    /// Makes the next message of every active webhook that has none on its way, and answers how many were made.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn pump(&self) -> Result<usize> {
        let mut made = 0;
        if self.city().is_training() {
            return Ok(made);
        }
        for webhook in self.select(&Sql::text("state = 'active'")).await? {
            made += usize::from(self.next_of(&webhook).await?);
        }
        Ok(made)
    }

    /// Makes the next message of one webhook; whether there was anything to tell.
    pub(crate) async fn next_of(&self, webhook: &Webhook) -> Result<bool> {
        if let Some(job) = webhook.pending {
            self.look_after(webhook, job).await?;
            return Ok(false);
        }
        let kinds = &webhook.subscription.kinds;
        let mut position = webhook.position;
        loop {
            let chunk = changes::after(self.city(), &webhook.subscription.ledger, position, None, CHUNK).await?;
            let told = chunk.iter().filter(|change| kinds.is_empty() || kinds.contains(&change.kind));
            let until = told.take(CHANGES).last().map(|change| change.place.seq);
            match (until, chunk.last()) {
                (Some(until), _) => return self.step(webhook, position, Some(until)).await,
                (None, Some(last)) if chunk.len() == CHUNK => position = last.place.seq,
                // Nothing of what happened is told: it need not be looked at again.
                (None, Some(last)) => return self.step(webhook, last.place.seq, None).await,
                (None, None) if position != webhook.position => return self.step(webhook, position, None).await,
                (None, None) => return Ok(false),
            }
        }
    }

    /// Moves a webhook on: to `after` where nothing is told, or to `until` with a message about what lies between.
    async fn step(&self, webhook: &Webhook, after: i64, until: Option<i64>) -> Result<bool> {
        let at = self.now();
        let job = until.map(|until| (self.parts.ids.next(), Span { webhook: webhook.id, after, until }));
        let mut row = Sql::with("UPDATE {webhook} SET position = $1", [until.unwrap_or(after).into()]);
        let mut unit = Unit::new();
        if let Some((id, span)) = &job {
            row.push(", pending = ").bind(*id).push(", pending_from = ").bind(after);
            let payload = serde_json::to_string(span).unwrap_or_default();
            unit.add(jobs::enqueue(*id, TOPIC, None, &payload, at, at));
        }
        row.push(" WHERE id = ").bind(webhook.id).push(" AND position = ").bind(webhook.position);
        row.push(" AND pending IS NULL AND state = 'active'");
        unit.add(Statement::one_row(row, Unmet::Conflict));
        match self.city().write(unit).await {
            Ok(_) => Ok(job.is_some()),
            // Another node was first, or somebody has just stopped it.
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Looks whether the message on its way still is: its job may have been given up with the worker that had it.
    async fn look_after(&self, webhook: &Webhook, job: Uuid) -> Result<()> {
        let state = Sql::with("SELECT state FROM {outbox} WHERE id = $1", [job.into()]);
        let state: Option<String> = self.city().read_one(state).await?.map(|row| row.get(0)).transpose()?;
        match state.as_deref() {
            Some("waiting" | "running") => Ok(()),
            Some("dead") => {
                let reason = "送信を繰り返しても終わりませんでした。";
                Ok(self.city().write(Unit::of([failed(webhook.id, job, reason)])).await.map(drop)?)
            }
            // Done, but not noted as such.
            _ => Ok(self.city().write(Unit::of([arrived(webhook.id, job, None)])).await.map(drop)?),
        }
    }
}

/// The statement by which a webhook stops by itself. Its message stays: it is the first to go when the webhook goes on.
pub(crate) fn failed(webhook: Uuid, job: Uuid, reason: &str) -> Statement {
    Statement::any(Sql::with(
        "UPDATE {webhook} SET state = $3, reason = $4 WHERE id = $1 AND pending = $2 AND state = 'active'",
        [webhook.into(), job.into(), State::Failed.key().into(), reason.into()],
    ))
}

/// The statement by which a message is no longer on its way, since it has arrived, or there was nothing to tell.
pub(crate) fn arrived(webhook: Uuid, job: Uuid, at: Option<jiff::Timestamp>) -> Statement {
    let mut sql = Sql::with("UPDATE {webhook} SET pending = NULL, pending_from = NULL", []);
    if let Some(at) = at {
        sql.push(", failures = 0, failing_since = NULL, delivered_at = ").bind(at.as_microsecond());
    }
    sql.push(" WHERE id = ").bind(webhook).push(" AND pending = ").bind(job);
    sql.into()
}
