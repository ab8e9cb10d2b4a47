//! What a running server does by itself for each city that somebody has opened: the audit trail is sealed, accounts follow the
//! register of assignments, and what has ended (sessions, jobs that are done, imports that were broken off) is removed.
//!
//! A failure is logged and tried again at the next round; it never stops the server.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kawasemi_registry::{ASSIGNMENT, DEPARTMENT};
use kawasemi_store::{Sql, audit};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::shell::{OpenCity, Shell};

/// Between two rounds, in which the audit trail is sealed.
const ROUND: Duration = Duration::from_secs(10);
/// Rounds between two looks at the registers.
const FOLLOW_EVERY: u64 = 6;
/// Rounds between two sweeps.
const SWEEP_EVERY: u64 = 360;
/// An import that went on less than so long ago may still run.
const BROKEN_OFF: SignedDuration = SignedDuration::from_hours(6);
/// How long a job that is done can be looked at.
const DONE_JOBS: SignedDuration = SignedDuration::from_hours(24 * 14);

/// The upkeep of all open cities.
pub struct Upkeep {
    shell: Arc<Shell>,
    stop: watch::Sender<bool>,
    cities: std::sync::Mutex<JoinSet<()>>,
}

impl Upkeep {
    /// Upkeep of no city yet.
    pub fn new(shell: Arc<Shell>) -> Arc<Self> {
        Arc::new(Self { shell, stop: watch::Sender::new(false), cities: std::sync::Mutex::default() })
    }

    /// Looks after a city from now on.
    pub fn watch(&self, open: OpenCity) {
        let (shell, mut stop) = (Arc::clone(&self.shell), self.stop.subscribe());
        let work = async move {
            let mut known = None;
            for round in 0_u64.. {
                tend(&shell, &open, &mut known, round).await;
                tokio::select! {
                    () = tokio::time::sleep(ROUND) => {}
                    _ = stop.changed() => break,
                }
            }
        };
        self.cities.lock().unwrap_or_else(std::sync::PoisonError::into_inner).spawn(work);
    }

    /// Stops after what is being done.
    pub async fn end(&self) {
        self.stop.send_replace(true);
        let cities = std::mem::take(&mut *self.cities.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        cities.join_all().await;
    }
}

/// One round for one city.
async fn tend(shell: &Shell, open: &OpenCity, known: &mut Option<Vec<i64>>, round: u64) {
    if let Err(error) = seal(shell, open).await {
        tracing::error!(city = open.city.code(), error = %format!("{error:#}"), "the audit trail was not sealed");
    }
    if round.is_multiple_of(FOLLOW_EVERY)
        && let Err(error) = follow_register(shell, open, known).await
    {
        tracing::error!(city = open.city.code(), error = %format!("{error:#}"), "the departments of accounts were not set");
    }
    if round.is_multiple_of(SWEEP_EVERY)
        && let Err(error) = sweep(shell, open).await
    {
        tracing::error!(city = open.city.code(), error = %format!("{error:#}"), "what has ended was not removed");
    }
}

async fn seal(shell: &Shell, open: &OpenCity) -> anyhow::Result<()> {
    let keeper = shell.keeper(open.city.code())?;
    audit::seal(&open.city, &keeper, shell.clock.now()).await?;
    Ok(())
}

/// Sets the departments of accounts when the registers have changed since the last round.
async fn follow_register(shell: &Shell, open: &OpenCity, known: &mut Option<Vec<i64>>) -> anyhow::Result<()> {
    let state = register_state(open).await?;
    if known.as_ref() != Some(&state) {
        let context = shell.context("配属の反映");
        kawasemi_registry::sync_departments(&open.ledgers, &open.identity, &context).await?;
        *known = Some(state);
    }
    Ok(())
}

/// By what a change of the registers is seen: how many records they have, and when the last of them was written.
async fn register_state(open: &OpenCity) -> anyhow::Result<Vec<i64>> {
    let mut state = Vec::new();
    let catalogue = open.city.catalogue();
    for key in [DEPARTMENT, ASSIGNMENT] {
        let Some(ledger) = catalogue.get(key) else { continue };
        let mut sql = Sql::text("SELECT count(*), coalesce(max(updated_at), 0), count(deleted_at) FROM ");
        sql.table(&ledger.def.table());
        if let Some(row) = open.city.read_one(sql).await? {
            state.extend([row.get::<i64>(0)?, row.get(1)?, row.get(2)?]);
        }
    }
    Ok(state)
}

async fn sweep(shell: &Shell, open: &OpenCity) -> anyhow::Result<()> {
    let now = shell.clock.now();
    open.identity.sweep(now).await?;
    open.city.sweep_jobs(now.checked_sub(DONE_JOBS).unwrap_or(Timestamp::MIN)).await?;
    open.ledgers.sweep_imports(&shell.context("中断した取込の片付け"), BROKEN_OFF).await?;
    Ok(())
}
