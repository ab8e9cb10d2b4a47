//! Removing what the logs' own retention has ended (閲覧・認証の記録の廃棄); the seals stay.

use jiff::Timestamp;
use jiff::civil::Date;
use kawasemi_kernel::context::civil_date;
use kawasemi_store::{Sql, Statement, Unit, Unmet};

use super::{Log, PATIENCE, SEAL, Seal};
use crate::city::Oversight;
use crate::error::Result;
use crate::hours::day_number;

impl Oversight {
    /// Removes the entries of seals from before an instant, at the end of the log's own retention, with what counts them. The
    /// seals stay, with a signature on the rule.
    ///
    /// # Errors
    /// As [`Oversight::seal`].
    pub async fn purge_logs(&self, before: Timestamp, rule: &str, at: Timestamp) -> Result<u64> {
        let mut purged = 0;
        for log in Log::ALL {
            loop {
                let mut sql = Sql::text("SELECT ");
                sql.push(SEAL).push(" FROM ").table("log_seal").push(" WHERE log = ").bind(log.key());
                sql.push(" AND purged_at IS NULL ORDER BY number LIMIT 1");
                let Some(row) = self.city().read_one(sql).await? else { break };
                let seal = Seal::read(log, &row)?;
                if seal.at >= before.as_microsecond() {
                    break;
                }
                self.purge(&seal, rule, at).await?;
                purged += (seal.last - seal.first + 1).unsigned_abs();
            }
        }
        if purged > 0
            && let Some(oldest) = self.oldest_day().await?
        {
            let mut unit = Unit::new();
            for table in ["access_day", "access_reader", "access_subject"] {
                let mut sql = Sql::text("DELETE FROM ");
                sql.table(table).push(" WHERE day < ").bind(day_number(oldest));
                unit.add(sql);
            }
            unit.patiently();
            self.city().write(unit).await?;
        }
        Ok(purged)
    }

    /// The day of the oldest entry of the access log that is left, once entries were removed: of that day some may be gone, and
    /// the counters of later days hold. None while nothing was ever removed.
    pub(super) async fn oldest_day(&self) -> Result<Option<Date>> {
        let purged = "SELECT 1 FROM {log_seal} WHERE log = 'access' AND purged_at IS NOT NULL LIMIT 1";
        if self.city().read_one(Sql::with(purged, [])).await?.is_none() {
            return Ok(None);
        }
        let oldest = Sql::with("SELECT min(at) FROM {access_log}", []);
        let rows = self.city().read_within(oldest, PATIENCE).await?;
        let at = rows.first().map(|row| row.get::<Option<i64>>(0)).transpose()?.flatten();
        let at = at.and_then(|at| Timestamp::from_microsecond(at).ok()).unwrap_or_else(|| self.now());
        Ok(Some(civil_date(at)))
    }

    async fn purge(&self, seal: &Seal, rule: &str, at: Timestamp) -> Result<()> {
        let at = at.as_microsecond();
        let signed = self.signed(seal.purge_message(self.city().code(), at, rule)).await?;
        let mut unit = Unit::new();
        let note = Sql::with(
            "UPDATE {log_seal} SET purged_at = $1, purge_rule = $2, purge_key = $3, purge_signature = $4 \
             WHERE log = $5 AND number = $6 AND purged_at IS NULL",
            [
                at.into(),
                rule.into(),
                signed.key.into(),
                signed.signature.into(),
                seal.log.key().into(),
                seal.number.into(),
            ],
        );
        unit.add(Statement::one_row(note, Unmet::Conflict));
        let mut sql = Sql::text("DELETE FROM ");
        sql.table(seal.log.table()).push(" WHERE seq >= ").bind(seal.first).push(" AND seq <= ").bind(seal.last);
        unit.add(sql);
        self.city().write(unit).await?;
        Ok(())
    }
}
