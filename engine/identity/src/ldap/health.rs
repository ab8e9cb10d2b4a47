//! Which servers of the directory answered lately, so that two hundred people at 08:30 do not each wait for a dead one.
//!
//! A server that failed is passed over for a while; then one person tries it, and the others go on passing it over until that
//! one has an answer. The instant is the request's own, so no clock is read here.

use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};

/// For how long a server that failed is passed over.
const REST: SignedDuration = SignedDuration::from_secs(30);

/// How the servers of one directory are doing.
#[derive(Debug)]
pub(super) struct Health(Mutex<Vec<Option<Timestamp>>>);

impl Health {
    /// All of them are thought to be well.
    pub fn new(servers: usize) -> Self {
        Self(Mutex::new(vec![None; servers]))
    }

    /// Whether to try a server now. Whoever gets a yes for one that rested is the only one who tries it.
    pub fn may_try(&self, server: usize, at: Timestamp) -> bool {
        let mut rests = self.lock();
        let Some(until) = rests.get_mut(server) else { return false };
        match *until {
            None => true,
            Some(rest) if rest > at => false,
            Some(_) => {
                *until = Some(at.saturating_add(REST).unwrap_or(Timestamp::MAX));
                true
            }
        }
    }

    /// A server answered.
    pub fn well(&self, server: usize) {
        if let Some(until) = self.lock().get_mut(server) {
            *until = None;
        }
    }

    /// A server did not answer.
    pub fn failed(&self, server: usize, at: Timestamp) {
        if let Some(until) = self.lock().get_mut(server) {
            *until = Some(at.saturating_add(REST).unwrap_or(Timestamp::MAX));
        }
    }

    /// Whether every server failed lately.
    pub fn all_down(&self, at: Timestamp) -> bool {
        self.lock().iter().all(|until| until.is_some_and(|until| until > at))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Option<Timestamp>>> {
        // Every change is one assignment, so what a panic left is whole.
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_dead_server_is_tried_by_one_at_a_time() {
        let health = Health::new(2);
        assert!(health.may_try(0, at(100)) && health.may_try(0, at(100)));
        health.failed(0, at(100));
        assert!(!health.may_try(0, at(129)));
        assert!(!health.all_down(at(129)), "the other one is well");
        assert!(health.may_try(0, at(130)), "one tries again");
        assert!(!health.may_try(0, at(130)), "the others wait for its answer elsewhere");
        health.well(0);
        assert!(health.may_try(0, at(131)) && health.may_try(0, at(131)));
    }

    #[test]
    fn all_are_down_until_one_is_well() {
        let health = Health::new(2);
        health.failed(0, at(100));
        health.failed(1, at(100));
        assert!(health.all_down(at(101)));
        health.well(1);
        assert!(!health.all_down(at(101)));
    }
}
