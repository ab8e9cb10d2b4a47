//! A place of its own in which a backup is restored to see whether it can be (復元訓練).
//!
//! It is never the place where the installation lives. A trial of a data directory works in a folder that was not there or was
//! empty; one of a database works in a database that it makes itself and drops, or in an empty one that the operator names. A
//! note in the folder says which database belongs to it, and a mark in a named database says that a trial fills it, so that
//! the next trial removes what an interrupted one left ([`sweep`]), and never anything else.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::{Result, StoreError};
use crate::installation::{private_folder, write_private};
use crate::postgres::{Server, Settings, address};
use crate::sql::{Naming, Sql};
use crate::store::Location;

/// How the folder of a trial begins that stands among others.
const WORK: &str = "work-";
/// Held while a trial goes on; its presence says that the folder is a trial's.
const LOCK: &str = "trial.lock";
/// What belongs to the trial outside its folder.
const NOTE: &str = "trial.json";
/// The folder in it that takes the place of a data folder.
const DATA: &str = "data";
/// How the name of a database begins that a trial makes.
const MADE: &str = "kawasemi_drill_";
/// The schema by which a database is known as a trial's.
const MARK: &str = "kawasemi_drill";
/// How long making, looking at and dropping a database may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// What the folder's note says.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Note {
    /// The database that was made for the trial.
    database: Option<String>,
}

/// The place of a trial. Call [`Trial::remove`] in the end; where that can't be, dropping it removes the folder, and the next
/// trial the rest.
#[derive(Debug)]
pub struct Trial {
    folder: PathBuf,
    location: Location,
    /// The database with the address of the server that made it.
    made: Option<(String, String)>,
    /// A database that the operator named.
    named: Option<Named>,
    lock: Option<File>,
    /// The folder was there before: it stays, empty.
    keep_folder: bool,
}

/// An open connection to a database that the operator named, which holds others off.
struct Named {
    server: Server,
}

impl std::fmt::Debug for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Named")
    }
}

/// What a trial left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The folder.
    pub folder: PathBuf,
    /// The database that was made for the trial.
    pub database: Option<String>,
}

