//! Restoring a backup: everything is checked before anything is replaced.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use kawasemi_kernel::context::FixedClock;

use super::take::Staging;
use super::{
    Beside, HOLDINGS, Holdings, Manifest, Progress, archive, database_path, holdings_path, keys_path, postgres,
};
use crate::audit::{self, Keeper};
use crate::city::CityInfo;
use crate::engine::{self, Engine};
use crate::error::{Result, StoreError};
use crate::files::{FileError, Files};
use crate::installation::{Directory, Register};
use crate::postgres::{Server, Settings};
use crate::seal::KEY_FILE;
use crate::store::{Access, CITY_FILE, Location, PATIENCE, Store, StoreOptions};
use crate::{system_tables, training};

/// Where the content of a city's files lies in the archive, below the city's folder.
const CONTENT: &str = "files/content";

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Restored {
    /// The codes of the cities.
    pub cities: Vec<String>,
    /// When the backup was taken, UTC microseconds.
    pub taken_at: i64,
    /// Where the data of before lies, by city; empty where there was none and on PostgreSQL.
    pub kept: Vec<PathBuf>,
    /// What the backup says that each city holds, by its code; none of a backup by a program that did not count.
    #[serde(skip)]
    pub held: BTreeMap<String, Holdings>,
}

/// Restores a backup into an installation, which must not be served meanwhile. `engines` are those of the program, which
/// does not restore what a newer one has written; `beside` answers what lies beside the
/// databases; a data directory has its own and does not ask, unless files lie apart.
///
/// # Errors
/// When the archive is damaged or of another kind of store, or the installation is in use; nothing is changed then.
pub async fn restore(
    location: &Location,
    engines: &[Engine],
    beside: Beside<'_>,
    archive: &Path,
    at: Timestamp,
    progress: Progress<'_>,
) -> Result<Restored> {
    match location {
        Location::Directory(root) => into_directory(root, engines, beside, archive, at, progress).await,
        Location::Postgres(url) => into_postgres(url, engines, beside, archive, progress).await,
    }
}

fn wrong_store(manifest: &Manifest, wanted: &str) -> Result<()> {
    if manifest.store == wanted {
        return Ok(());
    }
    Err(StoreError::refused(format!(
        "このバックアップは {} のものです。同じ種類の保存先（--data または --database-url）に復元してください。",
        manifest.store
    )))
}

/// Refuses a backup of a city that a newer program has moved on: this one could not open it afterwards.
fn refuse_newer(manifest: &Manifest, engines: &[Engine]) -> Result<()> {
    let known: Vec<Engine> = std::iter::once(system_tables::engine()).chain(engines.iter().cloned()).collect();
    manifest.formats.values().try_for_each(|reached| engine::refuse_newer(reached, &known))
}

async fn into_directory(
    root: &Path,
    engines: &[Engine],
    beside: Beside<'_>,
    archive: &Path,
    at: Timestamp,
    progress: Progress<'_>,
) -> Result<Restored> {
    // The lock keeps a server from starting in the middle, and refuses when one runs.
    let directory = Directory::open(root, true, true)?;
    let staging = Staging::beside(&root.join("restore"))?;
    let manifest = archive::extract(archive, &staging.0, progress)?;
    wrong_store(&manifest, "sqlite")?;
    refuse_newer(&manifest, engines)?;
    for city in &manifest.cities {
        let database = staging.0.join(database_path(&city.code, "sqlite"));
        tokio::task::spawn_blocking(move || check_database(&database))
            .await
            .map_err(|error| StoreError::Io { detail: error.to_string() })??;
    }
    for city in manifest.cities.iter().filter(|_| beside.apart) {
        // Content first: what a record names must be there when the record is.
        let content = staging.0.join("cities").join(&city.code).join(CONTENT);
        adopt_files(&(beside.files)(&city.code)?, &content).await?;
        if content.is_dir() {
            std::fs::remove_dir_all(&content)?;
        }
    }
    let held = held(&staging.0, &manifest)?;
    if !beside.across {
        for city in &manifest.cities {
            let live = directory.city(&city.code).join(CITY_FILE);
            let wanted = is_training(&staging.0.join(database_path(&city.code, "sqlite")))?;
            refuse_across(&city.code, wanted, if live.exists() { Some(is_training(&live)?) } else { None })?;
        }
    }
    let mut kept = Vec::new();
    for city in &manifest.cities {
        let (live, restored) = (directory.city(&city.code), staging.0.join("cities").join(&city.code));
        if live.exists() {
            let aside = root.join("cities").join(format!("{}.before-restore-{}", city.code, at.as_second()));
            std::fs::rename(&live, &aside)?;
            take_over_keeper(&aside.join("audit"), &restored.join("audit"))?;
            take_over_seal(&aside.join(KEY_FILE), &restored.join(KEY_FILE))?;
            kept.push(aside);
        }
        std::fs::rename(&restored, &live)?;
    }
    directory.save(merged(directory.cities()?, &manifest.cities))?;
    rebase_keepers(root, engines, &manifest, at).await?;
    Ok(restored(&manifest, kept, held))
}

