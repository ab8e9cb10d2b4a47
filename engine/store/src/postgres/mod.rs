//! PostgreSQL: one schema for each city, one pool of connections for the installation.
//!
//! Statements name every table with its schema, so a pooled connection carries nothing from one city to the next. A
//! unit is one transaction whose statements are sent without waiting for one another's answer ([`transaction`]).

pub(crate) mod address;
mod failure;
mod snapshot;
mod tls;
mod transaction;
mod values;

use std::pin::pin;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use futures::StreamExt as _;
use tokio::sync::mpsc;

use crate::error::{Result, StoreError};
use crate::row::Row;
use crate::sql::{Naming, Param, Sql};
use crate::unit::{Receipt, Unit};

use address::Address;
use tls::Tls;

pub(crate) use failure::translate;
pub(crate) use snapshot::Snapshot;

/// Prepared statements kept on one connection. Fifty cities times a few hundred statements would fill the server.
const CACHED_STATEMENTS: usize = 400;
/// How long a caller waits for a connection.
const WAIT_FOR_CONNECTION: Duration = Duration::from_secs(10);
/// How many batches of a stream may wait for their reader.
const STREAM_BATCHES: usize = 2;

/// How the installation's database is reached.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    /// How many connections are opened at most.
    pub connections: usize,
    /// Whether units are accepted.
    pub writable: bool,
    /// How long a statement may run.
    pub timeout: Duration,
}

/// The pool of an installation.
#[derive(Clone)]
pub(crate) struct Server {
    pool: Pool,
    tls: Tls,
    settings: Settings,
}

impl Server {
    /// Reads the address and makes the pool; the first connection is opened by the first query.
    pub fn new(url: &str, settings: Settings) -> Result<Self> {
        let address = Address::read(url)?;
        let tls = Tls::new(&address)?;
        let mut config = address.config;
        let milliseconds = settings.timeout.as_millis();
        config.options(format!("-c statement_timeout={milliseconds} -c timezone=UTC -c client_min_messages=warning"));
        config.application_name("kawasemi");
        config.connect_timeout(WAIT_FOR_CONNECTION);
        let manager =
            Manager::from_config(config, tls.clone(), ManagerConfig { recycling_method: RecyclingMethod::Fast });
        let pool = Pool::builder(manager)
            .max_size(settings.connections)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(WAIT_FOR_CONNECTION))
            .create_timeout(Some(WAIT_FOR_CONNECTION))
            .build()
            .map_err(|error| StoreError::Io { detail: error.to_string() })?;
        Ok(Self { pool, tls, settings })
    }

    pub async fn read(&self, naming: &Naming, sql: Sql, timeout: Option<Duration>) -> Result<Vec<Row>> {
        let lease = self.lease().await?;
        let timeout = timeout.unwrap_or(self.settings.timeout);
        let text = sql.render(naming);
        let rows = query(lease.client(), &text, sql.params());
        match tokio::time::timeout(timeout, rows).await {
            Ok(result) => lease.settle(result),
            // Dropping the lease cancels the query on the server.
            Err(_) => Err(StoreError::Timeout),
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
        let lease = self.lease().await?;
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
        let work = tokio::spawn(async move { transaction::run(&server, &naming, &unit).await });
        work.await.map_err(|_| StoreError::Closed)?
    }

    /// Runs statements outside any transaction.
    pub async fn maintain(&self, naming: &Naming, sql: Sql) -> Result<()> {
        let lease = self.lease().await?;
        lease.client().batch_execute("SET statement_timeout = 0").await.map_err(translate)?;
        // The lease is not settled: the connection with its changed setting is closed.
        lease.client().batch_execute(&sql.render(naming)).await.map_err(translate)
    }

    pub fn close(&self) {
        self.pool.close();
    }

    pub(super) async fn lease(&self) -> Result<Lease> {
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
    object: Option<Object>,
    /// To cancel what runs on it.
    tls: Tls,
}

impl Lease {
    pub fn client(&self) -> &Object {
        self.object.as_ref().expect("the lease is not settled yet")
    }

    /// Gives the connection back after its work came to an end, good or bad.
    pub fn settle<T>(mut self, result: Result<T>) -> Result<T> {
        match &result {
            Err(StoreError::Io { .. } | StoreError::Corrupt { .. } | StoreError::Closed) => {}
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

async fn query(client: &Object, text: &str, params: &[Param]) -> Result<Vec<Row>> {
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

pub(super) async fn prepare(client: &Object, text: &str) -> Result<tokio_postgres::Statement> {
    client.prepare_cached(text).await.map_err(|error| with_statement(error, text))
}

/// A statement that PostgreSQL does not understand is a defect of ours; its text (never its values) helps to find it.
pub(super) fn with_statement(error: tokio_postgres::Error, text: &str) -> StoreError {
    match translate(error) {
        StoreError::Statement { detail } => StoreError::Statement { detail: format!("{detail} in: {text}") },
        other => other,
    }
}
