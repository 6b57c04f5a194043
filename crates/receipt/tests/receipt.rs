//! Receipts and certifications: true ones verify, and nothing that differs in any byte does.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a panic is a failed test"
)]

use proptest::prelude::*;
use zeta_receipt::{
    Answered, Receipt, ReceiptError, decode_certification, decode_introduction,
    encode_certification, encode_introduction, path,
};
use zeta_session::{
    Asker, Certification, ClientKind, Frontier, Hash, Identity, LEAF_LEN, Leaf, PublicIdentity,
    Ruling, Scope, request_digest, result_digest, thread_hash,
};

const SCOPE: Scope = Scope { instance: [1; 16], incarnation: [2; 16], program: [3; 32] };
const SESSION: Asker =
    Asker::Session { kind: ClientKind::Client, client: [4; 32], session: 9, sequence: 1 << 32 };

fn identity() -> Identity {
    Identity::new(&[5; 32])
}

/// A receipt without its place.
fn bare(number: u8) -> Receipt {
    Receipt {
        scope: SCOPE,
        asker: SESSION,
        transition: 3,
        arguments: vec![number; 3],
        answer: Answered::Done(b"result".to_vec()),
        thread: 1,
        epoch: 6,
        counter: 300,
        index: u64::from(number),
        count: 0,
        path: vec![],
        threads: 3,
        receipts: 0,
        thread_path: vec![],
        signature: [0; 64],
    }
}

/// Puts a receipt among others of its thread, and its thread among others, and certifies.
fn placed(mut receipt: Receipt) -> Receipt {
    let index = receipt.index as usize;
    let mut leaves: Vec<Hash> = (0..5).map(|number| bare(number).leaf().hash()).collect();
    leaves[index] = receipt.leaf().hash();
    let root = |leaves: &[Hash]| {
        let mut frontier = Frontier::default();
        leaves.iter().for_each(|leaf| frontier.push(*leaf));
        (frontier.count(), frontier.root())
    };
    let (count, own) = root(&leaves);
    let (none, empty) = root(&[]);
    let threads =
        [thread_hash(0, none, &empty), thread_hash(1, count, &own), thread_hash(2, none, &empty)];
    receipt.count = count;
    receipt.receipts = count;
    receipt.path = path(&leaves, index);
    receipt.thread_path = path(&threads, 1);
    let sealed = (3, count, root(&threads).1);
    receipt.signature = Certification::sign(&identity(), SCOPE, 6, sealed).signature;
    receipt
}

fn verify(receipt: &Receipt) -> Result<(), ReceiptError> {
    receipt.verify(&identity().public(), &SCOPE)
}

#[test]
fn true_receipts_verify() {
    for index in 0..5 {
        for answer in [Answered::Done(vec![]), Answered::Failed(300), Answered::Refused(262)] {
            for asker in [SESSION, Asker::Embedded] {
                let receipt = placed(Receipt { asker, answer: answer.clone(), ..bare(index) });
                assert_eq!(verify(&receipt), Ok(()));
                assert_eq!(Receipt::decode(&receipt.encode()), Ok(receipt));
            }
        }
    }
}

/// One change each; the receipt stays well formed.
#[test]
fn false_receipts_do_not_verify() {
    let good = placed(bare(2));
    let gateway = match SESSION {
        Asker::Session { client, session, sequence, .. } => {
            Asker::Session { kind: ClientKind::Gateway, client, session, sequence }
        }
        Asker::Embedded => Asker::Embedded,
    };
    let mut other_path = good.path.clone();
    other_path[0][0] ^= 1;
    let mut other_thread_path = good.thread_path.clone();
    other_thread_path[0][0] ^= 1;
    let lies = [
        Receipt { asker: gateway, ..good.clone() },
        Receipt { asker: Asker::Embedded, ..good.clone() },
        Receipt { transition: 4, ..good.clone() },
        Receipt { arguments: vec![3; 3], ..good.clone() },
        Receipt { answer: Answered::Done(b"Result".to_vec()), ..good.clone() },
        Receipt { answer: Answered::Failed(0), ..good.clone() },
        Receipt { answer: Answered::Refused(0), ..good.clone() },
        Receipt { epoch: 7, ..good.clone() },
        Receipt { counter: 301, ..good.clone() },
        Receipt { index: 3, ..good.clone() },
        Receipt { thread: 0, ..good.clone() },
        Receipt { receipts: 6, ..good.clone() },
        Receipt { path: other_path, ..good.clone() },
        Receipt { thread_path: other_thread_path, ..good.clone() },
        Receipt { signature: [7; 64], ..good.clone() },
    ];
    for lie in &lies {
        assert_eq!(verify(lie), Err(ReceiptError::NotCertified), "{lie:?}");
    }
    let stranger = PublicIdentity([1; 32]);
    assert_eq!(good.verify(&stranger, &SCOPE), Err(ReceiptError::NotCertified));
    let misplaced = [
        Receipt { index: 5, ..good.clone() },
        Receipt { count: 6, ..good.clone() },
        Receipt { count: 0, ..good.clone() },
        Receipt { receipts: 4, ..good.clone() },
        Receipt { thread: 3, ..good.clone() },
        Receipt { threads: 0, ..good.clone() },
        Receipt { path: good.path[1..].to_vec(), ..good.clone() },
        Receipt { path: [&good.path[..], &[[0; 32]]].concat(), ..good.clone() },
        Receipt { thread_path: vec![], ..good.clone() },
    ];
    for lie in &misplaced {
        assert_eq!(verify(lie), Err(ReceiptError::WrongPath), "{lie:?}");
    }
}

