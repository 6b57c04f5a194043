//! The logs that a store leaves behind, and what an auditor finds in them.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::path::PathBuf;
use zeta_host::audit::{Problem, replay};
use zeta_host::{
    Batch, Column, Entropy, HostError, Options, PUT, Policy, RENAME, Results, Store, Transitions,
    hasher, summary,
};
use zeta_verifier::{
    Authentication, Entry, Epoch, NotYet, Outcome, RelationId, RunApp, SlotList, ThreadId,
    TransitionId,
};

/// A folder of its own for each test, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("zeta-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn bytes(data: &[u8]) -> Vec<u8> {
    [&(data.len() as u32).to_le_bytes(), data].concat()
}

fn rows() -> impl Iterator<Item = (RelationId, Vec<u8>, Vec<u8>)> {
    (0..300_u64).map(|i| (RelationId(0), i.to_be_bytes().to_vec(), vec![i as u8; 20]))
}

/// Serves a few epochs over an adopted data set, with a log.
fn serve(folder: &Folder, workers: u16, policy: Policy) {
    let mut options = Options::new(zeta_program::key_value(), Entropy::from_seed(9));
    options.workers = workers;
    options.policy = policy;
    options.epoch_ms = None;
    options.slots_per_worker = 96;
    options.idle_epochs = 1;
    options.log_dir = Some(folder.0.clone());
    let expected = summary(rows(), &hasher()).unwrap();
    let store = Store::adopt(options, &mut rows(), &expected).unwrap();
    let mut results = Results::new();
    for round in 0..5_u64 {
        let keys: Vec<u8> =
            (0..200_u64).flat_map(|i| (i * (round + 1) % 400).to_be_bytes()).collect();
        let column = Column::Fixed { bytes: &keys, width: 8 };
        let transitions = Transitions::All(PUT);
        let batch = Batch::KeyValue { transitions, keys: column, values: column };
        store.run(&batch, &mut results).unwrap();
        let arguments = [bytes(&round.to_be_bytes()), bytes(&1000_u64.to_be_bytes())].concat();
        let transitions = Transitions::All(RENAME);
        let arguments = Column::Same(&arguments);
        store.run(&Batch::Calls { transitions, arguments }, &mut results).unwrap();
        store.certify().unwrap();
    }
    store.close().unwrap();
}

#[test]
fn an_auditor_certifies_what_the_store_certified() {
    for workers in [1, 3] {
        for policy in [Policy::Hybrid, Policy::DeferredOnly, Policy::MerkleOnly] {
            let folder = Folder::new(&format!("honest-{workers}-{policy:?}"));
            serve(&folder, workers, policy);
            let audit = replay(&folder.0, [5; 32], None, &mut |_, _| {}).unwrap();
            assert_eq!(audit.problem, None);
            assert_eq!(audit.certified, Some(Epoch(5)));
            assert_eq!(audit.operations, 5 * 201);
            assert_eq!(audit.uncertified_operations, 0);
            let epochs: Vec<_> = audit.epochs.iter().map(|e| (e.epoch.0, e.operations)).collect();
            assert_eq!(epochs, [(0, 201), (1, 201), (2, 201), (3, 201), (4, 201), (5, 0)]);
            assert!(audit.epochs.iter().all(|epoch| epoch.outcome == Outcome::Certified));
        }
    }
}

#[test]
fn a_cut_log_and_a_changed_log_are_found_out() {
    let folder = Folder::new("cut");
    serve(&folder, 2, Policy::Hybrid);
    let file = folder.0.join("thread-1");
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() - 3000]).unwrap();
    let audit = replay(&folder.0, [5; 32], None, &mut |_, _| {}).unwrap();
    assert!(audit.problem.is_some());
    let mut changed = whole.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 4;
    std::fs::write(&file, &changed).unwrap();
    let audit = replay(&folder.0, [5; 32], None, &mut |_, _| {}).unwrap();
    assert!(audit.problem.is_some() && audit.certified < Some(Epoch(5)));
    let uncertified = audit.epochs.iter().filter(|epoch| epoch.outcome != Outcome::Certified);
    assert_eq!(uncertified.map(|e| e.operations).sum::<u64>(), audit.uncertified_operations);
    std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let audit = replay(&folder.0, [5; 32], None, &mut |_, _| {}).unwrap();
    let truncated =
        matches!(audit.problem, Some(Problem::Truncated { .. } | Problem::Stuck { .. }));
    assert!(truncated || audit.certified < Some(Epoch(5)));
}

/// Where the entries of a log begin, and its end.
fn boundaries(log: &[u8]) -> Vec<usize> {
    let mut rest = log;
    let mut found = vec![0];
    while let Ok((_, after)) = Entry::decode(rest) {
        rest = after;
        found.push(log.len() - rest.len());
    }
    found
}

