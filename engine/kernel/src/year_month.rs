//! A month of a year (年月).

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

/// A month of a year, such as the month for which a fee is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct YearMonth {
    year: i16,
    month: i8,
}

/// The text is not `YYYY-MM`.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("年月の形が正しくありません。「2021-05」または「令和3年5月」のように入力してください。")]
pub struct InvalidYearMonth;

impl YearMonth {
    /// A month from 1 to 12 of a year from 1 to 9999.
    pub fn new(year: i16, month: i8) -> Result<Self, InvalidYearMonth> {
        if (1..=9999).contains(&year) && (1..=12).contains(&month) {
            Ok(Self { year, month })
        } else {
            Err(InvalidYearMonth)
        }
    }

    /// The month in which a date lies.
    pub fn of(date: Date) -> Self {
        Self { year: date.year(), month: date.month() }
    }

    /// The year of the common era.
    pub const fn year(self) -> i16 {
        self.year
    }

    /// The month, 1 to 12.
    pub const fn month(self) -> i8 {
        self.month
    }

    /// The first day of the month.
    pub fn first_day(self) -> Date {
        Date::new(self.year, self.month, 1).unwrap_or(Date::MIN)
    }
}

impl fmt::Display for YearMonth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl FromStr for YearMonth {
    type Err = InvalidYearMonth;
    fn from_str(text: &str) -> Result<Self, InvalidYearMonth> {
        let (year, month) = text.split_once('-').ok_or(InvalidYearMonth)?;
        if year.len() != 4 || month.len() != 2 || !text.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
            return Err(InvalidYearMonth);
        }
        Self::new(year.parse().map_err(|_| InvalidYearMonth)?, month.parse().map_err(|_| InvalidYearMonth)?)
    }
}
