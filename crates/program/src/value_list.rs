//! Lists of values as bytes: arguments and results, keys and rows.

use alloc::vec::Vec;

use crate::assembly::Field;
use crate::cell::{Cell, Source};
use crate::error::require;
use crate::instruction::Register;
use crate::value_type::{Integer, Type, ValueType};

/// A value of a list: its registers, and the type that the list gives it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) presence: Option<Register>,
    pub(crate) payload: Register,
    pub(crate) payload_type: Type,
    /// Whether the payload's length stands before it.
    pub(crate) has_length: bool,
}

/// These bytes are no such list of values.
pub(crate) struct Undecodable;

/// The registers that a list of values takes.
pub(crate) fn register_count(values: impl Iterator<Item = ValueType>) -> usize {
    values.fold(0, |sum, value| sum.saturating_add(value.register_count()))
}

/// The most bytes that the encoding of a list takes.
pub(crate) fn encoded_max(values: impl Iterator<Item = ValueType>) -> usize {
    values.fold(0, |sum, value| sum.saturating_add(value.encoded_max()))
}

/// The most bytes of a key or a row of these fields.
pub(crate) fn record_max(fields: &[Field]) -> usize {
    let lengths = encoded_max(fields.iter().map(|field| field.value));
    match fields.last() {
        Some(last) if last.value.payload.has_length() => lengths.saturating_sub(4),
        _ => lengths,
    }
}

/// The places of the values of an argument list or a result.
pub(crate) fn places(
    values: impl Iterator<Item = ValueType>,
    mut registers: impl Iterator<Item = Register>,
) -> Vec<Place> {
    let mut places = Vec::new();
    for value in values {
        let presence = if value.optional { registers.next() } else { None };
        let Some(payload) = registers.next() else { break };
        let payload_type = value.payload;
        let has_length = payload_type.has_length();
        places.push(Place { presence, payload, payload_type, has_length });
    }
    places
}

/// The places of the values of a key or a row, the last of which takes what remains.
pub(crate) fn record_places(fields: &[Field], registers: &[Register]) -> Vec<Place> {
    let values = fields.iter().map(|field| field.value);
    let mut places = places(values, registers.iter().copied());
    if let Some(last) = places.last_mut() {
        last.has_length = false;
    }
    places
}

/// The payload of an absent value, or of a value in a null row.
#[inline(always)]
pub(crate) fn absent(payload: Type) -> Cell {
    let length = if let Type::Fixed(length) = payload { length } else { 0 };
    let length = usize::try_from(length).unwrap_or(0);
    Cell::of_span(Source::Zeros, 0, length).unwrap_or(Cell::EMPTY)
}

/// Names are ASCII most often: what is short and ASCII is looked at in a few steps.
#[inline(always)]
pub(crate) fn is_utf8(bytes: &[u8]) -> bool {
    bytes.is_ascii() || core::str::from_utf8(bytes).is_ok()
}

/// Decodes all of some bytes, which lie in `source` from `start` on, and sets the registers.
#[inline(always)]
pub(crate) fn decode_list(
    bytes: &[u8],
    source: Source,
    start: usize,
    places: &[Place],
    mut set: impl FnMut(Register, Cell),
) -> Result<(), Undecodable> {
    let mut list = List { rest: bytes, source, end: start.saturating_add(bytes.len()) };
    for place in places {
        let mut present = true;
        if let Some(presence) = place.presence {
            let word = list.word(Type::Bool)?;
            set(presence, Cell::of_word(word));
            present = word != 0;
        }
        set(
            place.payload,
            match present {
                true => list.payload(place)?,
                false => absent(place.payload_type),
            },
        );
    }
    require(list.rest.is_empty(), Undecodable)
}

/// A list that is being decoded: the bytes that are left, and where they end.
struct List<'a> {
    rest: &'a [u8],
    source: Source,
    end: usize,
}

impl<'a> List<'a> {
    #[inline(always)]
    fn payload(&mut self, place: &Place) -> Result<Cell, Undecodable> {
        let max = match place.payload_type {
            Type::Bytes(max) | Type::Text(max) => max,
            Type::Fixed(length) => return Ok(self.span(length)?.1),
            word => return Ok(Cell::of_word(self.word(word)?)),
        };
        let length = match place.has_length {
            true => u32::from_le_bytes(self.array()?),
            false => u32::try_from(self.rest.len()).unwrap_or(u32::MAX),
        };
        require(length <= max, Undecodable)?;
        let (bytes, cell) = self.span(length)?;
        if place.payload_type.is_text() {
            require(is_utf8(bytes), Undecodable)?;
        }
        Ok(cell)
    }

    #[inline(always)]
    fn word(&mut self, word: Type) -> Result<u64, Undecodable> {
        Ok(match word {
            Type::Integer(Integer::U64 | Integer::I64) => u64::from_le_bytes(self.array()?),
            Type::Integer(Integer::U8) => u8::from_le_bytes(self.array()?).into(),
            Type::Integer(Integer::U16) => u16::from_le_bytes(self.array()?).into(),
            Type::Integer(Integer::U32) => u32::from_le_bytes(self.array()?).into(),
            Type::Integer(Integer::I8) => i8::from_le_bytes(self.array()?) as u64,
            Type::Integer(Integer::I16) => i16::from_le_bytes(self.array()?) as u64,
            Type::Integer(Integer::I32) => i32::from_le_bytes(self.array()?) as u64,
            case => {
                let word = u8::from_le_bytes(self.array()?).into();
                require(case.has_word(word), Undecodable)?;
                word
            }
        })
    }

    #[inline(always)]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Undecodable> {
        let (array, rest) = self.rest.split_first_chunk().ok_or(Undecodable)?;
        self.rest = rest;
        Ok(*array)
    }

    #[inline(always)]
    fn span(&mut self, length: u32) -> Result<(&'a [u8], Cell), Undecodable> {
        let start = self.end.saturating_sub(self.rest.len());
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(Undecodable)?;
        self.rest = rest;
        Ok((bytes, Cell::of_span(self.source, start, length).ok_or(Undecodable)?))
    }
}
