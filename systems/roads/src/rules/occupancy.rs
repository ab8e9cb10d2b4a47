//! The fee for occupying the road (道路占用料), by fiscal year.
//!
//! 道路法第39条 and the city's ordinance: the quantity is rounded as the price says, times the price; a part of a year is charged by
//! months, each begun month counting whole; a fraction of a yen is dropped. The prices are records of the ledger
//! `occupancy-rate`, each with the days on which it holds: the price of the first day of each fiscal year's part counts.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::{Step, Worked, step, table};
use crate::kernel::decimal::Rounding;
use crate::kernel::fiscal::FiscalYear;
use crate::kernel::{Decimal, era};

/// The most fiscal years that one permit is charged for at once.
const YEARS: usize = 60;

/// For which time a price is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// A year.
    Year,
    /// A month.
    Month,
    /// A day.
    Day,
}

impl Per {
    /// The period with a key.
    pub fn read(key: &str) -> Option<Self> {
        match key {
            "year" | "年" | "1年" => Some(Self::Year),
            "month" | "月" | "1月" => Some(Self::Month),
            "day" | "日" | "1日" => Some(Self::Day),
            _ => None,
        }
    }
}

/// A price of the ordinance (占用料の単価).
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    /// The first day on which it holds.
    pub from: Date,
    /// The last day; none while it holds.
    pub to: Option<Date>,
    /// For which time.
    pub per: Per,
    /// Yen for one unit.
    pub unit_price: Decimal,
    /// How a quantity is brought to whole units; none for as it is.
    pub rounding: Option<Rounding>,
    /// The smallest fee of a fiscal year, yen.
    pub minimum_yen: i64,
}

/// What is charged.
#[derive(Clone, Debug, PartialEq)]
pub struct Occupancy {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
    /// How many units.
    pub quantity: Decimal,
    /// How much of the fee is let off, percent.
    pub reduction_percent: i64,
}

/// The fee of one fiscal year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YearFee {
    /// The fiscal year.
    pub year: FiscalYear,
    /// The first day charged for in it.
    pub from: Date,
    /// The last one.
    pub to: Date,
    /// The months charged, each begun month whole.
    pub months: i64,
    /// The fee, yen.
    pub yen: i64,
}

/// The fees by fiscal year, with one step for each.
///
/// # Errors
/// A sentence where the term runs backwards or too long, or no price holds on the first day of a part.
pub fn fees(occupancy: &Occupancy, prices: &[Price]) -> Result<Worked<Vec<YearFee>>, String> {
    if occupancy.to < occupancy.from {
        return Err("期間の終わりが始まりより前になっています。".to_owned());
    }
    if !(0..=100).contains(&occupancy.reduction_percent) {
        return Err("減免の割合は0〜100％で入れてください。".to_owned());
    }
    let (mut fees, mut steps) = (Vec::new(), Vec::new());
    let mut from = occupancy.from;
    while from <= occupancy.to {
        if fees.len() == YEARS {
            return Err(format!("期間が{YEARS}年度を超えています。期間の終わりを確かめてください。"));
        }
        let year = FiscalYear::of(from);
        let to = occupancy.to.min(year.last_day());
        let price = price_on(prices, from).ok_or_else(|| {
            format!("{from} に適用される単価がありません。「占用料の単価」の台帳に、その日を含む単価を加えてください。")
        })?;
        let (fee, told) = of_year(occupancy, price, year, from, to)?;
        fees.push(fee);
        steps.push(told);
        match to.tomorrow() {
            Ok(next) => from = next,
            Err(_) => break,
        }
    }
    Ok(Worked::new(fees, steps))
}

/// The last day that a term beginning on a day may have (道路法施行令第9条: five years, ten for utilities), by `tables/settings.csv`.
pub fn longest_term(from: Date, is_utility: bool) -> Date {
    let years = table::setting(if is_utility { "term_utility_years" } else { "term_years" }, from) as i64;
    from.checked_add(years.years()).and_then(Date::yesterday).unwrap_or(from)
}

fn price_on(prices: &[Price], day: Date) -> Option<&Price> {
    let holds = |price: &&Price| price.from <= day && price.to.is_none_or(|to| day <= to);
    prices.iter().filter(holds).max_by_key(|price| price.from)
}

fn of_year(
    occupancy: &Occupancy,
    price: &Price,
    year: FiscalYear,
    from: Date,
    to: Date,
) -> Result<(YearFee, Step), String> {
    let too_large = || "占用料が大きすぎて計算できません。数量と単価を確かめてください。".to_owned();
    let quantity = match price.rounding {
        Some(rounding) => occupancy.quantity.rounded(0, rounding).ok_or_else(too_large)?,
        None => occupancy.quantity,
    };
    let months = months_begun(from, to);
    let days = i64::from(from.until(to).map_or(0, |span| span.get_days())) + 1;
    let (times, of, said) = match price.per {
        Per::Year => (months, 12, format!("× {months}/12月")),
        Per::Month => (months, 1, format!("× {months}月")),
        Per::Day => (days, 1, format!("× {days}日")),
    };
    // Everything stays a fraction until the one place where a yen's fraction is dropped.
    let scale = 10_i128.pow(u32::from(quantity.scale()) + u32::from(price.unit_price.scale()));
    let product = i128::from(quantity.units()) * i128::from(price.unit_price.units()) * i128::from(times);
    let whole = product * i128::from(100 - occupancy.reduction_percent) / (scale * i128::from(of) * 100);
    let mut yen = i64::try_from(whole).map_err(|_| too_large())?;
    let mut told = format!("単価{}円 × 数量{quantity} {said}", price.unit_price);
    if occupancy.reduction_percent > 0 {
        told.push_str(&format!(" × {}％（減免{}％）", 100 - occupancy.reduction_percent, occupancy.reduction_percent));
    }
    if yen < price.minimum_yen && occupancy.reduction_percent < 100 {
        told.push_str(&format!(" = {yen}円、最低額 {}円", price.minimum_yen));
        yen = price.minimum_yen;
    } else {
        told.push_str(&format!(" = {yen}円"));
    }
    Ok((
        YearFee { year, from, to, months, yen },
        step(year.label(), format!("{}〜{}　{told}", era::short(from), era::short(to))),
    ))
}