#[test]
fn a_cut_between_two_entries_is_found_out() {
    let folder = Folder::new("boundary");
    serve(&folder, 2, Policy::Hybrid);
    for thread in 0..2 {
        let file = folder.0.join(format!("thread-{thread}"));
        let whole = std::fs::read(&file).unwrap();
        let boundaries = boundaries(&whole);
        let (end, before) = boundaries.split_last().unwrap();
        assert_eq!(*end, whole.len());
        let last_ones = before.iter().rev().take(40);
        for at in before.iter().step_by(before.len() / 40).chain(last_ones) {
            std::fs::write(&file, &whole[..*at]).unwrap();
            let audit = replay(&folder.0, [5; 32], None, &mut |_, _| {}).unwrap();
            let (position, closed_at) = (*at as u64, whole.len() as u64);
            let expected = Problem::WrongLength { thread: ThreadId(thread), position, closed_at };
            assert_eq!(audit.problem, Some(expected));
        }
        let more = [whole.as_slice(), &encoded(&[Entry::NextEpoch])].concat();
        std::fs::write(&file, &more).unwrap();
        let audit = replay(&folder.0, [5; 32], None, &mut |_, _| {}).unwrap();
        assert!(matches!(audit.problem, Some(Problem::WrongLength { .. })));
        std::fs::write(&file, &whole).unwrap();
    }
    assert_eq!(replay(&folder.0, [5; 32], None, &mut |_, _| {}).unwrap().problem, None);
}

fn encoded(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut log = Vec::new();
    entries.iter().for_each(|entry| entry.encode(&mut log));
    log
}

fn put(store: &Store, key: &[u8], value: &[u8]) -> Result<(), HostError> {
    let (transitions, keys, values) =
        (Transitions::All(PUT), Column::Same(key), Column::Same(value));
    store.run(&Batch::KeyValue { transitions, keys, values }, &mut Results::new())
}

/// Over records of several workers, where there are several.
fn rename(store: &Store, source: &[u8], target: &[u8]) -> Result<(), HostError> {
    let arguments = [bytes(source), bytes(target)].concat();
    let (transitions, arguments) = (Transitions::All(RENAME), Column::Same(&arguments));
    store.run(&Batch::Calls { transitions, arguments }, &mut Results::new())
}

fn open_with_log(folder: &Folder, workers: u16) -> Store {
    let mut options = Options::new(zeta_program::key_value(), Entropy::from_seed(9));
    options.workers = workers;
    options.epoch_ms = None;
    options.log_dir = Some(folder.0.clone());
    Store::open(options).unwrap()
}

#[test]
fn a_log_that_was_not_closed_says_so() {
    let folder = Folder::new("unclosed");
    let store = open_with_log(&folder, 1);
    put(&store, b"key", b"1").unwrap();
    store.certify().unwrap();
    put(&store, b"key", b"2").unwrap();
    drop(store);
    let audit = replay(&folder.0, [5; 32], None, &mut |_, _| {}).unwrap();
    assert!(!audit.closed && audit.problem.is_none());
    assert_eq!((audit.operations, audit.uncertified_operations), (2, 1));
    // A liar that calls it closed has left an operation out.
    let len = std::fs::metadata(folder.0.join("thread-0")).unwrap().len();
    let manifest = folder.0.join("manifest");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, format!("{text}closed {len}\n")).unwrap();
    let audit = replay(&folder.0, [5; 32], None, &mut |_, _| {}).unwrap();
    assert!(audit.closed);
    assert_eq!(audit.problem, Some(Problem::Uncertified { first: Epoch(1) }));
}

#[test]
fn a_closed_log_holds_every_operation_that_was_answered() {
    for workers in [1, 3] {
        for round in 0..20 {
            let folder = Folder::new(&format!("race-{workers}-{round}"));
            let store = open_with_log(&folder, workers);
            let answered = std::thread::scope(|scope| {
                let serve = |thread: u64| {
                    let mut count = 0;
                    let (key, other) = (thread.to_be_bytes(), (thread + 7).to_be_bytes());
                    let mut serves = |served: Result<(), HostError>| {
                        count += u64::from(served.is_ok());
                        served.is_ok()
                    };
                    while serves(put(&store, &key, b"value"))
                        && serves(rename(&store, &key, &other))
                    {}
                    count
                };
                let clients: Vec<_> = (0..3).map(|i| scope.spawn(move || serve(i))).collect();
                let turner = scope.spawn(|| while store.certify().is_ok() {});
                std::thread::sleep(std::time::Duration::from_millis(2));
                let closers: Vec<_> = (0..2).map(|_| scope.spawn(|| store.close())).collect();
                closers.into_iter().for_each(|closer| closer.join().unwrap().unwrap());
                turner.join().unwrap();
                clients.into_iter().map(|client| client.join().unwrap()).sum::<u64>()
            });
            let audit = replay(&folder.0, [5; 32], None, &mut |_, _| {}).unwrap();
            assert_eq!(audit.problem, None);
            assert_eq!((audit.operations, audit.uncertified_operations), (answered, 0));
        }
    }
}

