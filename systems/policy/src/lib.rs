//! The policy board (部局運営方針): what each department set out to do, and what became of it.
//!
//! Each year every department states its basic ideas and its initiatives under the city's priority themes. Most of them set
//! no figure: they study, discuss, decide. So the board asks of each what is delivered or decided, by when, which document
//! proves it, and what comes next; figures only where there are any.
//!
//! What the system is made of, in the order in which to read it:
//!
//! - [`definitions`]: the ledgers, roles and figures, as `system.toml`, `ledgers/` and `kpis.toml` declare them
//! - [`paper`]: reads the paper that the departments hand in, and tells a correction from something new
//! - [`import`]: takes a paper into the ledgers, after a preview
//! - [`rules`]: achievement, grades, roll-ups, deadlines and trends, as pure functions with their working
//! - [`calculators`]: the rules as computed fields and the command line call them
//! - [`records`] and [`board`]: a year of the ledgers as the pages show it, as far as the caller may see
//! - [`acts`]: what the staff do on the board: report, record figures, publish, carry over to the next year
//! - [`pages`]: the staff's board, its report and import, and the residents' board
//! - [`sample`]: content for the demo city

pub mod acts;
pub mod board;
pub mod calculators;
pub mod definitions;
pub mod import;
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
