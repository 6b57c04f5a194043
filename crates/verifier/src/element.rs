//! The injective encoding of an element: a record as it was evicted, when, and by which thread.
//!
//! The first block is never zero and holds version, kind and both lengths, so that no two elements
//! of an epoch share an encoding. The epoch itself is not in it: each has a key of its own. Zeros
//! fill the encoding up to a multiple of four blocks, which POLYVAL takes at a time, in less than
//! two cost one by one.

use crate::byte_string::copy;
use crate::ids::{ThreadId, Timestamp};
use crate::primitives::Primitives;
use crate::record::{Hash, Record};
use alloc::vec::Vec;

/// Changes whenever the encoding does.
const VERSION: u8 = 1;

const KIND_NODE: u8 = 0;
const KIND_NULL: u8 = 1;
const KIND_SOME: u8 = 2;
const KIND_DIGEST: u8 = 3;

/// Values beyond this many bytes enter by their digest.
pub const ELEMENT_VALUE_LEN_MAX: usize = 512;

/// Domain of the digest of a long value.
const DOMAIN_LONG_VALUE: u8 = 0x14;

/// Blocks that the universal hash takes at a time.
const PARALLEL_BLOCKS: usize = 4;
/// Bytes of key and value beside the head in those blocks.
const SHORT_LEN_MAX: usize = 48;
/// Short elements that are hashed together, so that none waits for another's last round.
const LANES: usize = 16;

/// The encoding of an element that fits into four blocks.
pub type ShortElement = [[u8; 16]; PARALLEL_BLOCKS];

/// A longer element is encoded here.
pub(crate) type Scratch = Vec<[u8; 16]>;

/// The multiset of what was added in an epoch, or of what was evicted: a sum of hashes, a count,
/// and the short elements that are not in the sum yet.
pub(crate) struct Multiset {
    sum: u128,
    pub(crate) count: u64,
    waiting: [ShortElement; LANES],
    waiting_count: usize,
}

impl Multiset {
    pub(crate) const EMPTY: Self =
        Self { sum: 0, count: 0, waiting: [[[0; 16]; PARALLEL_BLOCKS]; LANES], waiting_count: 0 };

    /// Takes in the element that `record` makes with `timestamp` and `thread`, under the key of the
    /// timestamp's epoch. The count is the caller's to raise.
    #[inline]
    pub(crate) fn insert<P: Primitives>(
        &mut self,
        primitives: &P,
        key: &mut P::EpochKey,
        record: &Record<'_>,
        stamp: (Timestamp, ThreadId),
        scratch: &mut Scratch,
    ) {
        let mut path_bytes = [0; 34];
        let digest: Hash;
        let element = match record {
            Record::App { relation, key, value: None } => {
                Element { kind: KIND_NULL, relation: relation.0, key, value: &[], value_len: 0 }
            }
            Record::App { relation, key, value: Some(value) } => {
                let (kind, shown) = if value.len() <= ELEMENT_VALUE_LEN_MAX {
                    (KIND_SOME, *value)
                } else {
                    digest = primitives.hash(DOMAIN_LONG_VALUE, &[value]);
                    (KIND_DIGEST, digest.as_slice())
                };
                Element { kind, relation: relation.0, key, value: shown, value_len: value.len() }
            }
            Record::Node { path, node } => {
                path_bytes.split_at_mut(32).0.copy_from_slice(&path.bits());
                path_bytes.split_at_mut(32).1.copy_from_slice(&path.len().to_le_bytes());
                let (key, value_len) = (path_bytes.as_slice(), node.len());
                Element { kind: KIND_NODE, relation: 0, key, value: node, value_len }
            }
        };
        match self.waiting.get_mut(self.waiting_count) {
            Some(room) if element.len() <= SHORT_LEN_MAX => {
                *room = [[0; 16]; PARALLEL_BLOCKS];
                element.encode(room, stamp);
                self.waiting_count = self.waiting_count.saturating_add(1);
                if self.waiting_count == LANES {
                    self.settle(primitives, key);
                }
            }
            _ => {
                scratch.clear();
                scratch.resize(element.block_count(), [0; 16]);
                element.encode(scratch, stamp);
                self.sum = self.sum.wrapping_add(primitives.element(key, scratch));
            }
        }
    }

    /// Hashes the elements that wait, and gives the sum of all.
    pub(crate) fn settle<P: Primitives>(&mut self, primitives: &P, key: &mut P::EpochKey) -> u128 {
        let waiting = self.waiting.get(..self.waiting_count).unwrap_or_default();
        self.sum = self.sum.wrapping_add(primitives.short_elements(key, waiting));
        self.waiting_count = 0;
        self.sum
    }
}

/// What of an element does not come from its stamp.
struct Element<'a> {
    kind: u8,
    relation: u16,
    key: &'a [u8],
    /// The value, or its digest.
    value: &'a [u8],
    /// Of the value itself.
    value_len: usize,
}

impl Element<'_> {
    fn len(&self) -> usize {
        self.key.len().saturating_add(self.value.len())
    }

    fn block_count(&self) -> usize {
        self.len().div_ceil(16).saturating_add(1).next_multiple_of(PARALLEL_BLOCKS)
    }

    /// version u8, kind u8, relation u16, key length u16, thread u16, value length u32, counter
    /// u32; key, value, zeros. `blocks` are zero and as many as needed.
    #[inline(always)]
    fn encode(&self, blocks: &mut [[u8; 16]], (timestamp, thread): (Timestamp, ThreadId)) {
        let head = u128::from(VERSION)
            | u128::from(self.kind) << 8
            | u128::from(self.relation) << 16
            | u128::from(self.key.len() as u16) << 32
            | u128::from(thread.0) << 48
            | u128::from(self.value_len as u32) << 64
            | u128::from(timestamp.counter()) << 96;
        if let Some((first, rest)) = blocks.split_first_mut() {
            *first = head.to_le_bytes();
            let (key_room, rest) = rest.as_flattened_mut().split_at_mut(self.key.len());
            copy(key_room, self.key);
            copy(rest.split_at_mut(self.value.len()).0, self.value);
        }
    }
}
