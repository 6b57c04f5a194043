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

    /// Takes out the entry of a record that is there.
    pub(crate) fn remove(&mut self, hash: u32, id: u32) {
        let mask = self.entries.len() - 1;
        let mut hole = self.home(hash);
        while self.entries[hole] != u64::from(hash) << 32 | u64::from(id + 1) {
            hole = (hole + 1) & mask;
        }
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            let entry = self.entries[at];
            if entry == 0 {
                break;
            }
            // What lies beyond the hole moves into it, unless its home lies beyond the hole, too.
            let distance = at.wrapping_sub(self.home((entry >> 32) as u32)) & mask;
            if distance >= at.wrapping_sub(hole) & mask {
                self.entries[hole] = entry;
                hole = at;
            }
        }
        self.entries[hole] = 0;
        self.len -= 1;
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn what_is_removed_is_gone_and_all_else_is_found() {
        let mut index = Index::new();
        let mut model = BTreeMap::new();
        let mut state = 7_u32;
        for id in 0..20_000 {
            state = state.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
            // Few homes, so that entries crowd, also around the end.
            let hash = (state >> 16 & 0xff).wrapping_sub(0x80) << 24 | state >> 20;
            index.insert(hash, id);
            model.insert(id, hash);
            if model.len() > 500
                && let Some((id, hash)) = model.iter().nth(state as usize % 500)
            {
                let (id, hash) = (*id, *hash);
                index.remove(hash, id);
                model.remove(&id);
                assert_eq!(index.find(hash, |found| found == id), None);
            }
            if id % 1000 == 0 {
                for (id, hash) in &model {
                    assert_eq!(index.find(*hash, |found| found == *id), Some(*id));
                }
            }
        }
        assert_eq!(index.len, model.len());
    }
}
