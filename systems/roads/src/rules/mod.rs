//! The rules of the road ledger, as pure functions: no clock, no store, no page.
//!
//! Each answers with its working ([`Worked`]), so that a figure on a paper can be explained to whoever it concerns. Rates,
//! intervals and thresholds are rows of `tables/*.csv` with the day from which they hold ([`table`]); prices of occupancy are
//! records of a ledger, since they are the city's ordinance.
//!
//! - [`mci`]: the maintenance control index of pavement and what it asks for
//! - [`grade`]: a structure's grade, its next inspection and what is to be done
//! - [`occupancy`]: the fee for occupying the road, by fiscal year
//! - [`unused`]: the order in which unused land is disposed of
//! - [`affine`]: how the pixels of a scanned sheet lie on the ground
//! - [`solar`]: what a photovoltaic plant will bring, and months that are odd
//! - [`length`]: the breakdown of a route's length
//! - [`works`]: how far a construction work is, and what its delivery lacks

pub mod affine;
pub mod grade;
pub mod length;
pub mod mci;
pub mod occupancy;
pub mod solar;
pub mod table;
pub mod unused;
pub mod works;

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
/// large. For figures that come out of roots and logarithms, never for money.
pub fn decimal(value: f64, scale: u8) -> Option<Decimal> {
    let units = (value * 10_f64.powi(i32::from(scale))).round();
    // Beyond this a binary fraction has no exact whole numbers any more.
    (units.is_finite() && units.abs() < 9.0e15).then(|| Decimal::new(units as i64, scale))
}
