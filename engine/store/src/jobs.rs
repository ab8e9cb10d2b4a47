//! Jobs: what is done after an act, at least once.
//!
//! A job is a row of the outbox, written in the same unit as the act that causes it ([`enqueue`]), so that neither exists
//! without the other. Workers take waiting jobs under a lease ([`City::take_jobs`]); a worker that dies lets go of them
//! when the lease ends. A job that fails is tried again, later each time, and lies among the dead letters after
//! [`MAX_ATTEMPTS`]; from there an administrator sends it round again. On PostgreSQL several nodes take jobs without
//! waiting for one another (`SKIP LOCKED`).
//!
//! A process that ends gives back what it has taken and not done ([`Ending`]), so that others need not wait for the lease.
//!
//! A handler may see the same job twice: it uses the job's id as idempotency key towards the outside.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::{FutureExt as _, StreamExt as _};
use jiff::{SignedDuration, Timestamp};
use kawasemi_kernel::Clock;
use tokio::sync::watch;
use uuid::Uuid;

use crate::city::City;
use crate::error::Result;
use crate::row::Row;
use crate::sql::{Dialect, Param, Sql};
use crate::unit::{Statement, Unit, Unmet};

/// Attempts after which a job is a dead letter: with the back-off of [`wait_after`], about a day.
pub const MAX_ATTEMPTS: i64 = 16;
/// How long a worker may hold a job before others may take it. A handler that takes longer keeps its job by renewal.
pub const LEASE: SignedDuration = SignedDuration::from_mins(10);
/// Between two renewals of the lease.
const RENEWED_EVERY: Duration = Duration::from_secs(3 * 60);
/// Jobs that a worker takes at once.
const TAKEN: u32 = 20;
/// How many of them are done at the same time: one that waits for a slow receiver does not hold up the others.
const AT_ONCE: usize = 5;
/// Longest wait between two attempts.
const LONGEST_WAIT: i64 = 4 * 60 * 60;

/// A job as a worker gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its id, also the idempotency key of what it causes outside.
    pub id: Uuid,
    /// What is to be done; decides the handler.
    pub topic: String,
    /// What the handler needs to know, as JSON.
    pub payload: String,
    /// Which attempt this is, from 1.
    pub attempts: i64,
    /// When the job was written.
    pub created_at: Timestamp,
}

/// A job as an administrator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRow {
    /// The job.
    pub job: Job,
    /// `waiting`, `running`, `done` or `dead`.
    pub state: String,
    /// When it runs next.
    pub run_at: Timestamp,
    /// What the last attempt said.
    pub error: Option<String>,
}

/// How far a process has come with ending. What goes on by itself follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Ending {
    /// It goes on.
    #[default]
    NotYet,
    /// What was begun is finished, nothing new is begun.
    Finish,
    /// There is no more time: what was begun is left where it stands, and given back.
    GiveBack,
}

/// The statement that writes a job with the act that causes it. Among jobs of one topic a `key` occurs once: a second
/// one with the same key is ignored.
#[must_use]
pub fn enqueue(id: Uuid, topic: &str, key: Option<&str>, payload: &str, at: Timestamp, run_at: Timestamp) -> Statement {
    Statement::any(Sql::with(
        "INSERT INTO {outbox} (id, topic, state, \"key\", payload, attempts, created_at, run_at) \
         VALUES ($1, $2, 'waiting', $3, $4, 0, $5, $6) ON CONFLICT DO NOTHING",
        [
            id.into(),
            topic.into(),
            key.map_or(Param::Null, Param::from),
            payload.into(),
            Param::Int(at.as_microsecond()),
            Param::Int(run_at.as_microsecond()),
        ],
    ))
}

/// How long a job waits after its n-th failed attempt: ten seconds, doubled each time, at most four hours.
#[must_use]
pub fn wait_after(attempts: i64) -> SignedDuration {
    let doublings = u32::try_from(attempts.clamp(1, 20) - 1).unwrap_or(0);
    SignedDuration::from_secs((10_i64 << doublings).min(LONGEST_WAIT))
}

