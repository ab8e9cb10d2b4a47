//! Protection and the access log, on both stores and with real receivers.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
mod logs;
mod protection;
mod rsyslog;
mod siem;
