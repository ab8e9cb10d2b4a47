//! The log of what was sent (配信の記録): when, what the receiver answered, how long it took. No content.

use jiff::Timestamp;
use kawasemi_identity::Context;
use kawasemi_store::{Row, Sql, Statement, StoreError};
use uuid::Uuid;

use crate::error::Result;
use crate::message::Message;
use crate::secret;
use crate::sender::{SendError, Signed};
use crate::subscription::{Webhook, instant};
use crate::webhooks::Webhooks;

/// Attempts that are kept of each webhook.
const KEPT: i64 = 100;

/// One attempt to send a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Its id.
    pub id: Uuid,
    /// The webhook.
    pub webhook: Uuid,
    /// The message: what `webhook-id` said.
    pub message: Uuid,
    /// Which attempt of the message it was, from 1.
    pub attempt: i64,
    /// When.
    pub at: Timestamp,
    /// Of how many changes the message told; 0 for a test.
    pub changes: i64,
    /// What the receiver answered; none where no answer came.
    pub status: Option<u16>,
    /// How long it took.
    pub duration_ms: i64,
    /// What went wrong; none if it arrived.
    pub error: Option<String>,
}

impl Attempt {
    /// Whether the message arrived.
    pub const fn has_arrived(&self) -> bool {
        self.error.is_none()
    }

    /// Whether the receiver says that it is gone for good.
    pub(crate) fn is_gone(&self) -> bool {
        self.status == Some(410)
    }
}

impl Webhooks {
    /// The latest attempts of a webhook, the newest first.
    ///
    /// # Errors
    /// For others than administrators.
    pub async fn attempts(&self, context: &Context, id: Uuid) -> Result<Vec<Attempt>> {
        context.require_admin()?;
        let sql = Sql::with(
            "SELECT id, webhook, message, attempt, at, changes, status, duration_ms, error FROM {webhook_attempt} \
             WHERE webhook = $1 ORDER BY id DESC LIMIT $2",
            [id.into(), KEPT.into()],
        );
        Ok(self.city().read(sql).await?.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// Signs and sends a message.
    pub(crate) async fn attempt(&self, webhook: &Webhook, id: Uuid, attempt: i64, message: &Message) -> Attempt {
        let at = self.now();
        let began = tokio::time::Instant::now();
        let sent = self.send(webhook, id, at, message).await;
        let duration_ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
        let (status, error) = match sent {
            Ok(status @ 200..=299) => (Some(status), None),
            Ok(status) => (Some(status), Some(said(status))),
            Err(error) => (None, Some(error)),
        };
        let changes = i64::try_from(message.changes).unwrap_or(i64::MAX);
        let own = self.parts.ids.next();
        Attempt { id: own, webhook: webhook.id, message: id, attempt, at, changes, status, duration_ms, error }
    }

    async fn send(&self, webhook: &Webhook, id: Uuid, at: Timestamp, message: &Message) -> Result<u16, String> {
        let sender = &self.parts.sender;
        // The address was allowed when it was entered; the operator may have decided otherwise since.
        let url = sender.destinations().read(&webhook.subscription.url)?;
        let id = id.to_string();
        let secrets = self.opened(webhook, at).map_err(|error| format!("署名の秘密が開きません。{error}"))?;
        let signature = secret::signatures(secrets.iter().map(String::as_str), &id, at, &message.body);
        let signed = Signed { id, second: at.as_second(), signature, body: message.body.clone() };
        sender.send(&url, &signed).await.map_err(|error: SendError| error.to_string())
    }
}

/// The statements that note an attempt and forget the oldest.
pub(crate) fn statements(attempt: &Attempt) -> [Statement; 2] {
    let note = Sql::with(
        "INSERT INTO {webhook_attempt} (id, webhook, message, attempt, at, changes, status, duration_ms, error) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        [
            attempt.id.into(),
            attempt.webhook.into(),
            attempt.message.into(),
            attempt.attempt.into(),
            attempt.at.as_microsecond().into(),
            attempt.changes.into(),
            attempt.status.map(i64::from).into(),
            attempt.duration_ms.into(),
            attempt.error.as_deref().into(),
        ],
    );
    let forget = Sql::with(
        "DELETE FROM {webhook_attempt} WHERE webhook = $1 AND id < \
         (SELECT id FROM {webhook_attempt} WHERE webhook = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)",
        [attempt.webhook.into(), KEPT.into()],
    );
    [note.into(), forget.into()]
}

fn said(status: u16) -> String {
    match status {
        300..=399 => format!("受け取る側が別のアドレスへの転送（{status}）を返しました。転送には従いません。"),
        410 => "受け取る側が、もう使われていないアドレスだと答えました（410）。".to_owned(),
        401 | 403 => format!("受け取る側に拒まれました（{status}）。署名の秘密が正しいか確かめてください。"),
        404 => "受け取る側にこのアドレスがありません（404）。".to_owned(),
        429 => "受け取る側が混み合っています（429）。".to_owned(),
        _ => format!("受け取る側が失敗を返しました（{status}）。"),
    }
}

fn read(row: &Row) -> Result<Attempt, StoreError> {
    Ok(Attempt {
        id: row.get(0)?,
        webhook: row.get(1)?,
        message: row.get(2)?,
        attempt: row.get(3)?,
        at: instant(Some(row.get(4)?)).unwrap_or_default(),
        changes: row.get(5)?,
        status: row.get::<Option<i64>>(6)?.and_then(|status| u16::try_from(status).ok()),
        duration_ms: row.get(7)?,
        error: row.get(8)?,
    })
}
