//! Imports and dry runs that were begun on the desk, kept in the city's database.
//!
//! A run begins with a file that was sent ([`Ledgers::keep_import_file`]) and is seen by the person who sent it alone. How
//! far it is and what came out of it stand in its row: so the page of a run answers from every node, also after a restart.
//! A run whose process is gone is broken off, which its page says.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use kawasemi_identity::Context;
use kawasemi_kernel::FileRef;
use kawasemi_schema::Action;
use kawasemi_store::lease::{self, Kept};
use kawasemi_store::{City, Param, Row, Sql, Statement, StoreError, Unit, Unmet};
use tokio::sync::watch;
use uuid::Uuid;

use super::report::{ImportReport, Progress};
use super::run::ImportPlan;
use crate::error::{LedgerError, Result};
use crate::ledgers::Ledgers;

/// How often progress is written at most.
const NOTED: std::time::Duration = std::time::Duration::from_secs(1);
/// How long what came out of a run can be looked at.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 31);
const COLUMNS: &str =
    "id, ledger, state, is_dry, file, entries, \"rows\", bad, is_updating, report, error, created_at, holder";

/// A file that was sent for an import, or a run of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportRun {
    /// Its id.
    pub id: Uuid,
    /// The ledger's key.
    pub ledger: String,
    /// Whether it only tries.
    pub is_dry: bool,
    /// The file, in the city's file store.
    pub file: FileRef,
    /// What was chosen for it, in the words of the form.
    pub entries: String,
    /// When it was begun.
    pub created_at: Timestamp,
    /// Where it stands.
    pub state: RunState,
}

/// Where a run stands.
#[derive(Clone, Debug, PartialEq)]
pub enum RunState {
    /// The file is there; nothing was begun with it.
    Chosen,
    /// It goes on.
    Running(Progress),
    /// It came to its end.
    Ended(Arc<ImportReport>),
    /// It was refused or failed, and changed nothing; with the sentence for the person.
    Failed(String),
    /// The process that ran it is gone; nothing of it remains.
    BrokenOff,
}

impl Ledgers {
    /// Keeps in mind a file that was sent for an import.
    ///
    /// # Errors
    /// [`LedgerError::Forbidden`] without the right to import.
    pub async fn keep_import_file(&self, context: &Context, ledger: &str, file: &FileRef) -> Result<Uuid> {
        self.gate_for(context, ledger, Action::Import)?;
        self.sweep_runs(context.act.at).await?;
        self.insert_run(context, ledger, file, "chosen", false, "").await
    }

    /// A run or a kept file of the caller's own.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] when the caller has none of this id in this ledger.
    pub async fn import_run(&self, context: &Context, ledger: &str, id: Uuid) -> Result<ImportRun> {
        let mut sql = Sql::text("SELECT ");
        sql.push(COLUMNS).push(", CASE WHEN ").push(&lease::has_ended(self.dialect())).push(" THEN 1 ELSE 0 END FROM ");
        sql.table("import_run").push(" WHERE id = ").bind(id).push(" AND ledger = ").bind(ledger);
        sql.push(" AND owner = ").bind(context.act.actor.to_string());
        let row = self.city().read_one(sql).await?.ok_or(LedgerError::NotFound)?;
        read(&row)
    }

    /// Begins an import, or a dry run, of a kept file and answers its id; it goes on by itself. `entries` is what was chosen,
    /// to be shown again; `keep` lives as long as the run, such as the file on the disk.
    ///
    /// # Errors
    /// [`LedgerError::Forbidden`], and when the store fails.
    pub async fn begin_import(
        &self,
        context: &Context,
        of: &ImportRun,
        plan: ImportPlan,
        is_dry: bool,
        entries: &str,
        keep: impl Send + 'static,
    ) -> Result<Uuid> {
        self.gate_for(context, &of.ledger, Action::Import)?;
        let id = self.insert_run(context, &of.ledger, &of.file, "running", is_dry, entries).await?;
        let (ledgers, context, ledger) = (self.clone(), context.clone(), of.ledger.clone());
        tokio::spawn(async move {
            let kept = lease::keep_row(ledgers.city(), "import_run", id.into());
            let outcome = ledgers.run_import(&context, &ledger, &plan, is_dry, id).await;
            if let Err(error) = &outcome {
                tracing::warn!(ledger, %error, "an import was refused or failed");
            }
            if let Err(error) = end(ledgers.city(), id, outcome, context.act.at, kept).await {
                tracing::error!(%error, "the outcome of an import was not kept");
            }
            drop(keep);
        });
        Ok(id)
    }

