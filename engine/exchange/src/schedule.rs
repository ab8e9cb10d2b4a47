//! When files are expected: `daily 06:00`, `business-days 06:00`, `weekly mon 06:00`, `monthly 5 06:00`.

use std::fmt;

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::{SignedDuration, ToSpan as _};
use kawasemi_kernel::calendar::Calendar;

/// A time that comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// On which days.
    pub days: Days,
    /// By when.
    pub by: Time,
}

/// The days of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Days {
    /// Every day (毎日).
    Daily,
    /// When the hall is open (開庁日).
    Business,
    /// One day of the week (毎週).
    Weekly(Weekday),
    /// One day of the month (毎月); the last where the month is shorter.
    Monthly(i8),
}

const WEEKDAYS: [(&str, Weekday, &str); 7] = [
    ("mon", Weekday::Monday, "月"),
    ("tue", Weekday::Tuesday, "火"),
    ("wed", Weekday::Wednesday, "水"),
    ("thu", Weekday::Thursday, "木"),
    ("fri", Weekday::Friday, "金"),
    ("sat", Weekday::Saturday, "土"),
    ("sun", Weekday::Sunday, "日"),
];

impl Due {
    /// Reads it as a layout writes it.
    pub fn parse(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let time = |text: &str| text.parse::<Time>().ok();
        match words.as_slice() {
            ["daily", by] => Some(Self { days: Days::Daily, by: time(by)? }),
            ["business-days", by] => Some(Self { days: Days::Business, by: time(by)? }),
            ["weekly", day, by] => {
                let weekday = WEEKDAYS.iter().find(|(key, ..)| key == day)?.1;
                Some(Self { days: Days::Weekly(weekday), by: time(by)? })
            }
            ["monthly", day, by] => {
                let day = day.parse().ok().filter(|day| (1..=31).contains(day))?;
                Some(Self { days: Days::Monthly(day), by: time(by)? })
            }
            _ => None,
        }
    }

    fn falls_on(self, day: Date, calendar: &Calendar) -> bool {
        match self.days {
            Days::Daily => true,
            Days::Business => calendar.is_business_day(day),
            Days::Weekly(weekday) => day.weekday() == weekday,
            Days::Monthly(wanted) => day.day() == wanted.min(day.days_in_month()),
        }
    }

    /// The last time that has passed, and the one before it: between them a file should have come.
    pub fn last(self, now: DateTime, calendar: &Calendar) -> Option<(DateTime, DateTime)> {
        let mut found = Vec::with_capacity(2);
        let mut day = now.date();
        // A monthly one comes twice in seventy days.
        for _ in 0..70 {
            if self.falls_on(day, calendar) && day.to_datetime(self.by) <= now {
                found.push(day.to_datetime(self.by));
                if let [last, before] = found.as_slice() {
                    return Some((*before, *last));
                }
            }
            day = day.checked_sub(1.day()).ok()?;
        }
        None
    }

    /// The next time.
    pub fn next(self, now: DateTime, calendar: &Calendar) -> Option<DateTime> {
        let mut day = now.date();
        for _ in 0..70 {
            if self.falls_on(day, calendar) && day.to_datetime(self.by) > now {
                return Some(day.to_datetime(self.by));
            }
            day = day.checked_add(1.day()).ok()?;
        }
        None
    }

    /// How long before the first time a file counts for it already: half of a day.
    pub fn grace() -> SignedDuration {
        SignedDuration::from_hours(12)
    }
}

impl fmt::Display for Due {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = self.by.strftime("%H:%M");
        match self.days {
            Days::Daily => write!(f, "毎日 {by}まで"),
            Days::Business => write!(f, "開庁日 {by}まで"),
            Days::Weekly(weekday) => {
                let name = WEEKDAYS.iter().find(|(_, known, _)| *known == weekday).map_or("", |(.., name)| name);
                write!(f, "毎週{name}曜日 {by}まで")
            }
            Days::Monthly(day) => write!(f, "毎月{day}日 {by}まで"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime {
        text.parse().expect("is a time")
    }

    #[test]
    fn finds_the_times_around_now() {
        for (due, now, last, next) in [
            ("daily 06:00", "2026-05-01T05:59", "2026-04-30T06:00", "2026-05-01T06:00"),
            ("daily 06:00", "2026-05-01T06:00", "2026-05-01T06:00", "2026-05-02T06:00"),
            // 3 to 6 May 2026 are holidays, 2 May a Saturday.
            ("business-days 06:00", "2026-05-06T12:00", "2026-05-01T06:00", "2026-05-07T06:00"),
            ("weekly mon 08:30", "2026-05-01T10:00", "2026-04-27T08:30", "2026-05-04T08:30"),
            ("monthly 31 06:00", "2026-05-01T10:00", "2026-04-30T06:00", "2026-05-31T06:00"),
        ] {
            let due = Due::parse(due).expect("is read");
            let calendar = Calendar::default();
            assert_eq!(due.last(at(now), &calendar).map(|(_, last)| last), Some(at(last)), "{due} {now}");
            assert_eq!(due.next(at(now), &calendar), Some(at(next)), "{due} {now}");
        }
        assert_eq!(Due::parse("hourly"), None);
        assert_eq!(Due::parse("monthly 32 06:00"), None);
    }
}
