//! Whole numbers, yen and exact decimals.

use kawasemi_kernel::decimal::DecimalError;
use kawasemi_kernel::text::fold;
use kawasemi_kernel::{Decimal, Value};
use serde_json::Value as Json;

use super::{FieldType, Parsed, Style, input};

/// Significant digits that a binary fraction keeps.
const EXACT_DIGITS: usize = 15;

/// A whole number (整数) or yen (円).
pub(super) struct Integer<'a> {
    pub(super) min: Option<i64>,
    pub(super) max: Option<i64>,
    pub(super) unit: &'a str,
}

/// A decimal of a fixed number of places (小数).
pub(super) struct Exact<'a> {
    pub(super) scale: u8,
    pub(super) min: Option<i64>,
    pub(super) max: Option<i64>,
    pub(super) unit: &'a str,
}

impl FieldType for Integer<'_> {
    fn read_text(&self, text: &str) -> Parsed {
        let Some(digits) = digits(text, self.unit)? else { return Ok(Value::Null) };
        let number = Decimal::parse_at(&digits, 0).map_err(|error| match error {
            DecimalError::TooPrecise(_) => "小数は入力できません。整数で入力してください。".to_owned(),
            DecimalError::Syntax => "数値の形が正しくありません。「1234」のように数字で入力してください。".to_owned(),
            error => error.to_string(),
        })?;
        within(number, self.min, self.max, self.unit)?;
        Ok(Value::Int(number.units()))
    }

    fn show(&self, value: &Value, style: &Style<'_>) -> String {
        let Some(number) = value.as_int() else { return String::new() };
        with_unit(&number.to_string(), self.unit, style)
    }

    fn to_json(&self, value: &Value) -> Json {
        value.as_int().into()
    }
}

impl FieldType for Exact<'_> {
    fn read_text(&self, text: &str) -> Parsed {
        let Some(digits) = digits(text, self.unit)? else { return Ok(Value::Null) };
        let number = Decimal::parse_at(&digits, self.scale).map_err(|error| error.to_string())?;
        within(number, self.min, self.max, self.unit)?;
        Ok(Value::Decimal(number))
    }

    fn show(&self, value: &Value, style: &Style<'_>) -> String {
        let Value::Decimal(number) = value else { return String::new() };
        with_unit(&number.to_string(), self.unit, style)
    }

    /// A number, or text where a binary fraction would lose digits.
    fn to_json(&self, value: &Value) -> Json {
        let Value::Decimal(number) = value else { return Json::Null };
        let text = number.to_string();
        let significant = text.bytes().filter(u8::is_ascii_digit).skip_while(|digit| *digit == b'0').count();
        let json =
            text.parse::<f64>().ok().filter(|_| significant <= EXACT_DIGITS).and_then(serde_json::Number::from_f64);
        json.map_or(Json::String(text), Json::Number)
    }
}

/// The bare digits of a number as people write it: full width, group separators, ▲ for minus, ¥ before and the unit
/// after it. None for an empty text.
fn digits(text: &str, unit: &str) -> Result<Option<String>, String> {
    let folded = fold(input::short(text)?);
    let mut rest = folded.as_str();
    if rest.is_empty() {
        return Ok(None);
    }
    if unit == "円" {
        rest = rest.trim_start_matches(['¥', '\\']).trim_start();
    }
    let unit = fold(unit);
    if !unit.is_empty() {
        rest = rest.strip_suffix(unit.as_str()).unwrap_or(rest).trim_end();
    }
    let (sign, rest) = match rest.strip_prefix(['-', '▲', '△']) {
        Some(rest) => ("-", rest.trim_start_matches(['¥', '\\']).trim_start()),
        None => ("", rest.strip_prefix('+').unwrap_or(rest)),
    };
    let (whole, fraction) = rest.split_once('.').map_or((rest, None), |(whole, fraction)| (whole, Some(fraction)));
    if whole.contains(',') && !is_grouped(whole) {
        return Err(
            "桁区切りのカンマの位置が正しくありません。「1,234,567」か「1234567」のように入力してください。".to_owned()
        );
    }
    let whole = whole.replace(',', "");
    Ok(Some(fraction.map_or_else(|| format!("{sign}{whole}"), |fraction| format!("{sign}{whole}.{fraction}"))))
}

/// Whether commas stand before each group of three digits.
fn is_grouped(whole: &str) -> bool {
    let mut groups = whole.split(',');
    groups.next().is_some_and(|first| (1..=3).contains(&first.len())) && groups.all(|group| group.len() == 3)
}

