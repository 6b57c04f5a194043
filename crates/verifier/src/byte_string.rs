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
