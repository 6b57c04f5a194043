//! Trees of receipts in the shape of RFC 9162: grown leaf by leaf, and joined over threads.

use crate::scope::Hash;
use alloc::vec::Vec;
use sha2::{Digest, Sha256};

const DOMAIN_INNER: u8 = 0x01;
const DOMAIN_THREAD: u8 = 0x02;

/// A tree that grows to the right: the roots of its full subtrees, the largest first.
#[derive(Clone, Default)]
pub struct Frontier {
    count: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    pub fn push(&mut self, leaf: Hash) {
        let mut peak = leaf;
        // Each trailing one of the count is a full subtree of the size that `peak` has by now.
        for _ in 0..self.count.trailing_ones() {
            let Some(left) = self.peaks.pop() else { break };
            peak = inner_hash(&left, &peak);
        }
        self.peaks.push(peak);
        self.count = self.count.saturating_add(1);
    }

    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// SHA-256 of nothing for no leaves.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return Sha256::digest([]).into() };
        peaks.fold(*last, |right, left| inner_hash(left, &right))
    }
}

/// The hash of two subtrees.
#[must_use]
pub fn inner_hash(left: &Hash, right: &Hash) -> Hash {
    let hash = Sha256::new_with_prefix([DOMAIN_INNER]);
    hash.chain_update(left).chain_update(right).finalize().into()
}

/// What stands for a thread in the tree over threads.
#[must_use]
pub fn thread_hash(thread: u16, count: u64, root: &Hash) -> Hash {
    let hash = Sha256::new_with_prefix([DOMAIN_THREAD]).chain_update(thread.to_le_bytes());
    hash.chain_update(count.to_le_bytes()).chain_update(root).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(count: u8) -> Vec<Hash> {
        (0..count).map(|number| [number; 32]).collect()
    }

    /// The definition, word for word.
    fn defined(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [leaf] => *leaf,
            _ => {
                let powers = (0..7).map(|bits| 1 << bits);
                let middle = powers.filter(|size| *size < leaves.len()).max().unwrap();
                inner_hash(&defined(&leaves[..middle]), &defined(&leaves[middle..]))
            }
        }
    }

    #[test]
    fn trees_have_the_shape_of_the_standard() {
        for count in 0..70 {
            let mut frontier = Frontier::default();
            leaves(count).iter().for_each(|leaf| frontier.push(*leaf));
            assert_eq!(frontier.root(), defined(&leaves(count)));
            assert_eq!(frontier.count(), u64::from(count));
        }
    }

    #[test]
    fn threads_are_told_apart() {
        let root = [5; 32];
        let hashes = [thread_hash(0, 1, &root), thread_hash(1, 1, &root), thread_hash(0, 2, &root)];
        assert!(hashes[0] != hashes[1] && hashes[0] != hashes[2] && hashes[1] != hashes[2]);
    }
}
