//! When the next inspection of a unit is due (点検の期限).
//!
//! A periodic inspection is due twelve months after the last one, six where the unit had reached its standard period of use
//! (標準使用期間) by then. Where the month has no such day, its last day counts.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::tables::{self, Interval, StandardLife, in_force};
use super::{Worked, step};

/// What the next periodic inspection depends on.
#[derive(Clone, Copy, Debug)]
pub struct Unit {
    /// When it was installed, where that is known.
    pub installed_on: Option<Date>,
    /// The standard period of use in years, where there is one.
    pub standard_life: Option<i16>,
}

/// The day on which the next periodic inspection is due after one on a day.
pub fn next_periodic(unit: Unit, last: Date, intervals: &[Interval]) -> Worked<Date> {
    let end_of_life = unit.installed_on.zip(unit.standard_life).map(|(on, years)| on.saturating_add(years.years()));
    let is_past = end_of_life.is_some_and(|end| end <= last);
    let situation = if is_past { "past-life" } else { "within-life" };
    let months = months(intervals, "periodic", situation, last).unwrap_or(12);
    let due = last.saturating_add(months.months());
    let life = match (end_of_life, is_past) {
        (None, _) => "標準使用期間か設置日が不明".to_owned(),
        (Some(end), true) => format!("標準使用期間（{end}まで）を過ぎている"),
        (Some(end), false) => format!("標準使用期間（{end}まで）の中"),
    };
    Worked::new(due, vec![step("標準使用期間", life), step("定期点検の間隔", format!("{last} + {months}か月 → {due}"))])
}

/// The day on which the next daily inspection is due after one on a day.
pub fn next_daily(last: Date, intervals: &[Interval]) -> Date {
    last.saturating_add(months(intervals, "daily", "any", last).unwrap_or(1).months())
}

/// The standard period of use of a material in years on a day; none where the table has none.
pub fn standard_life(material: &str, on: Date, lives: &[StandardLife]) -> Option<i16> {
    in_force(lives, on).find(|row| row.material == material).map(|row| row.years)
}

fn months(intervals: &[Interval], kind: &str, situation: &str, on: Date) -> Option<i32> {
    in_force(intervals, on).find(|row| row.kind == kind && row.situation == situation).map(|row| row.months)
}

/// The next periodic inspection by the intervals that come with the system.
pub fn next_periodic_built_in(unit: Unit, last: Date) -> Worked<Date> {
    next_periodic(unit, last, tables::intervals())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_new_interval_holds_from_its_day() {
        let row = |from, months| Interval {
            effective_from: from,
            kind: "periodic".into(),
            situation: "within-life".into(),
            months,
        };
        let table = [row(date(2018, 4, 1), 12), row(date(2025, 4, 1), 9)];
        let unit = Unit { installed_on: None, standard_life: None };
        assert_eq!(next_periodic(unit, date(2025, 3, 31), &table).value, date(2026, 3, 31));
        assert_eq!(
            next_periodic(unit, date(2025, 5, 31), &table).value,
            date(2026, 2, 28),
            "the last day of the month"
        );
    }

    #[test]
    fn a_unit_of_a_leap_day_reaches_its_age_on_the_last_of_february() {
        let unit = Unit { installed_on: Some(date(2008, 2, 29)), standard_life: Some(15) };
        assert_eq!(next_periodic_built_in(unit, date(2023, 2, 27)).value, date(2024, 2, 27));
        assert_eq!(next_periodic_built_in(unit, date(2023, 2, 28)).value, date(2023, 8, 28));
        assert_eq!(next_daily(date(2026, 1, 31), tables::intervals()), date(2026, 2, 28));
    }
}