impl City {
    /// Takes jobs that are due, for the length of a lease.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn take_jobs(&self, topics: &[&str], now: Timestamp, limit: u32) -> Result<Vec<Job>> {
        if topics.is_empty() {
            return Ok(Vec::new());
        }
        let until = now.checked_add(LEASE).unwrap_or(Timestamp::MAX);
        // The choice is made once, before the update looks at rows: in a subquery PostgreSQL may make it anew for each row.
        let mut sql = Sql::text("WITH due AS MATERIALIZED (");
        sql.append(&due(topics, now)).push(" ORDER BY run_at, id LIMIT ").number(i64::from(limit));
        if self.dialect() == Dialect::Postgres {
            sql.push(" FOR UPDATE SKIP LOCKED");
        }
        sql.append(&Sql::with(
            ") UPDATE {outbox} SET state = 'running', attempts = attempts + 1, locked_until = $1 \
             WHERE id IN (SELECT id FROM due) RETURNING id, topic, payload, attempts, created_at",
            [Param::Int(until.as_microsecond())],
        ));
        let receipt = self.write(Unit::of([give_up(now), Statement::returning(sql)])).await?;
        receipt.rows.first().map_or_else(|| Ok(Vec::new()), |rows| rows.iter().map(read_job).collect())
    }

    /// Whether there is anything to take. A reading, so that a worker who looks every few seconds costs no write.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn has_due_jobs(&self, topics: &[&str], now: Timestamp) -> Result<bool> {
        if topics.is_empty() {
            return Ok(false);
        }
        let mut sql = due(topics, now);
        sql.push(" LIMIT 1");
        Ok(self.read_one(sql).await?.is_some())
    }

    /// Keeps a job for another length of a lease, unless another worker has taken it meanwhile.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn keep_job(&self, job: &Job, now: Timestamp) -> Result<()> {
        let until = now.checked_add(LEASE).unwrap_or(Timestamp::MAX);
        let sql = Sql::with(
            "UPDATE {outbox} SET locked_until = $1 WHERE id = $2 AND state = 'running' AND attempts = $3",
            [Param::Int(until.as_microsecond()), job.id.into(), job.attempts.into()],
        );
        self.write(Unit::of([sql.into()])).await.map(|_| ())
    }

    /// Says that a job is done.
    ///
    /// # Errors
    /// When the store fails; the job is then done again after its lease.
    pub async fn finish_job(&self, id: Uuid, now: Timestamp) -> Result<()> {
        let sql = Sql::with(
            "UPDATE {outbox} SET state = 'done', done_at = $2, locked_until = NULL, error = NULL WHERE id = $1",
            [id.into(), Param::Int(now.as_microsecond())],
        );
        self.write(Unit::of([sql.into()])).await.map(|_| ())
    }

    /// Says that an attempt failed: the job waits, or lies among the dead letters from now on. Where the lease has ended
    /// and another worker has taken the job, what became of this attempt says nothing any more.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn fail_job(&self, job: &Job, now: Timestamp, error: &str, hopeless: bool) -> Result<()> {
        let dead = hopeless || job.attempts >= MAX_ATTEMPTS;
        let run_at = now.checked_add(wait_after(job.attempts)).unwrap_or(Timestamp::MAX);
        let sql = Sql::with(
            "UPDATE {outbox} SET state = $2, run_at = $3, locked_until = NULL, error = $4 \
             WHERE id = $1 AND state = 'running' AND attempts = $5",
            [
                job.id.into(),
                if dead { "dead" } else { "waiting" }.into(),
                Param::Int(run_at.as_microsecond()),
                error.chars().take(2_000).collect::<String>().into(),
                job.attempts.into(),
            ],
        );
        self.write(Unit::of([sql.into()])).await.map(|_| ())
    }

    /// Gives a job back that was taken and not done, as if it had not been taken: it can be taken at once. Where its lease has
    /// ended and another worker has taken it, nothing happens.
    ///
    /// # Errors
    /// When the store fails; the job is then taken again after its lease.
    pub async fn return_job(&self, job: &Job) -> Result<()> {
        let sql = Sql::with(
            "UPDATE {outbox} SET state = 'waiting', attempts = attempts - 1, locked_until = NULL \
             WHERE id = $1 AND state = 'running' AND attempts = $2",
            [job.id.into(), job.attempts.into()],
        );
        self.write(Unit::of([sql.into()])).await.map(|_| ())
    }

    /// Jobs in a state (`waiting`, `running`, `done`, `dead`), the latest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn jobs(&self, state: &str, limit: u32) -> Result<Vec<JobRow>> {
        let sql = Sql::with(
            "SELECT id, topic, payload, attempts, created_at, state, run_at, error FROM {outbox} \
             WHERE state = $1 ORDER BY run_at DESC LIMIT $2",
            [state.into(), Param::Int(i64::from(limit))],
        );
        self.read(sql).await?.iter().map(read_row).collect()
    }

    /// The latest jobs of a topic, whatever became of them, the newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn jobs_about(&self, topic: &str, limit: u32) -> Result<Vec<JobRow>> {
        let sql = Sql::with(
            "SELECT id, topic, payload, attempts, created_at, state, run_at, error FROM {outbox} \
             WHERE topic = $1 ORDER BY created_at DESC, id LIMIT $2",
            [topic.into(), Param::Int(i64::from(limit))],
        );
        self.read(sql).await?.iter().map(read_row).collect()
    }

    /// Sends a dead letter round again, from its first attempt.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`] when it is not among the dead letters.
    pub async fn revive_job(&self, id: Uuid, now: Timestamp) -> Result<()> {
        let sql = Sql::with(
            "UPDATE {outbox} SET state = 'waiting', attempts = 0, run_at = $2 WHERE id = $1 AND state = 'dead'",
            [id.into(), Param::Int(now.as_microsecond())],
        );
        self.write(Unit::of([Statement::one_row(sql, Unmet::NotFound)])).await.map(|_| ())
    }

    /// Removes what was done before an instant.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sweep_jobs(&self, before: Timestamp) -> Result<()> {
        let sql = Sql::with(
            "DELETE FROM {outbox} WHERE state = 'done' AND done_at < $1",
            [Param::Int(before.as_microsecond())],
        );
        self.write(Unit::of([sql.into()])).await.map(|_| ())
    }
}

