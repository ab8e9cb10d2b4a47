//! What is due, soon or overdue on a day (期限).
//!
//! The day itself is still in time. Whatever was finished or given up is due no more; if it was finished late, the board
//! says by how many days.

use jiff::ToSpan;
use jiff::civil::Date;

use super::{Progress, Worked};
use crate::kernel::fiscal::FiscalQuarter;

/// The days before a deadline in which it counts as near.
pub const NEAR_DAYS: i32 = 14;

/// The days after the end of a period within which its actual figures are to be entered.
pub const ACTUAL_DAYS: i32 = 30;

/// How a deadline stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline {
    /// There is none.
    None,
    /// Finished; late by so many days, 0 if in time.
    Done {
        /// The days after the deadline.
        late_days: i32,
    },
    /// Given up.
    Cancelled,
    /// Still ahead.
    Ahead {
        /// The days left.
        days_left: i32,
    },
    /// Within the next [`NEAR_DAYS`] days, today included.
    Near {
        /// The days left, 0 today.
        days_left: i32,
    },
    /// Past and not finished.
    Overdue {
        /// The days since.
        days: i32,
    },
}

impl Deadline {
    /// Whether it is past and not finished.
    pub const fn is_overdue(self) -> bool {
        matches!(self, Self::Overdue { .. })
    }

    /// The sentence for people.
    pub fn label(self) -> String {
        match self {
            Self::None => "期限なし".to_owned(),
            Self::Done { late_days: 0 } => "期限内に完了".to_owned(),
            Self::Done { late_days } => format!("{late_days}日遅れて完了"),
            Self::Cancelled => "中止".to_owned(),
            Self::Near { days_left: 0 } => "今日が期限".to_owned(),
            Self::Ahead { days_left } | Self::Near { days_left } => format!("あと{days_left}日"),
            Self::Overdue { days } => format!("{days}日超過"),
        }
    }
}

/// How a deadline stands on a day. `done_on` is the day on which the thing was finished, if it was; a progress of 完了 without
/// a day counts as finished in time.
pub fn deadline(due: Option<Date>, done_on: Option<Date>, progress: Option<Progress>, as_of: Date) -> Worked<Deadline> {
    let state = match (due, done_on, progress) {
        (_, _, Some(Progress::Cancelled)) => Deadline::Cancelled,
        (Some(due), Some(done), _) => Deadline::Done { late_days: days_between(due, done).max(0) },
        (None, Some(_), _) | (_, None, Some(Progress::Done)) => Deadline::Done { late_days: 0 },
        (None, None, _) => Deadline::None,
        (Some(due), None, _) => match days_between(as_of, due) {
            left if left < 0 => Deadline::Overdue { days: -left },
            left if left <= NEAR_DAYS => Deadline::Near { days_left: left },
            left => Deadline::Ahead { days_left: left },
        },
    };
    let due = due.map_or("期限なし".to_owned(), |due| format!("期限{due}"));
    let done = done_on.map_or(String::new(), |done| format!("、完了{done}"));
    Worked::by(state, "期限の日までは期限内、翌日から超過", format!("{due}{done}、基準日{as_of} → {}", state.label()))
}

/// The day by which the actual figures of a quarter are to be entered: 30 days after its end.
pub fn actual_due(quarter: FiscalQuarter) -> Date {
    quarter.last_day().saturating_add(ACTUAL_DAYS.days())
}

fn days_between(from: Date, to: Date) -> i32 {
    // A difference of two civil dates in days cannot fail, and fits: dates span 7.3 million days.
    from.until(to).map_or(0, |span| span.get_days())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn deadlines_stand_as_of_a_day() {
        let (due, as_of) = (Some(date(2021, 9, 30)), date(2021, 10, 1));
        let on = |day| deadline(due, None, None, day).value;
        for (state, expected) in [
            (on(date(2021, 9, 15)), Deadline::Ahead { days_left: 15 }),
            (on(date(2021, 9, 16)), Deadline::Near { days_left: 14 }),
            (on(date(2021, 9, 30)), Deadline::Near { days_left: 0 }),
            (on(as_of), Deadline::Overdue { days: 1 }),
            (deadline(due, Some(date(2021, 9, 30)), None, as_of).value, Deadline::Done { late_days: 0 }),
            (deadline(due, Some(date(2021, 10, 3)), None, as_of).value, Deadline::Done { late_days: 3 }),
            (deadline(due, None, Some(Progress::Done), as_of).value, Deadline::Done { late_days: 0 }),
            (deadline(due, None, Some(Progress::Cancelled), as_of).value, Deadline::Cancelled),
            (deadline(None, None, Some(Progress::Stalled), as_of).value, Deadline::None),
            (deadline(None, Some(as_of), None, as_of).value, Deadline::Done { late_days: 0 }),
        ] {
            assert_eq!(state, expected);
        }
        assert_eq!(deadline(due, None, None, date(2022, 9, 30)).value.label(), "365日超過");
    }

    #[test]
    fn actual_figures_are_due_thirty_days_after_the_quarter() {
        for (day, due) in [(date(2021, 6, 30), date(2021, 7, 30)), (date(2022, 1, 1), date(2022, 4, 30))] {
            assert_eq!(actual_due(FiscalQuarter::of(day)), due);
        }
    }
}
