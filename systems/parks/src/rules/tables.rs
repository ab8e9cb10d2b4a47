//! The figures that come with the system, each with the day from which it holds (`tables/README.md`).

use std::sync::LazyLock;

use jiff::civil::Date;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::kernel::Decimal;

/// A row that holds from a day on.
pub trait Dated {
    /// The day.
    fn effective_from(&self) -> Date;
}

macro_rules! dated {
    ($($row:ty),+) => { $(impl Dated for $row { fn effective_from(&self) -> Date { self.effective_from } })+ };
}
dated!(Interval, StandardLife, CoverageLimit, UsePeriodFactor, Urgency, Priority);

/// Months between inspections (点検の間隔).
#[derive(Clone, Debug, Deserialize)]
pub struct Interval {
    /// From which day.
    pub effective_from: Date,
    /// `periodic` or `daily`.
    pub kind: String,
    /// `within-life`, `past-life` or `any`.
    pub situation: String,
    /// The interval in months.
    pub months: i32,
}

/// The standard period of use of a material (標準使用期間).
#[derive(Clone, Debug, Deserialize)]
pub struct StandardLife {
    /// From which day.
    pub effective_from: Date,
    /// The key of the material, as in `playground-unit`.
    pub material: String,
    /// The years.
    pub years: i16,
}

/// A limit of what may be built in a park, percent of its site.
#[derive(Clone, Debug, Deserialize)]
pub struct CoverageLimit {
    /// From which day.
    pub effective_from: Date,
    /// Its key, as in `park-coverage-limit`.
    pub limit: String,
    /// Percent of the site area.
    #[serde(deserialize_with = "decimal")]
    pub percent: Decimal,
}

/// How long a facility is expected to be used, in multiples of its disposal restriction period (処分制限期間).
#[derive(Clone, Debug, Deserialize)]
pub struct UsePeriodFactor {
    /// From which day.
    pub effective_from: Date,
    /// `preventive` or `reactive`.
    pub management: String,
    /// From how many years of the disposal restriction period on.
    pub disposal_years_from: i64,
    /// The factor.
    #[serde(deserialize_with = "decimal")]
    pub factor: Decimal,
}

/// The urgency (緊急度) that follows from a soundness (健全度).
#[derive(Clone, Debug, Deserialize)]
pub struct Urgency {
    /// From which day.
    pub effective_from: Date,
    /// `a` to `d`.
    pub soundness: String,
    /// `high`, `middle` or `low`.
    pub urgency: String,
    /// The same where a failure would do grave harm.
    pub urgency_where_harm_is_grave: String,
}

/// The priority (優先順位) of an urgency and an importance.
#[derive(Clone, Debug, Deserialize)]
pub struct Priority {
    /// From which day.
    pub effective_from: Date,
    /// `high`, `middle` or `low`.
    pub urgency: String,
    /// `high`, `middle` or `low`.
    pub importance: String,
    /// 1 comes first.
    pub priority: i64,
}

/// The rows in force on a day: those with the latest day not after it; before the first, the first.
pub fn in_force<T: Dated>(rows: &[T], day: Date) -> impl Iterator<Item = &T> {
    let latest = rows.iter().map(Dated::effective_from).filter(|from| *from <= day).max();
    let from = latest.or_else(|| rows.iter().map(Dated::effective_from).min());
    rows.iter().filter(move |row| Some(row.effective_from()) == from)
}

/// `tables/inspection-intervals.csv`
pub fn intervals() -> &'static [Interval] {
    static ROWS: LazyLock<Vec<Interval>> =
        LazyLock::new(|| read(include_str!("../../tables/inspection-intervals.csv")));
    &ROWS
}

/// `tables/standard-life.csv`
pub fn standard_lives() -> &'static [StandardLife] {
    static ROWS: LazyLock<Vec<StandardLife>> = LazyLock::new(|| read(include_str!("../../tables/standard-life.csv")));
    &ROWS
}

/// `tables/coverage-limits.csv`
pub fn coverage_limits() -> &'static [CoverageLimit] {
    static ROWS: LazyLock<Vec<CoverageLimit>> =
        LazyLock::new(|| read(include_str!("../../tables/coverage-limits.csv")));
    &ROWS
}

/// `tables/use-period-factors.csv`
pub fn use_period_factors() -> &'static [UsePeriodFactor] {
    static ROWS: LazyLock<Vec<UsePeriodFactor>> =
        LazyLock::new(|| read(include_str!("../../tables/use-period-factors.csv")));
    &ROWS
}

/// `tables/urgency.csv`
pub fn urgencies() -> &'static [Urgency] {
    static ROWS: LazyLock<Vec<Urgency>> = LazyLock::new(|| read(include_str!("../../tables/urgency.csv")));
    &ROWS
}

/// `tables/priority.csv`
pub fn priorities() -> &'static [Priority] {
    static ROWS: LazyLock<Vec<Priority>> = LazyLock::new(|| read(include_str!("../../tables/priority.csv")));
    &ROWS
}

fn read<T: DeserializeOwned>(text: &str) -> Vec<T> {
    let rows = csv::Reader::from_reader(text.as_bytes()).into_deserialize().collect::<Result<Vec<T>, _>>();
    rows.expect("invariant: a test reads every table that is built in")
}

fn decimal<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn every_table_is_read_and_a_day_has_its_rows() {
        assert!(!intervals().is_empty() && !standard_lives().is_empty() && !use_period_factors().is_empty());
        assert_eq!((urgencies().len(), priorities().len()), (4, 9));
        let recruited = |day| in_force(coverage_limits(), day).any(|row| row.limit == "recruited");
        assert!(!recruited(date(2017, 6, 14)) && recruited(date(2017, 6, 15)) && !recruited(date(1990, 1, 1)));
    }
}
