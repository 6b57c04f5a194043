//! The decoder: from bytes to the parts of a program, strictly, so that each has one encoding.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::assembly::{Argument, Assembly, Relation, Transition};
use crate::bound::{
    ARGUMENT_COUNT_MAX, CONSTANT_COUNT_MAX, INSTRUCTION_COUNT_MAX, OPERAND_COUNT_MAX,
    PROGRAM_LEN_MAX, REASON_COUNT_MAX, REGISTER_COUNT_MAX, RELATION_COUNT_MAX, RESULT_COUNT_MAX,
    TRANSITION_COUNT_MAX,
};
use crate::encode::{MAGIC, VERSION};
use crate::error::{LoadError, require};
use crate::instruction::{Arithmetic, Comparison, Instruction, Logic, Register};
use crate::rows::RelationId;
use crate::value_type::{Integer, Type, ValueType};

/// Decodes a whole program; tables are bounded before they are read.
pub(crate) fn decode(bytes: &[u8]) -> Result<Assembly, LoadError> {
    require(bytes.len() <= PROGRAM_LEN_MAX, LoadError::ProgramTooLong)?;
    let mut reader = Reader { rest: bytes };
    require(reader.array()? == MAGIC, LoadError::BadMagic)?;
    require(reader.u16()? == VERSION, LoadError::UnknownVersion)?;
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

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], LoadError> {
        require(length <= self.rest.len(), LoadError::Truncated)?;
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or_default();
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], LoadError> {
        Ok(self.take(N)?.first_chunk().copied().unwrap_or([0; N]))
    }

    fn u8(&mut self) -> Result<u8, LoadError> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    fn u16(&mut self) -> Result<u16, LoadError> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    fn u32(&mut self) -> Result<u32, LoadError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn count(&mut self) -> Result<usize, LoadError> {
        Ok(usize::from(self.u16()?))
    }

    /// `count` items; no memory is set aside for items that the bytes do not hold.
    fn list<T>(
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
        Ok(Relation { name: self.text()?, key_len_max: self.u32()?, row_len_max: self.u32()? })
    }

    fn constant(&mut self) -> Result<Vec<u8>, LoadError> {
        let length = usize::try_from(self.u32()?).unwrap_or(usize::MAX);
        Ok(self.take(length)?.to_vec())
    }

    fn register_type(&mut self) -> Result<Type, LoadError> {
        Ok(match self.u8()? {
            0 => Type::Bool,
            1 => Type::Integer(Integer::U8),
            2 => Type::Integer(Integer::U16),
            3 => Type::Integer(Integer::U32),
            4 => Type::Integer(Integer::U64),
            5 => Type::Integer(Integer::I8),
            6 => Type::Integer(Integer::I16),
            7 => Type::Integer(Integer::I32),
            8 => Type::Integer(Integer::I64),
            9 => Type::Bytes(self.u32()?),
            10 => Type::Fixed(self.u32()?),
            tag => {
                require(tag == 11, LoadError::UnknownType)?;
                Type::Row(RelationId(self.u16()?))
            }
        })
    }

    fn value_type(&mut self) -> Result<ValueType, LoadError> {
        let mark = self.u8()?;
        require(mark <= 1, LoadError::BadPresence)?;
        Ok(ValueType { optional: mark != 0, payload: self.register_type()? })
    }

    fn argument(&mut self) -> Result<Argument, LoadError> {
        Ok(Argument { name: self.text()?, value: self.value_type()? })
    }

    fn transition(&mut self) -> Result<Transition, LoadError> {
        let name = self.text()?;
        let count = self.count()?;
        require(count <= ARGUMENT_COUNT_MAX, LoadError::TooManyArguments)?;
        let arguments = self.list(count, Reader::argument)?;
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
        let code = self.list(count, Reader::instruction)?;
        Ok(Transition { name, arguments, result, locals, code })
    }

    fn register(&mut self) -> Result<Register, LoadError> {
        Ok(Register(self.u16()?))
    }

    fn operands(&mut self) -> Result<Box<[Register]>, LoadError> {
        let count = self.count()?;
        require(count <= OPERAND_COUNT_MAX, LoadError::TooManyOperands)?;
        Ok(self.list(count, Reader::register)?.into_boxed_slice())
    }

    fn arithmetic(&mut self, operation: Arithmetic) -> Result<Instruction, LoadError> {
        let (target, left, right) = (self.register()?, self.register()?, self.register()?);
        Ok(Instruction::Arithmetic { operation, target, left, right })
    }

    fn compare(&mut self, comparison: Comparison) -> Result<Instruction, LoadError> {
        let (target, left, right) = (self.register()?, self.register()?, self.register()?);
        Ok(Instruction::Compare { comparison, target, left, right })
    }

    fn logic(&mut self, logic: Logic) -> Result<Instruction, LoadError> {
        let (target, left, right) = (self.register()?, self.register()?, self.register()?);
        Ok(Instruction::Logic { logic, target, left, right })
    }

    fn slice(&mut self) -> Result<Instruction, LoadError> {
        let (target, source) = (self.register()?, self.register()?);
        Ok(Instruction::Slice { target, source, start: self.register()?, end: self.register()? })
    }

    fn hmac(&mut self) -> Result<Instruction, LoadError> {
        let (target, key) = (self.register()?, self.register()?);
        Ok(Instruction::HmacSha256 { target, key, message: self.register()? })
    }

    fn read(&mut self) -> Result<Instruction, LoadError> {
        let (presence, target) = (self.register()?, self.register()?);
        Ok(Instruction::Read { presence, target, row: self.register()? })
    }

    fn unpack(&mut self) -> Result<Instruction, LoadError> {
        let (target, source) = (self.register()?, self.register()?);
        Ok(Instruction::Unpack { target, source, offset: self.u32()? })
    }

    fn instruction(&mut self) -> Result<Instruction, LoadError> {
        use Instruction as I;
        Ok(match self.u8()? {
            0 => I::Word { target: self.register()?, word: u64::from_le_bytes(self.array()?) },
            1 => I::Constant { target: self.register()?, constant: self.u16()? },
            2 => I::Move { target: self.register()?, source: self.register()? },
            3 => I::Convert { target: self.register()?, source: self.register()? },
            4 => self.arithmetic(Arithmetic::Add)?,
            5 => self.arithmetic(Arithmetic::Subtract)?,
            6 => self.arithmetic(Arithmetic::Multiply)?,
            7 => self.arithmetic(Arithmetic::FloorDivide)?,
            8 => self.arithmetic(Arithmetic::Modulo)?,
            9 => self.compare(Comparison::Equal)?,
            10 => self.compare(Comparison::Less)?,
            11 => self.compare(Comparison::LessOrEqual)?,
            12 => self.logic(Logic::And)?,
            13 => self.logic(Logic::Or)?,
            14 => I::Not { target: self.register()?, source: self.register()? },
            15 => I::Length { target: self.register()?, source: self.register()? },
            16 => self.slice()?,
            17 => I::Pack { target: self.register()?, operands: self.operands()? },
            18 => self.unpack()?,
            19 => I::Sha256 { target: self.register()?, source: self.register()? },
            20 => self.hmac()?,
            21 => I::Bind { target: self.register()?, key: self.register()? },
            22 => self.read()?,
            23 => I::Load { target: self.register()?, row: self.register()? },
            24 => I::Store { row: self.register()?, source: self.register()? },
            25 => I::Delete { row: self.register()? },
            26 => I::Jump { to: self.u16()? },
            27 => I::JumpUnless { condition: self.register()?, to: self.u16()? },
            28 => I::Check { condition: self.register()?, code: self.u16()? },
            29 => I::Fail { code: self.u16()? },
            30 => I::Epoch { target: self.register()? },
            opcode => {
                require(opcode == 31, LoadError::UnknownOpcode)?;
                I::Return { operands: self.operands()? }
            }
        })
    }
}
