//! The fiscal year (会計年度), from 1 April to 31 March, and its quarters.
//!
//! Law: 地方自治法第208条. A fiscal year is named after the year in which it begins; in 和暦 after the era of that year's
//! end, so that the year from April 2019 is 令和元年度. 平成31年度, the name used in its budget, is understood too.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};

use crate::era::{long_year, normalised, number, split_era, western_year};

/// A fiscal year (年度), named by the common-era year in which it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i32", into = "i32")]
pub struct FiscalYear(i16);

/// A quarter of a fiscal year (四半期); the first begins in April.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FiscalQuarter {
    year: FiscalYear,
    number: i8,
}

/// Why something is not a fiscal year.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FiscalYearError {
    /// The text has none of the known forms.
    #[error("年度の形が正しくありません。「令和3年度」「R3」「2021」のように入力してください。")]
    Syntax,
    /// The year is not between 1 and 9998.
    #[error("年度は1から9998までの西暦で入力してください。")]
    OutOfRange,
    /// The era does not reach into the fiscal year.
    #[error("「{written}」は{right}にあたります。「{right}」と入力してください。")]
    OtherEra {
        /// What was written.
        written: String,
        /// The same fiscal year in its own era.
        right: String,
    },
}

impl FiscalYear {
    /// The fiscal year that begins in a year of the common era, from 1 to 9998.
    pub fn new(year: i32) -> Result<Self, FiscalYearError> {
        i16::try_from(year).ok().filter(|year| (1..=9998).contains(year)).map(Self).ok_or(FiscalYearError::OutOfRange)
    }

    /// The fiscal year of a day.
    pub fn of(day: Date) -> Self {
        let year = if day.month() >= 4 { day.year() } else { day.year() - 1 };
        Self(year.clamp(1, 9998))
    }

    /// The year of the common era in which it begins: the number that is stored.
    pub const fn year(self) -> i32 {
        self.0 as i32
    }

    /// 1 April.
    pub const fn first_day(self) -> Date {
        date(self.0, 4, 1)
    }

    /// 31 March of the year after.
    pub const fn last_day(self) -> Date {
        date(self.0 + 1, 3, 31)
    }

    /// Whether a day lies in it.
    pub fn contains(self, day: Date) -> bool {
        self.first_day() <= day && day <= self.last_day()
    }

    /// The fiscal year after this one; the last possible one stays.
    pub const fn next(self) -> Self {
        Self(if self.0 < 9998 { self.0 + 1 } else { self.0 })
    }

    /// The fiscal year before this one; the first possible one stays.
    pub const fn previous(self) -> Self {
        Self(if self.0 > 1 { self.0 - 1 } else { self.0 })
    }

    /// The name in 和暦: 令和3年度, 令和元年度; before 1873, 1850年度.
    pub fn label(self) -> String {
        format!("{}度", long_year(date(self.0, 12, 31)))
    }

    /// Its four quarters in order.
    pub fn quarters(self) -> [FiscalQuarter; 4] {
        [1, 2, 3, 4].map(|number| FiscalQuarter { year: self, number })
    }
}

impl FiscalQuarter {
    /// The quarter of a day.
    pub fn of(day: Date) -> Self {
        Self { year: FiscalYear::of(day), number: (day.month() + 8) % 12 / 3 + 1 }
    }

    /// The fiscal year.
    pub const fn year(self) -> FiscalYear {
        self.year
    }

    /// 1 (April to June) to 4 (January to March).
    pub const fn number(self) -> i8 {
        self.number
    }

    /// The first day: 1 April, 1 July, 1 October or 1 January.
    pub const fn first_day(self) -> Date {
        match self.number {
            4 => date(self.year.0 + 1, 1, 1),
            number => date(self.year.0, 3 * number + 1, 1),
        }
    }

    /// The last day: 30 June, 30 September, 31 December or 31 March.
    pub const fn last_day(self) -> Date {
        match self.number {
            1 => date(self.year.0, 6, 30),
            2 => date(self.year.0, 9, 30),
            3 => date(self.year.0, 12, 31),
            _ => date(self.year.0 + 1, 3, 31),
        }
    }

    /// 令和3年度第1四半期.
    pub fn label(self) -> String {
        format!("{}第{}四半期", self.year.label(), self.number)
    }
}

