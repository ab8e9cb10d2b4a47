//! Corporate numbers (法人番号).

use std::fmt;
use std::str::FromStr;

use crate::text::fold;

/// A corporate number (法人番号) of thirteen digits whose check digit is right. Source: 行政手続における特定の個人を識別するための番号の
/// 利用等に関する法律 §39; the check digit by 法人番号の指定等に関する省令 §2.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CorporateNumber(String);

/// Why a text is not a corporate number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CorporateNumberError {
    /// It does not have thirteen digits.
    #[error("法人番号は13桁の数字です。国税庁の法人番号公表サイトの番号を入力してください。")]
    Digits,
    /// The first digit does not fit the others: one of them was mistyped.
    #[error("法人番号の数字のどれかが違っています。番号をもう一度確かめて入力してください。")]
    CheckDigit,
}

impl CorporateNumber {
    /// The thirteen digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CorporateNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for CorporateNumber {
    type Err = CorporateNumberError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits: String =
            fold(text).chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | 'ー' | '‐')).collect();
        // Forms of the tax office put a T before it (適格請求書発行事業者の登録番号).
        let digits = digits.strip_prefix('t').unwrap_or(&digits);
        if digits.len() != 13 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(CorporateNumberError::Digits);
        }
        let own = u32::from(digits.as_bytes()[0] - b'0');
        if own == check_digit(&digits[1..]) {
            Ok(Self(digits.to_owned()))
        } else {
            Err(CorporateNumberError::CheckDigit)
        }
    }
}

/// 9 − (Σ digit × weight mod 9) over the twelve other digits, weights 1 and 2 in turn from the lowest.
fn check_digit(base: &str) -> u32 {
    let weighted = base.bytes().rev().enumerate().map(|(place, digit)| {
        let weight = if place % 2 == 0 { 1 } else { 2 };
        u32::from(digit - b'0') * weight
    });
    9 - weighted.sum::<u32>() % 9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_as_they_are_written() {
        // 国税庁 and デジタル庁.
        for text in ["7000012050002", "8000012010038", "T7000012050002", "７０００　０１２０　５０００２"]
        {
            assert!(text.parse::<CorporateNumber>().is_ok(), "{text}");
        }
        assert_eq!("７００００１２０５０００２".parse::<CorporateNumber>().unwrap().as_str(), "7000012050002");
    }

    #[test]
    fn refuses_a_mistyped_digit_and_other_lengths() {
        assert_eq!("7000012050003".parse::<CorporateNumber>(), Err(CorporateNumberError::CheckDigit));
        assert_eq!("1000012050002".parse::<CorporateNumber>(), Err(CorporateNumberError::CheckDigit));
        for text in ["", "700001205000", "70000120500021", "70000120500a2"] {
            assert_eq!(text.parse::<CorporateNumber>(), Err(CorporateNumberError::Digits), "{text}");
        }
    }
}
