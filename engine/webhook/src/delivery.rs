//! Does the job of a message: reads it through the account's grants, sends it, notes what became of it.
//!
//! A message that does not arrive is tried again later and later, for about a day ([`kawasemi_store::jobs`]); then, or when
//! the receiver says that it is gone (410), the webhook stops by itself and says why. Its message then lies among the dead
//! letters and is the first to be sent when an administrator lets the webhook go on, or sends that letter round again.

use async_trait::async_trait;
use kawasemi_identity::IdentityError;
use kawasemi_ledger::LedgerError;
use kawasemi_store::jobs::{Handler, Job, JobError, MAX_ATTEMPTS};
use kawasemi_store::{City, Sql, Statement, Unit};

use crate::attempts::{self, Attempt};
use crate::error::WebhookError;
use crate::message::Span;
use crate::pump::{arrived, failed};
use crate::subscription::{State, Webhook};
use crate::webhooks::Webhooks;

/// The topic of messages in the outbox.
pub const TOPIC: &str = "webhook";

/// The handler of messages, to be registered under [`TOPIC`].
pub struct Delivery(pub Webhooks);

#[async_trait]
impl Handler for Delivery {
    async fn run(&self, _: &City, job: &Job) -> Result<(), JobError> {
        let span: Span = serde_json::from_str(&job.payload).map_err(JobError::hopeless)?;
        let Some(webhook) = self.0.find(span.webhook).await.map_err(JobError::later)? else { return Ok(()) };
        // A message that arrived before, or was taken back.
        if webhook.pending != Some(job.id) || webhook.state == State::Stopped {
            return Ok(());
        }
        if let Err(refused) = self.0.stays_inside() {
            return Err(JobError::hopeless(refused));
        }
        let message = match self.0.message(&webhook, &span).await {
            Ok(Some(message)) => message,
            Ok(None) => return self.settle(&webhook, job, None).await,
            Err(error) => return Err(self.unable(&webhook, job, &error).await),
        };
        let attempt = self.0.attempt(&webhook, job.id, job.attempts, &message).await;
        match &attempt.error {
            None => self.settle(&webhook, job, Some(attempt)).await,
            Some(_) => Err(self.missed(&webhook, job, &attempt).await),
        }
    }
}

impl Delivery {
    /// Notes that the message has arrived, and makes the next.
    async fn settle(&self, webhook: &Webhook, job: &Job, attempt: Option<Attempt>) -> Result<(), JobError> {
        let mut unit = Unit::of([arrived(webhook.id, job.id, attempt.as_ref().map(|attempt| attempt.at))]);
        unit.extend(attempt.iter().flat_map(attempts::statements));
        self.0.city().write(unit).await.map_err(JobError::later)?;
        // The round of the upkeep makes it otherwise.
        let next = async {
            match self.0.find(webhook.id).await? {
                Some(webhook) if webhook.state == State::Active => self.0.next_of(&webhook).await,
                _ => Ok(false),
            }
        };
        if let Err(error) = next.await {
            tracing::warn!(webhook = %webhook.id, %error, "the next message of a webhook was not made");
        }
        Ok(())
    }

    /// Notes that the message has not arrived.
    async fn missed(&self, webhook: &Webhook, job: &Job, attempt: &Attempt) -> JobError {
        let said = attempt.error.clone().unwrap_or_default();
        let counted = Sql::with(
            "UPDATE {webhook} SET failures = failures + 1, failing_since = coalesce(failing_since, $3) \
             WHERE id = $1 AND pending = $2",
            [webhook.id.into(), job.id.into(), attempt.at.as_microsecond().into()],
        );
        let mut unit = Unit::of([Statement::any(counted)]);
        unit.extend(attempts::statements(attempt));
        if attempt.is_gone() {
            unit.add(failed(webhook.id, job.id, &said));
        } else if job.attempts >= MAX_ATTEMPTS {
            unit.add(failed(webhook.id, job.id, &format!("{MAX_ATTEMPTS}回続けて送れませんでした。{said}")));
        }
        match self.0.city().write(unit).await {
            Ok(_) if attempt.is_gone() => JobError::hopeless(said),
            Ok(_) => JobError::later(said),
            Err(error) => JobError::later(error),
        }
    }

    /// There is nothing that may be told any more, and trying again does not mend that.
    async fn unable(&self, webhook: &Webhook, job: &Job, error: &WebhookError) -> JobError {
        let reason = match error {
            WebhookError::Identity(IdentityError::NotFound) => {
                "見る人として選んだ利用者の利用が停止されています。".to_owned()
            }
            WebhookError::Ledger(LedgerError::NotFound) => {
                "見る人として選んだ利用者が、この台帳を見られなくなりました。".to_owned()
            }
            WebhookError::Ledger(
                error @ (LedgerError::Filter(_) | LedgerError::UnknownField { .. } | LedgerError::Unsuitable { .. }),
            ) => format!("条件が使えなくなりました。{error}"),
            error => return JobError::later(error),
        };
        match self.0.city().write(Unit::of([failed(webhook.id, job.id, &reason)])).await {
            Ok(_) => JobError::hopeless(reason),
            Err(error) => JobError::later(error),
        }
    }
}
