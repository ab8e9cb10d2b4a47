//! Runs whose process died: what it had written whole is kept, what it had half-written is taken back, and either way the run
//! says so. Nothing is lost and nothing doubled.

use kawasemi_identity::Context;
use kawasemi_ledger::import::FeedReport;
use kawasemi_store::{Param, Sql, Unit, lease};
use uuid::Uuid;

use crate::error::Result;
use crate::exchange::Exchange;
use crate::layout::{Apply, Layout};
use crate::runs::{Run, RunState};

/// Runs that are taken up at once.
const AT_ONCE: u32 = 100;
const TAKEN_BACK: &str = "適用の途中でプログラムが止まりました。台帳は元のままです。もう一度適用してください。";
const WAS_WRITTEN: &str = "適用を終えたところでプログラムが止まりました。台帳への反映は終わっています。";

impl Exchange {
    /// Frees runs whose process died while it wrote them; the ledger takes back what was half-written.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn recover(&self) -> Result<()> {
        let broken = self.broken_off().await?;
        if broken.is_empty() {
            return Ok(());
        }
        self.parts.ledgers.recover_imports(self.now()).await?;
        for (id, holder) in broken {
            let Some(run) = self.select_runs(&Sql::with("id = $1", [id.into()]), 1).await?.pop() else { continue };
            // After the batch was whole there was one thing left to write: that it is.
            let written = match self.version(&run.layout, run.version).await {
                Ok(layout) => self.parts.ledgers.fed(&layout.raw.ledger, &run.id.to_string()).await?,
                Err(_) => None,
            };
            let mut sql = match written {
                Some(batch) => applied(&run, batch),
                None => taken_back(&run),
            };
            // Of several nodes that find it, one is the first.
            match holder {
                Some(holder) => sql.push("state = 'applying' AND holder = ").bind(holder),
                None => sql.push("state = 'applying' AND holder IS NULL"),
            };
            self.city().write(Unit::of([sql.into()])).await?;
        }
        Ok(())
    }

    /// The runs that are being written by a process that is gone, with its name.
    async fn broken_off(&self) -> Result<Vec<(Uuid, Option<String>)>> {
        let ended = lease::has_ended(self.city().dialect());
        let sql = Sql::with(
            &format!(
                "SELECT id, holder, CASE WHEN {ended} THEN 1 ELSE 0 END FROM {{exchange_run}} WHERE state = 'applying'"
            ),
            [],
        );
        let mut broken = Vec::new();
        for row in self.city().read(sql).await? {
            let (id, holder, ended): (Uuid, Option<String>, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            if !lease::is_held(holder.as_deref(), ended != 0) {
                broken.push((id, holder));
            }
        }
        Ok(broken)
    }

    /// Applies what a layout says to apply by itself, where the process died before it came to that.
    pub(crate) async fn go_on(&self, layout: &Layout) -> Result<()> {
        if layout.raw.apply != Apply::Auto {
            return Ok(());
        }
        let waiting = Sql::with(
            "layout = $1 AND version = $2 AND state = 'waiting' AND decided_at IS NULL AND origin IS NULL",
            [layout.key().into(), i64::from(layout.raw.version).into()],
        );
        let mut waiting = self.select_runs(&waiting, AT_ONCE).await?;
        // The oldest first, as they came.
        waiting.reverse();
        for run in waiting.iter().filter(|run| run.alarms.is_empty() && run.report.bad == 0) {
            let context = Context::system(self.now(), "連携フォルダーの取込");
            if let Err(error) = self.apply(&context, run.id, "", &|_| {}).await {
                tracing::error!(layout = layout.key(), file = run.file, %error, "a file was not applied");
            }
        }
        Ok(())
    }
}

/// The statement, up to its last condition, that a run was written whole.
fn applied(run: &Run, batch: i64) -> Sql {
    let report = FeedReport { batch: Some(batch), is_applied: true, ..run.report.clone() };
    // Only a map with keys that are no texts could fail.
    let report = serde_json::to_string(&report).unwrap_or_default();
    Sql::with(
        "UPDATE {exchange_run} SET state = $1, message = $2, report = $3, batch = $4, holder = NULL, held_until = NULL \
         WHERE id = $5 AND ",
        [RunState::Applied.key().into(), WAS_WRITTEN.into(), report.into(), Param::Int(batch), run.id.into()],
    )
}

/// The statement, up to its last condition, that nothing of a run was written. It waits again, as before.
fn taken_back(run: &Run) -> Sql {
    let state = if run.alarms.is_empty() { RunState::Waiting } else { RunState::Held };
    Sql::with(
        "UPDATE {exchange_run} SET state = $1, message = $2, reason = '', decided_at = NULL, decided_by = NULL, \
         holder = NULL, held_until = NULL WHERE id = $3 AND ",
        [state.key().into(), TAKEN_BACK.into(), run.id.into()],
    )
}
