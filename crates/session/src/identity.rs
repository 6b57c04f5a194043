//! The verifier's identity: the Ed25519 key that clients pin, and what it introduces.

use crate::scope::Scope;
use alloc::vec::Vec;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

/// The secret half. No `Debug`; it is wiped when dropped.
pub struct Identity(SigningKey);

/// What clients pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicIdentity(pub [u8; 32]);

/// An incarnation's static key under the identity's signature; public.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Introduction {
    pub scope: Scope,
    pub identity: PublicIdentity,
    pub static_key: [u8; 32],
    pub signature: [u8; 64],
}

impl Identity {
    /// `seed` must be drawn at random, and is what a verifier keeps over its restarts.
    #[must_use]
    pub fn new(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    #[must_use]
    pub fn public(&self) -> PublicIdentity {
        PublicIdentity(self.0.verifying_key().to_bytes())
    }

    #[must_use]
    pub fn introduce(&self, scope: Scope, static_key: [u8; 32]) -> Introduction {
        let signature = self.sign(&introduced(&scope, &static_key));
        Introduction { scope, identity: self.public(), static_key, signature }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl PublicIdentity {
    #[must_use]
    pub(crate) fn has_signed(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        VerifyingKey::from_bytes(&self.0)
            .and_then(|key| key.verify_strict(message, &Signature::from_bytes(signature)))
            .is_ok()
    }
}

impl Introduction {
    /// Whether the identity that it names has signed it: compare that with the pinned one.
    #[must_use]
    pub fn is_genuine(&self) -> bool {
        let message = introduced(&self.scope, &self.static_key);
        self.identity.has_signed(&message, &self.signature)
    }
}

fn introduced(scope: &Scope, static_key: &[u8; 32]) -> Vec<u8> {
    let mut message = Vec::from(b"zeta introduction v1\0");
    scope.put(&mut message);
    message.extend_from_slice(static_key);
    message
}
