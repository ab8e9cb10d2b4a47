//! Parameters into SQLite and cells out of it.

use std::sync::Arc;

use rusqlite::types::{ToSqlOutput, Value as Owned, ValueRef};
use rusqlite::{Connection, Rows, ToSql};

use super::failure::translate;
use crate::error::{Result, StoreError};
use crate::row::{Cell, Row};
use crate::sql::Param;

impl ToSql for Param {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Owned(Owned::Null),
            Self::Bool(value) => ToSqlOutput::Owned(Owned::Integer((*value).into())),
            Self::Int(value) => ToSqlOutput::Owned(Owned::Integer(*value)),
            Self::Real(value) => ToSqlOutput::Owned(Owned::Real(*value)),
            Self::Text(value) => ToSqlOutput::Borrowed(ValueRef::Text(value.as_bytes())),
            Self::Blob(value) => ToSqlOutput::Borrowed(ValueRef::Blob(value)),
            Self::Id(value) => ToSqlOutput::Borrowed(ValueRef::Blob(value.as_bytes())),
        })
    }
}

/// Runs a statement that answers no rows, and says how many it touched.
pub(super) fn execute(connection: &Connection, text: &str, params: &[Param]) -> Result<u64> {
    refuse_nul(params)?;
    let mut statement = connection.prepare_cached(text).map_err(|error| with_statement(error, text))?;
    bind(&mut statement, params).map_err(|error| with_statement(error, text))?;
    let affected = statement.raw_execute().map_err(|error| with_statement(error, text))?;
    Ok(affected as u64)
}

/// Runs a query and hands over its rows as they come, until the receiver answers `false`.
pub(super) fn query(
    connection: &Connection,
    text: &str,
    params: &[Param],
    mut receive: impl FnMut(Row) -> bool,
) -> Result<()> {
    refuse_nul(params)?;
    let mut statement = connection.prepare_cached(text).map_err(|error| with_statement(error, text))?;
    bind(&mut statement, params).map_err(|error| with_statement(error, text))?;
    let columns: Arc<[String]> = statement.column_names().into_iter().map(str::to_owned).collect();
    let mut rows = statement.raw_query();
    while let Some(row) = next(&mut rows, &columns).map_err(|error| with_statement(error, text))? {
        if !receive(row) {
            break;
        }
    }
    Ok(())
}

/// Runs a query and collects its rows.
pub(super) fn query_all(connection: &Connection, text: &str, params: &[Param]) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    query(connection, text, params, |row| {
        rows.push(row);
        true
    })?;
    Ok(rows)
}

/// PostgreSQL can't keep U+0000 in text. Here it is refused as well, so that a city can move from one to the other.
fn refuse_nul(params: &[Param]) -> Result<()> {
    let has_nul = |param: &Param| matches!(param, Param::Text(text) if text.as_bytes().contains(&0));
    match params.iter().any(has_nul) {
        true => Err(StoreError::Check { detail: "text contains U+0000".to_owned() }),
        false => Ok(()),
    }
}

fn bind(statement: &mut rusqlite::Statement<'_>, params: &[Param]) -> rusqlite::Result<()> {
    let wanted = statement.parameter_count();
    if wanted != params.len() {
        return Err(rusqlite::Error::InvalidParameterCount(params.len(), wanted));
    }
    for (index, param) in params.iter().enumerate() {
        statement.raw_bind_parameter(index + 1, param)?;
    }
    Ok(())
}

fn next(rows: &mut Rows<'_>, columns: &Arc<[String]>) -> rusqlite::Result<Option<Row>> {
    let Some(row) = rows.next()? else { return Ok(None) };
    let mut cells = Vec::with_capacity(columns.len());
    for index in 0..columns.len() {
        cells.push(match row.get_ref(index)? {
            ValueRef::Null => Cell::Null,
            ValueRef::Integer(value) => Cell::Int(value),
            ValueRef::Real(value) => Cell::Real(value),
            ValueRef::Text(value) => Cell::Text(match str::from_utf8(value) {
                Ok(text) => text.to_owned(),
                Err(_) => String::from_utf8_lossy(value).into_owned(),
            }),
            ValueRef::Blob(value) => Cell::Blob(value.to_vec()),
        });
    }
    Ok(Some(Row::new(Arc::clone(columns), cells)))
}

/// A statement that SQLite does not understand is a defect of ours; its text (never its values) helps to find it.
fn with_statement(error: rusqlite::Error, text: &str) -> StoreError {
    match translate(error) {
        StoreError::Statement { detail } => StoreError::Statement { detail: format!("{detail} in: {text}") },
        other => other,
    }
}
