//! Page headings: the title with its fiscal year, and the date of the paper.

use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization;

use crate::kernel::era::Era;
use crate::kernel::fiscal::FiscalYear;

/// The fiscal year that a text names: 令和3年度, R4年度, 2022年度, 令和5（2023）年度, or, without 年度, `R4 …` and `2022年 …`.
///
/// The kernel reads a fiscal year that fills a field; here it is found within a heading.
pub(super) fn fiscal_year(text: &str) -> Option<FiscalYear> {
    let chars = compact(text);
    let years = (0..chars.len()).filter_map(|at| year_at(&chars, at));
    let mut loose = None;
    for year in years {
        let after = &chars[skip_parenthesis(&chars, year.end)..];
        if after.starts_with(&['年', '度']) || after.starts_with(&['年', '間', '度']) {
            return FiscalYear::new(year.calendar).ok();
        }
        loose = loose.or(year.is_certain.then_some(year.calendar));
    }
    loose.and_then(|year| FiscalYear::new(year).ok())
}

/// The date that a text names: 令和3年5月17日, R3.5.17, 2021/5/17 or 2021-05-17. `is_complete` says that the text goes on to
/// its own end, so that the day of `2021/5/1` is not half of a 17.
pub(super) fn date(text: &str, is_complete: bool) -> Option<Date> {
    let chars = compact(text);
    (0..chars.len()).find_map(|at| date_at(&chars, at, is_complete))
}

/// Whether a text is about the date of the paper and nothing else: `作成日: 令和3年5月17日`, `令和3年5月17日現在`.
pub(super) fn is_date_line(text: &str) -> bool {
    const WORDS: [&str; 9] = ["作成年月日", "作成日", "作成", "更新日", "改定日", "改訂日", "修正日", "日付", "現在"];
    let line = compact(text).into_iter().collect::<String>();
    if line.split_once(':').is_some_and(|(label, _)| WORDS.contains(&label)) {
        return true;
    }
    let line = line.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let stripped = WORDS.iter().fold(line.clone(), |rest, word| rest.replace(word, ""));
    let has_word = stripped.len() < line.len();
    let is_short = stripped.chars().count() <= 12;
    let looks_like_date =
        stripped.chars().all(|c| c.is_ascii_digit() || "令和平成昭元年月日度RHSrhs一二三四五六七八九十〇".contains(c));
    is_short && looks_like_date && (has_word || date(text, true).is_some())
}

/// Whether a text is a page number or nothing but rules and dots.
pub(super) fn is_page_furniture(text: &str) -> bool {
    let words = compact(text).into_iter().collect::<String>().to_lowercase();
    let bare = words.replace("ページ", "").replace("page", "").replace("頁", "").replace('p', "");
    let digits = bare.chars().filter(char::is_ascii_digit).count();
    digits <= 6 && bare.chars().all(|c| c.is_ascii_digit() || !c.is_alphanumeric())
}

/// A year in a text.
struct Year {
    /// As a calendar year.
    calendar: i32,
    /// The place after its number.
    end: usize,
    /// Whether it can be nothing but a year even without 年度.
    is_certain: bool,
}

fn year_at(chars: &[char], at: usize) -> Option<Year> {
    let is_inside_word = at > 0 && (chars[at - 1].is_ascii_alphanumeric());
    for era in Era::ALL {
        let is_short = !is_inside_word && chars.get(at).is_some_and(|c| c.eq_ignore_ascii_case(&era.letter()));
        let length = if starts_with(&chars[at..], era.name()) { 2 } else { 1 };
        if length == 2 || is_short {
            let (number, end) = era_number(chars, at + length)?;
            return Some(Year { calendar: i32::from(era.first_year()) + number - 1, end, is_certain: true });
        }
    }
    if is_inside_word {
        return None;
    }
    let (number, end) = digits(chars, at)?;
    (end - at == 4 && (1926..2200).contains(&number)).then(|| Year {
        calendar: number,
        end,
        is_certain: chars.get(end) == Some(&'年') && chars.get(end + 1).is_none_or(|next| !next.is_ascii_digit()),
    })
}

/// The number of a year of an era: 元, digits or kanji numerals, from 1 to 64.
fn era_number(chars: &[char], at: usize) -> Option<(i32, usize)> {
    let (number, end) = if chars.get(at) == Some(&'元') {
        (1, at + 1)
    } else {
        digits(chars, at).or_else(|| kanji_number(chars, at))?
    };
    (1..=64).contains(&number).then_some((number, end))
}

fn digits(chars: &[char], at: usize) -> Option<(i32, usize)> {
    let length = chars.get(at..)?.iter().take_while(|c| c.is_ascii_digit()).count();
    let number = chars[at..at + length].iter().collect::<String>().parse().ok()?;
    Some((number, at + length))
}