/// The ids of jobs that may be taken: those whose time has come, and those whose worker has let its lease end.
fn due(topics: &[&str], now: Timestamp) -> Sql {
    let mut sql = Sql::with(
        "SELECT id FROM {outbox} WHERE ((state = 'waiting' AND run_at <= $1) \
         OR (state = 'running' AND locked_until <= $1)) AND topic IN (",
        [Param::Int(now.as_microsecond())],
    );
    sql.bind_list(topics.iter().map(|topic| Param::from(*topic))).push(")");
    sql
}

/// Makes dead letters of jobs whose last attempt never came to an end: one that takes its worker down with it would do so
/// for ever.
fn give_up(now: Timestamp) -> Statement {
    Statement::any(Sql::with(
        "UPDATE {outbox} SET state = 'dead', locked_until = NULL, error = $1 \
         WHERE state = 'running' AND locked_until <= $2 AND attempts >= $3",
        ["処理の途中で終わらなくなりました。".into(), Param::Int(now.as_microsecond()), Param::Int(MAX_ATTEMPTS)],
    ))
}

fn read_job(row: &Row) -> Result<Job> {
    Ok(Job {
        id: row.get(0)?,
        topic: row.get(1)?,
        payload: row.get(2)?,
        attempts: row.get(3)?,
        created_at: instant(row, 4)?,
    })
}

fn read_row(row: &Row) -> Result<JobRow> {
    Ok(JobRow { job: read_job(row)?, state: row.get(5)?, run_at: instant(row, 6)?, error: row.get(7)? })
}

fn instant(row: &Row, index: usize) -> Result<Timestamp> {
    let micros: i64 = row.get(index)?;
    Ok(Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MIN))
}

/// Why a job failed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct JobError {
    /// What happened, for the administrator. No personal data.
    pub message: String,
    /// Whether trying again is pointless.
    pub hopeless: bool,
}

impl JobError {
    /// A failure that may pass.
    #[must_use]
    pub fn later(error: impl std::fmt::Display) -> Self {
        Self { message: error.to_string(), hopeless: false }
    }

    /// A failure that trying again will not mend.
    #[must_use]
    pub fn hopeless(error: impl std::fmt::Display) -> Self {
        Self { message: error.to_string(), hopeless: true }
    }
}

/// Does the jobs of one topic.
#[async_trait]
pub trait Handler: Send + Sync {
    /// Does a job. It may come again, also after it was done.
    async fn run(&self, city: &City, job: &Job) -> std::result::Result<(), JobError>;
}

/// The handlers of a process, by topic. Each engine that can do something registers itself here, in `app`.
#[derive(Clone, Default)]
pub struct Handlers {
    by_topic: HashMap<&'static str, Arc<dyn Handler>>,
}

impl Handlers {
    /// The same with one more handler.
    #[must_use]
    pub fn with(mut self, topic: &'static str, handler: impl Handler + 'static) -> Self {
        self.by_topic.insert(topic, Arc::new(handler));
        self
    }

