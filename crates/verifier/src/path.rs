//! Paths from the root of the tree: up to 256 bits, most significant bit of byte 0 first.
//!
//! INVARIANT: bits at and beyond `len` are zero, so equal paths are equal structs.

use crate::ids::Direction;

/// Number of bits of a leaf's path.
pub const PATH_BITS: u16 = 256;
/// Encoded size: 32 bytes of bits and a u16 length.
pub const PATH_BYTES: usize = 34;

/// A node of the complete binary tree of depth 256; the root is the empty path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path {
    words: [u64; 4],
    len: u16,
}

impl Path {
    pub const ROOT: Self = Self { words: [0; 4], len: 0 };

    /// The leaf whose 256 bits these are.
    #[must_use]
    pub fn leaf(bits: &[u8; 32]) -> Self {
        Self { words: words_of(bits), len: PATH_BITS }
    }

    /// The path of `len` bits, or `None` where it is too long or a bit beyond `len` is set.
    #[must_use]
    pub fn new(bits: &[u8; 32], len: u16) -> Option<Self> {
        let full = Self { words: words_of(bits), len: PATH_BITS };
        if len > PATH_BITS {
            return None;
        }
        let path = full.truncated(len);
        (path.words == full.words).then_some(path)
    }

    /// Number of bits; the root has none.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "the empty path has a name: `is_root`")]
    pub fn len(&self) -> u16 {
        self.len
    }

    #[must_use]
    pub fn is_root(&self) -> bool {
        self.len == 0
    }

    #[must_use]
    pub fn is_leaf(&self) -> bool {
        self.len == PATH_BITS
    }

    #[must_use]
    pub fn bits(&self) -> [u8; 32] {
        let mut bits = [0; 32];
        for (chunk, word) in bits.chunks_exact_mut(8).zip(self.words) {
            chunk.copy_from_slice(&word.to_be_bytes());
        }
        bits
    }

    /// The first `len` bits; the path itself where it is shorter.
    #[must_use]
    pub fn truncated(&self, len: u16) -> Self {
        let len = len.min(self.len);
        let mut path = Self { words: [0; 4], len };
        let mut kept = u32::from(len);
        for (to, from) in path.words.iter_mut().zip(self.words) {
            let here = kept.min(64);
            kept = kept.saturating_sub(64);
            // A shift by 64 would overflow; `checked_shr` turns it into "keep none".
            let beyond = u64::MAX.checked_shr(here).unwrap_or(0);
            *to = from & !beyond;
        }
        path
    }

    /// Whether this path is strictly below `ancestor`.
    #[must_use]
    pub fn is_proper_descendant_of(&self, ancestor: &Self) -> bool {
        self.len > ancestor.len && self.truncated(ancestor.len).words == ancestor.words
    }

    /// The side of the node at `depth` on which this path lies; left where the path ends before.
    #[must_use]
    pub fn direction_at(&self, depth: u16) -> Direction {
        let word = self.words.get(usize::from(depth / 64)).copied().unwrap_or(0);
        let bit = (word << (depth % 64)) >> 63;
        if bit == 0 { Direction::Left } else { Direction::Right }
    }

    /// The longest path above or at both.
    #[must_use]
    pub fn common_prefix(&self, other: &Self) -> Self {
        let mut len = 0_u32;
        for (a, b) in self.words.iter().zip(other.words) {
            let same = (a ^ b).leading_zeros();
            len = len.saturating_add(same);
            if same < 64 {
                break;
            }
        }
        let limit = self.len.min(other.len);
        self.truncated(u16::try_from(len).unwrap_or(limit).min(limit))
    }
}

fn words_of(bits: &[u8; 32]) -> [u64; 4] {
    let mut words = [0; 4];
    for (word, chunk) in words.iter_mut().zip(bits.chunks_exact(8)) {
        *word = chunk.iter().fold(0, |all, byte| (all << 8) | u64::from(*byte));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(first: u8, len: u16) -> Path {
        let mut bits = [0; 32];
        bits[0] = first;
        Path::new(&bits, len).unwrap()
    }

    #[test]
    fn bits_beyond_the_length_are_refused() {
        let mut bits = [0; 32];
        bits[0] = 0b0100_0000;
        assert!(Path::new(&bits, 2).is_some());
        assert!(Path::new(&bits, 1).is_none());
        assert!(Path::new(&[0; 32], 257).is_none());
    }

    #[test]
    fn bit_zero_is_the_most_significant_bit_of_byte_zero() {
        assert_eq!(path(0b1000_0000, 8).direction_at(0), Direction::Right);
        assert_eq!(path(0b1000_0000, 8).direction_at(1), Direction::Left);
        let mut bits = [0; 32];
        bits[31] = 1;
        assert_eq!(Path::leaf(&bits).direction_at(255), Direction::Right);
    }

    #[test]
    fn descendants_are_strict() {
        let above = path(0b1010_0000, 3);
        let below = path(0b1011_0000, 4);
        assert!(below.is_proper_descendant_of(&above));
        assert!(below.is_proper_descendant_of(&Path::ROOT));
        assert!(!above.is_proper_descendant_of(&below));
        assert!(!above.is_proper_descendant_of(&above));
        assert!(!path(0b0110_0000, 4).is_proper_descendant_of(&above));
        assert!(Path::leaf(&[0xff; 32]).is_proper_descendant_of(&path(0xff, 8)));
    }

    #[test]
    fn the_common_prefix_is_above_both() {
        let a = Path::leaf(&[0xff; 32]);
        let mut bits = [0xff; 32];
        bits[20] = 0xfe;
        let b = Path::leaf(&bits);
        let shared = a.common_prefix(&b);
        assert_eq!(shared.len(), 20 * 8 + 7);
        assert!(a.is_proper_descendant_of(&shared) && b.is_proper_descendant_of(&shared));
        assert_ne!(a.direction_at(shared.len()), b.direction_at(shared.len()));
        assert_eq!(a.common_prefix(&a), a);
    }
}
