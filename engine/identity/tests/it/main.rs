//! Accounts, signing in, devices and grants, on both stores.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounts;
mod common;
mod counter;
mod directory;
mod grants;
mod others;
mod passkeys;
mod provider;
mod second_factor;
mod sign_in;
mod standing;
