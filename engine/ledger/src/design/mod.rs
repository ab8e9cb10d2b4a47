//! Ledgers that clerks make themselves, from nothing or from a spreadsheet.
//!
//! What comes out is the same TOML as a system's, read by the same strict reader, published by the same audited act, and
//! it can be downloaded and moved into a system's folder when it has proved itself. So that a clerk's ledger cannot rot,
//! it says who owns it and what it is for, and its use is noted.

mod builder;
mod guess;
mod publish;
mod words;

pub use builder::LedgerBuilder;
pub use guess::guess_fields;
pub use publish::{DESIGNER, designer_role, is_own, own_name};
