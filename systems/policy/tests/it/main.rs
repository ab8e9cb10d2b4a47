//! Department policies, from the paper to the pages.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod definitions;
mod import;
mod pages;
mod paper;
mod paper_damage;
mod paper_forms;
mod paper_matching;
mod paper_mutations;
mod support;
mod words;
mod year;
