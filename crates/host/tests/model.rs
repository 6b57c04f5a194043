//! A store against a map: the same answers, under every policy, and every epoch certifies.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::Duration;
use zeta_host::{
    Batch, COMPARE_AND_SET, Column, DELETE, Entropy, GET, Options, PUT, Policy, RENAME, Results,
    Status, Store, Transitions, slots_min,
};
use zeta_verifier::Outcome;

type Model = BTreeMap<Vec<u8>, Vec<u8>>;

/// What a test does to a store.
#[derive(Clone, Debug)]
enum Action {
    /// A batch of key-value operations: transition, key, value.
    Batch(Vec<(u16, u16, u16)>),
    CompareAndSet {
        key: u16,
        expected: Option<u16>,
        new: Option<u16>,
    },
    Rename {
        source: u16,
        target: u16,
    },
    Turn,
    List,
}

fn key_bytes(key: u16) -> Vec<u8> {
    // Of different lengths, some too long for a record's own line.
    let mut bytes = key.to_be_bytes().to_vec();
    bytes.resize(2 + usize::from(key % 61), b'k');
    bytes
}

fn value_bytes(value: u16) -> Vec<u8> {
    let mut bytes = value.to_be_bytes().to_vec();
    bytes.resize(2 + usize::from(value) % 700, b'v');
    bytes
}

fn bytes(data: &[u8]) -> Vec<u8> {
    [&(data.len() as u32).to_le_bytes(), data].concat()
}

fn optional(data: Option<Vec<u8>>) -> Vec<u8> {
    match data {
        None => vec![0],
        Some(data) => [vec![1], bytes(&data)].concat(),
    }
}

fn call(store: &Store, transition: u16, arguments: &[u8]) -> (Status, Vec<u8>) {
    let mut results = Results::new();
    let (transitions, arguments) = (Transitions::All(transition), Column::Same(arguments));
    store.run(&Batch::Calls { transitions, arguments }, &mut results).unwrap();
    (results.status(0), results.result(0).to_vec())
}

fn run_batch(store: &Store, model: &mut Model, operations: &[(u16, u16, u16)]) {
    let column = |strings: Vec<Vec<u8>>| {
        let mut offsets = vec![0_i64];
        for string in &strings {
            offsets.push(offsets[offsets.len() - 1] + string.len() as i64);
        }
        (strings.concat(), offsets)
    };
    let (keys, key_offsets) = column(operations.iter().map(|(_, k, _)| key_bytes(*k)).collect());
    let (values, value_offsets) =
        column(operations.iter().map(|(_, _, v)| value_bytes(*v)).collect());
    let transitions: Vec<u16> = operations.iter().map(|(t, _, _)| *t).collect();
    let batch = Batch::KeyValue {
        transitions: Transitions::Each(&transitions),
        keys: Column::Offsets64 { bytes: &keys, offsets: &key_offsets },
        values: Column::Offsets64 { bytes: &values, offsets: &value_offsets },
    };
    let mut results = Results::new();
    store.run(&batch, &mut results).unwrap();
    assert_eq!(results.len(), operations.len());
    for (at, (transition, key, value)) in operations.iter().enumerate() {
        let key = key_bytes(*key);
        let got = (results.status(at), results.result(at).to_vec());
        let expected = match *transition {
            GET => match model.get(&key) {
                Some(value) => (Status::Done, value.clone()),
                None => (Status::Absent, Vec::new()),
            },
            PUT => {
                model.insert(key, value_bytes(*value));
                (Status::Done, Vec::new())
            }
            _ => match model.remove(&key) {
                Some(_) => (Status::Done, Vec::new()),
                None => (Status::Absent, Vec::new()),
            },
        };
        assert_eq!(got, expected, "operation {at}");
    }
}

