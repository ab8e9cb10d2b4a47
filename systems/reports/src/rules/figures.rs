//! Figures about reports (統計): how many, how many of them ended, how many in time, and how long it took.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::kernel::context::civil_date;
use crate::rules::State;

/// What is counted of a report.
#[derive(Clone, Copy, Debug)]
pub struct Counted {
    /// The state.
    pub state: State,
    /// When it came.
    pub received_at: Timestamp,
    /// When it ended.
    pub closed_at: Option<Timestamp>,
    /// By when it should have.
    pub fix_due: Option<Date>,
}

/// The figures of a group of reports.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// All of them.
    pub all: usize,
    /// Not ended yet.
    pub open: usize,
    /// Repaired.
    pub done: usize,
    /// Repaired by the day that was meant, of those that had one.
    pub in_time: usize,
    /// Repaired, of those that had a day.
    pub measured: usize,
    /// The middle one of the days from coming to being repaired.
    pub median_days: Option<i64>,
}

impl Figures {
    /// The figures of some reports. Duplicates are not repaired a second time: they count as come and ended, nothing else.
    pub fn of(reports: impl IntoIterator<Item = Counted>) -> Self {
        let mut figures = Self::default();
        let mut days: Vec<i64> = Vec::new();
        for report in reports {
            figures.all += 1;
            figures.open += usize::from(!report.state.is_closed());
            let (State::Done, Some(closed)) = (report.state, report.closed_at) else { continue };
            figures.done += 1;
            let closed_on = civil_date(closed);
            if let Some(due) = report.fix_due {
                figures.measured += 1;
                figures.in_time += usize::from(closed_on <= due);
            }
            let taken = civil_date(report.received_at).until(closed_on).map_or(0, |span| i64::from(span.get_days()));
            days.push(taken.max(0));
        }
        days.sort_unstable();
        figures.median_days = days.get(days.len() / 2).copied();
        figures
    }

    /// The share of those repaired in time, in percent.
    pub fn in_time_percent(&self) -> Option<usize> {
        (self.measured > 0).then(|| self.in_time * 100 / self.measured)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_repaired_is_measured() {
        let at = |day: &str| -> Timestamp { format!("2026-06-{day}T10:00:00+09:00").parse().expect("an instant") };
        let done = |from: &str, to: &str, due: i8| Counted {
            state: State::Done,
            received_at: at(from),
            closed_at: Some(at(to)),
            fix_due: Some(jiff::civil::date(2026, 6, due)),
        };
        let open = Counted { state: State::Received, received_at: at("01"), closed_at: None, fix_due: None };
        let twice = Counted { state: State::Duplicate, ..open };
        let figures = Figures::of([done("01", "03", 3), done("01", "11", 5), done("01", "02", 5), open, twice]);
        let expected = Figures { all: 5, open: 1, done: 3, in_time: 2, measured: 3, median_days: Some(2) };
        assert_eq!(figures, expected);
        assert_eq!(figures.in_time_percent(), Some(66));
        assert_eq!(Figures::of([]), Figures::default());
    }
}
