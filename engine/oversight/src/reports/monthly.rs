//! Per department: how often, by how many people and how (部署別のアクセス件数), from the counters alone.

use std::collections::BTreeMap;

use kawasemi_identity::Context;
use kawasemi_identity::access_log::Manner;
use kawasemi_kernel::RecordId;
use kawasemi_store::{Param, Sql, SqlType};
use uuid::Uuid;

use super::{Narrowing, Period};
use crate::city::Oversight;
use crate::error::Result;
use crate::totals::NOBODY;

/// One line: a department and a ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// The department; none for those who had none at the time.
    pub department: Option<RecordId>,
    /// The ledger.
    pub ledger: String,
    /// Requests.
    pub entries: i64,
    /// Records in the answers.
    pub records: i64,
    /// Different records, counted anew for each person and day (延べ人数).
    pub persons: i64,
    /// Accounts that looked.
    pub accounts: i64,
    /// Requests outside opening hours.
    pub after_hours: i64,
    /// Requests by manner.
    pub manners: BTreeMap<Manner, i64>,
}

impl Oversight {
    /// What each department looked at in a period.
    ///
    /// # Errors
    /// [`crate::OversightError::Forbidden`] for others than those who oversee access; as [`kawasemi_store::City::read`].
    pub async fn by_department(&self, context: &Context, period: Period, narrowing: &Narrowing) -> Result<Vec<Line>> {
        self.begin(context).await?;
        let mut lines: BTreeMap<(Uuid, String), Line> = BTreeMap::new();
        let columns = "department, ledger, manner, sum(entries), sum(records), sum(after_hours)";
        let mut sql = select(columns, "access_day", period, narrowing);
        sql.push(" GROUP BY department, ledger, manner");
        for row in self.city().read(sql).await? {
            let (department, ledger): (Uuid, String) = (row.get(0)?, row.get(1)?);
            let line = lines.entry((department, ledger.clone())).or_insert_with(|| Line {
                department: (department != NOBODY).then_some(RecordId(department)),
                ledger,
                ..Line::default()
            });
            let entries: i64 = row.get(3)?;
            line.entries += entries;
            line.records += row.get::<i64>(4)?;
            line.after_hours += row.get::<i64>(5)?;
            *line.manners.entry(Manner::from_key(&row.get::<String>(2)?)).or_default() += entries;
        }
        let mut sql = select("department, ledger, count(DISTINCT account)", "access_day", period, narrowing);
        sql.push(" GROUP BY department, ledger");
        for row in self.city().read(sql).await? {
            if let Some(line) = lines.get_mut(&(row.get(0)?, row.get(1)?)) {
                line.accounts = row.get(2)?;
            }
        }
        let mut sql = select("department, ledger, sum(persons)", "access_reader", period, narrowing);
        sql.push(" GROUP BY department, ledger");
        for row in self.city().read(sql).await? {
            if let Some(line) = lines.get_mut(&(row.get(0)?, row.get(1)?)) {
                line.persons = row.get(2)?;
            }
        }
        Ok(lines.into_values().collect())
    }
}

/// A query of counters in a period.
pub(super) fn select(columns: &str, table: &str, period: Period, narrowing: &Narrowing) -> Sql {
    let (first, last) = period.numbers();
    let mut sql = Sql::text("SELECT ");
    sql.push(columns).push(" FROM ").table(table).push(" WHERE day >= ").bind(first).push(" AND day <= ").bind(last);
    if let Some(department) = narrowing.department {
        sql.push(" AND department = ").bind_as(Param::Id(department.0), SqlType::Id);
    }
    if let Some(account) = narrowing.account {
        sql.push(" AND account = ").bind_as(Param::Id(account), SqlType::Id);
    }
    if let Some(ledger) = &narrowing.ledger {
        sql.push(" AND ledger = ").bind(ledger.as_str());
    }
    sql
}
