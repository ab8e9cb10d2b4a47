//! Which cities an installation has, and who serves it.
//!
//! With a data directory the list is `installation.json`, replaced as a whole, and each city has a folder
//! `cities/CODE`. With PostgreSQL it is the table `kawasemi.city`, and each city has a schema `city_CODE`.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use serde::{Deserialize, Serialize};

use crate::city::CityInfo;
use crate::error::{Result, StoreError};
use crate::postgres::{Server, once};
use crate::sql::{Naming, Param, Sql};
use crate::unit::Unit;

const LIST: &str = "installation.json";
/// The version of the list.
const FORMAT: u32 = 1;
const LOCK: &str = "server.lock";
/// The schema of what concerns no single city.
const SCHEMA: &str = "kawasemi";

/// The file `installation.json`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CityList {
    format: u32,
    cities: Vec<CityInfo>,
}

/// A data directory.
#[derive(Debug)]
pub(crate) struct Directory {
    root: PathBuf,
    /// Held while the directory is served; the operating system lets go of it when the process ends, however it ends.
    _lock: Option<File>,
}

impl Directory {
    /// Opens a data directory, making it when it is to be written and is not there.
    pub fn open(root: &Path, create: bool, lock: bool) -> Result<Self> {
        if create {
            private_folder(&root.join("cities"))?;
        } else if !root.is_dir() {
            return Err(StoreError::refused(format!(
                "データフォルダー {} がありません。kawasemi init で作成するか、--data を確かめてください。",
                root.display()
            )));
        }
        let lock = match lock {
            true => Some(take_lock(root)?),
            false => None,
        };
        Ok(Self { root: root.to_owned(), _lock: lock })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of a city.
    pub fn city(&self, code: &str) -> PathBuf {
        self.root.join("cities").join(code)
    }

    pub fn cities(&self) -> Result<Vec<CityInfo>> {
        let path = self.root.join(LIST);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let list: CityList = serde_json::from_str(&text)
            .map_err(|error| StoreError::Corrupt { detail: format!("{}: {error}", path.display()) })?;
        if list.format > FORMAT {
            return Err(StoreError::refused(format!(
                "データフォルダー {} は、より新しい kawasemi の形です。この版では開けません。何も変更していません。新しい kawasemi を使ってください。",
                self.root.display()
            )));
        }
        Ok(list.cities)
    }

    /// Replaces the list. A crash leaves the old or the new one, never half of one.
    pub fn save(&self, cities: Vec<CityInfo>) -> Result<()> {
        let text = serde_json::to_string_pretty(&CityList { format: FORMAT, cities })
            .map_err(|error| StoreError::Io { detail: error.to_string() })?;
        let fresh = self.root.join(format!("{LIST}.new"));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&fresh, self.root.join(LIST))?;
        File::open(&self.root)?.sync_all()?;
        Ok(())
    }
}

/// Makes a folder that only the program's user may enter.
pub(crate) fn private_folder(path: &Path) -> Result<()> {
    Ok(fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?)
}

/// Writes a new file that only the program's user may read, durably; refuses where there is one.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(content)?;
    file.sync_all()?;
    Ok(())
}

/// A name beside a file under which nobody else, no other process and no other task of this one, writes meanwhile.
pub(crate) fn draft_beside(path: &Path) -> PathBuf {
    static ATTEMPT: AtomicU32 = AtomicU32::new(0);
    let attempt = ATTEMPT.fetch_add(1, Ordering::Relaxed);
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.{attempt}", std::process::id()));
    PathBuf::from(name)
}

/// Makes what was added to a folder or renamed in it durable.
pub(crate) fn sync_folder(folder: &Path) -> Result<()> {
    Ok(File::open(folder)?.sync_all()?)
}

fn take_lock(root: &Path) -> Result<File> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(root.join(LOCK))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(StoreError::Locked { path: root.display().to_string() }),
        Err(fs::TryLockError::Error(error)) => Err(error.into()),
    }
}

/// The list of cities on PostgreSQL.
#[derive(Clone)]
pub(crate) struct Register {
    server: Server,
    naming: Naming,
}

