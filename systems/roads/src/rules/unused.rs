//! In which order unused road land (未利用道路用地) is disposed of: a weighted mean of three ratings, shown with its reasons.
//!
//! Score = 0.4·saleability + 0.3·saving + 0.3·risk, each from 0 to 5. The weights are `tables/unused-land.csv`.

use jiff::civil::Date;
use serde::Deserialize;

use super::table::{self, Dated};
use super::{Worked, step};
use crate::kernel::Decimal;
use crate::kernel::decimal::Rounding;

/// A rating with its reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rating {
    /// From 0 to 5; none where nobody has rated it.
    pub value: Option<i64>,
    /// Why.
    pub reason: String,
}

/// The three ratings of a piece of land.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ratings {
    /// How easily it is sold (売れやすさ).
    pub saleability: Rating,
    /// How much upkeep is saved (維持費の減).
    pub saving: Rating,
    /// How dangerous or troublesome it is (危険・苦情).
    pub risk: Rating,
}

#[derive(Deserialize)]
struct Weight {
    effective_from: Date,
    factor: String,
    label: String,
    weight_percent: i64,
}

impl Dated for Weight {
    fn effective_from(&self) -> Date {
        self.effective_from
    }
}

/// The score from 0 to 5 with two places; none while a rating is missing, and the steps say which.
///
/// # Errors
/// A sentence where a rating is not from 0 to 5.
pub fn score(ratings: &Ratings, day: Date) -> Result<Worked<Option<Decimal>>, String> {
    let weights: Vec<Weight> = table::built_in(include_str!("../../tables/unused-land.csv"));
    let (mut sum, mut is_whole, mut steps) = (0, true, Vec::new());
    for weight in table::on(&weights, day) {
        let rating = match weight.factor.as_str() {
            "saleability" => &ratings.saleability,
            "saving" => &ratings.saving,
            _ => &ratings.risk,
        };
        let Some(value) = rating.value else {
            is_whole = false;
            steps.push(step(&*weight.label, "まだ評価していません"));
            continue;
        };
        if !(0..=5).contains(&value) {
            return Err(format!("「{}」は0〜5で入れてください。", weight.label));
        }
        sum += value * weight.weight_percent;
        let reason = if rating.reason.is_empty() { String::new() } else { format!("（{}）", rating.reason) };
        steps.push(step(&*weight.label, format!("{value} × {}％{reason}", weight.weight_percent)));
    }
    let score = if is_whole { Decimal::from_ratio(i128::from(sum), 100, 2, Rounding::HalfUp) } else { None };
    if let Some(score) = score {
        steps.push(step("点数", score.to_string()));
    }
    Ok(Worked::new(score, steps))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn rated(saleability: Option<i64>, saving: Option<i64>, risk: Option<i64>) -> Ratings {
        let of = |value| Rating { value, reason: "隣が買いたい".to_owned() };
        Ratings { saleability: of(saleability), saving: of(saving), risk: of(risk) }
    }

    #[test]
    fn the_weights_add_up_and_the_reasons_are_told() {
        let worked = score(&rated(Some(5), Some(2), Some(3)), date(2026, 4, 1)).unwrap();
        assert_eq!(worked.value.unwrap().to_string(), "3.50");
        assert!(worked.told().contains("5 × 40％（隣が買いたい）"), "{}", worked.told());
        let most = score(&rated(Some(5), Some(5), Some(5)), date(2026, 4, 1)).unwrap();
        assert_eq!(most.value.unwrap().to_string(), "5.00");
    }

    #[test]
    fn without_all_ratings_there_is_no_score() {
        let worked = score(&rated(Some(5), None, Some(3)), date(2026, 4, 1)).unwrap();
        assert_eq!(worked.value, None);
        assert!(worked.told().contains("維持費の減：まだ評価していません"));
        assert!(score(&rated(Some(6), Some(1), Some(1)), date(2026, 4, 1)).is_err());
    }
}
