//! Values as people write them where a plain reading fails: `(123)`, `1,234円`, serial dates, `R3.5.17(月)`, `３年４月`, ☑.
//!
//! A value is tidied only after the field's own reading has refused it, so nothing that reads as it stands is changed; and
//! every tidying is a guess that the report names.

use jiff::civil::{Date, Weekday};
use kawasemi_kernel::era::{self, Era};
use kawasemi_kernel::text::fold;

use crate::cell::Cell;
use crate::table::words::is_unit;

/// Longest text that is tidied, in bytes.
const LONGEST: usize = 400;

/// What a cell is to become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A number or an amount.
    Number,
    /// A date; with or without a time.
    Date,
    /// A month.
    Month,
    /// Yes or no.
    YesNo,
    /// One of several choices.
    Choice,
    /// Anything else that has a form, such as a telephone number.
    Other,
}

/// A value brought into a form that its field reads, and what was concluded.
#[derive(Clone, Debug, PartialEq)]
pub struct Tidied {
    /// The value.
    pub cell: Cell,
    /// What was concluded, in a sentence for the report.
    pub guess: &'static str,
}

/// Other ways to read a cell, the likeliest first. `era` is that of years written without one.
pub fn other_readings(cell: &Cell, wanted: Wanted, era: Option<Era>) -> Vec<Tidied> {
    let mut readings = Vec::new();
    let mut add = |cell: Option<Cell>, guess| readings.extend(cell.map(|cell| Tidied { cell, guess }));
    match (cell, wanted) {
        (Cell::DateTime(at), Wanted::Date) => {
            add(Some(text(at.date())), "日付に付いた時刻を除いて読みました。");
        }
        (Cell::Number(number), Wanted::Date | Wanted::Month) => {
            let date = serial_date(*number);
            let shown = date.map(|date| if wanted == Wanted::Date { text(date) } else { month(date) });
            add(shown, "日付の形式になっていない数（シリアル値）を、日付として読みました。");
        }
        (Cell::Text(written), wanted) if written.len() <= LONGEST => {
            let bare: String = written.chars().filter(|c| !c.is_whitespace()).collect();
            if is_nothing(&bare) {
                add(Some(Cell::Empty), "「－」だけの欄を、空の欄として読みました。");
                return readings;
            }
            match wanted {
                Wanted::Number => {
                    add(in_brackets(&bare), "括弧で囲まれた数を、負の数として読みました。");
                    add(without_unit(&bare), "数のうしろの単位を除いて読みました。");
                }
                Wanted::Date | Wanted::Month => {
                    add(without_weekday(&bare), "日付のうしろの曜日を除いて読みました。");
                    let with_era = era.and_then(|era| with_era(&bare, era));
                    add(
                        with_era.as_ref().and_then(|text| without_weekday(text)),
                        "年号のない年を、指定の年号の年として読みました。",
                    );
                    add(with_era.map(Cell::Text), "年号のない年を、指定の年号の年として読みました。");
                }
                Wanted::Other => {}
                Wanted::YesNo => add(mark(&bare), "☑・■・レなどの印を「はい」、□などを「いいえ」として読みました。"),
                Wanted::Choice => {
                    add(Some(Cell::Text(bare.clone())), "選択肢の中の空白を除いて読みました。");
                    add(without_ordinal(&bare), "選択肢の前の番号を除いて読みました。");
                }
            }
        }
        _ => {}
    }
    readings
}

/// The date of a serial number of the 1900 system. Bare numbers that may be years or `20210517` are none: what lies between
/// 1927 and 2173 is taken.
pub fn serial_date(number: f64) -> Option<Date> {
    if number.fract() != 0.0 || !(10_000.0..=100_000.0).contains(&number) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "it lies between ten and a hundred thousand")]
    let days = jiff::Span::new().days(number as i64);
    jiff::civil::date(1899, 12, 30).checked_add(days).ok()
}

fn text(date: Date) -> Cell {
    Cell::Text(date.to_string())
}

fn month(date: Date) -> Cell {
    Cell::Text(format!("{:04}-{:02}", date.year(), date.month()))
}

