//! The calculators (計算) that computed fields may name.
//!
//! A calculator is a pure function of a record's fields and an as-of date, registered by its system under a name. The
//! ledger engine only calls it; what else it can do (explain its steps, answer over the API) is its system's business.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use kawasemi_kernel::{Fields, Value};

/// What a calculator does: the result, or a sentence that says what is wrong with the fields.
pub type Calculate = dyn Fn(&Fields, Date) -> Result<Value, String> + Send + Sync;

/// Calculators by name.
#[derive(Clone, Default)]
pub struct Calculators {
    by_name: BTreeMap<String, Arc<Calculate>>,
}

impl Calculators {
    /// No calculators.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with one more. A name stands for the function registered last.
    #[must_use]
    pub fn with(
        mut self,
        name: impl Into<String>,
        calculate: impl Fn(&Fields, Date) -> Result<Value, String> + Send + Sync + 'static,
    ) -> Self {
        self.by_name.insert(name.into(), Arc::new(calculate));
        self
    }

    /// The same with all of another system's.
    #[must_use]
    pub fn with_all(mut self, others: &Self) -> Self {
        self.by_name.extend(others.by_name.iter().map(|(name, calculate)| (name.clone(), Arc::clone(calculate))));
        self
    }

    /// The calculator with a name.
    pub fn get(&self, name: &str) -> Option<&Arc<Calculate>> {
        self.by_name.get(name)
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }
}

impl std::fmt::Debug for Calculators {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.by_name.keys()).finish()
    }
}
