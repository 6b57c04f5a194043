//! The handshake: both sides agree on keys that nobody else has, and on nothing with strangers.
#![expect(clippy::unwrap_used, reason = "a panic is a failed test")]

use proptest::prelude::*;
use snow::params::{CipherChoice, DHChoice, HashChoice};
use snow::resolvers::{CryptoResolver, DefaultResolver};
use snow::types::{Cipher, Dh, Hash, Random};
use zeroize::Zeroizing;
use zeta_session::{
    Ask, Entropy, HandshakeError, Identity, Initiator, Introduction, MESSAGE_1_LEN, MESSAGE_2_LEN,
    Mac, Responder, Scope, SessionKeys, Status, Welcome, public_key,
};

const SCOPE: Scope = Scope { instance: [1; 16], incarnation: [2; 16], program: [3; 32] };
const CLIENT: [u8; 32] = [4; 32];
const WELCOME: Welcome = Welcome { session: 77, last_epoch: 1000 };

fn responder(scope: Scope) -> Responder {
    Responder::new(Zeroizing::new([5; 32]), scope)
}

fn start(scope: &Scope, seed: u8, ask: Ask) -> (Initiator, Vec<u8>) {
    let verifier = responder(SCOPE).public_key();
    Initiator::start(scope, &verifier, &CLIENT, ask, &mut Entropy::new([seed; 32])).unwrap()
}

/// What both sides derive, shown by the MACs that they make.
fn macs(keys: &SessionKeys) -> [Mac; 4] {
    let status = keys.status(1, 2, 3, &Status::Unknown);
    [keys.request(1, 2, &[3; 32]), keys.question(1, 2), keys.reply(&[4; 32]), status]
}

fn agree(client_seed: u8, verifier_seed: u8) -> [Mac; 4] {
    let (initiator, message) = start(&SCOPE, client_seed, Ask::default());
    let mut entropy = Entropy::new([verifier_seed; 32]);
    let incoming = responder(SCOPE).read(&message, &mut entropy).unwrap();
    let (answer, keys) = incoming.accept(&WELCOME).unwrap();
    let (welcome, same) = initiator.finish(&answer).unwrap();
    assert_eq!(welcome, WELCOME);
    assert_eq!(macs(&keys), macs(&same));
    macs(&keys)
}

#[test]
fn both_sides_draw_fresh_keys() {
    let keys = [agree(1, 2), agree(1, 3), agree(4, 2)];
    assert!(keys[0] != keys[1] && keys[0] != keys[2] && keys[1] != keys[2]);
}

#[test]
fn the_verifier_learns_who_asks_for_what() {
    for ask in [
        Ask::default(),
        Ask { strict_order: true, replaces: 0 },
        Ask { strict_order: false, replaces: u32::MAX },
    ] {
        let (_, message) = start(&SCOPE, 1, ask);
        assert_eq!(message.len(), MESSAGE_1_LEN);
        let incoming = responder(SCOPE).read(&message, &mut Entropy::new([2; 32])).unwrap();
        assert_eq!((incoming.client, incoming.ask), (public_key(&CLIENT), ask));
        assert_eq!(incoming.accept(&WELCOME).unwrap().0.len(), MESSAGE_2_LEN);
    }
}

/// The host repeats a client's first message: it gets a session, but not the client's keys.
#[test]
fn a_repeated_message_gives_other_keys() {
    let (initiator, message) = start(&SCOPE, 1, Ask::default());
    let mut entropy = Entropy::new([2; 32]);
    let mut answer = || responder(SCOPE).read(&message, &mut entropy).unwrap().accept(&WELCOME);
    let (first, keys) = answer().unwrap();
    let (_, other_keys) = answer().unwrap();
    assert_ne!(macs(&keys), macs(&other_keys));
    assert_eq!(macs(&initiator.finish(&first).unwrap().1), macs(&keys));
}

#[test]
fn another_instance_incarnation_or_key_does_not_answer() {
    let mut entropy = Entropy::new([2; 32]);
    let (_, message) = start(&SCOPE, 1, Ask::default());
    for other in [Scope { instance: [9; 16], ..SCOPE }, Scope { incarnation: [9; 16], ..SCOPE }] {
        assert!(responder(other).read(&message, &mut entropy).is_err());
    }
    let stranger = Responder::new(Zeroizing::new([6; 32]), SCOPE);
    assert!(stranger.read(&message, &mut entropy).is_err());
    assert!(responder(SCOPE).read(&message, &mut entropy).is_ok());
}

#[test]
fn changed_or_cut_messages_are_refused() {
    let mut entropy = Entropy::new([2; 32]);
    let (_, message) = start(&SCOPE, 1, Ask::default());
    for at in 0..message.len() {
        let mut changed = message.clone();
        changed[at] ^= 1;
        assert!(responder(SCOPE).read(&changed, &mut entropy).is_err(), "byte {at}");
        assert!(responder(SCOPE).read(&message[..at], &mut entropy).is_err(), "cut at {at}");
    }
    let longer = [&message[..], &[0]].concat();
    assert!(responder(SCOPE).read(&longer, &mut entropy).is_err());
    let (answer, _) =
        responder(SCOPE).read(&message, &mut entropy).unwrap().accept(&WELCOME).unwrap();
    for at in 0..answer.len() {
        let mut changed = answer.clone();
        changed[at] ^= 1;
        let (initiator, _) = start(&SCOPE, 1, Ask::default());
        assert!(initiator.finish(&changed).is_err(), "byte {at}");
        let (initiator, _) = start(&SCOPE, 1, Ask::default());
        assert!(initiator.finish(&answer[..at]).is_err(), "cut at {at}");
    }
}

