//! The injective encoding of an element: a record as it was evicted, when, and by which thread.
//!
//! The first block is never zero and holds version, kind and both lengths, so that no two elements
//! share an encoding. Zero blocks in front of it fill the encoding up to a multiple of four:
//! POLYVAL does not see them, and takes four blocks at a time in less than two take one by one.

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

/// An element is encoded here when it does not fit the stack buffer.
pub(crate) type Scratch = Vec<[u8; 16]>;

/// Blocks that are encoded without touching the scratch memory: keys and values of 108 bytes.
const STACK_BLOCKS: usize = 8;
/// Blocks that the universal hash takes at a time.
const PARALLEL_BLOCKS: usize = 4;

/// Hashes the element that `record` makes with `timestamp` and `thread`, under an epoch's key.
#[inline]
pub(crate) fn hash_element<P: Primitives>(
    primitives: &P,
    key: &P::EpochKey,
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
    /// version u8, kind u8, relation u16, key length u16, thread u16, value length u32, epoch u32;
    /// counter u32, key, value, zeros to a whole block.
    #[inline]
    fn hash<P: Primitives>(
        &self,
        primitives: &P,
        epoch_key: &P::EpochKey,
        (key, value): (&[u8], &[u8]),
        value_len: usize,
        (timestamp, thread): (Timestamp, ThreadId),
        scratch: &mut Scratch,
    ) -> u128 {
        let len = key.len().saturating_add(value.len()).saturating_add(20);
        let filled = len.div_ceil(16);
        let count = filled.next_multiple_of(PARALLEL_BLOCKS);
        let mut stack = [[0; 16]; STACK_BLOCKS];
        let blocks = match stack.get_mut(..count) {
            Some(blocks) => blocks,
            None => {
                scratch.clear();
                scratch.resize(count, [0; 16]);
                scratch.as_mut_slice()
            }
        };
        let [r0, r1] = self.relation.to_le_bytes();
        let [k0, k1] = (self.key_len as u16).to_le_bytes();
        let [t0, t1] = thread.0.to_le_bytes();
        let [v0, v1, v2, v3] = (value_len as u32).to_le_bytes();
        let [e0, e1, e2, e3] = timestamp.epoch().0.to_le_bytes();
        let [c0, c1, c2, c3] = timestamp.counter().to_le_bytes();
        let head = [
            VERSION, self.kind, r0, r1, k0, k1, t0, t1, v0, v1, v2, v3, e0, e1, e2, e3, c0, c1, c2,
            c3,
        ];
        let (_, filled) = blocks.split_at_mut(count.saturating_sub(filled));
        let bytes = filled.as_flattened_mut();
        let (head_room, rest) = bytes.split_at_mut(head.len().min(bytes.len()));
        head_room.copy_from_slice(&head);
        let (key_room, rest) = rest.split_at_mut(key.len().min(rest.len()));
        key_room.copy_from_slice(key);
        let (value_room, _) = rest.split_at_mut(value.len().min(rest.len()));
        value_room.copy_from_slice(value);
        primitives.element(epoch_key, blocks)
    }
}
