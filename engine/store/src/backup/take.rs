//! Taking a backup.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use futures::{StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;

use super::archive::Writer;
use super::{Beside, FORMAT, Holdings, Manifest, Progress, database_path, holdings_path, keys_path, postgres};
use crate::engine;
use crate::error::{Result, StoreError};
use crate::files::Files;
use crate::postgres::Snapshot;
use crate::store::{Location, Store};

/// Between two looks at a copy that grows.
const LOOK: std::time::Duration = std::time::Duration::from_millis(250);

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Taken {
    /// The cities.
    pub cities: usize,
    /// Files of records.
    pub files: usize,
    /// Size of the archive in bytes.
    pub bytes: u64,
}

/// Writes a backup of all cities to a file, also while they are served. `beside` answers what lies beside the databases.
///
/// # Errors
/// When something can't be read or written; nothing stands under the file's name then.
pub async fn take(
    store: &Store,
    location: &Location,
    beside: Beside<'_>,
    target: &Path,
    at: Timestamp,
    progress: Progress<'_>,
) -> Result<Taken> {
    let cities = store.cities().await?;
    if cities.is_empty() {
        return Err(StoreError::refused("保存する市がまだありません。kawasemi init で市を作ってください。"));
    }
    let staging = Staging::beside(target)?;
    let kind = if matches!(location, Location::Directory(_)) { "sqlite" } else { "postgres" };
    let mut writer = Writer::create(target)?;
    let mut count = 0;
    let mut formats = BTreeMap::new();
    for city in &cities {
        let snapshot = staging.0.join(format!("{}.snapshot", city.code));
        let path = database_path(&city.code, kind);
        let mut held = None;
        match location {
            Location::Directory(_) => {
                watching(&snapshot, &path, progress, sqlite_snapshot(store, &city.code, &snapshot)).await?;
            }
            Location::Postgres(url) => {
                held = Some(dump(store, url, &city.code, (&snapshot, &path), progress).await?);
            }
        }
        let held = match held {
            Some(held) => held,
            None => Holdings::of_file(city, &snapshot).await?,
        };
        formats.insert(city.code.clone(), engine::reached(&store.open_city(&city.code).await?).await?);
        writer = blocking(writer, path.clone(), snapshot.clone()).await?;
        progress(&path, std::fs::metadata(&snapshot)?.len());
        std::fs::remove_file(&snapshot)?;
        std::fs::write(
            &snapshot,
            serde_json::to_vec_pretty(&held).map_err(|error| StoreError::Io { detail: error.to_string() })?,
        )?;
        writer = blocking(writer, holdings_path(&city.code), snapshot.clone()).await?;
        std::fs::remove_file(&snapshot)?;
        let keys = (beside.keeper)(&city.code).public_keys_file();
        if keys.exists() {
            writer = blocking(writer, keys_path(&city.code), keys).await?;
        }
        let content = (beside.files)(&city.code)?;
        let mut listed = std::pin::pin!(content.list());
        while let Some(found) = listed.next().await {
            let (sha256, size) = found.map_err(|error| StoreError::Io { detail: error.to_string() })?;
            let spooled = staging.0.join(&sha256);
            spool(&content, &sha256, &spooled).await?;
            let path = format!("cities/{}/files/content/{}/{sha256}", city.code, &sha256[..2.min(sha256.len())]);
            writer = blocking(writer, path.clone(), spooled.clone()).await?;
            std::fs::remove_file(&spooled)?;
            progress(&path, size);
            count += 1;
        }
    }
    let manifest = Manifest {
        format: FORMAT,
        store: kind.to_owned(),
        taken_at: at.as_microsecond(),
        cities: cities.clone(),
        formats,
        entries: Vec::new(),
    };
    let bytes = tokio::task::spawn_blocking(move || writer.finish(manifest)).await.map_err(joined)??;
    Ok(Taken { cities: cities.len(), files: count, bytes })
}

/// Dumps a city of a database and counts what it holds, both in one snapshot.
async fn dump(
    store: &Store,
    url: &str,
    code: &str,
    (copy, path): (&Path, &str),
    progress: Progress<'_>,
) -> Result<Holdings> {
    let city = store.open_city(code).await?;
    let snapshot = Snapshot::take(url).await?;
    let held = Holdings::of_snapshot(&city, &snapshot).await?;
    watching(copy, path, progress, postgres::dump(url, code, snapshot.name(), copy)).await?;
    Ok(held)
}

/// Does the copying of a database, telling how far the copy has grown.
async fn watching(
    copy: &Path,
    path: &str,
    progress: Progress<'_>,
    work: impl Future<Output = Result<()>>,
) -> Result<()> {
    let mut work = std::pin::pin!(work);
    loop {
        match tokio::time::timeout(LOOK, &mut work).await {
            Ok(done) => return done,
            // The copy may not have been begun yet.
            Err(_) => progress(path, std::fs::metadata(copy).map_or(0, |found| found.len())),
        }
    }
}

/// A folder for what is being copied, removed in the end however it ends.
pub(super) struct Staging(pub PathBuf);

impl Staging {
    pub fn beside(target: &Path) -> Result<Self> {
        let mut name = target.as_os_str().to_owned();
        name.push(format!(".{}.staging", std::process::id()));
        let path = PathBuf::from(name);
        crate::installation::private_folder(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // What is left over is named after the backup, so that an operator knows what it is.
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(path = %self.0.display(), %error, "a staging folder was not removed");
        }
    }
}

async fn blocking(mut writer: Writer, path: String, from: PathBuf) -> Result<Writer> {
    let added = tokio::task::spawn_blocking(move || writer.add_file(&path, &from).map(|_| writer));
    added.await.map_err(joined)?
}

fn joined(error: tokio::task::JoinError) -> StoreError {
    StoreError::Io { detail: error.to_string() }
}

/// A consistent copy of a city's database while it is written to.
async fn sqlite_snapshot(store: &Store, code: &str, into: &Path) -> Result<()> {
    let city = store.open_city(code).await?;
    let from = city.file().ok_or(StoreError::NotFound)?.to_owned();
    let into = into.to_owned();
    let copy = move || -> Result<()> {
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = rusqlite::Connection::open_with_flags(from, flags).map_err(failed)?;
        connection.execute("VACUUM INTO ?1", [into.to_string_lossy()]).map_err(failed)?;
        Ok(())
    };
    tokio::task::spawn_blocking(copy).await.map_err(joined)?
}

fn failed(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DiskFull) => StoreError::DiskFull,
        _ => StoreError::Io { detail: error.to_string() },
    }
}

async fn spool(files: &Files, sha256: &str, into: &Path) -> Result<()> {
    use tokio::io::AsyncWriteExt as _;
    let io = |error: &dyn std::fmt::Display| StoreError::Io { detail: error.to_string() };
    let mut content = files.get(sha256).await.map_err(|error| io(&error))?;
    let mut out = tokio::fs::File::create(into).await?;
    while let Some(chunk) = content.try_next().await.map_err(|error| io(&error))? {
        out.write_all(&chunk).await?;
    }
    out.flush().await?;
    Ok(())
}
