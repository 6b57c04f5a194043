//! The table of sessions: numbers at most once, ids never again, places for new ones.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is a failed test"
)]

use proptest::prelude::*;
use std::collections::BTreeSet;
use zeroize::Zeroizing;
use zeta_session::{
    Ask, Entropy, Found, Initiator, Number, Responder, SEQUENCE_MAX, Scope, Session, SessionKeys,
    SessionTable, Terms, Welcome,
};

const SCOPE: Scope = Scope { instance: [1; 16], incarnation: [2; 16], program: [3; 32] };
const TERMS: Terms = Terms { client: 3, strict_order: false, last_epoch: 5 };

fn keys(seed: u8) -> SessionKeys {
    let responder = Responder::new(Zeroizing::new([5; 32]), SCOPE);
    let mut entropy = Entropy::new([seed; 32]);
    let (verifier, ask) = (responder.public_key(), Ask::default());
    let start = Initiator::start(&SCOPE, &verifier, &[4; 32], ask, &mut entropy).unwrap();
    let incoming = responder.read(&start.1, &mut entropy).unwrap();
    incoming.accept(&Welcome { session: 1, last_epoch: 1 }).unwrap().1
}

fn open(table: &SessionTable, thread: u16, epoch: u32, terms: &Terms) -> Option<u32> {
    let vacancy = table.vacancy(thread, epoch)?;
    assert!(table.open(vacancy, terms, &keys(7)));
    Some(vacancy.id)
}

fn found(table: &SessionTable, id: u32) -> Session {
    match table.find(id) {
        Found::Open(session) => session,
        Found::Revoked => panic!("revoked"),
        Found::Unknown => panic!("unknown"),
    }
}

fn is_unknown(table: &SessionTable, id: u32) -> bool {
    matches!(table.find(id), Found::Unknown)
}

#[test]
fn a_session_is_found_with_its_terms_and_keys() {
    let table = SessionTable::new(2, 2);
    let terms = [TERMS, Terms { client: u16::MAX, strict_order: true, last_epoch: u32::MAX }];
    let ids = terms.map(|terms| open(&table, 1, 0, &terms).unwrap());
    for (id, terms) in ids.iter().zip(terms) {
        let session = found(&table, *id);
        assert_eq!((session.id, session.terms), (*id, terms));
        assert_eq!(session.keys.reply(&[1; 32]), keys(7).reply(&[1; 32]));
        assert_eq!(session.keys.question(1, 1), keys(7).question(1, 1));
    }
    assert!((0..100).filter(|id| !ids.contains(id)).all(|id| is_unknown(&table, id)));
}

#[test]
fn a_full_thread_has_no_room_until_a_session_ends() {
    let table = SessionTable::new(2, 2);
    let first = open(&table, 0, 0, &TERMS).unwrap();
    let second = open(&table, 0, 0, &TERMS).unwrap();
    assert!(table.vacancy(0, TERMS.last_epoch).is_none());
    assert!(table.vacancy(1, 0).is_some(), "another thread's places");
    assert!(table.vacancy(0, TERMS.last_epoch + 1).is_some(), "the first is past its last epoch");
    assert!(table.end(second));
    assert!(!table.end(second), "once");
    let third = open(&table, 0, 0, &TERMS).unwrap();
    assert!(third != first && third != second);
    assert!(is_unknown(&table, second));
    assert!(table.vacancy(0, 0).is_none());
}

#[test]
fn a_table_of_none_has_room_for_none() {
    for table in [SessionTable::new(0, 5), SessionTable::new(5, 0)] {
        assert!(table.vacancy(0, u32::MAX).is_none());
        assert!(is_unknown(&table, 0) && is_unknown(&table, 1));
        assert!(!table.end(1));
    }
}

