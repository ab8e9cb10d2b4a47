//! Holidays and business days: the days on which the city hall is open, and deadlines that move with them.
//!
//! Law: 国民の祝日に関する法律; 地方自治法第4条の2, by which an ordinance names the hall's days of rest (Saturdays, Sundays,
//! national holidays, the days about New Year, and days of the city's own), and by which a deadline that falls on one
//! moves to the next open day. Which days those are is data of the city: [`Calendar::new`] takes them, and
//! [`Calendar::default`] is the usual rule with 29 December to 3 January.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::civil::{Date, Weekday};

/// First and last year of the built-in holidays. Outside it only weekends and the city's own days are known.
pub const HOLIDAY_YEARS: std::ops::RangeInclusive<i16> = 1970..=2050;

/// National holidays with substitutes, in the order of their dates.
static HOLIDAYS: LazyLock<Vec<(Date, &'static str)>> = LazyLock::new(|| {
    let rows = include_str!("../data/holidays-1970-2050.csv").lines().skip(1);
    rows.map(|row| holiday(row).expect("the built-in list of holidays is well formed")).collect()
});

/// Which days the city hall is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    yearly: Vec<YearlyClosure>,
    closed: BTreeSet<Date>,
    open: BTreeSet<Date>,
}

/// Days on which the hall is closed every year, first and last included; may reach over New Year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct YearlyClosure {
    first: (i8, i8),
    last: (i8, i8),
}

/// Why a calendar cannot answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// The month and day do not exist in every leap year.
    #[error("休日の月日が正しくありません。「12月29日」のように暦にある月日を入力してください。")]
    NoSuchDay,
    /// There is no open day before the calendar of civil dates ends.
    #[error("開庁日が見つかりません。休日の設定を確かめてください。")]
    NoBusinessDay,
}

impl YearlyClosure {
    /// 29 December to 3 January (年末年始).
    pub const NEW_YEAR: Self = Self { first: (12, 29), last: (1, 3) };

    /// From one month and day to another.
    pub fn new(first: (i8, i8), last: (i8, i8)) -> Result<Self, CalendarError> {
        let exists = |(month, day)| Date::new(2000, month, day).is_ok();
        if exists(first) && exists(last) { Ok(Self { first, last }) } else { Err(CalendarError::NoSuchDay) }
    }

    fn contains(self, day: Date) -> bool {
        let day = (day.month(), day.day());
        if self.first <= self.last {
            self.first <= day && day <= self.last
        } else {
            self.first <= day || day <= self.last
        }
    }
}

impl Default for Calendar {
    fn default() -> Self {
        Self::new([YearlyClosure::NEW_YEAR])
    }
}

impl Calendar {
    /// A calendar with weekends, national holidays and these closures.
    pub fn new(yearly: impl IntoIterator<Item = YearlyClosure>) -> Self {
        Self { yearly: yearly.into_iter().collect(), closed: BTreeSet::new(), open: BTreeSet::new() }
    }

    /// The same calendar, closed on these days too (臨時閉庁).
    #[must_use]
    pub fn closed_on(mut self, days: impl IntoIterator<Item = Date>) -> Self {
        self.closed.extend(days);
        self
    }

    /// The same calendar, open on these days although they would be closed (臨時開庁). This wins over every closure.
    #[must_use]
    pub fn open_on(mut self, days: impl IntoIterator<Item = Date>) -> Self {
        self.open.extend(days);
        self
    }

    /// Whether the hall is open.
    pub fn is_business_day(&self, day: Date) -> bool {
        if self.open.contains(&day) {
            return true;
        }
        let is_weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        let is_city_closure = self.closed.contains(&day) || self.yearly.iter().any(|closure| closure.contains(day));
        !is_weekend && !is_city_closure && !is_holiday(day)
    }

    /// The first open day after a day.
    pub fn next_business_day(&self, day: Date) -> Result<Date, CalendarError> {
        self.first_open(Step::Later, next(day, Step::Later)?)
    }

    /// The day itself if the hall is open, else the first open day after it: where a deadline falls
    /// (地方自治法第4条の2第4項).
    pub fn on_or_after(&self, day: Date) -> Result<Date, CalendarError> {
        self.first_open(Step::Later, day)
    }

    /// The day itself if the hall is open, else the last open day before it.
    pub fn on_or_before(&self, day: Date) -> Result<Date, CalendarError> {
        self.first_open(Step::Earlier, day)
    }

    /// The day that is `count` open days after a day; before it where `count` is negative. The day itself is not
    /// counted, whether open or not; with 0 it is returned as it is.
    pub fn add_business_days(&self, day: Date, count: i32) -> Result<Date, CalendarError> {
        let step = if count < 0 { Step::Earlier } else { Step::Later };
        let mut day = day;
        for _ in 0..count.unsigned_abs() {
            day = self.first_open(step, next(day, step)?)?;
        }
        Ok(day)
    }

    /// The number of open days after `from` up to and including `to`; negative where `to` is earlier. So
    /// `business_days_between(day, add_business_days(day, n)) == n`.
    pub fn business_days_between(&self, from: Date, to: Date) -> i32 {
        if to < from {
            return -self.open_days(to, from, |day| day < from, true);
        }
        self.open_days(from, to, |day| day <= to, false)
    }

    /// Counts open days of a span, with or without its first day.
    fn open_days(&self, first: Date, last: Date, keep: impl Fn(Date) -> bool, with_first: bool) -> i32 {
        let days = std::iter::successors(Some(first), |day| day.tomorrow().ok()).skip(usize::from(!with_first));
        let open = days.take_while(|day| *day <= last && keep(*day)).filter(|day| self.is_business_day(*day)).count();
        i32::try_from(open).expect("civil dates span fewer than four million days")
    }

