//! From the texts of a record to the cells of a row, and from the values of a record to texts.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use jiff::civil::Date;
use kawasemi_kernel::era::{Era, parse_date};
use kawasemi_ledger::field::Cell;
use kawasemi_ledger::import::FedAct;

use crate::layout::{Conversion, Layout, Place, Use};
use crate::read::RawRow;

/// The file's date, in what a layout sets.
const FILE_DATE: &str = "@file-date";
/// The present day, in what a layout sets.
const TODAY: &str = "@today";
/// Years that are taken for those of a date: others come from fields that have moved.
const YEARS: std::ops::RangeInclusive<i16> = 1800..=2999;
const OUT_OF_RANGE: &str = "年が範囲の外です。項目の位置がずれていないか確かめてください。";
const UNREADABLE: &str = "読み取れない文字があります。文字コードか、項目の位置がずれています。";

/// The days that a layout may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    /// The date of the file; the present day where it says none.
    pub file: Date,
    /// The present day.
    pub today: Date,
}

impl Days {
    /// A text of a layout with the days that it names filled in.
    pub fn fill(&self, text: &str) -> String {
        match text {
            FILE_DATE => self.file.to_string(),
            TODAY => self.today.to_string(),
            text => text.to_owned(),
        }
    }
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RowProblem {
    /// The name of the other system's field; empty for the whole record.
    pub field: String,
    /// Its text, shortened.
    pub value: String,
    /// What is wrong.
    pub reason: String,
}

/// A row of data, ready for the ledger as far as it is good.
#[derive(Clone, Debug, PartialEq)]
pub struct Converted {
    /// The cells, in the order of [`Layout::targets`].
    pub cells: Vec<Cell>,
    /// What it asks for; [`FedAct::Bad`] where there are problems.
    pub act: FedAct,
    /// The hash of its key; none where the key is empty or itself wrong.
    pub key: Option<u64>,
    /// What is wrong with it.
    pub problems: Vec<RowProblem>,
}

/// Reads a row of data.
pub fn row(layout: &Layout, raw: &RawRow, days: Days) -> Converted {
    let targets = layout.targets();
    let mut texts = vec![String::new(); targets.len()];
    let (mut problems, mut act, mut mistaken) = (Vec::new(), FedAct::Put, Vec::new());
    if let Some(fault) = &raw.fault {
        problems.push(RowProblem { field: String::new(), value: String::new(), reason: fault.message.clone() });
    }
    for (place, text) in layout.data().places.iter().zip(&raw.values) {
        let position = targets.iter().position(|target| *target == place.raw.to).filter(|_| !place.raw.to.is_empty());
        match text_of(place, text) {
            Ok(value) => {
                if place.raw.used == Use::Change {
                    match change(layout, &value) {
                        Some(found) => act = found,
                        None => problems.push(problem(place, text, "異動区分が連携レイアウトにありません。")),
                    }
                }
                if let Some(position) = position {
                    texts[position].push_str(&value);
                }
            }
            Err(reason) => {
                mistaken.push(place.raw.to.as_str());
                problems.push(problem(place, text, reason));
            }
        }
    }
    for (key, text) in &layout.raw.set {
        if let Some(position) = targets.iter().position(|target| target == key) {
            texts[position] = days.fill(text);
        }
    }
    let key =
        key(layout, &targets, &texts).filter(|_| !layout.raw.find.iter().any(|key| mistaken.contains(&key.as_str())));
    if key.is_none() && problems.is_empty() {
        let reason = "記録を見つけるキーが空です。".to_owned();
        problems.push(RowProblem { field: layout.raw.find.join("・"), value: String::new(), reason });
    }
    let act = if problems.is_empty() { act } else { FedAct::Bad };
    let cells = texts.into_iter().map(|text| if text.is_empty() { Cell::Empty } else { Cell::Text(text) }).collect();
    Converted { cells, act, key, problems }
}

/// The hash of a row's key: eight bytes for each record of a file, whatever its length.
fn key(layout: &Layout, targets: &[&str], texts: &[String]) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    for key in &layout.raw.find {
        let text = &texts[targets.iter().position(|target| target == key)?];
        if text.is_empty() {
            return None;
        }
        text.hash(&mut hasher);
    }
    Some(hasher.finish())
}

