//! Dropping what was retired, by name.
//!
//! This is the only place that drops a column or a table, and it drops nothing that a published definition has. What the
//! records' histories say of the field stays until a disposal erases it.

use kawasemi_kernel::{Act, IdSource};
use serde::Serialize;
use serde_json::json;

use crate::audit::{Trail, id_of_name};
use crate::city::City;
use crate::ddl::{Change, Shape};
use crate::error::{Result, StoreError};
use crate::ledger::Ledger;
use crate::shape;
use crate::sql::Sql;
use crate::unit::{Statement, Unit};

/// A retired column or child table that is still there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Retired {
    /// The ledger's key.
    pub ledger: String,
    /// The table.
    pub table: String,
    /// The column; none where the table itself is retired.
    pub column: Option<String>,
}

/// What of the published ledgers' tables no definition has any more.
///
/// # Errors
/// As [`City::read`].
pub async fn retired(city: &City) -> Result<Vec<Retired>> {
    let shape = Shape::read(city).await?;
    let mut retired: Vec<Retired> = city.catalogue().iter().flat_map(|ledger| of_ledger(&shape, ledger)).collect();
    retired.sort();
    Ok(retired)
}

/// Drops a retired field of a ledger: its columns, or its child table. Answers what was dropped.
///
/// # Errors
/// [`StoreError::Refused`] when the field is published or not there.
pub async fn purge(city: &City, ledger: &str, field: &str, act: &Act, ids: &dyn IdSource) -> Result<Vec<Retired>> {
    let catalogue = city.catalogue();
    let ledger = catalogue.ledger(ledger)?;
    if ledger.def.field(field).is_some() {
        return Err(StoreError::refused(format!(
            "項目 {field} は台帳 {} で使われています。先に定義から外して公開してください。",
            ledger.key()
        )));
    }
    let shape = Shape::read(city).await?;
    let parts = format!("{field}__");
    let child = ledger.child_table(field);
    let dropped: Vec<Retired> = of_ledger(&shape, ledger)
        .filter(|retired| match &retired.column {
            Some(column) => retired.table == ledger.table() && (column == field || column.starts_with(&parts)),
            None => retired.table == child,
        })
        .collect();
    if dropped.is_empty() {
        let known: Vec<String> = of_ledger(&shape, ledger).filter_map(|retired| retired.column).collect();
        return Err(StoreError::refused(format!(
            "台帳 {} に廃止された項目 {field} はありません（廃止された列: {}）。",
            ledger.key(),
            if known.is_empty() { "なし".to_owned() } else { known.join(", ") }
        )));
    }
    let changes: Vec<Change> = dropped.iter().map(drop_statement).collect();
    let trail = Trail::of(city, "definition", id_of_name("definition", ledger.key())).await?;
    let payload = json!({ "ledger": ledger.key(), "field": field, "reason": act.reason, "dropped": dropped });
    let mut unit = Unit::new();
    unit.patiently();
    unit.extend(changes.iter().map(|change| Statement::any(change.sql.clone())));
    unit.extend(shape::log_entries(&changes, act.at.as_microsecond(), &act.actor.to_string()));
    unit.extend(trail.statements("purge", act, ids, &payload.to_string()));
    city.write(unit).await?;
    Ok(dropped)
}

fn of_ledger<'a>(shape: &'a Shape, ledger: &'a Ledger) -> impl Iterator<Item = Retired> {
    let columns = ledger.tables.iter().flat_map(|table| {
        let present = shape.tables.get(&table.name).into_iter().flatten();
        present
            .filter(|column| *column != "n" && !table.columns.iter().any(|known| known.name == **column))
            .map(|column| (table.name.clone(), Some(column.clone())))
    });
    let children = format!("{}__", ledger.table());
    let tables = shape
        .tables
        .keys()
        .filter(move |name| name.starts_with(&children) && !ledger.tables.iter().any(|table| table.name == **name));
    columns.chain(tables.map(|name| (name.clone(), None))).map(|(table, column)| Retired {
        ledger: ledger.key().to_owned(),
        table,
        column,
    })
}

fn drop_statement(retired: &Retired) -> Change {
    let mut sql = Sql::new();
    match &retired.column {
        Some(column) => {
            sql.push("ALTER TABLE ").table(&retired.table).push(" DROP COLUMN ").ident(column);
            Change::new(format!("{}.{column}", retired.table), sql)
        }
        None => {
            sql.push("DROP TABLE ").table(&retired.table);
            Change::new(&retired.table, sql)
        }
    }
}
