//! The acts of administrators on webhooks: each checked, and each in the audit trail.

use kawasemi_identity::{Context, IdentityError};
use kawasemi_kernel::RecordId;
use kawasemi_ledger::{ChangesRequest, LedgerError};
use kawasemi_store::audit::Trail;
use kawasemi_store::record::{Revision, history};
use kawasemi_store::{Param, Sql, Statement, Unit, Unmet, changes};
use uuid::Uuid;

use crate::attempts::{self, Attempt};
use crate::error::{Result, WebhookError};
use crate::message;
use crate::secret;
use crate::subscription::{State, Subscription, Webhook, keys};
use crate::webhooks::Webhooks;

/// Under which name webhooks stand in the audit trail; no ledger can have it.
const SUBJECT: &str = "system:webhook";
/// Acts that a webhook's page shows.
const SHOWN: i64 = 50;

/// From where a webhook that was stopped goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// From where it stopped: what happened meanwhile is told.
    WhereItStopped,
    /// From now: what happened meanwhile is not told.
    Now,
}

impl Webhooks {
    /// Makes a webhook, which tells of changes from now on, and answers its id and its secret, which is shown once.
    ///
    /// # Errors
    /// [`WebhookError::Invalid`]; for others than administrators.
    pub async fn add(&self, context: &Context, wanted: Subscription) -> Result<(Uuid, String)> {
        context.require_admin()?;
        self.stays_inside()?;
        self.check(&wanted).await?;
        let (id, secret) = (self.parts.ids.next(), secret::new(self.parts.identity.entropy()));
        let (at, position) = (context.act.at.as_microsecond(), changes::head(self.city()).await?.seq);
        let row = Sql::with(
            "INSERT INTO {webhook} (id, ledger, title, url, kinds, filter, account, with_fields, state, reason, failures, \
             position, secret, created_at, created_by) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'active', '', 0, $9, $10, $11, $12)",
            [id.into(), wanted.ledger.as_str().into()].into_iter().chain(decided(&wanted)).chain([
                position.into(),
                self.seal(id, &secret)?.into(),
                at.into(),
                context.act.actor.to_string().into(),
            ]),
        );
        self.write(context, id, "create", &wanted.noted(), [row.into()]).await?;
        Ok((id, secret))
    }

    /// Refuses what would leave a training city (教育用の市).
    pub(crate) fn stays_inside(&self) -> Result<()> {
        match self.city().is_training() {
            true => Err(WebhookError::invalid(
                "url",
                "教育用の市からは、ほかのシステムへ何も知らせません。Webhookは作れません。",
            )),
            false => Ok(()),
        }
    }

    /// Changes what was decided. What is on its way is told as is decided now.
    ///
    /// # Errors
    /// As [`Webhooks::add`]; [`WebhookError::NotFound`].
    pub async fn change(&self, context: &Context, id: Uuid, wanted: Subscription) -> Result<()> {
        let known = self.get(context, id).await?;
        self.check(&wanted).await?;
        if known.subscription.ledger != wanted.ledger {
            return Err(WebhookError::invalid("ledger", "台帳は変えられません。新しいWebhookを作ってください。"));
        }
        let row = Sql::with(
            "UPDATE {webhook} SET title = $2, url = $3, kinds = $4, filter = $5, account = $6, with_fields = $7 WHERE id = $1",
            [id.into()].into_iter().chain(decided(&wanted)),
        );
        self.write(context, id, "update", &wanted.noted(), [Statement::one_row(row, Unmet::NotFound)]).await
    }

    /// Makes a new secret, which is shown once. The one before is signed with as well for a day.
    ///
    /// # Errors
    /// [`WebhookError::NotFound`]; for others than administrators.
    pub async fn rotate(&self, context: &Context, id: Uuid) -> Result<String> {
        self.get(context, id).await?;
        let secret = secret::new(self.parts.identity.entropy());
        let until = context.act.at.checked_add(secret::OVERLAP).unwrap_or(context.act.at);
        let row = Sql::with(
            "UPDATE {webhook} SET old_secret = secret, old_secret_until = $2, secret = $3 WHERE id = $1",
            [id.into(), until.as_microsecond().into(), self.seal(id, &secret)?.into()],
        );
        self.write(context, id, "rotate", "{}", [Statement::one_row(row, Unmet::NotFound)]).await?;
        Ok(secret)
    }

    /// Stops a webhook. A message that was not sent yet is taken back; it is part of what happened meanwhile.
    ///
    /// # Errors
    /// [`WebhookError::NotFound`]; for others than administrators.
    pub async fn stop(&self, context: &Context, id: Uuid) -> Result<()> {
        let known = self.get(context, id).await?;
        let row = Sql::with(
            "UPDATE {webhook} SET state = $2, reason = $3, position = coalesce(pending_from, position), pending = NULL, \
             pending_from = NULL WHERE id = $1",
            [id.into(), State::Stopped.key().into(), "管理者が止めました。".into()],
        );
        let statements = [Statement::one_row(row, Unmet::NotFound)].into_iter().chain(taken_back(&known));
        self.write(context, id, "stop", "{}", statements).await
    }

