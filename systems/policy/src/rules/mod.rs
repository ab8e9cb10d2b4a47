//! The rules of the policy board, as pure functions: no clock, no store, no page.
//!
//! Each answers with its working ([`Worked`]), step by step with the rule that was applied, so that the figure on the board
//! can be explained to whoever it concerns. Figures are exact decimals; a percentage has one place, rounded half away from
//! zero (四捨五入).
//!
//! - [`achievement`]: how far an indicator has come toward its target (達成率)
//! - [`grade`]: the grade of that (評価 S–D), by thresholds that are data
//! - [`progress`]: the state of an initiative as its section reports it (進捗)
//! - [`rollup`]: a theme's figure and flag from its initiatives
//! - [`deadline`]: what is due, soon or overdue on a day (期限)
//! - [`trend`]: the little curve of an indicator's history

pub mod achievement;
pub mod deadline;
pub mod grade;
pub mod progress;
pub mod rollup;
pub mod trend;

pub use achievement::{Achievement, Measure, NotComputable, Target, achievement};
pub use deadline::{Deadline, actual_due, deadline};
pub use grade::{Grade, GradeTable, grade};
pub use progress::Progress;
pub use rollup::{IndicatorKind, ThemeRollUp, WeightedAchievement, roll_up};
pub use trend::{Trend, trend};

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
    /// A result of one step.
    fn by(value: T, rule: &'static str, detail: impl Into<String>) -> Self {
        Self { value, steps: vec![Step { rule, detail: detail.into() }] }
    }

    /// The same result with one more step.
    fn then(mut self, rule: &'static str, detail: impl Into<String>) -> Self {
        self.steps.push(Step { rule, detail: detail.into() });
        self
    }
}