#[test]
fn long_values_and_many_epochs_take_bounded_memory() {
    let folder = Folder::new("long");
    let store = open_with_log(&folder, 1);
    for length in [1 << 20, (1 << 20) - 7, 3] {
        put(&store, b"key", &vec![length as u8; length]).unwrap();
        put(&store, b"other", &vec![length as u8; length]).unwrap();
    }
    for _ in 0..4200 {
        store.certify().unwrap();
    }
    store.close().unwrap();
    let audit = replay(&folder.0, [5; 32], None, &mut |_, _| {}).unwrap();
    assert_eq!((audit.problem, audit.operations), (None, 6));
    assert_eq!(audit.certified, Some(Epoch(4200)));
    assert_eq!(audit.epochs.len(), 4096);
    assert_eq!(audit.epochs[4095].epoch, Epoch(4200));
}

#[test]
fn epochs_that_are_never_closed_end_a_replay() {
    let folder = Folder::new("open");
    drop(open_with_log(&folder, 1));
    let run = RunApp {
        authentication: Authentication::Embedded,
        transition: TransitionId(999),
        arguments: &[],
        slots: SlotList::from_bytes(&[]).unwrap(),
    };
    let log = encoded(&[Entry::RunApp(run), Entry::NextEpoch]).repeat(5000);
    std::fs::write(folder.0.join("thread-0"), &log).unwrap();
    let audit = replay(&folder.0, [5; 32], None, &mut |_, _| {}).unwrap();
    let not_yet = NotYet::Window;
    assert!(
        matches!(audit.problem, Some(Problem::Stuck { not_yet: found, .. }) if found == not_yet)
    );
    assert_eq!(audit.operations, 4096);
}

#[test]
fn a_store_that_did_not_certify_never_looks_closed() {
    let folder = Folder::new("mismatch");
    let mut options = Options::new(zeta_program::key_value(), Entropy::from_seed(9));
    options.policy = Policy::DeferredOnly;
    options.epoch_ms = None;
    options.log_dir = Some(folder.0.clone());
    let store = Store::open(options).unwrap();
    put(&store, b"key", b"value").unwrap();
    zeta_host::hazmat::set_value(&store, RelationId(0), b"key", Some(b"other")).unwrap();
    for _ in 0..3 {
        assert!(matches!(store.close(), Err(HostError::Mismatch { first: Epoch(0) })));
    }
    assert!(!replay(&folder.0, [5; 32], None, &mut |_, _| {}).unwrap().closed);
}

#[test]
fn a_folder_that_is_in_use_is_not_written_to() {
    let folder = Folder::new("in-use");
    serve(&folder, 1, Policy::Hybrid);
    let mut options = Options::new(zeta_program::key_value(), Entropy::from_seed(9));
    options.log_dir = Some(folder.0.clone());
    assert!(matches!(Store::open(options), Err(HostError::LogWrite { .. })));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_stops_the_store_and_says_so() {
    let folder = Folder::new("full");
    let mut options = Options::new(zeta_program::key_value(), Entropy::from_seed(9));
    options.epoch_ms = None;
    options.log_dir = Some(folder.0.clone());
    let store = Store::open(options).unwrap();
    // The file is there already: what is written through it fails as on a full disk.
    zeta_host::hazmat::redirect_log(&store, std::path::Path::new("/dev/full")).unwrap();
    let column = Column::Same(b"key");
    let batch =
        Batch::KeyValue { transitions: Transitions::All(PUT), keys: column, values: column };
    store.run(&batch, &mut Results::new()).unwrap();
    assert!(matches!(store.certify(), Err(HostError::LogWrite { .. })));
    let refused = store.run(&batch, &mut Results::new());
    assert!(matches!(refused, Err(HostError::LogWrite { .. })));
}

#[test]
fn data_that_were_not_summarized_are_not_adopted() {
    let options = Options::new(zeta_program::key_value(), Entropy::from_seed(9));
    let expected = summary(rows(), &hasher()).unwrap();
    let adopted = Store::adopt(options, &mut rows().skip(1), &expected);
    assert!(matches!(adopted, Err(HostError::SummaryMismatch)));
}

#[test]
fn logs_of_another_program_than_the_auditors_are_told_apart() {
    let folder = Folder::new("another");
    let store = open_with_log(&folder, 1);
    store.close().unwrap();
    let audit = |program: &[u8]| replay(&folder.0, [5; 32], Some(program), &mut |_, _| {});
    assert_eq!(audit(&zeta_program::key_value()).unwrap().problem, None);
    let found = zeta_program::key_value();
    assert_eq!(audit(b"another").unwrap_err(), HostError::OtherProgram { found });
}
