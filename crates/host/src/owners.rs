//! Which worker owns a key, remembered: to tell it anew takes a SHA-256 of the key.
//!
//! Two keyed hashes of 64 and 56 bits stand for a key. Threads share the table without a lock; one
//! that reads an entry in the middle of a change sees halves of two keys, and knows neither again.

use crate::memory::prefetch;
use crate::options::WORKERS_MAX;
use foldhash::SharedSeed;
use foldhash::fast::FoldHasher;
use std::hash::Hasher;
use std::sync::atomic::{AtomicU64, Ordering};
use zeta_verifier::RelationId;

/// Entries, 4 MiB in all: keys that are used often stay, the last one of those that share a place.
const ENTRY_COUNT: usize = 1 << 18;
/// The bits of an entry's second half that name the owner.
const OWNER_BITS: u32 = 8;

const _: () = assert!(WORKERS_MAX as usize <= 1 << OWNER_BITS);

pub(crate) struct Owners {
    entries: Box<[[AtomicU64; 2]]>,
    seed: u64,
}

/// What stands for a key.
#[derive(Clone, Copy)]
pub(crate) struct KeyHash {
    pub(crate) first: u64,
    second: u64,
}

impl Owners {
    /// For so many workers; outsiders must not know the seed.
    pub(crate) fn new(workers: u16, seed: u64) -> Self {
        let count = if workers > 1 { ENTRY_COUNT } else { 1 };
        let free = |_| [AtomicU64::new(0), AtomicU64::new(0)];
        Self { entries: (0..count).map(free).collect(), seed }
    }

    /// Hashes a key, and begins to fetch what is known about it.
    #[inline(always)]
    pub(crate) fn begin(&self, relation: RelationId, key: &[u8]) -> KeyHash {
        let hash = |seed: u64| {
            let seed = seed ^ u64::from(relation.0);
            let mut hasher = FoldHasher::with_seed(seed, SharedSeed::global_fixed());
            hasher.write(key);
            hasher.finish()
        };
        let key = KeyHash { first: hash(self.seed), second: hash(self.seed.rotate_left(32) ^ 1) };
        prefetch(self.entry(key));
        key
    }

    #[inline(always)]
    fn entry(&self, key: KeyHash) -> &[AtomicU64; 2] {
        &self.entries[key.first as usize & (self.entries.len() - 1)]
    }

    /// The owner of a key; `tell` is asked where it is not remembered.
    #[inline(always)]
    pub(crate) fn owner(&self, key: KeyHash, tell: impl FnOnce() -> usize) -> usize {
        let [first, second] = self.entry(key);
        let known = second.load(Ordering::Relaxed);
        if first.load(Ordering::Relaxed) == key.first && (known ^ key.second) >> OWNER_BITS == 0 {
            return known as usize & ((1 << OWNER_BITS) - 1);
        }
        let owner = tell();
        first.store(key.first, Ordering::Relaxed);
        let hash = key.second >> OWNER_BITS << OWNER_BITS;
        second.store(hash | owner as u64, Ordering::Relaxed);
        owner
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(owners: &Owners, relation: u16, key: &[u8], tell: usize) -> usize {
        owners.owner(owners.begin(RelationId(relation), key), || tell)
    }

    #[test]
    fn a_key_is_remembered_with_its_relation() {
        let owners = Owners::new(256, 7);
        assert_eq!(owner(&owners, 0, b"key", 255), 255);
        assert_eq!(owner(&owners, 0, b"key", 1), 255);
        assert_eq!(owner(&owners, 1, b"key", 2), 2);
        assert_eq!(owner(&owners, 0, b"kez", 3), 3);
        assert_eq!(owner(&owners, 0, b"key", 1), 255);
    }

    #[test]
    fn keys_that_share_a_place_are_told_apart() {
        // A single place for all.
        let owners = Owners::new(1, 7);
        for round in 0..3 {
            for key in 0..100_u64 {
                let told = (key + round) as usize;
                assert_eq!(owner(&owners, 0, &key.to_le_bytes(), told), told);
            }
        }
    }
}
