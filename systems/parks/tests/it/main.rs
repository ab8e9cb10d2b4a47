//! Parks, from the form to the record to the paper.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod definitions;
mod papers;
mod plans;
mod residents;
mod sample;
mod story;
mod support;
mod upkeep;
mod words;
