//! Bulk work (取込など): staged in units, published at once, undone as a whole.
//!
//! The records of a batch are written in units of some hundreds, each durable by itself, and stay invisible until the
//! batch is published in one statement. The batch keeps how far its source was read, in the same unit as the records, so
//! that work that was cut short is taken up where it stopped, or swept away without a trace: its audit entries are not part
//! of the trail before the publication (see [`crate::audit`]).

use jiff::Timestamp;
use kawasemi_kernel::{Act, Actor, IdSource};

use crate::city::City;
use crate::error::{Result, StoreError};
use crate::lease::{self, Kept};
use crate::ledger::Ledger;
use crate::record::read::{RECORDS, actor, instant};
use crate::record::{Projection, RecordUnit};
use crate::row::Row;
use crate::sql::{Dialect, Param, Sql};
use crate::unit::{NumberRequest, Statement, Unit, Unmet};

/// How many records are swept or undone in one unit.
const AT_ONCE: i64 = 500;

/// Where a batch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Records are being added; nobody sees them.
    Open,
    /// Its records are visible, and records that were there before are being changed.
    Updating,
    /// Its records are visible.
    Published,
    /// It was given up; its records are gone.
    Swept,
    /// It was published and then undone.
    Undone,
}

impl State {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Open, "open"),
        (Self::Updating, "updating"),
        (Self::Published, "published"),
        (Self::Swept, "swept"),
        (Self::Undone, "undone"),
    ];

    fn key(self) -> &'static str {
        Self::ALL.iter().find(|(state, _)| *state == self).map_or("", |(_, key)| key)
    }

    fn read(key: &str) -> Result<Self> {
        let found = Self::ALL.iter().find(|(_, known)| *known == key);
        found.map(|(state, _)| *state).ok_or_else(|| StoreError::Decode {
            column: "batch.state".to_owned(),
            detail: format!("unknown state {key}"),
        })
    }
}

/// A batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Its number in the city.
    pub id: i64,
    /// The ledger's key.
    pub ledger: String,
    /// Where it stands.
    pub state: State,
    /// What people call it, such as the file's name.
    pub title: String,
    /// What the engine that runs it needs to go on, as JSON text.
    pub meta: String,
    /// How many rows of its source were read.
    pub progress: i64,
    /// When it was begun.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: Actor,
    /// When it last went on.
    pub updated_at: Timestamp,
}

/// What undoing a batch did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Undone {
    /// Records that were deleted.
    pub deleted: u64,
    /// Records that stayed, since somebody changed them after the batch.
    pub kept: u64,
}

/// The condition that a record's batch is published; `alias` is the ledger's table.
#[must_use]
pub fn visible(alias: &str) -> Sql {
    let mut sql = Sql::text("(");
    sql.column(alias, "batch").push(" = 0 OR ").column(alias, "batch");
    sql.append(&Sql::with(" NOT IN (SELECT \"id\" FROM {batch} WHERE \"published_at\" IS NULL))", []));
    sql
}

/// Begins a batch.
///
/// # Errors
/// As [`City::write`].
pub async fn open(city: &City, ledger: &Ledger, title: &str, meta: &str, act: &Act) -> Result<Batch> {
    let mut unit = Unit::new();
    let at = act.at.as_microsecond();
    let fixed: Vec<Param> = vec![
        ledger.key().into(),
        State::Open.key().into(),
        title.into(),
        meta.into(),
        at.into(),
        act.actor.to_string().into(),
        lease::this_process().into(),
    ];
    let end = lease::end(city.dialect());
    unit.finish_with(vec![NumberRequest::one("batch")], move |numbers| {
        let params = std::iter::once(Param::Int(numbers[0])).chain(fixed.iter().cloned());
        let sql = Sql::with(
            &format!(
                "INSERT INTO {{batch}} (id, ledger, state, title, meta, progress, created_at, created_by, updated_at, \
                 holder, held_until) VALUES ($1, $2, $3, $4, $5, 0, $6, $7, $6, $8, {end})"
            ),
            params,
        );
        Ok(vec![sql.into()])
    });
    let receipt = city.write(unit).await?;
    let id = receipt.numbers.first().copied().ok_or(StoreError::NotFound)?;
    Ok(Batch {
        id,
        ledger: ledger.key().to_owned(),
        state: State::Open,
        title: title.to_owned(),
        meta: meta.to_owned(),
        progress: 0,
        created_at: act.at,
        created_by: act.actor,
        updated_at: act.at,
    })
}

/// The statement that moves a batch on, to be written with the records it brought. A batch that was published or given
/// up meanwhile, or went on elsewhere, refuses the whole unit as a conflict.
#[must_use]
pub fn progress(batch: i64, from: i64, to: i64, at: Timestamp) -> Statement {
    let sql = Sql::with(
        "UPDATE {batch} SET progress = $1, updated_at = $2 \
         WHERE id = $3 AND state = 'open' AND progress = $4 AND holder = $5",
        [to.into(), at.as_microsecond().into(), batch.into(), from.into(), lease::this_process().into()],
    );
    Statement::one_row(sql, Unmet::Conflict)
}

