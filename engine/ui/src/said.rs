//! Dates, times and amounts as people read them, in the language of the page. Fiscal years and eras come from the kernel.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Weekday};
use kawasemi_kernel::{Lang, era, fiscal::FiscalYear};

use crate::words;

/// A number in groups of three digits, with as many decimals as it needs, at most three: 12,345.6.
pub fn grouped(number: f64) -> String {
    let text = format!("{number:.3}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut out = String::from(sign);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    let fraction = fraction.trim_end_matches('0');
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    if out == "-0" { "0".to_owned() } else { out }
}

/// A whole number in groups of three digits.
pub fn whole(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        out.push('-');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// An amount of money: 12,345円, ¥12,345 in English, 12.345 yên would mislead, so Vietnamese keeps the comma.
pub fn yen(lang: Lang, amount: i64) -> String {
    match lang {
        Lang::Ja | Lang::JaEasy => format!("{}円", whole(amount)),
        Lang::En if amount < 0 => format!("-¥{}", whole(amount).trim_start_matches('-')),
        Lang::En => format!("¥{}", whole(amount)),
        Lang::Vi => format!("{} yên", whole(amount)),
    }
}

/// A date: 令和8年4月1日（水）; in plain Japanese 2026年4月1日（水曜日）, since eras are hard for newcomers.
pub fn date(lang: Lang, day: Date) -> String {
    let (year, month, number) = (day.year(), day.month(), day.day());
    let weekday = weekday(lang, day.weekday());
    match lang {
        Lang::Ja => format!("{}（{weekday}）", era::long(day)),
        Lang::JaEasy => format!("{year}年{month}月{number}日（{weekday}）"),
        Lang::En => format!("{weekday} {number} {} {year}", ENGLISH_MONTHS[usize::from(month.unsigned_abs()) - 1]),
        Lang::Vi => format!("{weekday}, {number:02}/{month:02}/{year}"),
    }
}

/// A date for narrow columns: R8.4.1 in Japanese, otherwise 2026-04-01.
pub fn short_date(lang: Lang, day: Date) -> String {
    match lang {
        Lang::Ja => era::short(day),
        Lang::JaEasy | Lang::En | Lang::Vi => day.to_string(),
    }
}

/// A day and time in the city.
pub fn date_time(lang: Lang, at: DateTime) -> String {
    let time = format!("{:02}:{:02}", at.hour(), at.minute());
    match lang {
        Lang::Ja | Lang::JaEasy => format!("{} {time}", date(lang, at.date())),
        Lang::En | Lang::Vi => format!("{}, {time}", date(lang, at.date())),
    }
}

/// An instant, as the city's clocks show it.
pub fn instant(lang: Lang, at: Timestamp) -> String {
    date_time(lang, kawasemi_kernel::context::civil_date_time(at))
}

/// A fiscal year: 令和3年度 in Japanese, otherwise FY2021.
pub fn fiscal_year(lang: Lang, year: FiscalYear) -> String {
    match lang {
        Lang::Ja => year.label(),
        Lang::JaEasy => format!("{year}年度"),
        Lang::En => format!("FY{year}"),
        Lang::Vi => format!("năm tài chính {year}"),
    }
}

/// How far a day is from today, in whole days: きょう, あと3日, 2日すぎています.
pub fn days_from_today(lang: Lang, day: Date, today: Date) -> String {
    let words = words(lang);
    let days = today.until(day).map_or(0, |span| span.get_days());
    match days {
        0 => words.get("days-today"),
        1 => words.get("days-tomorrow"),
        2.. => words.say("days-left").with("count", days).to_string(),
        _ => words.say("days-late").with("count", -days).to_string(),
    }
}

/// A size in bytes: 1.5 MB.
pub fn bytes(size: u64) -> String {
    const UNITS: [&str; 4] = ["B", "KB", "MB", "GB"];
    let mut value = size as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit < UNITS.len() - 1 {
        value /= 1024.0;
        unit += 1;
    }
    let rounded = if value < 10.0 && unit > 0 { (value * 10.0).round() / 10.0 } else { value.round() };
    format!("{} {}", grouped(rounded), UNITS[unit])
}

/// The name of a weekday: 水, 水曜日, Wed, Thứ Tư.
pub fn weekday(lang: Lang, weekday: Weekday) -> &'static str {
    let index = usize::from(weekday.to_sunday_zero_offset().unsigned_abs());
    match lang {
        Lang::Ja => ["日", "月", "火", "水", "木", "金", "土"][index],
        Lang::JaEasy => ["日曜日", "月曜日", "火曜日", "水曜日", "木曜日", "金曜日", "土曜日"][index],
        Lang::En => ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][index],
        Lang::Vi => ["Chủ Nhật", "Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy"][index],
    }
}

const ENGLISH_MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

#[cfg(test)]
mod tests {
    use jiff::civil::date as civil;

    use super::*;

    #[test]
    fn groups_digits() {
        for (number, said) in
            [(0.0, "0"), (-0.0, "0"), (999.0, "999"), (1000.0, "1,000"), (-1234567.5, "-1,234,567.5"), (0.125, "0.125")]
        {
            assert_eq!(grouped(number), said);
        }
        assert_eq!(whole(i64::MIN), "-9,223,372,036,854,775,808");
    }

    #[test]
    fn says_a_date_in_every_language() {
        let day = civil(2026, 4, 1);
        assert_eq!(
            Lang::ALL.map(|lang| date(lang, day)),
            ["令和8年4月1日（水）", "2026年4月1日（水曜日）", "Wed 1 April 2026", "Thứ Tư, 01/04/2026"]
        );
    }

    #[test]
    fn says_how_far_a_day_is() {
        let today = civil(2026, 3, 30);
        assert_eq!(days_from_today(Lang::Ja, civil(2026, 4, 2), today), "あと3日");
        assert_eq!(days_from_today(Lang::Ja, today, today), "今日");
        assert_eq!(days_from_today(Lang::En, civil(2026, 3, 29), today), "1 day late");
        assert_eq!(days_from_today(Lang::En, civil(2025, 3, 30), today), "365 days late");
    }

    #[test]
    fn says_amounts_and_sizes() {
        assert_eq!(Lang::ALL.map(|lang| yen(lang, -12345)), ["-12,345円", "-12,345円", "-¥12,345", "-12,345 yên"]);
        assert_eq!((bytes(900), bytes(1536), bytes(52_428_800)), ("900 B".into(), "1.5 KB".into(), "50 MB".into()));
    }
}
