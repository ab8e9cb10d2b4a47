//! Single entries: of one person on some days, and those outside opening hours (時間外の閲覧).

use jiff::Timestamp;
use jiff::civil::Date;
use kawasemi_identity::access_log::COLUMNS;
use kawasemi_identity::{AccessRow, Context};
use kawasemi_kernel::context::start_of;
use kawasemi_registry::register;
use kawasemi_store::Sql;
use uuid::Uuid;

use super::monthly::select;
use super::{Narrowing, Period};
use crate::city::Oversight;
use crate::error::Result;
use crate::hours::day_of;
use crate::totals::NOBODY;

/// Entries that a report shows at most.
pub const SHOWN: usize = 5_000;

impl Oversight {
    /// The entries outside opening hours, the latest first, and whether there are more than are shown. Whether the office was
    /// open is decided by the calendar as it is now.
    ///
    /// # Errors
    /// [`crate::OversightError::Forbidden`]; as [`kawasemi_store::City::read`].
    pub async fn after_hours(
        &self,
        context: &Context,
        period: Period,
        narrowing: &Narrowing,
    ) -> Result<(Vec<AccessRow>, bool)> {
        self.begin(context).await?;
        let calendar = register::calendar(self.ledgers(), &self.system(context.act.at)).await?;
        let hours = self.parts.hours;
        let is_outside = |row: &AccessRow| hours.is_outside(&calendar, row.at);
        self.entries_where(period, narrowing, " AND after_hours > 0", &is_outside).await
    }

    /// The entries of the days for which the counters meet a condition, that meet a test themselves.
    pub(super) async fn entries_where(
        &self,
        period: Period,
        narrowing: &Narrowing,
        condition: &str,
        test: &(dyn Fn(&AccessRow) -> bool + Sync),
    ) -> Result<(Vec<AccessRow>, bool)> {
        let mut sql = select("DISTINCT account, day", "access_day", period, narrowing);
        sql.push(condition).push(" ORDER BY day DESC");
        let mut found = Vec::new();
        for row in self.city().read(sql).await? {
            let Some(day) = day_of(row.get(1)?) else { continue };
            let until = start_of(day.tomorrow().unwrap_or(Date::MAX));
            let mut entries = of_account(self, row.get(0)?, start_of(day), until).await?;
            entries.retain(|entry| narrowing.holds(entry) && test(entry));
            found.append(&mut entries);
            if found.len() > SHOWN {
                found.truncate(SHOWN);
                return Ok((found, true));
            }
        }
        Ok((found, false))
    }
}

impl Narrowing {
    fn holds(&self, row: &AccessRow) -> bool {
        self.department.is_none_or(|department| row.department == Some(department))
            && self.ledger.as_ref().is_none_or(|ledger| row.entry.ledger == *ledger)
    }
}

/// The entries of one account between two instants, the latest first.
pub(super) async fn of_account(
    oversight: &Oversight,
    account: Uuid,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<AccessRow>> {
    let mut sql = Sql::text("SELECT ");
    sql.push(COLUMNS).push(" FROM ").table("access_log").push(" WHERE actor IN (");
    if account == NOBODY {
        sql.push("'system', 'visitor'");
    } else {
        sql.bind(account.to_string());
    }
    sql.push(") AND at >= ").bind(from.as_microsecond()).push(" AND at < ").bind(until.as_microsecond());
    sql.push(" ORDER BY at DESC, id DESC");
    Ok(oversight.city().read(sql).await?.iter().map(AccessRow::read).collect::<Result<_, _>>()?)
}
