//! A month as a calendar, and on a phone as a list of the days that have something.

use std::collections::BTreeMap;

use askama::Template;
use jiff::civil::{Date, Weekday};
use kawasemi_kernel::{Lang, YearMonth, era};

use crate::{Text, said, words};

/// Something on a day.
#[derive(Clone, Debug)]
pub struct Event {
    /// The words.
    pub label: String,
    /// Where it leads.
    pub href: String,
}

/// The calendar of a month. Weeks begin on Sunday, as on Japanese wall calendars.
#[derive(Clone, Debug, Template)]
#[template(path = "calendar.html")]
pub struct MonthCalendar {
    t: Text,
    month: YearMonth,
    today: Option<Date>,
    holidays: BTreeMap<Date, String>,
    events: BTreeMap<Date, Vec<Event>>,
    /// The addresses of the months before and after.
    around: Option<(String, String)>,
}

struct Day {
    date: Date,
    outside: bool,
    today: bool,
    saturday: bool,
    rest: bool,
    holiday: String,
    events: Vec<Event>,
}

impl MonthCalendar {
    /// An empty month.
    pub fn new(lang: Lang, month: YearMonth) -> Self {
        Self { t: words(lang), month, today: None, holidays: BTreeMap::new(), events: BTreeMap::new(), around: None }
    }

    /// Marks today.
    #[must_use]
    pub fn today(mut self, today: Date) -> Self {
        self.today = Some(today);
        self
    }

    /// Names a holiday.
    #[must_use]
    pub fn holiday(mut self, date: Date, name: impl Into<String>) -> Self {
        self.holidays.insert(date, name.into());
        self
    }

    /// Adds something on a day.
    #[must_use]
    pub fn event(mut self, date: Date, label: impl Into<String>, href: impl Into<String>) -> Self {
        self.events.entry(date).or_default().push(Event { label: label.into(), href: href.into() });
        self
    }

    /// Adds the ways to the months before and after.
    #[must_use]
    pub fn around(mut self, previous_href: impl Into<String>, next_href: impl Into<String>) -> Self {
        self.around = Some((previous_href.into(), next_href.into()));
        self
    }

    fn title(&self) -> String {
        match self.t.lang() {
            Lang::Ja => era::long_month(self.month),
            Lang::JaEasy => format!("{}年{}月", self.month.year(), self.month.month()),
            Lang::En | Lang::Vi => self.month.to_string(),
        }
    }

    fn weekday(&self, day: &Day) -> &'static str {
        said::weekday(self.t.lang(), day.date.weekday())
    }

    fn weekdays(&self) -> Vec<(&'static str, &'static str)> {
        Weekday::Sunday
            .cycle_forward()
            .take(7)
            .map(|day| (weekday_class(day), said::weekday(self.t.lang(), day)))
            .collect()
    }

    fn weeks(&self) -> Vec<Vec<Day>> {
        let first = self.month.first_day();
        let back = i64::from(first.weekday().to_sunday_zero_offset());
        let start = first.saturating_sub(jiff::Span::new().days(back));
        let last = first.last_of_month();
        let mut weeks = Vec::new();
        let mut day = start;
        while day <= last {
            let week: Vec<Day> =
                (0..7).map(|step| self.day(day.saturating_add(jiff::Span::new().days(step)))).collect();
            weeks.push(week);
            let next = day.saturating_add(jiff::Span::new().days(7));
            if next == day {
                break;
            }
            day = next;
        }
        weeks
    }

    fn day(&self, date: Date) -> Day {
        let outside = YearMonth::of(date) != self.month;
        let saturday = date.weekday() == Weekday::Saturday;
        let holiday = self.holidays.get(&date).cloned().unwrap_or_default();
        let events = if outside { Vec::new() } else { self.events.get(&date).cloned().unwrap_or_default() };
        Day {
            date,
            outside,
            today: self.today == Some(date),
            saturday,
            rest: date.weekday() == Weekday::Sunday || !holiday.is_empty(),
            holiday,
            events,
        }
    }
}

fn weekday_class(day: Weekday) -> &'static str {
    match day {
        Weekday::Sunday => "is-rest",
        Weekday::Saturday => "is-saturday",
        _ => "",
    }
}

impl Day {
    fn class(&self) -> String {
        let names = [
            (self.outside, "is-outside"),
            (self.today, "is-today"),
            (self.saturday, "is-saturday"),
            (self.rest, "is-rest"),
        ];
        names.iter().filter(|(on, _)| *on).map(|(_, name)| *name).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn weeks_cover_the_month_from_sunday() {
        let calendar = MonthCalendar::new(Lang::Ja, YearMonth::of(date(2026, 2, 10)));
        let weeks = calendar.weeks();
        assert_eq!((weeks.len(), weeks[0][0].date, weeks[3][6].date), (4, date(2026, 2, 1), date(2026, 2, 28)));
        let calendar =
            MonthCalendar::new(Lang::Ja, YearMonth::of(date(2026, 5, 1))).holiday(date(2026, 5, 5), "こどもの日");
        let weeks = calendar.weeks();
        assert_eq!((weeks.len(), weeks[0][0].date, weeks[5][0].date), (6, date(2026, 4, 26), date(2026, 5, 31)));
        assert!(weeks[1][2].rest && weeks[0][0].outside);
    }

    #[test]
    fn the_ends_of_time_do_not_panic() {
        for day in [Date::MAX, date(1, 1, 1)] {
            assert!(MonthCalendar::new(Lang::En, YearMonth::of(day)).weeks().len() >= 4);
        }
    }
}