/// Kanji numerals up to 99: 三, 十, 十二, 三十一.
fn kanji_number(chars: &[char], at: usize) -> Option<(i32, usize)> {
    let numeral = |c: &char| "〇一二三四五六七八九".chars().position(|n| n == *c).and_then(|n| i32::try_from(n).ok());
    let (mut number, mut end, mut seen_ten) = (0, at, false);
    while let Some(c) = chars.get(end).filter(|_| end < at + 3) {
        match numeral(c) {
            Some(n) => number += n,
            None if *c == '十' && !seen_ten => {
                number = if end == at { 10 } else { number * 10 };
                seen_ten = true;
            }
            None => break,
        }
        end += 1;
    }
    (end > at).then_some((number, end))
}

fn date_at(chars: &[char], at: usize, is_complete: bool) -> Option<Date> {
    let year = year_at(chars, at)?;
    let (month, month_end) = part_after(chars, skip_parenthesis(chars, year.end), '年')?;
    let (day, day_end) = part_after(chars, month_end, '月')?;
    if !is_complete && chars.get(day_end) != Some(&'日') {
        return None;
    }
    Date::new(i16::try_from(year.calendar).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// The number after a kanji unit or one of the marks `.`, `/`, `-`.
fn part_after(chars: &[char], at: usize, unit: char) -> Option<(i32, usize)> {
    let mark = *chars.get(at)?;
    if mark != unit && !matches!(mark, '.' | '/' | '-') {
        return None;
    }
    digits(chars, at + 1).or_else(|| kanji_number(chars, at + 1))
}

/// The place after a short parenthesis, as in 令和5(2023)年度.
fn skip_parenthesis(chars: &[char], at: usize) -> usize {
    if chars.get(at) != Some(&'(') {
        return at;
    }
    let close = chars[at..].iter().take(10).position(|c| *c == ')');
    close.map_or(at, |length| at + length + 1)
}

fn compact(text: &str) -> Vec<char> {
    text.nfkc().filter(|c| !c.is_whitespace()).take(300).collect()
}

fn starts_with(chars: &[char], word: &str) -> bool {
    word.chars().enumerate().all(|(index, c)| chars.get(index) == Some(&c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fiscal_years_are_read_in_every_way_of_writing() {
        for (text, year) in [
            ("令和3年度部局運営方針の概要(運営に係る基本的考え方)", Some(2021)),
            ("令和 ４ 年度　部局運営方針", Some(2022)),
            ("令和元年度 部局運営方針", Some(2019)),
            ("令和十二年度", Some(2030)),
            ("平成31年度", Some(2019)),
            ("R4 部局運営方針", Some(2022)),
            ("R4年度部局運営方針", Some(2022)),
            ("部局運営方針（2022年度）", Some(2022)),
            ("令和5(2023)年度部局運営方針", Some(2023)),
            ("2022年 部局運営方針", Some(2022)),
            ("部局運営方針", None),
            ("ER4 の方針", None),
            ("総合計画2030", None),
            ("令和99年度", None),
        ] {
            assert_eq!(fiscal_year(text).map(FiscalYear::year), year, "{text}");
        }
    }

    #[test]
    fn dates_are_read_and_half_dates_are_not() {
        let date_of = |text| date(text, true).map(|date| date.to_string());
        for (text, expected) in [
            ("作成日: 令和3年5月17日", Some("2021-05-17")),
            ("作成日：Ｒ３．５．１７", Some("2021-05-17")),
            ("2021/5/17 作成", Some("2021-05-17")),
            ("2022-04-01", Some("2022-04-01")),
            ("令和四年十二月一日", Some("2022-12-01")),
            ("令和3年13月1日", None),
            ("作成日:", None),
        ] {
            assert_eq!(date_of(text).as_deref(), expected, "{text}");
        }
        assert_eq!(date("作成日: 令和3年5月1", false), None);
        assert_eq!(date("2021/5/1", false), None);
    }

    #[test]
    fn lines_beside_the_table_are_told_apart() {
        for text in ["作成日: 令和3年5月17日", "令和3年5月17日現在", "作成日：未定", "2021/5/17"] {
            assert!(is_date_line(text), "{text}");
        }
        for text in ["令和3年度部局運営方針", "作成日程の調整", "防災計画"] {
            assert!(!is_date_line(text), "{text}");
        }
        for text in ["- 3 -", "3/13", "3 ページ", "P.3", "――――", "……"] {
            assert!(is_page_furniture(text), "{text}");
        }
        assert!(!is_page_furniture("第3期"));
    }
}
