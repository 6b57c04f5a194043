//! A client's side of sessions: its handshakes, its requests, its questions.

use crate::operation::Operation;
use zeroize::Zeroizing;
use zeta_session::{Ask, Entropy, Initiator, Responder, Scope, SessionKeys, request_digest};
use zeta_verifier::{Authentication, Entry, RunApp, SessionEntry, SlotList};

/// An open session, as its client has it.
#[derive(Clone)]
pub struct Connection {
    pub id: u32,
    pub keys: SessionKeys,
}

impl Connection {
    /// The entry of a request.
    #[must_use]
    pub fn request(&self, sequence: u64, operation: &Operation, slots: &[u16]) -> Vec<u8> {
        let (transition, arguments) = (operation.transition(), operation.arguments());
        let digest = request_digest(transition.0, &arguments);
        let mac = &self.keys.request(self.id, sequence, &digest);
        let authentication = Authentication::Session { session: self.id, sequence, mac };
        let slots: Vec<u8> = slots.iter().flat_map(|slot| slot.to_le_bytes()).collect();
        let slots = SlotList::from_bytes(&slots).expect("two bytes a slot");
        let run = RunApp { transition, authentication, arguments: &arguments, slots };
        let mut log = Vec::new();
        Entry::RunApp(run).encode(&mut log);
        log
    }

    /// The entry that asks what became of a number.
    #[must_use]
    pub fn question(&self, sequence: u64) -> Vec<u8> {
        let mac = &self.keys.question(self.id, sequence);
        session_bytes(SessionEntry::Ask { session: self.id, sequence, mac })
    }
}

#[must_use]
pub fn session_bytes(entry: SessionEntry<'_>) -> Vec<u8> {
    let mut log = Vec::new();
    Entry::Session(entry).encode(&mut log);
    log
}

#[must_use]
pub fn revoke_bytes(session: u32) -> Vec<u8> {
    session_bytes(SessionEntry::Revoke { session })
}

/// The entry of a handshake: a session beside the others, or in place of one.
#[must_use]
pub fn hello_bytes(ask: Ask, message: &[u8]) -> Vec<u8> {
    session_bytes(match ask.replaces {
        0 => SessionEntry::Open { message },
        session => SessionEntry::Rotate { session, message },
    })
}

/// Message 1 of a client whose entropy is this byte, to a verifier with this entropy.
#[must_use]
pub fn hello(
    scope: Scope,
    entropy_of_verifier: [u8; 32],
    secret: &[u8; 32],
    ask: Ask,
    byte: u8,
) -> (Initiator, Vec<u8>) {
    // The verifier's first draw is its static key.
    let secret_of_verifier = Zeroizing::new(*Entropy::new(entropy_of_verifier).draw());
    let verifier = Responder::new(secret_of_verifier, scope).public_key();
    let mut entropy = Entropy::new([byte; 32]);
    Initiator::start(&scope, &verifier, secret, ask, &mut entropy).expect("keys of our own")
}
