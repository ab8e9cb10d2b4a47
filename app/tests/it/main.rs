//! The program, used from outside: its commands, its server, and the files it reads.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bad_input;
mod bucket;
mod command_line;
mod demo_city;
mod drill;
mod gis;
mod keys;
mod names;
mod networks;
mod operations;
mod overlay;
mod papers;
mod reference;
mod releases;
mod sanitize;
mod serving;
mod stopping;
mod support;
mod takeover;
mod training;
