//! Yen: reading, showing and rounding whole amounts.
//!
//! An amount is an `i64` of yen; there is no fraction of a yen anywhere. What computes with rates multiplies first, in
//! 128 bits, and rounds once ([`part`]). Rounding is symmetric about zero, so that a refund equals the charge it takes
//! back. Which way to round is the rule's to say (国等の債権債務等の金額の端数計算に関する法律, and each ordinance).

use crate::decimal::Rounding;
use crate::text::fold;

/// 千円.
pub const THOUSAND: i64 = 1_000;
/// 百万円.
pub const MILLION: i64 = 1_000_000;
/// 億円.
pub const HUNDRED_MILLION: i64 = 100_000_000;

/// Why a text is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum YenError {
    /// It is not a whole number with optional sign, commas and 円.
    #[error("金額の形が正しくありません。「1,234」のように円単位の数字で入力してください。")]
    Syntax,
    /// It has a fraction of a yen.
    #[error("金額に1円未満の端数は使えません。円単位の整数で入力してください。")]
    Fraction,
    /// It does not fit into 64 bits.
    #[error("金額が大きすぎます。桁数を確かめてください。")]
    TooLarge,
}

/// Reads an amount as people type it: `1234`, `1,234`, `１，２３４円`, `¥1,234-`, `-500`, `▲500`, `△500円`.
///
/// Commas must stand before groups of three. Units other than 円 are refused, since 1千円 and 1,000円 in one column are
/// an accident waiting; so are fractions, but for `.0` as spreadsheets write it.
pub fn parse_yen(text: &str) -> Result<i64, YenError> {
    let folded: String = fold(text).chars().filter(|c| *c != ' ').collect();
    let (negative, rest) = strip_sign(&folded);
    let (negative, rest) = match rest.strip_prefix(['¥', '\\']) {
        // ¥1,234- closes the amount against additions; that dash is no sign.
        Some(rest) if !negative => strip_sign(rest.strip_suffix('-').unwrap_or(rest)),
        Some(rest) => (true, rest),
        None => (negative, rest),
    };
    let rest = rest.strip_suffix('円').unwrap_or(rest);
    let (whole, fraction) = rest.split_once('.').unwrap_or((rest, "0"));
    let digits = ungrouped(whole).ok_or(YenError::Syntax)?;
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(YenError::Syntax);
    }
    if fraction.bytes().any(|byte| byte != b'0') {
        return Err(YenError::Fraction);
    }
    let signed = if negative { format!("-{digits}") } else { digits };
    signed.parse().map_err(|_| YenError::TooLarge)
}

/// `-1,234`.
pub fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3 + 1);
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

/// `1,234円`.
pub fn yen(amount: i64) -> String {
    format!("{}円", thousands(amount))
}

/// The amount in thousands, half up, as budgets print it: `1,235千円`.
pub fn thousand_yen(amount: i64) -> String {
    format!("{}千円", thousands(nearest(amount, THOUSAND)))
}

/// A short form for tiles and charts: `980円`, `12万円`, `1.2億円`, `1,234億円`. Two digits at least are exact, the
/// rest is rounded half up.
pub fn short_yen(amount: i64) -> String {
    let tenth_of_hundred_million = nearest(amount, HUNDRED_MILLION / 10);
    let ten_thousand = nearest(amount, 10_000);
    match amount.unsigned_abs() {
        0..10_000 => yen(amount),
        10_000..100_000 => with_tenth(nearest(amount, 1_000), "万円"),
        _ if ten_thousand.unsigned_abs() < 10_000 => format!("{}万円", thousands(ten_thousand)),
        _ if tenth_of_hundred_million.unsigned_abs() < 1_000 => with_tenth(tenth_of_hundred_million, "億円"),
        _ => format!("{}億円", thousands(nearest(amount, HUNDRED_MILLION))),
    }
}

