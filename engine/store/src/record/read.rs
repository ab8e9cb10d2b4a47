//! Reading records: which columns make a row, and rows made of columns.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use kawasemi_kernel::{Actor, ChildRow, Fields, RecordId, Value};
use kawasemi_schema::ledger::SYSTEM_COLUMNS;
use kawasemi_schema::{FieldDef, LedgerDef};
use uuid::Uuid;

use super::{RecordRow, columns};
use crate::batch::visible;
use crate::city::City;
use crate::error::{Result, StoreError};
use crate::ledger::Ledger;
use crate::row::{Cell, Row};
use crate::sql::{Param, Sql};

/// The alias under which every query of records knows the ledger's table; conditions may use it or name columns alone.
pub const RECORDS: &str = "r";

/// How many records' child rows are read with one query.
const CHILDREN_AT_ONCE: usize = 200;

/// Which fields a query answers.
#[derive(Debug, Clone)]
pub struct Projection {
    definition: Arc<LedgerDef>,
    /// The places of the fields in the definition.
    places: Vec<usize>,
    columns: Vec<String>,
    /// Whether somebody of the record is under protection, in ledgers with protected fields.
    protected: Option<Sql>,
}

impl Projection {
    /// All fields, child rows included.
    #[must_use]
    pub fn all(ledger: &Ledger) -> Self {
        Self::of(ledger, (0..ledger.def.fields.len()).collect())
    }

    /// The fields with these keys; unknown keys are left out.
    #[must_use]
    pub fn fields<'a>(ledger: &Ledger, keys: impl IntoIterator<Item = &'a str>) -> Self {
        let place = |key: &str| ledger.def.fields.iter().position(|field| field.key == key);
        Self::of(ledger, keys.into_iter().filter_map(place).collect())
    }

    fn of(ledger: &Ledger, places: Vec<usize>) -> Self {
        let definition = Arc::clone(&ledger.def);
        let columns = places.iter().flat_map(|place| definition.fields[*place].columns()).map(|column| column.name);
        let columns = columns.collect();
        let protected = ledger.guard.as_ref().map(|guard| guard.condition(RECORDS));
        Self { definition, places, columns, protected }
    }

    /// The keys of the fields.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.asked().map(|field| field.key.as_str())
    }

    fn asked(&self) -> impl Iterator<Item = &FieldDef> {
        self.places.iter().map(|place| &self.definition.fields[*place])
    }

    /// Writes the column list: system columns, then those of the fields.
    pub(crate) fn select(&self, sql: &mut Sql) {
        let columns = SYSTEM_COLUMNS.into_iter().chain(self.columns.iter().map(String::as_str));
        for (position, column) in columns.enumerate() {
            if position > 0 {
                sql.push(", ");
            }
            sql.column(RECORDS, column);
        }
        if let Some(protected) = &self.protected {
            sql.push(", CASE WHEN ").append(protected).push(" THEN 1 ELSE 0 END");
        }
    }

    /// How many columns [`Projection::select`] writes.
    pub(crate) fn width(&self) -> usize {
        SYSTEM_COLUMNS.len() + self.columns.len() + usize::from(self.protected.is_some())
    }

    /// Reads a row of [`Projection::select`]; cells after its columns are dropped. Child rows are not in it.
    pub(crate) fn decode(&self, row: Row) -> Result<RecordRow> {
        let mut cells = row.into_cells().into_iter();
        // In the order of the system columns.
        let mut next = || cells.next().unwrap_or(Cell::Null);
        let record = RecordRow {
            n: cell(next(), "n")?,
            id: RecordId(cell(next(), "id")?),
            number: cell(next(), "number")?,
            revision: cell(next(), "revision")?,
            definition: cell(next(), "definition")?,
            batch: cell(next(), "batch")?,
            created_at: instant(cell(next(), "created_at")?)?,
            created_by: actor(&cell::<String>(next(), "created_by")?)?,
            updated_at: instant(cell(next(), "updated_at")?)?,
            updated_by: actor(&cell::<String>(next(), "updated_by")?)?,
            deleted_at: cell::<Option<i64>>(next(), "deleted_at")?.map(instant).transpose()?,
            chain: cell(next(), "chain")?,
            protected: false,
            fields: Fields::new(),
        };
        let mut record = self.with_fields(record, &mut cells)?;
        if self.protected.is_some() {
            let is_protected: i64 = cell(cells.next().unwrap_or(Cell::Null), "protected")?;
            record.protected = is_protected != 0;
        }
        Ok(record)
    }

    fn with_fields(&self, mut record: RecordRow, cells: &mut impl Iterator<Item = Cell>) -> Result<RecordRow> {
        for field in self.asked() {
            let value = columns::decode(field, cells)?;
            if !value.is_null() {
                record.fields.insert(field.key.clone(), value);
            }
        }
        Ok(record)
    }

    fn child_fields<'a>(&'a self, ledger: &'a Ledger) -> impl Iterator<Item = (&'a FieldDef, &'a [FieldDef])> {
        ledger.child_fields().filter(|(field, _)| self.asked().any(|asked| asked.key == field.key))
    }
}