    /// The caller's runs in a ledger that were broken off and not begun anew, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn broken_imports(&self, context: &Context, ledger: &str) -> Result<Vec<ImportRun>> {
        let mut sql = Sql::text("SELECT ");
        sql.push(COLUMNS).push(", CASE WHEN ").push(&lease::has_ended(self.dialect())).push(" THEN 1 ELSE 0 END FROM ");
        sql.table("import_run").push(" WHERE ledger = ").bind(ledger).push(" AND owner = ");
        sql.bind(context.act.actor.to_string())
            .push(" AND state <> 'chosen' ORDER BY created_at DESC, id DESC LIMIT 20");
        let mut newest = std::collections::HashSet::new();
        let mut broken = Vec::new();
        for row in self.city().read(sql).await? {
            let run = read(&row)?;
            if newest.insert(run.file.sha256.clone()) && run.state == RunState::BrokenOff && !run.is_dry {
                broken.push(run);
            }
        }
        Ok(broken)
    }

    async fn run_import(
        &self,
        context: &Context,
        ledger: &str,
        plan: &ImportPlan,
        is_dry: bool,
        id: Uuid,
    ) -> Result<ImportReport> {
        let (sender, receiver) = watch::channel(Progress::default());
        let noting = tokio::spawn(note(self.city().clone(), id, receiver));
        let tell = move |now| sender.send_modify(|progress| *progress = now);
        let outcome = if is_dry {
            self.import_dry_run(context, ledger, plan, &tell).await
        } else {
            // What an earlier import left would stand in the way of its own file.
            self.recover_imports(context.act.at).await?;
            self.import(context, ledger, plan, &tell).await
        };
        noting.abort();
        outcome
    }

    async fn insert_run(
        &self,
        context: &Context,
        ledger: &str,
        file: &FileRef,
        state: &str,
        is_dry: bool,
        entries: &str,
    ) -> Result<Uuid> {
        let id = self.ids().next();
        let file = serde_json::to_string(file).map_err(|error| StoreError::Io { detail: error.to_string() })?;
        let mut sql = Sql::with(
            "INSERT INTO {import_run} (id, ledger, owner, state, is_dry, file, entries, \"rows\", bad, is_updating, \
             created_at, holder, held_until) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, $8, $9, $10, ",
            [
                id.into(),
                ledger.into(),
                context.act.actor.to_string().into(),
                state.into(),
                is_dry.into(),
                file.into(),
                entries.into(),
                false.into(),
                context.act.at.as_microsecond().into(),
                lease::this_process().into(),
            ],
        );
        sql.push(&lease::end(self.dialect())).push(")");
        self.city().write(Unit::of([sql.into()])).await?;
        Ok(id)
    }

    /// Forgets runs that nobody will look at any more.
    async fn sweep_runs(&self, now: Timestamp) -> Result<()> {
        let before = now.checked_sub(KEPT).unwrap_or(Timestamp::MIN).as_microsecond();
        let sql = Sql::with("DELETE FROM {import_run} WHERE created_at < $1", [before.into()]);
        self.city().write(Unit::of([sql.into()])).await?;
        Ok(())
    }
}

/// Writes how far a run is, now and then.
async fn note(city: City, id: Uuid, mut progress: watch::Receiver<Progress>) {
    while progress.changed().await.is_ok() {
        let now = *progress.borrow_and_update();
        let number = |count: u64| Param::Int(i64::try_from(count).unwrap_or(i64::MAX));
        let sql = Sql::with(
            "UPDATE {import_run} SET \"rows\" = $1, bad = $2, is_updating = $3 WHERE id = $4",
            [number(now.rows), number(now.bad), now.is_updating.into(), id.into()],
        );
        if let Err(error) = city.write(Unit::of([sql.into()])).await {
            tracing::warn!(%error, "the progress of an import was not kept");
        }
        tokio::time::sleep(NOTED).await;
    }
}

async fn end(city: &City, id: Uuid, outcome: Result<ImportReport>, at: Timestamp, kept: Kept) -> Result<()> {
    drop(kept);
    let (state, report, error) = match outcome {
        Ok(report) => ("ended", serde_json::to_string(&report).ok(), None),
        Err(error) => ("failed", None, Some(error.to_string())),
    };
    let text = |text: Option<String>| text.map_or(Param::Null, Param::from);
    let sql = Sql::with(
        "UPDATE {import_run} SET state = $1, report = $2, error = $3, ended_at = $4, holder = NULL, held_until = NULL \
         WHERE id = $5",
        [state.into(), text(report), text(error), at.as_microsecond().into(), id.into()],
    );
    city.write(Unit::of([Statement::one_row(sql, Unmet::NotFound)])).await?;
    Ok(())
}

fn read(row: &Row) -> Result<ImportRun> {
    let damaged = |column: &str, error: serde_json::Error| StoreError::Decode {
        column: format!("import_run.{column}"),
        detail: error.to_string(),
    };
    let count = |index| row.get::<i64>(index).map(i64::unsigned_abs);
    let (holder, ended): (Option<String>, i64) = (row.get(12)?, row.get(13)?);
    let state = match row.get::<String>(2)?.as_str() {
        "chosen" => RunState::Chosen,
        "ended" => {
            let report: String = row.get::<Option<String>>(9)?.unwrap_or_default();
            RunState::Ended(serde_json::from_str(&report).map_err(|error| damaged("report", error))?)
        }
        "failed" => RunState::Failed(row.get::<Option<String>>(10)?.unwrap_or_default()),
        _ if lease::is_held(holder.as_deref(), ended != 0) => {
            RunState::Running(Progress { rows: count(6)?, bad: count(7)?, is_updating: row.get(8)? })
        }
        _ => RunState::BrokenOff,
    };
    Ok(ImportRun {
        id: row.get(0)?,
        ledger: row.get(1)?,
        is_dry: row.get(3)?,
        file: serde_json::from_str(&row.get::<String>(4)?).map_err(|error| damaged("file", error))?,
        entries: row.get(5)?,
        created_at: Timestamp::from_microsecond(row.get(11)?).unwrap_or_default(),
        state,
    })
}