    fn first_open(&self, step: Step, from: Date) -> Result<Date, CalendarError> {
        let mut day = from;
        while !self.is_business_day(day) {
            day = next(day, step)?;
        }
        Ok(day)
    }
}

/// Whether a day is a national holiday or its substitute (国民の祝日・休日).
pub fn is_holiday(day: Date) -> bool {
    holiday_name(day).is_some()
}

/// The name of the national holiday, such as 昭和の日.
pub fn holiday_name(day: Date) -> Option<&'static str> {
    let index = HOLIDAYS.binary_search_by_key(&day, |(date, _)| *date).ok()?;
    Some(HOLIDAYS[index].1)
}

/// The national holidays from one day to another, both included.
pub fn holidays(from: Date, to: Date) -> &'static [(Date, &'static str)] {
    let start = HOLIDAYS.partition_point(|(date, _)| *date < from);
    let end = HOLIDAYS.partition_point(|(date, _)| *date <= to);
    HOLIDAYS.get(start..end).unwrap_or_default()
}

#[derive(Clone, Copy)]
enum Step {
    Later,
    Earlier,
}

fn next(day: Date, step: Step) -> Result<Date, CalendarError> {
    match step {
        Step::Later => day.tomorrow(),
        Step::Earlier => day.yesterday(),
    }
    .map_err(|_| CalendarError::NoBusinessDay)
}

/// A row `2021-01-01,金,元日,New Year's Day`.
fn holiday(row: &'static str) -> Option<(Date, &'static str)> {
    let mut cells = row.split(',');
    let mut day = cells.next()?.splitn(3, '-');
    let year = day.next()?.parse().ok()?;
    let month = day.next()?.parse().ok()?;
    let day = day.next()?.parse().ok()?;
    Some((Date::new(year, month, day).ok()?, cells.nth(1)?))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_list_is_in_order_and_within_its_years() {
        assert!(HOLIDAYS.is_sorted_by(|(one, _), (other, _)| one < other));
        assert!(HOLIDAYS.iter().all(|(day, _)| HOLIDAY_YEARS.contains(&day.year())));
        assert_eq!(HOLIDAYS.len(), 1329);
    }

    #[test]
    fn knows_holidays() {
        for (day, name) in [
            (date(2021, 7, 23), Some("スポーツの日")),
            (date(2021, 8, 9), Some("山の日 振替休日")),
            (date(2021, 10, 11), None),
            (date(2019, 5, 1), Some("休日（祝日扱い）")),
            (date(2021, 5, 17), None),
        ] {
            assert_eq!(holiday_name(day), name, "{day}");
        }
        assert_eq!(holidays(date(2021, 5, 1), date(2021, 5, 31)).len(), 3);
        assert!(holidays(date(2021, 6, 2), date(2021, 6, 1)).is_empty());
    }

    #[test]
    fn the_hall_rests_over_new_year() {
        let calendar = Calendar::default();
        assert_eq!(calendar.next_business_day(date(2021, 12, 28)), Ok(date(2022, 1, 4)));
        assert_eq!(calendar.on_or_after(date(2021, 12, 31)), Ok(date(2022, 1, 4)));
        assert_eq!(calendar.on_or_before(date(2022, 1, 3)), Ok(date(2021, 12, 28)));
        assert!(Calendar::new([]).is_business_day(date(2021, 12, 29)));
    }

    #[test]
    fn the_city_has_days_of_its_own() {
        let saturday = date(2021, 5, 15);
        let monday = date(2021, 5, 17);
        let calendar = Calendar::default().closed_on([monday]).open_on([saturday]);
        assert!(calendar.is_business_day(saturday) && !calendar.is_business_day(monday));
        let obon = YearlyClosure::new((8, 13), (8, 15)).expect("days of the year");
        assert!(!Calendar::new([obon]).is_business_day(date(2021, 8, 13)));
        assert_eq!(YearlyClosure::new((2, 30), (3, 1)), Err(CalendarError::NoSuchDay));
    }

    #[test]
    fn counts_business_days() {
        let calendar = Calendar::default();
        for (day, count, expected) in [
            (date(2021, 5, 17), 0, date(2021, 5, 17)),
            (date(2021, 4, 28), 1, date(2021, 4, 30)),
            (date(2021, 4, 30), 1, date(2021, 5, 6)),
            (date(2021, 5, 6), -1, date(2021, 4, 30)),
            (date(2021, 5, 15), 1, date(2021, 5, 17)),
        ] {
            assert_eq!(calendar.add_business_days(day, count), Ok(expected), "{day} + {count}");
        }
        assert_eq!(calendar.business_days_between(date(2021, 4, 28), date(2021, 5, 6)), 2);
        assert_eq!(calendar.business_days_between(date(2021, 5, 6), date(2021, 4, 28)), -2);
    }

    #[test]
    fn a_hall_that_never_opens_is_an_answer() {
        let never = Calendar::new([YearlyClosure::new((1, 1), (12, 31)).expect("days of the year")]);
        assert_eq!(never.next_business_day(date(9990, 1, 1)), Err(CalendarError::NoBusinessDay));
        assert_eq!(
            Calendar::default().add_business_days(date(9999, 1, 1), i32::MAX),
            Err(CalendarError::NoBusinessDay)
        );
    }

    proptest! {
        #[test]
        fn adding_and_counting_agree(year in 1971_i16..2049, month in 1_i8..=12, day in 1_i8..=28, count in -60_i32..60) {
            let calendar = Calendar::default();
            let from = calendar.on_or_after(date(year, month, day)).expect("an open day");
            let to = calendar.add_business_days(from, count).expect("an open day");
            prop_assert!(calendar.is_business_day(to));
            prop_assert_eq!(calendar.business_days_between(from, to), count);
        }
    }
}
