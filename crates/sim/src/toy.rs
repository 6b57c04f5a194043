//! Hashes too weak to trust, so that the simulation can show what each one is for.

use polyval::Polyval;
use polyval::universal_hash::UniversalHash;
use zeta_verifier::{Epoch, Hash, Primitives, Standard, StandardEpochKey, sha256};

/// SHA-256 cut to one byte: a collision takes some hundred tries.
#[derive(Clone)]
pub struct OneByteHash(pub Standard);

impl Primitives for OneByteHash {
    type EpochKey = StandardEpochKey;

    fn hash(&self, domain: u8, message: &[&[u8]]) -> Hash {
        one_byte_hash(domain, message)
    }

    fn epoch_key(&self, epoch: Epoch) -> StandardEpochKey {
        self.0.epoch_key(epoch)
    }

    fn element(&self, key: &mut StandardEpochKey, blocks: &[[u8; 16]]) -> u128 {
        self.0.element(key, blocks)
    }
}

/// The domain of leaf keys.
const LEAF: u8 = 0x10;
/// Of elements, in `Weakened` alone.
const ELEMENT: u8 = 0x15;

/// Keys stay where they are; what collides is what the tree holds of values.
fn one_byte_hash(domain: u8, message: &[&[u8]]) -> Hash {
    let mut hash = sha256(domain, message);
    if domain != LEAF {
        hash[1..].fill(0);
    }
    hash
}

/// Hashes of one byte for the tree, for the elements, for both or for none, as the oracle has them
/// (`proofs/oracle/FORMAT.md`).
#[derive(Clone)]
pub struct Weakened {
    pub standard: Standard,
    pub tree: bool,
    pub elements: bool,
}

impl Primitives for Weakened {
    type EpochKey = (Epoch, StandardEpochKey);

    fn hash(&self, domain: u8, message: &[&[u8]]) -> Hash {
        if self.tree { one_byte_hash(domain, message) } else { sha256(domain, message) }
    }

    fn epoch_key(&self, epoch: Epoch) -> Self::EpochKey {
        (epoch, self.standard.epoch_key(epoch))
    }

    fn element(&self, (epoch, key): &mut Self::EpochKey, blocks: &[[u8; 16]]) -> u128 {
        if !self.elements {
            return self.standard.element(key, blocks);
        }
        sha256(ELEMENT, &[&epoch.0.to_le_bytes(), blocks.as_flattened()])[0].into()
    }
}

/// The ancestor's multiset hash, one bit of it: an affine tag under XOR.
///
/// The verifier adds modulo 2^128; a bit at the top adds as it XORs. Whatever balances here for
/// every key balances for all bits of the ancestor's tags.
#[derive(Clone)]
pub struct AffineTagBit(pub [u8; 16]);

impl Primitives for AffineTagBit {
    type EpochKey = Polyval;

    fn hash(&self, domain: u8, message: &[&[u8]]) -> Hash {
        sha256(domain, message)
    }

    fn epoch_key(&self, _: Epoch) -> Polyval {
        Polyval::new(&self.0.into())
    }

    fn element(&self, key: &mut Polyval, blocks: &[[u8; 16]]) -> u128 {
        u128::from(affine_tag(key.clone(), blocks)) << 120 & 1 << 127
    }
}

/// The highest byte of a universal hash over GF(2): linear in the message under XOR.
fn affine_tag(mut polyval: Polyval, blocks: &[[u8; 16]]) -> u8 {
    for block in blocks {
        polyval.update(&[(*block).into()]);
    }
    let tag: [u8; 16] = polyval.finalize().into();
    tag[0]
}

/// The ancestor's mistake carried over to addition: a weighted sum of the blocks modulo 2^128. As a
/// universal hash it is strong; its outputs satisfy known linear relations all the same.
#[derive(Clone)]
pub struct WeightedSum(pub u128);

impl Primitives for WeightedSum {
    type EpochKey = u128;

    fn hash(&self, domain: u8, message: &[&[u8]]) -> Hash {
        sha256(domain, message)
    }

    fn epoch_key(&self, _: Epoch) -> u128 {
        self.0 | 1
    }

    fn element(&self, key: &mut u128, blocks: &[[u8; 16]]) -> u128 {
        let mut weight = *key;
        let mut sum: u128 = 0;
        // From the last block, so that zero blocks in front change nothing.
        for block in blocks.iter().rev() {
            sum = sum.wrapping_add(weight.wrapping_mul(u128::from_le_bytes(*block)));
            weight = weight.wrapping_mul(*key).rotate_left(17) | 1;
        }
        sum
    }
}
