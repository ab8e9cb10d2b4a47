//! Deciding on a disposal (廃棄の決定): by somebody else than who proposed it.

use kawasemi_identity::Context;
use kawasemi_store::audit::Trail;
use kawasemi_store::{Sql, Statement, StoreError, Unit, Unmet, jobs};
use uuid::Uuid;

use super::propose::SUBJECT;
use super::{DisposalState, TOPIC};
use crate::city::Oversight;
use crate::error::{OversightError, Result};

impl Oversight {
    /// Approves or rejects a disposal. What is approved is erased by a job that is written with the decision.
    ///
    /// # Errors
    /// [`OversightError::Forbidden`], [`OversightError::NotFound`], [`OversightError::Refused`] for whoever proposed it, where it
    /// was decided before, and for a rejection without words.
    pub async fn decide_disposal(&self, context: &Context, id: Uuid, approve: bool, words: &str) -> Result<()> {
        context.require_privacy_officer()?;
        let disposal = self.disposal_of(id).await?;
        let actor = context.act.actor.to_string();
        if disposal.state != DisposalState::Proposed {
            return Err(OversightError::refused("この廃棄は、すでに決定されています。"));
        }
        if disposal.proposed_by == actor {
            return Err(OversightError::refused(
                "起案した人は決定できません。別の個人情報保護担当が決定してください。",
            ));
        }
        let words = words.trim();
        if !approve && words.is_empty() {
            return Err(OversightError::refused("不承認の理由を入力してください。起案した人が読みます。"));
        }
        let state = if approve { DisposalState::Approved } else { DisposalState::Rejected };
        let update = Sql::with(
            "UPDATE {disposal} SET state = $1, decided_by = $2, decided_at = $3, decision = $4 \
             WHERE id = $5 AND state = 'proposed'",
            [state.key().into(), actor.into(), context.act.at.as_microsecond().into(), words.into(), id.into()],
        );
        let mut unit = Unit::of([Statement::one_row(update, Unmet::Conflict)]);
        let trail = Trail::of(self.city(), SUBJECT, id).await?;
        let kind = if approve { "approve" } else { "reject" };
        let said = serde_json::json!({ "decision": words }).to_string();
        unit.extend(trail.statements(kind, &context.act, self.ids(), &said));
        if approve {
            let (key, now) = (id.to_string(), context.act.at);
            unit.add(jobs::enqueue(self.ids().next(), TOPIC, Some(&key), &key, now, now));
        }
        match self.city().write(unit).await {
            Err(StoreError::Conflict | StoreError::Unique { .. }) => {
                Err(OversightError::refused("この廃棄は、すでに決定されています。"))
            }
            other => other.map(drop).map_err(Into::into),
        }
    }
}
