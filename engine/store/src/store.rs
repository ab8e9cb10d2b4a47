//! An installation: where its cities lie, and the open ones among them.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use kawasemi_kernel::Clock;
use tokio::sync::Mutex;

use crate::city::{self, City, CityInfo};
use crate::engine::{self, Engine, Upgrade};
use crate::error::{Result, StoreError};
use crate::installation::{Directory, Register, private_folder};
use crate::postgres::replication::{Replication, Turnover};
use crate::postgres::{self, Server};
use crate::record::spots;
use crate::schema::Allow;
use crate::sqlite;
use crate::table::Table;
use crate::{shape, system_tables, training};

/// How long is waited for a primary: most fail-overs and restarts are over by then, and people still wait.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// The name of a city's file in its folder.
pub(crate) const CITY_FILE: &str = "kawasemi.db";

/// Where an installation keeps its cities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A data directory with one SQLite file for each city (`--data`).
    Directory(PathBuf),
    /// A PostgreSQL database with one schema for each city (`--database-url`).
    Postgres(String),
}

impl Location {
    /// How the database is reached; none for files of our own.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when the address can't be understood.
    pub fn reach(&self) -> Result<Option<postgres::address::Reach>> {
        match self {
            Self::Directory(_) => Ok(None),
            Self::Postgres(url) => postgres::address::Reach::read(url).map(Some),
        }
    }
}

/// What a process is going to do with the installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Access {
    /// Serve it: one process at a time for a data directory.
    Serve,
    /// Run a command that may write, also beside a running server.
    #[default]
    Command,
    /// Only read.
    Read,
}

/// How an installation is opened.
#[derive(Clone)]
pub struct StoreOptions {
    /// What the process is going to do.
    pub access: Access,
    /// The engines above, whose tables every city gets.
    pub engines: Vec<Engine>,
    /// Further tables, which only ever grow.
    pub tables: Vec<Table>,
    /// Which changes of the engines' own tables may be made when a city is opened.
    pub allow: Allow,
    /// The clock by which changes of the database's shape are logged.
    pub clock: Arc<dyn Clock>,
    /// Queries at once for each SQLite city.
    pub readers: usize,
    /// Connections to PostgreSQL at most.
    pub connections: usize,
    /// How long a query may run.
    pub time_limit: Duration,
    /// How long an operation waits for a primary while PostgreSQL servers fail over, and a write for the answer to its COMMIT.
    pub patience: Duration,
    /// The file in which is noted, outside the database, which of several PostgreSQL servers was the newest primary, so that an
    /// old one that comes back is never written; none where only this process remembers it.
    pub note: Option<PathBuf>,
}

impl StoreOptions {
    /// The usual: a command, no tables beside the store's own, a query limit of 15 seconds.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZeroUsize::get);
        Self {
            access: Access::default(),
            engines: Vec::new(),
            tables: Vec::new(),
            allow: Allow::Additions,
            clock,
            readers: (2 * cores).clamp(4, 16),
            connections: 16,
            time_limit: Duration::from_secs(15),
            patience: PATIENCE,
            note: None,
        }
    }

    /// For what the process is going to do.
    #[must_use]
    pub fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// With an engine.
    #[must_use]
    pub fn engine(mut self, engine: Engine) -> Self {
        self.engines.push(engine);
        self
    }

    /// With permission to change the engines' own tables beyond adding: `kawasemi schema apply --offline`.
    #[must_use]
    pub fn allow(mut self, allow: Allow) -> Self {
        self.allow = allow;
        self
    }

    /// With further tables.
    #[must_use]
    pub fn tables(mut self, tables: impl IntoIterator<Item = Table>) -> Self {
        self.tables.extend(tables);
        self
    }
}

/// An open installation. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    place: Place,
    options: StoreOptions,
    /// The store, the engines above it, and what has no number of its own.
    engines: Vec<Engine>,
    open: Mutex<HashMap<String, City>>,
}

enum Place {
    Directory(Directory),
    Postgres(Server, Register),
}

impl Store {
    /// Opens an installation; unless it is only read, what is missing of it is made. No city is opened yet.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another process serves the data directory; [`StoreError::Io`] and
    /// [`StoreError::Busy`] when the directory or database can't be reached.
    pub async fn open(location: &Location, options: StoreOptions) -> Result<Self> {
        let writable = options.access != Access::Read;
        let place = match location {
            Location::Directory(root) => {
                Place::Directory(Directory::open(root, writable, options.access == Access::Serve)?)
            }
            Location::Postgres(url) => {
                let settings = postgres::Settings {
                    connections: options.connections,
                    writable,
                    timeout: options.time_limit,
                    patience: options.patience,
                    note: options.note.clone(),
                };
                let server = Server::new(url, settings)?;
                let register = Register::open(server.clone(), writable).await?;
                if options.access == Access::Serve {
                    register.sweep();
                }
                Place::Postgres(server, register)
            }
        };
        let mut engines = vec![system_tables::engine()];
        engines.extend(options.engines.iter().cloned());
        engines[0].tables.extend(options.tables.iter().cloned());
        Ok(Self { inner: Arc::new(Inner { place, options, engines, open: Mutex::default() }) })
    }

