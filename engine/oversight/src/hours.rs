//! When the office is open (執務時間), so that looks outside these hours can be told.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use kawasemi_kernel::calendar::Calendar;
use kawasemi_kernel::context::civil_date_time;

/// The hours in which the office works on its business days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpeningHours {
    /// From when.
    pub open: Time,
    /// Until when, exclusive.
    pub close: Time,
}

impl Default for OpeningHours {
    /// 8:30 to 17:15, as most city halls work.
    fn default() -> Self {
        Self { open: Time::constant(8, 30, 0, 0), close: Time::constant(17, 15, 0, 0) }
    }
}

impl OpeningHours {
    /// Whether an instant falls outside the hours of a business day.
    #[must_use]
    pub fn is_outside(&self, calendar: &Calendar, at: Timestamp) -> bool {
        let local = civil_date_time(at);
        !calendar.is_business_day(local.date()) || local.time() < self.open || local.time() >= self.close
    }
}

/// A civil day as a number, such as 20261127: how counters name days.
#[must_use]
pub fn day_number(day: Date) -> i64 {
    i64::from(day.year()) * 10_000 + i64::from(day.month()) * 100 + i64::from(day.day())
}

/// The day of a number; none where it is none.
#[must_use]
pub fn day_of(number: i64) -> Option<Date> {
    let part = |of: i64| i8::try_from(of).ok();
    Date::new(i16::try_from(number / 10_000).ok()?, part(number / 100 % 100)?, part(number % 100)?).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use kawasemi_kernel::context::start_of;

    use super::*;

    #[test]
    fn the_office_is_open_on_business_days_between_its_hours() {
        let (hours, calendar) = (OpeningHours::default(), Calendar::default());
        let at = |day: Date, minutes: i64| start_of(day) + jiff::SignedDuration::from_mins(minutes);
        let friday = date(2026, 11, 27);
        assert!(hours.is_outside(&calendar, at(friday, 8 * 60 + 29)));
        assert!(!hours.is_outside(&calendar, at(friday, 8 * 60 + 30)));
        assert!(!hours.is_outside(&calendar, at(friday, 17 * 60 + 14)));
        assert!(hours.is_outside(&calendar, at(friday, 17 * 60 + 15)));
        assert!(hours.is_outside(&calendar, at(date(2026, 11, 28), 10 * 60)));
        assert!(hours.is_outside(&calendar, at(date(2026, 11, 23), 10 * 60)));
    }

    #[test]
    fn a_day_and_its_number_tell_the_same() {
        let day = date(2026, 2, 28);
        assert_eq!((day_number(day), day_of(20_260_228)), (20_260_228, Some(day)));
        assert_eq!(day_of(20_260_230), None);
    }
}
