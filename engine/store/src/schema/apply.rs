//! Doing what a plan says, in one unit.

use std::collections::BTreeSet;
use std::sync::Arc;

use kawasemi_kernel::{Act, IdSource};
use kawasemi_schema::LedgerDef;
use kawasemi_schema::field::FieldKind;
use serde_json::json;

use super::plan::{Allow, Plan, Step, StepKind, hash, versions};
use super::{overlay, reindex, retype};
use crate::audit::{Trail, id_of_name};
use crate::city::City;
use crate::ddl::{Change, SearchIndex, Shape};
use crate::error::{Result, StoreError};
use crate::ledger::{Ledger, child_table, sql_type};
use crate::shape;
use crate::sql::{Dialect, Sql};
use crate::table::Column;
use crate::unit::{Statement, Unit};

/// Applies a plan and swaps the catalogue.
///
/// # Errors
/// [`StoreError::Refused`] for steps beyond what is allowed; [`StoreError::Conflict`] when something else was published
/// since the plan was made; [`StoreError::Unique`] when records contradict a new unique key. Nothing is changed then.
pub async fn apply(city: &City, plan: &Plan, allow: Allow, act: &Act, ids: &dyn IdSource) -> Result<()> {
    plan.check(allow)?;
    if plan.is_empty() {
        return Ok(());
    }
    let mut shape = Shape::read(city).await?;
    let mut changes = Vec::new();
    let mut publication = Vec::new();
    let mut published = Vec::new();
    for def in &plan.definitions {
        let version = next_version(city, &def.key).await?;
        let steps: Vec<&Step> = plan.steps.iter().filter(|step| step.ledger == def.key).collect();
        let present = city.catalogue().get(&def.key).map(|ledger| Arc::clone(&ledger.def));
        if let Some(present) = present {
            changes.extend(moves(city.dialect(), &mut shape, &present, def, version, &steps));
        }
        publication.extend(publish(city, def, version, &steps, act, ids).await?);
        published.push(Ledger::new(Arc::clone(def), version));
    }
    for overlay in &plan.overlays {
        publication.extend(overlay::publish(city, overlay, act, ids).await?);
    }
    for key in &plan.retired {
        publication.extend(retire(city, key, act, ids).await?);
    }
    let tables: Vec<_> = published.iter().flat_map(|ledger| ledger.tables.iter().cloned()).collect();
    let search: Vec<SearchIndex> = published.iter().filter_map(Ledger::search_index).collect();
    // What fills a column runs after the column is there.
    let (before, after): (Vec<Change>, Vec<Change>) = changes.into_iter().partition(|change| !change.fills);
    let mut all = before;
    all.extend(shape.changes_to(&tables, &search, city.dialect()));
    all.extend(after);
    let mut unit = Unit::new();
    unit.patiently();
    // The publication first: of two at once, the later one fails at the version that is taken, before it touches a table.
    unit.extend(crate::engine::lock(city.naming()));
    unit.extend(publication);
    unit.extend(all.iter().map(|change| Statement::any(change.sql.clone())));
    unit.extend(shape::log_entries(&all, act.at.as_microsecond(), &act.actor.to_string()));
    city.write(unit).await.map_err(as_conflict)?;
    city.load_catalogue().await?;
    let searched: BTreeSet<&str> =
        plan.steps.iter().filter(|step| concerns_search(step)).map(|step| step.ledger.as_str()).collect();
    for ledger in searched {
        reindex(city, city.catalogue().ledger(ledger)?).await?;
    }
    Ok(())
}

/// Whether records that are there already are found otherwise after a step.
fn concerns_search(step: &Step) -> bool {
    matches!(step.kind, StepKind::ChangeSearch | StepKind::ReturnField { .. })
}

async fn next_version(city: &City, ledger: &str) -> Result<i64> {
    Ok(versions(city, ledger).await?.first().copied().unwrap_or_default() + 1)
}

/// Two publications at once took the same version or followed the same audit entry.
fn as_conflict(error: StoreError) -> StoreError {
    match error {
        StoreError::Unique { index }
            if !index.contains("l_") && (index.contains("definition") || index.contains("audit")) =>
        {
            StoreError::Conflict
        }
        other => other,
    }
}

/// Renamed and retyped columns; the shape is what it will be once they are done.
fn moves(
    dialect: Dialect,
    shape: &mut Shape,
    old: &LedgerDef,
    new: &LedgerDef,
    version: i64,
    steps: &[&Step],
) -> Vec<Change> {
    let mut changes = Vec::new();
    for step in steps {
        match &step.kind {
            StepKind::RenameField { from, to } => changes.extend(rename(shape, old, new, from, to)),
            StepKind::RetypeField { field } => changes.extend(retype(dialect, shape, old, new, field, version)),
            _ => {}
        }
    }
    changes
}

