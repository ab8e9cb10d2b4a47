//! Reading dates and months as people and files write them.

use jiff::civil::Date;

use super::{Era, long, long_month};
use crate::text::fold;
use crate::year_month::YearMonth;

/// The longest text that can be a date.
const MAX_CHARS: usize = 40;

/// Why a text is not a date or a month.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// The text has none of the known forms of a date.
    #[error("日付の形が正しくありません。「令和3年5月17日」「R3.5.17」「2021-05-17」のように入力してください。")]
    DateSyntax,
    /// The text has none of the known forms of a month.
    #[error("年月の形が正しくありません。「令和3年5月」「R3.5」「2021-05」のように入力してください。")]
    MonthSyntax,
    /// The calendar has no such day, as 30 February.
    #[error("「{0}」という日付は暦にありません。月と日を確かめてください。")]
    NotInCalendar(String),
    /// The day lies in another era than the one written.
    #[error("「{written}」は{right}にあたります。「{right}」と入力してください。")]
    OtherEra {
        /// What was written.
        written: String,
        /// The same day in its own era.
        right: String,
    },
    /// A date of Meiji before the solar calendar.
    #[error("明治5年以前の日付は旧暦のため変換できません。西暦（例：1872-12-31）で入力してください。")]
    LunarCalendar,
}

/// Reads a date: 令和3年5月17日, 令和元年5月1日, R3.5.17, R3/5/17, 2021年5月17日, 2021/5/17, 2021-05-17, 20210517,
/// each also in full width and with spaces.
pub fn parse_date(text: &str) -> Result<Date, DateError> {
    let written = normalised(text).ok_or(DateError::DateSyntax)?;
    let (era, rest) = split_era(&written);
    let [year, month, day] =
        parts(rest).or_else(|| compact(era, rest)).filter(|_| has_full_year(era, rest)).ok_or(DateError::DateSyntax)?;
    let written = || text.trim().to_owned();
    let western = western_year(era, year).ok_or(DateError::DateSyntax)?;
    let (month, day) = (i8::try_from(month), i8::try_from(day));
    let (Ok(month), Ok(day)) = (month, day) else { return Err(DateError::NotInCalendar(written())) };
    let date = Date::new(western, month, day).map_err(|_| DateError::NotInCalendar(written()))?;
    match (era, Era::of(date)) {
        (None, _) => Ok(date),
        (Some(_), None) => Err(DateError::LunarCalendar),
        (Some(typed), Some(right)) if typed == right => Ok(date),
        (Some(_), Some(_)) => Err(DateError::OtherEra { written: written(), right: long(date) }),
    }
}

/// Reads a month: 令和3年5月, R3.5, 2021年5月, 2021/5, 2021-05, 202105. A month of two eras may be written with either.
pub fn parse_year_month(text: &str) -> Result<YearMonth, DateError> {
    let written = normalised(text).ok_or(DateError::MonthSyntax)?;
    let (era, rest) = split_era(&written);
    let [year, month] = parts(rest)
        .or_else(|| compact(era, rest))
        .filter(|_| has_full_year(era, rest))
        .ok_or(DateError::MonthSyntax)?;
    let western = western_year(era, year).ok_or(DateError::MonthSyntax)?;
    let month = i8::try_from(month)
        .ok()
        .and_then(|month| YearMonth::new(western, month).ok())
        .ok_or_else(|| DateError::NotInCalendar(text.trim().to_owned()))?;
    let first = month.first_day();
    match era {
        None => Ok(month),
        Some(era) if era.overlaps(first, first.last_of_month()) => Ok(month),
        Some(_) if Era::of(first).is_none() => Err(DateError::LunarCalendar),
        Some(_) => Err(DateError::OtherEra { written: text.trim().to_owned(), right: long_month(month) }),
    }
}

/// The text folded and without spaces; `None` if it is too long to be a date.
pub(crate) fn normalised(text: &str) -> Option<String> {
    if text.chars().nth(MAX_CHARS).is_some() {
        return None;
    }
    Some(fold(text).chars().filter(|c| *c != ' ').collect())
}

/// Splits a folded text into its era and the rest: `令和3年` and `r3` into Reiwa and what follows.
pub(crate) fn split_era(folded: &str) -> (Option<Era>, &str) {
    for era in Era::ALL {
        let name = era.name();
        let letter = era.letter().to_ascii_lowercase();
        let first = name.chars().next().unwrap_or(letter);
        let rest = folded
            .strip_prefix(name)
            .or_else(|| folded.strip_prefix(first))
            .or_else(|| folded.strip_prefix(letter).map(|rest| rest.strip_prefix('.').unwrap_or(rest)));
        if let Some(rest) = rest {
            return (Some(era), rest);
        }
    }
    (None, folded.strip_prefix("西暦").unwrap_or(folded))
}

/// A number of one to four digits, or 元 (the first year).
pub(crate) fn number(text: &str) -> Option<i16> {
    match text {
        "元" => Some(1),
        _ if (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok(),
        _ => None,
    }
}

/// The year of the common era. `None` for a year 0.
pub(crate) fn western_year(era: Option<Era>, year: i16) -> Option<i16> {
    match era {
        _ if year == 0 => None,
        None => Some(year),
        Some(era) => Some(era.first_year() + year - 1),
    }
}

/// Without an era a year has four digits: 21/5/17 might be of any century.
fn has_full_year(era: Option<Era>, rest: &str) -> bool {
    era.is_some() || rest.chars().take_while(char::is_ascii_digit).count() >= 4
}

/// The numbers of `3年5月17日` or of `3.5.17` with one kind of separator throughout.
fn parts<const N: usize>(text: &str) -> Option<[i16; N]> {
    in_units(text).or_else(|| ['.', '/', '-'].into_iter().find_map(|mark| numbers(text.split(mark))))
}

fn in_units<const N: usize>(text: &str) -> Option<[i16; N]> {
    let mut rest = text;
    let mut found = Vec::with_capacity(N);
    for unit in ["年", "月", "日"].into_iter().take(N) {
        let (number, after) = rest.split_once(unit)?;
        found.push(number);
        rest = after;
    }
    if rest.is_empty() { numbers(found.into_iter()) } else { None }
}

fn numbers<'a, const N: usize>(texts: impl Iterator<Item = &'a str>) -> Option<[i16; N]> {
    let all: Vec<i16> = texts.map(number).collect::<Option<_>>()?;
    all.try_into().ok()
}

