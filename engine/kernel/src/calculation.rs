//! Calculations (計算) that can be explained to the person they concern.
//!
//! A calculator is a pure function of named texts and an as-of date. It answers named texts and the steps that led to
//! them, each with the rule it applied. The same calculator serves the command line (`kawasemi calc`), the API and pages.

use std::collections::BTreeMap;

use jiff::civil::Date;

/// What goes in, by name.
pub type Inputs = BTreeMap<String, String>;

/// One step of the working: what was done, by which rule, with what result.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Step {
    /// The rule, with its source where the law says it.
    pub rule: String,
    /// What came out of it here.
    pub result: String,
}

/// What comes out.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Outcome {
    /// The results by name, in the order of [`Calculator::outputs`].
    pub outputs: Vec<(String, String)>,
    /// How they were found.
    pub steps: Vec<Step>,
}

/// Why there is no result: which input is wrong and what to enter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", if input.is_empty() { String::new() } else { format!("{input}：") })]
pub struct CalculationError {
    /// The input; empty where it is several.
    pub input: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl CalculationError {
    /// An input is wrong.
    pub fn new(input: impl Into<String>, message: impl Into<String>) -> Self {
        Self { input: input.into(), message: message.into() }
    }
}

/// A calculator.
pub trait Calculator: Send + Sync {
    /// Its name in addresses and on the command line, in kebab-case.
    fn name(&self) -> &'static str;

    /// What it computes, in Japanese.
    fn title(&self) -> &'static str;

    /// The names of its inputs, in order.
    fn inputs(&self) -> &'static [&'static str];

    /// The names of its outputs, in order.
    fn outputs(&self) -> &'static [&'static str];

    /// Computes.
    ///
    /// # Errors
    /// When an input is missing or wrong.
    fn calculate(&self, inputs: &Inputs, as_of: Date) -> Result<Outcome, CalculationError>;
}