/// An amount rounded to whole units, such as hundreds (百円未満切捨て): the result is a multiple of `unit`. `None` for a
/// unit of zero or less, or if the result does not fit.
pub fn round_to(amount: i64, unit: i64, rounding: Rounding) -> Option<i64> {
    if unit <= 0 {
        return None;
    }
    divide(i128::from(amount), i128::from(unit), rounding)?.checked_mul(unit)
}

/// `amount × numerator ÷ denominator`, rounded once. `None` for a denominator of zero or if the result does not fit.
pub fn part(amount: i64, numerator: i64, denominator: i64, rounding: Rounding) -> Option<i64> {
    divide(i128::from(amount) * i128::from(numerator), i128::from(denominator), rounding)
}

/// Splits an amount by weights so that the parts add up to it exactly: each part is cut off, and the yen that are left
/// go one each to the largest remainders, the earlier first. `None` unless the weights are non-negative with a
/// positive sum.
pub fn share(amount: i64, weights: &[u32]) -> Option<Vec<i64>> {
    let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    if total == 0 {
        return None;
    }
    let sign = amount.signum();
    let size = i128::from(amount.unsigned_abs());
    let exact = |weight: &u32| size * i128::from(*weight);
    let mut parts: Vec<i128> = weights.iter().map(|weight| exact(weight) / total).collect();
    let left = size - parts.iter().sum::<i128>();
    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    by_remainder.sort_by_key(|index| std::cmp::Reverse(exact(&weights[*index]) % total));
    for index in by_remainder.into_iter().take(usize::try_from(left).ok()?) {
        parts[index] += 1;
    }
    parts.into_iter().map(|part| i64::try_from(part * i128::from(sign)).ok()).collect()
}

fn divide(numerator: i128, denominator: i128, rounding: Rounding) -> Option<i64> {
    crate::decimal::Decimal::from_ratio(numerator, denominator, 0, rounding).map(|quotient| quotient.units())
}

/// How many units an amount is, half up.
fn nearest(amount: i64, unit: i64) -> i64 {
    divide(i128::from(amount), i128::from(unit), Rounding::HalfUp)
        .expect("a quotient of two i64 by a unit above one fits")
}

/// Tenths with one place, the place left out where it is zero: 12 → `1.2`, 20 → `2`.
fn with_tenth(tenths: i64, unit: &str) -> String {
    let sign = if tenths < 0 { "-" } else { "" };
    match (tenths.unsigned_abs() / 10, tenths.unsigned_abs() % 10) {
        (whole, 0) => format!("{sign}{whole}{unit}"),
        (whole, tenth) => format!("{sign}{whole}.{tenth}{unit}"),
    }
}

