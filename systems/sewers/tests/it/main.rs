//! The sewer ledger, from entry to record to paper.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod exchange;
mod priorities;
mod public;
mod sample;
mod support;
mod surveys;
mod words;
