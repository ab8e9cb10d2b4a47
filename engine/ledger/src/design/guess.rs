//! What type a column of a sheet is.
//!
//! A guess looks at the first rows and at the heading. It is careful: a type is taken only if every value fits, a code
//! with leading zeros stays text, and what looks like personal data is marked so, since opening it later is easier than
//! closing it.

use std::collections::{BTreeMap, HashSet};

use kawasemi_kernel::contact::{MailAddress, Phone, WebAddress};
use kawasemi_kernel::era;
use kawasemi_kernel::fiscal::FiscalYear;
use kawasemi_kernel::text::fold;
use kawasemi_schema::Clearance;
use kawasemi_schema::raw::{FieldType, RawChoice, RawField};

use super::words::{choice_key, key_for};
use crate::field::{Cell, yes_no_answer};
use crate::import::Look;

/// Most different values that make a choice.
const CHOICES: usize = 12;
/// Longest label of a choice in characters.
const CHOICE_LENGTH: usize = 20;
/// Text longer than this, or of several lines, gets a box of many lines.
const LINE: usize = 80;

/// Guesses a field for every column.
pub fn guess_fields(look: &Look) -> Vec<RawField> {
    let mut taken = HashSet::new();
    let column =
        |index: usize| look.rows.iter().map(move |row| row.cell(index)).filter(|cell| !is_blank(cell)).collect();
    let field = |(index, heading): (usize, &String)| guess(heading, column(index), index + 1, &mut taken);
    look.headings.iter().enumerate().map(field).collect()
}

fn is_blank(cell: &Cell) -> bool {
    cell.to_text().trim().is_empty()
}

fn guess(heading: &str, cells: Vec<&Cell>, position: usize, taken: &mut HashSet<String>) -> RawField {
    let column = Column { heading, texts: cells.iter().map(|cell| cell.to_text().trim().to_owned()).collect(), cells };
    let mut field = RawField {
        key: key_for(heading, position, taken),
        label: heading.into(),
        clearance: column.clearance(),
        ..RawField::default()
    };
    column.decide(&mut field);
    field
}

struct Column<'a> {
    heading: &'a str,
    cells: Vec<&'a Cell>,
    texts: Vec<String>,
}

