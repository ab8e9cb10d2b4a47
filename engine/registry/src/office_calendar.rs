//! The city's calendar: the law's holidays and the city's own closed and open days together.

use jiff::civil::Date;
use kawasemi_kernel::calendar::{Calendar, YearlyClosure};

/// A day of the ledger of special days (市の休日の特例).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpecialDay {
    /// The day.
    pub day: Date,
    /// Whether the city hall is open although the rule would close it; closed otherwise.
    pub is_open: bool,
}

/// The calendar of a city: Saturdays, Sundays, national holidays, 29 December to 3 January, and its special days
/// (地方自治法第4条の2).
pub fn office_calendar(special: impl IntoIterator<Item = SpecialDay>) -> Calendar {
    let (open, closed): (Vec<SpecialDay>, Vec<SpecialDay>) = special.into_iter().partition(|special| special.is_open);
    Calendar::new([YearlyClosure::NEW_YEAR])
        .closed_on(closed.into_iter().map(|special| special.day))
        .open_on(open.into_iter().map(|special| special.day))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_citys_own_days_stand_above_the_rule() {
        let founding_day = SpecialDay { day: date(2021, 11, 1), is_open: false };
        let open_sunday = SpecialDay { day: date(2022, 3, 27), is_open: true };
        let calendar = office_calendar([founding_day, open_sunday]);
        let open = |year, month, day| calendar.is_business_day(date(year, month, day));
        assert!(!open(2021, 11, 1) && open(2021, 11, 2));
        assert!(open(2022, 3, 27) && !open(2022, 3, 20));
        assert!(!open(2021, 12, 29) && !open(2022, 1, 3) && open(2022, 1, 4));
    }
}
