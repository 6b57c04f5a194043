//! What each hash is for: the same lies, told to a verifier with weak hashes and with real ones.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a panic is a failed test")]

use zeta_sim::attack::named;
use zeta_sim::history::replays_in_order;
use zeta_sim::operation::Operation;
use zeta_sim::owned_record::OwnedRecord;
use zeta_sim::run::Run;
use zeta_sim::schedule::{End, Report, Schedule, config, event};
use zeta_sim::toy::{AffineTagBit, OneByteHash, WeightedSum};
use zeta_sim::vector::{add_m_bytes, encoded, run_app_bytes};
use zeta_verifier::{
    Entry, Epoch, Incarnation, InstanceId, Outcome, Primitives, Reason, SlotId, Standard, Stop,
    StopCause, value_hash,
};

const RUNS: u64 = 300;

fn standard(seed: u64) -> Standard {
    let mut secret = [7; 32];
    secret[..8].copy_from_slice(&seed.to_le_bytes());
    Standard::new(secret, InstanceId([0; 16]), Incarnation([0; 16]))
}

/// The runs in which the attack struck.
fn struck<P: Primitives + Clone>(attack: &str, primitives: fn(u64) -> P) -> Vec<Report> {
    let attack = named(attack).unwrap();
    let runs = (0..RUNS).map(|seed| Schedule::new(seed, primitives(seed), Some(&attack)).finish());
    let struck: Vec<Report> = runs.filter(|report| report.struck).collect();
    assert!(struck.len() > 50);
    struck
}

fn affine(seed: u64) -> AffineTagBit {
    let mut key = [9; 16];
    key[..8].copy_from_slice(&seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
    AffineTagBit(key)
}

fn weighted(seed: u64) -> WeightedSum {
    WeightedSum(u128::from(seed).wrapping_mul(0x2545_f491_4f6c_dd1d_9e37_79b9_7f4a_7c15))
}

/// Whether the lie certified, and was seen by a client.
fn won(report: &Report) -> bool {
    report.end == End::Certified && !report.is_sound()
}

#[test]
fn the_ancestors_hash_certifies_swapped_values_and_ours_does_not() {
    for attack in ["swap_values", "xor_balance"] {
        // Under every key, not by luck: one bit alone would let half of all lies pass.
        let reports = struck(attack, affine);
        assert!(reports.iter().all(|report| report.end == End::Certified), "{attack}");
        assert!(reports.iter().filter(|report| won(report)).count() > 50, "{attack}");
        assert!(struck(attack, standard).iter().all(|report| report.end == End::Mismatch));
    }
    let lies = struck("change_deferred_value", affine);
    let noticed = lies.iter().filter(|report| report.end == End::Mismatch).count();
    assert!(noticed > lies.len() / 4, "a lie that does not balance shows in one bit of two");
}

#[test]
fn a_weighted_sum_certifies_swapped_values_and_ours_does_not() {
    for attack in ["swap_values", "sum_balance"] {
        let reports = struck(attack, weighted);
        assert!(reports.iter().all(|report| report.end == End::Certified), "{attack}");
        assert!(reports.iter().filter(|report| won(report)).count() > 50, "{attack}");
        assert!(struck(attack, standard).iter().all(|report| report.end == End::Mismatch));
    }
    // As a universal hash it is a good one: what does not balance is noticed.
    for report in struck("change_deferred_value", weighted) {
        assert_eq!(report.end, End::Mismatch);
    }
}

/// Puts `value`, sends the record into the tree, brings it back as `forged` and reads it.
fn swap_in_tree<P: Primitives + Clone>(
    primitives: &P,
    value: &[u8],
    forged: &[u8],
) -> Result<Vec<u8>, Stop> {
    let mut run = Run::new(&config(1, 4), &zeta_program::key_value(), primitives);
    let key = b"a".to_vec();
    let put = Operation::Put { key: key.clone(), value: value.to_vec() };
    let logs = [
        add_m_bytes(1, 0, &OwnedRecord::null(&key)),
        run_app_bytes(&put, &[1]),
        encoded(&Entry::EvictM { slot: SlotId(1), ancestor_slot: SlotId(0) }),
        add_m_bytes(1, 0, &OwnedRecord::some(&key, forged)),
        run_app_bytes(&Operation::Get { key: key.clone() }, &[1]),
        encoded(&Entry::NextEpoch),
        encoded(&Entry::VerifyEpoch),
    ];
    for log in &logs {
        match run.feed(0, log).progress.stop {
            StopCause::Done => {}
            StopCause::Retry(not_yet) => return Err(Stop::Retry(not_yet)),
            StopCause::Rejected(rejection) => return Err(Stop::Rejected(rejection.reason)),
        }
    }
    assert_eq!(run.board.outcome(Epoch(0)), Outcome::Certified);
    Ok(run.steps[4].outputs.clone())
}

#[test]
fn whoever_wins_through_the_tree_shows_a_collision() {
    let toy = OneByteHash(standard(0));
    let hash = |value: &[u8]| value_hash(&toy, Some(value));
    let value = b"true".to_vec();
    let colliding = (0..10_000_u32)
        .map(|number| number.to_le_bytes().to_vec())
        .find(|other| hash(other) == hash(&value))
        .expect("one byte collides");
    // With a byte of hash the lie certifies, and the two values are the collision.
    let answer = swap_in_tree(&toy, &value, &colliding).unwrap();
    assert!(answer.ends_with(&colliding));
    let get = Operation::Get { key: b"a".to_vec() };
    let put = Operation::Put { key: b"a".to_vec(), value: value.clone() };
    let seen = get.returned(&answer[5..]).unwrap();
    let history = [event(1, put.clone(), put.returned(&[]).unwrap()), event(2, get, seen)];
    assert!(!replays_in_order(&history));
    // Other lies are refused even so, and with the real hash this one is.
    let other = [&colliding[..], &[1]].concat();
    assert_ne!(hash(&other), hash(&value));
    let mismatch = Err(Stop::Rejected(Reason::HashMismatch));
    assert_eq!(swap_in_tree(&toy, &value, &other), mismatch);
    assert_eq!(swap_in_tree(&standard(0), &value, &colliding), mismatch);
    assert!(swap_in_tree(&standard(0), &value, &value).is_ok());
}
