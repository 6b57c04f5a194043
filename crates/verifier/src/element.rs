//! The injective encoding of an element: a record as it was evicted, when, and by which thread.
//!
//! The first block is never zero and holds version, kind and both lengths, so that no two elements
//! of an epoch share an encoding. The epoch itself is not in it: each has a key of its own. Zeros
//! fill the encoding up to a multiple of four blocks, which POLYVAL takes at a time, in less than
//! two cost one by one.

use crate::ids::{ThreadId, Timestamp};
use crate::primitives::Primitives;
use crate::record::Record;
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

/// An element that is too long for the stack is encoded here.
pub(crate) type Scratch = Vec<[u8; 16]>;

/// Blocks that the universal hash takes at a time, and that are encoded on the stack.
const PARALLEL_BLOCKS: usize = 4;
/// Bytes of key and value beside the head in those blocks.
const SHORT_LEN_MAX: usize = 48;

/// Hashes the element that `record` makes with `timestamp` and `thread`, under an epoch's key.
#[inline]
pub(crate) fn hash_element<P: Primitives>(
    primitives: &P,
    key: &mut P::EpochKey,
    record: &Record<'_>,
    timestamp: Timestamp,
    thread: ThreadId,
    scratch: &mut Scratch,
) -> u128 {
    match record {
        Record::App { relation, key: name, value: None } => {
            let head = Head { kind: KIND_NULL, relation: relation.0, key_len: name.len() };
            head.hash(primitives, key, (name, &[]), 0, (timestamp, thread), scratch)
        }
        Record::App { relation, key: name, value: Some(value) } => {
            let (relation, key_len) = (relation.0, name.len());
            if value.len() <= ELEMENT_VALUE_LEN_MAX {
                let head = Head { kind: KIND_SOME, relation, key_len };
                let parts = (*name, *value);
                return head.hash(
                    primitives,
                    key,
                    parts,
                    value.len(),
                    (timestamp, thread),
                    scratch,
                );
            }
            let digest = primitives.hash(DOMAIN_LONG_VALUE, &[value]);
            let head = Head { kind: KIND_DIGEST, relation, key_len };
            let parts = (*name, digest.as_slice());
            head.hash(primitives, key, parts, value.len(), (timestamp, thread), scratch)
        }
        Record::Node { path, node } => {
            let mut name = [0; 34];
            name.split_at_mut(32).0.copy_from_slice(&path.bits());
            name.split_at_mut(32).1.copy_from_slice(&path.len().to_le_bytes());
            let head = Head { kind: KIND_NODE, relation: 0, key_len: name.len() };
            head.hash(primitives, key, (&name, node), node.len(), (timestamp, thread), scratch)
        }
    }
}

struct Head {
    kind: u8,
    relation: u16,
    key_len: usize,
}

impl Head {
    /// version u8, kind u8, relation u16, key length u16, thread u16, value length u32, counter u32;
    /// key, value, zeros to a multiple of four blocks.
    #[inline(always)]
    fn hash<P: Primitives>(
        &self,
        primitives: &P,
        epoch_key: &mut P::EpochKey,
        (key, value): (&[u8], &[u8]),
        value_len: usize,
        (timestamp, thread): (Timestamp, ThreadId),
        scratch: &mut Scratch,
    ) -> u128 {
        let head = u128::from(VERSION)
            | u128::from(self.kind) << 8
            | u128::from(self.relation) << 16
            | u128::from(self.key_len as u16) << 32
            | u128::from(thread.0) << 48
            | u128::from(value_len as u32) << 64
            | u128::from(timestamp.counter()) << 96;
        let len = key.len().saturating_add(value.len());
        let mut short = [[0; 16]; PARALLEL_BLOCKS];
        let blocks = if len <= SHORT_LEN_MAX {
            short.as_mut_slice()
        } else {
            scratch.clear();
            let count = len.div_ceil(16).saturating_add(1).next_multiple_of(PARALLEL_BLOCKS);
            scratch.resize(count, [0; 16]);
            scratch.as_mut_slice()
        };
        if let Some((first, rest)) = blocks.split_first_mut() {
            *first = head.to_le_bytes();
            let (key_room, rest) = rest.as_flattened_mut().split_at_mut(key.len());
            copy(key_room, key);
            copy(rest.split_at_mut(value.len()).0, value);
        }
        primitives.element(epoch_key, blocks)
    }
}

/// Copies a key or value; eight bytes, which are common, without a call.
#[inline(always)]
fn copy(room: &mut [u8], bytes: &[u8]) {
    match (room.first_chunk_mut::<8>(), bytes.first_chunk::<8>()) {
        (Some(room), Some(word)) if bytes.len() == 8 => *room = *word,
        _ => room.copy_from_slice(bytes),
    }
}
