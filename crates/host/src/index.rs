//! The index from a key's hash to its record: open addressing, eight bytes an entry.

use crate::memory::{advise_huge, prefetch};

/// An entry is the hash in the upper half, the record's number plus one in the lower; zero is free.
///
/// INVARIANT: the home of an entry is given by the upper bits of its hash, so growing the table
/// needs no key.
pub(crate) struct Index {
    entries: Vec<u64>,
    bits: u32,
    len: usize,
}

const BITS_MIN: u32 = 10;

impl Index {
    pub(crate) fn new() -> Self {
        Self { entries: vec![0; 1 << BITS_MIN], bits: BITS_MIN, len: 0 }
    }

    #[inline(always)]
    fn home(&self, hash: u32) -> usize {
        (hash >> (32 - self.bits)) as usize
    }

    #[inline(always)]
    pub(crate) fn prefetch(&self, hash: u32) {
        prefetch(&self.entries[self.home(hash)]);
    }

    /// The record with this hash for which `is_it` holds.
    #[inline(always)]
    pub(crate) fn find(&self, hash: u32, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        let mask = self.entries.len() - 1;
        let mut at = self.home(hash);
        loop {
            let entry = self.entries[at];
            if entry == 0 {
                return None;
            }
            if (entry >> 32) as u32 == hash {
                let id = entry as u32 - 1;
                if is_it(id) {
                    return Some(id);
                }
            }
            at = (at + 1) & mask;
        }
    }

    /// Adds a record that is not there yet.
    pub(crate) fn insert(&mut self, hash: u32, id: u32) {
        if self.len >= self.entries.len() / 4 * 3 && self.bits < 32 {
            self.grow();
        }
        self.place(u64::from(hash) << 32 | u64::from(id + 1));
        self.len += 1;
    }

    fn place(&mut self, entry: u64) {
        let mask = self.entries.len() - 1;
        let mut at = self.home((entry >> 32) as u32);
        while self.entries[at] != 0 {
            at = (at + 1) & mask;
        }
        self.entries[at] = entry;
    }

    fn grow(&mut self) {
        self.bits += 1;
        let mut entries = Vec::with_capacity(1 << self.bits);
        advise_huge(&entries);
        entries.resize(1 << self.bits, 0);
        let old = std::mem::replace(&mut self.entries, entries);
        for entry in old.into_iter().filter(|entry| *entry != 0) {
            self.place(entry);
        }
    }

    pub(crate) fn byte_len(&self) -> u64 {
        (self.entries.capacity() * 8) as u64
    }
}