fn change(layout: &Layout, code: &str) -> Option<FedAct> {
    let change = layout.raw.change.as_ref()?;
    let is = |codes: &[String]| codes.iter().any(|known| known == code);
    match () {
        () if is(&change.add) => Some(FedAct::Add),
        () if is(&change.change) => Some(FedAct::Change),
        () if is(&change.close) => Some(FedAct::Close),
        () => None,
    }
}

fn problem(place: &Place, text: &str, reason: impl Into<String>) -> RowProblem {
    let value = text.trim().chars().take(60).collect();
    RowProblem { field: place.raw.name.clone(), value, reason: reason.into() }
}

/// What a text of the file stands for, as the ledger reads it; empty for nothing.
///
/// # Errors
/// What is wrong with it.
pub fn text_of(place: &Place, text: &str) -> Result<String, String> {
    if text.contains('\u{FFFD}') {
        return Err(UNREADABLE.to_owned());
    }
    let text = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\0' | '\u{1A}'));
    let is_empty = text.is_empty() || place.raw.empty.iter().any(|empty| empty == text);
    if is_empty {
        return if place.raw.required { Err("空です。".to_owned()) } else { Ok(String::new()) };
    }
    let value = match place.raw.r#type {
        Conversion::Text => text.to_owned(),
        Conversion::Number => number(text, place.raw.decimals)?,
        Conversion::Date => date(text)?.map_or_else(String::new, |day| day.to_string()),
        Conversion::EraDate => era_date(text)?.map_or_else(String::new, |day| day.to_string()),
        Conversion::YearMonth => year_month(text)?,
    };
    if value.is_empty() && place.raw.required {
        return Err("空です。".to_owned());
    }
    if place.raw.map.is_empty() {
        return Ok(value);
    }
    let found = place.raw.map.get(&value).or_else(|| place.raw.map.get(text)).cloned();
    found.ok_or_else(|| "このコードは連携レイアウトにありません。".to_owned())
}

/// A number with leading zeros, an own sign (also behind it) and an implied decimal point.
fn number(text: &str, decimals: u8) -> Result<String, String> {
    let wrong = || "数字ではありません。".to_owned();
    let text: String = text.chars().filter(|c| *c != ',').map(half).collect();
    let (sign, digits) = match (text.strip_prefix(['-', '+']), text.strip_suffix(['-', '+'])) {
        (Some(digits), _) => (text.starts_with('-'), digits),
        (None, Some(digits)) => (text.ends_with('-'), digits),
        (None, None) => (false, text.as_str()),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole.to_owned(), fraction.to_owned()),
        None => {
            let padded = format!("{digits:0>width$}", width = usize::from(decimals) + 1);
            let (whole, fraction) = padded.split_at(padded.len() - usize::from(decimals));
            (whole.to_owned(), fraction.to_owned())
        }
    };
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if digits.is_empty() || whole.is_empty() || !all_digits(&whole) || !all_digits(&fraction) || !digits.is_ascii() {
        return Err(wrong());
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if fraction.is_empty() { "" } else { "." };
    Ok(format!("{}{whole}{point}{fraction}", if sign { "-" } else { "" }))
}

/// A full-width digit or sign in half width.
fn half(c: char) -> char {
    match c {
        '０'..='９' | '－' | '＋' | '．' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        c => c,
    }
}

fn digits(text: &str) -> String {
    text.chars().map(half).filter(|c| !matches!(c, '-' | '/' | '.')).collect()
}

fn civil(year: i16, month: &str, day: &str) -> Result<Date, String> {
    let part = |text: &str| text.parse::<i8>().map_err(|_| "日付ではありません。".to_owned());
    Date::new(year, part(month)?, part(day)?).map_err(|_| "この日付はありません。".to_owned())
}

fn date(text: &str) -> Result<Option<Date>, String> {
    let packed = digits(text);
    if is_zeros(&packed) {
        return Ok(None);
    }
    if packed.len() != 8 || !packed.bytes().all(|byte| byte.is_ascii_digit()) {
        return written(text, "日付（年4桁・月2桁・日2桁、または 2026/4/1 の形）ではありません。").map(Some);
    }
    let year: i16 = packed[..4].parse().map_err(|_| "日付ではありません。".to_owned())?;
    if !YEARS.contains(&year) {
        return Err(OUT_OF_RANGE.to_owned());
    }
    civil(year, &packed[4..6], &packed[6..8]).map(Some)
}