/// A tree of fewer leaves than all threads have is certified; one that says it has more is not.
#[test]
fn a_thread_has_no_more_receipts_than_all() {
    let mut receipt = bare(0);
    (receipt.threads, receipt.thread, receipt.count) = (1, 0, 1);
    let sealed = (1, 0, thread_hash(0, 1, &receipt.leaf().hash()));
    receipt.signature = Certification::sign(&identity(), SCOPE, 6, sealed).signature;
    assert_eq!(verify(&receipt), Err(ReceiptError::WrongPath));
}

#[test]
fn another_scope_is_not_what_was_expected() {
    let good = placed(bare(2));
    for scope in [
        Scope { instance: [9; 16], ..SCOPE },
        Scope { incarnation: [9; 16], ..SCOPE },
        Scope { program: [9; 32], ..SCOPE },
    ] {
        let identity = identity().public();
        assert_eq!(good.verify(&identity, &scope), Err(ReceiptError::WrongScope));
        let renamed = Receipt { scope, ..good.clone() };
        assert_eq!(renamed.verify(&identity, &scope), Err(ReceiptError::NotCertified));
    }
}

#[test]
fn malformed_receipts_do_not_decode() {
    let good = placed(bare(2)).encode();
    for len in 0..good.len() {
        assert_eq!(Receipt::decode(&good[..len]), Err(ReceiptError::Truncated), "{len}");
    }
    let longer = [&good[..], &[0]].concat();
    assert_eq!(Receipt::decode(&longer), Err(ReceiptError::TrailingBytes));
    let at = |key: u8, bytes: &[u8]| {
        // The pair `key` was, in `good`, `key, old`: find it behind the scope's three hashes.
        let place = good.windows(2).skip(72).position(|pair| pair == [key, bytes[0]]);
        72 + place.unwrap()
    };
    let with = |key: u8, old: &[u8], new: &[u8]| {
        let place = at(key, old) + 1;
        let bytes = [&good[..place], new, &good[place + old.len()..]].concat();
        Receipt::decode(&bytes)
    };
    assert!(with(9, &[3], &[3]).is_ok());
    assert_eq!(with(9, &[3], &[0x18, 3]), Err(ReceiptError::NotShortest));
    assert_eq!(with(9, &[3], &[0x19, 0, 3]), Err(ReceiptError::NotShortest));
    assert_eq!(with(9, &[3], &[0x1a, 0, 0, 0, 3]), Err(ReceiptError::NotShortest));
    assert_eq!(with(9, &[3], &[0x1b, 0, 0, 0, 0, 0, 0, 0, 3]), Err(ReceiptError::NotShortest));
    assert_eq!(with(9, &[3], &[0x1c]), Err(ReceiptError::NotShortest));
    assert_eq!(with(9, &[3], &[0x1f]), Err(ReceiptError::NotShortest));
    assert_eq!(with(9, &[3], &[0x1a, 0, 1, 0, 0]), Err(ReceiptError::OutOfRange));
    assert_eq!(with(9, &[3], &[0x40]), Err(ReceiptError::WrongType));
    assert_eq!(with(5, &[1], &[3]), Err(ReceiptError::UnknownAuthentication));
    assert_eq!(with(5, &[1], &[0]), Err(ReceiptError::WrongAsker));
    assert_eq!(with(7, &[9], &[0]), Err(ReceiptError::WrongAsker));
    assert_eq!(with(11, &[0], &[3]), Err(ReceiptError::UnknownAnswer));
    assert_eq!(with(11, &[0], &[1]), Err(ReceiptError::WrongAnswer));
    assert_eq!(with(12, &[0], &[1]), Err(ReceiptError::WrongAnswer));
    let byte = |place: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[place] = byte;
        Receipt::decode(&bytes)
    };
    assert_eq!(byte(0, 0xb6), Err(ReceiptError::WrongKeys));
    assert_eq!(byte(0, 0x97), Err(ReceiptError::WrongType));
    assert_eq!(byte(1, 2), Err(ReceiptError::WrongKeys));
    assert_eq!(byte(2, 2), Err(ReceiptError::UnknownVersion));
    assert_eq!(byte(4, 0x4f), Err(ReceiptError::WrongLength));
    // A session without a client key.
    let nobody =
        Asker::Session { kind: ClientKind::Client, client: [0; 32], session: 9, sequence: 1 };
    let nobody = Receipt { asker: nobody, ..placed(bare(2)) };
    assert_eq!(Receipt::decode(&nobody.encode()), Err(ReceiptError::WrongAsker));
}