    /// Lets a webhook that was stopped, or stopped by itself, go on.
    ///
    /// # Errors
    /// [`WebhookError::NotFound`]; for others than administrators.
    pub async fn start(&self, context: &Context, id: Uuid, from: Restart) -> Result<()> {
        let known = self.get(context, id).await?;
        self.stays_inside()?;
        let mut row =
            Sql::with("UPDATE {webhook} SET state = 'active', reason = '', failures = 0, failing_since = NULL", []);
        let mut statements = Vec::new();
        match from {
            Restart::WhereItStopped => statements.extend(known.pending.map(|job| {
                let at = context.act.at.as_microsecond();
                let revived =
                    "UPDATE {outbox} SET state = 'waiting', attempts = 0, run_at = $2 WHERE id = $1 AND state = 'dead'";
                Statement::any(Sql::with(revived, [job.into(), at.into()]))
            })),
            Restart::Now => {
                let head = changes::head(self.city()).await?.seq;
                row.push(", pending = NULL, pending_from = NULL, position = ").bind(head);
                statements.extend(taken_back(&known));
            }
        }
        row.push(" WHERE id = ").bind(id);
        statements.insert(0, Statement::one_row(row, Unmet::NotFound));
        self.write(context, id, "start", "{}", statements).await
    }

    /// Removes a webhook with its log. The audit trail keeps what was decided.
    ///
    /// # Errors
    /// [`WebhookError::NotFound`]; for others than administrators.
    pub async fn remove(&self, context: &Context, id: Uuid) -> Result<()> {
        let known = self.get(context, id).await?;
        let attempts = Sql::with("DELETE FROM {webhook_attempt} WHERE webhook = $1", [id.into()]);
        let row = Sql::with("DELETE FROM {webhook} WHERE id = $1", [id.into()]);
        let statements = [attempts.into(), Statement::one_row(row, Unmet::NotFound)];
        self.write(context, id, "delete", "{}", statements.into_iter().chain(taken_back(&known))).await
    }

    /// Sends a message without any record, to see whether it arrives, and notes what became of it.
    ///
    /// # Errors
    /// [`WebhookError::NotFound`]; for others than administrators. That it did not arrive is no error here.
    pub async fn test(&self, context: &Context, id: Uuid) -> Result<Attempt> {
        let known = self.get(context, id).await?;
        self.stays_inside()?;
        let message = message::test(self.city().code(), &known, context.act.at);
        let attempt = self.attempt(&known, self.parts.ids.next(), 1, &message).await;
        self.city().write(Unit::of(attempts::statements(&attempt))).await?;
        Ok(attempt)
    }

    /// Who did what with a webhook, the newest first.
    ///
    /// # Errors
    /// For others than administrators.
    pub async fn acts(&self, context: &Context, id: Uuid) -> Result<Vec<Revision>> {
        context.require_admin()?;
        Ok(history::revisions(self.city(), RecordId(id), None, SHOWN).await?)
    }

    async fn check(&self, wanted: &Subscription) -> Result<()> {
        if wanted.title.trim().is_empty() || wanted.title.chars().count() > 100 {
            return Err(WebhookError::invalid("title", "名前を100文字までで入力してください。"));
        }
        let destinations = self.parts.sender.destinations();
        destinations.read(&wanted.url).map_err(|message| WebhookError::invalid("url", message))?;
        let context = match self.context_of(wanted.account, &wanted.title).await {
            Ok(context) => context,
            Err(WebhookError::Identity(IdentityError::NotFound)) => {
                return Err(WebhookError::invalid("account", "この利用者はいないか、利用を停止されています。"));
            }
            Err(error) => return Err(error),
        };
        let request = ChangesRequest { filter: wanted.filter.clone(), ..ChangesRequest::default() };
        match self.parts.ledgers.check_changes(&context, &wanted.ledger, &request).await {
            Ok(()) => Ok(()),
            Err(LedgerError::NotFound) => {
                let said = "この利用者には、この台帳の記録を見る権限がありません。権限のある利用者を選んでください。";
                Err(WebhookError::invalid("account", said))
            }
            Err(
                error @ (LedgerError::Filter(_) | LedgerError::UnknownField { .. } | LedgerError::Unsuitable { .. }),
            ) => Err(WebhookError::invalid("filter", error.to_string())),
            Err(error) => Err(error.into()),
        }
    }

    async fn write(
        &self,
        context: &Context,
        id: Uuid,
        act: &str,
        noted: &str,
        statements: impl IntoIterator<Item = Statement>,
    ) -> Result<()> {
        let trail = Trail::of(self.city(), SUBJECT, id).await?;
        let mut unit = Unit::of(statements);
        unit.extend(trail.statements(act, &context.act, &*self.parts.ids, noted));
        self.city().write(unit).await?;
        Ok(())
    }
}

/// What was decided beside the ledger: title, url, kinds, filter, account, with_fields.
fn decided(wanted: &Subscription) -> [Param; 6] {
    [
        wanted.title.as_str().into(),
        wanted.url.as_str().into(),
        keys(&wanted.kinds).into(),
        wanted.filter.as_deref().into(),
        wanted.account.into(),
        Param::Bool(wanted.with_fields),
    ]
}

/// The statement that takes back the message that is on its way, unless it is just being sent.
fn taken_back(known: &Webhook) -> Option<Statement> {
    let job = known.pending?;
    let sql = Sql::with("DELETE FROM {outbox} WHERE id = $1 AND state IN ('waiting', 'dead')", [job.into()]);
    Some(sql.into())
}
