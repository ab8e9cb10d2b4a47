//! The rules of the sewer ledger, as pure functions: no clock, no store, no page.
//!
//! Each answers with its working ([`Worked`]). Thresholds, weights and intervals are rows of `tables/*.csv` with the day from which
//! they hold ([`table`]). No coefficient of a deterioration curve is in the program: curves come out of the city's own surveys.
//!
//! - [`urgency`]: the urgency of a span from what the camera saw (緊急度)
//! - [`weibull`]: how pipes deteriorate with age (健全率), from two points or from surveys
//! - [`priority`]: in which order pipes are surveyed (ストックマネジメント), and what a yearly budget allows
//! - [`network`]: how much lies upstream of each pipe

pub mod network;
pub mod priority;
pub mod table;
pub mod urgency;
pub mod weibull;

use crate::kernel::Decimal;
pub use crate::kernel::calculation::Step;

/// A result with the steps that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worked<T> {
    /// The result.
    pub value: T,
    /// The steps, in order.
    pub steps: Vec<Step>,
}

impl<T> Worked<T> {
    /// A result with its steps.
    pub const fn new(value: T, steps: Vec<Step>) -> Self {
        Self { value, steps }
    }

    /// The steps as one line of text.
    pub fn told(&self) -> String {
        self.steps.iter().map(|step| format!("{}：{}", step.rule, step.detail)).collect::<Vec<_>>().join(" → ")
    }
}

/// A step of the working.
pub(crate) fn step(rule: impl Into<String>, detail: impl Into<String>) -> Step {
    Step { rule: rule.into(), detail: detail.into() }
}

/// A computed binary fraction as a decimal of `scale` places, half away from zero (四捨五入); none where it is no number or too
/// large. For figures that come out of logarithms, never for money.
pub fn decimal(value: f64, scale: u8) -> Option<Decimal> {
    let units = (value * 10_f64.powi(i32::from(scale))).round();
    // Beyond this a binary fraction has no exact whole numbers any more.
    (units.is_finite() && units.abs() < 9.0e15).then(|| Decimal::new(units as i64, scale))
}
