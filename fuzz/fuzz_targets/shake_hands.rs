//! Fuzzes the handshake: good messages, changed at a few places, are no messages.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zeta_session::{Ask, Entropy, Initiator, Responder, Scope, Welcome, public_key};

const SCOPE: Scope = Scope { instance: [1; 16], incarnation: [2; 16], program: [3; 32] };
const CLIENT: [u8; 32] = [4; 32];
const WELCOME: Welcome = Welcome { session: 7, last_epoch: 9 };

/// Flips bits: a place and what is flipped there, again and again; and then the length.
fn changed(good: &[u8], changes: &[u8]) -> Vec<u8> {
    let mut message = good.to_vec();
    let (pairs, rest) = changes.as_chunks::<2>();
    for [place, flipped] in pairs {
        let at = usize::from(*place) % message.len();
        message[at] ^= flipped;
    }
    match rest {
        [byte] if byte % 2 == 0 => message.truncate(message.len() - usize::from(byte / 2) % 32),
        [byte] => message.extend_from_slice(&vec![*byte; usize::from(byte / 2)]),
        _ => {}
    }
    message
}

fuzz_target!(|data: &[u8]| {
    let Some((first, changes)) = data.split_first() else { return };
    let mut entropy = Entropy::new([7; 32]);
    let responder = Responder::new(Entropy::new([5; 32]).draw(), SCOPE);
    let ask = Ask { strict_order: first & 2 != 0, replaces: u32::from(first >> 2) };
    let verifier = responder.public_key();
    let started = Initiator::start(&SCOPE, &verifier, &CLIENT, ask, &mut entropy);
    let (initiator, good) = started.expect("the keys are good");
    let to_verifier = first & 1 == 0;
    let said = if to_verifier { changed(&good, changes) } else { good.clone() };
    let Ok(incoming) = responder.read(&said, &mut entropy) else {
        assert_ne!(said, good);
        return;
    };
    assert_eq!(said, good);
    assert_eq!((incoming.client, incoming.ask), (public_key(&CLIENT), ask));
    let (good, keys) = incoming.accept(&WELCOME).expect("the message was good");
    let said = if to_verifier { good.clone() } else { changed(&good, changes) };
    match initiator.finish(&said) {
        Err(_) => assert_ne!(said, good),
        Ok((welcome, own)) => {
            assert_eq!(said, good);
            assert_eq!(welcome, WELCOME);
            assert_eq!(own.request(7, 1, &[0; 32]), keys.request(7, 1, &[0; 32]));
            assert_eq!(own.reply(&[1; 32]), keys.reply(&[1; 32]));
        }
    }
});