/// Whether a number lies within limits that have its scale.
fn within(number: Decimal, min: Option<i64>, max: Option<i64>, unit: &str) -> Result<(), String> {
    let shown = |units: i64| format!("{}{unit}", grouped(&Decimal::new(units, number.scale()).to_string()));
    match (min, max) {
        (Some(min), Some(max)) if number.units() < min || number.units() > max => {
            Err(format!("{}から{}までの数値を入力してください。", shown(min), shown(max)))
        }
        (Some(min), None) if number.units() < min => Err(format!("{}以上の数値を入力してください。", shown(min))),
        (None, Some(max)) if number.units() > max => Err(format!("{}以下の数値を入力してください。", shown(max))),
        _ => Ok(()),
    }
}

fn with_unit(number: &str, unit: &str, style: &Style<'_>) -> String {
    if style.plain { number.to_owned() } else { format!("{}{unit}", grouped(number)) }
}

/// A number with a comma before each group of three digits.
pub(crate) fn grouped(number: &str) -> String {
    let (whole, fraction) = number.find('.').map_or((number, ""), |at| number.split_at(at));
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |rest| ("-", rest));
    let mut out = String::with_capacity(number.len() + whole.len() / 3 + 1);
    out.push_str(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out.push_str(fraction);
    out
}

#[cfg(test)]
mod tests {
    use kawasemi_kernel::Lang;
    use serde_json::json;

    use super::super::tests::{check, check_json};
    use super::*;

    const COUNT: Integer<'_> = Integer { min: Some(0), max: None, unit: "戸" };
    const YEN: Integer<'_> = Integer { min: None, max: None, unit: "円" };
    const AREA: Exact<'_> = Exact { scale: 2, min: Some(0), max: Some(10_000_000), unit: "㎡" };

    #[test]
    fn reads_whole_numbers() {
        check(&COUNT, " １，２３４ 戸", Ok(Value::Int(1_234)));
        check(&YEN, "▲¥1,000円", Ok(Value::Int(-1_000)));
        check(&YEN, "−５", Ok(Value::Int(-5)));
        check(&YEN, "9223372036854775807", Ok(Value::Int(i64::MAX)));
        check(&YEN, "", Ok(Value::Null));
        check(&YEN, "9223372036854775808", Err("数値が大きすぎます"));
        check(&COUNT, "-1", Err("0戸以上"));
        check(&COUNT, "1.5", Err("整数で入力"));
        check(&COUNT, "12,34", Err("カンマの位置"));
        check(&COUNT, "十二", Err("数値の形"));
        check(&COUNT, "NaN", Err("数値の形"));
        check(&COUNT, &"9".repeat(10_000_000), Err("入力が長すぎます"));
    }

    #[test]
    fn reads_decimals() {
        check(&AREA, "1,234.5㎡", Ok(Value::Decimal(Decimal::new(123_450, 2))));
        check(&AREA, "0.125", Err("小数点以下は2桁まで"));
        check(&AREA, "100000.01", Err("0.00㎡から100,000.00㎡まで"));
        check(&AREA, "1e3", Err("数値の形"));
    }

    #[test]
    fn json_is_exact_or_text() {
        check_json(&AREA, json!(12.5), Ok(Value::Decimal(Decimal::new(1_250, 2))));
        check_json(&COUNT, json!(7), Ok(Value::Int(7)));
        check_json(&COUNT, json!(18_446_744_073_709_551_615_u64), Err("数値が大きすぎます"));
        check_json(&COUNT, json!(1e300), Err("数値の形"));
        check_json(&COUNT, json!([1]), Err("一つの値"));
        assert_eq!(AREA.to_json(&Value::Decimal(Decimal::new(1_250, 2))), json!(12.5));
        assert_eq!(AREA.to_json(&Value::Decimal(Decimal::new(i64::MAX, 2))), json!("92233720368547758.07"));
    }

    #[test]
    fn shows_groups_and_units() {
        assert_eq!(YEN.show(&Value::Int(-1_234_567), &Style::page(Lang::Ja)), "-1,234,567円");
        assert_eq!(AREA.show(&Value::Decimal(Decimal::new(123_450, 2)), &Style::page(Lang::Ja)), "1,234.50㎡");
        assert_eq!(YEN.show(&Value::Int(-1_234_567), &Style::file()), "-1234567");
    }
}
