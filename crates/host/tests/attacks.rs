//! What a hostile host can do to its own memory and logs, and how each comes to light.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use zeta_host::hazmat::{self, NodePart};
use zeta_host::{
    Batch, Column, Entropy, GET, HostError, Options, PUT, Results, Status, Store, Transitions,
};
use zeta_verifier::{Entry, Reason, RelationId};

const RELATION: RelationId = RelationId(0);

fn key(number: u32) -> [u8; 8] {
    u64::from(number).to_be_bytes()
}

fn open() -> Store {
    let mut options = Options::new(zeta_program::key_value(), Entropy::from_seed(3));
    options.epoch_ms = None;
    options.slots_per_worker = 128;
    let store = Store::open(options).unwrap();
    for number in 0..500 {
        put(&store, number, b"honest").unwrap();
    }
    store.certify().unwrap();
    store
}

fn put(store: &Store, number: u32, value: &[u8]) -> Result<(), HostError> {
    let mut results = Results::new();
    let (keys, values) = (key(number), Column::Same(value));
    let transitions = Transitions::All(PUT);
    store.run(&Batch::KeyValue { transitions, keys: Column::Same(&keys), values }, &mut results)
}

fn get(store: &Store, number: u32) -> Result<Option<Vec<u8>>, HostError> {
    let mut results = Results::new();
    let (keys, values) = (key(number), Column::Same(&[]));
    let transitions = Transitions::All(GET);
    store.run(&Batch::KeyValue { transitions, keys: Column::Same(&keys), values }, &mut results)?;
    Ok((results.status(0) == Status::Done).then(|| results.result(0).to_vec()))
}

/// The store serves the lie for now, but the epoch does not certify, and then it serves nothing.
fn assert_mismatch(store: &Store) {
    let epoch = store.epoch();
    let caught = HostError::Mismatch { first: epoch };
    assert_eq!(store.certify().unwrap_err(), caught);
    assert_eq!(get(store, 1).unwrap_err(), caught);
    assert_eq!(store.close().unwrap_err(), caught);
}

fn assert_rejected<T: std::fmt::Debug>(result: Result<T, HostError>, expected: Reason) {
    match result {
        Err(HostError::Rejected { reason, .. }) => assert_eq!(reason, expected),
        other => panic!("not rejected but {other:?}"),
    }
}

#[test]
fn a_changed_value_mismatches() {
    let store = open();
    hazmat::set_value(&store, RELATION, &key(1), Some(b"forged")).unwrap();
    assert_eq!(get(&store, 1).unwrap(), Some(b"forged".to_vec()));
    assert_mismatch(&store);
}

#[test]
fn a_changed_value_mismatches_even_if_nobody_reads_it() {
    let store = open();
    hazmat::set_value(&store, RELATION, &key(1), None).unwrap();
    assert_mismatch(&store);
}

#[test]
fn two_swapped_values_mismatch() {
    let store = open();
    put(&store, 2, b"other").unwrap();
    hazmat::swap_values(&store, RELATION, &key(1), &key(2)).unwrap();
    assert_mismatch(&store);
}

#[test]
fn a_rolled_back_value_mismatches() {
    let store = open();
    let old = hazmat::element(&store, RELATION, &key(1)).unwrap();
    put(&store, 1, b"newer").unwrap();
    hazmat::set_value(&store, RELATION, &key(1), old.value.as_deref()).unwrap();
    assert_mismatch(&store);
}

#[test]
fn a_replayed_element_mismatches() {
    let store = open();
    let old = hazmat::element(&store, RELATION, &key(1)).unwrap();
    put(&store, 1, b"newer").unwrap();
    hazmat::set_element(&store, RELATION, &key(1), &old).unwrap();
    assert_eq!(get(&store, 1).unwrap(), Some(b"honest".to_vec()));
    assert_mismatch(&store);
}

#[test]
fn an_element_of_a_closed_epoch_is_rejected() {
    let store = open();
    let old = hazmat::element(&store, RELATION, &key(1)).unwrap();
    put(&store, 1, b"newer").unwrap();
    store.certify().unwrap();
    hazmat::set_element(&store, RELATION, &key(1), &old).unwrap();
    assert_rejected(get(&store, 1), Reason::AddToVerifiedEpoch);
    assert_rejected(store.certify(), Reason::AddToVerifiedEpoch);
}

#[test]
fn a_skewed_timestamp_mismatches() {
    let store = open();
    hazmat::skew_timestamp(&store, RELATION, &key(1), 1).unwrap();
    assert_mismatch(&store);
}

#[test]
fn a_changed_value_in_the_tree_is_rejected_at_once() {
    let store = open();
    hazmat::retire(&store, RELATION, &key(1)).unwrap();
    hazmat::set_value(&store, RELATION, &key(1), Some(b"forged")).unwrap();
    assert_rejected(get(&store, 1), Reason::HashMismatch);
}

#[test]
fn a_changed_node_is_rejected_at_once() {
    for part in [NodePart::Hash, NodePart::DeferredFlag] {
        let store = open();
        hazmat::retire(&store, RELATION, &key(1)).unwrap();
        hazmat::corrupt_node(&store, RELATION, &key(1), part).unwrap();
        assert_rejected(get(&store, 1), Reason::HashMismatch);
    }
}

#[test]
fn a_duplicated_key_is_rejected_at_once() {
    let store = open();
    hazmat::duplicate(&store, RELATION, &key(1)).unwrap();
    assert_rejected(get(&store, 1), Reason::PointerDeferred);
}

/// Every entry but those for which `keep` says false.
fn without(log: &mut Vec<u8>, mut keep: impl FnMut(&Entry<'_>) -> bool) {
    let mut kept = Vec::new();
    let mut rest = log.as_slice();
    while let Ok((entry, after)) = Entry::decode(rest) {
        if keep(&entry) {
            entry.encode(&mut kept);
        }
        rest = after;
    }
    *log = kept;
}

#[test]
fn a_dropped_write_is_not_answered() {
    let store = open();
    let mut make = || -> hazmat::Intercept {
        let write =
            |entry: &Entry<'_>| matches!(entry, Entry::RunApp(run) if run.transition.0 == PUT);
        Box::new(move |_, log| without(log, |entry| !write(entry)))
    };
    hazmat::intercept(&store, &mut make).unwrap();
    assert!(matches!(put(&store, 1, b"lost"), Err(HostError::Unanswered { .. })));
    assert!(matches!(get(&store, 1), Err(HostError::Unanswered { .. })));
}

#[test]
fn logs_with_missing_or_repeated_entries_do_not_certify() {
    let evictions = |entry: &Entry<'_>| matches!(entry, Entry::EvictB { .. });
    let additions = |entry: &Entry<'_>| matches!(entry, Entry::AddB { .. });
    for drop_evictions in [true, false] {
        let store = open();
        let mut make = || -> hazmat::Intercept {
            let mut seen = 0;
            Box::new(move |_, log| {
                without(log, |entry| {
                    let hit = if drop_evictions { evictions(entry) } else { additions(entry) };
                    seen += u32::from(hit);
                    !(hit && seen == 5)
                });
            })
        };
        hazmat::intercept(&store, &mut make).unwrap();
        let served = (0..500).try_for_each(|number| put(&store, number, b"again"));
        let certified = store.certify();
        assert!(served.is_err() || certified.is_err());
    }
}
