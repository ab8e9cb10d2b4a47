//! Numbers as they are written: exact, or refused.

use kawasemi_kernel::Decimal;
use kawasemi_kernel::decimal::MAX_SCALE;

/// Reads `12`, `-12.50`, `.5`, `1.` or `1.5E3` without losing a digit. `None` when the number does not fit into 64 bits
/// at no more than [`MAX_SCALE`] decimal places.
pub(crate) fn exact(text: &str) -> Option<Decimal> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (negative, digits) = match mantissa.as_bytes().first()? {
        b'-' => (true, &mantissa[1..]),
        b'+' => (false, &mantissa[1..]),
        _ => (false, mantissa),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = || whole.bytes().chain(fraction.bytes());
    if all().next().is_none() || !all().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // The digits without zeros at either end, and the power of ten by which they count.
    let significant: Vec<u8> = all().skip_while(|b| *b == b'0').collect();
    let zeros = significant.iter().rev().take_while(|b| **b == b'0').count();
    let significant = &significant[..significant.len() - zeros];
    if significant.is_empty() {
        return Some(Decimal::new(0, 0));
    }
    if significant.len() > 19 {
        return None;
    }
    let power = exponent
        .checked_sub(i32::try_from(fraction.len()).ok()?)
        .and_then(|power| power.checked_add(i32::try_from(zeros).ok()?))?;
    let units = significant.iter().fold(0_i128, |units, digit| units * 10 + i128::from(digit - b'0'));
    let units = if negative { -units } else { units };
    if power >= 0 {
        let factor = 10_i128.checked_pow(u32::try_from(power).ok().filter(|p| *p <= 19)?)?;
        return Some(Decimal::new(i64::try_from(units.checked_mul(factor)?).ok()?, 0));
    }
    let scale = u8::try_from(-power).ok().filter(|scale| *scale <= MAX_SCALE)?;
    Some(Decimal::new(i64::try_from(units).ok()?, scale))
}

/// The shortest way to write a decimal: no zeros at the end of the fraction.
pub(crate) fn shortest(number: Decimal) -> Decimal {
    let (mut units, mut scale) = (number.units(), number.scale());
    while scale > 0 && units % 10 == 0 {
        units /= 10;
        scale -= 1;
    }
    Decimal::new(units, scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_exactly() {
        for (text, units, scale) in [
            ("9007199254740993", 9_007_199_254_740_993, 0),
            ("-9223372036854775808", i64::MIN, 0),
            ("0.10", 1, 1),
            ("1.", 1, 0),
            (".5", 5, 1),
            ("1.5E3", 1500, 0),
            ("25e-4", 25, 4),
            ("0e99999", 0, 0),
            ("0000000000000000000000000000001", 1, 0),
        ] {
            let number = exact(text).map(|n| (n.units(), n.scale()));
            assert_eq!(number, Some((units, scale)), "{text}");
        }
    }

    #[test]
    fn refuses_what_would_lose_digits() {
        for text in ["9223372036854775808", "1e19", "1e-13", "0.1234567890123", "1e999999999999", "", ".", "-"] {
            assert!(exact(text).is_none(), "{text}");
        }
    }
}
