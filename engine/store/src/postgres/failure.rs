//! What PostgreSQL's errors mean to us.

use std::error::Error as _;

use deadpool_postgres::PoolError;
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use super::tls;
use crate::error::StoreError;

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
        // Too many connections, out of memory; starting up or shutting down.
        "53" | "57" => StoreError::Busy { detail },
        "08" | "58" => StoreError::Io { detail },
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
        false => StoreError::Io { detail },
    }
}

/// Translates an error of the pool.
pub(super) fn translate_pool(error: PoolError) -> StoreError {
    match error {
        PoolError::Backend(error) => translate(error),
        PoolError::Closed => StoreError::Closed,
        other => StoreError::Busy { detail: other.to_string() },
    }
}

/// Whether the transaction may simply be run again (serialization failure, deadlock).
pub(super) fn is_transient(error: &Error) -> bool {
    let code = error.code();
    code == Some(&SqlState::T_R_SERIALIZATION_FAILURE) || code == Some(&SqlState::T_R_DEADLOCK_DETECTED)
}
