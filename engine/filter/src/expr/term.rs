//! Typed values: what stands on the sides of a comparison.

use std::sync::Arc;

use kawasemi_store::Cast;

use crate::expr::scalar::{Scalar, cast};
use crate::fold::Folding;
use crate::scope::{Parameter, Property};

/// A value that depends on the record and the parameters. NULL, overflow and division by zero are unknown.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Term {
    Const(Scalar),
    Property(Arc<Property>),
    Param(Parameter),
    /// Arithmetic on scaled integers, whose scales were brought together before.
    Arith(Arith, Box<Term>, Box<Term>),
    /// A number times itself, so many times.
    Power(Box<Term>, u8),
    /// CASEI and ACCENTI, which no store can do as the kernel does.
    Fold(Folding, Box<Term>),
    Call(Call, Vec<Term>),
    /// The instant at which a date, or the day after it, begins. The date is fixed.
    DayStart {
        date: Box<Term>,
        next: bool,
    },
    /// An id as text, for columns that hold both ids and words. The id is fixed.
    IdText(Box<Term>),
}

/// An operation on two 64-bit integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arith {
    Add,
    Sub,
    Mul,
    /// Toward zero.
    Div,
    /// With the sign of the dividend.
    Rem,
}

/// A function of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// The fiscal year of a date.
    FiscalYear,
    /// The year of a date.
    Year,
    /// The month of a date.
    Month,
    /// Full years from a date of birth to a date.
    AgeOn,
    /// Days from a date to a date.
    Days,
    /// Code points of a text.
    Length,
    /// The civil date of an instant.
    CivilDate,
}

impl Term {
    /// Whether it is the same for every record.
    pub(crate) fn is_fixed(&self) -> bool {
        match self {
            Self::Const(_) | Self::Param(_) | Self::DayStart { .. } | Self::IdText(_) => true,
            Self::Property(_) => false,
            Self::Arith(_, left, right) => left.is_fixed() && right.is_fixed(),
            Self::Power(inner, _) | Self::Fold(_, inner) => inner.is_fixed(),
            Self::Call(_, args) => args.iter().all(Self::is_fixed),
        }
    }

    /// Whether SQL can compute it with the same answer.
    pub(crate) fn is_sql(&self) -> bool {
        self.is_fixed()
            || match self {
                Self::Arith(_, left, right) => left.is_sql() && right.is_sql(),
                Self::Power(inner, _) => inner.is_sql(),
                Self::Fold(..) => false,
                Self::Call(_, args) => args.iter().all(Self::is_sql),
                _ => true,
            }
    }

    /// How its values lie in parameters.
    pub(crate) fn cast(&self) -> Cast {
        match self {
            Self::Const(Scalar::Bool(_)) => Cast::Bool,
            Self::Const(Scalar::Int(_)) | Self::Arith(..) | Self::Power(..) | Self::DayStart { .. } => Cast::Int,
            Self::Const(Scalar::Text(_)) | Self::Fold(..) | Self::IdText(_) | Self::Call(Call::CivilDate, _) => {
                Cast::Text
            }
            Self::Const(Scalar::Id(_)) => Cast::Id,
            Self::Call(..) => Cast::Int,
            Self::Property(property) => cast(&property.ty),
            Self::Param(parameter) => cast(&parameter.ty),
        }
    }

    pub(crate) fn visit_properties<'a>(&'a self, see: &mut impl FnMut(&'a Property)) {
        match self {
            Self::Property(property) => see(property),
            Self::Arith(_, left, right) => {
                left.visit_properties(see);
                right.visit_properties(see);
            }
            Self::Power(inner, _) | Self::Fold(_, inner) | Self::IdText(inner) => inner.visit_properties(see),
            Self::DayStart { date, .. } => date.visit_properties(see),
            Self::Call(_, args) => args.iter().for_each(|arg| arg.visit_properties(see)),
            Self::Const(_) | Self::Param(_) => {}
        }
    }
}
