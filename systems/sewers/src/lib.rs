//! The sewer ledger (下水道台帳): pipes, manholes and chambers, areas and facilities, surveys and what is surveyed first.
//!
//! What the system is made of, in the order in which to read it:
//!
//! - [`definitions`]: the ledgers, roles, figures and the national exchange form, as the folder declares them
//! - [`rules`]: urgency, deterioration, priority and what lies upstream, as pure functions
//! - [`calculators`] and [`calculations`]: the rules as computed fields, the command line and the API call them
//! - [`read`]: fields by type
//! - [`stock`]: the pipes of the ledger as the rules take them, and their surveys
//! - [`acts`]: brings the newest survey over to its pipe
//! - [`papers`]: the written record of the eight items as PDF, the priorities as a workbook
//! - [`pages`]: the staff's pages under `/desk/sewers`, and `/sewers` for plumbers, surveyors and utilities
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
pub mod stock;
mod system;

pub use system::system;

use kawasemi_platform as platform;
use platform::{kernel, ledger, schema};

/// The system's words for residents, in a language.
fn words(lang: kernel::Lang) -> platform::ui::Text {
    static WORDS: std::sync::LazyLock<platform::ui::Catalogue> = platform::ui::catalogue!("../text");
    WORDS.lang(lang)
}