/// Where a trial shall be.
#[derive(Debug, Clone, Copy)]
pub enum Wanted<'a> {
    /// A data directory in a fresh folder below this one.
    Below(&'a Path),
    /// A data directory in this folder, which must be empty or not there.
    Folder(&'a Path),
    /// A database of its own on the server of this address; files and keys in a fresh folder below the other.
    OwnDatabase(&'a str, &'a Path),
    /// This database, which must be empty; files and keys in a fresh folder below the other.
    Database(&'a str, &'a Path),
}

impl Trial {
    /// Takes the place.
    ///
    /// # Errors
    /// When it is in use or not empty, or can't be made.
    pub async fn take(wanted: Wanted<'_>, stamp: &str) -> Result<Self> {
        match wanted {
            Wanted::Below(parent) => Self::fresh(parent, stamp),
            Wanted::Folder(folder) => Self::in_folder(folder),
            Wanted::OwnDatabase(url, parent) => Self::fresh(parent, stamp)?.with_own_database(url, stamp).await,
            Wanted::Database(url, parent) => Self::fresh(parent, stamp)?.with_database(url).await,
        }
    }

    /// Where the backup is to be restored.
    #[must_use]
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// The folder that stands for the data folder (SQLite) or for the folder beside the database.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.join(DATA)
    }

    /// The folder of the trial, in which an archive may be unpacked.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Removes everything of the trial.
    ///
    /// # Errors
    /// When something can't be removed; the next trial tries again.
    pub async fn remove(mut self) -> Result<()> {
        if let Some((url, name)) = &self.made {
            drop_database(url, name).await?;
        }
        if let Some(named) = self.named.take() {
            empty(&named.server).await?;
            named.server.close();
        }
        self.made = None;
        self.remove_folder()
    }

    /// Leaves everything where it is, for somebody who wants to look at it. No trial takes it for its own afterwards.
    ///
    /// # Errors
    /// When the marks of the trial can't be taken away.
    pub async fn leave(mut self) -> Result<Left> {
        if let Some(named) = self.named.take() {
            execute(&named.server, format!("DROP SCHEMA IF EXISTS {MARK}")).await?;
            named.server.close();
        }
        remove_if_there(&self.folder.join(NOTE))?;
        remove_if_there(&self.folder.join(LOCK))?;
        self.lock = None;
        let database = self.made.take().map(|(_, name)| name);
        Ok(Left { folder: std::mem::take(&mut self.folder), database })
    }

    fn fresh(parent: &Path, stamp: &str) -> Result<Self> {
        Self::begin(parent.join(format!("{WORK}{stamp}-{}", std::process::id())), false)
    }

    fn in_folder(folder: &Path) -> Result<Self> {
        let is_there = folder.is_dir();
        match std::fs::read_dir(folder).map(|mut entries| entries.next().is_some()) {
            Ok(true) if folder.join(LOCK).is_file() => clear_left(folder)?,
            Ok(true) => {
                return Err(StoreError::refused(format!(
                    "{} は空ではありません。訓練には、空のフォルダーか、まだないフォルダーを指定してください。何も変更していません。",
                    folder.display()
                )));
            }
            Ok(false) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        Self::begin(folder.to_owned(), is_there)
    }

    fn begin(folder: PathBuf, keep_folder: bool) -> Result<Self> {
        private_folder(&folder)?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(folder.join(LOCK))?;
        if lock.try_lock().is_err() {
            return Err(StoreError::refused(format!("{} では、別の復元訓練が動いています。", folder.display())));
        }
        let location = Location::Directory(folder.join(DATA));
        Ok(Self { folder, location, made: None, named: None, lock: Some(lock), keep_folder })
    }

    async fn with_own_database(mut self, url: &str, stamp: &str) -> Result<Self> {
        let name = format!("{MADE}{}_{}", stamp.replace('-', "_"), std::process::id());
        let note = serde_json::to_vec(&Note { database: Some(name.clone()) })
            .map_err(|error| StoreError::Io { detail: error.to_string() })?;
        write_private(&self.folder.join(NOTE), &note)?;
        let made = maintain(url, Sql::text(&format!("CREATE DATABASE \"{name}\" TEMPLATE template0"))).await;
        made.map_err(not_made)?;
        self.location = Location::Postgres(address::with_database(url, &name));
        self.made = Some((url.to_owned(), name));
        Ok(self)
    }

    async fn with_database(mut self, url: &str) -> Result<Self> {
        let server = Server::new(
            url,
            Settings {
                connections: 1,
                writable: true,
                timeout: PATIENCE,
                patience: crate::store::PATIENCE,
                note: None,
            },
        )?;
        if !is_true(&server, "SELECT pg_try_advisory_lock(hashtext('kawasemi drill'))").await? {
            return Err(StoreError::refused("指定したデータベースでは、別の復元訓練が動いています。"));
        }
        if is_true(&server, &format!("SELECT to_regnamespace('{MARK}') IS NOT NULL")).await? {
            empty(&server).await?;
        }
        if !is_true(&server, EMPTY).await? {
            return Err(StoreError::refused(
                "指定したデータベースは空ではありません。訓練には、空のデータベースを指定するか、--into を省いてください（訓練のたびに作って消します）。何も変更していません。",
            ));
        }
        execute(&server, format!("CREATE SCHEMA {MARK}")).await?;
        self.location = Location::Postgres(url.to_owned());
        self.named = Some(Named { server });
        Ok(self)
    }

    fn remove_folder(&mut self) -> Result<()> {
        let folder = std::mem::take(&mut self.folder);
        if folder.as_os_str().is_empty() {
            return Ok(());
        }
        match self.keep_folder {
            true => {
                self.lock = None;
                clear_left(&folder)
            }
            false => Ok(std::fs::remove_dir_all(&folder)?),
        }
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        // A database can't be dropped here; its name stands in the folder, where the next trial finds it.
        let removed = match (&self.made, self.folder.as_os_str().is_empty()) {
            (_, true) => Ok(()),
            (Some(_), false) => std::fs::remove_dir_all(self.data()).map_err(StoreError::from),
            (None, false) => self.remove_folder(),
        };
        if let Err(error) = removed {
            tracing::warn!(folder = %self.folder.display(), %error, "the folder of a drill was not removed");
        }
    }
}

/// Removes what interrupted trials left below a folder, with the databases that they made on the server of `url`. Answers how
/// many trials that were. Trials that go on are left alone.
///
/// # Errors
/// When something can't be removed.
pub async fn sweep(parent: &Path, url: Option<&str>) -> Result<u64> {
    let entries = match std::fs::read_dir(parent) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error.into()),
    };
    let mut swept = 0;
    for entry in entries {
        let entry = entry?;
        let is_work = entry.file_name().to_string_lossy().starts_with(WORK) && entry.file_type()?.is_dir();
        if is_work && sweep_one(&entry.path(), url).await? {
            swept += 1;
        }
    }
    Ok(swept)
}

