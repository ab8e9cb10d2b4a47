//! The demo city: real names of departments and towns, people who do not exist.
//!
//! The same seed gives the same city, ids and dates included. It is made in a folder of its own name and moved to its place
//! when it is whole, so that a demo that was broken off is never served.

mod accounts;
mod city;
mod draw;
mod names;
mod organisation;
mod parties;
mod residents;
mod towns;

use jiff::civil::Date;
use kawasemi_schema::{SchemaErrors, SystemBundle};
use kawasemi_store::City;
use serde::de::DeserializeOwned;

use crate::shell::{OpenCity, Shell};

pub use accounts::{ACCOUNTS, load as accounts};
pub use city::{run, sign_ins};
pub use organisation::{departments, staff};

/// The ledger of residents who do not exist.
const RESIDENT: &str = "resident";
/// Where the demo's definitions say that they come from.
const FOLDER: &str = "app/demo";

/// The demo's own definitions.
///
/// # Errors
/// When they are wrong, which a test would have shown.
pub fn bundle() -> Result<SystemBundle, SchemaErrors> {
    let files = [
        ("system.toml", include_str!("../../demo/system.toml")),
        ("ledgers/resident.toml", include_str!("../../demo/ledgers/resident.toml")),
    ];
    SystemBundle::read(FOLDER, &files)
}

/// Whether a city is a demo, whose passwords everybody knows: it has the ledger of residents who do not exist, and is not one for
/// training.
pub fn is_demo(city: &City) -> bool {
    has_samples(city) && !city.is_training()
}

/// Whether a city has the ledger of residents who do not exist.
pub fn has_samples(city: &City) -> bool {
    city.catalogue().get(RESIDENT).is_some_and(|ledger| ledger.def.source.name.starts_with(FOLDER))
}

/// Residents who do not exist.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// The seed from which they are drawn.
    pub seed: u64,
    /// How many.
    pub residents: u64,
    /// The day as of which they live there.
    pub today: Date,
}

/// Loads residents who do not exist, with their parties, and answers how many.
///
/// # Errors
/// When one is refused.
pub async fn residents(shell: &Shell, open: &OpenCity, sample: &Sample) -> anyhow::Result<u64> {
    let Sample { seed, residents: count, today } = *sample;
    let loaded = residents::load(shell, open, seed, count, today).await?;
    parties::load(shell, open, seed, count, today).await?;
    Ok(loaded)
}

/// Reads a table that is built into the program.
fn rows<T: DeserializeOwned>(text: &str) -> Vec<T> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(|row| row.expect("the built-in tables are well formed")).collect()
}
