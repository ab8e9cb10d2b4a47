//! Identifiers of records and of everything else that has a row.
//!
//! Ids are UUIDv7: sortable by the time they were made, and safe to make on a telephone without signal. The kernel
//! has no clock and no source of randomness; both come in through [`IdSource`], so that a test can fix them.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::context::Clock;

/// The id of one record of a ledger (記録).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordId(pub Uuid);

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not an id.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("記録の番号の形が正しくありません。画面の一覧から選び直してください。")]
pub struct InvalidId;

impl FromStr for RecordId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Uuid::try_parse(text).map(Self).map_err(|_| InvalidId)
    }
}

/// Makes new ids. The real one reads the clock and the operating system's randomness; a fixed one counts.
pub trait IdSource: Send + Sync {
    /// A new id, never given before.
    fn next(&self) -> Uuid;
}

/// Ids from the operating system's randomness and the given clock.
pub struct RandomIds<C>(pub C);

impl<C: Clock> IdSource for RandomIds<C> {
    fn next(&self) -> Uuid {
        let micros = self.0.now().as_microsecond().max(0).unsigned_abs();
        let stamp = uuid::Timestamp::from_unix_time(
            micros / 1_000_000,
            u32::try_from(micros % 1_000_000 * 1_000).unwrap_or(0),
            rand::random::<u64>() as u128,
            42,
        );
        Uuid::new_v7(stamp)
    }
}

/// Ids that count up from a seed, for tests and for a demo city that must come out the same twice.
pub struct CountingIds {
    seed: u64,
    next: AtomicU64,
}

impl CountingIds {
    /// Starts a sequence. Two sequences of different seeds share no id.
    pub fn new(seed: u64) -> Self {
        Self { seed, next: AtomicU64::new(1) }
    }
}

impl IdSource for CountingIds {
    fn next(&self) -> Uuid {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        // 48 bits of time position, then the seed: ids of one sequence sort in the order they were given.
        let mut bytes = [0_u8; 16];
        bytes[..6].copy_from_slice(&(0x0190_0000_0000_u64 + n).to_be_bytes()[2..]);
        bytes[6] = 0x70;
        bytes[8..].copy_from_slice(&self.seed.to_be_bytes());
        bytes[8] = 0x80 | (bytes[8] & 0x3f);
        Uuid::from_bytes(bytes)
    }
}
