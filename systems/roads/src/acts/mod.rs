//! What the program and the staff do beyond filling in forms. Each act reads first and then writes through the ledger engine, with the
//! caller's powers.
//!
//! - [`structures`]: brings the newest inspection over to its structure
//! - [`permits`]: charges a permit, and notes that its holder was told of the end
//! - [`papers`]: hands in, returns and approves a paper of a work

pub mod papers;
pub mod permits;
pub mod structures;
