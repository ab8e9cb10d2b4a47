//! Everyone who saw this person (この人を見た職員): the record and those that refer to it, by day and account.

use jiff::Timestamp;
use jiff::civil::Date;
use kawasemi_identity::Context;
use kawasemi_identity::access_log::Manner;
use kawasemi_kernel::RecordId;
use kawasemi_store::{Param, Sql};
use uuid::Uuid;

use super::Period;
use crate::city::Oversight;
use crate::error::Result;
use crate::hours::day_of;

/// Somebody's looks at one record on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The day.
    pub day: Date,
    /// The account; nil for the program and for visitors.
    pub account: Uuid,
    /// The ledger.
    pub ledger: String,
    /// The record.
    pub record: RecordId,
    /// How many requests.
    pub looks: i64,
    /// The first of them.
    pub first_at: Timestamp,
    /// The last.
    pub last_at: Timestamp,
    /// How.
    pub manners: Vec<Manner>,
}

impl Oversight {
    /// Who saw a record, or one that refers to it, in a period; the latest day first.
    ///
    /// # Errors
    /// [`crate::OversightError::Forbidden`], [`crate::OversightError::NotFound`] for a ledger that is not there.
    pub async fn who_saw(
        &self,
        context: &Context,
        ledger: &str,
        record: RecordId,
        period: Period,
    ) -> Result<Vec<Seen>> {
        self.begin(context).await?;
        let about = self.records_about(ledger, record).await?;
        let ids: Vec<RecordId> = about.into_iter().map(|(_, id)| id).collect();
        self.looks_at(&ids, None, period).await
    }

    /// The looks at some records, by one account or any.
    pub(crate) async fn looks_at(&self, ids: &[RecordId], account: Option<Uuid>, period: Period) -> Result<Vec<Seen>> {
        let (first, last) = period.numbers();
        let mut found = Vec::new();
        for some in ids.chunks(500) {
            let mut sql = Sql::text("SELECT day, account, ledger, record, looks, first_at, last_at, manners FROM ");
            sql.table("access_subject").push(" WHERE record IN (");
            sql.bind_list(some.iter().map(|id| Param::Id(id.0)));
            sql.push(") AND day >= ").bind(first).push(" AND day <= ").bind(last);
            if let Some(account) = account {
                sql.push(" AND account = ").bind(account);
            }
            for row in self.city().read(sql).await? {
                let at = |micros: i64| Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MIN);
                let bits: i64 = row.get(7)?;
                found.push(Seen {
                    day: day_of(row.get(0)?).unwrap_or(Date::MIN),
                    account: row.get(1)?,
                    ledger: row.get(2)?,
                    record: RecordId(row.get(3)?),
                    looks: row.get(4)?,
                    first_at: at(row.get(5)?),
                    last_at: at(row.get(6)?),
                    manners: Manner::ALL.iter().copied().filter(|manner| bits & manner.bit() != 0).collect(),
                });
            }
        }
        found.sort_by(|one, other| other.last_at.cmp(&one.last_at).then(one.account.cmp(&other.account)));
        Ok(found)
    }
}
