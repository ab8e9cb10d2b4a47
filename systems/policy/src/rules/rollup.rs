//! A theme's figure and flag, rolled up from its initiatives.
//!
//! The figure is the mean of the achievement rates of the outcome indicators that are computable, each capped to 0–120 so
//! that one runaway figure does not hide the others; the flag is the worst reported progress. Both are always shown
//! together: a good mean must not hide a stalled initiative, nor a flag a good mean.

use serde::{Deserialize, Serialize};

use super::{Achievement, Progress, Worked};
use crate::kernel::Decimal;
use crate::kernel::decimal::Rounding;

/// The lowest and the highest rate that a mean counts, in percent, one place.
const CAP_MIN: i64 = 0;
const CAP_MAX: i64 = 1200;

/// What an indicator shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IndicatorKind {
    /// What was done (活動指標). It does not count in a mean.
    Activity,
    /// What came of it (成果指標).
    Outcome,
}

/// An indicator in a mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeightedAchievement {
    /// What it shows.
    pub kind: IndicatorKind,
    /// How far it has come.
    pub achievement: Achievement,
    /// How much it counts, usually 1.
    pub weight: u32,
}

/// A theme at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThemeRollUp {
    /// The mean in percent, one place; none if no indicator counts.
    pub mean: Option<Decimal>,
    /// The indicators in the mean.
    pub counted: usize,
    /// Outcome indicators that are not computable.
    pub not_computable: usize,
    /// The worst progress of the initiatives that were not given up; `Cancelled` if all were, none if none was reported.
    pub worst: Option<Progress>,
    /// Initiatives without a report.
    pub not_reported: usize,
}

/// Rolls a theme up from its indicators and the progress of its initiatives.
pub fn roll_up(indicators: &[WeightedAchievement], progress: &[Option<Progress>]) -> Worked<ThemeRollUp> {
    let outcomes = indicators.iter().filter(|indicator| indicator.kind == IndicatorKind::Outcome);
    let (mut sum, mut weights, mut counted, mut not_computable) = (0_i128, 0_i128, 0, 0);
    for indicator in outcomes {
        match indicator.achievement.rate().and_then(|rate| rate.rounded(1, Rounding::HalfUp)) {
            Some(rate) => {
                sum += i128::from(rate.units().clamp(CAP_MIN, CAP_MAX)) * i128::from(indicator.weight);
                weights += i128::from(indicator.weight);
                counted += 1;
            }
            None => not_computable += 1,
        }
    }
    let mean = Decimal::from_ratio(sum, weights * 10, 1, Rounding::HalfUp);
    let reported = progress.iter().flatten().copied();
    let worst = reported.clone().filter(|one| *one != Progress::Cancelled).min().or_else(|| reported.clone().min());
    let not_reported = progress.iter().filter(|one| one.is_none()).count();
    let value = ThemeRollUp { mean, counted, not_computable, worst, not_reported };
    let mean = mean.map_or("算定できる成果指標がないため平均なし".to_owned(), |mean| {
        format!("成果指標{counted}件の平均 {mean}％（算定不能{not_computable}件を除く）")
    });
    let worst =
        worst.map_or("報告なし".to_owned(), |worst| format!("最も悪い進捗は「{worst}」（未報告{not_reported}件）"));
    Worked::by(value, "達成率を0～120に収めて重み付き平均、小数第2位を四捨五入", mean)
        .then("中止を除く取り組みのうち最も悪い進捗", worst)
}

#[cfg(test)]
mod tests {
    use super::super::NotComputable;
    use super::*;

    fn outcome(rate: &str, weight: u32) -> WeightedAchievement {
        let achievement = match rate.parse() {
            Ok(rate) => Achievement::Rate(rate),
            Err(_) => Achievement::NotComputable(NotComputable::NoActual),
        };
        WeightedAchievement { kind: IndicatorKind::Outcome, achievement, weight }
    }

    fn mean(indicators: &[WeightedAchievement]) -> Option<String> {
        roll_up(indicators, &[]).value.mean.map(|mean| mean.to_string())
    }

    #[test]
    fn the_mean_caps_weighs_and_leaves_out() {
        let activity = WeightedAchievement { kind: IndicatorKind::Activity, ..outcome("10.0", 1) };
        for (indicators, expected) in [
            (vec![outcome("100.0", 1), outcome("50.0", 1)], Some("75.0")),
            (vec![outcome("300.0", 1), outcome("60.0", 1)], Some("90.0")),
            (vec![outcome("-80.0", 1), outcome("100.0", 1)], Some("50.0")),
            (vec![outcome("100.0", 3), outcome("0.0", 1)], Some("75.0")),
            (vec![outcome("99.9", 1), outcome("100.0", 1)], Some("100.0")),
            (vec![outcome("99.9", 1), outcome("99.9", 1), outcome("100.0", 1)], Some("99.9")),
            (vec![outcome("80.0", 1), outcome("", 1), activity], Some("80.0")),
            (vec![outcome("", 1), activity], None),
            (vec![outcome("80.0", 0)], None),
            (vec![], None),
        ] {
            assert_eq!(mean(&indicators).as_deref(), expected, "{indicators:?}");
        }
    }

    #[test]
    fn the_flag_is_the_worst_of_what_was_not_given_up() {
        use Progress::{Ahead, Behind, Cancelled, Done};
        for (progress, worst, not_reported) in [
            (vec![Some(Done), Some(Behind), Some(Ahead), None], Some(Behind), 1),
            (vec![Some(Cancelled), Some(Done)], Some(Done), 0),
            (vec![Some(Cancelled)], Some(Cancelled), 0),
            (vec![None, None], None, 2),
        ] {
            let rolled = roll_up(&[], &progress).value;
            assert_eq!((rolled.worst, rolled.not_reported), (worst, not_reported));
        }
    }
}
