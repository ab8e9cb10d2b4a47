//! The corporate number (法人番号): thirteen digits, the first of which checks the others.
//!
//! 行政手続における特定の個人を識別するための番号の利用等に関する法律施行令第35条; the check digit by the rule in
//! 法人番号の指定等に関する省令第2条: nine less the remainder by nine of the sum of the twelve digits, those in even places from the
//! right counted twice.

use jiff::civil::Date;
use kawasemi_kernel::{Fields, Value};
use kawasemi_ledger::Calculators;

/// Digits beside the check digit.
const DIGITS: usize = 12;

/// The registers' calculators: what computed fields may name.
#[must_use]
pub fn calculators() -> Calculators {
    Calculators::new().with("corporate-number", grouped)
}

/// The corporate number in groups, or what is wrong with it.
fn grouped(fields: &Fields, _: Date) -> Result<Value, String> {
    let Some(text) = fields.get("corporate_number").and_then(Value::as_text) else { return Ok(Value::Null) };
    let number = read(text)?;
    Ok(Value::Text(format!("{}-{}-{}-{}", &number[..1], &number[1..5], &number[5..9], &number[9..])))
}

/// Reads a corporate number, however it was typed: wide digits, spaces and hyphens.
///
/// # Errors
/// What is wrong with it, and what to do.
pub fn read(text: &str) -> Result<String, String> {
    let plain = |c: char| match c {
        '０'..='９' => char::from_digit(u32::from(c) - u32::from('０'), 10).unwrap_or(c),
        other => other,
    };
    let is_between = |c: &char| c.is_whitespace() || "-‐－ー".contains(*c);
    let number: String = text.chars().map(plain).filter(|c| !is_between(c)).collect();
    if number.len() != DIGITS + 1 || !number.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err("法人番号は13桁の数字で入力してください。".to_owned());
    }
    let digits: Vec<u32> = number.bytes().map(|digit| u32::from(digit - b'0')).collect();
    let weighed = digits[1..].iter().rev().zip([1, 2].into_iter().cycle()).map(|(digit, weight)| digit * weight);
    if 9 - weighed.sum::<u32>() % 9 != digits[0] {
        return Err("法人番号の検査数字（先頭の1桁）が合いません。番号を確かめてください。".to_owned());
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_numbers_are_right_and_one_wrong_digit_is_found() {
        // The national government's own: 国税庁, デジタル庁, and 綾瀬市.
        for good in ["7000012050002", "8000012010038", "7-0000-1205-0002", "７０００ ０１２０ ５０００２"]
        {
            assert!(read(good).is_ok(), "{good}: {:?}", read(good));
        }
        for place in 0..13 {
            let mut digits: Vec<u8> = b"7000012050002".to_vec();
            digits[place] = if digits[place] == b'5' { b'6' } else { b'5' };
            let wrong = String::from_utf8(digits).unwrap();
            assert!(read(&wrong).is_err(), "{wrong}");
        }
        for bad in ["", "700001205000", "70000120500022", "700001205000x"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