impl FromStr for FiscalYear {
    type Err = FiscalYearError;

    /// Reads 令和3年度, 令和元年度, 令和3, R3, 2021年度 and 2021, also in full width.
    fn from_str(text: &str) -> Result<Self, FiscalYearError> {
        let written = normalised(text).ok_or(FiscalYearError::Syntax)?;
        let (era, rest) = split_era(&written);
        let digits = rest.strip_suffix("年度").or_else(|| rest.strip_suffix('年')).unwrap_or(rest);
        let typed = number(digits).filter(|_| era.is_some() || digits.len() == 4).ok_or(FiscalYearError::Syntax)?;
        let year = Self::new(i32::from(western_year(era, typed).ok_or(FiscalYearError::Syntax)?))?;
        match era {
            Some(era) if !era.overlaps(year.first_day(), year.last_day()) => {
                Err(FiscalYearError::OtherEra { written: text.trim().to_owned(), right: year.label() })
            }
            _ => Ok(year),
        }
    }
}

impl fmt::Display for FiscalYear {
    /// The stored form: 2021.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<i32> for FiscalYear {
    type Error = FiscalYearError;
    fn try_from(year: i32) -> Result<Self, FiscalYearError> {
        Self::new(year)
    }
}

impl From<FiscalYear> for i32 {
    fn from(year: FiscalYear) -> Self {
        year.year()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_the_forms_that_people_write() {
        for (text, year) in [
            ("令和3年度", 2021),
            ("令和３年度", 2021),
            ("R3", 2021),
            ("r3年度", 2021),
            ("2021", 2021),
            ("２０２１年度", 2021),
            ("令和元年度", 2019),
            ("平成31年度", 2019),
            ("平成30", 2018),
            ("大正15年度", 1926),
            ("昭和63年度", 1988),
            ("平成元年度", 1989),
        ] {
            assert_eq!(text.parse::<FiscalYear>().map(FiscalYear::year), Ok(year), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_none() {
        for text in ["", "令和", "21", "年度", "令和3年度末", "令和0年度", "20210", "R3.5"] {
            assert_eq!(text.parse::<FiscalYear>(), Err(FiscalYearError::Syntax), "{text}");
        }
        assert_eq!("9999".parse::<FiscalYear>(), Err(FiscalYearError::OutOfRange));
        assert!(
            matches!("昭和64年度".parse::<FiscalYear>(), Err(FiscalYearError::OtherEra { right, .. }) if right == "平成元年度")
        );
    }

    #[test]
    fn begins_in_april() {
        for (day, year, quarter) in [
            (date(2021, 3, 31), 2020, 4),
            (date(2021, 4, 1), 2021, 1),
            (date(2021, 6, 30), 2021, 1),
            (date(2021, 7, 1), 2021, 2),
            (date(2021, 12, 31), 2021, 3),
            (date(2022, 1, 1), 2021, 4),
        ] {
            assert_eq!((FiscalYear::of(day).year(), FiscalQuarter::of(day).number()), (year, quarter), "{day}");
        }
        assert_eq!(FiscalYear::of(date(2019, 4, 1)).label(), "令和元年度");
        assert_eq!(FiscalQuarter::of(date(2021, 5, 17)).label(), "令和3年度第1四半期");
    }

    proptest! {
        #[test]
        fn a_day_lies_in_its_year_and_quarter(year in 2_i16..=9998, month in 1_i8..=12, day in 1_i8..=28) {
            let day = date(year, month, day);
            let (fiscal, quarter) = (FiscalYear::of(day), FiscalQuarter::of(day));
            prop_assert!(fiscal.contains(day) && !fiscal.next().contains(day) && !fiscal.previous().contains(day));
            prop_assert!(quarter.first_day() <= day && day <= quarter.last_day());
            prop_assert!(fiscal.quarters().contains(&quarter));
            prop_assert_eq!(fiscal.to_string().parse::<FiscalYear>().is_ok(), fiscal.year() >= 1000);
        }

        #[test]
        fn its_label_can_be_read(year in 1873_i32..=9998) {
            let fiscal = FiscalYear::new(year).expect("in range");
            prop_assert_eq!(fiscal.label().parse::<FiscalYear>(), Ok(fiscal));
        }
    }
}
