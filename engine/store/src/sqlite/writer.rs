//! The one thread that writes a city's file, and commits waiting units together.
//!
//! A durable commit costs a flush of the disk (0.1 to 10 ms), whatever its size. The writer therefore takes every unit
//! that waits, runs them in one transaction, commits once and then acknowledges all. When one of them fails, all are run again,
//! each under a savepoint, so that it is rolled back alone. When the commit itself fails (a full disk), the units are tried again one by one, so
//! that a small unit need not fail for a large one.
//!
//! When nothing was written for a while, the thread tidies up: it carries the log over into the file, refreshes the
//! statistics by which queries are planned, and gives memory back.

use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::connection::open_writer;
use super::failure::{name_unique_key, translate};
use super::values;
use crate::error::{Result, StoreError};
use crate::row::Row;
use crate::sql::{Naming, Sql};
use crate::unit::{Receipt, Statement, Unit};

/// A group is closed once its units have so many statements: others wait no longer than these take (some 50 ms).
const GROUP_WEIGHT: usize = 4_000;
/// How many units may wait before callers are held back.
const QUEUE: usize = 4_096;
/// How long readers are waited for before the file is closed.
const LAST: Duration = Duration::from_secs(2);
/// How long nothing is written before the thread tidies up.
const IDLE: Duration = Duration::from_secs(3);

enum Task {
    Write(Waiting),
    Maintain(Sql, oneshot::Sender<Result<()>>),
}

/// A unit whose caller waits, with its place in the queue.
struct Waiting {
    unit: Unit,
    answer: oneshot::Sender<Result<Receipt>>,
    _place: OwnedSemaphorePermit,
}

/// The handle by which units reach the thread.
pub(super) struct Writer {
    queue: Mutex<Option<mpsc::Sender<Task>>>,
    places: Arc<Semaphore>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Opens the file and starts the thread.
    pub async fn start(path: &Path) -> Result<Self> {
        let path = path.to_owned();
        let (queue, tasks) = mpsc::channel();
        let (opened, is_open) = oneshot::channel();
        let thread = std::thread::Builder::new().name("kawasemi-writer".to_owned()).spawn(move || {
            match open_writer(&path) {
                Ok(connection) => {
                    let _ = opened.send(Ok(()));
                    serve(&connection, &tasks);
                    carry_over(&connection);
                    // Leaves a file without a log behind when this was the last connection.
                    drop(connection);
                }
                Err(error) => {
                    let _ = opened.send(Err(error));
                }
            }
        })?;
        is_open.await.map_err(|_| StoreError::Closed)??;
        let places = Arc::new(Semaphore::new(QUEUE));
        Ok(Self { queue: Mutex::new(Some(queue)), places, thread: Mutex::new(Some(thread)) })
    }