/// Takes the signing key and the copy of the checkpoints over from the data of before.
fn take_over_keeper(from: &Path, to: &Path) -> Result<()> {
    if !from.is_dir() {
        return Ok(());
    }
    crate::installation::private_folder(to)?;
    let known = Keeper::new(to).keys()?;
    for file in std::fs::read_dir(from)? {
        let file = file?;
        if file.file_type()?.is_file() && file.file_name() != "key.pub" {
            std::fs::copy(file.path(), to.join(file.file_name()))?;
        }
    }
    for key in Keeper::new(from).keys()? {
        if !known.contains(&key) {
            Keeper::new(to).add_key(&key)?;
        }
    }
    Ok(())
}

/// Takes the keys that seal secrets over from the data of before: a backup has none.
fn take_over_seal(from: &Path, to: &Path) -> Result<()> {
    if from.is_file() {
        crate::installation::write_private(to, &std::fs::read(from)?)?;
    }
    Ok(())
}

/// Lets the copies of the checkpoints say what the restored databases say.
async fn rebase_keepers(root: &Path, engines: &[Engine], manifest: &Manifest, at: Timestamp) -> Result<()> {
    let mut options = StoreOptions::new(Arc::new(FixedClock(at))).access(Access::Read);
    options.engines = engines.to_vec();
    let store = Store::open(&Location::Directory(root.to_owned()), options).await?;
    for city in &manifest.cities {
        let keeper = Keeper::new(root.join("cities").join(&city.code).join("audit"));
        audit::rebase(&store.open_city(&city.code).await?, &keeper, at).await?;
    }
    store.close().await;
    Ok(())
}

async fn into_postgres(
    url: &str,
    engines: &[Engine],
    beside: Beside<'_>,
    archive: &Path,
    progress: Progress<'_>,
) -> Result<Restored> {
    let staging = match beside.staging {
        Some(folder) => Staging::beside(&folder.join("restore"))?,
        None => Staging::beside(&std::env::temp_dir().join("kawasemi-restore"))?,
    };
    let manifest = archive::extract(archive, &staging.0, progress)?;
    wrong_store(&manifest, "postgres")?;
    refuse_newer(&manifest, engines)?;
    for city in &manifest.cities {
        postgres::check(url, &staging.0.join(database_path(&city.code, "postgres"))).await?;
    }
    let said = held(&staging.0, &manifest)?;
    let timeout = std::time::Duration::from_secs(60);
    let settings = Settings { connections: 2, writable: true, timeout, patience: PATIENCE, note: None };
    let register = Register::open(Server::new(url, settings)?, true).await?;
    for city in manifest.cities.iter().filter(|_| !beside.across) {
        let wanted = said.get(&city.code).is_some_and(|held| held.training);
        refuse_across(&city.code, wanted, register.is_training(&city.code).await?)?;
    }
    // Content first: what a record names must be there when the record is.
    for city in &manifest.cities {
        take_over_keys(&staging.0.join(keys_path(&city.code)), &(beside.keeper)(&city.code))?;
        adopt_files(&(beside.files)(&city.code)?, &staging.0.join("cities").join(&city.code).join(CONTENT)).await?;
    }
    for city in &manifest.cities {
        postgres::load(url, &city.code, &staging.0.join(database_path(&city.code, "postgres"))).await?;
        register.save(city).await?;
    }
    Ok(restored(&manifest, Vec::new(), said))
}

