//! When the retention of a record has ended (保存期間の満了).
//!
//! By fiscal year: a record that was last changed in a fiscal year is kept from 1 April of the next one for so many years, to
//! 31 March. From a day: so many years, that day not counted (民法第140条, 第143条), to the end of the day that corresponds.

use jiff::Timestamp;
use jiff::ToSpan as _;
use jiff::civil::Date;
use kawasemi_kernel::context::{civil_date, start_of};
use kawasemi_kernel::fiscal::FiscalYear;
use kawasemi_schema::{Retention, RetentionStart};

/// The instant before which the retention's start must lie for it to have ended on a day; none for what is kept for ever.
#[must_use]
pub fn started_before(retention: &Retention, as_of: Date) -> Option<Timestamp> {
    let years = retention.years?;
    let day = match retention.from {
        RetentionStart::FiscalYearEnd => first_day(fiscal_year(as_of) - i32::from(years)),
        RetentionStart::Created | RetentionStart::Updated => as_of.checked_sub(i32::from(years).years()).ok()?,
    };
    Some(start_of(day))
}

/// The last day of the retention of what was made or last changed at an instant; none for what is kept for ever.
#[must_use]
pub fn last_day(retention: &Retention, start: Timestamp) -> Option<Date> {
    let (years, day) = (retention.years?, civil_date(start));
    match retention.from {
        RetentionStart::FiscalYearEnd => first_day(fiscal_year(day) + 1 + i32::from(years)).yesterday().ok(),
        RetentionStart::Created | RetentionStart::Updated => day.checked_add(i32::from(years).years()).ok(),
    }
}

/// The column that the retention counts from.
#[must_use]
pub fn column(retention: &Retention) -> &'static str {
    match retention.from {
        RetentionStart::Created => "created_at",
        RetentionStart::FiscalYearEnd | RetentionStart::Updated => "updated_at",
    }
}

fn fiscal_year(day: Date) -> i32 {
    FiscalYear::of(day).year()
}

fn first_day(year: i32) -> Date {
    i16::try_from(year).ok().and_then(|year| Date::new(year, 4, 1).ok()).unwrap_or(Date::MIN)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn is_over(from: RetentionStart, years: u16, start: Date, as_of: Date) -> bool {
        let retention = Retention { years: Some(years), from, basis: String::new() };
        let at = start_of(start);
        let over = at < started_before(&retention, as_of).expect("it ends");
        // Both ways of asking agree.
        assert_eq!(over, as_of > last_day(&retention, at).expect("it ends"), "{start} {as_of}");
        over
    }

    #[test]
    fn by_fiscal_year_it_ends_on_31_march() {
        let over = |start, as_of| is_over(RetentionStart::FiscalYearEnd, 5, start, as_of);
        assert!(!over(date(2020, 6, 15), date(2026, 3, 31)));
        assert!(over(date(2020, 6, 15), date(2026, 4, 1)));
        assert!(over(date(2021, 3, 31), date(2026, 4, 1)));
        assert!(!over(date(2021, 4, 1), date(2026, 4, 1)));
    }

    #[test]
    fn from_a_day_it_ends_with_the_day_that_corresponds() {
        let over = |start, as_of| is_over(RetentionStart::Created, 3, start, as_of);
        assert!(!over(date(2023, 5, 10), date(2026, 5, 10)));
        assert!(over(date(2023, 5, 10), date(2026, 5, 11)));
        assert!(over(date(2024, 2, 29), date(2027, 3, 1)));
        assert!(!over(date(2024, 2, 29), date(2027, 2, 28)));
    }

    #[test]
    fn what_is_kept_for_ever_is_never_due() {
        let retention = Retention { years: None, from: RetentionStart::Updated, basis: String::new() };
        assert_eq!(started_before(&retention, date(9999, 1, 1)), None);
    }
}
