//! Exact decimals: a whole number of units of a fixed scale.
//!
//! A ledger field declares its scale (number of decimal places), and the column holds the scaled integer, so that a
//! figure is never touched by binary floating point. Money is not a decimal: yen are whole numbers.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// The largest number of decimal places.
pub const MAX_SCALE: u8 = 12;

/// A decimal number `units / 10^scale`.
#[derive(Clone, Copy, Debug)]
pub struct Decimal {
    units: i64,
    scale: u8,
}

/// Why a text is not a decimal.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DecimalError {
    /// It contains something other than digits, a sign and one point.
    #[error("数値の形が正しくありません。「12.5」のように数字と小数点で入力してください。")]
    Syntax,
    /// It does not fit into 64 bits at this scale.
    #[error("数値が大きすぎます。桁数を確かめてください。")]
    Overflow,
    /// It has more decimal places than the field keeps.
    #[error("小数点以下は{0}桁までです。")]
    TooPrecise(u8),
}

/// What to do with places that a coarser scale cannot hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Toward zero (切捨て).
    Truncate,
    /// Half away from zero (四捨五入).
    HalfUp,
    /// Away from zero (切上げ).
    Up,
}

impl Decimal {
    /// A decimal from its scaled integer.
    pub const fn new(units: i64, scale: u8) -> Self {
        Self { units, scale }
    }

    /// The scaled integer.
    pub const fn units(self) -> i64 {
        self.units
    }

    /// The number of decimal places.
    pub const fn scale(self) -> u8 {
        self.scale
    }

    /// The same number at another scale; `None` if it does not fit or would lose places.
    pub fn exactly(self, scale: u8) -> Option<Self> {
        let wide = i128::from(self.units);
        let units = if scale >= self.scale {
            wide.checked_mul(10_i128.checked_pow(u32::from(scale - self.scale))?)?
        } else {
            let step = 10_i128.pow(u32::from(self.scale - scale));
            if wide % step != 0 {
                return None;
            }
            wide / step
        };
        Some(Self { units: i64::try_from(units).ok()?, scale })
    }

    /// The number rounded to a scale; `None` if it does not fit.
    pub fn rounded(self, scale: u8, rounding: Rounding) -> Option<Self> {
        if scale >= self.scale {
            return self.exactly(scale);
        }
        let divisor = 10_i128.pow(u32::from(self.scale - scale));
        Self::from_ratio_units(i128::from(self.units), divisor, scale, rounding)
    }

    /// `numerator / denominator` rounded to a scale; `None` for a zero denominator or an overflow.
    pub fn from_ratio(numerator: i128, denominator: i128, scale: u8, rounding: Rounding) -> Option<Self> {
        let scaled = numerator.checked_mul(10_i128.checked_pow(u32::from(scale))?)?;
        Self::from_ratio_units(scaled, denominator, scale, rounding)
    }

    fn from_ratio_units(numerator: i128, denominator: i128, scale: u8, rounding: Rounding) -> Option<Self> {
        if denominator == 0 {
            return None;
        }
        let (quotient, remainder) = (numerator.checked_div(denominator)?, numerator.checked_rem(denominator)?);
        let away = if (numerator < 0) == (denominator < 0) { 1 } else { -1 };
        let round_away = match rounding {
            Rounding::Truncate => false,
            Rounding::Up => remainder != 0,
            Rounding::HalfUp => remainder.unsigned_abs() >= denominator.unsigned_abs() - remainder.unsigned_abs(),
        };
        let units = if round_away { quotient + away } else { quotient };
        Some(Self { units: i64::try_from(units).ok()?, scale })
    }

    /// The nearest binary fraction, for drawing charts only.
    pub fn to_f64(self) -> f64 {
        self.units as f64 / 10_f64.powi(i32::from(self.scale))
    }

    /// Reads a decimal and brings it to the scale of a field.
    pub fn parse_at(text: &str, scale: u8) -> Result<Self, DecimalError> {
        let value: Self = text.parse()?;
        value.exactly(scale).ok_or(if value.scale > scale {
            DecimalError::TooPrecise(scale)
        } else {
            DecimalError::Overflow
        })
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    /// Reads `-1234.50`. Group separators and full-width digits are the reader's business
    /// (see `text::fold`), since a comma means different things in different files.
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let (negative, digits) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() && fraction.is_empty() {
            return Err(DecimalError::Syntax);
        }
        if digits.ends_with('.') || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
            return Err(DecimalError::Syntax);
        }
        let fraction = fraction.trim_end_matches('0');
        let scale =
            u8::try_from(fraction.len()).ok().filter(|s| *s <= MAX_SCALE).ok_or(DecimalError::TooPrecise(MAX_SCALE))?;
        let mut units: i128 = 0;
        for digit in whole.bytes().chain(fraction.bytes()) {
            units = units
                .checked_mul(10)
                .and_then(|u| u.checked_add(i128::from(digit - b'0')))
                .ok_or(DecimalError::Overflow)?;
        }
        let units = if negative { -units } else { units };
        Ok(Self { units: i64::try_from(units).map_err(|_| DecimalError::Overflow)?, scale })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.scale == 0 {
            return write!(f, "{}", self.units);
        }
        let step = 10_u64.pow(u32::from(self.scale));
        let (whole, fraction) = (self.units.unsigned_abs() / step, self.units.unsigned_abs() % step);
        let sign = if self.units < 0 { "-" } else { "" };
        write!(f, "{sign}{whole}.{fraction:0width$}", width = usize::from(self.scale))
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let scale = self.scale.max(other.scale);
        let wide = |d: &Self| i128::from(d.units) * 10_i128.pow(u32::from(scale - d.scale));
        wide(self).cmp(&wide(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_shows() {
        for (text, scale, shown) in
            [("12.5", 2, "12.50"), ("-0.05", 2, "-0.05"), ("007", 0, "7"), (".5", 1, "0.5"), ("+3.10", 1, "3.1")]
        {
            assert_eq!(Decimal::parse_at(text, scale).map(|d| d.to_string()), Ok(shown.to_owned()), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not_a_number() {
        for text in ["", "-", ".", "1.", "1,000", "１２", "1e5", "0x10", "1.2.3", "NaN"] {
            assert_eq!(text.parse::<Decimal>(), Err(DecimalError::Syntax), "{text}");
        }
        assert_eq!(Decimal::parse_at("1.25", 1), Err(DecimalError::TooPrecise(1)));
        assert_eq!("99999999999999999999".parse::<Decimal>(), Err(DecimalError::Overflow));
    }

    #[test]
    fn rounds_away_from_zero_at_the_half() {
        for (numerator, denominator, expected) in [(1, 8, "0.13"), (-1, 8, "-0.13"), (1, 3, "0.33"), (2, 3, "0.67")] {
            let rounded = Decimal::from_ratio(numerator, denominator, 2, Rounding::HalfUp).map(|d| d.to_string());
            assert_eq!(rounded.as_deref(), Some(expected));
        }
        assert_eq!(Decimal::from_ratio(1, 0, 2, Rounding::HalfUp), None);
    }

    #[test]
    fn compares_across_scales() {
        assert_eq!(Decimal::new(150, 2), Decimal::new(15, 1));
        assert!(Decimal::new(149, 2) < Decimal::new(15, 1));
    }
}
