//! The road ledger (道路台帳): routes and sections, bridges, occupancy, unused land, plan sheets and construction works.
//!
//! What the system is made of, in the order in which to read it:
//!
//! - [`definitions`]: the ledgers, roles and figures, as `system.toml`, `ledgers/` and `kpis.toml` declare them
//! - [`rules`]: grades and due days, the index of pavement, fees, scores, lengths and transformations, as pure functions
//! - [`calculators`] and [`calculations`]: the rules as computed fields, the command line and the API call them
//! - [`read`]: fields by type
//! - [`acts`]: what the staff do beyond forms: charge, tell, approve, bring over
//! - [`papers`]: the written record, lists and letters as PDF, and the delivery of a work as a folder
//! - [`pages`]: the staff's pages under `/desk/roads`, and `/roads` for surveyors and utilities
//! - [`sample`]: content for the demo city

pub mod acts;
pub mod calculations;
pub mod calculators;
pub mod definitions;
pub mod pages;
pub mod papers;
pub mod read;
pub mod rules;
pub mod sample;
mod system;

pub use system::system;

use kawasemi_platform as platform;
use platform::{kernel, ledger, schema};

/// The system's words for residents, in a language.
fn words(lang: kernel::Lang) -> platform::ui::Text {
    static WORDS: std::sync::LazyLock<platform::ui::Catalogue> = platform::ui::catalogue!("../text");
    WORDS.lang(lang)
}
