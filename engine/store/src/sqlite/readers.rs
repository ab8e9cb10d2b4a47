//! The connections that answer queries, each from its own snapshot.
//!
//! A query runs on a blocking thread with a connection taken from a stack: the one used last has the warmest cache.
//! Semaphores bound how many run at once; long reads (exports) have permits of their own, so that they can't take every
//! place from the pages. A progress handler inside SQLite stops a query when its time is over or its caller has gone.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::connection::{map, open_reader};
use super::failure::translate;
use super::values;
use crate::error::{Result, StoreError};
use crate::row::Row;
use crate::sql::{Naming, Sql};

/// How many instructions of SQLite's machine pass between two looks at the clock (well below a millisecond).
const STEPS_BETWEEN_LOOKS: i32 = 20_000;
/// Between two looks whether a city is quiet. After two in a row that find it so, its connections are closed, their caches and
/// mappings with them.
const LOOK: Duration = Duration::from_secs(1);
/// So many queries between two looks are few: a server that nobody uses still looks for work by itself.
const FEW: u64 = 10;
/// After so many queries a connection looks at the file through a mapping: by then the system has in its cache what is asked for.
/// A fault that finds nothing there reads far around itself, megabytes on some machines, where the read of a page reads just
/// that page. A server that was just started, or has little to do, therefore reads.
const WARM: u32 = 100;
/// How long the queries that run are waited for when the city is closed.
const LAST: Duration = Duration::from_secs(2);
/// How many long reads run at once.
const STREAMS: usize = 2;
/// How many batches of a stream may wait for their reader: this bounds an export's memory.
const STREAM_BATCHES: usize = 2;

pub(super) struct Readers {
    pool: Arc<Pool>,
    places: Arc<Semaphore>,
    streams: Arc<Semaphore>,
}

struct Pool {
    path: PathBuf,
    mapped: bool,
    keep: usize,
    idle: Mutex<Vec<Reader>>,
    /// Counts queries, by which a quiet city is known.
    asked: AtomicU64,
    /// Whether somebody waits for the city to become quiet.
    is_watched: AtomicBool,
    /// Whether connections are not kept any more.
    is_closed: AtomicBool,
}

/// A connection, and how many queries it has answered before it was mapped.
struct Reader {
    connection: Connection,
    answered: u32,
}

impl Readers {
    pub fn new(path: PathBuf, count: usize, mapped: bool) -> Self {
        let (idle, asked, is_watched, is_closed) = Default::default();
        let pool = Pool { path, mapped, keep: count, idle, asked, is_watched, is_closed };
        Self {
            pool: Arc::new(pool),
            places: Arc::new(Semaphore::new(count)),
            streams: Arc::new(Semaphore::new(STREAMS)),
        }
    }

    pub async fn read(&self, sql: Sql, timeout: Duration) -> Result<Vec<Row>> {
        let deadline = Instant::now() + timeout;
        let place = tokio::time::timeout(timeout, Arc::clone(&self.places).acquire_owned());
        let place: OwnedSemaphorePermit =
            place.await.map_err(|_| StoreError::Timeout)?.map_err(|_| StoreError::Closed)?;
        let pool = Arc::clone(&self.pool);
        pool.watch();
        let abandoned = Abandoned::default();
        let watch = Watch { deadline: Some(deadline), abandoned: Arc::clone(&abandoned.0) };
        let work = tokio::task::spawn_blocking(move || {
            let _place = place;
            pool.with(watch, |connection| values::query_all(connection, &sql.render(&Naming::Bare), sql.params()))
        });
        work.await.map_err(|_| StoreError::Closed)?
    }

    pub fn stream(&self, sql: Sql, batch: usize) -> mpsc::Receiver<Result<Vec<Row>>> {
        let (sender, receiver) = mpsc::channel(STREAM_BATCHES);
        let pool = Arc::clone(&self.pool);
        let streams = Arc::clone(&self.streams);
        pool.watch();
        tokio::spawn(async move {
            let Ok(place) = streams.acquire_owned().await else { return };
            let watch = Watch { deadline: None, abandoned: Arc::default() };
            let work = tokio::task::spawn_blocking(move || {
                let _place = place;
                let result = pool.with(watch, |connection| send_rows(connection, &sql, batch, &sender));
                if let Err(error) = result {
                    let _ = sender.blocking_send(Err(error));
                }
            });
            let _ = work.await;
        });
        receiver
    }

