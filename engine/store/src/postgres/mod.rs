//! PostgreSQL: one schema for each city, one pool of connections for the installation.
//!
//! Statements name every table with its schema, so a pooled connection carries nothing from one city to the next. A
//! unit is one transaction whose statements are sent without waiting for one another's answer ([`transaction`]).
//!
//! The address may name several servers, of which one is the primary at a time ([`primary`]). While none is, reads and
//! writes wait a few seconds for one, since most fail-overs and restarts are over by then. A write whose answer was lost is
//! run again under a mark that lets it happen once ([`once`]). While a commit waits for a synchronous standby that is away,
//! no further write is begun.

pub(crate) mod address;
mod connection;
mod failure;
mod note;
pub(crate) mod once;
mod primary;
pub mod replication;
mod snapshot;
mod tls;
mod transaction;
mod values;

use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use deadpool::Runtime;
use deadpool::managed::{Object, Pool};
use futures::StreamExt as _;
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::error::{Result, StoreError};
use crate::row::Row;
use crate::sql::{Naming, Param, Sql};
use crate::unit::{Receipt, Unit};

use address::Address;
use connection::Connection;
use once::Slots;
use primary::{Servers, ToPrimary};
use tls::Tls;

pub(crate) use failure::translate;
pub(crate) use snapshot::Snapshot;

/// Prepared statements kept on one connection. Fifty cities times a few hundred statements would fill the server.
const CACHED_STATEMENTS: usize = 400;
/// How long a caller waits for a connection.
const WAIT_FOR_CONNECTION: Duration = Duration::from_secs(10);
/// Between two looks for it.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// How long one server may take to accept a connection, unless the address says otherwise.
const CONNECTS_WITHIN: Duration = Duration::from_secs(3);
/// After so long without a sign of life, a server whose power is out is given up.
const SILENT: Duration = Duration::from_secs(8);
/// How long the check of a server's health may take.
const REACHED_WITHIN: Duration = Duration::from_secs(3);
/// How many batches of a stream may wait for their reader.
const STREAM_BATCHES: usize = 2;

/// How the installation's database is reached.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// How many connections are opened at most.
    pub connections: usize,
    /// Whether units are accepted.
    pub writable: bool,
    /// How long a statement may run.
    pub timeout: Duration,
    /// How long an operation waits for a primary while servers fail over, and for the answer to a COMMIT.
    pub patience: Duration,
    /// Where the newest primary is noted outside the database.
    pub note: Option<PathBuf>,
}

/// The pool of an installation.
#[derive(Clone)]
pub(crate) struct Server {
    pool: Pool<ToPrimary>,
    tls: Tls,
    settings: Settings,
    slots: Slots,
    /// Some connections are left to readers, so that pages can be read while commits wait for a standby.
    writers: Arc<Semaphore>,
}

