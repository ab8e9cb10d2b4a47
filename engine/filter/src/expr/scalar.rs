//! One value as it lies in a column, which is also how it is compared in memory.
//!
//! Both stores and the evaluation in memory compare the same encodings (scaled integers, ISO text, microseconds), so
//! they can't disagree about an order.

use jiff::Timestamp;
use kawasemi_kernel::{Decimal, RecordId, Value, YearMonth};
use kawasemi_store::{Cast, Param};
use uuid::Uuid;

use crate::scope::{Part, Type};
use crate::temporal;

/// A value that is known.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
pub(crate) enum Scalar {
    Bool(bool),
    /// A scaled number, or microseconds.
    Int(i64),
    /// Text, an ISO date, a month, the key of a choice.
    Text(String),
    Id(Uuid),
}

impl Scalar {
    /// The part of a value that a property is, if it is of the property's type.
    pub(crate) fn of(value: &Value, part: Part, ty: &Type) -> Option<Self> {
        let filled = |text: &str| (!text.is_empty()).then(|| Self::Text(text.to_owned()));
        match (part, value) {
            (Part::Kana, Value::Name(name)) => return filled(&name.kana),
            (Part::Postcode, Value::Address(address)) => return filled(&address.postcode),
            (Part::Kana | Part::Postcode, _) => return None,
            (Part::Whole, _) => {}
        }
        match (ty, value) {
            (Type::Bool, Value::Bool(answer)) => Some(Self::Bool(*answer)),
            (Type::Number { scale }, Value::Int(number)) => {
                Decimal::new(*number, 0).exactly(*scale).map(|d| Self::Int(d.units()))
            }
            (Type::Number { scale }, Value::Decimal(number)) => number.exactly(*scale).map(|d| Self::Int(d.units())),
            (Type::Text, Value::Record(id)) => Some(Self::Text(id.to_string())),
            (Type::Text | Type::Choice(_), value) => value.as_text().map(|text| Self::Text(text.to_owned())),
            (Type::Date, Value::Date(date)) => Some(Self::Text(date.to_string())),
            (Type::Instant, Value::Instant(instant)) => Some(Self::Int(instant.as_microsecond())),
            (Type::YearMonth, Value::YearMonth(month)) => Some(Self::Text(month.to_string())),
            (Type::Record(_), Value::Record(id)) => Some(Self::Id(id.0)),
            _ => None,
        }
    }

    /// The value for everybody else.
    pub(crate) fn into_value(self, ty: &Type) -> Value {
        match (self, ty) {
            (Self::Bool(answer), _) => Value::Bool(answer),
            (Self::Int(micros), Type::Instant) => {
                Timestamp::from_microsecond(micros).map_or(Value::Null, Value::Instant)
            }
            (Self::Int(units), Type::Number { scale }) if *scale > 0 => Value::Decimal(Decimal::new(units, *scale)),
            (Self::Int(number), _) => Value::Int(number),
            (Self::Text(text), Type::Date) => temporal::date(&text).map_or(Value::Null, Value::Date),
            (Self::Text(text), Type::YearMonth) => text.parse::<YearMonth>().map_or(Value::Null, Value::YearMonth),
            (Self::Text(text), _) => Value::Text(text),
            (Self::Id(id), _) => Value::Record(RecordId(id)),
        }
    }
}

impl From<Scalar> for Param {
    fn from(scalar: Scalar) -> Self {
        match scalar {
            Scalar::Bool(answer) => Self::Bool(answer),
            Scalar::Int(number) => Self::Int(number),
            Scalar::Text(text) => Self::Text(text),
            Scalar::Id(id) => Self::Id(id),
        }
    }
}

/// How values of a type lie in columns and parameters.
pub(crate) fn cast(ty: &Type) -> Cast {
    match ty {
        Type::Bool => Cast::Bool,
        Type::Number { .. } | Type::Instant => Cast::Int,
        Type::Text | Type::Date | Type::YearMonth | Type::Choice(_) | Type::Choices(_) => Cast::Text,
        Type::Record(_) => Cast::Id,
        Type::Geometry { .. } => Cast::Blob,
    }
}
