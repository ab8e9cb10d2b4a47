//! How much lies upstream of each pipe, from the numbers of the manholes at its ends.
//!
//! Sewers are trees in all but a few places. Where a manhole has several pipes out of it, each is counted with all that comes in,
//! since water may take either. Where numbers run in a ring, which is a mistake of the data, what is in the ring counts only with
//! what leads into it.

use std::collections::{HashMap, VecDeque};

/// A pipe between two manholes.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// The manhole upstream; empty where it is not known.
    pub up: String,
    /// The manhole downstream; empty where it is not known.
    pub down: String,
    /// Its length, metres.
    pub length_m: f64,
}

/// The length upstream of each pipe, without its own, metres, in the order of the pipes.
pub fn upstream(links: &[Link]) -> Vec<f64> {
    // How many pipes that lead into a manhole have not been counted yet.
    let mut waiting: HashMap<&str, usize> = HashMap::new();
    let mut from: HashMap<&str, Vec<usize>> = HashMap::new();
    for (n, link) in links.iter().enumerate() {
        if !link.down.is_empty() {
            *waiting.entry(&link.down).or_default() += 1;
        }
        if !link.up.is_empty() {
            from.entry(&link.up).or_default().push(n);
        }
    }
    let mut above: HashMap<&str, f64> = HashMap::new();
    let mut lengths = vec![0.0; links.len()];
    let is_head = |link: &Link| link.up.is_empty() || !waiting.contains_key(link.up.as_str());
    let mut ready: VecDeque<usize> = (0..links.len()).filter(|n| is_head(&links[*n])).collect();
    let mut is_counted = vec![false; links.len()];
    while let Some(n) = ready.pop_front() {
        let link = &links[n];
        is_counted[n] = true;
        lengths[n] = above.get(link.up.as_str()).copied().unwrap_or(0.0);
        if link.down.is_empty() {
            continue;
        }
        *above.entry(&link.down).or_default() += lengths[n] + link.length_m;
        if let Some(left) = waiting.get_mut(link.down.as_str()) {
            *left -= 1;
            if *left == 0 {
                ready.extend(from.get(link.down.as_str()).into_iter().flatten());
            }
        }
    }
    for (n, link) in links.iter().enumerate().filter(|(n, _)| !is_counted[*n]) {
        lengths[n] = above.get(link.up.as_str()).copied().unwrap_or(0.0);
    }
    lengths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(up: &str, down: &str, length_m: f64) -> Link {
        Link { up: up.to_owned(), down: down.to_owned(), length_m }
    }

    #[test]
    fn branches_come_together() {
        let links = [link("c", "d", 5.0), link("a", "c", 10.0), link("b", "c", 20.0), link("d", "e", 1.0)];
        assert_eq!(upstream(&links), [30.0, 0.0, 0.0, 35.0]);
    }

    #[test]
    fn a_ring_ends_and_what_leads_into_it_counts() {
        let links = [link("a", "b", 7.0), link("b", "c", 1.0), link("c", "b", 1.0)];
        assert_eq!(upstream(&links), [0.0, 7.0, 0.0]);
        assert_eq!(upstream(&[link("a", "a", 1.0)]), [0.0]);
    }

    #[test]
    fn unknown_manholes_connect_nothing() {
        let links = [link("", "", 3.0), link("", "b", 4.0), link("b", "", 5.0)];
        assert_eq!(upstream(&links), [0.0, 0.0, 4.0]);
        assert!(upstream(&[]).is_empty());
    }
}