impl Column<'_> {
    fn decide(&self, field: &mut RawField) {
        if self.texts.is_empty() {
            return;
        }
        field.r#type = self.by_heading().or_else(|| self.by_values()).unwrap_or_default();
        match field.r#type {
            FieldType::Decimal => field.scale = Some(self.places()),
            FieldType::Choice => field.choices = self.choices(),
            _ => {}
        }
        if matches!(field.r#type, FieldType::Integer | FieldType::Decimal) {
            field.unit = self.unit();
        }
    }

    fn says(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.heading.contains(word))
    }

    fn all(&self, fits: impl Fn(&str) -> bool) -> bool {
        self.texts.iter().all(|text| fits(text))
    }

    /// Types that values alone would not tell from text or numbers.
    fn by_heading(&self) -> Option<FieldType> {
        if self.says(&["年度"]) && self.all(|text| text.parse::<FiscalYear>().is_ok()) {
            return Some(FieldType::FiscalYear);
        }
        if self.says(&["電話", "携帯", "TEL", "ＴＥＬ", "FAX", "ＦＡＸ"])
            && self.all(|text| text.parse::<Phone>().is_ok())
        {
            return Some(FieldType::Phone);
        }
        if self.says(&["住所", "所在地"]) && self.all(|text| text.chars().count() <= 200 && !text.contains('\n')) {
            return Some(FieldType::Address);
        }
        if self.says(&["氏名"]) && self.all(|text| text.chars().count() <= 100 && !text.contains('\n')) {
            return Some(FieldType::PersonName);
        }
        let is_money = self.says(&["円", "金額", "料金", "費用", "単価", "価格", "予算", "決算"]);
        (is_money && !self.says(&["千円", "百万円"]) && self.all(is_yen)).then_some(FieldType::Yen)
    }

    fn by_values(&self) -> Option<FieldType> {
        let is_date = |cell: &&Cell| matches!(cell, Cell::DateTime(at) if at.time() == jiff::civil::Time::midnight());
        let is_moment = |cell: &&Cell| matches!(cell, Cell::DateTime(_));
        if self.cells.iter().all(is_date) {
            return Some(FieldType::Date);
        }
        if self.cells.iter().all(is_moment) {
            return Some(FieldType::DateTime);
        }
        if self.cells.iter().all(|cell| matches!(cell, Cell::Bool(_))) || self.is_yes_no() {
            return Some(FieldType::YesNo);
        }
        if self.all(is_count) {
            return Some(if self.all(|text| text.contains(['円', '¥', '￥'])) {
                FieldType::Yen
            } else {
                FieldType::Integer
            });
        }
        if self.all(|text| text.contains(['円', '¥', '￥']) && is_yen(text)) {
            return Some(FieldType::Yen);
        }
        if self.all(|text| has_places(text).is_some()) {
            return Some(FieldType::Decimal);
        }
        // Eight digits are a date only where the values say so in some other way.
        if self.all(|text| era::parse_date(text).is_ok() && !text.bytes().all(|b| b.is_ascii_digit())) {
            return Some(FieldType::Date);
        }
        if self.all(|text| era::parse_year_month(text).is_ok() && !text.bytes().all(|b| b.is_ascii_digit())) {
            return Some(FieldType::YearMonth);
        }
        if self.all(|text| text.parse::<MailAddress>().is_ok()) {
            return Some(FieldType::Mail);
        }
        if self.all(|text| text.parse::<WebAddress>().is_ok()) {
            return Some(FieldType::Url);
        }
        if self.all(|text| text.starts_with('0') && text.contains(['-', '−', '－']) && text.parse::<Phone>().is_ok())
        {
            return Some(FieldType::Phone);
        }
        if self.is_choice() {
            return Some(FieldType::Choice);
        }
        let is_long = self.texts.iter().any(|text| text.contains('\n') || text.chars().count() > LINE);
        is_long.then_some(FieldType::LongText)
    }

    /// Only answers, and not only 0 and 1, which may be counts.
    fn is_yes_no(&self) -> bool {
        self.all(|text| yes_no_answer(text).is_some())
            && self.texts.iter().any(|text| !matches!(text.as_str(), "0" | "1"))
    }

    /// Few different short values, each of them more than once on average.
    fn is_choice(&self) -> bool {
        let kinds = self.kinds().len();
        self.texts.len() >= 6
            && kinds <= CHOICES
            && kinds * 3 <= self.texts.len()
            && self.all(|text| text.chars().count() <= CHOICE_LENGTH && !text.contains('\n'))
    }

    /// The different values, in the order of their first occurrence.
    fn kinds(&self) -> Vec<&str> {
        let mut first: BTreeMap<String, usize> = BTreeMap::new();
        for (index, text) in self.texts.iter().enumerate() {
            first.entry(fold(text)).or_insert(index);
        }
        let mut order: Vec<usize> = first.into_values().collect();
        order.sort_unstable();
        order.into_iter().map(|index| self.texts[index].as_str()).collect()
    }

    fn choices(&self) -> Vec<RawChoice> {
        let mut taken = HashSet::new();
        let choice = |(index, label): (usize, &str)| RawChoice {
            key: choice_key(label, index + 1, &mut taken),
            label: label.into(),
            ..RawChoice::default()
        };
        self.kinds().into_iter().enumerate().map(choice).collect()
    }

    fn places(&self) -> u8 {
        self.texts.iter().filter_map(|text| has_places(text)).max().unwrap_or(0).clamp(1, 6)
    }

    /// The unit that stands in brackets in the heading.
    fn unit(&self) -> Option<String> {
        let (_, rest) = self.heading.split_once(['（', '('])?;
        let unit = rest.split(['）', ')']).next()?.trim();
        (!unit.is_empty() && unit.chars().count() <= 6).then(|| unit.to_owned())
    }

    fn clearance(&self) -> Option<Clearance> {
        let personal =
            ["氏名", "フリガナ", "ふりがな", "住所", "電話", "携帯", "メール", "生年月日", "性別", "年齢", "口座"];
        let sensitive = ["病歴", "障害", "障がい", "犯罪", "マイナンバー", "個人番号", "国籍", "信条"];
        if self.says(&sensitive) {
            Some(Clearance::Sensitive)
        } else {
            self.says(&personal).then_some(Clearance::Personal)
        }
    }
}

