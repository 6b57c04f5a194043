//! Types of registers, and of the values in signatures.

use crate::rows::RelationId;

/// The eight integer types; their numbers are their tags in the encoding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Integer {
    U8 = 1,
    U16 = 2,
    U32 = 3,
    U64 = 4,
    I8 = 5,
    I16 = 6,
    I32 = 7,
    I64 = 8,
}

impl Integer {
    /// The type of a tag from 1 to 8; any other tag counts as 8.
    pub(crate) const fn of_tag(tag: u8) -> Integer {
        match tag {
            1 => Integer::U8,
            2 => Integer::U16,
            3 => Integer::U32,
            4 => Integer::U64,
            5 => Integer::I8,
            6 => Integer::I16,
            7 => Integer::I32,
            _ => Integer::I64,
        }
    }

    /// The width of the encoding, in bytes.
    pub const fn width(self) -> usize {
        match self {
            Integer::U8 | Integer::I8 => 1,
            Integer::U16 | Integer::I16 => 2,
            Integer::U32 | Integer::I32 => 4,
            Integer::U64 | Integer::I64 => 8,
        }
    }

    /// The integer of a register's word: unsigned words are zero-extended, signed sign-extended.
    pub const fn value_of(self, word: u64) -> i128 {
        match self {
            Integer::U8 | Integer::U16 | Integer::U32 | Integer::U64 => word as i128,
            Integer::I8 | Integer::I16 | Integer::I32 | Integer::I64 => word as i64 as i128,
        }
    }

    /// The word of an integer, or `None` outside the type.
    pub const fn word_of(self, value: i128) -> Option<u64> {
        let (low, high) = match self {
            Integer::U8 => (0, u8::MAX as i128),
            Integer::U16 => (0, u16::MAX as i128),
            Integer::U32 => (0, u32::MAX as i128),
            Integer::U64 => (0, u64::MAX as i128),
            Integer::I8 => (i8::MIN as i128, i8::MAX as i128),
            Integer::I16 => (i16::MIN as i128, i16::MAX as i128),
            Integer::I32 => (i32::MIN as i128, i32::MAX as i128),
            Integer::I64 => (i64::MIN as i128, i64::MAX as i128),
        };
        if low <= value && value <= high { Some(value as u64) } else { None }
    }

    /// The word of an encoding of exactly `width` bytes; shorter bytes count as zero-filled.
    pub(crate) fn word_of_bytes(self, bytes: &[u8]) -> u64 {
        match self {
            Integer::U8 => u64::from(u8::from_le_bytes(first(bytes))),
            Integer::U16 => u64::from(u16::from_le_bytes(first(bytes))),
            Integer::U32 => u64::from(u32::from_le_bytes(first(bytes))),
            Integer::U64 => u64::from_le_bytes(first(bytes)),
            Integer::I8 => i64::from(i8::from_le_bytes(first(bytes))) as u64,
            Integer::I16 => i64::from(i16::from_le_bytes(first(bytes))) as u64,
            Integer::I32 => i64::from(i32::from_le_bytes(first(bytes))) as u64,
            Integer::I64 => u64::from_le_bytes(first(bytes)),
        }
    }
}

fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.first_chunk().copied().unwrap_or([0; N])
}

/// The type of a register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Type {
    Bool,
    Integer(Integer),
    /// A byte string of at most this many bytes.
    Bytes(u32),
    /// A byte string of exactly this many bytes.
    Fixed(u32),
    /// A row of a relation that this call has bound; not a value.
    Row(RelationId),
}

impl Type {
    /// The most bytes of a byte string of this type; `None` for any other type.
    pub fn bytes_max(self) -> Option<usize> {
        match self {
            Type::Bytes(max) | Type::Fixed(max) => usize::try_from(max).ok(),
            Type::Bool | Type::Integer(_) | Type::Row(_) => None,
        }
    }

    /// Whether each value of this type is, without a check, a value of `target`.
    pub fn fits(self, target: Type) -> bool {
        match (self, target) {
            (Type::Bytes(length) | Type::Fixed(length), Type::Bytes(max)) => length <= max,
            _ => self == target,
        }
    }

    /// The most bytes that the encoding of a value takes.
    pub fn encoded_max(self) -> usize {
        match self {
            Type::Bool => 1,
            Type::Integer(integer) => integer.width(),
            Type::Bytes(_) => self.bytes_max().unwrap_or(0).saturating_add(4),
            Type::Fixed(_) => self.bytes_max().unwrap_or(0),
            Type::Row(_) => 0,
        }
    }
}

/// The type of an argument or of a value in a result.
///
/// An optional one takes two registers: its presence, a bool, and its payload.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ValueType {
    pub optional: bool,
    pub payload: Type,
}

impl ValueType {
    /// A value that is always there.
    pub const fn plain(payload: Type) -> ValueType {
        ValueType { optional: false, payload }
    }

    /// A value that may be absent.
    pub const fn optional(payload: Type) -> ValueType {
        ValueType { optional: true, payload }
    }

    /// The number of registers that the value takes.
    pub const fn register_count(self) -> usize {
        if self.optional { 2 } else { 1 }
    }

    /// The most bytes that the encoding of a value takes.
    pub fn encoded_max(self) -> usize {
        self.payload.encoded_max().saturating_add(usize::from(self.optional))
    }
}
