//! How often people who are not signed in may hand something in: what a form of the portal takes costs work at the desk, and a
//! program that fills it in should not bury the rest.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// Most addresses that are remembered; the rest share one allowance.
const MOST_ADDRESSES: usize = 20_000;

/// So many in so long, for each address. A household or an office behind one address stays far below it.
pub struct Allowance {
    most: usize,
    within: SignedDuration,
    taken: Mutex<HashMap<Option<IpAddr>, VecDeque<Timestamp>>>,
}

impl Allowance {
    /// An allowance of `most` in any `within`.
    pub fn new(most: usize, within: SignedDuration) -> Self {
        Self { most: most.max(1), within, taken: Mutex::default() }
    }

    /// Takes one.
    ///
    /// # Errors
    /// How long to wait for the next.
    pub fn take(&self, address: Option<IpAddr>, now: Timestamp) -> Result<(), SignedDuration> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |at: &Timestamp| now.duration_since(*at) >= self.within;
        let mut key = address.map(network);
        if taken.len() >= MOST_ADDRESSES && !taken.contains_key(&key) {
            taken.retain(|_, times| times.back().is_some_and(|at| !is_over(at)));
            key = key.filter(|_| taken.len() < MOST_ADDRESSES);
        }
        let times = taken.entry(key).or_default();
        while times.front().is_some_and(is_over) {
            times.pop_front();
        }
        match times.front() {
            Some(first) if times.len() >= self.most => Err(self.within - now.duration_since(*first)),
            _ => {
                times.push_back(now);
                Ok(())
            }
        }
    }
}

/// What one subscriber has: an address of IPv4, or a network of 64 bits of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: SignedDuration = SignedDuration::from_hours(1);

    fn at(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute)
    }

    fn ip(text: &str) -> Option<IpAddr> {
        Some(text.parse().expect("an address"))
    }

    #[test]
    fn it_comes_back_with_time() {
        let allowance = Allowance::new(2, HOUR);
        let here = ip("192.0.2.1");
        assert_eq!(allowance.take(here, at(0)), Ok(()));
        assert_eq!(allowance.take(here, at(10)), Ok(()));
        assert_eq!(allowance.take(here, at(20)), Err(SignedDuration::from_mins(40)));
        assert_eq!(allowance.take(ip("192.0.2.2"), at(20)), Ok(()), "another address");
        assert_eq!(allowance.take(here, at(60)), Ok(()));
        assert_eq!(allowance.take(here, at(60)), Err(SignedDuration::from_mins(10)));
    }

    #[test]
    fn a_subscriber_of_ipv6_is_one_network() {
        let allowance = Allowance::new(1, HOUR);
        assert_eq!(allowance.take(ip("2001:db8::1"), at(0)), Ok(()));
        assert!(allowance.take(ip("2001:db8::ffff:1"), at(0)).is_err());
        assert_eq!(allowance.take(ip("2001:db8:0:1::1"), at(0)), Ok(()));
        assert_eq!(allowance.take(ip("::ffff:192.0.2.1"), at(0)), Ok(()));
        assert!(allowance.take(ip("192.0.2.1"), at(0)).is_err());
    }

    #[test]
    fn too_many_addresses_share_one() {
        let allowance = Allowance::new(1, HOUR);
        for n in 0..MOST_ADDRESSES {
            let address = IpAddr::V4(u32::try_from(n).expect("it fits").into());
            assert_eq!(allowance.take(Some(address), at(0)), Ok(()));
        }
        assert_eq!(allowance.take(ip("203.0.113.1"), at(0)), Ok(()));
        assert!(allowance.take(ip("203.0.113.2"), at(0)).is_err());
        assert_eq!(allowance.take(ip("203.0.113.2"), at(60)), Ok(()));
    }
}