    /// Does what is due once, some jobs at the same time, and answers how many were taken.
    ///
    /// # Errors
    /// When the store fails. A job that fails is no error here.
    pub async fn work_once(&self, city: &City, clock: &dyn Clock, limit: u32) -> Result<usize> {
        let (_never, ending) = watch::channel(Ending::NotYet);
        self.work_until(city, clock, limit, &ending).await
    }

    async fn work_until(
        &self,
        city: &City,
        clock: &dyn Clock,
        limit: u32,
        ending: &watch::Receiver<Ending>,
    ) -> Result<usize> {
        let topics: Vec<&str> = self.by_topic.keys().copied().collect();
        if !city.has_due_jobs(&topics, clock.now()).await? {
            return Ok(0);
        }
        let jobs = city.take_jobs(&topics, clock.now(), limit).await?;
        let taken = jobs.len();
        let mut all = Vec::with_capacity(taken);
        for job in jobs {
            all.push(self.work_on(city, clock, job, ending.clone()));
        }
        // Each comes to its end, also when the store failed for another.
        let outcomes: Vec<Result<()>> = futures::stream::iter(all).buffer_unordered(AT_ONCE).collect().await;
        outcomes.into_iter().collect::<Result<Vec<()>>>()?;
        Ok(taken)
    }

    async fn work_on(
        &self,
        city: &City,
        clock: &dyn Clock,
        job: Job,
        mut ending: watch::Receiver<Ending>,
    ) -> Result<()> {
        let Some(handler) = self.by_topic.get(job.topic.as_str()) else { return Ok(()) };
        if *ending.borrow() >= Ending::Finish {
            return city.return_job(&job).await;
        }
        let no_time = async {
            if ending.wait_for(|ending| *ending >= Ending::GiveBack).await.is_err() {
                // Nobody is left who could tell.
                std::future::pending::<()>().await;
            }
        };
        let outcome = tokio::select! {
            outcome = held(&**handler, city, clock, &job) => Some(outcome),
            () = no_time => None,
        };
        let Some(outcome) = outcome else {
            tracing::warn!(job = %job.id, topic = job.topic, "a job is given back, since the process ends");
            return city.return_job(&job).await;
        };
        match outcome {
            Ok(()) => city.finish_job(job.id, clock.now()).await,
            Err(error) => {
                tracing::warn!(job = %job.id, topic = job.topic, attempt = job.attempts, %error, "a job failed");
                city.fail_job(&job, clock.now(), &error.message, error.hopeless).await
            }
        }
    }

    /// Works until the process ends: then finishes what it has begun, gives back what it has taken beyond that, and in the end
    /// what it could not finish. Looks for jobs every `pause`, without pause while there are any.
    pub async fn work(&self, city: &City, clock: &dyn Clock, pause: Duration, mut ending: watch::Receiver<Ending>) {
        while *ending.borrow() == Ending::NotYet {
            let wait = match self.work_until(city, clock, TAKEN, &ending.clone()).await {
                Ok(0) => pause,
                Ok(_) => Duration::ZERO,
                Err(error) => {
                    tracing::error!(%error, "jobs can't be read");
                    pause.max(Duration::from_secs(5))
                }
            };
            tokio::select! {
                biased;
                // Nobody is left who could tell: as good as told.
                _ = ending.wait_for(|ending| *ending >= Ending::Finish) => return,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }
}

/// Lets a handler do its job, and keeps the job for it as long as that takes.
async fn held(handler: &dyn Handler, city: &City, clock: &dyn Clock, job: &Job) -> std::result::Result<(), JobError> {
    // A handler that panics must not end the worker.
    let mut work = pin!(AssertUnwindSafe(handler.run(city, job)).catch_unwind());
    loop {
        tokio::select! {
            outcome = &mut work => {
                return outcome.unwrap_or_else(|_| Err(JobError::later("the handler panicked")));
            }
            () = tokio::time::sleep(RENEWED_EVERY) => {
                if let Err(error) = city.keep_job(job, clock.now()).await {
                    tracing::warn!(job = %job.id, %error, "the lease of a job was not renewed");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_four_hours() {
        let waits: Vec<i64> = (1..=MAX_ATTEMPTS).map(|n| wait_after(n).as_secs()).collect();
        assert_eq!(waits[..4], [10, 20, 40, 80]);
        assert_eq!(waits.last(), Some(&LONGEST_WAIT));
    }
}
