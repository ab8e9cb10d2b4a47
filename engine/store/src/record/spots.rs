//! Giving stored geometries their place in the quadtree of maps, once, after a program that did not know of it.

use kawasemi_kernel::Geometry;
use kawasemi_schema::{FieldDef, LedgerDef};

use crate::city::City;
use crate::error::{Result, StoreError};
use crate::ledger::{Ledger, child_fields, child_table};
use crate::row::{Cell, Row};
use crate::sql::Sql;
use crate::unit::{Statement, Unit};

/// The counter that remembers with which way of placing geometries the spots were made.
const PLACING_KEY: &str = "geometry/spots";
/// The present way; raise it with every change of [`Geometry::spot`].
const PLACING: i64 = 1;
const AT_ONCE: i64 = 500;

/// Places the geometries of a city that were stored before they had a place; a city that is up to date is told by one look.
/// Broken off, it goes on with the next call. Audit and revisions are not touched: nothing that anybody entered changes.
///
/// # Errors
/// As [`City::write`].
pub(crate) async fn place_all(city: &City) -> Result<()> {
    let known = city.read_one(Sql::with("SELECT value FROM {counter} WHERE key = $1", [PLACING_KEY.into()])).await?;
    if known.map_or(Ok(0), |row| row.get::<i64>(0))? >= PLACING {
        return Ok(());
    }
    for ledger in city.catalogue().iter() {
        for (table, keys, field) in places(ledger) {
            while place_some(city, &table, keys, &field.key).await? {}
        }
    }
    let noted = Sql::with(
        "INSERT INTO {counter} (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        [PLACING_KEY.into(), PLACING.into()],
    );
    city.write(Unit::of([noted.into()])).await?;
    Ok(())
}

/// Where a ledger holds geometries: the table, what tells its rows apart, the field.
fn places(ledger: &Ledger) -> Vec<(String, &'static [&'static str], &FieldDef)> {
    fn of(fields: &[FieldDef]) -> impl Iterator<Item = &FieldDef> {
        fields.iter().filter(|field| field.kind.is_geometry())
    }
    let def: &LedgerDef = &ledger.def;
    let own = of(&def.fields).map(|field| (ledger.table().to_owned(), &["n"][..], field));
    let children = child_fields(def).flat_map(|(parent, fields)| {
        of(fields).map(|field| (child_table(def, &parent.key), &["_record", "_position"][..], field))
    });
    own.chain(children).collect()
}

/// Places the next geometries of a table; answers whether there were any.
async fn place_some(city: &City, table: &str, keys: &[&str], field: &str) -> Result<bool> {
    let (cell, rank) = (format!("{field}__cell"), format!("{field}__rank"));
    let mut sql = Sql::text("SELECT ");
    for key in keys {
        sql.ident(key).push(", ");
    }
    sql.ident(field).push(" FROM ").table(table).push(" WHERE ").ident(&cell).push(" IS NULL AND ").ident(field);
    sql.push(" IS NOT NULL LIMIT ").number(AT_ONCE);
    let rows = city.read(sql).await?;
    let mut unit = Unit::new();
    for row in &rows {
        let wkb: Vec<u8> = row.get(keys.len())?;
        let broken =
            |error: &dyn std::fmt::Display| StoreError::Decode { column: field.to_owned(), detail: error.to_string() };
        let spot = Geometry::from_stored_wkb(&wkb).map_err(|error| broken(&error))?.spot();
        let mut sql = Sql::text("UPDATE ");
        sql.table(table).push(" SET ").ident(&cell).push(" = ").bind(spot.cell).push(", ").ident(&rank).push(" = ");
        sql.bind(spot.rank).push(" WHERE ");
        known_by(&mut sql, keys, row);
        unit.add(Statement::any(sql));
    }
    if rows.is_empty() {
        return Ok(false);
    }
    city.write(unit).await?;
    Ok(true)
}

fn known_by(sql: &mut Sql, keys: &[&str], row: &Row) {
    for (place, key) in keys.iter().enumerate() {
        sql.push(if place > 0 { " AND " } else { "" }).ident(key).push(" = ");
        match &row.cells()[place] {
            Cell::Id(id) => sql.bind(*id),
            Cell::Blob(id) => sql.bind(id.clone()),
            Cell::Int(number) => sql.bind(*number),
            _ => sql.push("NULL"),
        };
    }
}
