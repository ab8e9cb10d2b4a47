//! What is decided about a run: applying it, deciding against it, taking it back.

use std::sync::Arc;

use kawasemi_identity::Context;
use kawasemi_ledger::import::FeedReport;
use kawasemi_store::unit::Unmet;
use kawasemi_store::{Param, Sql, Statement, StoreError, Unit, lease};
use uuid::Uuid;

use crate::error::{ExchangeError, Result};
use crate::exchange::Exchange;
use crate::intake::{Incoming, OnProgress, title};
use crate::layout::{Layout, Sequence};
use crate::runs::{Run, RunState};
use crate::source::plan;

impl Exchange {
    /// Applies a run: a person has seen the difference, or nothing is amiss. Where an alarm was raised, the person says why
    /// it may go on.
    ///
    /// # Errors
    /// [`ExchangeError::Refused`] where it was decided about meanwhile, or no reason is given.
    pub async fn apply(&self, context: &Context, id: Uuid, reason: &str, progress: OnProgress<'_>) -> Result<Run> {
        let run = self.run(context, id).await?;
        if run.state == RunState::Held && reason.trim().is_empty() {
            return Err(ExchangeError::Refused(
                "警報が出ています。適用してよいと判断した理由を書いてください。".to_owned(),
            ));
        }
        let layout = self.version(&run.layout, run.version).await?;
        let kept = self.begin(context, &run, reason).await?;
        let outcome = self.write(context, &run, &layout, reason, progress).await;
        drop(kept);
        match outcome {
            Ok(report) => self.end(context, &run, RunState::Applied, reason, Some(&report), "").await?,
            Err(error) => {
                self.end(context, &run, run.state, &run.reason, None, &format!("適用に失敗しました: {error}")).await?;
                return Err(error);
            }
        }
        self.run(context, id).await
    }

    /// Takes a run for this process; nobody else applies it meanwhile, nor another file of the same layout.
    async fn begin(&self, context: &Context, run: &Run, reason: &str) -> Result<lease::Kept> {
        // Who decided and why is noted at once: should this process die having written everything, it is known.
        let mut sql = Sql::with(
            "UPDATE {exchange_run} SET state = 'applying', holder = $1, decided_at = $2, decided_by = $3, reason = $4, \
             held_until = ",
            [
                lease::this_process().into(),
                self.now().as_microsecond().into(),
                context.act.actor.to_string().into(),
                reason.trim().into(),
            ],
        );
        sql.push(&lease::end(self.city().dialect()));
        sql.append(&Sql::with(
            " WHERE id = $1 AND state = $2 AND NOT EXISTS \
             (SELECT 1 FROM {exchange_run} AS other WHERE other.layout = $3 AND other.state = 'applying')",
            [run.id.into(), run.state.key().into(), run.layout.as_str().into()],
        ));
        let message = "このファイルはすでに処理されているか、同じ連携のほかのファイルを適用しています。";
        if !run.state.is_open() {
            return Err(ExchangeError::Refused(format!(
                "このファイルは「{}」なので、適用できません。",
                run.state.label()
            )));
        }
        let unit = Unit::of([Statement::one_row(sql, Unmet::Refused(message.to_owned()))]);
        match self.city().write(unit).await {
            Ok(_) => Ok(lease::keep_row(self.city(), "exchange_run", run.id.into())),
            Err(StoreError::Refused { message }) => Err(ExchangeError::Refused(message)),
            Err(error) => Err(error.into()),
        }
    }

