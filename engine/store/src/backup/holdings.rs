//! What a backup says that it holds: how many records each ledger has and how far the audit trail goes, counted in the very
//! snapshot that the backup is made of. A rehearsal ([`super::trial`]) counts again in what was restored.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::catalogue::Catalogue;
use crate::city::{City, CityInfo};
use crate::error::{Result, StoreError};
use crate::postgres::Snapshot;
use crate::row::Row;
use crate::sql::{Naming, Sql};
use crate::sqlite;

/// What a city holds at one instant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holdings {
    /// Records by the ledger's key.
    pub ledgers: BTreeMap<String, Held>,
    /// The audit trail.
    pub trail: TrailLength,
    /// Whether the city is one for training (教育用の市).
    #[serde(default)]
    pub training: bool,
}

/// The records of a ledger, those of unpublished work included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Rows of the table, deleted records among them.
    pub records: i64,
    /// How many of them are deleted.
    pub deleted: i64,
}

/// How far an audit trail goes. Entries of unpublished work are not part of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailLength {
    /// Entries.
    pub entries: i64,
    /// The last sealed place of the city's sequence; 0 where nothing is sealed.
    pub sealed_to: i64,
    /// When the newest entry was written, UTC microseconds; none where there is none.
    pub newest: Option<i64>,
}

/// Where is counted.
enum Source<'a> {
    City(&'a City),
    Snapshot(&'a Snapshot, Naming),
}

impl Source<'_> {
    async fn read(&self, sql: Sql) -> Result<Option<Row>> {
        match self {
            // A large city takes longer to count than a page may take.
            Self::City(city) => Ok(city.read_within(sql, COUNTING).await?.into_iter().next()),
            Self::Snapshot(snapshot, naming) => Ok(snapshot.read(naming, sql).await?.into_iter().next()),
        }
    }
}

/// How long one count may take.
const COUNTING: std::time::Duration = std::time::Duration::from_secs(1800);

impl Holdings {
    /// Counts what a city holds now.
    ///
    /// # Errors
    /// As [`City::read`].
    pub async fn of(city: &City) -> Result<Self> {
        let held = count(&Source::City(city), &city.catalogue()).await?;
        Ok(Self { training: city.is_training(), ..held })
    }

    /// Counts in the copy of a city's SQLite file.
    pub(super) async fn of_file(info: &CityInfo, file: &Path) -> Result<Self> {
        let settings = sqlite::Settings { readers: 1, writable: false, mapped: false, read_timeout: COUNTING };
        let copy = City::on_sqlite(info.clone(), sqlite::Database::open(file, settings).await?);
        let held = async {
            copy.learn_training().await?;
            copy.load_catalogue().await?;
            Self::of(&copy).await
        };
        let held = held.await;
        copy.close().await;
        held
    }

    /// Counts in a snapshot of a PostgreSQL database.
    pub(super) async fn of_snapshot(city: &City, snapshot: &Snapshot) -> Result<Self> {
        let held = count(&Source::Snapshot(snapshot, city.naming().clone()), &city.catalogue()).await?;
        Ok(Self { training: city.is_training(), ..held })
    }
}

async fn count(source: &Source<'_>, catalogue: &Catalogue) -> Result<Holdings> {
    let mut held = Holdings { trail: trail(source).await?, ..Holdings::default() };
    for ledger in catalogue.iter() {
        let mut sql = Sql::text("SELECT count(*), count(deleted_at) FROM ");
        sql.table(ledger.table());
        if let Some(row) = source.read(sql).await? {
            held.ledgers.insert(ledger.key().to_owned(), Held { records: row.get(0)?, deleted: row.get(1)? });
        }
    }
    Ok(held)
}

async fn trail(source: &Source<'_>) -> Result<TrailLength> {
    let sql = Sql::with(
        "SELECT count(*), coalesce(max(seq), 0), max(\"at\") FROM {audit} \
         WHERE batch = 0 OR batch NOT IN (SELECT id FROM {batch} WHERE published_at IS NULL)",
        [],
    );
    let row = source.read(sql).await?.ok_or(StoreError::NotFound)?;
    Ok(TrailLength { entries: row.get(0)?, sealed_to: row.get(1)?, newest: row.get(2)? })
}
