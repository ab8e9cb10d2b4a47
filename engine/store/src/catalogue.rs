//! The ledgers of a city as they are published, and where their definitions are kept.
//!
//! Definitions are immutable and versioned: table `definition` has every version that was ever published, as the TOML it
//! was. A city holds the present ones as an `Arc` that is swapped as a whole when something is published, so that a request
//! sees one state of all ledgers from its beginning to its end.

use std::collections::BTreeMap;
use std::sync::Arc;

use kawasemi_schema::{LedgerDef, SourceFile};

use crate::city::City;
use crate::error::{Result, StoreError};
use crate::ledger::Ledger;
use crate::row::Row;
use crate::sql::Sql;

/// The published ledgers of a city.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    ledgers: BTreeMap<String, Arc<Ledger>>,
    definitions: kawasemi_schema::Catalogue,
    stamp: Stamp,
}

/// By what a city sees that another process published something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Stamp {
    versions: i64,
    retired: i64,
}

impl Catalogue {
    /// The ledger with a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Arc<Ledger>> {
        self.ledgers.get(key)
    }

    /// The ledger with a key.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub fn ledger(&self, key: &str) -> Result<&Arc<Ledger>> {
        self.get(key).ok_or(StoreError::NotFound)
    }

    /// All ledgers, by key.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Ledger>> {
        self.ledgers.values()
    }

    /// The same as definitions, with what refers to what.
    #[must_use]
    pub fn definitions(&self) -> &kawasemi_schema::Catalogue {
        &self.definitions
    }

    pub(crate) fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// Reads the present versions from the database.
    pub(crate) async fn load(city: &City) -> Result<Self> {
        // The stamp first: what is published in between is seen again next time.
        let stamp = Stamp::read(city).await?;
        let rows = city
            .read(Sql::with(
                "SELECT d.version, d.file, d.source FROM {definition} AS d \
                 WHERE d.retired_at IS NULL AND d.version = \
                 (SELECT max(l.version) FROM {definition} AS l WHERE l.ledger = d.ledger)",
                [],
            ))
            .await?;
        let mut read = Vec::with_capacity(rows.len());
        for row in &rows {
            read.push(Ledger::new(read_definition(row, 1)?, row.get(0)?));
        }
        let definitions = kawasemi_schema::Catalogue::new(read.iter().map(|ledger| Arc::clone(&ledger.def)))
            .map_err(|errors| StoreError::refused(errors.to_string()))?;
        let guarded = read.into_iter().map(|ledger| ledger.guarded(&definitions));
        let ledgers = guarded.map(|ledger| (ledger.key().to_owned(), Arc::new(ledger))).collect();
        Ok(Self { ledgers, definitions, stamp })
    }
}

impl Stamp {
    pub(crate) async fn read(city: &City) -> Result<Self> {
        let row = city.read_one(Sql::with("SELECT count(*), count(retired_at) FROM {definition}", [])).await?;
        let row = row.ok_or(StoreError::NotFound)?;
        Ok(Self { versions: row.get(0)?, retired: row.get(1)? })
    }
}

/// Reads one version of a ledger's definition, for the history of records written under it.
pub(crate) async fn read_version(city: &City, ledger: &str, version: i64) -> Result<Arc<LedgerDef>> {
    let row = city
        .read_one(Sql::with(
            "SELECT file, source FROM {definition} WHERE ledger = $1 AND version = $2",
            [ledger.into(), version.into()],
        ))
        .await?;
    read_definition(&row.ok_or(StoreError::NotFound)?, 0)
}

fn read_definition(row: &Row, first: usize) -> Result<Arc<LedgerDef>> {
    let source = SourceFile::new(row.get::<String>(first)?, row.get::<String>(first + 1)?);
    // It was read before it was published; only an older program can fail here.
    LedgerDef::read(source).map(Arc::new).map_err(|errors| StoreError::refused(errors.to_string()))
}
