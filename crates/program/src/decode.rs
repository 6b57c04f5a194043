//! The decoder: from bytes to the parts of a program, strictly, so that each has one encoding.

use alloc::string::String;
use alloc::vec::Vec;

use crate::assembly::{Assembly, Field, Relation, Transition};
use crate::bound::{
    ARGUMENT_COUNT_MAX, CONSTANT_COUNT_MAX, FIELD_COUNT_MAX, INSTRUCTION_COUNT_MAX,
    PROGRAM_LEN_MAX, REASON_COUNT_MAX, REGISTER_COUNT_MAX, RELATION_COUNT_MAX, RESULT_COUNT_MAX,
    TRANSITION_COUNT_MAX,
};
use crate::encode::{MAGIC, VERSION};
use crate::error::{LoadError, require};
use crate::instruction::{Instruction, Part};
use crate::rows::RelationId;
use crate::value_type::{Integer, Type, ValueType};

/// Decodes a whole program; tables are bounded before they are read.
pub(crate) fn decode(bytes: &[u8]) -> Result<Assembly, LoadError> {
    require(bytes.len() <= PROGRAM_LEN_MAX, LoadError::ProgramTooLong)?;
    let mut reader = Reader { rest: bytes };
    require(reader.array()? == MAGIC, LoadError::BadMagic)?;
    require(u16::read(&mut reader)? == VERSION, LoadError::UnknownVersion)?;
    let name = reader.text()?;

    let count = reader.count()?;
    require(count <= RELATION_COUNT_MAX, LoadError::TooManyRelations)?;
    let relations = reader.list(count, Reader::relation)?;
    let count = reader.count()?;
    require(count <= CONSTANT_COUNT_MAX, LoadError::TooManyConstants)?;
    let constants = reader.list(count, Reader::constant)?;
    let count = reader.count()?;
    require(count <= REASON_COUNT_MAX, LoadError::TooManyReasons)?;
    let reasons = reader.list(count, Reader::text)?;
    let count = reader.count()?;
    require(count <= TRANSITION_COUNT_MAX, LoadError::TooManyTransitions)?;
    let transitions = reader.list(count, Reader::transition)?;

    require(reader.rest.is_empty(), LoadError::TrailingBytes)?;
    Ok(Assembly { name, relations, constants, reasons, transitions })
}

/// The bytes that are left.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], LoadError> {
        require(length <= self.rest.len(), LoadError::Truncated)?;
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or_default();
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], LoadError> {
        Ok(self.take(N)?.first_chunk().copied().unwrap_or([0; N]))
    }

    pub(crate) fn u8(&mut self) -> Result<u8, LoadError> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    pub(crate) fn count(&mut self) -> Result<usize, LoadError> {
        Ok(usize::from(u16::read(self)?))
    }

    /// `count` items; no memory is set aside for items that the bytes do not hold.
    pub(crate) fn list<T>(
        &mut self,
        count: usize,
        item: impl Fn(&mut Self) -> Result<T, LoadError>,
    ) -> Result<Vec<T>, LoadError> {
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(item(self)?);
        }
        Ok(items)
    }

    fn text(&mut self) -> Result<String, LoadError> {
        let length = self.count()?;
        let text = core::str::from_utf8(self.take(length)?);
        require(text.is_ok(), LoadError::BadText)?;
        Ok(String::from(text.unwrap_or_default()))
    }

    fn relation(&mut self) -> Result<Relation, LoadError> {
        let name = self.text()?;
        let key = self.fields(FIELD_COUNT_MAX, LoadError::TooManyFields)?;
        let row = self.fields(FIELD_COUNT_MAX, LoadError::TooManyFields)?;
        Ok(Relation { name, key, row })
    }

    fn constant(&mut self) -> Result<Vec<u8>, LoadError> {
        let length = usize::try_from(u32::read(self)?).unwrap_or(usize::MAX);
        Ok(self.take(length)?.to_vec())
    }

    fn register_type(&mut self) -> Result<Type, LoadError> {
        Ok(match self.u8()? {
            0 => Type::Bool,
            tag @ 1..=8 => Type::Integer(Integer::of_tag(tag)),
            9 => Type::Bytes(u32::read(self)?),
            10 => Type::Fixed(u32::read(self)?),
            11 => Type::Row(RelationId(u16::read(self)?)),
            12 => Type::Text(u32::read(self)?),
            tag => {
                require(tag == 13, LoadError::UnknownType)?;
                Type::Enum(u16::read(self)?)
            }
        })
    }

    fn value_type(&mut self) -> Result<ValueType, LoadError> {
        let mark = self.u8()?;
        require(mark <= 1, LoadError::BadPresence)?;
        Ok(ValueType { optional: mark != 0, payload: self.register_type()? })
    }

    fn fields(&mut self, max: usize, error: LoadError) -> Result<Vec<Field>, LoadError> {
        let count = self.count()?;
        require(count <= max, error)?;
        self.list(count, |reader| Ok(Field { name: reader.text()?, value: reader.value_type()? }))
    }

    fn transition(&mut self) -> Result<Transition, LoadError> {
        let name = self.text()?;
        let arguments = self.fields(ARGUMENT_COUNT_MAX, LoadError::TooManyArguments)?;
        let count = self.count()?;
        require(count <= RESULT_COUNT_MAX, LoadError::TooManyResults)?;
        let result = self.list(count, Reader::value_type)?;
        let count = self.count()?;
        // The arguments' registers count too, so that an index always fits the machine's cells.
        let first_local: usize = arguments.iter().map(|a| a.value.register_count()).sum();
        let room = REGISTER_COUNT_MAX.saturating_sub(first_local);
        require(count <= room, LoadError::TooManyRegisters)?;
        let locals = self.list(count, Reader::register_type)?;
        let count = self.count()?;
        require(count <= INSTRUCTION_COUNT_MAX, LoadError::TooManyInstructions)?;
        let code = self.list(count, Instruction::read)?;
        Ok(Transition { name, arguments, result, locals, code })
    }
}
