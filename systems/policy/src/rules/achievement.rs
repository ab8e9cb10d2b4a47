//! The achievement rate of an indicator (達成率), in percent.
//!
//! Four kinds of indicator, by what is better: more (向上), less (減少), the same (維持), or within a range (範囲).
//!
//! | kind | rate |
//! |---|---|
//! | more | actual ÷ target × 100 |
//! | less, base known | (base − actual) ÷ (base − target) × 100 |
//! | less, base not known | (2 − actual ÷ target) × 100 |
//! | the same | 100 if \|actual − target\| ≤ tolerance, else 0 |
//! | range | 100 inside, both ends included, else 0 |
//!
//! Rounded to one place, half away from zero. Where the formula has no meaning (a target of zero or below, a base that is
//! the target) the rate is not computable (算定不能): no number is better than a wrong one.

use serde::Serialize;

use super::Worked;
use crate::kernel::Decimal;
use crate::kernel::decimal::{MAX_SCALE, Rounding};

/// What an indicator aims at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// More is better (向上).
    More {
        /// The figure to reach.
        target: Option<Decimal>,
    },
    /// Less is better (減少).
    Less {
        /// The figure to come down to.
        target: Option<Decimal>,
        /// The figure from which it starts (基準値), if known.
        base: Option<Decimal>,
    },
    /// It should stay (維持).
    Keep {
        /// The figure to keep.
        target: Option<Decimal>,
        /// How far off is still kept, 0 or more.
        tolerance: Decimal,
    },
    /// It should lie within a range (範囲).
    Range {
        /// The lowest, included.
        low: Option<Decimal>,
        /// The highest, included.
        high: Option<Decimal>,
    },
}

/// A target and what was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure {
    /// The target.
    pub target: Target,
    /// The actual figure, if there is one.
    pub actual: Option<Decimal>,
}

/// How far an indicator has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Achievement {
    /// Percent, one place.
    Rate(Decimal),
    /// There is no rate, for this reason.
    NotComputable(NotComputable),
}

/// Why a rate is not computable (算定不能).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotComputable {
    /// No target was set.
    NoTarget,
    /// No actual figure was entered.
    NoActual,
    /// The target is zero.
    TargetIsZero,
    /// The target is below zero, where a ratio turns round.
    TargetIsNegative,
    /// The base is the target: there is nothing to come down.
    BaseIsTarget,
    /// The range ends before it begins.
    RangeIsEmpty,
    /// The figures are too far apart to be shown.
    OutOfRange,
}

impl NotComputable {
    /// The reason for people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::NoTarget => "目標値がありません",
            Self::NoActual => "実績値がありません",
            Self::TargetIsZero => "目標値が0です",
            Self::TargetIsNegative => "目標値が負の数です",
            Self::BaseIsTarget => "基準値と目標値が同じです",
            Self::RangeIsEmpty => "範囲の下限が上限を超えています",
            Self::OutOfRange => "数値の差が大きすぎます",
        }
    }
}

impl Achievement {
    /// The rate, if there is one.
    pub const fn rate(self) -> Option<Decimal> {
        match self {
            Self::Rate(rate) => Some(rate),
            Self::NotComputable(_) => None,
        }
    }
}

/// Computes the achievement rate.
pub fn achievement(measure: &Measure) -> Worked<Achievement> {
    let Some(actual) = measure.actual else { return not_computable(NotComputable::NoActual) };
    match measure.target {
        Target::More { target: Some(target) } => more(actual, target),
        Target::Less { target: Some(target), base: Some(base) } => less_from_base(actual, target, base),
        Target::Less { target: Some(target), base: None } => less(actual, target),
        Target::Keep { target: Some(target), tolerance } => keep(actual, target, tolerance),
        Target::Range { low, high } if low.is_some() || high.is_some() => range(actual, low, high),
        _ => not_computable(NotComputable::NoTarget),
    }
}

fn more(actual: Decimal, target: Decimal) -> Worked<Achievement> {
    if let Some(reason) = no_ratio_to(target) {
        return not_computable(reason);
    }
    let [a, t] = aligned([actual, target]);
    let formula = format!("実績{actual} ÷ 目標{target} × 100");
    rate(a, t, "向上：実績値 ÷ 目標値 × 100", formula)
}

