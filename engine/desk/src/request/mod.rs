//! What a request brings: the city, the caller, the language and what was typed.

pub mod allowance;
pub mod arrival;
pub mod context;
pub mod enter;
pub mod entries;
pub mod gate;
pub mod language;
mod recorded;
pub mod reference;
mod typed;
pub mod uploads;

pub use context::Cx;
pub use entries::Entries;
pub(crate) use entries::read_body;
pub use uploads::{Upload, Uploads};