impl Server {
    /// Reads the address and makes the pool; the first connection is opened by the first query.
    pub fn new(url: &str, settings: Settings) -> Result<Self> {
        let mut address = Address::read(url)?;
        let tls = Tls::new(&address)?;
        let config = &mut address.config;
        let milliseconds = settings.timeout.as_millis();
        config.options(format!("-c statement_timeout={milliseconds} -c timezone=UTC -c client_min_messages=warning"));
        config.application_name("kawasemi");
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECTS_WITHIN);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(SILENT);
        }
        if config.get_keepalives_interval().is_none() {
            config.keepalives_idle(SILENT / 2).keepalives_interval(Duration::from_secs(2)).keepalives_retries(2);
        }
        let servers = Servers::new(address.places(), tls.clone(), settings.note.clone(), settings.writable)?;
        let pool = Pool::builder(ToPrimary(servers))
            .max_size(settings.connections)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(WAIT_FOR_CONNECTION))
            .create_timeout(Some(WAIT_FOR_CONNECTION))
            .build()
            .map_err(|error| StoreError::Io { detail: error.to_string() })?;
        let writers = Arc::new(Semaphore::new((settings.connections - settings.connections / 4).max(1)));
        Ok(Self { pool, tls, settings, slots: Slots::default(), writers })
    }

    pub async fn read(&self, naming: &Naming, sql: Sql, timeout: Option<Duration>) -> Result<Vec<Row>> {
        let timeout = timeout.unwrap_or(self.settings.timeout);
        let text = sql.render(naming);
        let until = Instant::now() + self.settings.patience;
        loop {
            let lease = self.lease(until).await?;
            let rows = query(lease.client(), &text, sql.params());
            let result = match tokio::time::timeout(timeout, rows).await {
                Ok(result) => lease.settle(result),
                // Dropping the lease cancels the query on the server.
                Err(_) => Err(StoreError::Timeout),
            };
            match result {
                // The server went away under the query, which changes nothing and can be asked again.
                Err(error) if error.is_away() && Instant::now() < until => {}
                other => return other,
            }
        }
    }

    pub fn stream(&self, naming: &Naming, sql: Sql, batch: usize) -> mpsc::Receiver<Result<Vec<Row>>> {
        let (sender, receiver) = mpsc::channel(STREAM_BATCHES);
        let (server, text) = (self.clone(), sql.render(naming));
        tokio::spawn(async move {
            if let Err(error) = server.send_rows(&text, sql.params(), batch, &sender).await {
                let _ = sender.send(Err(error)).await;
            }
        });
        receiver
    }

    async fn send_rows(
        &self,
        text: &str,
        params: &[Param],
        batch: usize,
        sender: &mpsc::Sender<Result<Vec<Row>>>,
    ) -> Result<()> {
        let lease = self.lease(Instant::now() + self.settings.patience).await?;
        let client = lease.client();
        // A stream lasts as long as its reader takes, within a read-only transaction without time limit.
        client.batch_execute("BEGIN READ ONLY; SET LOCAL statement_timeout = 0").await.map_err(translate)?;
        let statement = prepare(client, text).await?;
        let stream = client.query_raw(&statement, params).await.map_err(|error| with_statement(error, text))?;
        let mut stream = pin!(stream.chunks(batch));
        let columns = values::columns(&statement);
        while let Some(chunk) = stream.next().await {
            let rows = chunk.into_iter().map(|row| values::row(&columns, &row.map_err(translate)?));
            if sender.send(Ok(rows.collect::<Result<_>>()?)).await.is_err() {
                return Ok(());
            }
        }
        client.batch_execute("COMMIT").await.map_err(translate)?;
        lease.settle(Ok(()))
    }

    /// Runs a unit. It goes on to its end even when the caller is dropped, as on SQLite.
    pub async fn write(&self, naming: &Naming, unit: Unit) -> Result<Receipt> {
        if !self.settings.writable {
            return Err(StoreError::refused("読み取り専用で開いているため、変更できません。"));
        }
        let (server, naming) = (self.clone(), naming.clone());
        let (sender, answer) = oneshot::channel();
        tokio::spawn(async move { transaction::run(&server, &naming, &unit, sender).await });
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Whether the primary answers and can be written now, without waiting for one.
    pub async fn reach(&self) -> Result<()> {
        self.servers().counts.refuse_to_wait()?;
        let asked = async {
            let lease = self.lease_now().await?;
            let answer = lease.client().simple_query("SELECT 1").await;
            lease.settle(answer.map(|_| ()).map_err(translate))
        };
        match tokio::time::timeout(REACHED_WITHIN, asked).await {
            Ok(answer) => answer,
            Err(_) => Err(failure::unreachable("no answer")),
        }
    }

    /// What happened to the servers since the process began.
    pub fn turnover(&self) -> replication::Turnover {
        let counts = &self.servers().counts;
        replication::Turnover {
            switches: counts.switches.load(Ordering::Relaxed),
            refused: counts.refused.load(Ordering::Relaxed),
            settled: counts.settled.load(Ordering::Relaxed),
            unknown: counts.unknown.load(Ordering::Relaxed),
            waiting: counts.waiting.load(Ordering::Relaxed),
        }
    }

    /// The servers, as they are now.
    pub async fn replication(&self) -> Result<replication::Replication> {
        replication::read(self).await
    }

    fn servers(&self) -> &Servers {
        &self.pool.manager().0
    }

    /// Runs statements outside any transaction.
    pub async fn maintain(&self, naming: &Naming, sql: Sql) -> Result<()> {
        let lease = self.lease(Instant::now() + self.settings.patience).await?;
        lease.client().batch_execute("SET statement_timeout = 0").await.map_err(translate)?;
        // The lease is not settled: the connection with its changed setting is closed.
        lease.client().batch_execute(&sql.render(naming)).await.map_err(translate)
    }

    pub fn close(&self) {
        self.pool.close();
    }

    /// A connection to the primary, for which is waited until then while servers fail over.
    pub(super) async fn lease(&self, until: Instant) -> Result<Lease> {
        loop {
            match self.lease_now().await {
                Err(error) if error.is_away() && self.servers().may_come_back() && Instant::now() < until => {
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
                other => return other,
            }
        }
    }

    async fn lease_now(&self) -> Result<Lease> {
        let object = self.pool.get().await.map_err(failure::translate_pool)?;
        if object.statement_cache.size() > CACHED_STATEMENTS {
            object.statement_cache.clear();
        }
        Ok(Lease { object: Some(object), tls: self.tls.clone() })
    }
}

/// A borrowed connection. Unless the work on it was settled, it is cancelled and closed when dropped: an abandoned
/// query stops on the server, and no half-finished transaction goes back into the pool.
pub(super) struct Lease {
    object: Option<Object<ToPrimary>>,
    /// To cancel what runs on it.
    tls: Tls,
}

impl Lease {
    pub fn client(&self) -> &Connection {
        self.object.as_ref().expect("the lease is not settled yet")
    }

    /// Gives the connection back after its work came to an end, good or bad.
    pub fn settle<T>(mut self, result: Result<T>) -> Result<T> {
        match &result {
            Err(StoreError::Io { .. } | StoreError::Away { .. } | StoreError::Corrupt { .. } | StoreError::Closed) => {}
            _ => drop(self.object.take()),
        }
        result
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(object) = self.object.take() else { return };
        let client = Object::take(object);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let tls = self.tls.clone();
            runtime.spawn(async move {
                let _ = client.cancel_token().cancel_query(tls).await;
            });
        }
    }
}

async fn query(client: &Connection, text: &str, params: &[Param]) -> Result<Vec<Row>> {
    let statement = prepare(client, text).await?;
    let stream = client.query_raw(&statement, params).await.map_err(|error| with_statement(error, text))?;
    let mut stream = pin!(stream);
    let columns = values::columns(&statement);
    let mut rows = Vec::new();
    while let Some(row) = stream.next().await {
        rows.push(values::row(&columns, &row.map_err(translate)?)?);
    }
    Ok(rows)
}

pub(super) async fn prepare(client: &Connection, text: &str) -> Result<tokio_postgres::Statement> {
    client.prepare_cached(text).await.map_err(|error| with_statement(error, text))
}

/// A statement that PostgreSQL does not understand is a defect of ours; its text (never its values) helps to find it.
pub(super) fn with_statement(error: tokio_postgres::Error, text: &str) -> StoreError {
    match translate(error) {
        StoreError::Statement { detail } => StoreError::Statement { detail: format!("{detail} in: {text}") },
        other => other,
    }
}
