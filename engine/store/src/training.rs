//! Training cities (教育用の市): cities in which people practise, and whose data can be put back.
//!
//! Whether a city is one is a mark in its own database, made while the city is made and never afterwards: a city that has lived
//! can't become one, and no setting of a process decides it. Beside the mark lies the state to which a reset returns ([`keep`]):
//! a copy of each table, in the city's own database, so that a reset ([`reset`]) is one unit, beside a running server, and alike
//! on both stores. Accounts, with their passwords, sessions and roles, are spared: the engine that has them says which tables
//! those are.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::TryStreamExt as _;
use jiff::Timestamp;

use crate::audit::{self, Keeper, erasure};
use crate::city::City;
use crate::ddl::Shape;
use crate::error::{Result, StoreError};
use crate::files::Files;
use crate::schema::reindex;
use crate::sql::{Dialect, Naming, Param, Sql};
use crate::unit::{Statement, Unit, Unmet};

/// The table whose presence says that a city is for training.
pub(crate) const MARK: &str = "training";
/// Which table is kept under which name.
const COPIES: &str = "training_copy";
/// How the names of the copies begin. They are numbered, since the name of a table may be as long as a name can be.
const COPY: &str = "training_copy_";
/// The store's own tables that say what shape the database has: a reset changes no shape.
const OF_SHAPE: [&str; 2] = ["format", "schema_log"];
/// How long a reset waits for a sealing that goes on.
const SEALING: Duration = Duration::from_secs(10);

/// What a training city knows of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Training {
    /// When it was made.
    pub since: Timestamp,
    /// When the state was kept to which a reset returns; none while the city is still being made.
    pub kept_at: Option<Timestamp>,
    /// When it was put back the last time.
    pub reset_at: Option<Timestamp>,
    /// Whether it is put back every night.
    pub nightly: bool,
}

/// What a reset did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Reset {
    /// Tables that were put back.
    pub tables: usize,
    /// Contents of attached files that nothing names any more.
    pub files: u64,
}

/// Whether a city has the mark.
pub(crate) async fn is_marked(city: &City) -> Result<bool> {
    let sql = match city.naming() {
        Naming::Bare => {
            Sql::with("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = $1", [MARK.into()])
        }
        Naming::Schema(schema) => Sql::with(
            "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = $1 AND tablename = $2",
            [schema.into(), MARK.into()],
        ),
    };
    let marked: i64 = city.read_one(sql).await?.map_or(Ok(0), |row| row.get(0))?;
    Ok(marked > 0)
}

/// Makes a city one for training, in which nothing was done yet.
pub(crate) async fn mark(city: &City, at: Timestamp) -> Result<()> {
    let lived = "SELECT (SELECT count(*) FROM {audit}) + (SELECT count(*) FROM {definition})";
    let lived: i64 = city.read_one(Sql::with(lived, [])).await?.map_or(Ok(0), |row| row.get(0))?;
    if lived > 0 {
        return Err(StoreError::refused(
            "この市にはもうデータがあるので、教育用の市にできません。教育用の市は、別の団体コードで新しく作ってください。",
        ));
    }
    let mut unit = Unit::new();
    unit.patiently();
    unit.add(Sql::with(
        "CREATE TABLE {training} (id bigint PRIMARY KEY, since bigint NOT NULL, kept_at bigint, reset_at bigint, \
         nightly bigint NOT NULL)",
        [],
    ));
    unit.add(Sql::with("CREATE TABLE {training_copy} (name text PRIMARY KEY, copy text NOT NULL)", []));
    unit.add(Sql::with("INSERT INTO {training} (id, since, nightly) VALUES (1, $1, 0)", [at.as_microsecond().into()]));
    city.write(unit).await?;
    Ok(())
}