    /// Takes no more queries, waits a little for those that run, and closes the connections.
    pub async fn close(&self) {
        self.streams.close();
        let all = u32::try_from(self.pool.keep).unwrap_or(u32::MAX);
        let _ = tokio::time::timeout(LAST, self.places.acquire_many(all)).await;
        self.places.close();
        self.pool.is_closed.store(true, Ordering::Relaxed);
        self.pool.idle.lock().expect("no holder of the stack panics").clear();
    }
}

fn send_rows(connection: &Connection, sql: &Sql, batch: usize, sender: &mpsc::Sender<Result<Vec<Row>>>) -> Result<()> {
    let mut rows = Vec::with_capacity(batch);
    values::query(connection, &sql.render(&Naming::Bare), sql.params(), |row| {
        rows.push(row);
        if rows.len() < batch {
            return true;
        }
        sender.blocking_send(Ok(std::mem::replace(&mut rows, Vec::with_capacity(batch)))).is_ok()
    })?;
    if !rows.is_empty() {
        let _ = sender.blocking_send(Ok(rows));
    }
    Ok(())
}

impl Pool {
    /// Notes a query, and sees to it that connections are closed once there are no more.
    fn watch(self: &Arc<Self>) {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.is_watched.swap(true, Ordering::Relaxed) {
            return;
        }
        let pool = Arc::downgrade(self);
        tokio::spawn(async move {
            let mut was_quiet = false;
            loop {
                tokio::time::sleep(LOOK).await;
                let Some(pool) = pool.upgrade() else { return };
                let is_quiet = pool.asked.swap(0, Ordering::Relaxed) <= FEW;
                if !(is_quiet && was_quiet) {
                    was_quiet = is_quiet;
                    continue;
                }
                // A query that comes in between finds somebody watching and is not noticed; the one after it is.
                pool.is_watched.store(false, Ordering::Relaxed);
                pool.idle.lock().expect("no holder of the stack panics").clear();
                return;
            }
        });
    }

    /// Runs work on a connection and puts it back. A connection that failed for a reason of its own is not kept.
    fn with<T>(&self, watch: Watch, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let idle = self.idle.lock().expect("no holder of the stack panics").pop();
        let mut reader = match idle {
            Some(reader) => reader,
            None => Reader { connection: open_reader(&self.path)?, answered: 0 },
        };
        if self.mapped && reader.answered <= WARM {
            reader.answered += 1;
            if reader.answered > WARM {
                map(&reader.connection)?;
            }
        }
        let connection = &reader.connection;
        connection.progress_handler(STEPS_BETWEEN_LOOKS, Some(move || watch.is_over())).map_err(translate)?;
        let result = work(connection);
        connection.progress_handler(0, None::<fn() -> bool>).map_err(translate)?;
        if !matches!(result, Err(StoreError::Io { .. } | StoreError::Corrupt { .. })) {
            let mut idle = self.idle.lock().expect("no holder of the stack panics");
            if idle.len() < self.keep && !self.is_closed.load(Ordering::Relaxed) {
                idle.push(reader);
            }
        }
        result
    }
}

/// Says when a query has to stop.
struct Watch {
    deadline: Option<Instant>,
    abandoned: Arc<AtomicBool>,
}

impl Watch {
    fn is_over(&self) -> bool {
        self.abandoned.load(Ordering::Relaxed) || self.deadline.is_some_and(|deadline| Instant::now() > deadline)
    }
}

/// Tells the blocking thread, when dropped, that nobody waits for it any more.
#[derive(Default)]
struct Abandoned(Arc<AtomicBool>);

impl Drop for Abandoned {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
