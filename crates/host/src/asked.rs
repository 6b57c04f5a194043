//! The keys that the calls of a chunk ask for, as far as their arguments tell.

use crate::operations::{Calls, Part};
use crate::table::Table;
use zeta_verifier::RelationId;

/// The keys of some calls, in order; used again from chunk to chunk.
#[derive(Default)]
pub(crate) struct Asked {
    bytes: Vec<u8>,
    keys: Vec<AskedKey>,
    /// Where the keys of each call end.
    ends: Vec<usize>,
}

/// One key.
#[derive(Clone, Copy)]
pub(crate) struct AskedKey {
    pub(crate) relation: RelationId,
    pub(crate) hash: u32,
    /// The record, once it is found.
    pub(crate) id: Option<u32>,
    start: u32,
    len: u32,
}

impl Asked {
    /// Notes the distinct keys of the part's calls `start..end`, none of those that the verifier
    /// will refuse, and begins to fetch their places.
    #[inline]
    pub(crate) fn collect(
        &mut self,
        part: &Part<'_, Calls<'_>>,
        table: &Table,
        (start, end): (usize, usize),
    ) {
        self.bytes.clear();
        self.keys.clear();
        self.ends.clear();
        for at in start..end {
            let index = part.index(at);
            if let Some(shape) = part.operations.shape(index) {
                let (first, arguments) = (self.keys.len(), part.operations.arguments(index));
                let told = shape.each_key(arguments, |relation, key| {
                    self.push(table, first, relation, key);
                });
                if !told {
                    self.keys.truncate(first);
                }
            }
            self.ends.push(self.keys.len());
        }
    }

    /// Notes a key, unless the call whose keys begin at `first` has asked for it before.
    #[inline(always)]
    fn push(&mut self, table: &Table, first: usize, relation: RelationId, key: &[u8]) {
        let hash = table.hash(relation, key);
        let is_it = |asked: &AskedKey| {
            asked.hash == hash && asked.relation == relation && self.key(asked) == key
        };
        if self.keys[first..].iter().any(is_it) {
            return;
        }
        table.prefetch_index(hash);
        let (start, len) = (self.bytes.len() as u32, key.len() as u32);
        self.bytes.extend_from_slice(key);
        self.keys.push(AskedKey { relation, hash, id: None, start, len });
    }

    pub(crate) fn all(&self) -> &[AskedKey] {
        &self.keys
    }

    /// The keys of call `call`, counted from the first that was collected.
    #[inline(always)]
    pub(crate) fn of_call(&self, call: usize) -> &[AskedKey] {
        let start = call.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.keys[start..self.ends[call]]
    }

    #[inline(always)]
    pub(crate) fn key(&self, asked: &AskedKey) -> &[u8] {
        &self.bytes[asked.start as usize..][..asked.len as usize]
    }

    #[inline(always)]
    pub(crate) fn set_id(&mut self, at: usize, id: Option<u32>) {
        self.keys[at].id = id;
    }
}
