//! Parks (公園): the urban-park ledger, playground inspection, upkeep, life extension, and workshops with residents.
//!
//! What the system is made of, in the order in which to read it:
//!
//! - [`definitions`]: the ledgers, roles and figures, as `system.toml`, `ledgers/` and `kpis.toml` declare them
//! - [`rules`]: grades, due dates, states, shares, upkeep, plans and workshops, as pure functions with their working; their
//!   figures are rows of `tables/`
//! - [`calculators`]: the rules as computed fields, the command line and the API call them
//! - [`records`]: the ledgers as the pages see them, as far as the caller may see
//! - [`acts`]: what is done: inspecting, stopping, repairing, reopening, spreading a plan, accepting a month
//! - [`paper`]: what stands on the papers, laid out by `prints/`
//! - [`pages`]: the staff's pages and the residents'
//! - [`sample`]: parks for the demo city

pub mod acts;
pub mod calculators;
pub mod definitions;
pub mod pages;
pub mod paper;
pub mod records;
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
