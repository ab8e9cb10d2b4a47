//! Everything that answers over HTTP, asked as browsers and programs ask.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod account;
mod admin;
mod api_changes;
mod april;
mod areas;
mod common;
mod counter;
mod edge;
mod enquiry;
mod exchange;
mod hidden;
mod ledgers;
mod ledgers_access;
mod ledgers_files;
mod ledgers_narrow;
mod ledgers_places;
mod ledgers_sheets;
mod map;
mod names;
mod ogc;
mod operations;
mod others;
mod oversight;
mod protected;
mod provider;
mod sign_in;
mod telling;
mod webhooks;
