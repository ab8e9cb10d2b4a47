//! The typed expression: names resolved, types checked, numbers exact.
//!
//! From it come both the SQL (`sql`) and the answer over one record in memory (`eval`), which agree in three-valued
//! logic: a predicate on NULL is neither true nor false, and only what is true is let through.

mod scalar;
mod term;

use std::collections::BTreeSet;
use std::sync::Arc;

pub(crate) use scalar::Scalar;
pub(crate) use term::{Arith, Call, Term};

use crate::like::Pattern;
use crate::scope::{Parameter, Property};
use crate::spatial::{Relation, Shape};

/// A condition on records of one ledger.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub(crate) root: Cond,
}

impl Expr {
    /// The condition that every record meets.
    #[must_use]
    pub fn all() -> Self {
        Self { root: Cond::Const(Some(true)) }
    }

    /// The condition that no record meets.
    #[must_use]
    pub fn none() -> Self {
        Self { root: Cond::Const(Some(false)) }
    }

    /// Whether every record meets it, whatever the parameters are.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.root == Cond::Const(Some(true))
    }

    /// Both conditions, as a filter under a grant.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { root: Cond::all(vec![self.root, other.root]) }
    }

    /// Either condition, as two grants of one person.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self { root: Cond::any(vec![self.root, other.root]) }
    }

    /// The keys of the fields and system properties on which the condition depends, for checks of clearance and for
    /// reading no more than is needed.
    #[must_use]
    pub fn properties(&self) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        self.root.visit_properties(&mut |property| {
            found.insert(property.field.as_str());
        });
        found
    }
}

/// A condition or a part of one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cond {
    /// The same for every record; none for unknown.
    Const(Option<bool>),
    And(Vec<Cond>),
    Or(Vec<Cond>),
    Not(Box<Cond>),
    /// The same for every record in which the value is known.
    Known(Term, bool),
    /// A yes or no that is yes.
    Holds(Term),
    Compare(Cmp, Term, Term),
    In(Term, Vec<Item>),
    Like(Term, Pattern),
    IsNull(Box<Nullable>),
    Choices(SetRelation, Arc<Property>, Keys),
    Spatial(Relation, Geom, Geom),
}

/// A comparison of two values of one encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cmp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// One thing in the list of IN.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Item {
    /// A fixed value.
    One(Term),
    /// All values of a list parameter.
    List(Parameter),
}

/// What IS NULL asks about.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Nullable {
    Term(Term),
    /// A geometry or several choices.
    Column(Arc<Property>),
    Cond(Cond),
}

/// How the chosen keys lie to given ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SetRelation {
    Equals,
    Contains,
    ContainedBy,
    Overlaps,
}

/// Given keys, without repetition.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Keys {
    These(Vec<String>),
    Of(Parameter),
}

/// One side of a spatial predicate.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Geom {
    Property(Arc<Property>),
    Literal(Arc<Shape>),
}

impl Cmp {
    /// The comparison with its sides exchanged.
    pub(crate) fn flipped(self) -> Self {
        match self {
            Self::Lt => Self::Gt,
            Self::Le => Self::Ge,
            Self::Gt => Self::Lt,
            Self::Ge => Self::Le,
            same => same,
        }
    }

    pub(crate) fn is_order(self) -> bool {
        !matches!(self, Self::Eq | Self::Ne)
    }

    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Eq => "=",
            Self::Ne => "<>",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
        }
    }
}

impl Cond {
    pub(crate) fn all(parts: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::And(inner) => flat.extend(inner),
                Self::Const(Some(true)) => {}
                other => flat.push(other),
            }
        }
        match flat.len() {
            0 => Self::Const(Some(true)),
            1 => flat.remove(0),
            _ => Self::And(flat),
        }
    }

    pub(crate) fn any(parts: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::Or(inner) => flat.extend(inner),
                Self::Const(Some(false)) => {}
                other => flat.push(other),
            }
        }
        match flat.len() {
            0 => Self::Const(Some(false)),
            1 => flat.remove(0),
            _ => Self::Or(flat),
        }
    }

    pub(crate) fn not(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// Whether it is the same for every record. Parameters may be in it.
    pub(crate) fn is_fixed(&self) -> bool {
        let mut is_fixed = true;
        self.visit_properties(&mut |_| is_fixed = false);
        is_fixed
    }

    pub(crate) fn visit_properties<'a>(&'a self, see: &mut impl FnMut(&'a Property)) {
        match self {
            Self::Const(_) => {}
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.visit_properties(see)),
            Self::Not(inner) => inner.visit_properties(see),
            Self::Known(term, _) | Self::Holds(term) | Self::Like(term, _) => term.visit_properties(see),
            Self::Compare(_, left, right) => {
                left.visit_properties(see);
                right.visit_properties(see);
            }
            Self::In(term, items) => {
                term.visit_properties(see);
                for item in items {
                    if let Item::One(term) = item {
                        term.visit_properties(see);
                    }
                }
            }
            Self::IsNull(nullable) => match &**nullable {
                Nullable::Term(term) => term.visit_properties(see),
                Nullable::Column(property) => see(property),
                Nullable::Cond(cond) => cond.visit_properties(see),
            },
            Self::Choices(_, property, _) => see(property),
            Self::Spatial(_, left, right) => {
                for side in [left, right] {
                    if let Geom::Property(property) = side {
                        see(property);
                    }
                }
            }
        }
    }
}
