//! A byte string that keeps short contents inline and re-uses its memory.

use alloc::vec::Vec;

/// Longest content without an allocation.
const INLINE_LEN_MAX: usize = 30;
/// A longer allocation than this is given back when the slot empties.
const KEPT_CAPACITY_MAX: usize = 512;

/// Contents of up to 30 bytes lie in the struct itself, on the slot's own cache line.
pub(crate) enum ByteString {
    Inline { len: u8, bytes: [u8; INLINE_LEN_MAX] },
    Heap(Vec<u8>),
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

    #[inline]
    pub(crate) fn set(&mut self, content: &[u8]) {
        match self {
            Self::Heap(bytes) => {
                bytes.clear();
                bytes.extend_from_slice(content);
            }
            Self::Inline { len, bytes } => match bytes.get_mut(..content.len()) {
                Some(room) => {
                    room.copy_from_slice(content);
                    *len = content.len() as u8;
                }
                None => *self = Self::Heap(content.to_vec()),
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
