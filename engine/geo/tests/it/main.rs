//! Geographic files in and out, against the program that other offices use (GDAL), and against those who mean harm.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod counterpart;
mod formats;
mod hostile;
mod support;