fn apply(store: &Store, model: &mut Model, action: &Action) {
    match action {
        Action::Batch(operations) => run_batch(store, model, operations),
        Action::CompareAndSet { key, expected, new } => {
            let key = key_bytes(*key);
            let (expected, new) = (expected.map(value_bytes), new.map(value_bytes));
            let arguments =
                [bytes(&key), optional(expected.clone()), optional(new.clone())].concat();
            let same = model.get(&key) == expected.as_ref();
            if same {
                match new {
                    Some(new) => model.insert(key, new),
                    None => model.remove(&key),
                };
            }
            let got = call(store, COMPARE_AND_SET, &arguments);
            assert_eq!(got, (Status::Done, vec![u8::from(same)]));
        }
        Action::Rename { source, target } => {
            let (source, target) = (key_bytes(*source), key_bytes(*target));
            let arguments = [bytes(&source), bytes(&target)].concat();
            let moved = model.remove(&source);
            let expected = vec![u8::from(moved.is_some())];
            if let Some(value) = moved {
                model.insert(target, value);
            }
            assert_eq!(call(store, RENAME, &arguments), (Status::Done, expected));
        }
        Action::Turn => {
            store.certify().unwrap();
        }
        Action::List => {
            let mut keys = Vec::new();
            store
                .keys(&mut |_, key| {
                    keys.push(key.to_vec());
                    true
                })
                .unwrap();
            keys.sort();
            assert_eq!(keys, model.keys().cloned().collect::<Vec<_>>());
        }
    }
}

fn action() -> impl Strategy<Value = Action> {
    let key = || 0_u16..200;
    let operation = (GET..=DELETE, key(), any::<u16>());
    let small = any::<u16>().prop_map(|value| value % 3);
    prop_oneof![
        6 => prop::collection::vec(operation, 1..300).prop_map(Action::Batch),
        2 => (key(), prop::option::of(small.clone()), prop::option::of(small))
            .prop_map(|(key, expected, new)| Action::CompareAndSet { key, expected, new }),
        2 => (key(), key()).prop_map(|(source, target)| Action::Rename { source, target }),
        2 => Just(Action::Turn),
        1 => Just(Action::List),
    ]
}

fn policy() -> impl Strategy<Value = Policy> {
    prop_oneof![
        3 => Just(Policy::Hybrid),
        1 => Just(Policy::DeferredOnly),
        1 => Just(Policy::MerkleOnly),
        1 => Just(Policy::Unverified),
        1 => Just(Policy::PlainMap),
    ]
}

fn open(
    policy: Policy,
    workers: u16,
    slots: u16,
    idle_epochs: u32,
    epoch_ms: Option<u64>,
) -> Store {
    let mut options = Options::new(zeta_program::key_value(), Entropy::from_seed(7));
    options.policy = policy;
    options.workers = workers;
    options.slots_per_worker = slots;
    options.idle_epochs = idle_epochs;
    options.epoch_ms = epoch_ms;
    Store::open(options).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn answers_are_those_of_a_map_and_every_epoch_certifies(
        policy in policy(),
        workers in 1_u16..6,
        more_slots in 0_u16..96,
        idle_epochs in 0_u32..3,
        actions in prop::collection::vec(action(), 1..25),
    ) {
        let store = open(policy, workers, slots_min(workers) + more_slots, idle_epochs, None);
        let mut model = Model::new();
        for action in &actions {
            apply(&store, &mut model, action);
        }
        store.close().unwrap();
        if policy.is_verified() {
            let last = store.certified().unwrap();
            for info in store.epochs().iter().filter(|info| info.epoch <= last) {
                prop_assert_eq!(&info.outcome, &Outcome::Certified);
                prop_assert!(info.certified.is_some());
            }
        }
    }
}