/// Takes the public keys of a backup along, so that what they sealed can be verified here.
fn take_over_keys(file: &Path, keeper: &Keeper) -> Result<()> {
    let Some(folder) = file.parent().filter(|_| file.exists()) else { return Ok(()) };
    crate::installation::private_folder(keeper.folder())?;
    let known = keeper.keys()?;
    let new = Keeper::new(folder).keys()?.into_iter().filter(|key| !known.contains(key));
    new.into_iter().try_for_each(|key| keeper.add_key(&key))
}

async fn adopt_files(files: &Files, folder: &Path) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for shelf in std::fs::read_dir(folder)? {
        for content in std::fs::read_dir(shelf?.path())? {
            let content = content?;
            let sha256 = content.file_name().to_string_lossy().into_owned();
            files.adopt(&sha256, &content.path()).await.map_err(not_adopted)?;
        }
    }
    Ok(())
}

fn not_adopted(error: FileError) -> StoreError {
    tracing::warn!(error = %error, cause = error.source().map(ToString::to_string), "a file of a backup was not taken over");
    match error {
        FileError::DiskFull => StoreError::DiskFull,
        _ => StoreError::refused(
            "控えの添付ファイルを保存先に置けません。何も変更していません。kawasemi doctor で保存先を確かめてください。",
        ),
    }
}

fn restored(manifest: &Manifest, kept: Vec<PathBuf>, held: BTreeMap<String, Holdings>) -> Restored {
    let cities = manifest.cities.iter().map(|city| city.code.clone()).collect();
    Restored { cities, taken_at: manifest.taken_at, kept, held }
}

/// Takes what the archive says that its cities hold out of the staging folder: it is no part of a city.
fn held(staging: &Path, manifest: &Manifest) -> Result<BTreeMap<String, Holdings>> {
    let mut held = BTreeMap::new();
    for city in &manifest.cities {
        let path = staging.join(holdings_path(&city.code));
        if !path.exists() {
            continue;
        }
        let said = serde_json::from_slice(&std::fs::read(&path)?)
            .map_err(|error| StoreError::Corrupt { detail: format!("{HOLDINGS}: {error}") })?;
        std::fs::remove_file(&path)?;
        held.insert(city.code.clone(), said);
    }
    Ok(held)
}

/// The cities of the installation with those of the backup in their place.
fn merged(mut present: Vec<CityInfo>, restored: &[CityInfo]) -> Vec<CityInfo> {
    present.retain(|city| restored.iter().all(|other| other.code != city.code));
    present.extend(restored.iter().cloned());
    present.sort_by(|a, b| a.code.cmp(&b.code));
    present
}

/// Whether the database of a city says that it is one for training.
fn is_training(database: &Path) -> Result<bool> {
    let failed = |error: rusqlite::Error| StoreError::Io { detail: error.to_string() };
    let connection = rusqlite::Connection::open_with_flags(database, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY);
    let marked = connection.map_err(failed)?.query_row(
        "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?1",
        [training::MARK],
        |row| row.get::<_, i64>(0),
    );
    Ok(marked.map_err(failed)? > 0)
}

/// Keeps practice and the real thing apart: `live` says what is there, if anything.
fn refuse_across(code: &str, restored: bool, live: Option<bool>) -> Result<()> {
    let message = match (restored, live) {
        (false, Some(true)) => {
            "は教育用の市ですが、この控えは実際の市のものです。実際の市のデータを教育用の市に入れることはできません。本当に実際の市に置き換えるなら、--training-mismatch を付けてください（教育用の市ではなくなります）。何も変更していません。"
        }
        (true, Some(false)) => {
            "は実際の市ですが、この控えは教育用の市のものです。本当に置き換えるなら、--training-mismatch を付けてください。何も変更していません。"
        }
        _ => return Ok(()),
    };
    Err(StoreError::refused(format!("団体コード {code} {message}")))
}

fn check_database(path: &Path) -> Result<()> {
    let damaged = |detail: String| {
        StoreError::refused(format!(
            "バックアップの中のデータベースが壊れています（{detail}）。何も変更していません。別のバックアップを使ってください。"
        ))
    };
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection = rusqlite::Connection::open_with_flags(path, flags).map_err(|error| damaged(error.to_string()))?;
    let verdict: String = connection
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(|error| damaged(error.to_string()))?;
    if verdict == "ok" { Ok(()) } else { Err(damaged(verdict)) }
}
