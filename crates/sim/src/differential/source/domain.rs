//! A small world: a few keys, the nodes between them, a few values, timestamps and operations.

use crate::operation::{Bytes, Operation};
use crate::owned_record::{OwnedRecord, RELATION};
use zeta_verifier::{
    Authentication, Entry, Epoch, Node, Path, Primitives, RunApp, SlotId, SlotList, ThreadId,
    Timestamp, leaf_path,
};

/// Everything an entry may be made of.
#[derive(Clone, Debug)]
pub struct Domain {
    pub threads: u16,
    pub slots: u16,
    pub records: Vec<OwnedRecord>,
    pub timestamps: Vec<Timestamp>,
    pub operations: Vec<Operation>,
}

/// Two one-letter keys whose leaves part only below the root: a node lies between them.
#[must_use]
pub fn close_keys<P: Primitives>(primitives: &P) -> (Bytes, Bytes) {
    let leaf = |letter: u8| leaf_path(primitives, RELATION, &[letter]);
    for second in b'b'..=b'z' {
        let fork = leaf(b'a').common_prefix(&leaf(second));
        if fork.len() == 1 {
            return (vec![b'a'], vec![second]);
        }
    }
    (vec![b'a'], vec![b'b'])
}

/// The empty node above both keys.
#[must_use]
pub fn fork<P: Primitives>(primitives: &P, a: &[u8], b: &[u8]) -> OwnedRecord {
    let leaf = |key: &[u8]| leaf_path(primitives, RELATION, key);
    OwnedRecord::Node { path: leaf(a).common_prefix(&leaf(b)), node: Node::EMPTY }
}

#[must_use]
pub fn at(epoch: u32, counter: u32) -> Timestamp {
    Timestamp::new(Epoch(epoch), counter)
}

pub fn add_m(slot: u16, ancestor: u16, record: &OwnedRecord) -> Bytes {
    let mut node = Vec::new();
    let record = record.borrowed(&mut node);
    encoded(&Entry::AddM { slot: SlotId(slot), ancestor_slot: SlotId(ancestor), record })
}

pub fn add_b(slot: u16, thread: u16, timestamp: Timestamp, record: &OwnedRecord) -> Bytes {
    let mut node = Vec::new();
    let record = record.borrowed(&mut node);
    encoded(&Entry::AddB { slot: SlotId(slot), thread: ThreadId(thread), timestamp, record })
}

pub fn evict_m(slot: u16, ancestor: u16) -> Bytes {
    encoded(&Entry::EvictM { slot: SlotId(slot), ancestor_slot: SlotId(ancestor) })
}

pub fn evict_b(slot: u16, timestamp: Timestamp) -> Bytes {
    encoded(&Entry::EvictB { slot: SlotId(slot), timestamp })
}

pub fn evict_bm(slot: u16, ancestor: u16, timestamp: Timestamp) -> Bytes {
    let (slot, ancestor_slot) = (SlotId(slot), SlotId(ancestor));
    encoded(&Entry::EvictBM { slot, ancestor_slot, timestamp })
}

pub fn run_app(operation: &Operation, slots: &[u16]) -> Bytes {
    let list: Bytes = slots.iter().flat_map(|slot| slot.to_le_bytes()).collect();
    let arguments = operation.arguments();
    let Some(slots) = SlotList::from_bytes(&list) else { return Vec::new() };
    encoded(&Entry::RunApp(RunApp {
        transition: operation.transition(),
        authentication: Authentication::Embedded,
        arguments: &arguments,
        slots,
    }))
}

pub fn encoded(entry: &Entry<'_>) -> Bytes {
    let mut bytes = Vec::new();
    entry.encode(&mut bytes);
    bytes
}

impl Domain {
    /// Every entry over the domain.
    #[must_use]
    pub fn entries(&self) -> Vec<Bytes> {
        let mut entries = vec![encoded(&Entry::NextEpoch), encoded(&Entry::VerifyEpoch)];
        for slot in 0..self.slots {
            for other in 0..self.slots {
                entries.push(evict_m(slot, other));
                entries.extend(self.records.iter().map(|record| add_m(slot, other, record)));
                let stamps = self.timestamps.iter();
                entries.extend(stamps.map(|timestamp| evict_bm(slot, other, *timestamp)));
            }
            for timestamp in &self.timestamps {
                entries.push(evict_b(slot, *timestamp));
                for thread in 0..self.threads {
                    let records = self.records.iter();
                    entries.extend(records.map(|r| add_b(slot, thread, *timestamp, r)));
                }
            }
        }
        for operation in &self.operations {
            let keys = operation.keys().len();
            for first in 0..self.slots {
                match keys {
                    1 => entries.push(run_app(operation, &[first])),
                    _ => entries
                        .extend((0..self.slots).map(|second| run_app(operation, &[first, second]))),
                }
            }
        }
        entries
    }
}

/// The paths above all leaves of these keys where two of them part.
#[must_use]
pub fn forks<P: Primitives>(primitives: &P, keys: &[Bytes]) -> Vec<Path> {
    let leaves: Vec<Path> = keys.iter().map(|key| leaf_path(primitives, RELATION, key)).collect();
    let mut forks: Vec<Path> =
        leaves.iter().flat_map(|a| leaves.iter().map(|b| a.common_prefix(b))).collect();
    forks.sort();
    forks.dedup();
    forks.retain(|path| !path.is_root() && !path.is_leaf());
    forks
}