/// How many months have begun from a first to a last day, both included: a day counts as a month.
pub fn months_begun(from: Date, to: Date) -> i64 {
    let mut months = 0;
    // A fiscal year's part has twelve at most, so counting is as good as dividing and says what it means.
    while from.checked_add(months.months()).is_ok_and(|begins| begins <= to) {
        months += 1;
    }
    months
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn price(from: Date, to: Option<Date>, per: Per, yen: &str) -> Price {
        Price { from, to, per, unit_price: yen.parse().unwrap(), rounding: Some(Rounding::Truncate), minimum_yen: 100 }
    }

    fn of(from: Date, to: Date, quantity: &str, reduction_percent: i64, prices: &[Price]) -> Vec<(i32, i64, i64)> {
        let occupancy = Occupancy { from, to, quantity: quantity.parse().unwrap(), reduction_percent };
        let fees = fees(&occupancy, prices).unwrap().value;
        fees.into_iter().map(|fee| (fee.year.year(), fee.months, fee.yen)).collect()
    }

    #[test]
    fn a_year_is_whole_and_a_part_goes_by_months_begun() {
        let prices = [price(date(2020, 4, 1), None, Per::Year, "1000")];
        assert_eq!(of(date(2026, 4, 1), date(2027, 3, 31), "3.99", 0, &prices), [(2026, 12, 3000)]);
        // 15 April to 14 June are two months, one day more is a third.
        assert_eq!(of(date(2026, 4, 15), date(2026, 6, 14), "1", 0, &prices), [(2026, 2, 166)]);
        assert_eq!(of(date(2026, 4, 15), date(2026, 6, 15), "1", 0, &prices), [(2026, 3, 250)]);
        // A single day is a month, and less than the smallest fee becomes it.
        assert_eq!(of(date(2026, 5, 31), date(2026, 5, 31), "1", 0, &prices), [(2026, 1, 100)]);
    }

    #[test]
    fn each_fiscal_year_has_the_price_of_its_first_day() {
        let prices = [
            price(date(2020, 4, 1), Some(date(2027, 3, 31)), Per::Year, "1000"),
            price(date(2027, 4, 1), None, Per::Year, "1300"),
        ];
        let all = of(date(2026, 10, 1), date(2028, 3, 31), "2", 0, &prices);
        assert_eq!(all, [(2026, 6, 1000), (2027, 12, 2600)]);
        let refused = fees(
            &Occupancy {
                from: date(2019, 4, 1),
                to: date(2019, 5, 1),
                quantity: Decimal::new(1, 0),
                reduction_percent: 0,
            },
            &prices,
        );
        assert!(refused.unwrap_err().contains("2019-04-01"));
    }

    #[test]
    fn months_days_and_reductions() {
        let monthly = [price(date(2020, 4, 1), None, Per::Month, "55.5")];
        assert_eq!(of(date(2026, 4, 1), date(2026, 5, 10), "10", 0, &monthly), [(2026, 2, 1110)]);
        let daily = [price(date(2020, 4, 1), None, Per::Day, "30")];
        assert_eq!(of(date(2026, 4, 1), date(2026, 4, 10), "7", 50, &daily), [(2026, 1, 1050)]);
        assert_eq!(of(date(2026, 4, 1), date(2026, 4, 10), "7", 100, &daily), [(2026, 1, 0)]);
    }

    #[test]
    fn months_of_unequal_length_are_counted_from_the_first_day() {
        assert_eq!(months_begun(date(2026, 1, 31), date(2026, 2, 27)), 1);
        assert_eq!(months_begun(date(2026, 1, 31), date(2026, 2, 28)), 2);
        assert_eq!(months_begun(date(2026, 4, 1), date(2027, 3, 31)), 12);
    }

    #[test]
    fn a_term_is_five_years_or_ten() {
        assert_eq!(longest_term(date(2026, 4, 1), false), date(2031, 3, 31));
        assert_eq!(longest_term(date(2026, 4, 1), true), date(2036, 3, 31));
    }

    #[test]
    fn a_term_without_end_is_refused() {
        let prices = [price(date(2020, 4, 1), None, Per::Year, "1")];
        let for_ever = Occupancy {
            from: date(2026, 4, 1),
            to: date(9999, 12, 31),
            quantity: Decimal::new(1, 0),
            reduction_percent: 0,
        };
        assert!(fees(&for_ever, &prices).unwrap_err().contains("60年度"));
    }
}
