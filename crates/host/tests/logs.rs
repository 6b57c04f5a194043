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
use zeta_verifier::{Epoch, Outcome, RelationId};

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
            let audit = replay(&folder.0, [5; 32], &mut |_, _| {}).unwrap();
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
    let audit = replay(&folder.0, [5; 32], &mut |_, _| {}).unwrap();
    assert!(audit.problem.is_some());
    let mut changed = whole.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 4;
    std::fs::write(&file, &changed).unwrap();
    let audit = replay(&folder.0, [5; 32], &mut |_, _| {}).unwrap();
    assert!(audit.problem.is_some() && audit.certified < Some(Epoch(5)));
    let uncertified = audit.epochs.iter().filter(|epoch| epoch.outcome != Outcome::Certified);
    assert_eq!(uncertified.map(|e| e.operations).sum::<u64>(), audit.uncertified_operations);
    std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let audit = replay(&folder.0, [5; 32], &mut |_, _| {}).unwrap();
    let truncated =
        matches!(audit.problem, Some(Problem::Truncated { .. } | Problem::Stuck { .. }));
    assert!(truncated || audit.certified < Some(Epoch(5)));
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
