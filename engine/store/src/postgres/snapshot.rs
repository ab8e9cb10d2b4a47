//! A snapshot of a database that other processes can look at as well: what is counted in it is what `pg_dump` dumps.

use std::time::Duration;

use super::{Lease, Server, Settings, query, translate};
use crate::error::{Result, StoreError};
use crate::row::Row;
use crate::sql::{Naming, Sql};

/// How long one count may take: a large city takes longer than a page may.
const COUNTING: Duration = Duration::from_secs(1800);

/// A transaction that only reads, and the name by which others share what it sees. Dropping it ends both.
pub(crate) struct Snapshot {
    lease: Lease,
    name: String,
    server: Server,
}

impl Snapshot {
    /// Takes a snapshot of now.
    pub async fn take(url: &str) -> Result<Self> {
        let server = Server::new(
            url,
            Settings {
                connections: 1,
                writable: false,
                timeout: COUNTING,
                patience: crate::store::PATIENCE,
                note: None,
            },
        )?;
        let lease = server.lease(std::time::Instant::now() + crate::store::PATIENCE).await?;
        let begin =
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL idle_in_transaction_session_timeout = 0";
        lease.client().batch_execute(begin).await.map_err(translate)?;
        let rows = query(lease.client(), "SELECT pg_export_snapshot()", &[]).await?;
        let name = rows.first().ok_or(StoreError::NotFound)?.get(0)?;
        Ok(Self { lease, name, server })
    }

    /// Its name, for `pg_dump --snapshot`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Reads in it.
    pub async fn read(&self, naming: &Naming, sql: Sql) -> Result<Vec<Row>> {
        query(self.lease.client(), &sql.render(naming), sql.params()).await
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        // The lease is not settled, so that the connection is closed with its transaction.
        self.server.close();
    }
}
