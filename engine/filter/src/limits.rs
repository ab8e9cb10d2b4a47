//! How much filter is read at all.
//!
//! The limits are checked before the work they bound, so that a hostile text costs no more than looking at its length,
//! and so that no text can exhaust the stack of the thread that reads it.

use crate::error::{At, ErrorCode, FilterError};

/// How long and how deep a filter may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest text in bytes (UTF-8). For JSON, the names and literals in it count, and eight bytes for each node.
    pub max_bytes: usize,
    /// Deepest nesting of parentheses, functions and calculations.
    pub max_depth: u8,
}

impl Limits {
    /// For what comes from outside: addresses, forms, the public API.
    pub const OUTSIDE: Self = Self { max_bytes: 2 * 1024, max_depth: 32 };
    /// For definitions under version control.
    pub const DEFINITION: Self = Self { max_bytes: 8 * 1024, max_depth: 32 };

    /// Refuses a length.
    pub(crate) fn check_length(self, bytes: usize) -> Result<(), FilterError> {
        if bytes <= self.max_bytes {
            return Ok(());
        }
        let message = format!("条件が長すぎます（{}バイトまでです）", self.max_bytes);
        Err(FilterError::new(ErrorCode::TooLong, At::NOWHERE, message, "条件をいくつかに分けてください"))
    }

    /// Refuses a depth.
    pub(crate) fn check_depth(self, depth: u8, at: At) -> Result<(), FilterError> {
        if depth <= self.max_depth {
            return Ok(());
        }
        let message = format!("かっこや計算の入れ子が深すぎます（{}段までです）", self.max_depth);
        Err(FilterError::new(ErrorCode::TooDeep, at, message, "条件を分けるか、かっこを減らしてください"))
    }
}
