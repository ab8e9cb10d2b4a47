//! Values and words: what every part of the city hall means by a date, an amount, a name or a place.
//!
//! The kernel has no input or output and no clock. Everything in it is a value or a pure function, so that a rule of the
//! office can be tested without a city around it. Start reading at [`value`], the value of one field of one record.

pub mod address;
pub mod bigram;
pub mod calculation;
pub mod calendar;
pub mod contact;
pub mod context;
pub mod csv_safe;
pub mod decimal;
pub mod era;
pub mod fiscal;
pub mod geometry;
pub mod id;
pub mod kana;
pub mod lang;
pub mod money;
pub mod municipality;
pub mod text;
pub mod value;
pub mod year_month;

pub use context::{Act, Actor, Clock};
pub use decimal::Decimal;
pub use geometry::Geometry;
pub use id::{IdSource, RecordId};
pub use lang::Lang;
pub use value::{ChildRow, Fields, FileRef, PersonName, PostalAddress, Value};
pub use year_month::YearMonth;
