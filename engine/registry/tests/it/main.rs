//! The organisation, its people and parties, on both stores.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod april;
mod parties;
mod personnel;
mod reference;
