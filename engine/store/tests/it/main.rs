//! The store, the same on SQLite and PostgreSQL.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod area;
mod audit;
mod backup;
mod batches;
mod common;
mod crash;
mod disk;
mod engines;
mod erasure;
mod failover;
mod files;
mod full_disk;
mod installation;
mod jobs;
mod lists;
mod overlay;
mod records;
mod schema;
mod search;
mod tls;
mod units;
