//! Checking an installation over (点検): what is wrong with it, or soon will be, in sentences that say what to do.
//!
//! The doctor of the command line, the operations page and the metrics all tell of the same things. What they share is here:
//! each module looks at one subject and answers [`Finding`]s for people and [`Figure`]s for a monitor. Where to look (which
//! folders, certificates and servers the settings name) is its caller's to say, so that nothing here knows the settings.
//!
//! Looking changes nothing, and may be done beside a running server. A look that waits for others ([`counterpart`],
//! [`clock::synchronised`], [`mail`]) is a function of its own, so that a page need not wait for it.

pub mod alarm;
pub mod backups;
pub mod certificates;
pub mod clock;
pub mod counterpart;
pub mod disk;
pub mod figure;
pub mod finding;
pub mod mail;
mod notes;
pub mod queue;
pub mod replication;

pub use figure::{Figure, Kind, exposition};
pub use finding::{Finding, Findings, State, Subject};