fn less(actual: Decimal, target: Decimal) -> Worked<Achievement> {
    if let Some(reason) = no_ratio_to(target) {
        return not_computable(reason);
    }
    let [a, t] = aligned([actual, target]);
    let formula = format!("(2 − 実績{actual} ÷ 目標{target}) × 100");
    rate(2 * t - a, t, "減少（基準値なし）：(2 − 実績値 ÷ 目標値) × 100", formula)
}

fn less_from_base(actual: Decimal, target: Decimal, base: Decimal) -> Worked<Achievement> {
    let [a, t, b] = aligned([actual, target, base]);
    if b == t {
        return not_computable(NotComputable::BaseIsTarget);
    }
    let formula = format!("(基準{base} − 実績{actual}) ÷ (基準{base} − 目標{target}) × 100");
    rate(b - a, b - t, "減少：(基準値 − 実績値) ÷ (基準値 − 目標値) × 100", formula)
}

fn keep(actual: Decimal, target: Decimal, tolerance: Decimal) -> Worked<Achievement> {
    let [a, t, allowed] = aligned([actual, target, tolerance]);
    let is_kept = (a - t).abs() <= allowed;
    let detail =
        format!("実績{actual} と 目標{target} の差は許容差{tolerance} {}", if is_kept { "以内" } else { "を超える" });
    all_or_nothing(is_kept, "維持：目標値との差が許容差以内なら100、超えれば0", detail)
}

fn range(actual: Decimal, low: Option<Decimal>, high: Option<Decimal>) -> Worked<Achievement> {
    if low.zip(high).is_some_and(|(low, high)| low > high) {
        return not_computable(NotComputable::RangeIsEmpty);
    }
    let is_inside = low.is_none_or(|low| low <= actual) && high.is_none_or(|high| actual <= high);
    let end = |limit: Option<Decimal>| limit.map(|limit| limit.to_string()).unwrap_or_default();
    let detail = format!("実績{actual} は {}～{} の{}", end(low), end(high), if is_inside { "中" } else { "外" });
    all_or_nothing(is_inside, "範囲：下限から上限まで（両端を含む）なら100、外なら0", detail)
}

fn no_ratio_to(target: Decimal) -> Option<NotComputable> {
    match target.units() {
        0 => Some(NotComputable::TargetIsZero),
        units if units < 0 => Some(NotComputable::TargetIsNegative),
        _ => None,
    }
}

/// The figures as whole numbers of one scale. A figure has at most 12 places and 19 digits, so that these products and their
/// sums and hundredfolds stay far within 128 bits.
fn aligned<const N: usize>(figures: [Decimal; N]) -> [i128; N] {
    let scale = figures.iter().map(|figure| figure.scale()).max().unwrap_or(0).min(MAX_SCALE);
    figures.map(|figure| i128::from(figure.units()) * 10_i128.pow(u32::from(scale.saturating_sub(figure.scale()))))
}

fn rate(numerator: i128, denominator: i128, rule: &'static str, formula: String) -> Worked<Achievement> {
    match Decimal::from_ratio(numerator * 100, denominator, 1, Rounding::HalfUp) {
        Some(rate) => {
            Worked::by(Achievement::Rate(rate), rule, formula).then("小数第2位を四捨五入", format!("達成率 {rate}％"))
        }
        None => not_computable(NotComputable::OutOfRange),
    }
}

fn all_or_nothing(is_met: bool, rule: &'static str, detail: String) -> Worked<Achievement> {
    let rate = Decimal::new(if is_met { 1000 } else { 0 }, 1);
    Worked::by(Achievement::Rate(rate), rule, detail).then("満たせば100、満たさなければ0", format!("達成率 {rate}％"))
}