/// Says from now on that this process is at work on a batch, until what is answered goes away.
#[must_use]
pub fn keep(city: &City, batch: i64) -> Kept {
    Kept::keep(city, "batch", batch.into())
}

/// Makes a batch's records visible, all at once.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not open any more.
pub async fn publish(city: &City, batch: i64, at: Timestamp) -> Result<()> {
    make_visible(city, batch, State::Published, at).await
}

/// Makes a batch's records visible, before it goes on to change records that were there; [`finish`] ends that.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not open any more.
pub async fn publish_and_go_on(city: &City, batch: i64, at: Timestamp) -> Result<()> {
    make_visible(city, batch, State::Updating, at).await
}

async fn make_visible(city: &City, batch: i64, to: State, at: Timestamp) -> Result<()> {
    let sql = Sql::with(
        "UPDATE {batch} SET state = $1, published_at = $2, updated_at = $2 \
         WHERE id = $3 AND state = 'open' AND holder = $4",
        [to.key().into(), at.as_microsecond().into(), batch.into(), lease::this_process().into()],
    );
    city.write(Unit::of([Statement::one_row(sql, Unmet::Conflict)])).await?;
    city.refresh_statistics().await
}

/// The statement of a batch that changes records that were there: written with every part of them, so that nothing is
/// changed for a batch that was taken back meanwhile.
#[must_use]
pub fn still_updating(batch: i64, at: Timestamp) -> Statement {
    let sql = Sql::with(
        "UPDATE {batch} SET updated_at = $1 WHERE id = $2 AND state = 'updating' AND holder = $3",
        [at.as_microsecond().into(), batch.into(), lease::this_process().into()],
    );
    Statement::one_row(sql, Unmet::Conflict)
}

/// Says that a batch has changed all that it had to.
///
/// # Errors
/// [`StoreError::Conflict`] when it was taken back meanwhile.
pub async fn finish(city: &City, batch: i64, at: Timestamp) -> Result<()> {
    city.write(Unit::of([close(batch, State::Updating, State::Published, at)])).await.map(|_| ())
}