/// What a training city knows of itself.
///
/// # Errors
/// [`StoreError::Refused`] where the city is a real one; as [`City::read`].
pub async fn state(city: &City) -> Result<Training> {
    require(city)?;
    let sql = Sql::with("SELECT since, kept_at, reset_at, nightly FROM {training} WHERE id = 1", []);
    let row = city.read_one(sql).await?.ok_or(StoreError::NotFound)?;
    let instant = |micros: i64| Timestamp::from_microsecond(micros).unwrap_or_default();
    let (kept_at, reset_at): (Option<i64>, Option<i64>) = (row.get(1)?, row.get(2)?);
    Ok(Training {
        since: instant(row.get(0)?),
        kept_at: kept_at.map(instant),
        reset_at: reset_at.map(instant),
        nightly: row.get::<i64>(3)? != 0,
    })
}

/// Says whether the city is put back every night.
///
/// # Errors
/// As [`state`] and [`City::write`].
pub async fn set_nightly(city: &City, nightly: bool) -> Result<()> {
    require(city)?;
    let sql = Sql::with("UPDATE {training} SET nightly = $1 WHERE id = 1", [i64::from(nightly).into()]);
    city.write(Unit::of([sql.into()])).await.map(|_| ())
}

/// Keeps what the city has now as the state to which a reset returns. `spared` are the tables that no reset touches.
///
/// # Errors
/// As [`state`] and [`City::write`].
pub async fn keep(city: &City, spared: &[&str], at: Timestamp) -> Result<()> {
    require(city)?;
    let shape = Shape::read(city).await?;
    let mut unit = Unit::new();
    unit.patiently();
    for (_, copy) in copies(city).await? {
        unit.add(drop_table(&copy, city.dialect()));
    }
    unit.add(Sql::with("DELETE FROM {training_copy}", []));
    let tables = shape.tables.keys().filter(|name| is_kept(name, &shape, spared));
    for (number, name) in tables.enumerate() {
        let copy = format!("{COPY}{number}");
        let mut sql = Sql::text("CREATE TABLE ");
        sql.table(&copy).push(" AS SELECT * FROM ").table(name);
        unit.add(sql);
        let noted = "INSERT INTO {training_copy} (name, copy) VALUES ($1, $2)";
        unit.add(Sql::with(noted, [Param::from(name.as_str()), copy.as_str().into()]));
    }
    unit.add(Sql::with("UPDATE {training} SET kept_at = $1 WHERE id = 1", [at.as_microsecond().into()]));
    city.write(unit).await.map(|_| ())
}

/// Puts a training city back to the state that was kept: its records, definitions, trail and logs; files that nothing names any
/// more go. What is in `spared` stays as it is. May be called beside a running server.
///
/// # Errors
/// As [`state`] and [`City::write`]; nothing is changed then.
pub async fn reset(city: &City, keeper: &Keeper, files: &Files, spared: &[&str], at: Timestamp) -> Result<Reset> {
    if state(city).await?.kept_at.is_none() {
        return Err(StoreError::refused("教育用の市がまだ出来上がっていないので、戻せません。"));
    }
    let lock = sealing_stopped(keeper).await?;
    let copies = copies(city).await?;
    let shape = Shape::read(city).await?;
    let mut unit = Unit::new();
    unit.patiently();
    unit.extend(writers_held_off(city, &copies));
    unit.extend(references_later(city).await?);
    unit.extend(removals(city, &copies, &shape, spared));
    for (name, copy) in &copies {
        let (Some(there), Some(kept)) = (shape.tables.get(name), shape.tables.get(copy)) else { continue };
        unit.add(refill(name, copy, there.intersection(kept)));
    }
    unit.add(Sql::with("UPDATE {training} SET reset_at = $1 WHERE id = 1", [at.as_microsecond().into()]));
    city.write(unit).await?;
    city.load_catalogue().await?;
    // The copy of the checkpoints outside the database says what the database says now, before anything is sealed again.
    keeper.forget_erasures()?;
    audit::rebase(city, keeper, at).await?;
    drop(lock);
    if city.dialect() == Dialect::Sqlite {
        for ledger in city.catalogue().iter() {
            reindex(city, ledger).await?;
        }
    }
    Ok(Reset { tables: copies.len(), files: sweep(city, files).await? })
}

