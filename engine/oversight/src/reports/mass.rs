//! Mass reads (大量閲覧): days on which somebody saw many more people than is usual for them.
//!
//! What is many depends on the work: a counter clerk sees a hundred people a day, a planner none. So each day is held against
//! the middle (中央値) of that person's own days before it, and against a number that is many for anybody.

use std::collections::{BTreeMap, HashSet};

use jiff::ToSpan as _;
use jiff::civil::Date;
use kawasemi_identity::Context;
use kawasemi_kernel::context::{civil_date_time, start_of};
use kawasemi_store::Sql;
use uuid::Uuid;

use super::entries::of_account;
use super::monthly::select;
use super::{Narrowing, Period};
use crate::city::Oversight;
use crate::error::Result;
use crate::hours::day_of;

/// How far back a person's own days are looked at.
const USUAL_DAYS: i64 = 60;

/// What counts as many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Many {
    /// So many different records on a day, and
    pub per_day: i64,
    /// so many times the person's own middle; or
    pub times_usual: i64,
    /// so many within one hour.
    pub per_hour: i64,
}

impl Default for Many {
    fn default() -> Self {
        Self { per_day: 100, times_usual: 3, per_hour: 100 }
    }
}

/// A day of somebody on which they saw many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MassRead {
    /// The day.
    pub day: Date,
    /// Who.
    pub account: Uuid,
    /// Different records on that day.
    pub persons: i64,
    /// The middle of their own days before; 0 where there are none.
    pub usual: i64,
    /// The hour with the most different records (0 to 23), and how many.
    pub busiest: (i8, i64),
}

impl Oversight {
    /// Days on which somebody saw many, those with the most first.
    ///
    /// # Errors
    /// [`crate::OversightError::Forbidden`]; as [`kawasemi_store::City::read`].
    pub async fn mass_reads(
        &self,
        context: &Context,
        period: Period,
        narrowing: &Narrowing,
        many: Many,
    ) -> Result<Vec<MassRead>> {
        self.begin(context).await?;
        let back = period.from.checked_sub(USUAL_DAYS.days()).unwrap_or(Date::MIN);
        let days = self.days(Period { from: back, ..period }, narrowing).await?;
        let mut found = Vec::new();
        for ((account, day), persons) in &days {
            if *day < period.from || *persons < many.per_day.min(many.per_hour) {
                continue;
            }
            let since = day.checked_sub(USUAL_DAYS.days()).unwrap_or(Date::MIN);
            let before = days.range((*account, since)..(*account, *day)).map(|(_, persons)| *persons);
            let usual = middle(before.collect());
            let busiest = self.busiest_hour(*account, *day).await?;
            let is_many = *persons >= many.per_day && *persons >= usual * many.times_usual;
            if is_many || busiest.1 >= many.per_hour {
                found.push(MassRead { day: *day, account: *account, persons: *persons, usual, busiest });
            }
        }
        found.sort_by(|one, other| other.persons.cmp(&one.persons).then(other.day.cmp(&one.day)));
        Ok(found)
    }

    /// Different records by account and day.
    async fn days(&self, period: Period, narrowing: &Narrowing) -> Result<BTreeMap<(Uuid, Date), i64>> {
        let mut sql: Sql = select("account, day, sum(persons)", "access_reader", period, narrowing);
        sql.push(" GROUP BY account, day");
        let mut days = BTreeMap::new();
        for row in self.city().read(sql).await? {
            if let Some(day) = day_of(row.get(1)?) {
                days.insert((row.get(0)?, day), row.get(2)?);
            }
        }
        Ok(days)
    }

    async fn busiest_hour(&self, account: Uuid, day: Date) -> Result<(i8, i64)> {
        let until = start_of(day.tomorrow().unwrap_or(Date::MAX));
        let mut hours: BTreeMap<i8, HashSet<Uuid>> = BTreeMap::new();
        for row in of_account(self, account, start_of(day), until).await? {
            let hour = civil_date_time(row.at).hour();
            hours.entry(hour).or_default().extend(row.entry.records.iter().map(|record| record.0));
        }
        let counted = hours.into_iter().map(|(hour, records)| (hour, i64::try_from(records.len()).unwrap_or(i64::MAX)));
        Ok(counted.max_by_key(|(hour, records)| (*records, std::cmp::Reverse(*hour))).unwrap_or_default())
    }
}

/// The middle of some numbers; 0 of none.
fn middle(mut numbers: Vec<i64>) -> i64 {
    numbers.sort_unstable();
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}
