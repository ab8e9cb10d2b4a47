//! What the tests share: conditions, the things they are asked about, and made-up trees of both.

pub mod conditions;
pub mod things;
pub mod trees;
