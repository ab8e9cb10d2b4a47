//! Bringing the tables of published ledgers to the shape that the program gives them: what is missing is added, and
//! written into `schema_log`. The engines' own tables have their numbers in [`crate::engine`].

use kawasemi_kernel::Clock;

use crate::catalogue::Catalogue;
use crate::city::City;
use crate::ddl::{Change, SearchIndex, Shape};
use crate::error::{Result, StoreError};
use crate::sql::{Param, Sql};
use crate::table::Table;
use crate::unit::{Statement, Unit};

/// Adds what the database lacks of the published ledgers' tables: a newer program may give them further columns or
/// indexes.
pub(crate) async fn bring_ledgers_up_to_date(city: &City, catalogue: &Catalogue, clock: &dyn Clock) -> Result<()> {
    let tables: Vec<Table> = catalogue.iter().flat_map(|ledger| ledger.tables.iter().cloned()).collect();
    let search: Vec<SearchIndex> = catalogue.iter().filter_map(|ledger| ledger.search_index()).collect();
    bring_about(city, &tables, &search, clock).await
}

async fn bring_about(city: &City, tables: &[Table], search: &[SearchIndex], clock: &dyn Clock) -> Result<()> {
    let missing = async || Ok::<_, StoreError>(Shape::read(city).await?.changes_to(tables, search, city.dialect()));
    let changes = missing().await?;
    if changes.is_empty() {
        return Ok(());
    }
    match apply(city, &changes, clock.now().as_microsecond(), "system").await {
        // Another process may have added the same things between our look and our change.
        Err(StoreError::Statement { .. } | StoreError::Unique { .. }) if missing().await?.is_empty() => Ok(()),
        other => other,
    }
}

/// Makes changes of shape, each with its line in the log, all or none.
pub(crate) async fn apply(city: &City, changes: &[Change], at: i64, actor: &str) -> Result<()> {
    let mut unit = Unit::new();
    unit.patiently();
    for change in changes {
        unit.add(change.sql.clone());
    }
    unit.extend(log_entries(changes, at, actor));
    city.write(unit).await.map(|_| ())
}

/// The lines that changes leave in the log.
pub(crate) fn log_entries(changes: &[Change], at: i64, actor: &str) -> impl Iterator<Item = Statement> {
    changes.iter().map(move |change| log_entry(change, at, actor))
}

/// The statement as it ran, but for the schema's name: the log reads alike on both stores.
fn log_entry(change: &Change, at: i64, actor: &str) -> Statement {
    Statement::any(Sql::with(
        "INSERT INTO {schema_log} (\"at\", \"actor\", \"subject\", \"statement\") VALUES ($1, $2, $3, $4)",
        [Param::Int(at), actor.into(), Param::from(&change.subject), change.sql.to_string().into()],
    ))
}
