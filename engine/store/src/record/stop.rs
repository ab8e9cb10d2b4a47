//! Stop of use (利用停止, 個人情報の保護に関する法律第98条以下): a record that stays as it is and that nobody comes upon.
//!
//! A stopped record belongs to a batch of its own kind, [`STOPPED`], which is never published. So it is hidden by the very
//! condition that every list, search, count, reference and export has anyway, and none of them can forget it. The acts stand
//! in the record's trail, and a verification finds a row that is hidden or shown without one. Only
//! [`read_stopped`] reads it.

use kawasemi_kernel::RecordId;

use super::RecordRow;
use super::read::{Projection, RECORDS, with_children};
use super::write::RecordUnit;
use crate::city::City;
use crate::error::{Result, StoreError};
use crate::ledger::Ledger;
use crate::sql::Sql;

/// The batch of stopped records.
pub const STOPPED: i64 = -1;
/// The act that stops the use of a record, in its trail.
pub const STOP: &str = "stop-use";
/// The act that ends the stop.
pub const RESUME: &str = "resume-use";

impl RecordUnit<'_> {
    /// Hides a record from everybody.
    pub fn stop_use(&mut self, ledger: &Ledger, before: &RecordRow) {
        let at = self.at().as_microsecond();
        self.add(Sql::with(
            "INSERT INTO {batch} (id, ledger, state, title, meta, progress, created_at, created_by, updated_at) \
             VALUES ($1, '', 'stopped', '', '{}', 0, $2, 'system', $2) ON CONFLICT DO NOTHING",
            [STOPPED.into(), at.into()],
        ));
        self.change(ledger, before, STOP, None, |sql| {
            sql.push(", \"batch\" = ").bind(STOPPED);
        });
    }

    /// Shows a stopped record again. `batch` is the one in which it was made, of which its first entry speaks.
    pub fn resume_use(&mut self, ledger: &Ledger, before: &RecordRow, batch: i64) {
        self.change(ledger, before, RESUME, None, |sql| {
            sql.push(", \"batch\" = ").bind(batch);
        });
    }
}

/// Reads a record whose use is stopped, with all its fields; none where its use is not stopped.
///
/// # Errors
/// As [`City::read`].
pub async fn read_stopped(city: &City, ledger: &Ledger, id: RecordId) -> Result<Option<RecordRow>> {
    let projection = Projection::all(ledger);
    let mut sql = Sql::text("SELECT ");
    projection.select(&mut sql);
    sql.push(" FROM ").table(ledger.table()).push(" AS ").ident(RECORDS).push(" WHERE ");
    sql.column(RECORDS, "id").push(" = ").bind(id.0).push(" AND ").column(RECORDS, "batch").push(" = ").bind(STOPPED);
    let Some(row) = city.read_one(sql).await? else { return Ok(None) };
    let mut found = [projection.decode(row)?];
    with_children(city, ledger, &projection, &mut found).await?;
    let [row] = found;
    Ok(Some(row))
}

/// The batch in which a record was made, which its first entry names.
///
/// # Errors
/// As [`City::read`]; [`StoreError::NotFound`] for a record without a trail.
pub async fn batch_of(city: &City, id: RecordId) -> Result<i64> {
    let first = Sql::with("SELECT batch FROM {audit} WHERE record = $1 AND revision = 1", [id.0.into()]);
    city.read_one(first).await?.ok_or(StoreError::NotFound)?.get(0)
}
