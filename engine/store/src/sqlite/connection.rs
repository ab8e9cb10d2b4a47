//! How a city's SQLite file is opened.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::failure::translate;
use crate::error::Result;

/// How long a process waits for another one's transaction (a command beside the running server).
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// How much of a file is mapped: all of any city's. Addresses cost nothing.
const MAPPED: u64 = 1 << 38;

/// Statements kept prepared on each connection.
const CACHED_STATEMENTS: usize = 200;

/// Opens the connection that writes, creating the file when there is none.
///
/// `synchronous=FULL` makes a commit durable before it is acknowledged. The write-ahead log is carried over into the
/// file at 64 MB rather than SQLite's 4 MB: on a million records the pages of a dozen indexes are written over and over,
/// and most of that is saved this way. A larger cache would be a little quicker, but the allocator keeps what was freed,
/// and a quiet server is to be small.
pub(super) fn open_writer(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(translate)?;
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA wal_autocheckpoint = 16000;
             PRAGMA journal_size_limit = 67108864;
             PRAGMA cache_size = -16000;",
        )
        .map_err(translate)?;
    prepare(connection)
}

/// Opens a connection that can only read.
///
/// A mapped one looks at the file through the system's own cache, which all of them share: a list that passes a few hundred
/// records of a million otherwise copies as many pages, which took most of its time. The mapping counts as resident memory
/// until the connection is closed, which happens as soon as the city is quiet.
pub(super) fn open_reader(path: &Path, mapped: bool) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(translate)?;
    let size = if mapped { MAPPED } else { 0 };
    let batch = format!("PRAGMA mmap_size = {size}; PRAGMA cache_size = -4000; PRAGMA query_only = ON;");
    connection.execute_batch(&batch).map_err(translate)?;
    prepare(connection)
}

/// What both kinds of connections share. LIKE distinguishes case, as it does on PostgreSQL.
fn prepare(connection: Connection) -> Result<Connection> {
    connection.busy_timeout(BUSY_TIMEOUT).map_err(translate)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    connection
        .execute_batch("PRAGMA foreign_keys = ON; PRAGMA case_sensitive_like = ON; PRAGMA temp_store = MEMORY;")
        .map_err(translate)?;
    Ok(connection)
}
