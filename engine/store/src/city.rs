//! One city's records, on whichever store they are.
//!
//! A [`City`] is a cheap handle to be cloned and passed on. It reads ([`City::read`]), streams ([`City::stream`]) and
//! writes units ([`City::write`]); what its ledgers are is in its catalogue. Nothing above this crate sees a connection.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::Stream;
use futures::stream;
use serde::{Deserialize, Serialize};

use crate::error::{Result, StoreError};
use crate::row::Row;
use crate::sql::{Dialect, Naming, Sql};
use crate::unit::{Receipt, Unit};
use crate::{postgres, sqlite};

/// What an installation knows of a city without opening it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CityInfo {
    /// The six-digit municipality code (全国地方公共団体コード).
    pub code: String,
    /// The city's name.
    pub name: String,
    /// Its time zone, such as `Asia/Tokyo`.
    pub time_zone: String,
    /// The host names under which it is served; none for the only city of an installation.
    pub hosts: Vec<String>,
    /// When it was created, UTC microseconds.
    pub created_at: i64,
}

/// An open city.
#[derive(Clone)]
pub struct City {
    inner: Arc<Inner>,
}

struct Inner {
    info: CityInfo,
    naming: Naming,
    backend: Backend,
}

enum Backend {
    Sqlite(sqlite::Database),
    Postgres(postgres::Server),
}

impl City {
    pub(crate) fn on_sqlite(info: CityInfo, database: sqlite::Database) -> Self {
        Self { inner: Arc::new(Inner { info, naming: Naming::Bare, backend: Backend::Sqlite(database) }) }
    }

    pub(crate) fn on_postgres(info: CityInfo, server: postgres::Server) -> Self {
        let naming = Naming::Schema(schema_name(&info.code));
        Self { inner: Arc::new(Inner { info, naming, backend: Backend::Postgres(server) }) }
    }

    /// Its code, name and hosts.
    #[must_use]
    pub fn info(&self) -> &CityInfo {
        &self.inner.info
    }

    /// Its municipality code.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.inner.info.code
    }

    /// The SQL dialect of its store.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.inner.naming.dialect()
    }

    /// How its tables are named.
    #[must_use]
    pub fn naming(&self) -> &Naming {
        &self.inner.naming
    }

    /// The SQLite file; none on PostgreSQL.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match &self.inner.backend {
            Backend::Sqlite(database) => Some(database.path()),
            Backend::Postgres(_) => None,
        }
    }

    /// Runs a query and answers its rows, within the installation's time limit.
    ///
    /// # Errors
    /// What the database refuses, [`StoreError::Timeout`], [`StoreError::Closed`].
    pub async fn read(&self, sql: Sql) -> Result<Vec<Row>> {
        self.read_limited(sql, None).await
    }

    /// Runs a query within a time limit of its own.
    ///
    /// # Errors
    /// As [`City::read`].
    pub async fn read_within(&self, sql: Sql, limit: Duration) -> Result<Vec<Row>> {
        self.read_limited(sql, Some(limit)).await
    }

    /// Runs a query of which at most one row is expected.
    ///
    /// # Errors
    /// As [`City::read`].
    pub async fn read_one(&self, sql: Sql) -> Result<Option<Row>> {
        Ok(self.read(sql).await?.into_iter().next())
    }

    /// Runs a query of any length and hands over its rows in batches, in bounded memory and from one snapshot. A slow
    /// reader holds that snapshot, which keeps the database from tidying up; for an export to a browser read by keyset
    /// instead ([`crate::list`]).
    pub fn stream(&self, sql: Sql, batch: usize) -> impl Stream<Item = Result<Vec<Row>>> + Send + 'static {
        let receiver = match &self.inner.backend {
            Backend::Sqlite(database) => database.stream(sql, batch),
            Backend::Postgres(server) => server.stream(&self.inner.naming, sql, batch),
        };
        stream::unfold(receiver, |mut receiver| async move {
            let rows = receiver.recv().await?;
            Some((rows, receiver))
        })
    }

    /// Writes a unit: wholly, durably, or not at all. It is carried through even if the caller goes away.
    ///
    /// # Errors
    /// An unmet precondition ([`StoreError::Conflict`], [`StoreError::NotFound`]), a constraint
    /// ([`StoreError::Unique`], [`StoreError::ForeignKey`], [`StoreError::Check`]), or a failure of the store
    /// ([`StoreError::DiskFull`], [`StoreError::Busy`], [`StoreError::Io`]). Nothing of the unit is kept then.
    pub async fn write(&self, unit: Unit) -> Result<Receipt> {
        match &self.inner.backend {
            Backend::Sqlite(database) => database.write(unit).await,
            Backend::Postgres(server) => server.write(&self.inner.naming, unit).await,
        }
    }

    /// Runs upkeep outside any transaction: statistics, a checkpoint.
    ///
    /// # Errors
    /// What the database refuses.
    pub async fn maintain(&self, sql: Sql) -> Result<()> {
        match &self.inner.backend {
            Backend::Sqlite(database) => database.maintain(sql).await,
            Backend::Postgres(server) => server.maintain(&self.inner.naming, sql).await,
        }
    }

    /// Finishes what was accepted and closes the city.
    pub(crate) async fn close(&self) {
        if let Backend::Sqlite(database) = &self.inner.backend {
            database.close().await;
        }
    }

    async fn read_limited(&self, sql: Sql, limit: Option<Duration>) -> Result<Vec<Row>> {
        match &self.inner.backend {
            Backend::Sqlite(database) => database.read(sql, limit).await,
            Backend::Postgres(server) => server.read(&self.inner.naming, sql, limit).await,
        }
    }
}

impl std::fmt::Debug for City {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("City").field("code", &self.inner.info.code).field("naming", &self.inner.naming).finish()
    }
}

/// The PostgreSQL schema of a city.
pub(crate) fn schema_name(code: &str) -> String {
    format!("city_{code}")
}

/// Refuses a code that is not six digits: it becomes a folder and a schema.
pub(crate) fn check_code(code: &str) -> Result<()> {
    if code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(());
    }
    Err(StoreError::refused(format!(
        "自治体コード「{code}」の形が正しくありません。6桁の数字（例 142182）で指定してください。"
    )))
}
