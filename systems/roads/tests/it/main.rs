//! The road ledger, from entry to record to paper.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod delivery;
mod permits;
mod public;
mod sample;
mod structures;
mod support;
mod words;
mod works;
mod written_record;
