//! A photovoltaic plant that sells at a fixed price (太陽光売電): what the rest of its term will bring, and months that are odd.
//!
//! Forecast: the mean yearly kWh, a little less each year, times the price, until the last month of the term. A month is odd when its
//! kWh per kW lie outside a share of the mean of the same month in the years before. The shares and the decline are
//! `tables/settings.csv`; the prices of the scheme (調達価格) are `tables/fit-prices.csv`.

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::Deserialize;

use super::table::{self, Dated};
use super::{Worked, step};
use crate::kernel::YearMonth;

/// A month of a plant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Month {
    /// The month.
    pub month: YearMonth,
    /// What was sold, kWh.
    pub sold_kwh: i64,
    /// What was paid, yen; none where it is not known yet.
    pub yen: Option<i64>,
}

/// A plant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plant {
    /// The panels' power, kW.
    pub capacity_kw: f64,
    /// The first day of the term.
    pub started_on: Date,
    /// Months of the term.
    pub term_months: i64,
    /// Yen for a kWh.
    pub unit_price: f64,
}

/// What the rest of the term will bring.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forecast {
    /// The mean of a whole year, kWh.
    pub yearly_kwh: f64,
    /// Months of the term that are left.
    pub months_left: i64,
    /// kWh until the end.
    pub kwh: f64,
    /// Yen until the end.
    pub yen: i64,
}

/// Forecasts the rest of the term after the last month that is known.
///
/// # Errors
/// A sentence where fewer than twelve months are known.
pub fn forecast(plant: Plant, months: &[Month], day: Date) -> Result<Worked<Forecast>, String> {
    let mut known = months.to_vec();
    known.sort_by_key(|one| one.month);
    known.dedup_by_key(|one| one.month);
    if known.len() < 12 {
        return Err(format!("実績が{}か月分しかありません。12か月以上の実績から見通しを出します。", known.len()));
    }
    // Whole years only, the latest ones, so that no season counts twice.
    let years = (known.len() / 12).min(table::setting("solar_years", day) as usize);
    let used = &known[known.len() - years * 12..];
    let yearly_kwh = used.iter().map(|one| one.sold_kwh as f64).sum::<f64>() / years as f64;
    let last = known.last().map(|one| one.month).ok_or("実績がありません。")?;
    let end = plant.started_on.checked_add(plant.term_months.months()).map_err(|_| "買取の月数が長すぎます。")?;
    let months_left = months_between(last, end);
    let decline = table::setting("solar_decline_percent", day) / 100.0;
    let mut kwh = 0.0;
    for month in 0..months_left {
        let year = i32::try_from(month / 12).unwrap_or(i32::MAX) + 1;
        kwh += yearly_kwh / 12.0 * (1.0 - decline).powi(year);
    }
    let yen = (kwh * plant.unit_price).floor();
    let steps = vec![
        step("年間の平均", format!("直近{years}年の平均 {yearly_kwh:.0}kWh")),
        step("残りの期間", format!("{months_left}か月")),
        step(
            "見通し",
            format!("毎年{:.1}％ずつ減るとして {kwh:.0}kWh × {}円 = {yen:.0}円", decline * 100.0, plant.unit_price),
        ),
    ];
    Ok(Worked::new(Forecast { yearly_kwh, months_left, kwh, yen: yen as i64 }, steps))
}

/// Months after a month that begin before a day.
fn months_between(last: YearMonth, end: Date) -> i64 {
    let count = |year: i16, month: i8| i64::from(year) * 12 + i64::from(month);
    let first = last.first_day();
    let begun = i64::from(end.day() > 1);
    (count(end.year(), end.month()) - count(first.year(), first.month()) - 1 + begun).max(0)
}

/// A month that is odd.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Oddity {
    /// The month.
    pub month: YearMonth,
    /// Its share of the usual, percent.
    pub percent: f64,
}

/// The months outside the usual: each held against the same month of the years before, as far as there are any.
pub fn oddities(plant: Plant, months: &[Month], day: Date) -> Vec<Oddity> {
    let (low, high) = (table::setting("solar_low_percent", day), table::setting("solar_high_percent", day));
    let years = table::setting("solar_years", day) as i16;
    let per_kw = |one: &Month| one.sold_kwh as f64 / plant.capacity_kw;
    let mut found = Vec::new();
    for one in months {
        let day = one.month.first_day();
        let same = months.iter().filter(|other| {
            let before = other.month.first_day();
            before.month() == day.month() && (1..=years).contains(&(day.year() - before.year()))
        });
        let usual: Vec<f64> = same.map(per_kw).collect();
        let mean = usual.iter().sum::<f64>() / usual.len().max(1) as f64;
        if usual.is_empty() || mean <= 0.0 {
            continue;
        }
        let percent = 100.0 * per_kw(one) / mean;
        if percent < low || percent > high {
            found.push(Oddity { month: one.month, percent });
        }
    }
    found
}

