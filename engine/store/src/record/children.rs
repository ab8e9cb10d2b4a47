//! Child rows (明細): written whole whenever one of them changed.

use kawasemi_kernel::{ChildRow, Fields, RecordId, Value};
use kawasemi_schema::FieldDef;

use super::RecordRow;
use super::write::encode;
use crate::error::Result;
use crate::ledger::Ledger;
use crate::sql::{Param, Sql};
use crate::unit::Statement;

/// How many child rows one statement writes: SQLite allows 32,766 parameters.
const ROWS_AT_ONCE: usize = 100;

/// The statements that write a new record's child rows.
pub(super) fn insert_all(ledger: &Ledger, record: RecordId, fields: &Fields) -> Result<Vec<Statement>> {
    let mut statements = Vec::new();
    for (field, child_fields) in ledger.child_fields() {
        let rows = rows_of(fields.get(&field.key));
        statements.extend(insert(&ledger.child_table(&field.key), record, child_fields, rows)?);
    }
    Ok(statements)
}

/// The statements that replace the child rows that changed.
pub(super) fn replace(ledger: &Ledger, before: &RecordRow, fields: &Fields) -> Result<Vec<Statement>> {
    let mut statements = Vec::new();
    for (field, child_fields) in ledger.child_fields() {
        let (old, new) = (rows_of(before.fields.get(&field.key)), rows_of(fields.get(&field.key)));
        if old == new {
            continue;
        }
        let table = ledger.child_table(&field.key);
        let mut sql = Sql::text("DELETE FROM ");
        sql.table(&table).push(" WHERE \"_record\" = ").bind(before.id.0);
        statements.push(sql.into());
        statements.extend(insert(&table, before.id, child_fields, new)?);
    }
    Ok(statements)
}

fn rows_of(value: Option<&Value>) -> &[ChildRow] {
    match value {
        Some(Value::Rows(rows)) => rows,
        _ => &[],
    }
}

fn insert(table: &str, record: RecordId, fields: &[FieldDef], rows: &[ChildRow]) -> Result<Vec<Statement>> {
    let columns: Vec<String> = fields.iter().flat_map(FieldDef::columns).map(|column| column.name).collect();
    let mut statements = Vec::new();
    for (part, rows) in rows.chunks(ROWS_AT_ONCE).enumerate() {
        let mut sql = Sql::text("INSERT INTO ");
        sql.table(table).push(" (\"_record\", \"_position\", \"_id\"");
        for column in &columns {
            sql.push(", ").ident(column);
        }
        sql.push(") VALUES ");
        for (index, row) in rows.iter().enumerate() {
            let position = i64::try_from(part * ROWS_AT_ONCE + index).unwrap_or(i64::MAX);
            let mut params: Vec<Param> = vec![record.0.into(), position.into(), row.id.into()];
            params.extend(encode(fields, &row.fields)?);
            sql.push(if index > 0 { ", (" } else { "(" }).bind_list(params).push(")");
        }
        statements.push(sql.into());
    }
    Ok(statements)
}