/// The batches that were broken off: begun by a process that is no longer at work on them. They belong to the caller from
/// now on, who sweeps them or takes them back.
///
/// # Errors
/// As [`City::write`].
pub async fn take_broken_off(city: &City) -> Result<Vec<Batch>> {
    let ended = lease::has_ended(city.dialect());
    let sql = Sql::with(
        &format!(
            "SELECT id, holder, CASE WHEN {ended} THEN 1 ELSE 0 END FROM {{batch}} WHERE state IN ('open', 'updating')"
        ),
        [],
    );
    let mut taken = Vec::new();
    for row in city.read(sql).await? {
        let (id, holder, ended): (i64, Option<String>, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        if lease::is_held(holder.as_deref(), ended != 0) {
            continue;
        }
        let takes = lease::take_over(city.dialect(), "batch", id.into(), holder.as_deref());
        match city.write(Unit::of([Statement::one_row(takes, Unmet::Conflict)])).await {
            Ok(_) => taken.extend(lookup(city, id).await?),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(taken)
}

/// Looks a batch up.
///
/// # Errors
/// As [`City::read`].
pub async fn lookup(city: &City, batch: i64) -> Result<Option<Batch>> {
    Ok(select(city, Sql::with("id = $1", [batch.into()])).await?.pop())
}

/// The last batch of a ledger that was begun with these notes.
///
/// # Errors
/// As [`City::read`].
pub async fn of_meta(city: &City, ledger: &str, meta: &str) -> Result<Option<Batch>> {
    Ok(select(city, Sql::with("ledger = $1 AND meta = $2", [ledger.into(), meta.into()])).await?.pop())
}

/// The batches that were neither wholly published nor given up, oldest first.
///
/// # Errors
/// As [`City::read`].
pub async fn unfinished(city: &City) -> Result<Vec<Batch>> {
    select(city, Sql::text("state IN ('open', 'updating')")).await
}

/// Gives an open batch up and removes what it wrote.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not open any more.
pub async fn sweep(city: &City, ledger: &Ledger, batch: i64, at: Timestamp) -> Result<u64> {
    let mut swept = 0;
    loop {
        let rows = city.read(records_of(ledger, batch, "ORDER BY \"n\" DESC", AT_ONCE)).await?;
        if rows.is_empty() {
            break;
        }
        let mut unit = Unit::of([still_open(batch, at)]);
        for row in &rows {
            unit.extend(removal(city.dialect(), ledger, row)?);
        }
        city.write(unit).await?;
        swept += rows.len() as u64;
    }
    city.write(Unit::of([close(batch, State::Open, State::Swept, at)])).await?;
    Ok(swept)
}

/// Deletes the records of a published batch that nobody changed since. The deletions are in their histories and can be
/// undone one by one.
///
/// # Errors
/// [`StoreError::Conflict`] when the batch is not published.
pub async fn undo(city: &City, ledger: &Ledger, batch: i64, act: &Act, ids: &dyn IdSource) -> Result<Undone> {
    let ledger = std::sync::Arc::new(ledger.clone());
    let projection = Projection::fields(&ledger, []);
    let mut undone = Undone::default();
    loop {
        let mut sql = Sql::text("SELECT ");
        projection.select(&mut sql);
        sql.push(" FROM ").table(ledger.table()).push(" AS ").ident(RECORDS).push(" WHERE \"batch\" = ").bind(batch);
        sql.push(" AND \"batch\" <> 0 AND \"revision\" = 1 LIMIT ").bind(AT_ONCE);
        let rows = city.read(sql).await?;
        if rows.is_empty() {
            break;
        }
        let mut unit = RecordUnit::new(city.dialect(), act, ids);
        undone.deleted += rows.len() as u64;
        for row in rows {
            unit.delete(&ledger, &projection.decode(row)?);
        }
        city.write(unit.into_unit()).await?;
    }
    undone.kept = count_live(city, &ledger, batch).await?;
    let sql = Sql::with(
        "UPDATE {batch} SET state = 'undone', updated_at = $1, holder = NULL, held_until = NULL \
         WHERE id = $2 AND state IN ('published', 'updating')",
        [act.at.as_microsecond().into(), batch.into()],
    );
    city.write(Unit::of([Statement::one_row(sql, Unmet::Conflict)])).await?;
    Ok(undone)
}

async fn count_live(city: &City, ledger: &Ledger, batch: i64) -> Result<u64> {
    let mut sql = Sql::text("SELECT count(*) FROM ");
    sql.table(ledger.table()).push(" WHERE \"batch\" = ").bind(batch);
    sql.push(" AND \"batch\" <> 0 AND \"deleted_at\" IS NULL");
    let count: i64 = city.read_one(sql).await?.ok_or(StoreError::NotFound)?.get(0)?;
    Ok(count.unsigned_abs())
}

fn records_of(ledger: &Ledger, batch: i64, order: &str, limit: i64) -> Sql {
    let mut sql = Sql::text("SELECT \"n\", \"id\" FROM ");
    // "batch" <> 0 is what the partial index says of itself.
    sql.table(ledger.table()).push(" WHERE \"batch\" = ").bind(batch).push(" AND \"batch\" <> 0 ");
    sql.push(order).push(" LIMIT ").bind(limit);
    sql
}

/// The statements that take a record out of every table, newest records first, so that references inside the batch hold.
fn removal(dialect: Dialect, ledger: &Ledger, row: &Row) -> Result<Vec<Statement>> {
    let (n, id): (i64, uuid::Uuid) = (row.get(0)?, row.get(1)?);
    let mut statements = Vec::new();
    let mut delete = |table: &str, condition: Sql| {
        let mut sql = Sql::text("DELETE FROM ");
        sql.table(table).push(" WHERE ").append(&condition);
        statements.push(Statement::any(sql));
    };
    if !ledger.levels.is_empty() {
        let number = if dialect == Dialect::Sqlite { "rowid = $1" } else { "n = $1" };
        delete(ledger.search_table(), Sql::with(number, [n.into()]));
    }
    for (field, _) in ledger.child_fields() {
        delete(&ledger.child_table(&field.key), Sql::with("\"_record\" = $1", [id.into()]));
    }
    delete("audit_payload", Sql::with("audit_id IN (SELECT id FROM {audit} WHERE record = $1)", [id.into()]));
    delete("audit", Sql::with("record = $1", [id.into()]));
    delete(ledger.table(), Sql::with("n = $1", [n.into()]));
    Ok(statements)
}

fn still_open(batch: i64, at: Timestamp) -> Statement {
    let sql = Sql::with(
        "UPDATE {batch} SET updated_at = $1 WHERE id = $2 AND state = 'open'",
        [at.as_microsecond().into(), batch.into()],
    );
    Statement::one_row(sql, Unmet::Conflict)
}

fn close(batch: i64, from: State, to: State, at: Timestamp) -> Statement {
    let sql = Sql::with(
        "UPDATE {batch} SET state = $1, updated_at = $2, holder = NULL, held_until = NULL WHERE id = $3 AND state = $4",
        [to.key().into(), at.as_microsecond().into(), batch.into(), from.key().into()],
    );
    Statement::one_row(sql, Unmet::Conflict)
}

async fn select(city: &City, condition: Sql) -> Result<Vec<Batch>> {
    let mut sql = Sql::with(
        "SELECT id, ledger, state, title, meta, progress, created_at, created_by, updated_at FROM {batch} WHERE ",
        [],
    );
    sql.append(&condition).push(" ORDER BY id");
    city.read(sql).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Batch> {
    Ok(Batch {
        id: row.get(0)?,
        ledger: row.get(1)?,
        state: State::read(&row.get::<String>(2)?)?,
        title: row.get(3)?,
        meta: row.get(4)?,
        progress: row.get(5)?,
        created_at: instant(row.get(6)?)?,
        created_by: actor(&row.get::<String>(7)?)?,
        updated_at: instant(row.get(8)?)?,
    })
}