    pub async fn write(&self, unit: Unit) -> Result<Receipt> {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let (answer, answered) = oneshot::channel();
        self.send(Task::Write(Waiting { unit, answer, _place: place }))?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    pub async fn maintain(&self, sql: Sql) -> Result<()> {
        let (answer, answered) = oneshot::channel();
        self.send(Task::Maintain(sql, answer))?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    /// Accepts no more, finishes what was accepted, and ends the thread.
    pub async fn close(&self) {
        drop(self.queue.lock().expect("no holder of the queue panics").take());
        let thread = self.thread.lock().expect("no holder of the thread panics").take();
        if let Some(thread) = thread {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }

    fn send(&self, task: Task) -> Result<()> {
        let queue = self.queue.lock().expect("no holder of the queue panics");
        queue.as_ref().ok_or(StoreError::Closed)?.send(task).map_err(|_| StoreError::Closed)
    }
}

fn serve(connection: &Connection, tasks: &mpsc::Receiver<Task>) {
    let mut is_tidy = true;
    let mut next = None;
    loop {
        let task = match next.take() {
            Some(task) => task,
            None if is_tidy => match tasks.recv() {
                Ok(task) => task,
                Err(_) => return,
            },
            None => match tasks.recv_timeout(IDLE) {
                Ok(task) => task,
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {
                    tidy_up(connection);
                    is_tidy = true;
                    continue;
                }
            },
        };
        is_tidy = false;
        match task {
            Task::Maintain(sql, answer) => {
                let result = connection.execute_batch(&sql.render(&Naming::Bare)).map_err(translate);
                let _ = answer.send(result);
            }
            Task::Write(first) => {
                let group;
                (group, next) = take_group(first, tasks);
                commit_group(connection, group);
            }
        }
    }
}

/// Takes the units that wait, up to a bound, and a task of another kind if one is among them.
fn take_group(first: Waiting, tasks: &mpsc::Receiver<Task>) -> (Vec<Waiting>, Option<Task>) {
    let mut weight = first.unit.weight();
    let mut group = vec![first];
    while weight < GROUP_WEIGHT {
        match tasks.try_recv() {
            Ok(Task::Write(waiting)) => {
                weight += waiting.unit.weight();
                group.push(waiting);
            }
            Ok(other) => return (group, Some(other)),
            Err(_) => break,
        }
    }
    (group, None)
}

/// Nobody waits for any of this, so that a failure is only worth a line in the log.
fn tidy_up(connection: &Connection) {
    let upkeep = "PRAGMA analysis_limit = 400; PRAGMA optimize; PRAGMA wal_checkpoint(PASSIVE); PRAGMA shrink_memory;";
    if let Err(error) = connection.execute_batch(upkeep) {
        tracing::warn!(detail = error.to_string(), "upkeep of a city's database failed");
    }
}

/// Carries the log over into the file before the connection is closed: where a command beside the server keeps the file open,
/// closing would not. A reader that looks at an old state is not waited for long, since the log is as durable as the file.
fn carry_over(connection: &Connection) {
    let carried = connection
        .busy_timeout(LAST)
        .and_then(|()| connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0)));
    match carried {
        Ok(0) => {}
        Ok(_) => tracing::info!("a city's log stays beside its file, since somebody still reads it"),
        Err(error) => tracing::warn!(detail = error.to_string(), "a city's log was not carried over"),
    }
}

fn commit_group(connection: &Connection, group: Vec<Waiting>) {
    let units: Vec<&Unit> = group.iter().map(|waiting| &waiting.unit).collect();
    let results = match commit_together(connection, &units) {
        Ok(results) => results,
        Err(error) if units.len() == 1 => vec![Err(error)],
        Err(error) => {
            tracing::warn!(detail = error.detail(), units = units.len(), "a shared commit failed: {error}");
            units.iter().map(|unit| commit_together(connection, &[*unit]).and_then(only)).collect()
        }
    };
    for (waiting, result) in group.into_iter().zip(results) {
        // The caller may have gone away; the write stands all the same.
        let _ = waiting.answer.send(result);
    }
}

fn only(mut results: Vec<Result<Receipt>>) -> Result<Receipt> {
    results.pop().unwrap_or(Err(StoreError::Closed))
}

/// Runs units in one transaction. The outer error means that none of them was kept.
///
/// Nearly always all of them succeed. They are therefore tried without savepoints first, at each of which the full-text index
/// would write down what it has gathered: a piece for each unit, to be merged later, in place of one for the group.
fn commit_together(connection: &Connection, units: &[&Unit]) -> Result<Vec<Result<Receipt>>> {
    control(connection, "BEGIN IMMEDIATE")?;
    let mut results = Vec::with_capacity(units.len());
    for unit in units {
        match run_unit(connection, unit).map_err(|error| name_unique_key(connection, error)) {
            Ok(receipt) => results.push(Ok(receipt)),
            // SQLite gave the whole transaction up (a full disk, a failing one).
            Err(error) if connection.is_autocommit() => return Err(error),
            Err(error) => {
                control(connection, "ROLLBACK")?;
                return if units.len() == 1 { Ok(vec![Err(error)]) } else { commit_guarded(connection, units) };
            }
        }
    }
    commit(connection).map(|()| results)
}

/// Runs units in one transaction, each of which may fail alone.
fn commit_guarded(connection: &Connection, units: &[&Unit]) -> Result<Vec<Result<Receipt>>> {
    control(connection, "BEGIN IMMEDIATE")?;
    let mut results = Vec::with_capacity(units.len());
    for unit in units {
        let result = run_under_savepoint(connection, unit);
        if connection.is_autocommit() {
            return Err(result.err().unwrap_or(StoreError::Closed));
        }
        results.push(result);
    }
    commit(connection).map(|()| results)
}

fn commit(connection: &Connection) -> Result<()> {
    let result = control(connection, "COMMIT");
    if result.is_err() && !connection.is_autocommit() {
        let _ = control(connection, "ROLLBACK");
    }
    result
}

fn run_under_savepoint(connection: &Connection, unit: &Unit) -> Result<Receipt> {
    control(connection, "SAVEPOINT unit")?;
    let result = run_unit(connection, unit).map_err(|error| name_unique_key(connection, error));
    if !connection.is_autocommit() {
        if result.is_err() {
            control(connection, "ROLLBACK TO unit")?;
        }
        control(connection, "RELEASE unit")?;
    }
    result
}

fn run_unit(connection: &Connection, unit: &Unit) -> Result<Receipt> {
    let mut receipt = Receipt::default();
    for statement in &unit.statements {
        run_statement(connection, statement, &mut receipt)?;
    }
    for request in &unit.numbers {
        let rows = answer(connection, &request.statement())?;
        receipt.numbers.push(request.first(&rows)?);
    }
    for statement in &unit.finished(&receipt.numbers)? {
        run_statement(connection, statement, &mut receipt)?;
    }
    Ok(receipt)
}

fn run_statement(connection: &Connection, statement: &Statement, receipt: &mut Receipt) -> Result<()> {
    let affected = if statement.returning {
        let rows = answer(connection, statement)?;
        let affected = rows.len() as u64;
        receipt.rows.push(rows);
        affected
    } else {
        let sql = &statement.sql;
        values::execute(connection, &sql.render(&Naming::Bare), sql.params())?
    };
    statement.expect.check(affected)?;
    receipt.affected.push(affected);
    Ok(())
}

fn answer(connection: &Connection, statement: &Statement) -> Result<Vec<Row>> {
    let sql = &statement.sql;
    values::query_all(connection, &sql.render(&Naming::Bare), sql.params())
}

fn control(connection: &Connection, text: &str) -> Result<()> {
    values::execute(connection, text, &[]).map(|_| ())
}
