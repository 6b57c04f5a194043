//! The access list: one encoding, every malformed one refused, and rights that mean what they say.

use proptest::prelude::*;
use zeta_program::{RelationId, TransitionId};
use zeta_session::{Access, AccessError, AccessList, Client, ClientKind, EMBEDDED_ONLY, Grant};

const READ: Access = Access { read: true, write: false };
const WRITE: Access = Access { read: false, write: true };

fn grant(relation: u16, access: Access, prefix: &[u8]) -> Grant {
    Grant { relation: RelationId(relation), access, prefix: prefix.to_vec() }
}

fn client(key: u8, transitions: &[u16], grants: Vec<Grant>) -> Client {
    Client {
        key: [key; 32],
        kind: ClientKind::Client,
        lifetime: 7,
        transitions: transitions.iter().copied().map(TransitionId).collect(),
        grants,
    }
}

fn list(clients: Vec<Client>) -> AccessList {
    AccessList { embedded: true, embedded_receipts: false, clients }
}

fn refused(list: &AccessList, error: AccessError) {
    assert_eq!(AccessList::decode(&list.encode()), Err(error), "{list:?}");
}

#[test]
fn embedded_only_is_what_its_name_says() {
    assert_eq!(AccessList::decode(EMBEDDED_ONLY), Ok(list(vec![])));
    assert_eq!(list(vec![]).encode(), EMBEDDED_ONLY);
}

#[test]
fn malformed_bytes_are_refused() {
    let good = list(vec![client(1, &[0, 2], vec![grant(0, READ, b"ab")])]).encode();
    for len in 0..good.len() {
        assert_eq!(AccessList::decode(&good[..len]), Err(AccessError::Truncated), "{len}");
    }
    let with = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        AccessList::decode(&bytes)
    };
    assert!(AccessList::decode(&good).is_ok());
    assert_eq!(with(0, b'Z'), Err(AccessError::BadMagic));
    assert_eq!(with(15, 4), Err(AccessError::UnknownFlag));
    assert_eq!(with(15, 2), Err(AccessError::ReceiptsOfNothing));
    assert_eq!(with(50, 0), Err(AccessError::UnknownKind));
    assert_eq!(with(50, 3), Err(AccessError::UnknownKind));
    assert_eq!(with(65, 0), Err(AccessError::UnknownAccess));
    assert_eq!(with(65, 4), Err(AccessError::UnknownAccess));
    assert_eq!(with(67, 0x10), Err(AccessError::PrefixTooLong));
    let longer = [&good[..], &[0]].concat();
    assert_eq!(AccessList::decode(&longer), Err(AccessError::TrailingBytes));
    refused(&list(vec![client(0, &[], vec![])]), AccessError::ZeroKey);
}

#[test]
fn what_is_not_ascending_is_refused() {
    let error = AccessError::NotAscending;
    for keys in [[2, 1], [1, 1]] {
        refused(&list(keys.map(|key| client(key, &[], vec![])).to_vec()), error);
    }
    for transitions in [[1, 0], [1, 1]] {
        refused(&list(vec![client(1, &transitions, vec![])]), error);
    }
    let grants = |one: Grant, next: Grant| list(vec![client(1, &[], vec![one, next])]);
    refused(&grants(grant(1, READ, b""), grant(0, READ, b"")), error);
    refused(&grants(grant(0, READ, b"b"), grant(0, READ, b"a")), error);
    refused(&grants(grant(0, READ, b"a"), grant(0, WRITE, b"a")), error);
    let good = grants(grant(0, READ, b"b"), grant(1, READ, b"a"));
    assert_eq!(AccessList::decode(&good.encode()), Ok(good));
}

#[test]
fn only_what_the_program_has_can_be_named() {
    let list = list(vec![client(1, &[0, 2], vec![grant(1, READ, b"")])]);
    assert_eq!(list.check(3, 2), Ok(()));
    assert_eq!(list.check(2, 2), Err(AccessError::UnknownTransition));
    assert_eq!(list.check(3, 1), Err(AccessError::UnknownRelation));
}

#[test]
fn rights_are_the_sum_of_the_grants_that_match() {
    let both = Access { read: true, write: true };
    let grants = vec![grant(0, READ, b"user/"), grant(0, WRITE, b"user/me"), grant(2, both, b"")];
    let client = client(1, &[1, 3], grants);
    let none = Access { read: false, write: false };
    for (relation, key, expected) in [
        (0, &b"user/"[..], READ),
        (0, b"user/you", READ),
        (0, b"user/me", both),
        (0, b"user/me/too", both),
        (0, b"user", none),
        (0, b"", none),
        (1, b"user/me", none),
        (2, b"", both),
    ] {
        assert_eq!(client.access(RelationId(relation), key), expected, "{relation} {key:?}");
    }
    let calls: Vec<_> = (0..5).filter(|id| client.may_call(TransitionId(*id))).collect();
    assert_eq!(calls, [1, 3]);
}

#[test]
fn clients_are_found_by_their_keys() {
    let list = list(vec![client(1, &[], vec![]), client(5, &[], vec![])]);
    assert_eq!((list.find(&[1; 32]), list.find(&[5; 32])), (Some(0), Some(1)));
    assert_eq!((list.find(&[2; 32]), list.find(&[0; 32])), (None, None));
    assert_eq!(list.client(1).unwrap().key, [5; 32]);
    assert!(list.client(2).is_none());
}

proptest! {
    #[test]
    fn what_decodes_has_one_encoding(mut bytes in prop::collection::vec(any::<u8>(), 0..99)) {
        let mut whole = EMBEDDED_ONLY[..15].to_vec();
        whole.append(&mut bytes);
        if let Ok(list) = AccessList::decode(&whole) {
            prop_assert_eq!(list.encode(), whole);
        }
    }
}