async fn sweep_one(folder: &Path, url: Option<&str>) -> Result<bool> {
    let lock = match OpenOptions::new().write(true).open(folder.join(LOCK)) {
        Ok(lock) => lock,
        // Not ours, or one that is being made or removed this instant.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    if lock.try_lock().is_err() {
        return Ok(false);
    }
    let note = std::fs::read(folder.join(NOTE)).ok().and_then(|text| serde_json::from_slice::<Note>(&text).ok());
    let database = note.unwrap_or_default().database.filter(|name| name.starts_with(MADE));
    match (database, url) {
        (Some(name), Some(url)) => {
            stop_making(url, &name).await?;
            drop_database(url, &name).await?;
        }
        // Without the server's address its database could not be dropped any more.
        (Some(_), None) => return Ok(false),
        (None, _) => {}
    }
    std::fs::remove_dir_all(folder)?;
    Ok(true)
}

/// Removes from a folder that stays what a trial put there.
fn clear_left(folder: &Path) -> Result<()> {
    let lock = OpenOptions::new().write(true).open(folder.join(LOCK));
    if lock.as_ref().is_ok_and(|lock| lock.try_lock().is_err()) {
        return Err(StoreError::refused(format!("{} では、別の復元訓練が動いています。", folder.display())));
    }
    gone(std::fs::remove_dir_all(folder.join(DATA)))?;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        // Where the archive of a database was unpacked.
        if entry.file_name().to_string_lossy().starts_with("restore.") {
            gone(std::fs::remove_dir_all(entry.path()))?;
        }
    }
    remove_if_there(&folder.join(NOTE))?;
    remove_if_there(&folder.join(LOCK))
}

fn remove_if_there(file: &Path) -> Result<()> {
    gone(std::fs::remove_file(file))
}

/// What is not there is removed already.
fn gone(outcome: std::io::Result<()>) -> Result<()> {
    match outcome {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Whether a database holds nothing of anybody; what extensions brought does not count.
const EMPTY: &str = "SELECT NOT EXISTS (SELECT 1 FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace \
     WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' \
     AND NOT EXISTS (SELECT 1 FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')) \
     AND NOT EXISTS (SELECT 1 FROM pg_namespace AS n WHERE n.nspname = 'kawasemi' OR n.nspname LIKE 'city\\_%')";

/// Drops the schemas that a restore makes, and the mark last: until then, the next trial knows the database as a trial's.
async fn empty(server: &Server) -> Result<()> {
    let known = Sql::text(
        "SELECT nspname::text FROM pg_namespace WHERE nspname = 'kawasemi' OR nspname ~ '^city_[0-9]{6}$' ORDER BY 1",
    );
    for row in server.read(&Naming::Bare, known, Some(PATIENCE)).await? {
        let name: String = row.get(0)?;
        execute(server, format!("DROP SCHEMA \"{name}\" CASCADE")).await?;
    }
    execute(server, format!("DROP SCHEMA IF EXISTS {MARK}")).await
}

async fn execute(server: &Server, text: String) -> Result<()> {
    let mut unit = crate::unit::Unit::new();
    unit.patiently();
    unit.add(Sql::text(&text));
    server.write(&Naming::Bare, unit).await.map(|_| ())
}

async fn is_true(server: &Server, text: &str) -> Result<bool> {
    let rows = server.read(&Naming::Bare, Sql::text(text), Some(PATIENCE)).await?;
    rows.first().map_or(Ok(false), |row| row.get(0))
}

async fn drop_database(url: &str, name: &str) -> Result<()> {
    maintain(url, Sql::text(&format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)"))).await
}

/// Ends the making of a database that went on after its trial was interrupted: the server would finish it, and nobody would know
/// of it any more.
async fn stop_making(url: &str, name: &str) -> Result<()> {
    let making = format!(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
         WHERE pid <> pg_backend_pid() AND state = 'active' AND query LIKE 'CREATE DATABASE \"{name}\"%'"
    );
    maintain(url, Sql::text(&making)).await
}

async fn maintain(url: &str, sql: Sql) -> Result<()> {
    let server = Server::new(
        url,
        Settings { connections: 1, writable: true, timeout: PATIENCE, patience: crate::store::PATIENCE, note: None },
    )?;
    let done = server.maintain(&Naming::Bare, sql).await;
    server.close();
    done
}

fn not_made(error: StoreError) -> StoreError {
    tracing::warn!(%error, detail = error.detail(), "the database of a drill was not made");
    let is_forbidden = error.detail().is_some_and(|said| said.contains("permission denied"));
    match is_forbidden {
        true => StoreError::refused(
            "訓練用のデータベースを作る権限がありません。PostgreSQL の管理者に ALTER ROLE … CREATEDB を頼むか、空のデータベースを作って --into で指定してください。",
        ),
        false => error,
    }
}