    /// The cities, by code.
    ///
    /// # Errors
    /// When the list can't be read.
    pub async fn cities(&self) -> Result<Vec<CityInfo>> {
        match &self.inner.place {
            Place::Directory(directory) => directory.cities(),
            Place::Postgres(_, register) => register.cities().await,
        }
    }

    /// Creates a city and opens it. `created_at` is set from the store's clock.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when there is a city with this code, or a host belongs to another.
    pub async fn create_city(&self, info: CityInfo) -> Result<City> {
        self.make_city(info, false).await
    }

    /// Creates a city for training (教育用の市) and opens it. Nothing else makes one.
    ///
    /// # Errors
    /// As [`Store::create_city`].
    pub async fn create_training_city(&self, info: CityInfo) -> Result<City> {
        self.make_city(info, true).await
    }

    async fn make_city(&self, info: CityInfo, is_training: bool) -> Result<City> {
        city::check_code(&info.code)?;
        let cities = self.cities().await?;
        if cities.iter().any(|city| city.code == info.code) {
            return Err(StoreError::refused(format!("自治体コード {} の市はすでにあります。", info.code)));
        }
        check_hosts(&cities, &info)?;
        let info = CityInfo { created_at: self.inner.options.clock.now().as_microsecond(), ..info };
        if let Place::Directory(directory) = &self.inner.place {
            private_folder(&directory.city(&info.code))?;
        }
        // The city is listed only once its database is there, so that a crash leaves nothing that can't be opened.
        let city = self.open_known(&info).await?;
        if is_training && !city.is_training() {
            training::mark(&city, self.inner.options.clock.now()).await?;
            city.learn_training().await?;
        }
        if city.is_training() != is_training {
            return Err(StoreError::refused(format!(
                "自治体コード {} には、途中で終わった教育用の市が残っています。kawasemi training create で作り直してください。",
                info.code
            )));
        }
        self.save(cities, info.clone()).await?;
        self.inner.open.lock().await.insert(info.code, city.clone());
        Ok(city)
    }

    /// Changes the name, time zone or hosts of a city. Handles that are open keep the old until the next start.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], and as [`Store::create_city`].
    pub async fn update_city(&self, info: CityInfo) -> Result<()> {
        let mut cities = self.cities().await?;
        check_hosts(&cities, &info)?;
        let position = cities.iter().position(|city| city.code == info.code).ok_or(StoreError::NotFound)?;
        cities.remove(position);
        self.save(cities, info).await
    }

    /// Whether a city is one for training, without opening it further.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such city.
    pub async fn is_training(&self, code: &str) -> Result<bool> {
        if let Some(city) = self.inner.open.lock().await.get(code) {
            return Ok(city.is_training());
        }
        let info = self.cities().await?.into_iter().find(|city| city.code == code).ok_or(StoreError::NotFound)?;
        let city = self.handle(&info, false).await?;
        let marked = training::is_marked(&city).await;
        city.close().await;
        marked
    }

    /// Takes a training city out of the installation, with everything that it has. It must not be served meanwhile.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such city, [`StoreError::Refused`] when it is a real one.
    pub async fn remove_training_city(&self, code: &str) -> Result<()> {
        if !self.is_training(code).await? {
            return Err(StoreError::refused("この市は教育用の市ではないので、消せません。"));
        }
        let open = self.inner.open.lock().await.remove(code);
        match &self.inner.place {
            Place::Directory(directory) => {
                if let Some(city) = open {
                    city.close().await;
                }
                let mut cities = directory.cities()?;
                cities.retain(|city| city.code != code);
                directory.save(cities)?;
                Ok(std::fs::remove_dir_all(directory.city(code))?)
            }
            Place::Postgres(_, register) => {
                let info = self.cities().await?.into_iter().find(|city| city.code == code);
                let info = info.ok_or(StoreError::NotFound)?;
                training::drop_schema(&self.handle(&info, true).await?).await?;
                register.remove(code).await
            }
        }
    }

    /// Opens a city, bringing its tables up to date; an open one is answered at once.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such city.
    pub async fn open_city(&self, code: &str) -> Result<City> {
        let mut open = self.inner.open.lock().await;
        if let Some(city) = open.get(code) {
            return Ok(city.clone());
        }
        let info = self.cities().await?.into_iter().find(|city| city.code == code).ok_or(StoreError::NotFound)?;
        let city = self.open_known(&info).await?;
        open.insert(info.code, city.clone());
        Ok(city)
    }

    /// The city that is served under a host name: the one that names it, or the only one that names no host at all.
    ///
    /// # Errors
    /// As [`Store::open_city`].
    pub async fn city_for_host(&self, host: &str) -> Result<City> {
        let host = host.rsplit_once(':').map_or(host, |(name, port)| match port.parse::<u16>() {
            Ok(_) => name,
            Err(_) => host,
        });
        let cities = self.cities().await?;
        let named = cities.iter().find(|city| city.hosts.iter().any(|own| own.eq_ignore_ascii_case(host)));
        let mut nameless = cities.iter().filter(|city| city.hosts.is_empty());
        let city = match (named, nameless.next(), nameless.next()) {
            (Some(city), ..) | (None, Some(city), None) => city,
            _ => return Err(StoreError::NotFound),
        };
        self.open_city(&city.code).await
    }

