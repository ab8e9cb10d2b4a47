//! Values computed from a record, such as `quantity * unit_price`: the one use of the language that is no condition.

use std::collections::BTreeSet;

use kawasemi_kernel::Value;

use crate::eval::{Evaluation, RecordView};
use crate::expr::{Cond, Scalar, Term};
use crate::params::Params;
use crate::scope::Type;

/// A typed expression that gives a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Formula {
    pub(crate) body: Body,
    pub(crate) ty: Type,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Body {
    Term(Term),
    Cond(Cond),
}

impl Formula {
    /// The type of the value. Decimals have the scale that the arithmetic gives: that of a sum is the finer of the two,
    /// that of a product their sum, that of a quotient at least six places, cut off.
    #[must_use]
    pub fn result(&self) -> &Type {
        &self.ty
    }

    /// The value for one record; null where an operand is, or where it leaves 64 bits or divides by zero.
    #[must_use]
    pub fn value(&self, record: &dyn RecordView, params: &Params) -> Value {
        let evaluation = Evaluation { record, params };
        let scalar = match &self.body {
            Body::Term(term) => evaluation.term(term),
            Body::Cond(cond) => evaluation.cond(cond).map(Scalar::Bool),
        };
        scalar.map_or(Value::Null, |scalar| scalar.into_value(&self.ty))
    }

    /// The keys of the fields and system properties on which the value depends.
    #[must_use]
    pub fn properties(&self) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        match &self.body {
            Body::Term(term) => term.visit_properties(&mut |property| {
                found.insert(property.field.as_str());
            }),
            Body::Cond(cond) => cond.visit_properties(&mut |property| {
                found.insert(property.field.as_str());
            }),
        }
        found
    }
}
