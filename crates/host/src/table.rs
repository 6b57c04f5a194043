//! A worker's records and the index over their keys: all that the unverified store has too.

use crate::arena::Arena;
use crate::error::HostError;
use crate::index::Index;
use crate::memory::prefetch;
use crate::record::{Place, Record};
use foldhash::SharedSeed;
use foldhash::fast::FoldHasher;
use std::hash::Hasher;
use zeta_verifier::RelationId;

pub(crate) struct Table {
    pub(crate) records: Arena<Record>,
    index: Index,
    seed: u64,
    /// Records that guests have left behind, for the next ones.
    free: Vec<u32>,
}

impl Table {
    pub(crate) fn new(seed: u64) -> Self {
        Self { records: Arena::new(), index: Index::new(), seed, free: Vec::new() }
    }

    #[inline(always)]
    pub(crate) fn hash(&self, relation: RelationId, key: &[u8]) -> u32 {
        let seed = self.seed ^ u64::from(relation.0);
        let mut hasher = FoldHasher::with_seed(seed, SharedSeed::global_fixed());
        hasher.write(key);
        (hasher.finish() >> 32) as u32
    }

    #[inline(always)]
    pub(crate) fn prefetch_index(&self, hash: u32) {
        self.index.prefetch(hash);
    }

    /// Begins to fetch the record that probably has this hash, and gives it.
    #[inline(always)]
    pub(crate) fn prefetch_record(&self, hash: u32) -> Option<u32> {
        let probable = self.index.find(hash, |_| true)?;
        prefetch(self.records.get(probable));
        Some(probable)
    }

    #[inline(always)]
    pub(crate) fn find(&self, hash: u32, relation: RelationId, key: &[u8]) -> Option<u32> {
        self.index.find(hash, |id| self.records.get(id).is_of(relation, key))
    }

    /// As `find_or_add`, after `prefetch_record` gave a record.
    #[inline(always)]
    pub(crate) fn find_probable(
        &mut self,
        probable: Option<u32>,
        hash: u32,
        relation: RelationId,
        key: &[u8],
    ) -> Result<u32, HostError> {
        match probable {
            Some(id) if self.records.get(id).is_of(relation, key) => Ok(id),
            _ => self.find_or_add(hash, relation, key),
        }
    }

    /// The record of a key, made new where there is none.
    #[inline(always)]
    pub(crate) fn find_or_add(
        &mut self,
        hash: u32,
        relation: RelationId,
        key: &[u8],
    ) -> Result<u32, HostError> {
        match self.find(hash, relation, key) {
            Some(id) => Ok(id),
            None => self.add(hash, relation, key),
        }
    }

    #[cold]
    pub(crate) fn add(
        &mut self,
        hash: u32,
        relation: RelationId,
        key: &[u8],
    ) -> Result<u32, HostError> {
        let id = self.records.push(Record::new(relation, key)).ok_or(HostError::TooManyRecords)?;
        self.index.insert(hash, id);
        Ok(id)
    }

    /// Takes in another worker's record. Its value and its timestamp are the caller's to set.
    pub(crate) fn add_guest(&mut self, relation: RelationId, key: &[u8]) -> Result<u32, HostError> {
        let hash = self.hash(relation, key);
        let id = match self.free.pop() {
            None => self.add(hash, relation, key)?,
            Some(id) => {
                *self.records.get_mut(id) = Record::new(relation, key);
                self.index.insert(hash, id);
                id
            }
        };
        self.record_mut(id).guest = true;
        Ok(id)
    }

    /// Lets a guest go.
    pub(crate) fn remove_guest(&mut self, id: u32) {
        let record = self.records.get(id);
        let hash = self.hash(record.relation(), record.key());
        self.index.remove(hash, id);
        let record = self.records.get_mut(id);
        *record = Record::new(RelationId(0), &[]);
        record.guest = true;
        record.set_place(Place::Lent);
        self.free.push(id);
    }

    #[inline(always)]
    pub(crate) fn record(&self, id: u32) -> &Record {
        self.records.get(id)
    }

    #[inline(always)]
    pub(crate) fn record_mut(&mut self, id: u32) -> &mut Record {
        self.records.get_mut(id)
    }

    /// Bytes of memory, without what values hold on the heap.
    pub(crate) fn byte_len(&self) -> u64 {
        self.records.byte_len() + self.index.byte_len()
    }
}