fn is_zeros(packed: &str) -> bool {
    packed.bytes().all(|byte| byte == b'0')
}

/// A date as people and spreadsheets write it: `R8.4.1`, `昭和64年1月7日`, `2026/4/1`. Digits alone are none: of those each
/// kind of field has its own count.
fn written(text: &str, wrong: &str) -> Result<Date, String> {
    if text.chars().map(half).all(|c| c.is_ascii_digit()) {
        return Err(wrong.to_owned());
    }
    let day = parse_date(text).map_err(|_| wrong.to_owned())?;
    if YEARS.contains(&day.year()) { Ok(day) } else { Err(OUT_OF_RANGE.to_owned()) }
}

fn era_date(text: &str) -> Result<Option<Date>, String> {
    const WRONG: &str = "和暦の日付（元号1桁・年2桁・月2桁・日2桁、または R8.4.1 の形）ではありません。";
    let packed = digits(text);
    if is_zeros(&packed) {
        return Ok(None);
    }
    let is_packed = packed.len() == 7 && packed.is_ascii() && packed[1..].bytes().all(|byte| byte.is_ascii_digit());
    let era = match packed.get(..1).filter(|_| is_packed) {
        None => return written(text, WRONG).map(Some),
        Some("1" | "M" | "m") => Era::Meiji,
        Some("2" | "T" | "t") => Era::Taisho,
        Some("3" | "S" | "s") => Era::Showa,
        Some("4" | "H" | "h") => Era::Heisei,
        Some("5" | "R" | "r") => Era::Reiwa,
        Some(_) => return written(text, WRONG).map(Some),
    };
    let year: i16 = packed[1..3].parse().map_err(|_| WRONG.to_owned())?;
    if year == 0 {
        return Err(WRONG.to_owned());
    }
    let day = civil(era.first_year() + year - 1, &packed[3..5], &packed[5..7])?;
    if day < era.first_day() || era.last_day().is_some_and(|last| day > last) {
        return Err(format!("{}のうちにない日付です。", era.name()));
    }
    Ok(Some(day))
}

fn year_month(text: &str) -> Result<String, String> {
    let text = digits(text);
    if text.bytes().all(|byte| byte == b'0') {
        return Ok(String::new());
    }
    let is_month =
        text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit()) && ("01"..="12").contains(&&text[4..6]);
    if is_month {
        Ok(format!("{}-{}", &text[..4], &text[4..6]))
    } else {
        Err("年月（年4桁・月2桁）ではありません。".to_owned())
    }
}

/// The text of a value for a file that is given out: the other way round. `value` is as the ledger writes it.
///
/// # Errors
/// What can't be written so.
pub fn text_for(place: &Place, value: &str) -> Result<String, String> {
    if !place.raw.map.is_empty() {
        if value.is_empty() {
            return Ok(String::new());
        }
        let found = place.raw.map.iter().find(|(_, meant)| *meant == value).map(|(code, _)| code.clone());
        return found.ok_or_else(|| format!("「{value}」に当たるコードが連携レイアウトにありません。"));
    }
    if value.is_empty() {
        return Ok(String::new());
    }
    match place.raw.r#type {
        Conversion::Text => Ok(value.to_owned()),
        Conversion::Number => implied(value, place.raw.decimals),
        Conversion::Date | Conversion::YearMonth => Ok(value.replace('-', "")),
        Conversion::EraDate => {
            let day: Date = value.parse().map_err(|_| "日付ではありません。".to_owned())?;
            let era = Era::of(day).ok_or("明治より前の日付です。")?;
            let number = 1 + Era::ALL.iter().position(|known| *known == era).unwrap_or(0);
            let year = day.year() - era.first_year() + 1;
            Ok(format!("{number}{year:02}{:02}{:02}", day.month(), day.day()))
        }
    }
}

