//! Looking at an installation: its machine, database, servers and files.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod installation;
mod mail;