/// The library's functions, and a generator that it draws from.
struct Seeded;

impl CryptoResolver for Seeded {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        Some(Box::new(Entropy::new([8; 32])))
    }

    fn resolve_dh(&self, choice: &DHChoice) -> Option<Box<dyn Dh>> {
        DefaultResolver.resolve_dh(choice)
    }

    fn resolve_hash(&self, choice: &HashChoice) -> Option<Box<dyn Hash>> {
        DefaultResolver.resolve_hash(choice)
    }

    fn resolve_cipher(&self, choice: &CipherChoice) -> Option<Box<dyn Cipher>> {
        DefaultResolver.resolve_cipher(choice)
    }
}

/// Payloads that the pattern would carry but this protocol does not know.
#[test]
fn other_payloads_are_refused() {
    let prologue = [&b"zeta session v1\0"[..], &SCOPE.instance, &SCOPE.incarnation].concat();
    let verifier = responder(SCOPE).public_key();
    let builder = || {
        let pattern = "Noise_IK_25519_ChaChaPoly_SHA256".parse().unwrap();
        snow::Builder::with_resolver(pattern, Box::new(Seeded)).prologue(&prologue).unwrap()
    };
    let read = |payload: &[u8]| {
        let mut state = builder()
            .local_private_key(&CLIENT)
            .unwrap()
            .remote_public_key(&verifier)
            .unwrap()
            .build_initiator()
            .unwrap();
        let mut message = [0; 200];
        let len = state.write_message(payload, &mut message).unwrap();
        let read = responder(SCOPE).read(&message[..len], &mut Entropy::new([2; 32]));
        (read.map(|incoming| incoming.ask), state)
    };
    assert_eq!(read(&[1, 5, 0, 0, 0]).0, Ok(Ask { strict_order: true, replaces: 5 }));
    for payload in [&[0; 4][..], &[0; 6], &[], &[2, 0, 0, 0, 0], &[3, 0, 0, 0, 0]] {
        assert_eq!(read(payload).0, Err(HandshakeError), "{payload:?}");
    }
    // A verifier that speaks another version would answer with another payload.
    for len in [0, 7, 9] {
        let (initiator, message) = start(&SCOPE, 1, Ask::default());
        let mut state = builder().local_private_key(&[5; 32]).unwrap().build_responder().unwrap();
        let mut room = [0; 200];
        state.read_message(&message, &mut room).unwrap();
        let written = state.write_message(&[0; 9][..len], &mut room).unwrap();
        assert!(initiator.finish(&room[..written]).is_err());
    }
}

#[test]
fn macs_differ_in_every_field() {
    let (_, message) = start(&SCOPE, 1, Ask::default());
    let incoming = responder(SCOPE).read(&message, &mut Entropy::new([2; 32])).unwrap();
    let keys = incoming.accept(&WELCOME).unwrap().1;
    let all = [
        keys.request(1, 2, &[3; 32]),
        keys.request(2, 2, &[3; 32]),
        keys.request(1, 3, &[3; 32]),
        keys.request(1, 2, &[4; 32]),
        keys.question(1, 2),
        keys.question(2, 2),
        keys.question(1, 3),
        keys.reply(&[3; 32]),
        keys.reply(&[4; 32]),
        keys.status(1, 2, 258, &Status::Unknown),
        keys.status(2, 2, 258, &Status::Unknown),
        keys.status(1, 3, 258, &Status::Unknown),
        keys.status(1, 2, 259, &Status::Unknown),
        keys.status(1, 2, 258, &Status::NotExecuted),
        keys.status(1, 2, 258, &Status::Executed([0; 32])),
        keys.status(1, 2, 258, &Status::Executed([1; 32])),
        keys.revoked(1),
        keys.revoked(2),
    ];
    for (at, mac) in all.iter().enumerate() {
        assert!(all.iter().skip(at + 1).all(|later| later != mac), "{at}");
    }
    assert!(keys.is_request(1, 2, &[3; 32], &all[0]) && !keys.is_request(1, 2, &[3; 32], &all[1]));
    assert!(keys.is_question(1, 2, &all[4]) && !keys.is_question(1, 2, &all[5]));
}

#[test]
fn an_introduction_is_the_identitys() {
    let identity = Identity::new(&[9; 32]);
    let good = identity.introduce(SCOPE, responder(SCOPE).public_key());
    assert!(good.is_genuine());
    assert_eq!(good.identity, identity.public());
    let other_scope = Scope { incarnation: [9; 16], ..SCOPE };
    assert!(!Introduction { scope: other_scope, ..good }.is_genuine());
    assert!(!Introduction { static_key: [9; 32], ..good }.is_genuine());
    let stranger = Identity::new(&[8; 32]).public();
    assert!(!Introduction { identity: stranger, ..good }.is_genuine());
}

proptest! {
    #[test]
    fn no_bytes_make_either_side_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(responder(SCOPE).read(&bytes, &mut Entropy::new([2; 32])).is_err());
        let (initiator, _) = start(&SCOPE, 1, Ask::default());
        prop_assert!(initiator.finish(&bytes).is_err());
    }
}