#[test]
fn a_certification_is_the_identitys() {
    let good = Certification::sign(&identity(), SCOPE, 6, (3, 5, [8; 32]));
    let public = identity().public();
    assert!(good.is_signed_by(&public));
    assert_eq!(good, Certification::sign(&identity(), SCOPE, 6, (3, 5, [8; 32])), "deterministic");
    assert_eq!(decode_certification(&encode_certification(&good)), Ok(good));
    let lies = [
        Certification { scope: Scope { program: [9; 32], ..SCOPE }, ..good },
        Certification { epoch: 7, ..good },
        Certification { threads: 4, ..good },
        Certification { receipts: 6, ..good },
        Certification { root: [9; 32], ..good },
        Certification { signature: [9; 64], ..good },
    ];
    assert!(lies.iter().all(|lie| !lie.is_signed_by(&public)));
    let bytes = encode_certification(&good);
    let byte = |place: usize, byte: u8| {
        let mut bytes = bytes.clone();
        bytes[place] = byte;
        decode_certification(&bytes)
    };
    assert_eq!(byte(2, 2), Err(ReceiptError::UnknownVersion));
    let origin = 3 + 18 + 18 + 35 + 1;
    assert_eq!(bytes[origin - 1], 5);
    assert_eq!(byte(origin, 1), Err(ReceiptError::UnknownOrigin));
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(decode_certification(&longer), Err(ReceiptError::TrailingBytes));
    assert!((0..bytes.len()).all(|len| decode_certification(&bytes[..len]).is_err()));
}

#[test]
fn an_introduction_has_one_encoding() {
    let good = identity().introduce(SCOPE, [7; 32]);
    let bytes = encode_introduction(&good);
    assert_eq!(decode_introduction(&bytes), Ok(good));
    assert!((0..bytes.len()).all(|len| decode_introduction(&bytes[..len]).is_err()));
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(decode_introduction(&longer), Err(ReceiptError::TrailingBytes));
    let mut version = bytes;
    version[2] = 2;
    assert_eq!(decode_introduction(&version), Err(ReceiptError::UnknownVersion));
}

/// `S` plus the group's order would be a second signature of the same message.
#[test]
fn a_signature_has_one_form() {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut twin = Certification::sign(&identity(), SCOPE, 6, (3, 5, [8; 32]));
    let mut carry = 0;
    for (byte, add) in twin.signature[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    assert!(!twin.is_signed_by(&identity().public()));
}

#[test]
fn a_leaf_is_the_documented_bytes() {
    let leaf = Leaf {
        scope: SCOPE,
        asker: SESSION,
        request: request_digest(3, b"abc"),
        ruling: Ruling::Refused(262),
        thread: 1,
        epoch: 2,
        counter: 3,
    };
    let bytes = leaf.encode();
    assert_eq!(bytes.len(), LEAF_LEN);
    assert_eq!(bytes[..2], [1, 1]);
    assert_eq!(bytes[65], 1, "authentication");
    assert_eq!(bytes[66..98], [4; 32]);
    assert_eq!(bytes[98..110], [9, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
    assert_eq!(bytes[110..142], request_digest(3, b"abc"));
    assert_eq!(bytes[142..145], [2, 6, 1]);
    assert_eq!(bytes[145..177], result_digest(b""));
    assert_eq!(bytes[177..], [1, 0, 2, 0, 0, 0, 3, 0, 0, 0]);
}

proptest! {
    #[test]
    fn whatever_decodes_is_the_only_encoding(
        places in prop::collection::vec((0..600_usize, any::<u8>()), 1..4),
    ) {
        let mut bytes = placed(bare(2)).encode();
        for (place, byte) in places {
            let place = place % bytes.len();
            bytes[place] = byte;
        }
        if let Ok(receipt) = Receipt::decode(&bytes) {
            prop_assert_eq!(receipt.encode(), bytes.clone());
            prop_assert!(verify(&receipt).is_err() || receipt == placed(bare(2)));
        }
        let _ = decode_certification(&bytes);
    }
}