#[test]
fn a_revoked_session_is_told_until_its_place_is_taken() {
    let table = SessionTable::new(1, 1);
    let id = open(&table, 0, 0, &TERMS).unwrap();
    let session = found(&table, id);
    assert_eq!(table.claim(&session, 1), Ok(()));
    assert!(table.end(id));
    assert!(matches!(table.find(id), Found::Revoked));
    for sequence in [1, 2, 5000, SEQUENCE_MAX] {
        assert_eq!(table.claim(&session, sequence), Err(Number::Below));
    }
    let next = open(&table, 0, 0, &TERMS).unwrap();
    assert!(is_unknown(&table, id));
    for sequence in [1, 2, 5000, SEQUENCE_MAX] {
        assert_eq!(table.claim(&session, sequence), Err(Number::Below), "of the old session");
        assert_eq!(table.claim(&found(&table, next), sequence), Ok(()), "of the new one");
    }
}

#[test]
fn an_expired_session_makes_room_and_ends() {
    let table = SessionTable::new(1, 1);
    let id = open(&table, 0, 0, &TERMS).unwrap();
    let session = found(&table, id);
    let next = open(&table, 0, 6, &TERMS).unwrap();
    assert_ne!(next, id);
    assert_eq!(table.claim(&session, 1), Err(Number::Below));
    assert_eq!(table.settled(&session, 1), None);
}

#[test]
fn ids_never_come_again() {
    let table = SessionTable::new(1, 3);
    let mut ids = BTreeSet::new();
    for _ in 0..300 {
        let id = open(&table, 0, 0, &TERMS).unwrap();
        assert!(ids.insert(id));
        assert!(table.end(id));
    }
}

#[test]
fn answers_are_remembered_for_a_while() {
    let table = SessionTable::new(1, 1);
    let id = open(&table, 0, 0, &TERMS).unwrap();
    let session = found(&table, id);
    for sequence in 1..=100_u8 {
        assert_eq!(table.claim(&session, u64::from(sequence)), Ok(()));
        table.settle(&session, u64::from(sequence), &[sequence; 32]);
    }
    for sequence in 37..=100_u8 {
        assert_eq!(table.settled(&session, u64::from(sequence)), Some([sequence; 32]));
    }
    assert_eq!(table.settled(&session, 36), None);
    table.settle(&session, 36, &[1; 32]);
    assert_eq!(table.settled(&session, 100), Some([100; 32]), "a late one takes no later's place");
    assert_eq!(table.settled(&session, 36), None);
}

#[test]
fn strict_order_waits_for_the_number_before() {
    let table = SessionTable::new(1, 2);
    let loose = found(&table, open(&table, 0, 0, &TERMS).unwrap());
    let id = open(&table, 0, 0, &Terms { strict_order: true, ..TERMS }).unwrap();
    let strict = found(&table, id);
    assert!(table.is_in_order(&loose, 7));
    assert!(table.is_in_order(&strict, 1) && !table.is_in_order(&strict, 2));
    table.claim(&strict, 1).unwrap();
    assert!(!table.is_in_order(&strict, 2), "claimed is not settled");
    table.settle(&strict, 1, &[1; 32]);
    assert!(table.is_in_order(&strict, 2) && !table.is_in_order(&strict, 3));
    assert!(table.end(id));
    let next = open(&table, 0, 0, &Terms { strict_order: true, ..TERMS }).unwrap();
    assert!(
        !table.is_in_order(&found(&table, next), 2),
        "another session's order is not this one's"
    );
}

proptest! {
    /// Against a set of numbers: at most once, and at least the last 1,008 are never forgotten.
    #[test]
    fn a_window_agrees_with_a_set(
        steps in prop::collection::vec((0..4_u8, 0..3000_u64), 1..200),
    ) {
        let table = SessionTable::new(1, 1);
        let session = found(&table, open(&table, 0, 0, &TERMS).unwrap());
        let (mut used, mut top) = (BTreeSet::new(), 0_u64);
        for (kind, step) in steps {
            let sequence = match kind {
                0 => top + 1,
                1 => top.saturating_sub(step % 1100),
                2 => top + step,
                _ => step,
            }
            .max(1);
            let stand = table.stand(&session, sequence);
            let claimed = table.claim(&session, sequence);
            prop_assert_eq!(claimed.err().unwrap_or(Number::Free), stand);
            match stand {
                Number::Free => prop_assert!(used.insert(sequence)),
                Number::Used => prop_assert!(used.contains(&sequence)),
                Number::Below => prop_assert!(sequence + 1008 <= top),
            }
            top = top.max(*used.last().unwrap_or(&0));
        }
    }
}