    async fn write(
        &self,
        context: &Context,
        run: &Run,
        layout: &Arc<Layout>,
        reason: &str,
        progress: OnProgress<'_>,
    ) -> Result<FeedReport> {
        let before = self.before(&run.layout).await?;
        let newer = before.iter().find(|other| match (other.sequence, run.sequence, other.file_date, run.file_date) {
            (Some(other), Some(own), ..) if layout.raw.checks.sequence != Sequence::Ignore => other >= own,
            (_, _, Some(other), Some(own)) => other > own,
            _ => false,
        });
        if run.origin.is_none()
            && let Some(newer) = newer
        {
            let message =
                format!("このファイルより新しい「{}」をすでに適用しています。取りやめてください。", newer.file);
            return Err(ExchangeError::Refused(message));
        }
        let content = self.content(run).await?;
        let (corrections, only) = self.corrected(run).await?;
        let found = self.inspected(layout, content.path(), corrections.clone()).await?;
        let file = Incoming {
            layout,
            path: content.path(),
            name: &run.file,
            found: &found,
            corrections,
            only,
            origin: run.origin,
        };
        let ledger = self.ledger(&layout.raw.ledger)?;
        let mut plan = plan(layout, &ledger, title(layout, &run.file), self.days(&found), file.only.is_none());
        plan.origin = run.id.to_string();
        let why = if reason.trim().is_empty() {
            plan.title.clone()
        } else {
            format!("{}（{}）", plan.title, reason.trim())
        };
        let acting = self.acting(context, why);
        let source = self.source(&file);
        Ok(self.parts.ledgers.feed(&acting, &layout.raw.ledger, &plan, &source, progress).await?)
    }

    pub(crate) async fn end(
        &self,
        context: &Context,
        run: &Run,
        state: RunState,
        reason: &str,
        report: Option<&FeedReport>,
        message: &str,
    ) -> Result<()> {
        let kept = report.map(|report| FeedReport { samples: Vec::new(), refused: Vec::new(), ..report.clone() });
        let text = serde_json::to_string(kept.as_ref().unwrap_or(&run.report)).unwrap_or_default();
        let batch = report.and_then(|report| report.batch).or(run.batch);
        let sql = Sql::with(
            "UPDATE {exchange_run} SET state = $1, reason = $2, report = $3, message = $4, batch = $5, decided_at = $6, \
             decided_by = $7, holder = NULL, held_until = NULL WHERE id = $8",
            [
                state.key().into(),
                reason.trim().into(),
                text.into(),
                message.into(),
                batch.map_or(Param::Null, Param::Int),
                self.now().as_microsecond().into(),
                context.act.actor.to_string().into(),
                run.id.into(),
            ],
        );
        self.city().write(Unit::of([sql.into()])).await?;
        Ok(())
    }

    /// Decides against a run; nothing is changed.
    ///
    /// # Errors
    /// [`ExchangeError::Refused`] where it was decided about meanwhile.
    pub async fn reject(&self, context: &Context, id: Uuid, reason: &str) -> Result<Run> {
        let run = self.run(context, id).await?;
        let sql = Sql::with(
            "UPDATE {exchange_run} SET state = 'rejected', reason = $1, decided_at = $2, decided_by = $3 \
             WHERE id = $4 AND state IN ('waiting', 'held')",
            [
                reason.trim().into(),
                self.now().as_microsecond().into(),
                context.act.actor.to_string().into(),
                run.id.into(),
            ],
        );
        let message = format!("このファイルは「{}」なので、取りやめられません。", run.state.label());
        let unit = Unit::of([Statement::one_row(sql, Unmet::Refused(message))]);
        match self.city().write(unit).await {
            Ok(_) => self.run(context, id).await,
            Err(StoreError::Refused { message }) => Err(ExchangeError::Refused(message)),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes an applied run back: what it made is deleted, what it changed is as before, except what was changed since.
    ///
    /// # Errors
    /// [`ExchangeError::Refused`] where it is not applied, or a later file was.
    pub async fn undo(&self, context: &Context, id: Uuid, reason: &str) -> Result<Run> {
        let run = self.run(context, id).await?;
        if run.state != RunState::Applied {
            return Err(ExchangeError::Refused("適用済みのファイルだけを取り消せます。".to_owned()));
        }
        let newest = self
            .select_runs(&Sql::with("layout = $1 AND state = 'applied'", [run.layout.as_str().into()]), 100)
            .await?;
        if newest.iter().any(|other| other.batch.is_some() && other.batch > run.batch) {
            let message = "あとのファイルを適用しています。新しいものから順に取り消してください。";
            return Err(ExchangeError::Refused(message.to_owned()));
        }
        let layout = self.version(&run.layout, run.version).await?;
        if let Some(batch) = run.batch {
            let acting = self.acting(context, format!("{}の取消（{}）", title(&layout, &run.file), reason.trim()));
            self.parts.ledgers.undo_batch(&acting, &layout.raw.ledger, batch).await?;
        }
        self.end(context, &run, RunState::Undone, reason, None, "").await?;
        self.run(context, id).await
    }
}