fn require(city: &City) -> Result<()> {
    match city.is_training() {
        true => Ok(()),
        false => Err(StoreError::refused(
            "この市は教育用の市ではありません。実際の市を、教育用の市として戻すことはできません。",
        )),
    }
}

/// Whether a reset puts a table back. What a full-text index of SQLite keeps for itself is made anew instead.
fn is_kept(name: &str, shape: &Shape, spared: &[&str]) -> bool {
    let is_ours = name == MARK || name.starts_with(COPIES);
    let is_index = is_full_text(name, shape);
    !is_ours && !is_index && !name.starts_with("sqlite_") && !OF_SHAPE.contains(&name) && !spared.contains(&name)
}

/// Whether a table is a full-text index of SQLite, the table that counts its words, or what the index keeps for itself.
fn is_full_text(name: &str, shape: &Shape) -> bool {
    let indexes = shape.tables.keys().filter_map(|table| table.strip_suffix("_docsize"));
    indexes.into_iter().any(|index| {
        let own = ["_data", "_idx", "_content", "_docsize", "_config"];
        name == index || name.strip_prefix(index).is_some_and(|rest| own.contains(&rest))
    }) || shape.tables.get(name).is_some_and(|columns| columns.contains("cnt") && columns.contains("doc"))
}

/// The tables with their copies.
async fn copies(city: &City) -> Result<Vec<(String, String)>> {
    let rows = city.read(Sql::with("SELECT name, copy FROM {training_copy} ORDER BY name", [])).await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

/// Holds off whoever writes to the tables beside: what came in between emptying and filling one would stand twice. SQLite has
/// one writer.
fn writers_held_off(city: &City, copies: &[(String, String)]) -> Option<Statement> {
    if city.dialect() == Dialect::Sqlite || copies.is_empty() {
        return None;
    }
    let mut sql = Sql::text("LOCK TABLE ");
    for (position, (name, _)) in copies.iter().enumerate() {
        sql.push(if position > 0 { ", " } else { "" }).table(name);
    }
    sql.push(" IN EXCLUSIVE MODE");
    Some(sql.into())
}

/// Lets references be looked at only when the unit ends: tables that refer to one another are emptied and filled in turn.
async fn references_later(city: &City) -> Result<Vec<Statement>> {
    let Naming::Schema(schema) = city.naming() else {
        return Ok(vec![Sql::text("PRAGMA defer_foreign_keys = ON").into()]);
    };
    let known = Sql::with(
        "SELECT r.relname::text, c.conname::text FROM pg_catalog.pg_constraint AS c \
         JOIN pg_catalog.pg_class AS r ON r.oid = c.conrelid JOIN pg_catalog.pg_namespace AS s ON s.oid = r.relnamespace \
         WHERE s.nspname = $1 AND c.contype = 'f' AND NOT c.condeferrable ORDER BY 1, 2",
        [schema.into()],
    );
    let mut statements = Vec::new();
    for row in city.read(known).await? {
        let (table, constraint): (String, String) = (row.get(0)?, row.get(1)?);
        let mut sql = Sql::text("ALTER TABLE ");
        sql.table(&table).push(" ALTER CONSTRAINT ").ident(&constraint).push(" DEFERRABLE INITIALLY IMMEDIATE");
        statements.push(sql.into());
    }
    statements.push(Sql::text("SET CONSTRAINTS ALL DEFERRED").into());
    Ok(statements)
}

/// Empties what will be filled again, and drops the tables of ledgers that were made since.
fn removals(city: &City, copies: &[(String, String)], shape: &Shape, spared: &[&str]) -> Vec<Statement> {
    let known: BTreeSet<&str> = copies.iter().map(|(name, _)| name.as_str()).collect();
    let mut statements: Vec<Statement> = Vec::new();
    for name in shape.tables.keys() {
        let mut sql = Sql::new();
        if known.contains(name.as_str()) {
            sql.push("DELETE FROM ").table(name);
        } else if is_index_itself(name, shape) {
            sql.push("INSERT INTO ").table(name).push(" (").ident(name).push(") VALUES ('delete-all')");
        } else if is_kept(name, shape, spared) && is_of_ledger(name, city.dialect()) {
            sql = drop_table(name, city.dialect());
        } else if is_kept(name, shape, spared) {
            // A table that a newer program brought is as empty as it was.
            sql.push("DELETE FROM ").table(name);
        } else {
            continue;
        }
        statements.push(sql.into());
    }
    statements
}

/// Whether a table holds the records of a ledger, or (on PostgreSQL, where that is a table like others) its search index.
fn is_of_ledger(name: &str, dialect: Dialect) -> bool {
    name.starts_with("l_") || dialect == Dialect::Postgres && name.starts_with("f_")
}

/// Whether a table of SQLite is a full-text index.
fn is_index_itself(name: &str, shape: &Shape) -> bool {
    shape.tables.contains_key(&format!("{name}_docsize"))
}

fn drop_table(name: &str, dialect: Dialect) -> Sql {
    let mut sql = Sql::text("DROP TABLE IF EXISTS ");
    sql.table(name);
    if dialect == Dialect::Postgres {
        sql.push(" CASCADE");
    }
    sql
}

/// Fills a table from its copy, with the columns that both have.
fn refill<'a>(name: &str, copy: &str, columns: impl Iterator<Item = &'a String>) -> Sql {
    let columns: Vec<&String> = columns.collect();
    let list = |sql: &mut Sql| {
        for (position, column) in columns.iter().enumerate() {
            sql.push(if position > 0 { ", " } else { "" }).ident(column);
        }
    };
    let mut sql = Sql::text("INSERT INTO ");
    sql.table(name).push(" (");
    list(&mut sql);
    sql.push(") SELECT ");
    list(&mut sql);
    sql.push(" FROM ").table(copy);
    sql
}

