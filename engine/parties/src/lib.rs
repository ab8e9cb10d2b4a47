//! Parties that are the same (名寄せ): probable duplicates found with their reasons, merged with a trace, and taken apart again.
//!
//! Two records of one person are a letter to the wrong house, or a claim that nobody sees whole. Two people in one record are
//! worse. So the program only ever proposes: [`likeness`] says why two records look alike, [`duplicates`] keeps the pairs as
//! parties are entered and changed, and a person decides; [`merge`] does what was decided and can undo it.
//!
//! Start reading at [`likeness`], which is pure.

pub mod duplicates;
pub mod facts;
pub mod likeness;
pub mod merge;
mod tables;

pub use duplicates::{Duplicates, Pair, PairState};
pub use facts::Facts;
pub use likeness::{Likeness, Reason};
pub use merge::{Merge, Merged};
pub use tables::engine;