    /// Where the installation's files lie; none on PostgreSQL.
    #[must_use]
    pub fn directory(&self) -> Option<&std::path::Path> {
        match &self.inner.place {
            Place::Directory(directory) => Some(directory.root()),
            Place::Postgres(..) => None,
        }
    }

    /// Finishes what was accepted and closes every city. Further use answers [`StoreError::Closed`].
    pub async fn close(&self) {
        for (_, city) in self.inner.open.lock().await.drain() {
            city.close().await;
        }
        if let Place::Postgres(server, _) = &self.inner.place {
            server.close();
        }
    }

    /// Whether the installation can be read and written now. Answers within a few seconds, without waiting for a fail-over.
    ///
    /// # Errors
    /// [`StoreError::Away`] while no server may be written, and as [`Store::cities`].
    pub async fn reach(&self) -> Result<()> {
        match &self.inner.place {
            Place::Directory(directory) => directory.cities().map(|_| ()),
            Place::Postgres(server, _) => server.reach().boxed().await,
        }
    }

    /// The PostgreSQL servers of the installation: their roles, what follows the primary and how closely, and what should be
    /// looked at ([`Replication::concerns`]); none on SQLite. Every server of the address is asked, so it takes up to five
    /// seconds where one is away.
    ///
    /// # Errors
    /// [`StoreError::Away`] where there is no primary.
    pub async fn replication(&self) -> Result<Option<Replication>> {
        match &self.inner.place {
            Place::Directory(_) => Ok(None),
            Place::Postgres(server, _) => server.replication().boxed().await.map(Some),
        }
    }

    /// What happened to the connection with the PostgreSQL servers since the process began; none on SQLite.
    #[must_use]
    pub fn turnover(&self) -> Option<Turnover> {
        match &self.inner.place {
            Place::Directory(_) => None,
            Place::Postgres(server, _) => Some(server.turnover()),
        }
    }

    /// What a city lacks of the engines' present form: what opening it for writing would do first.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Refused`] when a newer program has moved the city on.
    pub async fn pending(&self, code: &str) -> Result<Upgrade> {
        let info = self.cities().await?.into_iter().find(|city| city.code == code).ok_or(StoreError::NotFound)?;
        let city = self.handle(&info, false).await?;
        let upgrade = engine::plan(&city, &self.inner.engines).await;
        city.close().await;
        upgrade
    }

    async fn open_known(&self, info: &CityInfo) -> Result<City> {
        let options = &self.inner.options;
        let writable = options.access != Access::Read;
        let city = self.handle(info, writable).await?;
        let opened = self.prepare(&city, writable).await;
        match opened {
            Ok(()) => Ok(city),
            Err(error) => {
                city.close().await;
                Err(error)
            }
        }
    }

    /// Brings a city to the present form and reads its ledgers.
    async fn prepare(&self, city: &City, writable: bool) -> Result<()> {
        let (options, engines) = (&self.inner.options, &self.inner.engines);
        match writable {
            true => engine::bring_up_to_date(city, engines, options.allow, &*options.clock).await?,
            false => engine::refuse_if_newer(city, engines).await?,
        }
        city.learn_training().await?;
        city.load_catalogue().await?;
        if writable {
            shape::bring_ledgers_up_to_date(city, &city.catalogue(), &*options.clock).await?;
            spots::place_all(city).await?;
        }
        Ok(())
    }

    /// A handle to a city's database as it is.
    async fn handle(&self, info: &CityInfo, writable: bool) -> Result<City> {
        let options = &self.inner.options;
        Ok(match &self.inner.place {
            Place::Directory(directory) => {
                let settings = sqlite::Settings {
                    readers: options.readers,
                    writable,
                    mapped: options.access == Access::Serve,
                    read_timeout: options.time_limit,
                };
                let path = directory.city(&info.code).join(CITY_FILE);
                City::on_sqlite(info.clone(), sqlite::Database::open(&path, settings).await?)
            }
            Place::Postgres(server, _) => City::on_postgres(info.clone(), server.clone()),
        })
    }

    async fn save(&self, mut cities: Vec<CityInfo>, info: CityInfo) -> Result<()> {
        match &self.inner.place {
            Place::Directory(directory) => {
                cities.push(info);
                cities.sort_by(|a, b| a.code.cmp(&b.code));
                directory.save(cities)
            }
            Place::Postgres(_, register) => register.save(&info).await,
        }
    }
}

fn check_hosts(cities: &[CityInfo], info: &CityInfo) -> Result<()> {
    let others = cities.iter().filter(|city| city.code != info.code).flat_map(|city| &city.hosts);
    for host in others {
        if info.hosts.iter().any(|own| own.eq_ignore_ascii_case(host)) {
            return Err(StoreError::refused(format!("ホスト名 {host} は別の市が使っています。")));
        }
    }
    Ok(())
}
