//! A receipt's leaf: what one operation was, who asked, and what was answered, in 187 bytes.

use crate::access::ClientKind;
use crate::scope::{Hash, Scope};
use alloc::vec::Vec;
use sha2::{Digest, Sha256};

pub const LEAF_LEN: usize = 187;
const VERSION: u8 = 1;
const DOMAIN_REQUEST: u8 = 0x20;
const DOMAIN_RESULT: u8 = 0x21;

/// Who asked for an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// The host itself.
    Embedded,
    Session {
        kind: ClientKind,
        client: [u8; 32],
        session: u32,
        sequence: u64,
    },
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// With the digest of its result.
    Done(Hash),
    Failed(u16),
    Refused(u16),
}

/// The parts of a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    pub scope: Scope,
    pub asker: Asker,
    /// Of the transition and its arguments.
    pub request: Hash,
    pub ruling: Ruling,
    pub thread: u16,
    pub epoch: u32,
    pub counter: u32,
}

impl Leaf {
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(LEAF_LEN);
        self.put(&mut bytes);
        bytes
    }

    /// The leaf's place in the tree of its thread.
    #[must_use]
    pub fn hash(&self) -> Hash {
        let mut bytes = Vec::with_capacity(LEAF_LEN.saturating_add(1));
        bytes.push(0x00);
        self.put(&mut bytes);
        Sha256::digest(&bytes).into()
    }

    fn put(&self, bytes: &mut Vec<u8>) {
        bytes.push(VERSION);
        self.scope.put(bytes);
        let (way, client, session, sequence) = self.asker.parts();
        bytes.push(way);
        bytes.extend_from_slice(&client);
        bytes.extend_from_slice(&session.to_le_bytes());
        bytes.extend_from_slice(&sequence.to_le_bytes());
        bytes.extend_from_slice(&self.request);
        let (answer, code, result) = self.ruling.parts();
        bytes.push(answer);
        bytes.extend_from_slice(&code.to_le_bytes());
        bytes.extend_from_slice(&result);
        bytes.extend_from_slice(&self.thread.to_le_bytes());
        bytes.extend_from_slice(&self.epoch.to_le_bytes());
        bytes.extend_from_slice(&self.counter.to_le_bytes());
    }
}

impl Asker {
    /// The way of authentication, client key, session and sequence number.
    #[must_use]
    pub fn parts(&self) -> (u8, [u8; 32], u32, u64) {
        match *self {
            Self::Embedded => (0, [0; 32], 0, 0),
            Self::Session { kind, client, session, sequence } => {
                (kind as u8, client, session, sequence)
            }
        }
    }
}

impl Ruling {
    /// The answer's tag, its code, and the digest of its result.
    #[must_use]
    pub fn parts(&self) -> (u8, u16, Hash) {
        match *self {
            Self::Done(result) => (0, 0, result),
            Self::Failed(code) => (1, code, result_digest(&[])),
            Self::Refused(code) => (2, code, result_digest(&[])),
        }
    }
}

#[must_use]
pub fn request_digest(transition: u16, arguments: &[u8]) -> Hash {
    let hash = Sha256::new_with_prefix([DOMAIN_REQUEST]);
    hash.chain_update(transition.to_le_bytes()).chain_update(arguments).finalize().into()
}

#[must_use]
pub fn result_digest(result: &[u8]) -> Hash {
    Sha256::new_with_prefix([DOMAIN_RESULT]).chain_update(result).finalize().into()
}
