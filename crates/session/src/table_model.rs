//! The sessions' shared memory under a model checker that tries every order of the threads' steps:
//! `RUSTFLAGS="--cfg loom" cargo test -p zeta-session --release --lib table_model`.
#![cfg(all(test, loom))]

use crate::mac::SessionKeys;
use crate::table::{Found, Session, SessionTable, Terms};
use crate::window::Number;
use loom::sync::Arc;
use loom::thread;

fn keys(byte: u8) -> SessionKeys {
    SessionKeys::from_halves([byte; 32], [byte; 32])
}

/// A table with one place and one open session, whose keys are made of one byte.
fn opened(strict_order: bool) -> (Arc<SessionTable>, u32) {
    let table = Arc::new(SessionTable::new(1, 1));
    let id = open(&table, 1, 0, strict_order);
    (table, id)
}

fn open(table: &SessionTable, byte: u8, epoch: u32, strict_order: bool) -> u32 {
    let vacancy = table.vacancy(0, epoch).unwrap();
    assert!(table.open(vacancy, &Terms { client: 0, strict_order, last_epoch: 0 }, &keys(byte)));
    vacancy.id
}

/// The part of the keys that the model keeps.
fn kept(session: &Session) -> [u8; 16] {
    *session.keys.halves()[0].first_chunk().unwrap()
}

fn found(table: &SessionTable, id: u32) -> Option<Session> {
    match table.find(id) {
        Found::Open(session) => Some(session),
        Found::Revoked | Found::Unknown => None,
    }
}

/// Two threads that serve one request at once: one of them runs it.
#[test]
fn a_number_is_claimed_once() {
    loom::model(|| {
        let (table, id) = opened(false);
        let claim = move |table: &SessionTable| {
            let session = found(table, id).unwrap();
            let claimed = table.claim(&session, 1).is_ok();
            if claimed {
                table.settle(&session, 1, &[7; 32]);
            }
            claimed
        };
        let other = {
            let table = Arc::clone(&table);
            thread::spawn(move || claim(&table))
        };
        let here = claim(&table);
        assert!(here ^ other.join().unwrap());
        let session = found(&table, id).unwrap();
        assert_eq!(table.stand(&session, 1), Number::Used);
        assert_eq!(table.settled(&session, 1), Some([7; 32]));
    });
}

/// Numbers far apart push the window on; neither is claimed twice, and none comes back.
#[test]
fn a_window_only_moves_upward() {
    loom::model(|| {
        let (table, id) = opened(false);
        let other = {
            let table = Arc::clone(&table);
            thread::spawn(move || table.claim(&found(&table, id).unwrap(), 100).is_ok())
        };
        let session = found(&table, id).unwrap();
        let here = table.claim(&session, 1).is_ok();
        assert!(other.join().unwrap());
        assert_eq!(table.stand(&session, 100), Number::Used);
        assert_eq!(table.claim(&session, 1), Err(Number::Below), "claimed before: {here}");
    });
}

/// Nothing of a session is claimed once its end was told.
#[test]
fn an_ended_session_claims_nothing() {
    loom::model(|| {
        let (table, id) = opened(false);
        let session = found(&table, id).unwrap();
        let other = {
            let table = Arc::clone(&table);
            thread::spawn(move || {
                assert!(table.end(id));
                table.stand(&session, 1)
            })
        };
        let session = found(&table, id);
        let here = session.map(|session| table.claim(&session, 1).is_ok());
        let stand = other.join().unwrap();
        assert_eq!(stand, Number::Below, "claimed before: {here:?}");
        assert!(found(&table, id).is_none());
    });
}

/// Whoever finds a session open has its keys, not those of the one that follows, nor zeros.
#[test]
fn keys_are_read_whole() {
    loom::model(|| {
        let (table, id) = opened(false);
        let other = {
            let table = Arc::clone(&table);
            thread::spawn(move || {
                let next = open(&table, 2, 1, false);
                assert_ne!(next, id);
            })
        };
        if let Some(session) = found(&table, id) {
            assert_eq!(kept(&session), [1; 16]);
            let late = table.claim(&session, 1);
            assert!(late.is_ok() || late == Err(Number::Below));
        }
        other.join().unwrap();
        assert!(found(&table, id).is_none());
    });
}

/// Who wipes the keys of an expired session never wipes those of the one that follows.
#[test]
fn the_keys_that_follow_are_not_wiped() {
    loom::model(|| {
        let (table, id) = opened(false);
        let other = {
            let table = Arc::clone(&table);
            thread::spawn(move || table.end(id))
        };
        let next = table.vacancy(0, 1).map(|vacancy| {
            let terms = Terms { client: 0, strict_order: false, last_epoch: 9 };
            (table.open(vacancy, &terms, &keys(2)), vacancy.id)
        });
        other.join().unwrap();
        if let Some((true, next)) = next {
            assert_eq!(kept(&found(&table, next).unwrap()), [2; 16]);
        }
        assert!(found(&table, id).is_none());
    });
}

/// Of two answered numbers that share an entry, what is found belongs to the number asked for.
#[test]
fn a_settled_number_is_read_whole() {
    loom::model(|| {
        let (table, id) = opened(false);
        let settle = move |table: &SessionTable, sequence: u64, byte: u8| {
            let session = found(table, id).unwrap();
            table.settle(&session, sequence, &[byte; 32]);
        };
        settle(&table, 1, 1);
        let other = {
            let table = Arc::clone(&table);
            thread::spawn(move || settle(&table, 2, 2))
        };
        let session = found(&table, id).unwrap();
        let first = table.settled(&session, 1);
        assert!(first.is_none() || first == Some([1; 32]));
        other.join().unwrap();
        assert_eq!(table.settled(&session, 2), Some([2; 32]));
        assert_eq!(table.settled(&session, 1), None);
    });
}

/// In strict order the second number follows what the first one did.
#[test]
fn strict_order_holds_over_threads() {
    loom::model(|| {
        let (table, id) = opened(true);
        let other = {
            let table = Arc::clone(&table);
            thread::spawn(move || {
                let session = found(&table, id).unwrap();
                table.claim(&session, 1).unwrap();
                table.settle(&session, 1, &[1; 32]);
            })
        };
        let session = found(&table, id).unwrap();
        if table.is_in_order(&session, 2) {
            assert_eq!(table.settled(&session, 1), Some([1; 32]));
        }
        other.join().unwrap();
        assert!(table.is_in_order(&session, 2));
        assert!(!table.is_in_order(&session, 3));
    });
}
