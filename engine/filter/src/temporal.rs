//! Dates and instants as the standard writes them (RFC 3339), and nothing looser.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::ast::Kind;
use crate::error::{At, ErrorCode, FilterError};

/// Reads `2025-04-01`.
pub(crate) fn date(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    let shaped = bytes.len() == 10
        && bytes.iter().enumerate().all(|(i, b)| if matches!(i, 4 | 7) { *b == b'-' } else { b.is_ascii_digit() });
    if !shaped {
        return None;
    }
    Date::new(text[..4].parse().ok()?, text[5..7].parse().ok()?, text[8..].parse().ok()?).ok()
}

/// Reads `2025-04-01T09:00:00Z`. The standard's instants are UTC; an offset such as `+09:00` means the same instant and
/// is taken too. Leap seconds and what is finer than a microsecond can't be stored and are refused.
pub(crate) fn timestamp(text: &str) -> Option<Timestamp> {
    let (day, rest) = text.split_at_checked(10)?;
    date(day)?;
    let bytes = rest.as_bytes();
    let clock = bytes.get(..9)?;
    let shaped = clock.iter().enumerate().all(|(i, b)| match i {
        0 => *b == b'T',
        3 | 6 => *b == b':',
        _ => b.is_ascii_digit(),
    });
    if !shaped || &rest[7..9] > "59" {
        return None;
    }
    let ends_well = rest.ends_with('Z') || bytes.len().checked_sub(6).is_some_and(|i| matches!(bytes[i], b'+' | b'-'));
    let instant: Timestamp = if ends_well { text.parse().ok()? } else { return None };
    (instant.as_nanosecond() % 1000 == 0).then_some(instant)
}

/// Reads one end of an interval: a date, an instant, or `..`.
pub(crate) fn interval_end(text: &str) -> Option<Kind> {
    if text == ".." {
        return Some(Kind::Open);
    }
    date(text).map(Kind::Date).or_else(|| timestamp(text).map(Kind::Timestamp))
}

pub(crate) fn no_date(at: At, text: &str) -> FilterError {
    let message = format!("「{text}」という日付はありません");
    FilterError::new(ErrorCode::Date, at, message, "「2025-04-01」のように西暦で、ある日付を書いてください")
}

pub(crate) fn no_timestamp(at: At, text: &str) -> FilterError {
    let message = format!("「{text}」という日時はありません");
    FilterError::new(ErrorCode::Date, at, message, "「2025-04-01T00:00:00Z」のように世界時で書いてください")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_standard_writes() {
        for good in ["2025-04-01T00:00:00Z", "2025-04-01T00:00:00.123456Z", "2025-04-01T09:00:00+09:00"] {
            assert!(timestamp(good).is_some(), "{good}");
        }
        for bad in [
            "2025-04-01",
            "2025-04-01T00:00:00",
            "2025-04-01 00:00:00Z",
            "2025-04-01T23:59:60Z",
            "2025-04-01T00:00:00.1234567Z",
            "2025-02-29T00:00:00Z",
            "2025-04-01T00:00:00Zx",
            "２０２５-04-01T00:00:00Z",
        ] {
            assert!(timestamp(bad).is_none(), "{bad}");
        }
        for bad in ["2025-4-1", "2025-02-29", "20250401", "+002025-04-01", "2025-04-01x"] {
            assert!(date(bad).is_none(), "{bad}");
        }
    }
}
