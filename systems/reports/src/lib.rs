//! Reports of damage to roads, parks, sewers and the like (道路破損等通報), from the resident's phone to the repair.
//!
//! A resident says where, what, and sends a photograph; the hall sorts the reports out, joins those that tell of the same, gives them
//! to a section, a contractor or another authority, and answers. Other programs do the same through Open311 GeoReport v2.
//! What comes in is kept apart from what is public: a report's own words, position and photographs are staff's, and the fields
//! `public_…` hold what was checked. So nothing is shown by mistake, and the portal on the internet holds no more than these.
//!
//! What the system is made of, in the order in which to read it:
//!
//! - [`definitions`]: the ledgers, roles and figures, as `system.toml`, `ledgers/` and `kpis.toml` declare them
//! - [`rules`]: distances, duplicates, clusters, deadlines, states and tracking numbers, as pure functions
//! - [`records`]: the ledgers as the program reads them
//! - [`photo`]: photographs from outside, made anew without their position
//! - [`intake`]: a report on its way in, from whichever side it comes, and what it becomes
//! - [`mirror`]: what the desk gives the portal, where they are separated
//! - [`public`]: a report as everybody may see it
//! - [`history`]: reports of the app in use until today
//! - [`acts`]: what staff do with reports
//! - [`open311`]: the interface for other programs
//! - [`pages`]: the residents' form, tracking and list, and the staff's board
//! - [`sample`]: content for the demo city

pub mod acts;
pub mod definitions;
pub mod history;
pub mod intake;
pub mod mirror;
pub mod open311;
pub mod pages;
pub mod photo;
pub mod public;
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
