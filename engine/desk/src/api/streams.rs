//! The streams of changes that are open: how many there may be, and when there is something to look for.
//!
//! One task for each city that has streams looks every two seconds how far the sealed sequence goes, in whichever node it was
//! sealed, and wakes the city's streams; a database of its own notifications is not needed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kawasemi_store::{City, changes};
use tokio::sync::watch;

/// Between two looks.
const LOOK: Duration = Duration::from_secs(2);
/// Streams of a node.
const SEATS: usize = 500;
/// Streams of one caller.
const SEATS_OF_ONE: usize = 8;

/// The open streams of a node.
#[derive(Default)]
pub(crate) struct Streams {
    taken: Mutex<HashMap<String, usize>>,
    heads: Mutex<HashMap<String, watch::Sender<i64>>>,
}

impl Streams {
    /// A seat for a caller; none when all are taken.
    pub fn sit(self: &Arc<Self>, caller: String) -> Option<Seat> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.values().sum::<usize>() >= SEATS {
            return None;
        }
        let own = taken.entry(caller.clone()).or_default();
        if *own >= SEATS_OF_ONE {
            return None;
        }
        *own += 1;
        Some(Seat { streams: Arc::clone(self), caller })
    }

    /// Tells when a city's sequence has grown.
    pub fn watch(self: &Arc<Self>, city: &City) -> watch::Receiver<i64> {
        let mut heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(head) = heads.get(city.code()) {
            return head.subscribe();
        }
        let (head, receiver) = watch::channel(-1);
        heads.insert(city.code().to_owned(), head.clone());
        tokio::spawn(look(Arc::clone(self), city.clone(), head));
        receiver
    }

    /// Forgets a city that nobody watches any more; whether it was so.
    fn forget(&self, city: &City, head: &watch::Sender<i64>) -> bool {
        let mut heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        let is_unwatched = head.receiver_count() == 0;
        if is_unwatched {
            heads.remove(city.code());
        }
        is_unwatched
    }
}

async fn look(streams: Arc<Streams>, city: City, head: watch::Sender<i64>) {
    loop {
        tokio::time::sleep(LOOK).await;
        if streams.forget(&city, &head) {
            return;
        }
        match changes::head(&city).await {
            Ok(place) => drop(head.send_if_modified(|known| std::mem::replace(known, place.seq) != place.seq)),
            Err(error) => tracing::warn!(city = city.code(), %error, "streams can't see what is new"),
        }
    }
}

/// A seat among the open streams, free again when it is dropped.
pub(crate) struct Seat {
    streams: Arc<Streams>,
    caller: String,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.streams.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = taken.get_mut(&self.caller) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.caller);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_all_the_seats() {
        let streams = Arc::new(Streams::default());
        let mut seats: Vec<Option<Seat>> = (0..SEATS_OF_ONE).map(|_| streams.sit("hanako".to_owned())).collect();
        assert!(seats.iter().all(Option::is_some));
        assert!(streams.sit("hanako".to_owned()).is_none() && streams.sit("taro".to_owned()).is_some());
        seats.pop();
        assert!(streams.sit("hanako".to_owned()).is_some());
    }
}
