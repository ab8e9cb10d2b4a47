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
//! The key that seals the audit trail is not in the archive, only its public side: whoever holds a backup can verify, but
//! not sign. With a data directory the
//! key of before is taken over where there is one, and the copy of the checkpoints is set to what the restored database has
//! ([`crate::audit::rebase`]); with PostgreSQL the caller does this for the folder that it keeps them in.

mod archive;
mod postgres;
mod restore;
mod take;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::restore::{Restored, restore};
pub use self::take::{Taken, take};
use crate::audit::Keeper;
use crate::city::CityInfo;
use crate::engine::Reached;
use crate::error::Result;
use crate::files::Files;

/// The version of the archive's layout.
const FORMAT: u32 = 1;
/// The manifest's name in the archive.
const MANIFEST: &str = "manifest.json";

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
}

/// Answers the keeper of a city by its code.
pub type KeeperOf<'a> = &'a (dyn Fn(&str) -> Keeper + Send + Sync);

/// Answers the file store of a city by its code.
pub type FilesOf<'a> = &'a (dyn Fn(&str) -> Result<Files> + Send + Sync);
