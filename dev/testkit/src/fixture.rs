//! One fresh city in an installation of its own.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use kawasemi_kernel::context::FixedClock;
use kawasemi_kernel::id::CountingIds;
use kawasemi_kernel::{Act, Clock, IdSource as _, RecordId};
use kawasemi_schema::{LedgerDef, SourceFile};
use kawasemi_store::schema::{self, Allow, Wanted};
use kawasemi_store::table::Table;
use kawasemi_store::{Access, City, CityInfo, Ledger, Location, Sealer, Store, StoreOptions};
use tempfile::TempDir;

use crate::postgres::TestDatabase;

/// A city for one test, gone afterwards.
pub struct Fixture {
    /// The installation.
    pub store: Store,
    /// Its only city: 綾瀬市, 142182.
    pub city: City,
    /// 1 May 2026, 10:00 in Japan, for ever.
    pub clock: Arc<FixedClock>,
    /// Ids that count from 1.
    pub ids: Arc<CountingIds>,
    /// The keys that seal the city's secrets.
    pub sealer: Sealer,
    location: Location,
    tables: Vec<Table>,
    _directory: Option<TempDir>,
    _keys: TempDir,
}

impl Fixture {
    /// Where the installation lies.
    #[must_use]
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// The test's instant.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Opens the same installation once more, as another process would.
    ///
    /// # Panics
    /// When it can't be opened.
    pub async fn open_again(&self, access: Access) -> (Store, City) {
        let options = StoreOptions::new(self.clock.clone()).access(access).tables(self.tables.clone());
        let store = Store::open(&self.location, options).await.expect("the installation opens twice");
        let city = store.open_city(self.city.code()).await.expect("the city is there");
        (store, city)
    }

    /// An act of the program itself at the test's instant.
    #[must_use]
    pub fn act(&self, reason: &str) -> Act {
        Act::system(self.now(), reason)
    }

    /// A fresh record id.
    #[must_use]
    pub fn record_id(&self) -> RecordId {
        RecordId(self.ids.next())
    }

    /// Publishes ledgers from their TOML, additions only, and answers the last of them.
    ///
    /// # Panics
    /// When a definition is wrong or can't be published.
    pub async fn publish(&self, definitions: &[&str]) -> Arc<Ledger> {
        let read = |text: &&str| Arc::new(LedgerDef::read(SourceFile::new("test.toml", *text)).expect("a good ledger"));
        let definitions: Vec<Arc<LedgerDef>> = definitions.iter().map(read).collect();
        let key = definitions.last().expect("at least one definition").key.clone();
        let plan = schema::plan(&self.city, Wanted { definitions, retired: Vec::new() }).await.expect("a plan");
        let act = self.act("試験");
        schema::apply(&self.city, &plan, Allow::Additions, &act, &*self.ids).await.expect("the plan is applied");
        Arc::clone(self.city.catalogue().ledger(&key).expect("the ledger was published"))
    }

    async fn create(location: Location, tables: Vec<Table>, directory: Option<TempDir>) -> Self {
        let instant: Timestamp = "2026-05-01T01:00:00Z".parse().expect("the instant is well formed");
        let clock = Arc::new(FixedClock(instant));
        let options = StoreOptions::new(clock.clone()).tables(tables.clone());
        let store = Store::open(&location, options).await.expect("a fresh installation opens");
        let info = CityInfo {
            code: "142182".to_owned(),
            name: "綾瀬市".to_owned(),
            time_zone: "Asia/Tokyo".to_owned(),
            hosts: Vec::new(),
            created_at: 0,
        };
        let city = store.create_city(info).await.expect("a fresh city is created");
        let ids = Arc::new(CountingIds::new(1));
        let keys = TempDir::new().expect("the temporary folder is writable");
        let sealer = Sealer::new(city.code(), keys.path().join(kawasemi_store::seal::KEY_FILE));
        sealer.ensure_key([7; kawasemi_store::seal::KEY]).expect("the key is written");
        Self { store, city, clock, ids, sealer, location, tables, _directory: directory, _keys: keys }
    }
}

/// Runs a test's story with a fresh SQLite city.
///
/// # Panics
/// When the story does.
pub fn run_on_sqlite(tables: Vec<Table>, story: impl AsyncFn(&Fixture)) {
    run(async {
        let directory = TempDir::new().expect("the temporary folder is writable");
        let root: PathBuf = directory.path().join("data");
        let fixture = Fixture::create(Location::Directory(root), tables, Some(directory)).await;
        story(&fixture).await;
        fixture.store.close().await;
    });
}

/// Runs a test's story with a fresh PostgreSQL city, in a database of its own.
///
/// # Panics
/// When the story does, or PostgreSQL can't be started.
pub fn run_on_postgres(tables: Vec<Table>, story: impl AsyncFn(&Fixture)) {
    run(async {
        let database = TestDatabase::create().await;
        let fixture = Fixture::create(Location::Postgres(database.url().to_owned()), tables, None).await;
        story(&fixture).await;
        fixture.store.close().await;
        database.drop().await;
    });
}

fn run(story: impl Future<Output = ()>) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime starts");
    runtime.block_on(story);
}