#[derive(Deserialize)]
struct Price {
    effective_from: Date,
    class: String,
    price_yen: f64,
}

impl Dated for Price {
    fn effective_from(&self) -> Date {
        self.effective_from
    }
}

/// The scheme's class of a plant by its power.
pub fn class(capacity_kw: f64) -> &'static str {
    if capacity_kw < 10.0 {
        "under-10"
    } else if capacity_kw < 50.0 {
        "10-50"
    } else {
        "50-up"
    }
}

/// The scheme's price (調達価格) for a class of plants certified on a day, yen for a kWh; none before the scheme.
pub fn scheme_price(class: &str, certified_on: Date) -> Option<f64> {
    let mut rows: Vec<Price> = table::built_in(include_str!("../../tables/fit-prices.csv"));
    rows.retain(|row| row.class == class && row.effective_from <= certified_on);
    table::on(&rows, certified_on).first().map(|row| row.price_yen)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn month(year: i16, month: i8, sold_kwh: i64) -> Month {
        Month { month: format!("{year}-{month:02}").parse().unwrap(), sold_kwh, yen: None }
    }

    fn plant() -> Plant {
        Plant { capacity_kw: 50.0, started_on: date(2014, 4, 1), term_months: 240, unit_price: 32.0 }
    }

    fn years(from: i16, to: i16) -> Vec<Month> {
        (from..=to).flat_map(|year| (1..=12).map(move |m| month(year, m, 4_000))).collect()
    }

    #[test]
    fn the_rest_of_the_term_is_told() {
        let worked = forecast(plant(), &years(2023, 2025), date(2026, 1, 10)).unwrap();
        // From January 2026 to March 2034 are 99 months.
        assert_eq!(worked.value.months_left, 99);
        let expected: f64 = (0..99).map(|n| 4_000.0 * 0.995_f64.powi(n / 12 + 1)).sum();
        assert!((worked.value.kwh - expected).abs() < 1e-6, "{worked:?}");
        assert_eq!(worked.value.yen, (expected * 32.0).floor() as i64);
    }

    #[test]
    fn nothing_is_left_after_the_term_and_a_short_history_is_refused() {
        let over = forecast(plant(), &years(2035, 2036), date(2037, 1, 10)).unwrap();
        assert_eq!((over.value.months_left, over.value.yen), (0, 0));
        assert!(forecast(plant(), &years(2025, 2025)[..11], date(2026, 1, 10)).is_err());
    }

    #[test]
    fn a_month_far_from_the_same_months_before_is_odd() {
        let mut months = years(2022, 2025);
        let july = months.iter_mut().find(|one| one.month == "2025-07".parse().unwrap()).unwrap();
        july.sold_kwh = 2_000;
        let odd = oddities(plant(), &months, date(2026, 1, 10));
        assert_eq!(
            odd.iter().map(|one| (one.month.to_string(), one.percent)).collect::<Vec<_>>(),
            [("2025-07".to_owned(), 50.0)]
        );
        // The edges themselves are usual.
        let july = months.iter_mut().find(|one| one.month == "2025-07".parse().unwrap()).unwrap();
        july.sold_kwh = 2_400;
        assert!(oddities(plant(), &months, date(2026, 1, 10)).is_empty());
    }

    #[test]
    fn the_scheme_s_prices_hold_from_their_day() {
        for (class, on, price) in [
            ("10-50", date(2012, 7, 1), Some(40.0)),
            ("10-50", date(2015, 6, 30), Some(29.0)),
            ("10-50", date(2015, 7, 1), Some(27.0)),
            ("under-10", date(2023, 5, 1), Some(16.0)),
            ("50-up", date(2023, 5, 1), Some(9.5)),
            ("10-50", date(2012, 6, 30), None),
        ] {
            assert_eq!(scheme_price(class, on), price, "{class} {on}");
        }
        assert_eq!([9.99, 10.0, 49.99, 50.0].map(class), ["under-10", "10-50", "10-50", "50-up"]);
    }
}