fn strip_sign(text: &str) -> (bool, &str) {
    match text.strip_prefix(['-', '▲', '△']) {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// The digits without commas; `None` if a comma stands anywhere but before a group of three.
fn ungrouped(text: &str) -> Option<String> {
    let mut groups = text.split(',');
    let first = groups.next()?;
    let is_digits = |group: &str| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit());
    let has_groups = text.contains(',');
    if !is_digits(first) || (has_groups && first.len() > 3) {
        return None;
    }
    let rest: Vec<&str> = groups.collect();
    rest.iter().all(|group| group.len() == 3 && is_digits(group)).then(|| format!("{first}{}", rest.concat()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_people_type() {
        for (text, amount) in [
            ("1234", 1_234),
            ("1,234", 1_234),
            ("１，２３４円", 1_234),
            ("¥1,234", 1_234),
            ("￥1,234-", 1_234),
            (" 1 234 円 ", 1_234),
            ("-500", -500),
            ("▲500", -500),
            ("△1,500円", -1_500),
            ("¥-500", -500),
            ("−500", -500),
            ("1234.00", 1_234),
            ("0", 0),
            ("+5", 5),
            ("-9223372036854775808", i64::MIN),
        ] {
            assert_eq!(parse_yen(text), Ok(amount), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_ambiguous() {
        for text in [
            "", "円", "1,23", "1234,567", ",123", "1千円", "1万", "1.", "--5", "-¥-5", "1e3", "12a", "1,234-", "1,2345",
        ] {
            assert_eq!(parse_yen(text), Err(YenError::Syntax), "{text}");
        }
        assert_eq!(parse_yen("12.5"), Err(YenError::Fraction));
        assert_eq!(parse_yen("9223372036854775808"), Err(YenError::TooLarge));
    }

    #[test]
    fn shows_amounts() {
        for (amount, full, budget, short) in [
            (0, "0円", "0千円", "0円"),
            (980, "980円", "1千円", "980円"),
            (-1_234, "-1,234円", "-1千円", "-1,234円"),
            (12_345, "12,345円", "12千円", "1.2万円"),
            (123_456, "123,456円", "123千円", "12万円"),
            (99_999_999, "99,999,999円", "100,000千円", "1億円"),
            (123_456_789, "123,456,789円", "123,457千円", "1.2億円"),
            (-2_000_000_000, "-2,000,000,000円", "-2,000,000千円", "-20億円"),
            (123_450_000_000, "123,450,000,000円", "123,450,000千円", "1,235億円"),
        ] {
            assert_eq!(
                (yen(amount), thousand_yen(amount), short_yen(amount)),
                (full.into(), budget.into(), short.into())
            );
        }
        assert_eq!(thousands(i64::MIN), "-9,223,372,036,854,775,808");
    }

    #[test]
    fn rounds_to_units() {
        for (amount, cut, half, up) in [
            (1_250, 1_200, 1_300, 1_300),
            (1_249, 1_200, 1_200, 1_300),
            (1_200, 1_200, 1_200, 1_200),
            (-1_250, -1_200, -1_300, -1_300),
        ] {
            let rounded =
                [Rounding::Truncate, Rounding::HalfUp, Rounding::Up].map(|rounding| round_to(amount, 100, rounding));
            assert_eq!(rounded, [Some(cut), Some(half), Some(up)], "{amount}");
        }
        assert_eq!(round_to(1, 0, Rounding::Up), None);
        assert_eq!(round_to(i64::MAX, 1_000, Rounding::Up), None);
    }

    #[test]
    fn a_part_is_rounded_once() {
        assert_eq!(part(1_980, 10, 110, Rounding::Truncate), Some(180));
        assert_eq!(part(i64::MAX, i64::MAX, i64::MAX, Rounding::HalfUp), Some(i64::MAX));
        assert_eq!(part(1, 1, 0, Rounding::Up), None);
        assert_eq!(part(i64::MAX, 2, 1, Rounding::Up), None);
    }

    #[test]
    fn nothing_is_lost_in_sharing() {
        assert_eq!(share(100, &[1, 1, 1]), Some(vec![34, 33, 33]));
        assert_eq!(share(-100, &[1, 1, 1]), Some(vec![-34, -33, -33]));
        assert_eq!(share(10, &[1, 2, 4]), Some(vec![1, 3, 6]));
        assert_eq!(share(10, &[0, 7]), Some(vec![0, 10]));
        assert_eq!(share(10, &[]), None);
    }

    proptest! {
        #[test]
        fn what_is_shown_can_be_read(amount: i64) {
            prop_assert_eq!(parse_yen(&yen(amount)), Ok(amount));
        }

        #[test]
        fn shares_add_up(amount: i64, weights in prop::collection::vec(any::<u32>(), 1..8)) {
            if let Some(parts) = share(amount, &weights) {
                prop_assert_eq!(parts.iter().map(|part| i128::from(*part)).sum::<i128>(), i128::from(amount));
            }
        }

        #[test]
        fn rounding_stays_within_a_unit(amount in -1_000_000_i64..1_000_000, unit in 1_i64..5_000) {
            for rounding in [Rounding::Truncate, Rounding::HalfUp, Rounding::Up] {
                let rounded = round_to(amount, unit, rounding).expect("it fits");
                prop_assert_eq!(rounded % unit, 0);
                prop_assert!((rounded - amount).abs() < unit);
            }
        }
    }
}