/// Waits until nobody seals and keeps it so: what is sealed meanwhile would be lost, and its copy outside would not.
async fn sealing_stopped(keeper: &Keeper) -> Result<std::fs::File> {
    let until = std::time::Instant::now() + SEALING;
    loop {
        if let Some(lock) = keeper.lock()? {
            return Ok(lock);
        }
        if std::time::Instant::now() > until {
            return Err(StoreError::Busy { detail: "the trail is being sealed".to_owned() });
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Removes the content of files that no record names any more.
async fn sweep(city: &City, files: &Files) -> Result<u64> {
    let failed = |error: &dyn std::fmt::Display| StoreError::Io { detail: error.to_string() };
    let listed: Vec<(String, u64)> = files.list().try_collect().await.map_err(|error| failed(&error))?;
    let hashes: Vec<String> = listed.into_iter().map(|(hash, _)| hash).collect();
    let unnamed = erasure::unnamed(city, &hashes).await?;
    for hash in &unnamed {
        files.erase(hash).await.map_err(|error| failed(&error))?;
    }
    Ok(unnamed.len() as u64)
}

/// Only for training: takes a city out of the installation, with everything that it has.
pub(crate) async fn drop_schema(city: &City) -> Result<()> {
    let Naming::Schema(schema) = city.naming() else { return Ok(()) };
    let mut sql = Sql::text("DROP SCHEMA ");
    sql.ident(schema).push(" CASCADE");
    let mut unit = Unit::new();
    unit.patiently();
    // The mark is asked for once more in the unit itself.
    unit.add(Statement::one_row(Sql::with("SELECT 1 FROM {training} WHERE id = 1", []), Unmet::NotFound));
    unit.add(sql);
    city.write(unit).await.map(|_| ())
}
