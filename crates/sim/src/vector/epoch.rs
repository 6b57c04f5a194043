//! Cases of epochs that are closed too early, or end badly.

use super::script::{A, B, Script, at};
use super::{Case, Expected, SETTING, TWO_THREADS};
use crate::owned_record::OwnedRecord;
use zeta_verifier::{EPOCH_WINDOW, Entry, Epoch, NotYet, Reason, Timestamp};

pub(super) fn cases() -> Vec<Case> {
    let rejected = Case::rejected;
    let outcome = |name, case, about, play| Case::new(Expected::Outcome(name), case, about, play);
    vec![
        rejected(
            Reason::EpochNotPassed,
            "verify_epoch",
            "the clock is still in the epoch",
            not_passed,
        ),
        rejected(
            Reason::ThreadPoisoned,
            "next_epoch",
            "an honest entry after one that was rejected",
            poisoned,
        ),
        Case::new(
            Expected::Retry(NotYet::Window),
            "verify_epoch",
            "epoch 32, while thread 1 has not closed epoch 0",
            too_far_ahead,
        )
        .on(TWO_THREADS),
        outcome(
            "pending",
            "one_missing",
            "thread 1 turns the epoch twice and closes none",
            pending,
        )
        .on(TWO_THREADS),
        outcome(
            "mismatch",
            "value",
            "a deferred record comes back with another value",
            other_value,
        )
        .on(SETTING),
        outcome("mismatch", "epoch", "it comes back as an element of the next epoch", other_epoch),
        outcome("mismatch", "timestamp", "it comes back with another timestamp", other_timestamp),
        outcome("mismatch", "thread", "it comes back as another thread's", other_thread)
            .on(TWO_THREADS),
        outcome("mismatch", "key", "it comes back under another key", other_key),
        outcome("poisoned", "before_closing", "thread 1 is rejected before it closes", spoiled)
            .on(TWO_THREADS),
    ]
}

fn not_passed(s: &mut Script) {
    // One byte: NextEpoch or VerifyEpoch.
    let first = s.twist(Entry::NextEpoch, Entry::VerifyEpoch);
    s.submit(0, &first);
    s.verify_epoch(0);
}

fn poisoned(s: &mut Script) {
    let slot = s.twist(1, 99);
    s.add_new(slot, A);
    s.close();
}

fn too_far_ahead(s: &mut Script) {
    s.next_epoch(1);
    let close = s.twist(Entry::VerifyEpoch, Entry::NextEpoch);
    s.submit(1, &close);
    for _ in 0..=EPOCH_WINDOW {
        s.next_epoch(0);
        s.verify_epoch(0);
    }
}

fn pending(s: &mut Script) {
    s.next_epoch(0);
    s.verify_epoch(0);
    s.next_epoch(1);
    let close = s.twist(Entry::VerifyEpoch, Entry::NextEpoch);
    s.submit(1, &close);
}

fn other_value(s: &mut Script) {
    s.add_new(1, A);
    s.put(0, 1, A, b"v");
    s.evict_bm(0, 1, 0, at(1));
    let value = s.twist(b"v", b"w");
    s.add_b(0, 1, (0, at(1)), &OwnedRecord::some(A, value));
    s.close();
}

fn other_epoch(s: &mut Script) {
    s.add_new(1, A);
    s.evict_bm(0, 1, 0, at(1));
    let epoch = s.twist(Epoch(0), Epoch(1));
    s.add_b(0, 1, (0, Timestamp::new(epoch, 1)), &OwnedRecord::null(A));
    s.close();
}

fn other_timestamp(s: &mut Script) {
    s.add_new(1, A);
    s.evict_bm(0, 1, 0, at(2));
    let counter = s.twist(2, 1);
    s.add_b(0, 1, (0, at(counter)), &OwnedRecord::null(A));
    s.close();
}

/// Thread 0 has evicted something later, so that its published clock lets the element in.
fn other_thread(s: &mut Script) {
    s.add_new(1, A);
    s.add_new(2, B);
    s.evict_bm(0, 1, 0, at(1));
    s.evict_bm(0, 2, 0, at(4));
    s.add_b(0, 2, (0, at(4)), &OwnedRecord::null(B));
    s.add_b(1, 1, (0, at(1)), &OwnedRecord::null(A));
    s.evict_b(1, 1, at(3));
    let thread = s.twist(1, 0);
    s.add_b(1, 1, (thread, at(3)), &OwnedRecord::null(A));
    s.close();
}

fn other_key(s: &mut Script) {
    s.add_new(1, A);
    s.evict_bm(0, 1, 0, at(1));
    let key = s.twist(A, B);
    s.add_b(0, 1, (0, at(1)), &OwnedRecord::null(key));
    s.close();
}

fn spoiled(s: &mut Script) {
    s.next_epoch(0);
    s.verify_epoch(0);
    s.next_epoch(1);
    let close = s.twist(7, 0);
    s.feed(1, &[close]);
}
