//! Tables with effective dates: what holds on a day.
//!
//! A table is a CSV with a column `effective_from`. The rows of the latest day that is not after the asked one are in force, all
//! together; before the first day, the first ones.

use jiff::civil::Date;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::kernel::Decimal;

/// A row that says from when it holds.
pub trait Dated {
    /// The first day on which it holds.
    fn effective_from(&self) -> Date;
}

/// Reads a table that is built into the program.
///
/// # Panics
/// When it can't be read, which the tests would have shown.
pub fn built_in<T: DeserializeOwned>(text: &str) -> Vec<T> {
    let rows = csv::Reader::from_reader(text.as_bytes()).into_deserialize().collect::<Result<Vec<T>, _>>();
    rows.expect("invariant: the tests read every table that is built in")
}

/// The rows in force on a day, in the order of the file.
pub fn on<T: Dated>(rows: &[T], day: Date) -> Vec<&T> {
    let known = rows.iter().map(T::effective_from);
    let first = known.clone().filter(|from| *from <= day).max().or_else(|| known.min());
    rows.iter().filter(|row| Some(row.effective_from()) == first).collect()
}

/// A decimal in a cell; nothing where it is empty.
pub fn decimal_or_nothing<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

#[derive(Deserialize)]
struct Setting {
    effective_from: Date,
    key: String,
    value: f64,
}

/// A single figure of `tables/settings.csv` on a day, by its own effective dates.
///
/// # Panics
/// When the table lacks it, which the tests would have shown.
pub fn setting(key: &str, day: Date) -> f64 {
    let rows: Vec<Setting> = built_in(include_str!("../../tables/settings.csv"));
    let mut of_key: Vec<&Setting> = rows.iter().filter(|row| row.key == key).collect();
    of_key.sort_by_key(|row| row.effective_from);
    let found = of_key.iter().rev().find(|row| row.effective_from <= day).or(of_key.first());
    found.expect("invariant: settings.csv has every setting that the program asks for").value
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    struct Row(Date, u8);

    impl Dated for Row {
        fn effective_from(&self) -> Date {
            self.0
        }
    }

    #[test]
    fn the_rows_of_the_latest_day_hold_together() {
        let rows = [Row(date(2020, 4, 1), 1), Row(date(2023, 4, 1), 2), Row(date(2023, 4, 1), 3)];
        let of = |day| on(&rows, day).iter().map(|row| row.1).collect::<Vec<_>>();
        assert_eq!(of(date(2019, 1, 1)), [1]);
        assert_eq!(of(date(2023, 3, 31)), [1]);
        assert_eq!(of(date(2023, 4, 1)), [2, 3]);
    }

    #[test]
    fn every_setting_is_there() {
        for key in [
            "renewal_notice_days",
            "solar_low_percent",
            "solar_high_percent",
            "solar_decline_percent",
            "solar_years",
            "residual_limit_m",
            "delay_percent",
            "term_years",
            "term_utility_years",
        ] {
            assert!(setting(key, date(2026, 4, 1)) > 0.0, "{key}");
        }
    }
}
