//! Tables with effective dates: what holds on a day.
//!
//! A table is a CSV with a column `effective_from`. The rows of the latest day that is not after the asked one are in force, all
//! together; before the first day, the first ones.

use jiff::civil::Date;
use serde::Deserialize;
use serde::de::DeserializeOwned;

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

/// A figure with a name.
#[derive(Clone, Debug, Deserialize)]
pub struct Figure {
    /// The first day on which it holds.
    pub effective_from: Date,
    /// Its name in the program.
    pub key: String,
    /// The figure.
    pub value: f64,
    /// Its name for people, where it is shown.
    #[serde(default)]
    pub label: String,
}

/// The figure with a key on a day, by its own effective dates.
///
/// # Panics
/// When the table lacks it, which the tests would have shown.
pub fn figure<'a>(rows: &'a [Figure], key: &str, day: Date) -> &'a Figure {
    let mut of_key: Vec<&Figure> = rows.iter().filter(|row| row.key == key).collect();
    of_key.sort_by_key(|row| row.effective_from);
    let found = of_key.iter().rev().find(|row| row.effective_from <= day).or(of_key.first());
    found.expect("invariant: the tables have every figure that the program asks for")
}

/// A single figure of `tables/settings.csv` on a day.
pub fn setting(key: &str, day: Date) -> f64 {
    let rows: Vec<Figure> = built_in(include_str!("../../tables/settings.csv"));
    figure(&rows, key, day).value
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_figure_holds_until_the_next_of_its_name() {
        let row = |from: Date, value| Figure { effective_from: from, key: "k".to_owned(), value, label: String::new() };
        let rows = [row(date(2025, 4, 1), 2.0), row(date(2020, 4, 1), 1.0)];
        for (day, value) in [(date(2019, 1, 1), 1.0), (date(2025, 3, 31), 1.0), (date(2025, 4, 1), 2.0)] {
            assert_eq!(figure(&rows, "k", day).value, value);
        }
    }

    #[test]
    fn every_setting_is_there() {
        for key in [
            "corrosion_interval_years",
            "permit_notice_days",
            "fit_min_spans",
            "measure_years_one",
            "measure_years_two",
        ] {
            assert!(setting(key, date(2026, 4, 1)) > 0.0, "{key}");
        }
    }
}
