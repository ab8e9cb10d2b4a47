//! What is sent: one message about up to [`CHANGES`] changes of a ledger, in order.

use jiff::Timestamp;
use kawasemi_ledger::{ChangesRequest, json};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json as value};

use crate::error::Result;
use crate::subscription::Webhook;
use crate::webhooks::Webhooks;

/// Changes of one message.
pub(crate) const CHANGES: usize = 50;

/// The part of the sequence of which a message tells: what the job of the outbox carries. It holds no content: that is
/// read when the message is sent, through the grants of that moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Span {
    pub webhook: uuid::Uuid,
    pub after: i64,
    pub until: i64,
}

/// A message that is ready to be signed.
pub(crate) struct Message {
    pub body: String,
    pub changes: usize,
}

impl Webhooks {
    /// The message of a span; none where the account may see none of it.
    pub(crate) async fn message(&self, webhook: &Webhook, span: &Span) -> Result<Option<Message>> {
        let wanted = &webhook.subscription;
        let context = self.context_of(wanted.account, &wanted.title).await?;
        let (ledgers, key) = (&self.parts.ledgers, wanted.ledger.as_str());
        let mut request = ChangesRequest {
            since: Some(self.parts.ledgers.changes_mark(&context, key, span.after).await?),
            until: Some(span.until),
            kinds: wanted.kinds.clone(),
            filter: wanted.filter.clone(),
            fields: (!wanted.with_fields).then(Vec::new),
            limit: u32::try_from(CHANGES).unwrap_or(u32::MAX),
        };
        let (def, _) = ledgers.open(&context, key)?;
        let (mut told, mut last) = (Vec::new(), None);
        loop {
            let page = ledgers.changes(&context, key, &request).await?;
            for change in &page.changes {
                let mut change_json = json::change(&def, change, request.fields.as_deref());
                if let (false, Some(object)) = (wanted.with_fields, change_json.as_object_mut()) {
                    object.remove("record");
                }
                told.push(change_json);
                last = Some(change.at);
            }
            if !page.more {
                break;
            }
            request.since = Some(page.next);
        }
        let Some(at) = last else { return Ok(None) };
        let changes = told.len();
        let body = body("ledger.changed", self.city().code(), webhook, at, told.into());
        Ok(Some(Message { body, changes }))
    }
}

/// A message that tells of nothing.
pub(crate) fn test(city: &str, webhook: &Webhook, at: Timestamp) -> Message {
    Message { body: body("ledger.test", city, webhook, at, value!([])), changes: 0 }
}

fn body(kind: &str, city: &str, webhook: &Webhook, at: Timestamp, changes: Json) -> String {
    value!({
        "type": kind,
        "timestamp": at.to_string(),
        "data": {
            "city": city,
            "ledger": webhook.subscription.ledger,
            "webhook": webhook.id.to_string(),
            "changes": changes,
        },
    })
    .to_string()
}
