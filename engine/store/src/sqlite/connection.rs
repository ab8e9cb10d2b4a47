//! How a city's SQLite file is opened.

use std::path::Path;
use std::time::Duration;

use memchr::memmem::Finder;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::{FromSqlError, ValueRef};
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
/// and most of that is saved this way. What is deleted is overwritten where that costs no further writing, so that what an
/// erasure takes out does not lie on in its page. A larger cache would be a little quicker, but the allocator keeps what was freed,
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
             PRAGMA cache_size = -16000;
             PRAGMA secure_delete = FAST;",
        )
        .map_err(translate)?;
    prepare(connection)
}

/// Opens a connection that can only read.
pub(super) fn open_reader(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(translate)?;
    let batch = "PRAGMA mmap_size = 0; PRAGMA cache_size = -4000; PRAGMA query_only = ON;";
    connection.execute_batch(batch).map_err(translate)?;
    prepare(connection)
}

/// Lets a connection look at the file through the system's own cache, which all of them share: a list that passes a few hundred
/// records of a million otherwise copies as many pages, which took most of its time. The mapping counts as resident memory
/// until the connection is closed, which happens as soon as the city is quiet.
pub(super) fn map(connection: &Connection) -> Result<()> {
    connection.execute_batch(&format!("PRAGMA mmap_size = {MAPPED};")).map_err(translate)
}

/// What both kinds of connections share. LIKE distinguishes case, as it does on PostgreSQL.
fn prepare(connection: Connection) -> Result<Connection> {
    connection.busy_timeout(BUSY_TIMEOUT).map_err(translate)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    connection
        .execute_batch("PRAGMA foreign_keys = ON; PRAGMA case_sensitive_like = ON; PRAGMA temp_store = MEMORY;")
        .map_err(translate)?;
    add_holds(&connection).map_err(translate)?;
    Ok(connection)
}

/// Adds `holds(text, part)`: whether a part occurs in a text. `instr` goes through a text character by character; the same is
/// seen from its bytes, many at once, and a search looks into thousands of texts.
fn add_holds(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("holds", 2, flags, |context| {
        let finder = context.get_or_create_aux(1, |part| -> Result<_, FromSqlError> {
            Ok(Finder::new(part.as_bytes()?).into_owned())
        })?;
        Ok(match context.get_raw(0) {
            ValueRef::Null => None,
            text => Some(finder.find(text.as_bytes()?).is_some()),
        })
    })
}
