//! What a verifier is made of: its program, its initial state, and the names that follow from them.

use crate::log_entry::encode_node;
use crate::record::{Hash, Node};
use alloc::vec::Vec;
use sha2::{Digest, Sha256};

/// Names an application, its initial state and its access list; clients pin it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InstanceId(pub [u8; 16]);

/// One life of a verifier: 128 random bits, new whenever it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Incarnation(pub [u8; 16]);

/// What a verifier starts from. No `Debug`: the secret must stay secret.
#[derive(Clone)]
pub struct Config {
    /// Verifier threads, at least one.
    pub threads: u16,
    /// Slots of each thread, at least one; slot 0 of thread 0 holds the root.
    pub slots: u16,
    /// Bytes of keys and values that the slots of one thread may hold.
    pub byte_budget: u64,
    /// The root's value: `Node::EMPTY`, or the summary of an adopted data set.
    pub root: Node,
    /// Random, public; makes two instances of one application differ.
    pub nonce: [u8; 16],
    /// Random, public.
    pub incarnation: Incarnation,
    /// Random, secret; all that keeps the host from forging deferred records.
    pub secret: [u8; 32],
}

impl InstanceId {
    /// The first half of SHA-256 over nonce, program digest, hash of the initial root and access
    /// list, after a fixed prefix.
    #[must_use]
    pub fn new(nonce: &[u8; 16], program: &Hash, root: &Node, access: &[u8]) -> Self {
        let mut encoded_root = Vec::new();
        encode_node(root, &mut encoded_root);
        let mut hash = Sha256::new();
        hash.update(b"zeta instance v1\0");
        hash.update(nonce);
        hash.update(program);
        hash.update(Sha256::digest(&encoded_root));
        hash.update(Sha256::digest(access));
        let digest: Hash = hash.finalize().into();
        let mut id = [0; 16];
        id.copy_from_slice(digest.split_at(16).0);
        Self(id)
    }
}