#[test]
fn callers_on_many_threads_share_a_store_whose_epochs_turn_by_themselves() {
    for (policy, workers) in [
        (Policy::Hybrid, 3),
        (Policy::DeferredOnly, 2),
        (Policy::MerkleOnly, 2),
        (Policy::Hybrid, 1),
    ] {
        let store = open(policy, workers, 128, 1, Some(3));
        std::thread::scope(|scope| {
            for thread in 0..3_u16 {
                let store = &store;
                scope.spawn(move || {
                    // Each has keys of its own, so that a map can tell what they hold.
                    let mut model = Model::new();
                    for round in 0..60_u16 {
                        let operation = |i: u16| {
                            let key = thread + 3 * ((i * 7 + round * 13) % 150);
                            (i.wrapping_mul(31).wrapping_add(round) % 3, key, i ^ round)
                        };
                        let operations: Vec<_> = (0..200).map(operation).collect();
                        run_batch(store, &mut model, &operations);
                        let (source, target) = (thread + 3 * (round % 50), thread + 3 * 77);
                        apply(store, &mut model, &Action::Rename { source, target });
                    }
                });
            }
        });
        let epoch = store.certify().unwrap();
        store.wait(epoch, Duration::from_secs(5)).unwrap();
        assert_eq!(store.outcome(epoch), Outcome::Certified);
        assert!(epoch.0 > 1, "the epoch turned by itself");
        store.close().unwrap();
    }
}

#[test]
fn malformed_calls_are_refused_and_harm_nobody() {
    for workers in [1, 2] {
        let store = open(Policy::Hybrid, workers, slots_min(workers), 1, None);
        for arguments in [&[][..], &[1, 0, 0, 0], &[255; 8], &[0, 0, 0, 0, 9]] {
            for transition in [GET, PUT, RENAME, 99] {
                assert_eq!(call(&store, transition, arguments).0, Status::Refused);
            }
        }
        let long = vec![7; 5 << 20];
        assert_eq!(call(&store, PUT, &[bytes(b"k"), bytes(&long)].concat()).0, Status::Refused);
        assert_eq!(call(&store, GET, &bytes(&long[..5000])).0, Status::Refused);
        let most = vec![7; 1 << 20];
        for key in 0..100_u8 {
            let arguments = [bytes(&[key]), bytes(&most)].concat();
            assert_eq!(call(&store, PUT, &arguments).0, Status::Done);
        }
        store.close().unwrap();
    }
}

#[test]
fn deletes_and_puts_are_told_in_results_of_any_width() {
    for policy in [Policy::Hybrid, Policy::MerkleOnly, Policy::Unverified, Policy::PlainMap] {
        for width in [0, 1, 8] {
            let mut options = Options::new(zeta_program::key_value(), Entropy::from_seed(3));
            (options.policy, options.workers) = (policy, 2);
            let store = Store::open(options).unwrap();
            let transitions = Transitions::Each(&[PUT, DELETE, DELETE, GET]);
            let (keys, values) = (Column::Same(b"key"), Column::Same(b"twelve bytes"));
            let batch = Batch::KeyValue { transitions, keys, values };
            let mut results = Results::fixed(width);
            store.run(&batch, &mut results).unwrap();
            let statuses: Vec<_> = (0..4).map(|at| results.status(at)).collect();
            assert_eq!(statuses, [Status::Done, Status::Done, Status::Absent, Status::Absent]);
            assert_eq!(results.bytes, vec![0; 4 * width]);
            store.close().unwrap();
        }
    }
}

#[test]
fn a_store_at_rest_turns_no_epochs_but_those_that_are_waited_for() {
    let mut options = Options::new(zeta_program::key_value(), Entropy::from_seed(3));
    options.epoch_ms = Some(5);
    let store = Store::open(options).unwrap();
    let long = Duration::from_secs(60);
    call(&store, PUT, &[bytes(b"key"), bytes(b"value")].concat());
    store.wait(store.epoch(), long).unwrap();
    // What ran at the very turn may need one more; then there is rest.
    std::thread::sleep(Duration::from_millis(100));
    let epoch = store.epoch();
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(store.epoch(), epoch);
    store.wait(epoch, long).unwrap();
    call(&store, GET, &bytes(b"key"));
    store.wait(store.epoch(), long).unwrap();
    store.close().unwrap();
}
