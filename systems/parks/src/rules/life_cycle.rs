//! Preventive against reactive maintenance (予防保全型・事後保全型): what a facility costs a year either way (ライフサイクルコスト).
//!
//! After 公園施設長寿命化計画策定指針: a facility is expected to be used for its disposal restriction period (処分制限期間) times a factor, which
//! is larger where it is maintained preventively. Over that time a reactive one costs its renewal and upkeep; a preventive one
//! its renewal, upkeep and repairs.

use jiff::civil::Date;

use super::tables::{self, in_force};
use super::{Worked, step};
use crate::kernel::decimal::Rounding;

/// What the comparison needs to know of a facility, yen.
#[derive(Clone, Copy, Debug)]
pub struct Costs {
    /// The disposal restriction period (処分制限期間) in years.
    pub disposal_years: i64,
    /// Renewing it.
    pub renewal_yen: i64,
    /// The repairs of preventive maintenance over the period of use.
    pub repairs_yen: i64,
    /// Inspections and small upkeep in a year, the same either way.
    pub upkeep_yen: i64,
}

/// What a year costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The expected period of use in years, where it is maintained reactively, times ten.
    pub reactive_tenths: i64,
    /// The same where it is maintained preventively.
    pub preventive_tenths: i64,
    /// A year of reactive maintenance, yen.
    pub reactive_yen: i64,
    /// A year of preventive maintenance, yen.
    pub preventive_yen: i64,
}

impl Comparison {
    /// What preventive maintenance saves in a year, yen; negative where it costs more.
    pub const fn reduction_yen(self) -> i64 {
        self.reactive_yen.saturating_sub(self.preventive_yen)
    }

    /// Whether preventive maintenance is the cheaper way.
    pub const fn favours_preventive(self) -> bool {
        self.reduction_yen() > 0
    }
}

/// Compares both ways by the factors of a day; none where the period is not known.
pub fn compare(costs: Costs, on: Date) -> Option<Worked<Comparison>> {
    let tenths = |management: &str| {
        let rows = in_force(tables::use_period_factors(), on);
        let rows = rows.filter(|row| row.management == management && row.disposal_years_from <= costs.disposal_years);
        let row = rows.max_by_key(|row| row.disposal_years_from)?;
        let tenths = row.factor.rounded(1, Rounding::HalfUp)?.units();
        costs.disposal_years.checked_mul(tenths).filter(|tenths| *tenths > 0)
    };
    let (reactive_tenths, preventive_tenths) = (tenths("reactive")?, tenths("preventive")?);
    // Rounded half up to the yen; amounts are not negative.
    let a_year = |whole: i64, tenths: i64| {
        let yen = (i128::from(whole) * 20 + i128::from(tenths)) / (2 * i128::from(tenths));
        i64::try_from(yen).unwrap_or(i64::MAX).saturating_add(costs.upkeep_yen)
    };
    let value = Comparison {
        reactive_tenths,
        preventive_tenths,
        reactive_yen: a_year(costs.renewal_yen, reactive_tenths),
        preventive_yen: a_year(costs.renewal_yen.saturating_add(costs.repairs_yen), preventive_tenths),
    };
    let years = |tenths: i64| format!("{}.{}年", tenths / 10, tenths % 10);
    let steps = vec![
        step(
            "使用見込み期間（処分制限期間 × 係数）",
            format!("事後保全 {}、予防保全 {}", years(reactive_tenths), years(preventive_tenths)),
        ),
        step("1年あたりの費用", format!("事後保全 {}円、予防保全 {}円", value.reactive_yen, value.preventive_yen)),
        step("縮減額", format!("{}円", value.reduction_yen())),
    ];
    Some(Worked::new(value, steps))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn of(disposal_years: i64, renewal_yen: i64, repairs_yen: i64) -> Comparison {
        compare(Costs { disposal_years, renewal_yen, repairs_yen, upkeep_yen: 10_000 }, date(2026, 4, 1)).unwrap().value
    }

    #[test]
    fn the_factor_depends_on_the_period() {
        let periods = |years| (of(years, 1, 0).reactive_tenths, of(years, 1, 0).preventive_tenths);
        assert_eq!(
            [periods(15), periods(19), periods(20), periods(39), periods(40)],
            [(300, 360), (380, 456), (300, 360), (585, 702), (400, 480)]
        );
    }

    #[test]
    fn preventive_maintenance_pays_only_while_repairs_are_small() {
        let cheap = of(15, 3_000_000, 300_000);
        assert_eq!((cheap.reactive_yen, cheap.preventive_yen), (110_000, 101_667));
        assert!(cheap.favours_preventive());
        assert_eq!(of(15, 3_000_000, 900_000).reduction_yen(), 110_000 - 118_333);
        assert!(
            compare(Costs { disposal_years: 0, renewal_yen: 1, repairs_yen: 0, upkeep_yen: 0 }, date(2026, 4, 1))
                .is_none()
        );
    }
}
