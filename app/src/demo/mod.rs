//! The demo city: real names of departments and towns, people who do not exist.

mod draw;
mod names;
mod organisation;
mod residents;
mod towns;

use serde::de::DeserializeOwned;

/// Reads a table that is built into the program.
fn rows<T: DeserializeOwned>(text: &str) -> Vec<T> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(|row| row.expect("the built-in tables are well formed")).collect()
}
