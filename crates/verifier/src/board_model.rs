//! The shared board under a model checker that tries every order of two or three threads' steps:
//! `RUSTFLAGS="--cfg loom" cargo test -p zeta-verifier --release --lib board_model`.
#![cfg(all(test, loom))]

use crate::board::{Board, EpochSums, Outcome};
use crate::ids::{Epoch, ThreadId, Timestamp};
use crate::reason::Reason;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicU64, Ordering};
use loom::thread;

fn sums(added: u128, evicted: u128) -> EpochSums {
    EpochSums { added, evicted, add_count: 1, evict_count: 1 }
}

/// What a thread did before it published is seen by whoever reads the published clock.
#[test]
fn a_published_eviction_happened_before() {
    loom::model(|| {
        let board = Arc::new(Board::new(2, false));
        let applied = Arc::new(AtomicU64::new(0));
        let evictor = {
            let (board, applied) = (Arc::clone(&board), Arc::clone(&applied));
            thread::spawn(move || {
                applied.store(1, Ordering::Relaxed);
                board.publish(ThreadId(0), Timestamp::new(Epoch(0), 7));
            })
        };
        let published = board.published(ThreadId(0));
        if published >= Some(Timestamp::new(Epoch(0), 7)) {
            assert_eq!(applied.load(Ordering::Relaxed), 1);
        }
        evictor.join().unwrap();
    });
}

/// An operation that was answered in a later epoch is never missed by one that begins after it.
#[test]
fn the_floor_never_goes_back() {
    loom::model(|| {
        let board = Arc::new(Board::new(2, false));
        let other = {
            let board = Arc::clone(&board);
            thread::spawn(move || board.raise_floor(Epoch(2)) <= Epoch(2))
        };
        let admitted = board.raise_floor(Epoch(1)) <= Epoch(1);
        let after = board.floor();
        assert!(after >= Epoch(1), "raised by this thread or by the other");
        assert!(admitted || after == Epoch(2), "refused only because the floor stands above");
        assert!(other.join().unwrap());
        assert_eq!(board.floor(), Epoch(2));
        assert!(board.raise_floor(Epoch(1)) > Epoch(1), "too late for epoch 1");
    });
}

/// Whoever closes last certifies, on the sums that both threads have written.
#[test]
fn two_threads_that_close_together_certify_once() {
    loom::model(|| {
        let board = Arc::new(Board::new(2, false));
        let other = {
            let board = Arc::clone(&board);
            thread::spawn(move || board.close(ThreadId(1), Epoch(0), &sums(1 << 100, 2)))
        };
        board.close(ThreadId(0), Epoch(0), &sums(2, 1 << 100));
        other.join().unwrap();
        assert_eq!(board.outcome(Epoch(0)), Outcome::Certified);
        assert_eq!(board.certified(), Some(Epoch(0)));
    });
}

#[test]
fn two_threads_that_close_together_find_the_mismatch() {
    loom::model(|| {
        let board = Arc::new(Board::new(2, false));
        let other = {
            let board = Arc::clone(&board);
            thread::spawn(move || board.close(ThreadId(1), Epoch(0), &sums(1 << 64, 1)))
        };
        board.close(ThreadId(0), Epoch(0), &sums(1, 1));
        other.join().unwrap();
        assert_eq!(board.outcome(Epoch(0)), Outcome::Mismatch { first: Epoch(0) });
        assert_eq!(board.certified(), None);
    });
}

/// Whoever sees that a thread failed also sees where and why.
#[test]
fn a_failure_is_seen_whole() {
    loom::model(|| {
        let board = Arc::new(Board::new(1, false));
        let other = {
            let board = Arc::clone(&board);
            thread::spawn(move || board.poison(ThreadId(0), 42, Reason::HashMismatch))
        };
        match board.outcome(Epoch(0)) {
            Outcome::Pending { missing } => assert_eq!(missing, [ThreadId(0)]),
            Outcome::Poisoned { thread, position, reason } => {
                assert_eq!((thread, position), (ThreadId(0), 42));
                assert_eq!(reason, Reason::HashMismatch);
            }
            other => panic!("{other:?}"),
        }
        other.join().unwrap();
    });
}

/// Whoever sees an epoch certified also sees its receipts, and whole.
#[test]
fn receipts_are_seen_with_the_certification() {
    loom::model(|| {
        let board = Arc::new(Board::new(1, true));
        let other = {
            let board = Arc::clone(&board);
            thread::spawn(move || {
                board.put_receipts(ThreadId(0), Epoch(0), 7, &[3; 32]);
                board.close(ThreadId(0), Epoch(0), &sums(1, 1));
            })
        };
        if board.outcome(Epoch(0)) == Outcome::Certified {
            assert_eq!(board.receipts(Epoch(0)), [(7, [3; 32])]);
        }
        other.join().unwrap();
        assert_eq!(board.receipts(Epoch(0)), [(7, [3; 32])]);
    });
}
