//! The values of declared parameters, bound when a filter is used and never interpolated.

use std::collections::BTreeMap;

use kawasemi_kernel::Value;

use crate::expr::Scalar;
use crate::scope::{Parameter, Part};

/// The values of the parameters for one use of a filter. A parameter without a value is unknown, and unknown denies.
#[derive(Clone, Debug, Default)]
pub struct Params {
    values: BTreeMap<String, Given>,
}

#[derive(Clone, Debug)]
enum Given {
    One(Value),
    Many(Vec<Value>),
}

impl Params {
    /// No values.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives the value of a parameter.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.values.insert(name.to_owned(), Given::One(value.into()));
        self
    }

    /// Gives the values of a list parameter.
    #[must_use]
    pub fn with_list<V: Into<Value>>(mut self, name: &str, values: impl IntoIterator<Item = V>) -> Self {
        self.values.insert(name.to_owned(), Given::Many(values.into_iter().map(Into::into).collect()));
        self
    }

    pub(crate) fn one(&self, parameter: &Parameter) -> Option<Scalar> {
        match self.values.get(&*parameter.name)? {
            Given::One(value) => Scalar::of(value, Part::Whole, &parameter.ty),
            Given::Many(_) => None,
        }
    }

    /// The values of a list; unknown when it was not given or holds what is not of its type.
    pub(crate) fn many(&self, parameter: &Parameter) -> Option<Vec<Scalar>> {
        match self.values.get(&*parameter.name)? {
            Given::One(_) => None,
            Given::Many(values) => values.iter().map(|value| Scalar::of(value, Part::Whole, &parameter.ty)).collect(),
        }
    }
}
