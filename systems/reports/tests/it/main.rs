//! Damage reports, from the resident's form to the closed case.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod apart;
mod disaster;
mod halves;
mod history;
mod intake;
mod open311;
mod story;
mod support;
mod words;
