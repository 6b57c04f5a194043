//! A byte string that keeps short contents inline and re-uses its memory.

use alloc::boxed::Box;
use alloc::vec::Vec;

/// Longest content without an allocation.
const INLINE_LEN_MAX: usize = 22;
/// A longer allocation than this is given back when the slot empties.
const KEPT_CAPACITY_MAX: usize = 512;

/// Contents of up to 22 bytes lie in the struct itself. The box keeps it at 24 bytes, so that key
/// and value share the first cache line of a slot.
pub(crate) enum ByteString {
    Inline {
        len: u8,
        bytes: [u8; INLINE_LEN_MAX],
    },
    #[expect(clippy::box_collection, reason = "a vector would take a slot over its cache line")]
    Heap(Box<Vec<u8>>),
}

impl ByteString {
    pub(crate) const EMPTY: Self = Self::Inline { len: 0, bytes: [0; INLINE_LEN_MAX] };

    #[inline]
    pub(crate) fn as_slice(&self) -> &[u8] {
        match self {
            Self::Inline { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or(bytes),
            Self::Heap(bytes) => bytes,
        }
    }

    /// Allocates at most twice the content, or what a slot may keep: the thread's byte budget
    /// counts contents, and must bound memory too.
    #[inline]
    pub(crate) fn set(&mut self, content: &[u8]) {
        match self {
            Self::Heap(bytes) if bytes.capacity() <= capacity_max(content.len()) => {
                bytes.clear();
                bytes.extend_from_slice(content);
            }
            Self::Heap(bytes) => **bytes = content.to_vec(),
            Self::Inline { len, bytes } => match bytes.get_mut(..content.len()) {
                Some(room) => {
                    copy(room, content);
                    *len = content.len() as u8;
                }
                None => *self = Self::Heap(Box::new(content.to_vec())),
            },
        }
    }

    #[inline]
    pub(crate) fn clear(&mut self) {
        match self {
            Self::Inline { len, .. } => *len = 0,
            Self::Heap(bytes) if bytes.capacity() > KEPT_CAPACITY_MAX => *self = Self::EMPTY,
            Self::Heap(bytes) => bytes.clear(),
        }
    }
}

fn capacity_max(len: usize) -> usize {
    len.saturating_mul(2).max(KEPT_CAPACITY_MAX)
}

/// Copies a key or value; eight bytes, which are common, without a call.
#[inline(always)]
pub(crate) fn copy(room: &mut [u8], bytes: &[u8]) {
    match (room.first_chunk_mut::<8>(), bytes.first_chunk::<8>()) {
        (Some(room), Some(word)) if bytes.len() == 8 => *room = *word,
        _ => room.copy_from_slice(bytes),
    }
}

/// Whether two keys are the same; eight bytes, which are common, without a call.
#[inline(always)]
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    match (one.first_chunk::<8>(), other.first_chunk::<8>()) {
        (Some(a), Some(b)) if one.len() == 8 && other.len() == 8 => a == b,
        _ => one == other,
    }
}

/// Appends a byte string; eight bytes, which are common, without a call.
#[inline(always)]
pub(crate) fn append(bytes: &mut Vec<u8>, string: &[u8]) {
    match string.first_chunk::<8>() {
        Some(word) if string.len() == 8 => bytes.extend_from_slice(word),
        _ => bytes.extend_from_slice(string),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capacity(string: &ByteString) -> usize {
        match string {
            ByteString::Inline { .. } => 0,
            ByteString::Heap(bytes) => bytes.capacity(),
        }
    }

    #[test]
    fn strings_are_the_same_and_appended_at_every_length() {
        let long: Vec<u8> = (0..20).collect();
        for one in 0..20 {
            for other in 0..20 {
                assert_eq!(same(&long[..one], &long[..other]), one == other);
                assert_eq!(same(&long[..one], &long[1..other + 1]), one == 0 && other == 0);
            }
            let mut bytes = alloc::vec![99];
            append(&mut bytes, &long[..one]);
            assert_eq!((bytes[0], &bytes[1..]), (99, &long[..one]));
        }
        let mut twin = [7; 8];
        for at in 0..8 {
            twin[at] = 8;
            assert!(!same(&[7; 8], &twin));
            twin[at] = 7;
        }
        assert!(same(&[7; 8], &twin));
    }

    #[test]
    fn contents_are_kept_at_every_length() {
        let mut string = ByteString::EMPTY;
        for len in [0, 1, 22, 23, 30, 31, 2000, 40, 500, 0, 29, 100_000, 3] {
            let content = alloc::vec![7; len];
            string.set(&content);
            assert_eq!(string.as_slice(), content);
        }
    }

    #[test]
    fn a_short_content_does_not_hold_the_memory_of_a_long_one() {
        let mut string = ByteString::EMPTY;
        string.set(&[1; 100_000]);
        string.set(&[2; 31]);
        assert!(capacity(&string) <= KEPT_CAPACITY_MAX);
        string.set(&[3; 100_000]);
        string.clear();
        assert_eq!((string.as_slice(), capacity(&string)), (&[][..], 0));
    }
}