impl Register {
    /// Opens the register, making it when it may be written.
    pub async fn open(server: Server, create: bool) -> Result<Self> {
        let register = Self { server, naming: Naming::Schema(SCHEMA.to_owned()) };
        if create && !register.exists("kawasemi.writer").await? {
            let mut unit = Unit::new();
            unit.add(Sql::text("CREATE SCHEMA IF NOT EXISTS \"kawasemi\""));
            unit.add(Sql::with(
                "CREATE TABLE IF NOT EXISTS {city} (code text PRIMARY KEY, name text NOT NULL, \
                 time_zone text NOT NULL, hosts text NOT NULL, created_at bigint NOT NULL)",
                [],
            ));
            unit.add(Sql::text(once::TABLE));
            unit.patiently();
            register.server.write(&register.naming, unit).await?;
        }
        Ok(register)
    }

    /// Removes what processes that are long gone have left, some time soon: nobody waits for it, least of all the start of a
    /// server whose commits wait for a standby.
    pub fn sweep(&self) {
        let (server, naming) = (self.server.clone(), self.naming.clone());
        tokio::spawn(async move {
            if let Err(error) = server.write(&naming, Unit::of([Sql::text(once::SWEEP).into()])).await {
                tracing::debug!(%error, "the marks of earlier processes were not removed");
            }
        });
    }

    async fn exists(&self, table: &str) -> Result<bool> {
        let sql = Sql::with("SELECT to_regclass($1) IS NOT NULL", [table.into()]);
        self.server.read(&self.naming, sql, None).await?.first().map_or(Ok(false), |row| row.get(0))
    }

    /// The cities; none in a database in which nothing was made yet.
    pub async fn cities(&self) -> Result<Vec<CityInfo>> {
        let sql = Sql::with("SELECT code, name, time_zone, hosts, created_at FROM {city} ORDER BY code", []);
        let rows = match self.server.read(&self.naming, sql, None).await {
            Ok(rows) => rows,
            Err(error) if !error.is_away() && !self.exists("kawasemi.city").await? => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        rows.iter()
            .map(|row| {
                let hosts: String = row.get(3)?;
                Ok(CityInfo {
                    code: row.get(0)?,
                    name: row.get(1)?,
                    time_zone: row.get(2)?,
                    hosts: hosts.split_whitespace().map(str::to_owned).collect(),
                    created_at: row.get(4)?,
                })
            })
            .collect()
    }

    /// Whether a city is one for training; none where there is no such city.
    pub async fn is_training(&self, code: &str) -> Result<Option<bool>> {
        let schema = crate::city::schema_name(code);
        let sql = Sql::with(
            "SELECT to_regnamespace($1) IS NOT NULL, to_regclass($2) IS NOT NULL",
            [schema.as_str().into(), format!("{schema}.{}", crate::training::MARK).into()],
        );
        let rows = self.server.read(&self.naming, sql, None).await?;
        let row = rows.first().ok_or(StoreError::NotFound)?;
        Ok(if row.get(0)? { Some(row.get(1)?) } else { None })
    }

    /// Forgets a city.
    pub async fn remove(&self, code: &str) -> Result<()> {
        let sql = Sql::with("DELETE FROM {city} WHERE code = $1", [code.into()]);
        self.server.write(&self.naming, Unit::of([sql.into()])).await.map(|_| ())
    }

    /// Adds a city or changes what is known of it.
    pub async fn save(&self, city: &CityInfo) -> Result<()> {
        let sql = Sql::with(
            "INSERT INTO {city} (code, name, time_zone, hosts, created_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (code) DO UPDATE SET name = excluded.name, time_zone = excluded.time_zone, \
             hosts = excluded.hosts",
            [
                Param::from(&city.code),
                Param::from(&city.name),
                Param::from(&city.time_zone),
                Param::from(city.hosts.join(" ")),
                Param::Int(city.created_at),
            ],
        );
        self.server.write(&self.naming, Unit::of([sql.into()])).await.map(|_| ())
    }
}
