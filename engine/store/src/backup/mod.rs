//! Backup and restore of an installation, as one file.
//!
//! A backup is taken while the server runs: SQLite gives a snapshot of a city (`VACUUM INTO`), PostgreSQL a dump of its schema
//! (`pg_dump`), both of one instant; file content is copied afterwards, and since content never changes and is written
//! before the record that names it, everything that the snapshot names is there.
//!
//! The archive is a tar compressed with zstd. Its last entry is a manifest with the size and SHA-256 of every other one.
//! Restoring reads the whole archive into a staging place and checks it there, the databases themselves included, before
//! anything is replaced; what was there before is kept beside it.
//!
//! Beside each database lies what it holds ([`Holdings`]), so that a rehearsal ([`trial`]) can tell whether all of it came back.
//!
//! The key that seals the audit trail is not in the archive, only its public side: whoever holds a backup can verify, but
//! not sign. With a data directory the
//! key of before is taken over where there is one, and the copy of the checkpoints is set to what the restored database has
//! ([`crate::audit::rebase`]); with PostgreSQL the caller does this for the folder that it keeps them in.

mod archive;
mod holdings;
mod postgres;
mod restore;
mod take;
pub mod trial;

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub use self::holdings::{Held, Holdings, TrailLength};
pub use self::restore::{Restored, restore};
pub use self::take::{Taken, take};
use crate::audit::Keeper;
use crate::city::CityInfo;
use crate::engine::Reached;
use crate::error::{Result, StoreError};
use crate::files::Files;

/// The version of the archive's layout.
const FORMAT: u32 = 1;
/// The manifest's name in the archive.
const MANIFEST: &str = "manifest.json";
/// The name of the file that says what a city holds.
const HOLDINGS: &str = "holdings.json";

/// What the archive holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    format: u32,
    /// `sqlite` or `postgres`.
    store: String,
    /// UTC microseconds.
    taken_at: i64,
    cities: Vec<CityInfo>,
    /// How far each engine had taken each city, by the city's code: a program that knows less does not restore it.
    #[serde(default)]
    formats: BTreeMap<String, Reached>,
    entries: Vec<Entry>,
}

/// One entry of the archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    path: String,
    size: u64,
    sha256: String,
}

/// Where a city's database lies in the archive.
fn database_path(code: &str, store: &str) -> String {
    match store {
        "sqlite" => format!("cities/{code}/kawasemi.db"),
        _ => format!("cities/{code}/city.dump"),
    }
}

/// Where the public keys of a city's audit trail lie in the archive and in a data directory.
fn keys_path(code: &str) -> String {
    format!("cities/{code}/audit/key.pub")
}

/// Where the archive says what a city holds. Backups of earlier programs have no such entry, and programs that don't know it
/// pass over it.
fn holdings_path(code: &str) -> String {
    format!("cities/{code}/{HOLDINGS}")
}

/// What an archive says of itself, once all of it was read and found whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// `sqlite` or `postgres`.
    pub store: String,
    /// When it was taken, UTC microseconds.
    pub taken_at: i64,
    /// The cities.
    pub cities: Vec<CityInfo>,
    /// Size of what it holds in bytes: so much room a restore needs at least.
    pub unpacked: u64,
    /// The SHA-256 of the last entries' list, in hexadecimal: two archives with the same one hold the same.
    pub digest: String,
}

/// Reads an archive to its end and holds every byte against its manifest. Writes nothing.
///
/// # Errors
/// When it can't be read, is cut or altered, or is of another program's form.
pub async fn inspect(archive: &Path, progress: Progress<'_>) -> Result<Inspected> {
    let manifest = archive::check(archive, progress)?;
    let list = serde_json::to_vec(&manifest.entries).map_err(|error| StoreError::Io { detail: error.to_string() })?;
    Ok(Inspected {
        unpacked: manifest.entries.iter().map(|entry| entry.size).sum(),
        digest: hex::encode(Sha256::digest(list)),
        store: manifest.store,
        taken_at: manifest.taken_at,
        cities: manifest.cities,
    })
}

/// Tells how far the work is: what is being done, and how many bytes of it are done.
pub type Progress<'a> = &'a (dyn Fn(&str, u64) + Send + Sync);

/// What lies beside the databases of an installation.
#[derive(Clone, Copy)]
pub struct Beside<'a> {
    /// The file store of each city.
    pub files: FilesOf<'a>,
    /// Whether the files of a data directory lie apart from it, in a bucket.
    pub apart: bool,
    /// The keeper of each city's audit trail, whose public keys go along: without them nobody could verify the trail.
    pub keeper: KeeperOf<'a>,
    /// Where an archive is unpacked that goes into a database; none for the system's temporary folder.
    pub staging: Option<&'a Path>,
    /// Whether a training city may take the place of a real one, or a real one that of a training city.
    pub across: bool,
}

/// Answers the keeper of a city by its code.
pub type KeeperOf<'a> = &'a (dyn Fn(&str) -> Keeper + Send + Sync);

/// Answers the file store of a city by its code.
pub type FilesOf<'a> = &'a (dyn Fn(&str) -> Result<Files> + Send + Sync);