/// A number without its decimal point.
fn implied(value: &str, decimals: u8) -> Result<String, String> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    let width = usize::from(decimals);
    let (kept, lost) = fraction.split_at(fraction.len().min(width));
    if lost.bytes().any(|byte| byte != b'0') {
        return Err(format!("小数点以下{decimals}桁に収まりません。"));
    }
    Ok(format!("{whole}{kept:0<width$}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::RawPlace;

    fn place(r#type: Conversion, decimals: u8) -> Place {
        let raw = RawPlace { r#type, decimals, ..RawPlace::default() };
        Place { raw, start: 0, length: 0, column: 0 }
    }

    #[test]
    fn reads_what_hosts_write() {
        for (kind, decimals, text, expected) in [
            (Conversion::Date, 0, "20260401", "2026-04-01"),
            (Conversion::Date, 0, "2026/04/01", "2026-04-01"),
            (Conversion::Date, 0, "2026/4/1", "2026-04-01"),
            (Conversion::Date, 0, "R8.4.1", "2026-04-01"),
            (Conversion::Date, 0, "00000000", ""),
            (Conversion::EraDate, 0, "R8.4.1", "2026-04-01"),
            (Conversion::EraDate, 0, "Ｈ３．４．１", "1991-04-01"),
            (Conversion::EraDate, 0, "昭和64年1月7日", "1989-01-07"),
            (Conversion::EraDate, 0, "令和元年５月１日", "2019-05-01"),
            (Conversion::EraDate, 0, "H31.4.30", "2019-04-30"),
            (Conversion::EraDate, 0, "1991/4/1", "1991-04-01"),
            (Conversion::EraDate, 0, "3640107", "1989-01-07"),
            (Conversion::EraDate, 0, "4010108", "1989-01-08"),
            (Conversion::EraDate, 0, "5080401", "2026-04-01"),
            (Conversion::EraDate, 0, "S640107", "1989-01-07"),
            (Conversion::Number, 0, "000012", "12"),
            (Conversion::Number, 2, "000012345", "123.45"),
            (Conversion::Number, 2, "5", "0.05"),
            (Conversion::Number, 0, "0120-", "-120"),
            (Conversion::Number, 0, "０１２", "12"),
            (Conversion::YearMonth, 0, "202604", "2026-04"),
            (Conversion::Text, 0, "\u{3000}綾瀬市　早川 \u{3000}", "綾瀬市　早川"),
        ] {
            assert_eq!(text_of(&place(kind, decimals), text).as_deref(), Ok(expected), "{kind:?} {text}");
        }
    }

    #[test]
    fn refuses_what_is_none() {
        for (kind, text) in [
            (Conversion::Date, "20260230"),
            (Conversion::Date, "2026041"),
            (Conversion::Date, "01234567"),
            (Conversion::Date, "2026/2/30"),
            (Conversion::EraDate, "S64.1.8"),
            (Conversion::EraDate, "19910401"),
            (Conversion::EraDate, "050804"),
            (Conversion::EraDate, "3640108"),
            (Conversion::EraDate, "6010101"),
            (Conversion::EraDate, "3000101"),
            (Conversion::Number, "12A"),
            (Conversion::Number, "１２綾"),
            (Conversion::YearMonth, "202613"),
            (Conversion::Text, "綾\u{FFFD}"),
        ] {
            assert!(text_of(&place(kind, 0), text).is_err(), "{kind:?} {text}");
        }
    }

    #[test]
    fn writes_what_it_reads() {
        for (kind, decimals, value) in [
            (Conversion::Date, 0, "2026-04-01"),
            (Conversion::EraDate, 0, "1989-01-07"),
            (Conversion::EraDate, 0, "2026-04-01"),
            (Conversion::Number, 2, "123.45"),
            (Conversion::Number, 0, "120"),
            (Conversion::YearMonth, 0, "2026-04"),
            (Conversion::Text, 0, "綾瀬市"),
        ] {
            let place = place(kind, decimals);
            let written = text_for(&place, value).expect("is written");
            assert_eq!(text_of(&place, &written).as_deref(), Ok(value), "{kind:?} {written}");
        }
        assert!(text_for(&place(Conversion::Number, 1), "1.25").is_err());
    }
}
