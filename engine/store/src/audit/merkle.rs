//! The Merkle tree over a run of sealed entries, built in the memory of one branch.
//!
//! It has the shape of RFC 6962: leaves and nodes are hashed with different first bytes, and a tree that is not full is
//! split at the largest power of two. A leaf has the entry's place in the sequence, so that two entries can't change
//! places.

use sha2::{Digest as _, Sha256};

/// A tree that grows at its right end.
#[derive(Debug, Default)]
pub(super) struct Merkle {
    /// Roots of full subtrees from left to right, each with the power of two that is its size.
    peaks: Vec<(u32, [u8; 32])>,
}

impl Merkle {
    /// Adds the entry that has the next place.
    pub fn push(&mut self, seq: i64, hash: &[u8]) {
        let mut size = 0;
        let mut right: [u8; 32] =
            Sha256::new().chain_update([0]).chain_update(seq.to_be_bytes()).chain_update(hash).finalize().into();
        while let Some((_, left)) = self.peaks.pop_if(|(other, _)| *other == size) {
            right = node(&left, &right);
            size += 1;
        }
        self.peaks.push((size, right));
    }

    /// The root; zeros for a tree without entries.
    pub fn root(&self) -> [u8; 32] {
        let mut peaks = self.peaks.iter().rev().map(|(_, peak)| *peak);
        let last = peaks.next().unwrap_or_default();
        peaks.fold(last, |right, left| node(&left, &right))
    }
}

fn node(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition of RFC 6962, section 2.1, read literally.
    fn by_definition(leaves: &[[u8; 32]]) -> [u8; 32] {
        match leaves {
            [] => [0; 32],
            [only] => *only,
            more => {
                let half = more.len().next_power_of_two() / 2;
                node(&by_definition(&more[..half]), &by_definition(&more[half..]))
            }
        }
    }

    #[test]
    fn the_root_is_that_of_the_definition() {
        let mut tree = Merkle::default();
        let mut leaves = Vec::new();
        for seq in 1..=70_i64 {
            let hash = [u8::try_from(seq).unwrap(); 32];
            tree.push(seq, &hash);
            let leaf = Sha256::new().chain_update([0]).chain_update(seq.to_be_bytes()).chain_update(hash);
            leaves.push(leaf.finalize().into());
            assert_eq!(tree.root(), by_definition(&leaves), "{seq} leaves");
        }
    }

    #[test]
    fn places_matter() {
        let root = |first: i64| {
            let mut tree = Merkle::default();
            tree.push(first, &[1; 32]);
            tree.root()
        };
        assert_ne!(root(1), root(2));
    }
}
