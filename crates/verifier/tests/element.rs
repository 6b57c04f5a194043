//! What the multiset hash is given: the documented blocks, different for different elements.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a panic is a failed test")]

use proptest::prelude::*;
use std::sync::{Arc, Mutex};
use zeta_program::{Program, key_value};
use zeta_verifier::{
    Config, ELEMENT_VALUE_LEN_MAX, Entry, Epoch, Hash, Incarnation, InstanceId, Node, Outcome,
    Path, Primitives, Record, RelationId, SlotId, Standard, StopCause, ThreadId, Timestamp,
    Verifier, leaf_path, sha256, value_hash,
};

type Blocks = Vec<[u8; 16]>;

/// Remembers what it is asked to hash; the keys are the epochs.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<(Epoch, Blocks)>>>);

impl Primitives for Recorder {
    type EpochKey = Epoch;

    fn hash(&self, domain: u8, message: &[&[u8]]) -> Hash {
        sha256(domain, message)
    }

    fn epoch_key(&self, epoch: Epoch) -> Epoch {
        epoch
    }

    fn element(&self, key: &mut Epoch, blocks: &[[u8; 16]]) -> u128 {
        self.0.lock().unwrap().push((*key, blocks.to_vec()));
        0
    }
}

fn config() -> Config {
    Config {
        threads: 2,
        slots: 2,
        byte_budget: 1 << 22,
        root: Node::EMPTY,
        nonce: [1; 16],
        incarnation: Incarnation([2; 16]),
        secret: [3; 32],
    }
}

/// Short elements wait for each other; at the latest, they are hashed when their epoch is closed.
fn close_through(epoch: Epoch, log: &mut Vec<u8>) {
    Entry::NextEpoch.encode(log);
    (0..=epoch.0).for_each(|_| Entry::VerifyEpoch.encode(log));
}

/// The blocks of an element that thread 1 adds to its own past.
fn blocks_of(record: Record<'_>, timestamp: Timestamp) -> Blocks {
    let recorder = Recorder::default();
    let program = Program::load(&key_value()).unwrap();
    let mut verifier = Verifier::with_primitives(&config(), program, &recorder).unwrap();
    let thread = ThreadId(1);
    let mut log = Vec::new();
    Entry::AddB { slot: SlotId(0), thread, timestamp, record }.encode(&mut log);
    close_through(timestamp.epoch(), &mut log);
    let progress = verifier.threads[1].verify_log(&log, &mut Vec::new());
    assert_eq!(progress.stop, StopCause::Done);
    let mut calls = recorder.0.lock().unwrap().clone();
    assert_eq!(calls.len(), 1);
    let (epoch, blocks) = calls.remove(0);
    assert_eq!(epoch, timestamp.epoch());
    blocks
}

/// The blocks as docs/reference/log_format.md has them.
fn documented(record: Record<'_>, timestamp: Timestamp) -> Blocks {
    let mut name = Vec::new();
    let (kind, relation, value_len, value) = match record {
        Record::App { relation, key, value } => {
            name.extend(key);
            match value {
                None => (1, relation.0, 0, Vec::new()),
                Some(value) if value.len() > ELEMENT_VALUE_LEN_MAX => {
                    (3, relation.0, value.len(), sha256(0x14, &[value]).to_vec())
                }
                Some(value) => (2, relation.0, value.len(), value.to_vec()),
            }
        }
        Record::Node { path, node } => {
            name.extend(path.bits());
            name.extend(path.len().to_le_bytes());
            (0, 0, node.len(), node.to_vec())
        }
    };
    let mut bytes = vec![1, kind];
    bytes.extend(relation.to_le_bytes());
    bytes.extend((name.len() as u16).to_le_bytes());
    bytes.extend(1_u16.to_le_bytes());
    bytes.extend((value_len as u32).to_le_bytes());
    bytes.extend(timestamp.counter().to_le_bytes());
    bytes.extend(name);
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(64), 0);
    bytes.as_chunks::<16>().0.to_vec()
}

fn timestamps() -> impl Strategy<Value = Timestamp> {
    (0..32_u32, 0..u32::MAX).prop_map(|(epoch, counter)| Timestamp::new(Epoch(epoch), counter))
}

proptest! {
    #[test]
    fn elements_are_encoded_as_documented(
        relation in any::<u16>(),
        key in prop::collection::vec(any::<u8>(), 0..200),
        value in prop::option::of(prop::collection::vec(any::<u8>(), 0..700)),
        timestamp in timestamps(),
    ) {
        let record =
            Record::App { relation: RelationId(relation), key: &key, value: value.as_deref() };
        prop_assert_eq!(blocks_of(record, timestamp), documented(record, timestamp));
    }

    #[test]
    fn nodes_are_encoded_as_documented(
        bits in any::<[u8; 32]>(),
        len in 1..256_u16,
        timestamp in timestamps(),
    ) {
        let path = Path::leaf(&bits).truncated(len);
        let record = Record::Node { path, node: &[0, 0] };
        prop_assert_eq!(blocks_of(record, timestamp), documented(record, timestamp));
    }
}

