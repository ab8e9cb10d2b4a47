//! The façade: everything that a system of the city hall may use, and nothing else.
//!
//! A system depends on this crate alone. It finds the engines here under their own names, and hands over what it
//! brings as a [`System`]: its definitions, and where it needs Rust, its calculators, pages, commands and sample.
//!
//! ```no_run
//! use kawasemi_platform::System;
//! use kawasemi_platform::schema::SystemBundle;
//!
//! pub fn system() -> System {
//!     let files = [("system.toml", "key = \"parks\"\ntitle = \"公園台帳\"\nowner = \"parks\"\n")];
//!     System::new(SystemBundle::read("systems/parks", &files).expect("the definitions are tested"))
//! }
//! ```

mod system;
mod work;
pub mod year;
mod year_page;

pub use kawasemi_courier as courier;
pub use kawasemi_desk as desk;
pub use kawasemi_filter as filter;
pub use kawasemi_identity as identity;
pub use kawasemi_kernel as kernel;
pub use kawasemi_ledger as ledger;
pub use kawasemi_print as print;
pub use kawasemi_registry as registry;
pub use kawasemi_schema as schema;
pub use kawasemi_store as store;
pub use kawasemi_ui as ui;

pub use system::{Command, Daily, Job, System};
pub use work::{Report, Work, WorkError};
pub use year::{Turn, YearStep};
pub use year_page::pages as year_pages;
