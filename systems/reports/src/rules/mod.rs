//! What is decided about reports, as pure functions: they know neither clock nor store, and all that a city may want otherwise is an
//! argument of theirs.
//!
//! - [`place`]: positions, their distance, and how they are rounded for the public
//! - [`dedupe`]: how likely two reports tell of the same damage
//! - [`clusters`]: which reports lie together
//! - [`clock`]: by when something is due, with pauses
//! - [`figures`]: how many, how long, how many in time
//! - [`state`]: the states of a report, what leads to what, and what Open311 calls them
//! - [`tracking`]: tracking numbers

pub mod clock;
pub mod clusters;
pub mod dedupe;
pub mod figures;
pub mod place;
pub mod state;
pub mod tracking;

pub use place::Place;
pub use state::State;
