//! Why a filter is refused: a stable code, a column, a Japanese sentence and what to do.
//!
//! One type serves the whole crate, because whoever typed the filter needs the same four things from a mistake in the
//! grammar as from a mistake in a type.

use std::fmt;

/// What kind of mistake it is. The keys are stable; programs that call the API rely on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The text is longer than allowed.
    TooLong,
    /// Parentheses, functions or calculations are nested too deeply.
    TooDeep,
    /// It is not CQL2.
    Syntax,
    /// No field of that name is there, or none that the person may see.
    UnknownField,
    /// No function of that name is there.
    UnknownFunction,
    /// The types do not go together.
    Type,
    /// The choice has no such key.
    UnknownChoice,
    /// A number is not exact within 64 bits, or a calculation leaves them.
    Number,
    /// A date or an instant does not exist or is not written as it must be.
    Date,
    /// A geometry is not valid.
    Geometry,
}

impl ErrorCode {
    /// The key under which programs know the mistake.
    pub const fn key(self) -> &'static str {
        match self {
            Self::TooLong => "filter-too-long",
            Self::TooDeep => "filter-too-deep",
            Self::Syntax => "filter-syntax",
            Self::UnknownField => "filter-unknown-field",
            Self::UnknownFunction => "filter-unknown-function",
            Self::Type => "filter-type",
            Self::UnknownChoice => "filter-unknown-choice",
            Self::Number => "filter-number",
            Self::Date => "filter-date",
            Self::Geometry => "filter-geometry",
        }
    }
}

/// A refused filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct FilterError {
    /// What kind of mistake it is.
    pub code: ErrorCode,
    /// The character of the text at which it was found, from 1; none for JSON.
    pub column: Option<u32>,
    /// What is wrong.
    pub message: String,
    /// What to do; empty where there is nothing to add.
    pub hint: String,
}

impl FilterError {
    pub(crate) fn new(code: ErrorCode, at: At, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code, column: at.column(), message: message.into(), hint: hint.into() }
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(column) = self.column {
            write!(f, "{column}文字目：")?;
        }
        write!(f, "{}。", self.message)?;
        if !self.hint.is_empty() {
            write!(f, "{}。", self.hint)?;
        }
        Ok(())
    }
}

/// Where in the text a part of the tree stood. It says nothing about meaning: trees are equal wherever they stood.
#[derive(Clone, Copy, Debug, Default)]
pub struct At(u32);

impl At {
    /// Nowhere: the tree came from JSON.
    pub(crate) const NOWHERE: Self = Self(0);

    /// The character with this number, from 1.
    pub(crate) fn character(number: usize) -> Self {
        Self(u32::try_from(number).unwrap_or(u32::MAX))
    }

    /// The number of the character, from 1.
    pub fn column(self) -> Option<u32> {
        (self.0 > 0).then_some(self.0)
    }
}

impl PartialEq for At {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