/// A dash that says that there is nothing.
fn is_nothing(bare: &str) -> bool {
    matches!(bare, "-" | "－" | "ー" | "―" | "─" | "–" | "—" | "--" | "−" | "/" | "／" | "＼" | "該当なし" | "なし")
}

/// `(123)` and `（1,234）` as accountants write what is less than nothing.
fn in_brackets(bare: &str) -> Option<Cell> {
    let inner = bare.strip_prefix(['(', '（'])?.strip_suffix([')', '）'])?;
    let folded = fold(inner);
    let is_number = folded.starts_with(|c: char| c.is_ascii_digit() || c == '¥')
        && folded.chars().all(|c| c.is_ascii_digit() || matches!(c, ',' | '.' | '¥' | '円'));
    is_number.then(|| Cell::Text(format!("-{inner}")))
}

/// `1,234円` and `12.5㎡` for a field that names no unit, or another spelling of its own.
fn without_unit(bare: &str) -> Option<Cell> {
    let end = bare
        .char_indices()
        .rev()
        .find(|(_, c)| fold(c.encode_utf8(&mut [0; 4])).chars().all(|c| c.is_ascii_digit()))?;
    let (number, unit) = bare.split_at(end.0 + end.1.len_utf8());
    // ㎡ folds to m2, whose digit belongs to the unit.
    let is_plain =
        fold(number).chars().all(|c| c.is_ascii_digit() || matches!(c, ',' | '.' | '-' | '▲' | '△' | '¥' | '+'));
    // A thousand yen is not a yen: what would change the amount is refused.
    let changes = ["千", "万", "億"].iter().any(|word| unit.contains(word));
    (is_plain && !changes && is_unit(unit)).then(|| Cell::Text(number.to_owned()))
}

/// `R3.5.17(月)` without its weekday, if it is the right one.
fn without_weekday(bare: &str) -> Option<Cell> {
    let (date, rest) = bare.split_once(['(', '（'])?;
    let name = rest.strip_suffix([')', '）'])?;
    let name = name.strip_suffix("曜日").or_else(|| name.strip_suffix('曜')).unwrap_or(name);
    let day = match name {
        "月" => Weekday::Monday,
        "火" => Weekday::Tuesday,
        "水" => Weekday::Wednesday,
        "木" => Weekday::Thursday,
        "金" => Weekday::Friday,
        "土" => Weekday::Saturday,
        "日" => Weekday::Sunday,
        // 祝, 祭: a day on which the weekday is not said.
        "祝" | "祭" | "休" => return era::parse_date(date).ok().map(text),
        _ => return None,
    };
    era::parse_date(date).ok().filter(|date| date.weekday() == day).map(text)
}

/// `３年４月` and `3.4.1` as years of an era.
fn with_era(bare: &str, era: Era) -> Option<String> {
    let folded = fold(bare);
    let digits = folded.chars().take_while(char::is_ascii_digit).count();
    let is_year = folded.starts_with("元年") || folded.starts_with("元.") || (1..=2).contains(&digits);
    is_year.then(|| format!("{}{folded}", era.name()))
}

/// The marks of check boxes.
fn mark(bare: &str) -> Option<Cell> {
    const YES: [&str; 12] = ["☑", "■", "レ", "ﾚ", "✔", "✓", "●", "☒", "☐✓", "✅", "★", "該当"];
    const NO: [&str; 7] = ["□", "☐", "－", "-", "非該当", "◻", "▢"];
    if YES.contains(&bare) {
        Some(Cell::Text("はい".to_owned()))
    } else if NO.contains(&bare) {
        Some(Cell::Text("いいえ".to_owned()))
    } else {
        None
    }
}

/// `①総合公園`, `1.総合公園`, `（2）街区公園` without the number in front.
fn without_ordinal(bare: &str) -> Option<Cell> {
    let first = bare.chars().next()?;
    let rest = if matches!(first, '①'..='⑳') {
        bare.strip_prefix(first)?
    } else {
        let opened = bare.strip_prefix(['(', '（']).unwrap_or(bare);
        let digits = opened.find(|c: char| !fold(c.encode_utf8(&mut [0; 4])).chars().all(|c| c.is_ascii_digit()))?;
        let rest = opened.get(digits..).filter(|_| digits > 0)?;
        rest.trim_start_matches([')', '）', '.', '．', '、', '：', ':', '，'])
    };
    (!rest.is_empty() && rest != bare).then(|| Cell::Text(rest.to_owned()))
}

