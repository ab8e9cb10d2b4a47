//! One city's records, on whichever store they are.
//!
//! A [`City`] is a cheap handle to be cloned and passed on. It reads ([`City::read`]), streams ([`City::stream`]) and
//! writes units ([`City::write`]); what its ledgers are is in its catalogue. Nothing above this crate sees a connection.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use futures::FutureExt as _;
use futures::Stream;
use futures::stream;
use kawasemi_schema::LedgerDef;
use serde::{Deserialize, Serialize};

use crate::catalogue::{self, Catalogue, Stamp};
use crate::error::{Result, StoreError};
use crate::list::frequency::Frequencies;
use crate::row::Row;
use crate::sql::{Dialect, Naming, Sql};
use crate::unit::{Receipt, Unit};
use crate::{postgres, sqlite, training};

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
    catalogue: RwLock<Arc<Catalogue>>,
    /// Definitions of earlier versions, as histories ask for them.
    definitions: Mutex<HashMap<(String, i64), Arc<LedgerDef>>>,
    frequencies: Frequencies,
    /// Whether people practise here.
    training: AtomicBool,
}

enum Backend {
    Sqlite(sqlite::Database),
    Postgres(postgres::Server),
}

impl City {
    pub(crate) fn on_sqlite(info: CityInfo, database: sqlite::Database) -> Self {
        Self::new(info, Naming::Bare, Backend::Sqlite(database))
    }

    pub(crate) fn on_postgres(info: CityInfo, server: postgres::Server) -> Self {
        let naming = Naming::Schema(schema_name(&info.code));
        Self::new(info, naming, Backend::Postgres(server))
    }

    fn new(info: CityInfo, naming: Naming, backend: Backend) -> Self {
        let (catalogue, definitions, frequencies, training) = Default::default();
        Self { inner: Arc::new(Inner { info, naming, backend, catalogue, definitions, frequencies, training }) }
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

    /// Whether it is a city for training (教育用の市), in which nothing is real and from which nothing goes out. See
    /// [`crate::training`].
    #[must_use]
    pub fn is_training(&self) -> bool {
        self.inner.training.load(Ordering::Relaxed)
    }

    /// Looks at the database's own mark.
    pub(crate) async fn learn_training(&self) -> Result<()> {
        self.inner.training.store(training::is_marked(self).await?, Ordering::Relaxed);
        Ok(())
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

    /// The published ledgers as they are now. Take it once for each request, so that the request sees one state.
    ///
    /// # Panics
    /// Never: no holder of the lock panics.
    #[must_use]
    pub fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.inner.catalogue.read().expect("no holder of the catalogue panics"))
    }

    /// Reads the published ledgers again where another process changed them. A server calls this every few seconds.
    ///
    /// # Errors
    /// As [`City::read`].
    pub async fn refresh_catalogue(&self) -> Result<()> {
        if Stamp::read(self).await? != self.catalogue().stamp() {
            self.load_catalogue().await?;
        }
        Ok(())
    }

    pub(crate) async fn load_catalogue(&self) -> Result<()> {
        let catalogue = Arc::new(Catalogue::load(self).await?);
        *self.inner.catalogue.write().expect("no holder of the catalogue panics") = catalogue;
        // Versions are never changed, but for those of a training city, which is put back to what it was.
        self.inner.definitions.lock().expect("no holder of the definitions panics").clear();
        Ok(())
    }

    /// A ledger's definition as it was in a version: what a revision of that time is read with.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], and as [`City::read`].
    ///
    /// # Panics
    /// Never: no holder of the lock panics.
    pub async fn definition(&self, ledger: &str, version: i64) -> Result<Arc<LedgerDef>> {
        if let Some(present) = self.catalogue().get(ledger).filter(|present| present.version == version) {
            return Ok(Arc::clone(&present.def));
        }
        let key = (ledger.to_owned(), version);
        let known = self.inner.definitions.lock().expect("no holder of the definitions panics").get(&key).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let read = catalogue::read_version(self, ledger, version).await?;
        self.inner.definitions.lock().expect("no holder of the definitions panics").insert(key, Arc::clone(&read));
        Ok(read)
    }

    pub(crate) fn frequencies(&self) -> &Frequencies {
        &self.inner.frequencies
    }

    /// Brings the statistics up to date by which the database chooses its indexes: after bulk work, and now and then.
    ///
    /// # Errors
    /// As [`City::maintain`].
    pub async fn refresh_statistics(&self) -> Result<()> {
        match self.dialect() {
            // A thousand rows of each index are enough for an estimate, however large the table.
            Dialect::Sqlite => self.maintain(Sql::text("PRAGMA analysis_limit = 1000; ANALYZE")).await,
            Dialect::Postgres => {
                for ledger in self.catalogue().iter() {
                    let tables = ledger.tables.iter().map(|table| table.name.clone());
                    for table in tables.chain(ledger.search_index().map(|index| index.table)) {
                        self.maintain(Sql::with(&format!("ANALYZE {{{table}}}"), [])).await?;
                    }
                }
                Ok(())
            }
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
            Backend::Postgres(server) => server.maintain(&self.inner.naming, sql).boxed().await,
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
            // Boxed, so that the types of those who read do not grow by everything that it may do.
            Backend::Postgres(server) => server.read(&self.inner.naming, sql, limit).boxed().await,
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