fn rename(shape: &mut Shape, old: &LedgerDef, new: &LedgerDef, from: &str, to: &str) -> Vec<Change> {
    let (Some(before), Some(after)) = (old.field(from), new.field(to)) else { return Vec::new() };
    if matches!(before.kind, FieldKind::Rows { .. }) {
        let (from, to) = (child_table(old, from), child_table(new, to));
        let mut sql = Sql::text("ALTER TABLE ");
        sql.table(&from).push(" RENAME TO ").ident(&to);
        shape.rename_table(&from, &to);
        return vec![Change::new(to, sql)];
    }
    let table = new.table();
    let mut changes = Vec::new();
    if new.field(from).is_some() {
        // The indexes go along with the column under their old names, which belong to the new field of that key: all of
        // the table's are made anew.
        let indexes: Vec<String> = shape.take_indexes(&table);
        changes.extend(indexes.iter().map(|name| Change::new(name.clone(), crate::ddl::drop_index(name))));
    }
    let pairs = before.columns().into_iter().zip(after.columns());
    changes.extend(pairs.map(|(before, after)| rename_column(shape, &table, &before.name, &after.name)));
    changes
}

fn rename_column(shape: &mut Shape, table: &str, from: &str, to: &str) -> Change {
    let mut sql = Sql::text("ALTER TABLE ");
    sql.table(table).push(" RENAME COLUMN ").ident(from).push(" TO ").ident(to);
    shape.rename_column(table, from, to);
    Change::new(format!("{table}.{to}"), sql)
}

/// The old column stays under another name, and a new one is filled from it. The field may have been renamed before.
fn retype(
    dialect: Dialect,
    shape: &mut Shape,
    old: &LedgerDef,
    new: &LedgerDef,
    field: &str,
    version: i64,
) -> Vec<Change> {
    let Some(after) = new.field(field) else { return Vec::new() };
    let before = super::diff::old_key(old, new, after).and_then(|key| old.field(key));
    let conversion = before.and_then(|before| retype::conversion(&before.kind, &after.kind));
    let (Some(conversion), Some(column)) = (conversion, after.columns().into_iter().next()) else {
        return Vec::new();
    };
    let table = new.table();
    let kept = crate::table::shorten(format!("{field}__before_{version}"));
    let aside = rename_column(shape, &table, field, &kept);
    let added = Column::of(column.name.clone(), sql_type(&column)).optional();
    let mut fill = Change::new(format!("{table}.{field}"), conversion.statement(dialect, &table, &kept, &column.name));
    fill.fills = true;
    let add = Change::new(format!("{table}.{field}"), crate::ddl::add_column(&table, &added, dialect));
    if let Some(columns) = shape.tables.get_mut(&table) {
        columns.insert(column.name);
    }
    vec![aside, add, fill]
}

async fn publish(
    city: &City,
    def: &LedgerDef,
    version: i64,
    steps: &[&Step],
    act: &Act,
    ids: &dyn IdSource,
) -> Result<Vec<Statement>> {
    let sql = Sql::with(
        "INSERT INTO {definition} (ledger, version, file, source, hash, published_at, published_by, reason) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        [
            def.key.as_str().into(),
            version.into(),
            def.source.name.as_str().into(),
            def.source.text.as_str().into(),
            hash(def).into(),
            act.at.as_microsecond().into(),
            act.actor.to_string().into(),
            act.reason.as_str().into(),
        ],
    );
    let trail = Trail::of(city, "definition", id_of_name("definition", &def.key)).await?;
    let messages: Vec<&str> = steps.iter().map(|step| step.message.as_str()).collect();
    let payload = json!({
        "ledger": def.key,
        "version": version,
        "hash": hex::encode(hash(def)),
        "reason": act.reason,
        "steps": messages,
    });
    let mut statements = vec![Statement::any(sql)];
    statements.extend(trail.statements("publish", act, ids, &payload.to_string()));
    Ok(statements)
}

async fn retire(city: &City, key: &str, act: &Act, ids: &dyn IdSource) -> Result<Vec<Statement>> {
    let sql = Sql::with(
        "UPDATE {definition} SET retired_at = $1 WHERE ledger = $2 AND retired_at IS NULL",
        [act.at.as_microsecond().into(), key.into()],
    );
    let trail = Trail::of(city, "definition", id_of_name("definition", key)).await?;
    let payload = json!({ "ledger": key, "reason": act.reason });
    let mut statements = vec![Statement::any(sql)];
    statements.extend(trail.statements("retire", act, ids, &payload.to_string()));
    Ok(statements)
}
