//! What SQLite's errors mean to us.

use rusqlite::{Connection, Error, ErrorCode, ffi};

use crate::error::StoreError;

/// Translates an error. A unique key's name is only the columns here; see [`name_unique_key`].
pub(super) fn translate(error: Error) -> StoreError {
    let Error::SqliteFailure(failure, message) = &error else {
        return StoreError::Statement { detail: error.to_string() };
    };
    let detail = message.clone().unwrap_or_else(|| failure.to_string());
    match (failure.code, failure.extended_code) {
        (_, ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID) => {
            StoreError::Unique { index: detail }
        }
        (_, ffi::SQLITE_CONSTRAINT_FOREIGNKEY) => StoreError::ForeignKey { detail },
        (ErrorCode::ConstraintViolation, _) => StoreError::Check { detail },
        // The shared-memory file beside the log can't grow: the disk is full as well.
        (ErrorCode::DiskFull, _) | (_, ffi::SQLITE_IOERR_SHMSIZE) => StoreError::DiskFull,
        (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => StoreError::Busy { detail },
        (ErrorCode::OperationInterrupted, _) => StoreError::Timeout,
        (ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase, _) => StoreError::Corrupt { detail },
        (
            ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied
            | ErrorCode::OutOfMemory,
            _,
        ) => StoreError::Io { detail },
        (ErrorCode::TooBig | ErrorCode::TypeMismatch, _) => StoreError::Check { detail },
        _ => StoreError::Statement { detail },
    }
}

/// Replaces the columns that SQLite names in a unique-key error by the name of the index, which is what PostgreSQL
/// answers and what the ledger engine knows. Runs only after such an error.
pub(super) fn name_unique_key(connection: &Connection, error: StoreError) -> StoreError {
    let StoreError::Unique { index: detail } = &error else { return error };
    match find_unique_index(connection, detail) {
        Some(index) => StoreError::Unique { index },
        None => error,
    }
}

/// `UNIQUE constraint failed: l_park.code, l_park.year` names one table and its columns, or `index 'u_…'`.
fn find_unique_index(connection: &Connection, detail: &str) -> Option<String> {
    let named = detail.split_once(": ")?.1;
    if let Some(index) = named.strip_prefix("index '") {
        return Some(index.trim_end_matches('\'').to_owned());
    }
    let table = named.split_once('.')?.0;
    let columns: Vec<&str> = named.split(", ").filter_map(|part| part.split_once('.')).map(|(_, c)| c).collect();
    let mut indexes = connection
        .prepare("SELECT name FROM pragma_index_list(?1) WHERE \"unique\" ORDER BY origin = 'pk', seq")
        .ok()?;
    let names: Vec<String> = indexes.query_map([table], |row| row.get(0)).ok()?.flatten().collect();
    names.into_iter().find(|name| index_columns(connection, name).is_some_and(|found| found == columns))
}

fn index_columns(connection: &Connection, index: &str) -> Option<Vec<String>> {
    let mut statement = connection.prepare("SELECT name FROM pragma_index_info(?1) ORDER BY seqno").ok()?;
    statement.query_map([index], |row| row.get(0)).ok()?.collect::<Result<_, _>>().ok()
}