/// Bare digits with separators and a sign; none with leading zeros, which are codes.
fn number_of(text: &str) -> Option<String> {
    let folded = fold(text).replace(',', "");
    let digits = folded.strip_prefix(['-', '▲', '△']).unwrap_or(&folded).to_owned();
    let is_code = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
    let is_number =
        digits.bytes().all(|b| b.is_ascii_digit() || b == b'.') && digits.parse::<kawasemi_kernel::Decimal>().is_ok();
    (!is_code && is_number).then_some(digits)
}

fn is_count(text: &str) -> bool {
    number_of(text).is_some_and(|digits| !digits.contains('.') && digits.len() <= 18)
}

fn is_yen(text: &str) -> bool {
    is_count(fold(text).trim_start_matches(['¥', '\\']).trim_end_matches('円').trim())
}

/// How many decimal places a number has.
fn has_places(text: &str) -> Option<u8> {
    let digits = number_of(text)?;
    let places = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    u8::try_from(places).ok().filter(|places| *places <= 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guessed(heading: &str, values: &[&str]) -> RawField {
        let cells: Vec<Cell> = values.iter().map(|text| Cell::Text((*text).to_owned())).collect();
        guess(heading, cells.iter().collect(), 1, &mut HashSet::new())
    }

    #[test]
    fn guesses_types() {
        use FieldType as T;
        for (heading, values, expected) in [
            ("開園日", &["令和3年5月17日", "H2.4.1", "1998/4/1"][..], T::Date),
            ("時期", &["2021年5月", "令和3年6月"], T::YearMonth),
            ("年度", &["令和3年度", "R4"], T::FiscalYear),
            ("金額", &["1,000", "▲500"], T::Yen),
            ("いくら", &["1,000円", "¥500"], T::Yen),
            ("予算（千円）", &["1,000", "500"], T::Integer),
            ("面積（㎡）", &["12.5", "3"], T::Decimal),
            ("戸数", &["１２", "3"], T::Integer),
            ("職員番号", &["00123", "00456"], T::Text),
            ("公開", &["○", "×", "○"], T::YesNo),
            ("旗", &["0", "1"], T::Integer),
            ("電話番号", &["0467-77-1111"], T::Phone),
            ("連絡先", &["taro@example.jp"], T::Mail),
            ("ページ", &["https://example.jp/"], T::Url),
            ("所在地", &["綾瀬市早川550"], T::Address),
            ("氏名", &["綾瀬 太郎"], T::PersonName),
            ("種別", &["街区", "近隣", "街区", "街区", "近隣", "街区"], T::Choice),
            ("名称", &["中央公園", "北公園"], T::Text),
            ("経過", &["一\n二"], T::LongText),
            ("空", &[], T::Text),
        ] {
            assert_eq!(guessed(heading, values).r#type, expected, "{heading}");
        }
    }

    #[test]
    fn knows_units_scales_and_personal_data() {
        let area = guessed("面積（㎡）", &["12.50", "3"]);
        assert_eq!((area.scale, area.unit.as_deref()), (Some(2), Some("㎡")));
        assert_eq!(guessed("氏名", &["x"]).clearance, Some(Clearance::Personal));
        assert_eq!(guessed("障害の種別", &["x"]).clearance, Some(Clearance::Sensitive));
        assert_eq!(guessed("名称", &["x"]).clearance, None);
    }
}