/// Reads one record with all its fields, deleted or not; none where there is none or its batch is not published.
///
/// # Errors
/// As [`City::read`].
pub async fn record(city: &City, ledger: &Ledger, id: RecordId) -> Result<Option<RecordRow>> {
    Ok(records(city, ledger, &Projection::all(ledger), &[id]).await?.pop())
}

/// Reads the records with these ids, in no particular order.
///
/// # Errors
/// As [`City::read`].
pub async fn records(
    city: &City,
    ledger: &Ledger,
    projection: &Projection,
    ids: &[RecordId],
) -> Result<Vec<RecordRow>> {
    let mut found = Vec::with_capacity(ids.len());
    for ids in ids.chunks(CHILDREN_AT_ONCE) {
        let mut sql = Sql::text("SELECT ");
        projection.select(&mut sql);
        sql.push(" FROM ").table(ledger.table()).push(" AS ").ident(RECORDS);
        sql.push(" WHERE ").column(RECORDS, "id").push(" IN (");
        sql.bind_list(ids.iter().map(|id| Param::Id(id.0))).push(") AND ").append(&visible(RECORDS));
        for row in city.read(sql).await? {
            found.push(projection.decode(row)?);
        }
    }
    with_children(city, ledger, projection, &mut found).await?;
    Ok(found)
}

/// Adds the child rows that the projection asks for.
pub(crate) async fn with_children(
    city: &City,
    ledger: &Ledger,
    projection: &Projection,
    records: &mut [RecordRow],
) -> Result<()> {
    for (field, fields) in projection.child_fields(ledger) {
        for records in records.chunks_mut(CHILDREN_AT_ONCE) {
            let ids = records.iter().map(|record| record.id);
            let mut rows = child_rows(city, ledger, field, fields, ids).await?;
            for record in records {
                if let Some(rows) = rows.remove(&record.id.0) {
                    record.fields.insert(field.key.clone(), Value::Rows(rows));
                }
            }
        }
    }
    Ok(())
}

async fn child_rows(
    city: &City,
    ledger: &Ledger,
    field: &FieldDef,
    fields: &[FieldDef],
    records: impl Iterator<Item = RecordId>,
) -> Result<HashMap<Uuid, Vec<ChildRow>>> {
    let mut sql = Sql::text("SELECT \"_record\", \"_id\"");
    for column in fields.iter().flat_map(FieldDef::columns) {
        sql.push(", ").ident(&column.name);
    }
    sql.push(" FROM ").table(&ledger.child_table(&field.key)).push(" WHERE \"_record\" IN (");
    sql.bind_list(records.map(|id| Param::Id(id.0))).push(") ORDER BY \"_record\", \"_position\"");
    let mut rows: HashMap<Uuid, Vec<ChildRow>> = HashMap::new();
    for row in city.read(sql).await? {
        let (record, id) = (row.get(0)?, row.get(1)?);
        let mut cells = row.into_cells().into_iter().skip(2);
        let mut child = ChildRow { id, fields: Fields::new() };
        for field in fields {
            let value = columns::decode(field, &mut cells)?;
            if !value.is_null() {
                child.fields.insert(field.key.clone(), value);
            }
        }
        rows.entry(record).or_default().push(child);
    }
    Ok(rows)
}

fn cell<T: crate::row::FromCell>(cell: Cell, column: &str) -> Result<T> {
    T::from_cell(cell).map_err(|_| decode_error(column, T::KIND))
}

pub(crate) fn instant(micros: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(micros).map_err(|_| decode_error("an instant", "microseconds"))
}

pub(crate) fn actor(text: &str) -> Result<Actor> {
    text.parse().map_err(|_| decode_error("an actor", "an account's id, system or visitor"))
}

fn decode_error(column: &str, expected: &str) -> StoreError {
    StoreError::Decode { column: column.to_owned(), detail: format!("expected {expected}") }
}
