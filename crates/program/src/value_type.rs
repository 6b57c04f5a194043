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

    /// Whether words of this type are sign-extended; the others are zero-extended.
    pub(crate) const fn is_signed(self) -> bool {
        matches!(self, Integer::I8 | Integer::I16 | Integer::I32 | Integer::I64)
    }

    /// Whether a register of this type may hold the word.
    pub(crate) const fn has_word(self, word: u64) -> bool {
        match self {
            Integer::U8 => word as u8 as u64 == word,
            Integer::U16 => word as u16 as u64 == word,
            Integer::U32 => word as u32 as u64 == word,
            Integer::I8 => word as i8 as u64 == word,
            Integer::I16 => word as i16 as u64 == word,
            Integer::I32 => word as i32 as u64 == word,
            Integer::U64 | Integer::I64 => true,
        }
    }
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
    /// A byte string of at most this many bytes that is UTF-8.
    Text(u32),
    /// One of this many cases, the first of which is 0.
    Enum(u16),
    /// A row of a relation that this call has bound; not a value.
    Row(RelationId),
}

impl Type {
    /// The most bytes of a byte string of this type; `None` for any other type.
    pub fn bytes_max(self) -> Option<usize> {
        match self {
            Type::Bytes(max) | Type::Fixed(max) | Type::Text(max) => usize::try_from(max).ok(),
            Type::Bool | Type::Integer(_) | Type::Enum(_) | Type::Row(_) => None,
        }
    }

    /// The width of a value whose register is a word; `None` for any other type.
    pub(crate) const fn word_width(self) -> Option<usize> {
        match self {
            Type::Bool | Type::Enum(_) => Some(1),
            Type::Integer(integer) => Some(integer.width()),
            Type::Bytes(_) | Type::Fixed(_) | Type::Text(_) | Type::Row(_) => None,
        }
    }

    /// Whether a register of this type may hold the word.
    pub(crate) const fn has_word(self, word: u64) -> bool {
        match self {
            Type::Integer(integer) => integer.has_word(word),
            Type::Bool => word <= 1,
            Type::Enum(count) => word < count as u64,
            Type::Bytes(_) | Type::Fixed(_) | Type::Text(_) | Type::Row(_) => false,
        }
    }

    /// Whether the encoding begins with the length, unless the value takes all that remains.
    pub(crate) const fn has_length(self) -> bool {
        matches!(self, Type::Bytes(_) | Type::Text(_))
    }

    pub(crate) const fn is_text(self) -> bool {
        matches!(self, Type::Text(_))
    }

    /// Whether each value of this type is, without a check, a value of `target`.
    pub fn fits(self, target: Type) -> bool {
        match (self, target) {
            (Type::Bytes(length) | Type::Fixed(length), Type::Bytes(max)) => length <= max,
            (Type::Text(length), Type::Text(max)) => length <= max,
            _ => self == target,
        }
    }

    /// The most bytes that the encoding of a value takes.
    pub fn encoded_max(self) -> usize {
        let length = if self.has_length() { 4 } else { 0 };
        self.word_width().or(self.bytes_max()).unwrap_or(0).saturating_add(length)
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
