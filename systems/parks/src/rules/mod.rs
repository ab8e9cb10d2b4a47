//! The rules of parks, as pure functions: no clock, no store, no page.
//!
//! Each answers with its working ([`Worked`]) where somebody may ask how a figure came about. Thresholds, intervals and factors
//! are rows of `tables/` with the day from which they hold ([`tables`]); amounts are whole yen, areas hundredths of a square
//! metre, shares exact decimals.
//!
//! - [`grade`]: the overall grade of an inspection and what follows for use (総合判定)
//! - [`due`]: when the next inspection is due
//! - [`unit_state`]: from use to stop, repair, reinspection and use again
//! - [`coverage`]: buildings and sports facilities against the limits (建蔽率), and the sum of the land
//! - [`upkeep`]: daily reports against the contract, and the acceptance of a month (出来高)
//! - [`plan`]: urgency, priority and the spreading of a plan over years under a ceiling
//! - [`life_cycle`]: preventive against reactive maintenance (ライフサイクルコスト)
//! - [`workshop`]: scores of options, and cross tables with small cells hidden

pub mod coverage;
pub mod due;
pub mod grade;
pub mod life_cycle;
pub mod plan;
pub mod tables;
pub mod unit_state;
pub mod upkeep;
pub mod workshop;

use serde::Serialize;

/// A result with the steps that led to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Worked<T> {
    /// The result.
    pub value: T,
    /// The steps, in order.
    pub steps: Vec<Step>,
}

/// One step of a calculation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The rule that was applied, as the staff would name it.
    pub rule: &'static str,
    /// What it did here, with the figures.
    pub detail: String,
}

impl<T> Worked<T> {
    /// A result of the steps so far.
    pub const fn new(value: T, steps: Vec<Step>) -> Self {
        Self { value, steps }
    }
}

/// A step.
pub fn step(rule: &'static str, detail: impl Into<String>) -> Step {
    Step { rule, detail: detail.into() }
}