#[test]
fn evictions_and_adds_hash_the_same_element() {
    let recorder = Recorder::default();
    let program = Program::load(&key_value()).unwrap();
    let mut verifier = Verifier::with_primitives(&config(), program, &recorder).unwrap();
    let (slot, ancestor_slot) = (SlotId(1), SlotId(0));
    let record = Record::App { relation: RelationId(0), key: b"key", value: None };
    let timestamp = Timestamp::new(Epoch(0), 7);
    let mut log = Vec::new();
    Entry::AddM { slot, ancestor_slot, record }.encode(&mut log);
    Entry::EvictBM { slot, ancestor_slot, timestamp }.encode(&mut log);
    Entry::AddB { slot, thread: ThreadId(0), timestamp, record }.encode(&mut log);
    close_through(Epoch(0), &mut log);
    assert_eq!(verifier.threads[0].verify_log(&log, &mut Vec::new()).stop, StopCause::Done);
    let calls = recorder.0.lock().unwrap().clone();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0], calls[1]);
}

/// The recorder's sums are always zero, and agree.
#[test]
fn counts_must_agree_where_sums_do() {
    let outcome = |adds: u16| {
        let program = Program::load(&key_value()).unwrap();
        let made = Verifier::with_primitives(&config(), program, &Recorder::default());
        let mut verifier = made.unwrap();
        let record = Record::App { relation: RelationId(0), key: b"key", value: None };
        let timestamp = Timestamp::new(Epoch(0), 7);
        let mut log = Vec::new();
        Entry::AddM { slot: SlotId(1), ancestor_slot: SlotId(0), record }.encode(&mut log);
        let (slot, ancestor_slot) = (SlotId(1), SlotId(0));
        Entry::EvictBM { slot, ancestor_slot, timestamp }.encode(&mut log);
        assert_eq!(verifier.threads[0].verify_log(&log, &mut Vec::new()).stop, StopCause::Done);
        let mut log = Vec::new();
        for slot in 0..adds {
            let entry = Entry::AddB { slot: SlotId(slot), thread: ThreadId(0), timestamp, record };
            entry.encode(&mut log);
        }
        assert_eq!(verifier.threads[1].verify_log(&log, &mut Vec::new()).stop, StopCause::Done);
        for thread in &mut verifier.threads {
            // NextEpoch, VerifyEpoch.
            assert_eq!(thread.verify_log(&[6, 7], &mut Vec::new()).stop, StopCause::Done);
        }
        verifier.board.outcome(Epoch(0))
    };
    assert_eq!(outcome(1), Outcome::Certified);
    assert_eq!(outcome(0), Outcome::Mismatch { first: Epoch(0) });
    assert_eq!(outcome(2), Outcome::Mismatch { first: Epoch(0) });
}

/// A hash of one element under a verifier's key of an epoch.
fn hash(secret: u8, instance: u8, incarnation: u8, epoch: u32, block: u8) -> u128 {
    let (instance, incarnation) = (InstanceId([instance; 16]), Incarnation([incarnation; 16]));
    let primitives = Standard::new([secret; 32], instance, incarnation);
    primitives.element(&mut primitives.epoch_key(Epoch(epoch)), &[[block; 16]])
}

#[test]
fn every_epoch_of_every_incarnation_has_its_own_key() {
    let all = [
        hash(1, 1, 1, 1, 1),
        hash(2, 1, 1, 1, 1),
        hash(1, 2, 1, 1, 1),
        hash(1, 1, 2, 1, 1),
        hash(1, 1, 1, 2, 1),
        hash(1, 1, 1, 1, 2),
    ];
    for (index, one) in all.iter().enumerate() {
        assert!(!all[..index].contains(one));
    }
    assert_eq!(hash(1, 1, 1, 1, 1), all[0]);
}

#[test]
fn hashing_together_is_hashing_one_by_one() {
    let primitives = Standard::new([1; 32], InstanceId([1; 16]), Incarnation([1; 16]));
    let mut key = primitives.epoch_key(Epoch(0));
    let elements: Vec<_> = (1..40_u8).map(|byte| [[byte; 16]; 4]).collect();
    for count in 0..elements.len() {
        let chosen = &elements[..count];
        let one_by_one = chosen.iter().map(|element| primitives.element(&mut key, element));
        let sum = one_by_one.fold(0, u128::wrapping_add);
        assert_eq!(primitives.short_elements(&mut key, chosen), sum);
    }
}

#[test]
fn many_short_elements_sum_to_the_sum_of_each() {
    let primitives = Standard::new([1; 32], InstanceId([0; 16]), Incarnation([0; 16]));
    let mut key = primitives.epoch_key(Epoch(0));
    let elements: Vec<[[u8; 16]; 4]> = (0..40).map(|number| [[1 + number; 16]; 4]).collect();
    let mut sum: u128 = 0;
    for (count, element) in elements.iter().enumerate() {
        assert_eq!(primitives.short_elements(&mut key, &elements[..count]), sum);
        sum = sum.wrapping_add(primitives.element(&mut key, element));
    }
}

#[test]
fn the_hashes_of_the_tree_are_sha_256_with_their_domains() {
    let primitives = Recorder::default();
    let leaf = leaf_path(&primitives, RelationId(0x0201), b"key");
    assert_eq!(leaf.bits(), sha256(0x10, &[&[1, 2], b"key"]));
    assert_eq!(value_hash(&primitives, None), sha256(0x11, &[]));
    assert_eq!(value_hash(&primitives, Some(b"")), sha256(0x12, &[]));
    assert_eq!(value_hash(&primitives, Some(b"value")), sha256(0x12, &[b"value"]));
}
