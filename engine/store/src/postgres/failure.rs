//! What PostgreSQL's errors mean to us.

use std::error::Error as _;

use deadpool::managed::{PoolError, TimeoutType};
use tokio_postgres::Error;
use tokio_postgres::error::{Severity, SqlState};

use super::tls;
use crate::error::{Away, StoreError};

/// No server can be reached, or the one that was broke off.
pub(super) fn unreachable(detail: impl Into<String>) -> StoreError {
    StoreError::Away { why: Away::Unreachable, detail: detail.into() }
}

/// Translates an error of a statement or a connection.
pub(crate) fn translate(error: Error) -> StoreError {
    let Some(database) = error.as_db_error() else { return translate_client(&error) };
    let detail = database.to_string();
    let code = database.code();
    match code.code().get(..2).unwrap_or_default() {
        _ if *code == SqlState::UNIQUE_VIOLATION => {
            StoreError::Unique { index: database.constraint().unwrap_or_default().to_owned() }
        }
        _ if *code == SqlState::FOREIGN_KEY_VIOLATION => StoreError::ForeignKey { detail },
        _ if *code == SqlState::QUERY_CANCELED => StoreError::Timeout,
        _ if *code == SqlState::DISK_FULL => StoreError::DiskFull,
        _ if *code == SqlState::LOCK_NOT_AVAILABLE => StoreError::Busy { detail },
        // Integrity constraints and values out of range or of a wrong form.
        "22" | "23" => StoreError::Check { detail },
        // Serialization failures and deadlocks, after the retries.
        "40" => StoreError::Busy { detail },
        // A standby, or a server that was made read-only: the primary is elsewhere.
        _ if *code == SqlState::READ_ONLY_SQL_TRANSACTION => StoreError::Away { why: Away::NoPrimary, detail },
        // Too many connections, out of memory.
        "53" => StoreError::Busy { detail },
        // Starting up, shutting down, or ended by an administrator or a crash; the connection broke.
        "57" | "08" => unreachable(detail),
        "58" => StoreError::Io { detail },
        "XX" => StoreError::Corrupt { detail },
        _ => StoreError::Statement { detail },
    }
}

/// Errors that our side of the connection found: it broke, or a value does not fit its parameter.
fn translate_client(error: &Error) -> StoreError {
    if let Some(sentence) = tls::sentence(error) {
        return StoreError::refused(sentence);
    }
    let cause = error.source().map(|source| format!(": {source}")).unwrap_or_default();
    let detail = format!("{error}{cause}");
    // A value of another type than the parameter is named only by its text in this library.
    let is_value = detail.starts_with("error serializing parameter") || detail.starts_with("error deserializing");
    match is_value {
        true => StoreError::Check { detail },
        false => unreachable(detail),
    }
}

/// Translates an error of the pool.
pub(super) fn translate_pool(error: PoolError<StoreError>) -> StoreError {
    match error {
        PoolError::Backend(error) => error,
        PoolError::Closed => StoreError::Closed,
        PoolError::Timeout(TimeoutType::Create | TimeoutType::Recycle) => unreachable("no connection in time"),
        other => StoreError::Busy { detail: other.to_string() },
    }
}

/// Whether the transaction may simply be run again (serialization failure, deadlock).
pub(super) fn is_transient(error: &Error) -> bool {
    let code = error.code();
    code == Some(&SqlState::T_R_SERIALIZATION_FAILURE) || code == Some(&SqlState::T_R_DEADLOCK_DETECTED)
}

/// Whether an error in answer to a COMMIT says that nothing was kept. Once a commit is written, PostgreSQL does not answer
/// with an error any more: it ends the connection (FATAL) or itself (PANIC).
pub(super) fn says_aborted(error: &Error) -> bool {
    error.as_db_error().is_some_and(|said| said.parsed_severity() == Some(Severity::Error))
}
