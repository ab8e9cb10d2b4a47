//! A feature (地物), whatever file it comes from.

use std::borrow::Cow;

use kawasemi_kernel::Geometry;

/// A feature: a place and its attributes.
#[derive(Clone, Debug, PartialEq)]
pub struct Feature {
    /// Its number in the file, from 1.
    pub row: u64,
    /// Its attributes, in the order of the survey's columns.
    pub values: Vec<Attribute>,
    /// Where it is, in longitude and latitude.
    pub place: Place,
    /// What was mended or looks doubtful, each in a sentence.
    pub notes: Vec<Cow<'static, str>>,
}

/// Where a feature is.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// Nowhere: the file has no geometry for it.
    None,
    /// Here.
    At(Geometry),
    /// The file has a geometry that can't be taken, for this reason.
    Refused(String),
}

/// The value of an attribute.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Attribute {
    /// Nothing.
    #[default]
    Null,
    /// Text; dates as `YYYY-MM-DD`.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number.
    Real(f64),
    /// Yes or no.
    Bool(bool),
}

impl Attribute {
    /// Text without what files pad it with; nothing where it is empty.
    pub(crate) fn text(text: &str) -> Self {
        let text = text.trim_end_matches(['\0', ' ', '\u{3000}']).trim_start_matches(' ');
        if text.is_empty() { Self::Null } else { Self::Text(text.to_owned()) }
    }

    /// As text; empty for nothing.
    pub fn to_text(&self) -> Cow<'_, str> {
        match self {
            Self::Null => Cow::Borrowed(""),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Integer(number) => Cow::Owned(number.to_string()),
            Self::Real(number) => Cow::Owned(number.to_string()),
            Self::Bool(answer) => Cow::Borrowed(if *answer { "はい" } else { "いいえ" }),
        }
    }
}
