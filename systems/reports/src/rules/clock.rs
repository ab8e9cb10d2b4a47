//! By when a report is to be looked at and repaired (対応の目標), counted on the city's business calendar.
//!
//! The clock stands while the hall can't go on by itself: while it waits for the reporter or for another authority, and while a
//! disaster has it (災害モード). A day counts as paused from the day on which the pause began until the day before it ended.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::kernel::calendar::Calendar;
use crate::kernel::context::{civil_date, civil_date_time, start_of};

/// Days of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Days {
    /// Days on which the hall is open (開庁日).
    Business(u32),
    /// Days of the calendar (暦日).
    Calendar(u32),
}

/// A time in which the clock stands; without an end it still does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// The first day.
    pub from: Date,
    /// The day on which it went on.
    pub until: Option<Date>,
}

impl Pause {
    fn holds(self, day: Date) -> bool {
        self.from <= day && self.until.is_none_or(|until| day < until)
    }
}

/// The hour at which a day's work is over: what comes later counts as come on the next open day.
pub const CLOSING: (i8, i8) = (17, 15);

/// No target is further away than this, so that a clock that stands for ever has an end.
const FURTHEST_DAYS: u32 = 4_000;

/// The day by which something is due that came in at an instant; none while the clock stands.
pub fn due_day(received: Timestamp, days: Days, pauses: &[Pause], calendar: &Calendar) -> Option<Date> {
    let is_paused = |day: Date| pauses.iter().any(|pause| pause.holds(day));
    let counts = |day: Date| {
        let open = matches!(days, Days::Calendar(_)) || calendar.is_business_day(day);
        open && !is_paused(day)
    };
    let (Days::Business(wanted) | Days::Calendar(wanted)) = days;
    let mut day = first_day(received, days, calendar);
    let mut left = wanted;
    for _ in 0..FURTHEST_DAYS {
        if counts(day) {
            if left == 0 {
                return Some(day);
            }
            left -= 1;
        }
        day = day.tomorrow().ok()?;
    }
    None
}

/// The instant by which something is due within so many hours. Such things do not wait for the hall to open.
pub fn due_within(received: Timestamp, hours: u32) -> Timestamp {
    received + SignedDuration::from_hours(i64::from(hours))
}

/// The end of the working day.
pub fn closing_of(day: Date) -> Timestamp {
    let (hour, minute) = CLOSING;
    start_of(day) + SignedDuration::from_mins(i64::from(hour) * 60 + i64::from(minute))
}

/// The day as of which something counts as received.
fn first_day(received: Timestamp, days: Days, calendar: &Calendar) -> Date {
    let day = civil_date(received);
    if matches!(days, Days::Calendar(_)) {
        return day;
    }
    let at = civil_date_time(received);
    let is_late = (at.hour(), at.minute()) > CLOSING;
    let from = if is_late { day.tomorrow().unwrap_or(day) } else { day };
    calendar.on_or_after(from).unwrap_or(from)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    fn due(received: &str, days: Days, pauses: &[Pause]) -> Option<String> {
        due_day(at(received), days, pauses, &Calendar::default()).map(|day| day.to_string())
    }

    #[test]
    fn business_days_skip_the_weekend_and_holidays() {
        // Friday 1 May 2026; 3 to 6 May are holidays.
        let friday = "2026-05-01T10:00:00+09:00";
        assert_eq!(due(friday, Days::Business(0), &[]).as_deref(), Some("2026-05-01"));
        assert_eq!(due(friday, Days::Business(1), &[]).as_deref(), Some("2026-05-07"));
        assert_eq!(due(friday, Days::Business(3), &[]).as_deref(), Some("2026-05-11"));
        assert_eq!(due(friday, Days::Calendar(3), &[]).as_deref(), Some("2026-05-04"));
    }

    #[test]
    fn what_comes_after_hours_counts_from_the_next_open_day() {
        assert_eq!(due("2026-05-01T17:15:00+09:00", Days::Business(0), &[]).as_deref(), Some("2026-05-01"));
        assert_eq!(due("2026-05-01T17:16:00+09:00", Days::Business(0), &[]).as_deref(), Some("2026-05-07"));
        assert_eq!(due("2026-05-02T09:00:00+09:00", Days::Business(1), &[]).as_deref(), Some("2026-05-08"));
    }

    #[test]
    fn the_clock_stands_in_pauses() {
        let monday = "2026-06-01T09:00:00+09:00";
        let pause = |from: i8, until: Option<i8>| Pause {
            from: date(2026, 6, from),
            until: until.map(|day| date(2026, 6, day)),
        };
        assert_eq!(due(monday, Days::Business(3), &[]).as_deref(), Some("2026-06-04"));
        assert_eq!(due(monday, Days::Business(3), &[pause(2, Some(4))]).as_deref(), Some("2026-06-08"));
        assert_eq!(
            due(monday, Days::Business(3), &[pause(2, Some(2))]).as_deref(),
            Some("2026-06-04"),
            "a pause within a day"
        );
        assert_eq!(
            due(monday, Days::Business(3), &[pause(2, Some(4)), pause(3, Some(5))]).as_deref(),
            Some("2026-06-09")
        );
        assert_eq!(due(monday, Days::Business(3), &[pause(2, None)]), None, "it still stands");
    }

    #[test]
    fn hours_do_not_wait_for_the_hall() {
        assert_eq!(due_within(at("2026-05-02T23:30:00+09:00"), 2), at("2026-05-03T01:30:00+09:00"));
        assert_eq!(closing_of(date(2026, 5, 1)), at("2026-05-01T17:15:00+09:00"));
    }
}