fn not_computable(reason: NotComputable) -> Worked<Achievement> {
    Worked::by(Achievement::NotComputable(reason), "算定不能", reason.label())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn figure(text: &str) -> Option<Decimal> {
        (!text.is_empty()).then(|| text.parse().unwrap())
    }

    fn shown(target: Target, actual: &str) -> String {
        match achievement(&Measure { target, actual: figure(actual) }).value {
            Achievement::Rate(rate) => rate.to_string(),
            Achievement::NotComputable(reason) => format!("{reason:?}"),
        }
    }

    #[test]
    fn more_is_better() {
        for (target, actual, expected) in [
            ("200", "150", "75.0"),
            ("3", "1", "33.3"),
            ("3", "2", "66.7"),
            ("8", "0.01", "0.1"),
            ("1600", "1", "0.1"),
            ("10", "-0.005", "-0.1"),
            ("10", "-0.004", "0.0"),
            ("10", "25", "250.0"),
            ("0.3", "0.1", "33.3"),
            ("0", "5", "TargetIsZero"),
            ("0.00", "0", "TargetIsZero"),
            ("-5", "-10", "TargetIsNegative"),
            ("", "5", "NoTarget"),
            ("5", "", "NoActual"),
            ("0.000000000001", "9000000000000000000", "OutOfRange"),
        ] {
            assert_eq!(shown(Target::More { target: figure(target) }, actual), expected, "{actual}/{target}");
        }
    }

    #[test]
    fn less_is_better() {
        for (base, target, actual, expected) in [
            ("", "100", "100", "100.0"),
            ("", "100", "120", "80.0"),
            ("", "100", "90", "110.0"),
            ("", "100", "250", "-50.0"),
            ("", "0", "1", "TargetIsZero"),
            ("100", "80", "90", "50.0"),
            ("100", "80", "75", "125.0"),
            ("100", "80", "105", "-25.0"),
            ("100", "0", "25", "75.0"),
            ("743.7", "720.0", "735.2", "35.9"),
            ("80", "80", "70", "BaseIsTarget"),
            ("80.0", "80", "70", "BaseIsTarget"),
            ("80", "", "70", "NoTarget"),
        ] {
            let target = Target::Less { target: figure(target), base: figure(base) };
            assert_eq!(shown(target, actual), expected, "{base} {actual}");
        }
    }

    #[test]
    fn keeping_and_ranges_are_met_or_not() {
        let keep = |target, tolerance| Target::Keep { target: figure(target), tolerance: figure(tolerance).unwrap() };
        let range = |low, high| Target::Range { low: figure(low), high: figure(high) };
        for (target, actual, expected) in [
            (keep("50", "0"), "50.0", "100.0"),
            (keep("50", "0"), "50.1", "0.0"),
            (keep("50", "1.5"), "48.5", "100.0"),
            (keep("50", "1.5"), "48.4", "0.0"),
            (keep("0", "0"), "0", "100.0"),
            (range("3", "5"), "3", "100.0"),
            (range("3", "5"), "5.00", "100.0"),
            (range("3", "5"), "5.01", "0.0"),
            (range("", "90"), "88.8", "100.0"),
            (range("90", ""), "88.8", "0.0"),
            (range("5", "3"), "4", "RangeIsEmpty"),
            (range("", ""), "4", "NoTarget"),
        ] {
            assert_eq!(shown(target, actual), expected, "{target:?} {actual}");
        }
    }

    #[test]
    fn the_working_names_the_rule_and_the_figures() {
        let worked = achievement(&Measure { target: Target::More { target: figure("200") }, actual: figure("150") });
        let steps = worked.steps.iter().map(|step| step.detail.as_str()).collect::<Vec<&str>>();
        assert_eq!(steps, ["実績150 ÷ 目標200 × 100", "達成率 75.0％"]);
        let worked = achievement(&Measure { target: Target::More { target: None }, actual: figure("1") });
        assert_eq!((worked.steps[0].rule, worked.steps[0].detail.as_str()), ("算定不能", "目標値がありません"));
    }

    proptest! {
        #[test]
        fn no_figures_overflow(units in prop::array::uniform4(any::<i64>()), scales in prop::array::uniform4(0..=12_u8)) {
            let [actual, target, base, tolerance] =
                std::array::from_fn(|at| Decimal::new(units[at], scales[at]));
            for target in [
                Target::More { target: Some(target) },
                Target::Less { target: Some(target), base: None },
                Target::Less { target: Some(target), base: Some(base) },
                Target::Keep { target: Some(target), tolerance },
                Target::Range { low: Some(target), high: Some(base) },
            ] {
                achievement(&Measure { target, actual: Some(actual) });
            }
        }

        #[test]
        fn reaching_the_target_is_one_hundred(units in 1..=i64::MAX / 2, scale in 0..=6_u8) {
            let target = Some(Decimal::new(units, scale));
            for target in [Target::More { target }, Target::Less { target, base: None }] {
                let worked = achievement(&Measure { target, actual: Some(Decimal::new(units, scale)) });
                prop_assert_eq!(worked.value, Achievement::Rate(Decimal::new(1000, 1)));
            }
        }
    }
}
