//! Looks at people who are close (本人・同じ世帯・同僚の閲覧): each is a question to ask, none is a finding by itself.

use jiff::Timestamp;
use kawasemi_identity::Context;
use kawasemi_kernel::RecordId;
use kawasemi_store::Sql;
use uuid::Uuid;

use super::monthly::select;
use super::seen::Seen;
use super::{Narrowing, Period};
use crate::city::Oversight;
use crate::error::Result;
use crate::subjects::{Close, People};

/// A look at somebody close.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseLook {
    /// Whom they are to the person seen, and on what that rests.
    pub close: Close,
    /// The looks of one day.
    pub seen: Seen,
}

impl Oversight {
    /// Looks at oneself, one's own household and one's colleagues in a period, the latest first. Who belongs together is
    /// concluded from the registers as they are at the period's end.
    ///
    /// # Errors
    /// [`crate::OversightError::Forbidden`]; as [`kawasemi_ledger::Ledgers::list`].
    pub async fn close_looks(
        &self,
        context: &Context,
        period: Period,
        narrowing: &Narrowing,
    ) -> Result<Vec<CloseLook>> {
        self.begin(context).await?;
        let at = period.end().min(context.act.at).checked_sub(jiff::SignedDuration::from_nanos(1_000));
        let people = People::read(self, at.unwrap_or(Timestamp::MIN)).await?;
        let mut found = Vec::new();
        for (account, staff) in self.readers(period, narrowing).await? {
            let close = self.close_to(&people, staff).await?;
            let ids: Vec<RecordId> = close.keys().copied().collect();
            for seen in self.looks_at(&ids, Some(account), period).await? {
                let is_asked = narrowing.ledger.as_ref().is_none_or(|ledger| seen.ledger == *ledger);
                if let Some(close) = close.get(&seen.record).filter(|_| is_asked) {
                    found.push(CloseLook { close: close.clone(), seen });
                }
            }
        }
        found.sort_by_key(|look| std::cmp::Reverse(look.seen.last_at));
        Ok(found)
    }

    /// The accounts that looked in a period and stand for somebody of the staff.
    async fn readers(&self, period: Period, narrowing: &Narrowing) -> Result<Vec<(Uuid, RecordId)>> {
        let mut sql = Sql::text("SELECT id, person FROM ");
        sql.table("account").push(" WHERE person IS NOT NULL AND id IN (");
        sql.append(&select("account", "access_day", period, narrowing)).push(") ORDER BY id");
        let rows = self.city().read(sql).await?;
        rows.iter().map(|row| Ok((row.get(0)?, RecordId(row.get(1)?)))).collect()
    }
}