/// The numbers of `20210517` or `202105`: four digits of the year, two of each other part.
fn compact<const N: usize>(era: Option<Era>, text: &str) -> Option<[i16; N]> {
    if era.is_some() || text.len() != 2 * N + 2 || !text.is_ascii() {
        return None;
    }
    numbers((0..N).map(|part| if part == 0 { &text[..4] } else { &text[2 * part + 2..2 * part + 4] }))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::super::{short, short_month};
    use super::*;

    #[test]
    fn reads_the_forms_that_people_write() {
        for text in [
            "令和3年5月17日",
            "令和 3年 5月17日",
            "R3.5.17",
            "r3.5.17",
            "ｒ３．５．１７",
            "Ｒ３／５／１７",
            "R03-05-17",
            "R.3.5.17",
            "令3.5.17",
            "㋿3年5月17日",
            "2021年5月17日",
            "西暦2021年5月17日",
            "2021/5/17",
            "2021-05-17",
            "２０２１－０５－１７",
            "2021.5.17",
            "20210517",
            " 2021/05/17 ",
        ] {
            assert_eq!(parse_date(text), Ok(date(2021, 5, 17)), "{text}");
        }
        for (text, day) in [
            ("令和元年5月1日", date(2019, 5, 1)),
            ("R元.5.1", date(2019, 5, 1)),
            ("H3.4.1", date(1991, 4, 1)),
            ("昭和64年1月7日", date(1989, 1, 7)),
            ("大正15年12月24日", date(1926, 12, 24)),
            ("明治6年1月1日", date(1873, 1, 1)),
            ("1600/10/21", date(1600, 10, 21)),
        ] {
            assert_eq!(parse_date(text), Ok(day), "{text}");
        }
    }

    #[test]
    fn names_the_right_era() {
        for (text, right) in [
            ("平成31年5月1日", "令和元年5月1日"),
            ("令和元年4月30日", "平成31年4月30日"),
            ("S64.1.8", "平成元年1月8日"),
            ("昭和100年1月1日", "令和7年1月1日"),
        ] {
            let error = parse_date(text).expect_err(text);
            assert_eq!(error.to_string(), format!("「{text}」は{right}にあたります。「{right}」と入力してください。"));
        }
    }

    #[test]
    fn refuses_what_is_no_date() {
        for text in [
            "",
            "令和",
            "令和3年",
            "令和3年5月",
            "令和0年1月1日",
            "21/5/17",
            "2021/5-17",
            "2021/5/17/1",
            "5月17日",
            "令和3年5月17日頃",
            "R3517",
            "2021517",
            "元/5/17",
            "令和-3年5月17日",
            "12345/1/1",
            &"1".repeat(50_000),
        ] {
            assert_eq!(parse_date(text), Err(DateError::DateSyntax), "{text}");
        }
        for text in ["2021/2/29", "令和3年13月1日", "2021-00-10", "R3.5.200", "令和9999年1月1日"] {
            assert!(matches!(parse_date(text), Err(DateError::NotInCalendar(_))), "{text}");
        }
        assert_eq!(parse_date("明治5年12月2日"), Err(DateError::LunarCalendar));
    }

    #[test]
    fn reads_months() {
        for (text, year, month) in [
            ("令和3年5月", 2021, 5),
            ("R3.5", 2021, 5),
            ("2021/5", 2021, 5),
            ("2021-05", 2021, 5),
            ("202105", 2021, 5),
            ("令和元年5月", 2019, 5),
            ("昭和64年1月", 1989, 1),
            ("平成元年1月", 1989, 1),
            ("平成31年4月", 2019, 4),
        ] {
            assert_eq!(parse_year_month(text).map(|m| (m.year(), m.month())), Ok((year, month)), "{text}");
        }
        assert!(
            matches!(parse_year_month("平成31年5月"), Err(DateError::OtherEra { right, .. }) if right == "令和元年5月")
        );
        assert_eq!(parse_year_month("明治5年12月"), Err(DateError::LunarCalendar));
        assert!(matches!(parse_year_month("2021-13"), Err(DateError::NotInCalendar(_))));
        for text in ["", "2021", "5月", "2021-05-17", "20210517"] {
            assert_eq!(parse_year_month(text), Err(DateError::MonthSyntax), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_can_be_read(year in 1873_i16..=9998, month in 1_i8..=12, day in 1_i8..=28) {
            let day = date(year, month, day);
            for text in [long(day), short(day), day.to_string()] {
                prop_assert_eq!(parse_date(&text), Ok(day), "{}", text);
            }
            let month = YearMonth::of(day);
            for text in [long_month(month), short_month(month), month.to_string()] {
                prop_assert_eq!(parse_year_month(&text), Ok(month), "{}", text);
            }
        }

        #[test]
        fn any_text_is_answered(text in "[令和平成元年月日RH0-9./ -]{0,14}") {
            let _ = (parse_date(&text), parse_year_month(&text));
        }
    }
}
