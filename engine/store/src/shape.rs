//! Bringing a city's database to the shape that is declared: what is missing is added, and written into `schema_log`.

use kawasemi_kernel::Clock;

use crate::city::City;
use crate::ddl::{self, Change, Shape};
use crate::error::{Result, StoreError};
use crate::sql::{Param, Sql};
use crate::table::Table;
use crate::unit::{Statement, Unit};

/// Adds the tables, columns and indexes that the database lacks. Running it again changes nothing.
pub(crate) async fn bring_up_to_date(city: &City, tables: &[Table], clock: &dyn Clock) -> Result<()> {
    if let Some(schema) = ddl::create_schema(city.naming()) {
        city.write(Unit::of([schema.into()])).await?;
    }
    let changes = Shape::read(city).await?.changes_to(tables, city.dialect());
    if changes.is_empty() {
        return Ok(());
    }
    let at = clock.now().as_microsecond();
    match apply(city, &changes, at, "system").await {
        // Another process may have added the same things between our look and our change.
        Err(StoreError::Statement { .. } | StoreError::Unique { .. }) if is_complete(city, tables).await? => Ok(()),
        other => other,
    }
}

async fn is_complete(city: &City, tables: &[Table]) -> Result<bool> {
    Ok(Shape::read(city).await?.changes_to(tables, city.dialect()).is_empty())
}

/// Makes changes of shape, each with its line in the log, all or none.
pub(crate) async fn apply(city: &City, changes: &[Change], at: i64, actor: &str) -> Result<()> {
    let mut unit = Unit::new();
    unit.patiently();
    for change in changes {
        unit.add(change.sql.clone());
    }
    unit.extend(changes.iter().map(|change| log_entry(change, at, actor)));
    city.write(unit).await.map(|_| ())
}

/// The statement as it ran, but for the schema's name: the log reads alike on both stores.
fn log_entry(change: &Change, at: i64, actor: &str) -> Statement {
    Statement::any(Sql::with(
        "INSERT INTO {schema_log} (\"at\", \"actor\", \"subject\", \"statement\") VALUES ($1, $2, $3, $4)",
        [Param::Int(at), actor.into(), Param::from(&change.subject), change.sql.to_string().into()],
    ))
}
