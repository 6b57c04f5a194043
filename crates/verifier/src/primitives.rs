//! The hashes that the verifier is generic in, and the ones that ship.

use crate::element::ShortElement;
use crate::ids::Epoch;
use crate::instance::{Incarnation, InstanceId};
use crate::record::Hash;
use aes::Aes128;
use aes::cipher::{BlockCipherEncrypt, KeyInit};
use hmac::{Hmac, Mac};
use polyval::Polyval;
use polyval::universal_hash::{Reset, UniversalHash};
use sha2::{Digest, Sha256};

/// What must be hard to collide, and what must look random to the host.
///
/// Toy implementations let tests, the oracle and the simulator reach collisions.
pub trait Primitives {
    /// The secret of one epoch. Never shown, never sent.
    type EpochKey;

    /// A collision-resistant hash of `domain` followed by `message`.
    fn hash(&self, domain: u8, message: &[&[u8]]) -> Hash;

    /// The key under which the elements of `epoch` are hashed.
    fn epoch_key(&self, epoch: Epoch) -> Self::EpochKey;

    /// A pseudo-random function of an element's encoding: whole 16-byte blocks.
    fn element(&self, key: &mut Self::EpochKey, blocks: &[[u8; 16]]) -> u128;

    /// The sum modulo 2^128 of that function over many short elements.
    fn short_elements(&self, key: &mut Self::EpochKey, elements: &[ShortElement]) -> u128 {
        elements.iter().fold(0, |sum: u128, blocks| sum.wrapping_add(self.element(key, blocks)))
    }
}

/// SHA-256 for the tree and the keys; AES-128 of POLYVAL for the elements (RFC 8452's PRF).
#[derive(Clone)]
pub struct Standard {
    secret: [u8; 32],
    instance: InstanceId,
    incarnation: Incarnation,
}

/// Blocks that the cipher takes at a time.
const CIPHER_LANES: usize = 16;

/// No `Debug`: the keys must stay secret.
pub struct StandardEpochKey {
    polyval: Polyval,
    cipher: Aes128,
}

impl Standard {
    /// `secret` must be drawn at random inside the trusted environment.
    #[must_use]
    pub fn new(secret: [u8; 32], instance: InstanceId, incarnation: Incarnation) -> Self {
        Self { secret, instance, incarnation }
    }
}

/// The hash alone, for those who recompute a summary and hold no secret.
#[must_use]
pub fn sha256(domain: u8, message: &[&[u8]]) -> Hash {
    let mut hash = Sha256::new();
    hash.update([domain]);
    for part in message {
        hash.update(part);
    }
    hash.finalize().into()
}

impl Primitives for Standard {
    type EpochKey = StandardEpochKey;

    fn hash(&self, domain: u8, message: &[&[u8]]) -> Hash {
        sha256(domain, message)
    }

    fn epoch_key(&self, epoch: Epoch) -> StandardEpochKey {
        // HMAC pads a shorter key with zeros: this is HMAC-SHA-256 under the 32-byte secret.
        let mut padded = [0; 64];
        padded.split_at_mut(32).0.copy_from_slice(&self.secret);
        let mut mac = <Hmac<Sha256> as KeyInit>::new(&padded.into());
        mac.update(b"zeta multiset v1");
        mac.update(&self.instance.0);
        mac.update(&self.incarnation.0);
        mac.update(&epoch.0.to_le_bytes());
        let key: [u8; 32] = mac.finalize().into_bytes().into();
        let (mut first, mut second) = ([0; 16], [0; 16]);
        first.copy_from_slice(key.split_at(16).0);
        second.copy_from_slice(key.split_at(16).1);
        StandardEpochKey {
            polyval: Polyval::new(&first.into()),
            cipher: Aes128::new(&second.into()),
        }
    }

    #[inline]
    fn element(&self, key: &mut StandardEpochKey, blocks: &[[u8; 16]]) -> u128 {
        let mut block = key.universal_hash(blocks);
        key.cipher.encrypt_block(&mut block);
        u128::from_le_bytes(block.into())
    }

    fn short_elements(&self, key: &mut StandardEpochKey, elements: &[ShortElement]) -> u128 {
        let mut sum: u128 = 0;
        for group in elements.chunks(CIPHER_LANES) {
            let mut blocks = [polyval::Block::default(); CIPHER_LANES];
            for (block, element) in blocks.iter_mut().zip(group) {
                *block = key.universal_hash(element);
            }
            let blocks = blocks.split_at_mut(group.len()).0;
            key.cipher.encrypt_blocks(blocks);
            for block in blocks {
                sum = sum.wrapping_add(u128::from_le_bytes((*block).into()));
            }
        }
        sum
    }
}

impl StandardEpochKey {
    #[inline]
    fn universal_hash(&mut self, blocks: &[[u8; 16]]) -> polyval::Block {
        self.polyval.update(polyval::Block::cast_slice_from_core(blocks));
        // The clone is only to finish: the compiler copies the state, not the key.
        let hash = self.polyval.clone().finalize();
        self.polyval.reset();
        hash
    }
}
