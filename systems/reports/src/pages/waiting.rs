//! Photographs of forms that came back: with a mistake in them, or with the question whether it is the same report. They wait here for
//! a while, in memory, so that nobody has to choose them again and nothing lies on a disk of the portal.
//!
//! After a restart, or on another node, the person is asked to choose the photograph again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::photo::Photo;

/// How long photographs wait.
const AT_MOST: SignedDuration = SignedDuration::from_mins(60);
/// Bytes that may wait at once; the oldest go first.
const BYTES: usize = 128 * 1024 * 1024;

struct Kept {
    since: Timestamp,
    photos: Vec<Photo>,
}

static WAITING: Mutex<Option<HashMap<Uuid, Kept>>> = Mutex::new(None);

/// Keeps photographs under a fresh id.
pub fn keep(id: Uuid, photos: Vec<Photo>, now: Timestamp) {
    let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
    let waiting = waiting.get_or_insert_default();
    waiting.retain(|_, kept| now.duration_since(kept.since) < AT_MOST);
    let size = |photos: &[Photo]| photos.iter().map(|photo| photo.jpeg.len()).sum::<usize>();
    let mut held: usize = waiting.values().map(|kept| size(&kept.photos)).sum::<usize>() + size(&photos);
    while held > BYTES {
        let Some(oldest) = waiting.iter().min_by_key(|(_, kept)| kept.since).map(|(id, _)| *id) else { break };
        held -= waiting.remove(&oldest).map_or(0, |kept| size(&kept.photos));
    }
    waiting.insert(id, Kept { since: now, photos });
}

/// The photographs under an id. They stay, since the form may come back once more.
pub fn find(id: Uuid, now: Timestamp) -> Option<Vec<Photo>> {
    let waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = waiting.as_ref()?.get(&id)?;
    (now.duration_since(kept.since) < AT_MOST).then(|| kept.photos.clone())
}

/// Forgets what was sent.
pub fn forget(id: Uuid) {
    if let Some(waiting) = WAITING.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
        waiting.remove(&id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_wait_for_an_hour() {
        let photo = Photo { jpeg: vec![1, 2, 3], position: None, taken: None };
        let (id, now) = (Uuid::from_u128(77), Timestamp::UNIX_EPOCH);
        keep(id, vec![photo.clone()], now);
        assert_eq!(find(id, now + SignedDuration::from_mins(59)), Some(vec![photo]));
        assert_eq!(find(id, now + SignedDuration::from_mins(61)), None);
        forget(id);
        assert_eq!(find(id, now), None);
    }
}