/// The era that a heading names, as in `設置（平成）`.
pub fn era_of_heading(heading: &str) -> Option<Era> {
    let mut named = Era::ALL.into_iter().filter(|era| heading.contains(era.name()));
    let found = named.next();
    found.filter(|_| named.next().is_none())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str, wanted: Wanted) -> Vec<String> {
        let cell = Cell::Text(text.to_owned());
        let all = other_readings(&cell, wanted, Some(Era::Heisei));
        all.into_iter().map(|tidied| tidied.cell.to_text().into_owned()).collect()
    }

    #[test]
    fn numbers_as_people_write_them() {
        for (text, number) in [
            ("(123)", "-123"),
            ("（1,234）", "-1,234"),
            ("1,234円", "1,234"),
            ("１２人", "１２"),
            ("▲5 件", "▲5"),
            ("12.5㎡", "12.5"),
            ("－", ""),
        ] {
            assert_eq!(read(text, Wanted::Number), [number], "{text}");
        }
        for text in ["5千円", "3万円", "約100", "(一)", "100程度", "12歳以上", "()", "A-1"] {
            assert!(read(text, Wanted::Number).is_empty(), "{text}");
        }
    }

    #[test]
    fn dates_as_people_write_them() {
        for (text, day) in
            [("R3.5.17(月)", "2021-05-17"), ("令和3年5月17日（月曜日）", "2021-05-17"), ("R3.5.3(祝)", "2021-05-03")]
        {
            assert_eq!(read(text, Wanted::Date)[0], day, "{text}");
        }
        assert!(read("R3.5.17(火)", Wanted::Date).is_empty(), "a wrong weekday is a mistake of one or the other");
        assert_eq!(read("３年４月", Wanted::Month), ["平成3年4月"]);
        assert_eq!(read("3.4.1", Wanted::Date), ["平成3.4.1"]);
        assert!(read("2021.4.1", Wanted::Date).is_empty());
        assert_eq!(serial_date(44_333.0), Some(date(2021, 5, 17)));
        assert_eq!((serial_date(2021.0), serial_date(20_210_517.0), serial_date(44_333.5)), (None, None, None));
        let late = Cell::DateTime(date(2021, 5, 17).at(9, 0, 0, 0));
        assert_eq!(other_readings(&late, Wanted::Date, None)[0].cell, Cell::Text("2021-05-17".into()));
    }

    #[test]
    fn marks_and_choices() {
        assert_eq!((read("☑", Wanted::YesNo), read("□", Wanted::YesNo)), (vec!["はい".into()], vec!["いいえ".into()]));
        assert!(read("①総合公園", Wanted::Choice).contains(&"総合公園".to_owned()));
        assert!(read("（2）街区公園", Wanted::Choice).contains(&"街区公園".to_owned()));
        assert!(read("総合　公園", Wanted::Choice).contains(&"総合公園".to_owned()));
        assert_eq!((era_of_heading("設置年月（平成）"), era_of_heading("平成・令和")), (Some(Era::Heisei), None));
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "[0-9０-９().（）年月日円千㎡▲△レ①〃元RH,¥ 　-]{0,12}") {
            for wanted in [Wanted::Number, Wanted::Date, Wanted::Month, Wanted::YesNo, Wanted::Choice, Wanted::Other] {
                let _ = read(&text, wanted);
            }
        }

        #[test]
        fn a_serial_number_is_the_day_that_excel_shows(days in 10_000_i64..=73_050) {
            #[expect(clippy::cast_precision_loss, reason = "small")]
            let day = serial_date(days as f64).expect("is a date");
            prop_assert_eq!(day.since(date(1899, 12, 30)).expect("is a span").get_days(), i32::try_from(days).expect("fits"));
        }

        #[test]
        fn brackets_are_the_opposite(number in 1_u32..1_000_000) {
            prop_assert_eq!(read(&format!("（{number}）"), Wanted::Number), [format!("-{number}")]);
        }
    }
}
