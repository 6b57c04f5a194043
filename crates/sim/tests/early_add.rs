//! The stale read by an early add: what certifies without the published clock, and is refused.

#![expect(clippy::arithmetic_side_effects, reason = "a panic is a failed test")]

use zeta_sim::early_add::{DeferredModel, KEY};
use zeta_sim::history::replays_in_order;
use zeta_sim::operation::Operation;
use zeta_sim::owned_record::OwnedRecord;
use zeta_sim::random::Random;
use zeta_sim::run::Run;
use zeta_sim::schedule::config;
use zeta_sim::vector::{add_m_bytes, encoded, run_app_bytes};
use zeta_verifier::{
    Entry, Epoch, Incarnation, InstanceId, NotYet, Outcome, SlotId, Standard, StopCause, ThreadId,
    Timestamp,
};

#[test]
fn without_the_published_clock_a_stale_read_certifies() {
    let mut model = DeferredModel::new(2, false);
    assert!(model.stale_read());
    assert!(model.certifies());
    assert!(!replays_in_order(&model.events));
}

#[test]
fn with_the_published_clock_the_model_makes_it_wait() {
    let mut model = DeferredModel::new(2, true);
    assert!(!model.stale_read());
    assert!(model.events.is_empty());
}

fn add_b() -> Vec<u8> {
    let mut bytes = Vec::new();
    let null = OwnedRecord::null(KEY);
    let record = null.borrowed(&mut bytes);
    let timestamp = Timestamp::new(Epoch(0), 1);
    encoded(&Entry::AddB { slot: SlotId(1), thread: ThreadId(0), timestamp, record })
}

#[test]
fn the_verifier_makes_it_wait() {
    let primitives = Standard::new([3; 32], InstanceId([0; 16]), Incarnation([0; 16]));
    let mut run = Run::new(&config(2, 4), &zeta_program::key_value(), &primitives);
    assert!(run.feed(0, &add_m_bytes(1, 0, &OwnedRecord::null(KEY))).is_done());
    let early = run.feed(1, &add_b()).progress;
    assert_eq!((early.consumed, early.stop), (0, StopCause::Retry(NotYet::PublishedClock)));
    // Thread 1 has nothing to write to, thread 0 reads what there is and lets go; then it may.
    let get = run_app_bytes(&Operation::Get { key: KEY.to_vec() }, &[1]);
    assert!(run.feed(0, &get).is_done());
    let evict = Entry::EvictBM {
        slot: SlotId(1),
        ancestor_slot: SlotId(0),
        timestamp: Timestamp::new(Epoch(0), 1),
    };
    assert!(run.submit(0, &evict).is_done());
    assert!(run.feed(1, &add_b()).is_done());
    let put = Operation::Put { key: KEY.to_vec(), value: b"1".to_vec() };
    assert!(run.feed(1, &run_app_bytes(&put, &[1])).is_done());
    for thread in 0..2 {
        assert!(run.submit(thread, &Entry::NextEpoch).is_done());
        assert!(run.submit(thread, &Entry::VerifyEpoch).is_done());
    }
    assert_eq!(run.board.outcome(Epoch(0)), Outcome::Certified);
}

/// How many random runs of the model certify, and how many of those are no run in order.
fn explore(checks_published: bool) -> (usize, usize) {
    let (mut certified, mut wrong) = (0, 0);
    for seed in 0..20_000 {
        let mut random = Random::new(seed);
        let mut model = DeferredModel::new(2 + random.below(2), checks_published);
        let steps = 4 + random.below(12);
        model.explore(&mut random, steps);
        if model.certifies() {
            certified += 1;
            wrong += usize::from(!replays_in_order(&model.events));
        }
    }
    (certified, wrong)
}

#[test]
fn the_check_is_what_keeps_real_time() {
    let (certified, wrong) = explore(true);
    assert!(certified > 2_000, "{certified}");
    assert_eq!(wrong, 0);
    let (certified, wrong) = explore(false);
    assert!(certified > 2_000, "{certified}");
    assert!(wrong > 10, "{wrong} of {certified}");
}
