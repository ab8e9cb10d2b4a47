//! The boxes around collections, remembered for a while: finding one takes a look at every record.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use kawasemi_kernel::geometry::BoundingBox;

/// How long a box is believed.
const BELIEVED: SignedDuration = SignedDuration::from_mins(10);
/// How many are remembered.
const REMEMBERED: usize = 1_000;

/// Boxes by collection and caller.
#[derive(Default)]
pub struct Extents(Mutex<HashMap<String, (Timestamp, Option<BoundingBox>)>>);

impl Extents {
    /// The box that is remembered; the inner none is that of a collection in which nothing has a place.
    pub fn known(&self, key: &str, now: Timestamp) -> Option<Option<BoundingBox>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(key).filter(|(at, _)| now.duration_since(*at) < BELIEVED).map(|(_, bounds)| *bounds)
    }

    /// Remembers a box.
    pub fn remember(&self, key: String, now: Timestamp, bounds: Option<BoundingBox>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(key, (now, bounds));
    }
}
