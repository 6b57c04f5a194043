//! The keys of a session, and what is authenticated under them.

use crate::scope::Hash;
use hmac::{Hmac, KeyInit, Mac as _};
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

/// The first half of an HMAC-SHA-256.
pub type Mac = [u8; 16];

const REQUEST: u8 = 1;
const QUESTION: u8 = 2;
const REPLY: u8 = 3;
const STATUS: u8 = 4;
const REVOKED: u8 = 5;

/// What became of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It may have been answered.
    Unknown,
    /// It was answered; the hash is its receipt's leaf.
    Executed(Hash),
    /// And never will be.
    NotExecuted,
}

impl Status {
    /// The number and the leaf hash that stand for it.
    #[must_use]
    pub fn parts(&self) -> (u8, Hash) {
        match self {
            Self::Unknown => (0, [0; 32]),
            Self::Executed(leaf) => (1, *leaf),
            Self::NotExecuted => (2, [0; 32]),
        }
    }
}

/// One key for each direction. No `Debug`: they must stay secret.
#[derive(Clone)]
pub struct SessionKeys {
    request: [u8; 32],
    reply: [u8; 32],
}

impl Drop for SessionKeys {
    fn drop(&mut self) {
        self.request.zeroize();
        self.reply.zeroize();
    }
}

impl SessionKeys {
    /// From the two keys of Noise's `Split` and the handshake's hash.
    #[must_use]
    pub(crate) fn derive(split: &([u8; 32], [u8; 32]), handshake: &[u8]) -> Self {
        let request = hmac(&split.0, &[b"zeta request key v1\0", handshake]);
        let reply = hmac(&split.1, &[b"zeta reply key v1\0", handshake]);
        Self { request: *request, reply: *reply }
    }

    pub(crate) fn from_halves(request: [u8; 32], reply: [u8; 32]) -> Self {
        Self { request, reply }
    }

    pub(crate) fn halves(&self) -> [&[u8; 32]; 2] {
        [&self.request, &self.reply]
    }

    /// By the client, over what it asks.
    #[must_use]
    pub fn request(&self, session: u32, sequence: u64, digest: &Hash) -> Mac {
        cut(request(&self.request, session, sequence, digest))
    }

    #[must_use]
    pub fn is_request(&self, session: u32, sequence: u64, digest: &Hash, mac: &Mac) -> bool {
        request(&self.request, session, sequence, digest).verify_truncated_left(mac).is_ok()
    }

    /// By the client, who asks what became of a number.
    #[must_use]
    pub fn question(&self, session: u32, sequence: u64) -> Mac {
        cut(question(&self.request, session, sequence))
    }

    #[must_use]
    pub fn is_question(&self, session: u32, sequence: u64, mac: &Mac) -> bool {
        question(&self.request, session, sequence).verify_truncated_left(mac).is_ok()
    }

    /// By the verifier, over the leaf of what it answered.
    #[must_use]
    pub fn reply(&self, leaf: &Hash) -> Mac {
        cut(keyed(&self.reply, &[&[REPLY], leaf]))
    }

    /// By the verifier, over what became of a number; `refusal` is 0 for a question's answer.
    #[must_use]
    pub fn status(&self, session: u32, sequence: u64, refusal: u16, status: &Status) -> Mac {
        let (number, leaf) = status.parts();
        let (session, sequence) = (session.to_le_bytes(), sequence.to_le_bytes());
        let refusal = refusal.to_le_bytes();
        cut(keyed(&self.reply, &[&[STATUS], &session, &sequence, &refusal, &[number], &leaf]))
    }

    /// By the verifier: no request of the session will run any more.
    #[must_use]
    pub fn revoked(&self, session: u32) -> Mac {
        cut(keyed(&self.reply, &[&[REVOKED], &session.to_le_bytes()]))
    }
}

fn request(key: &[u8; 32], session: u32, sequence: u64, digest: &Hash) -> Hmac<Sha256> {
    keyed(key, &[&[REQUEST], &session.to_le_bytes(), &sequence.to_le_bytes(), digest])
}

fn question(key: &[u8; 32], session: u32, sequence: u64) -> Hmac<Sha256> {
    keyed(key, &[&[QUESTION], &session.to_le_bytes(), &sequence.to_le_bytes()])
}

fn keyed(key: &[u8; 32], message: &[&[u8]]) -> Hmac<Sha256> {
    // HMAC pads a shorter key with zeros: this is HMAC-SHA-256 under the 32-byte key.
    let mut padded = Zeroizing::new([0; 64]);
    padded.split_at_mut(32).0.copy_from_slice(key);
    let mut mac = Hmac::new((&*padded).into());
    for part in message {
        mac.update(part);
    }
    mac
}

pub(crate) fn hmac(key: &[u8; 32], message: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(keyed(key, message).finalize().into_bytes().into())
}

fn cut(mac: Hmac<Sha256>) -> Mac {
    let whole: [u8; 32] = mac.finalize().into_bytes().into();
    let mut half = [0; 16];
    half.copy_from_slice(whole.split_at(16).0);
    half
}
