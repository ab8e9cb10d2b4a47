//! Callers that were read a moment ago, so that a page with forty requests asks the database once.
//!
//! Keyed by the hash of the secret that was presented. What is revoked on this node is forgotten at once; what is revoked
//! on another node of the same city is believed here for [`crate::Rules::believed`] at the most, and never past midnight in
//! the city, when dated roles and posts change. A read that was under way while something was revoked is not kept: its answer
//! may be from before.

use std::collections::HashMap;
use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use kawasemi_kernel::context::civil_date;
use uuid::Uuid;

use crate::caller::Caller;

/// More than a city has people at work; beyond it the cache starts anew.
const MOST: usize = 20_000;

pub(crate) struct CallerCache {
    believed: SignedDuration,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    callers: HashMap<[u8; 32], Entry>,
    /// Counts revocations.
    generation: u64,
}

struct Entry {
    caller: Caller,
    read_at: Timestamp,
    /// The session's or token's own end.
    ends_at: Timestamp,
}

/// The state of the cache when a read began.
#[derive(Clone, Copy)]
pub(crate) struct Generation(u64);

impl CallerCache {
    pub fn new(believed: SignedDuration) -> Self {
        Self { believed, kept: Mutex::default() }
    }

    /// The caller, if read not too long ago; otherwise what to hand to [`CallerCache::keep`].
    pub fn find(&self, secret_hash: &[u8; 32], at: Timestamp) -> Result<Caller, Generation> {
        let kept = self.lock();
        let found = kept.callers.get(secret_hash).filter(|entry| {
            let age = at.duration_since(entry.read_at);
            // Roles and posts are those of a day: what was read before midnight says nothing of the day after.
            let is_same_day = civil_date(at) == civil_date(entry.read_at);
            age < self.believed && !age.is_negative() && at < entry.ends_at && is_same_day
        });
        found.map(|entry| entry.caller.clone()).ok_or(Generation(kept.generation))
    }

    /// Keeps what was read, unless something was revoked meanwhile.
    pub fn keep(&self, began: Generation, secret_hash: [u8; 32], caller: Caller, at: Timestamp, ends_at: Timestamp) {
        let mut kept = self.lock();
        if kept.generation != began.0 {
            return;
        }
        if kept.callers.len() >= MOST {
            kept.callers.clear();
        }
        kept.callers.insert(secret_hash, Entry { caller, read_at: at, ends_at });
    }

    /// Forgets an account's callers.
    pub fn forget_account(&self, account: Uuid) {
        self.forget(|caller| caller.actor.account() == Some(account));
    }

    /// Forgets everything.
    pub fn forget_all(&self) {
        self.forget(|_| true);
    }

    fn forget(&self, which: impl Fn(&Caller) -> bool) {
        let mut kept = self.lock();
        kept.generation += 1;
        kept.callers.retain(|_, entry| !which(&entry.caller));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        // A thread that panicked here left a map that is whole: every change to it is one call.
        self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn kept_at_100() -> CallerCache {
        let cache = CallerCache::new(SignedDuration::from_secs(5));
        let Err(began) = cache.find(&[1; 32], at(100)) else { panic!("nothing was kept yet") };
        cache.keep(began, [1; 32], Caller::visitor(), at(100), at(103));
        cache
    }

    #[test]
    fn a_caller_is_believed_for_a_while_and_no_longer_than_the_session() {
        let cache = kept_at_100();
        assert!(cache.find(&[1; 32], at(102)).is_ok());
        assert!(cache.find(&[1; 32], at(103)).is_err(), "the session has ended");
        assert!(cache.find(&[1; 32], at(99)).is_err(), "the clock went back");
        assert!(cache.find(&[2; 32], at(102)).is_err());
    }

    #[test]
    fn a_read_that_a_revocation_overtook_is_not_kept() {
        let cache = kept_at_100();
        let Err(began) = cache.find(&[2; 32], at(100)) else { panic!("nothing was kept yet") };
        cache.forget_all();
        cache.keep(began, [2; 32], Caller::visitor(), at(100), at(200));
        assert!(cache.find(&[1; 32], at(101)).is_err());
        assert!(cache.find(&[2; 32], at(101)).is_err());
    }
}
