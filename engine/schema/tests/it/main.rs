//! Definitions: what is read, what is refused, and what is published of them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod overlay;
mod published;
mod reading;
