//! Whose word something is: one incarnation of one instance that runs one program.

use alloc::vec::Vec;

/// A digest of 256 bits.
pub type Hash = [u8; 32];

/// The names that stand in everything a verifier vouches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    pub instance: [u8; 16],
    pub incarnation: [u8; 16],
    pub program: Hash,
}

impl Scope {
    /// Appends all three, in this order.
    pub(crate) fn put(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.instance);
        bytes.extend_from_slice(&self.incarnation);
        bytes.extend_from_slice(&self.program);
    }
}
