//! The Japanese calendar eras (元号) and dates written with them (和暦).
//!
//! Law: 元号法 (1979) and the Cabinet orders that name each era; 明治五年太政官布告第三百三十七号, by which the solar
//! calendar began on 1 January 1873. Dates of Meiji before that day are lunar and are refused rather than guessed.
//! An era begins on its first day, so 30 July 1912 is 大正元年 and 25 December 1926 昭和元年.

mod parse;

use jiff::civil::{Date, date};

pub use self::parse::{DateError, parse_date, parse_year_month};
pub(crate) use self::parse::{normalised, number, split_era, western_year};
use crate::year_month::YearMonth;

/// An era from Meiji on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Era {
    /// 明治, from 1868 (convertible from 1 January 1873).
    Meiji,
    /// 大正, from 30 July 1912.
    Taisho,
    /// 昭和, from 25 December 1926.
    Showa,
    /// 平成, from 8 January 1989.
    Heisei,
    /// 令和, from 1 May 2019.
    Reiwa,
}

impl Era {
    /// Every era, the oldest first.
    pub const ALL: [Self; 5] = [Self::Meiji, Self::Taisho, Self::Showa, Self::Heisei, Self::Reiwa];

    /// The name, such as 令和.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Meiji => "明治",
            Self::Taisho => "大正",
            Self::Showa => "昭和",
            Self::Heisei => "平成",
            Self::Reiwa => "令和",
        }
    }

    /// The letter of the short form, such as `R`.
    pub const fn letter(self) -> char {
        match self {
            Self::Meiji => 'M',
            Self::Taisho => 'T',
            Self::Showa => 'S',
            Self::Heisei => 'H',
            Self::Reiwa => 'R',
        }
    }

    /// The first day that can be written with the era; for Meiji the first day of the solar calendar.
    pub const fn first_day(self) -> Date {
        match self {
            Self::Meiji => date(1873, 1, 1),
            Self::Taisho => date(1912, 7, 30),
            Self::Showa => date(1926, 12, 25),
            Self::Heisei => date(1989, 1, 8),
            Self::Reiwa => date(2019, 5, 1),
        }
    }

    /// The last day of the era; `None` while it lasts.
    pub const fn last_day(self) -> Option<Date> {
        match self {
            Self::Meiji => Some(date(1912, 7, 29)),
            Self::Taisho => Some(date(1926, 12, 24)),
            Self::Showa => Some(date(1989, 1, 7)),
            Self::Heisei => Some(date(2019, 4, 30)),
            Self::Reiwa => None,
        }
    }

    /// The era of a day; `None` before the solar calendar.
    pub fn of(day: Date) -> Option<Self> {
        Self::ALL.into_iter().rev().find(|era| era.first_day() <= day)
    }

    /// The year of the common era that is the era's first.
    pub const fn first_year(self) -> i16 {
        match self {
            Self::Meiji => 1868,
            Self::Taisho => 1912,
            Self::Showa => 1926,
            Self::Heisei => 1989,
            Self::Reiwa => 2019,
        }
    }

    /// The year of the era (元年 is 1) for a year of the common era.
    const fn year_of(self, year: i16) -> i16 {
        year - self.first_year() + 1
    }

    /// Whether any day from `first` to `last` lies in the era.
    pub(crate) fn overlaps(self, first: Date, last: Date) -> bool {
        self.first_day() <= last && self.last_day().is_none_or(|end| first <= end)
    }
}

/// The year as it is written for a day, such as 令和3年 or 令和元年; before 1873, 1850年.
pub fn long_year(day: Date) -> String {
    match Era::of(day).map(|era| (era.name(), era.year_of(day.year()))) {
        Some((name, 1)) => format!("{name}元年"),
        Some((name, year)) => format!("{name}{year}年"),
        None => format!("{}年", day.year()),
    }
}

/// The long form of a date: 令和3年5月17日, 令和元年5月1日; before 1873, 1850年5月17日.
pub fn long(day: Date) -> String {
    format!("{}{}月{}日", long_year(day), day.month(), day.day())
}

/// The short form of a date: R3.5.17; before 1873, 1850.5.17.
pub fn short(day: Date) -> String {
    format!("{}.{}.{}", short_year(day), day.month(), day.day())
}

/// The long form of a month: 令和3年5月. A month of two eras is named after the era of its 15th day.
pub fn long_month(month: YearMonth) -> String {
    format!("{}{}月", long_year(middle(month)), month.month())
}

/// The short form of a month: R3.5. A month of two eras is named after the era of its 15th day.
pub fn short_month(month: YearMonth) -> String {
    format!("{}.{}", short_year(middle(month)), month.month())
}

fn short_year(day: Date) -> String {
    match Era::of(day) {
        Some(era) => format!("{}{}", era.letter(), era.year_of(day.year())),
        None => day.year().to_string(),
    }
}

/// The day that decides the era of a month.
fn middle(month: YearMonth) -> Date {
    let first = month.first_day();
    first.with().day(15).build().unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eras_follow_one_another_without_a_gap() {
        for pair in Era::ALL.windows(2) {
            assert_eq!(pair[0].last_day().and_then(|day| day.tomorrow().ok()), Some(pair[1].first_day()));
        }
    }

    #[test]
    fn shows_dates() {
        for (day, long_form, short_form) in [
            (date(2021, 5, 17), "令和3年5月17日", "R3.5.17"),
            (date(2019, 5, 1), "令和元年5月1日", "R1.5.1"),
            (date(2019, 4, 30), "平成31年4月30日", "H31.4.30"),
            (date(1989, 1, 7), "昭和64年1月7日", "S64.1.7"),
            (date(1989, 1, 8), "平成元年1月8日", "H1.1.8"),
            (date(1926, 12, 25), "昭和元年12月25日", "S1.12.25"),
            (date(1912, 7, 29), "明治45年7月29日", "M45.7.29"),
            (date(1873, 1, 1), "明治6年1月1日", "M6.1.1"),
            (date(1872, 12, 31), "1872年12月31日", "1872.12.31"),
        ] {
            assert_eq!((long(day).as_str(), short(day).as_str()), (long_form, short_form));
        }
    }

    #[test]
    fn shows_months() {
        for (day, long_form, short_form) in [
            (date(2021, 5, 1), "令和3年5月", "R3.5"),
            (date(1989, 1, 1), "平成元年1月", "H1.1"),
            (date(1912, 7, 1), "明治45年7月", "M45.7"),
        ] {
            let month = YearMonth::of(day);
            assert_eq!((long_month(month).as_str(), short_month(month).as_str()), (long_form, short_form));
        }
    }
}
