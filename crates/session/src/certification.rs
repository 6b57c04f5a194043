//! A certification: one signature of the identity over all receipts of an epoch.

use crate::identity::{Identity, PublicIdentity};
use crate::scope::{Hash, Scope};
use alloc::vec::Vec;

/// This incarnation began from the instance's initial state; no other origin exists yet.
pub const ORIGIN_INITIAL: u8 = 0;

/// What an identity says of a certified epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Certification {
    pub scope: Scope,
    pub epoch: u32,
    pub threads: u16,
    /// Leaves in all threads.
    pub receipts: u64,
    pub root: Hash,
    pub signature: [u8; 64],
}

impl Certification {
    /// Signs an epoch. The caller has made sure that it is certified.
    #[must_use]
    pub fn sign(
        identity: &Identity,
        scope: Scope,
        epoch: u32,
        (threads, receipts, root): (u16, u64, Hash),
    ) -> Self {
        let mut this = Self { scope, epoch, threads, receipts, root, signature: [0; 64] };
        this.signature = identity.sign(&this.message());
        this
    }

    #[must_use]
    pub fn is_signed_by(&self, identity: &PublicIdentity) -> bool {
        identity.has_signed(&self.message(), &self.signature)
    }

    fn message(&self) -> Vec<u8> {
        let mut message = Vec::from(b"zeta certification v1\0");
        self.scope.put(&mut message);
        message.push(ORIGIN_INITIAL);
        message.extend_from_slice(&self.epoch.to_le_bytes());
        message.extend_from_slice(&self.threads.to_le_bytes());
        message.extend_from_slice(&self.receipts.to_le_bytes());
        message.extend_from_slice(&self.root);
        message
    }
}
