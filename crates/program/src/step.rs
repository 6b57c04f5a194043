//! The interpreter: one call, instruction by instruction.

use alloc::vec::Vec;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::arithmetic::{apply, equal_in_constant_time};
use crate::assembly::Transition;
use crate::cell::{Cell, Source, ZEROS};
use crate::error::{Failure, require};
use crate::instruction::{Comparison, Instruction, Logic, Register};
use crate::machine::{BoundRow, Machine, Written, absent};
use crate::program::Program;
use crate::rows::{Rows, TransitionId};
use crate::value_type::Type;

/// Why a call ended without a return.
pub(crate) enum Halt<S> {
    Failed(Failure),
    Stopped(S),
}

impl<S> From<Failure> for Halt<S> {
    fn from(failure: Failure) -> Self {
        Halt::Failed(failure)
    }
}

/// One running call.
///
/// What the loader rules out is answered by `Failure::Internal`, so that nothing can panic.
pub(crate) struct Call<'a, R: Rows> {
    machine: &'a mut Machine,
    program: &'a Program,
    transition: &'a Transition,
    types: &'a [Type],
    args: &'a [u8],
    epoch: u32,
    rows: &'a mut R,
}

impl<'a, R: Rows> Call<'a, R> {
    #[inline]
    pub(crate) fn new(
        machine: &'a mut Machine,
        program: &'a Program,
        transition: TransitionId,
        args: &'a [u8],
        epoch: u32,
        rows: &'a mut R,
    ) -> Result<Self, Failure> {
        let types = program.registers(transition).ok_or(Failure::Internal)?;
        let transition = program.transition(transition).ok_or(Failure::Internal)?;
        Ok(Call { machine, program, transition, types, args, epoch, rows })
    }

    #[inline]
    pub(crate) fn execute(&mut self, result: &mut Vec<u8>) -> Result<(), Halt<R::Stop>> {
        let code = self.transition.code.as_slice();
        let mut next = code.iter();
        while let Some(instruction) = next.next() {
            match instruction {
                Instruction::Jump { to } => {
                    next = code.get(usize::from(*to)..).unwrap_or_default().iter();
                }
                Instruction::JumpUnless { condition, to } => {
                    if !self.flag(*condition)? {
                        next = code.get(usize::from(*to)..).unwrap_or_default().iter();
                    }
                }
                Instruction::Check { condition, code } => {
                    require(self.flag(*condition)?, named(*code))?;
                }
                Instruction::Fail { code } => return Err(Halt::Failed(named(*code))),
                Instruction::Bind { target, key } => self.bind(*target, *key)?,
                Instruction::Return { operands } => return Ok(self.give_back(operands, result)?),
                other => self.step(other)?,
            }
        }
        Err(Halt::Failed(Failure::Internal))
    }

    #[inline(always)]
    fn step(&mut self, instruction: &Instruction) -> Result<(), Failure> {
        use Instruction as I;
        match instruction {
            I::Word { target, word } => self.set_word(*target, *word),
            I::Constant { target, constant } => {
                let length = self.program.constant(*constant).ok_or(Failure::Internal)?.len();
                self.set_span(*target, Source::Constant(*constant), 0, length)
            }
            I::Move { target, source } => {
                let cell = self.cell(*source)?;
                self.set(*target, cell)
            }
            I::Convert { target, source } => self.convert(*target, *source),
            I::Arithmetic { operation, target, left, right } => {
                let Type::Integer(integer) = self.type_of(*target)? else {
                    return Err(Failure::Internal);
                };
                let (left, right) = (self.cell(*left)?.word(), self.cell(*right)?.word());
                self.set_word(*target, apply(*operation, integer, left, right)?)
            }
            I::Compare { comparison, target, left, right } => {
                let holds = self.compare(*comparison, *left, *right)?;
                self.set_word(*target, u64::from(holds))
            }
            I::Logic { logic, target, left, right } => {
                let (left, right) = (self.flag(*left)?, self.flag(*right)?);
                let holds = match logic {
                    Logic::And => left && right,
                    Logic::Or => left || right,
                };
                self.set_word(*target, u64::from(holds))
            }
            I::Not { target, source } => {
                let holds = !self.flag(*source)?;
                self.set_word(*target, u64::from(holds))
            }
            I::Length { target, source } => {
                let length = self.cell(*source)?.length();
                self.set_word(*target, u64::try_from(length).unwrap_or(u64::MAX))
            }
            I::Slice { target, source, start, end } => self.slice(*target, *source, *start, *end),
            I::Pack { target, operands } => self.pack(*target, operands),
            I::Unpack { target, source, offset } => self.unpack(*target, *source, *offset),
            I::Sha256 { target, source } => {
                let digest = Sha256::digest(self.bytes(self.cell(*source)?)?);
                self.set_made(*target, &digest)
            }
            I::HmacSha256 { target, key, message } => self.hmac(*target, *key, *message),
            I::Read { presence, target, row } => self.read(*presence, *target, *row),
            I::Load { target, row } => {
                let cell = self.row_bytes(*target, *row)?.ok_or(Failure::AbsentRow)?;
                self.set(*target, cell)
            }
            I::Store { row, source } => self.store(*row, *source),
            I::Delete { row } => self.write(*row, Written::Null),
            I::Epoch { target } => self.set_word(*target, u64::from(self.epoch)),
            // The rest is executed by `execute`.
            _ => Err(Failure::Internal),
        }
    }

    #[inline(always)]
    fn type_of(&self, register: Register) -> Result<Type, Failure> {
        self.types.get(usize::from(register.0)).copied().ok_or(Failure::Internal)
    }

    #[inline(always)]
    fn cell(&self, register: Register) -> Result<Cell, Failure> {
        self.machine.cells.get(usize::from(register.0)).copied().ok_or(Failure::Internal)
    }

    #[inline(always)]
    fn flag(&self, register: Register) -> Result<bool, Failure> {
        Ok(self.cell(register)?.word() != 0)
    }

    #[inline(always)]
    fn set(&mut self, target: Register, cell: Cell) -> Result<(), Failure> {
        let index = usize::from(target.0);
        *self.machine.cells.get_mut(index).ok_or(Failure::Internal)? = cell;
        Ok(())
    }

    #[inline(always)]
    fn set_word(&mut self, target: Register, word: u64) -> Result<(), Failure> {
        self.set(target, Cell::of_word(word))
    }

    fn set_span(
        &mut self,
        target: Register,
        source: Source,
        start: usize,
        length: usize,
    ) -> Result<(), Failure> {
        let cell = Cell::of_span(source, start, length).ok_or(Failure::Internal)?;
        self.set(target, cell)
    }

    /// Sets a register to bytes that are no part of any memory yet.
    fn set_made(&mut self, target: Register, bytes: &[u8]) -> Result<(), Failure> {
        let start = self.machine.scratch.len();
        self.machine.scratch.extend_from_slice(bytes);
        self.set_span(target, Source::Scratch, start, bytes.len())
    }

    #[inline(always)]
    fn bytes(&self, cell: Cell) -> Result<&[u8], Failure> {
        let memory = match cell.source() {
            Source::Row(row) => {
                let row = self.machine.rows.get(usize::from(row)).ok_or(Failure::Internal)?;
                self.rows.read(row.handle)
            }
            source => self.steady(source),
        };
        memory.and_then(|memory| memory.get(cell.range())).ok_or(Failure::Internal)
    }

    /// Memory other than that of rows.
    #[inline(always)]
    fn steady(&self, source: Source) -> Option<&[u8]> {
        match source {
            Source::Arguments => Some(self.args),
            Source::Scratch => Some(&self.machine.scratch),
            Source::Zeros => Some(ZEROS),
            Source::Constant(index) => self.program.constant(index),
            Source::Row(_) => None,
        }
    }

    /// Appends a byte string to scratch memory.
    fn append(&mut self, cell: Cell) -> Result<(), Failure> {
        let range = cell.range();
        let scratch = &mut self.machine.scratch;
        let memory = match cell.source() {
            Source::Scratch => {
                require(range.end <= scratch.len(), Failure::Internal)?;
                scratch.extend_from_within(range);
                return Ok(());
            }
            Source::Row(row) => {
                let row = self.machine.rows.get(usize::from(row)).ok_or(Failure::Internal)?;
                self.rows.read(row.handle)
            }
            Source::Arguments => Some(self.args),
            Source::Zeros => Some(ZEROS),
            Source::Constant(index) => self.program.constant(index),
        };
        let bytes = memory.and_then(|memory| memory.get(range)).ok_or(Failure::Internal)?;
        scratch.extend_from_slice(bytes);
        Ok(())
    }

    /// The same byte string in scratch memory.
    fn copy(&mut self, cell: Cell) -> Result<Cell, Failure> {
        let start = self.machine.scratch.len();
        self.append(cell)?;
        Cell::of_span(Source::Scratch, start, cell.length()).ok_or(Failure::Internal)
    }

    fn convert(&mut self, target: Register, source: Register) -> Result<(), Failure> {
        let cell = self.cell(source)?;
        match (self.type_of(source)?, self.type_of(target)?) {
            (Type::Integer(from), Type::Integer(to)) => {
                let word = to.word_of(from.value_of(cell.word())).ok_or(Failure::Overflow)?;
                self.set_word(target, word)
            }
            (_, to) => {
                require_shape(to, cell.length())?;
                self.set(target, cell)
            }
        }
    }

    fn compare(
        &self,
        comparison: Comparison,
        left: Register,
        right: Register,
    ) -> Result<bool, Failure> {
        let (left_cell, right_cell) = (self.cell(left)?, self.cell(right)?);
        match self.type_of(left)? {
            Type::Bytes(_) | Type::Fixed(_) => {
                let (left, right) = (self.bytes(left_cell)?, self.bytes(right_cell)?);
                Ok(match comparison {
                    Comparison::Equal => equal_in_constant_time(left, right),
                    Comparison::Less => left < right,
                    Comparison::LessOrEqual => left <= right,
                })
            }
            found => {
                let value = |cell: Cell| match found {
                    Type::Integer(integer) => integer.value_of(cell.word()),
                    _ => i128::from(cell.word()),
                };
                let (left, right) = (value(left_cell), value(right_cell));
                Ok(match comparison {
                    Comparison::Equal => left == right,
                    Comparison::Less => left < right,
                    Comparison::LessOrEqual => left <= right,
                })
            }
        }
    }

    fn slice(
        &mut self,
        target: Register,
        source: Register,
        start: Register,
        end: Register,
    ) -> Result<(), Failure> {
        let cell = self.cell(source)?;
        let position = |word: u64| usize::try_from(word).unwrap_or(usize::MAX);
        let (start, end) = (position(self.cell(start)?.word()), position(self.cell(end)?.word()));
        require(start <= end, Failure::Bounds)?;
        require(end <= cell.length(), Failure::Bounds)?;
        let length = end.saturating_sub(start);
        require_shape(self.type_of(target)?, length)?;
        self.set_span(target, cell.source(), cell.start().saturating_add(start), length)
    }

    fn pack(&mut self, target: Register, operands: &[Register]) -> Result<(), Failure> {
        let mut length: usize = 0;
        for operand in operands {
            length = length.saturating_add(match self.type_of(*operand)? {
                Type::Integer(integer) => integer.width(),
                Type::Bool => 1,
                _ => self.cell(*operand)?.length(),
            });
        }
        // Before the first byte is copied, so that scratch memory stays within its bound.
        require_shape(self.type_of(target)?, length)?;
        let start = self.machine.scratch.len();
        for operand in operands {
            let cell = self.cell(*operand)?;
            let width = match self.type_of(*operand)? {
                Type::Integer(integer) => integer.width(),
                Type::Bool => 1,
                _ => {
                    self.append(cell)?;
                    continue;
                }
            };
            self.machine.scratch.extend(cell.word().to_le_bytes().iter().take(width));
        }
        self.set_span(target, Source::Scratch, start, length)
    }

    fn unpack(&mut self, target: Register, source: Register, offset: u32) -> Result<(), Failure> {
        let cell = self.cell(source)?;
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let found = self.type_of(target)?;
        let width = found.encoded_max();
        let end = offset.saturating_add(width);
        let bytes = self.bytes(cell)?.get(offset..end).ok_or(Failure::Malformed)?;
        let word = match found {
            Type::Integer(integer) => integer.word_of_bytes(bytes),
            Type::Bool => {
                require(bytes == [0] || bytes == [1], Failure::Malformed)?;
                u64::from(bytes == [1])
            }
            _ => {
                let start = cell.start().saturating_add(offset);
                return self.set_span(target, cell.source(), start, width);
            }
        };
        self.set_word(target, word)
    }

    fn hmac(&mut self, target: Register, key: Register, message: Register) -> Result<(), Failure> {
        let key = self.bytes(self.cell(key)?)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(key).or(Err(Failure::Internal))?;
        mac.update(self.bytes(self.cell(message)?)?);
        let tag = mac.finalize().into_bytes();
        self.set_made(target, &tag)
    }

    #[inline(always)]
    fn bind(&mut self, target: Register, key: Register) -> Result<(), Halt<R::Stop>> {
        let Type::Row(relation) = self.type_of(target)? else {
            return Err(Halt::Failed(Failure::Internal));
        };
        let mut key = self.cell(key)?;
        if let Source::Row(_) = key.source() {
            // Rows cannot lend a key while they bind another row.
            key = self.copy(key)?;
        }
        let count = self.machine.row_count;
        for (index, row) in self.machine.rows.iter().take(count).enumerate() {
            if row.relation == relation && self.bytes(row.key)? == self.bytes(key)? {
                return Ok(self.set_word(target, u64::try_from(index).unwrap_or(u64::MAX))?);
            }
        }
        let memory = match key.source() {
            Source::Arguments => Some(self.args),
            Source::Scratch => Some(self.machine.scratch.as_slice()),
            Source::Zeros => Some(ZEROS),
            Source::Constant(index) => self.program.constant(index),
            Source::Row(_) => None,
        };
        let bytes = memory.and_then(|memory| memory.get(key.range())).ok_or(Failure::Internal)?;
        let handle = self.rows.bind(relation, bytes).map_err(Halt::Stopped)?;
        let row = self.machine.rows.get_mut(count).ok_or(Failure::Internal)?;
        *row = BoundRow { relation, key, handle, written: Written::Nothing };
        self.machine.row_count = count.saturating_add(1);
        Ok(self.set_word(target, u64::try_from(count).unwrap_or(u64::MAX))?)
    }

    /// The bytes that a row holds for this call, its own writes included; `None` is null.
    #[inline(always)]
    fn row_bytes(&self, target: Register, row: Register) -> Result<Option<Cell>, Failure> {
        let index = usize::try_from(self.cell(row)?.word()).unwrap_or(usize::MAX);
        let row = self.machine.rows.get(index).ok_or(Failure::Internal)?;
        let cell = match row.written {
            Written::Null => return Ok(None),
            Written::Bytes(cell) => cell,
            Written::Nothing => {
                let Some(bytes) = self.rows.read(row.handle) else { return Ok(None) };
                let source = Source::Row(u16::try_from(index).unwrap_or(u16::MAX));
                Cell::of_span(source, 0, bytes.len()).ok_or(Failure::Malformed)?
            }
        };
        require_shape(self.type_of(target)?, cell.length()).or(Err(Failure::Malformed))?;
        Ok(Some(cell))
    }

    #[inline(always)]
    fn read(&mut self, presence: Register, target: Register, row: Register) -> Result<(), Failure> {
        let found = self.row_bytes(target, row)?;
        let cell = match found {
            Some(cell) => cell,
            None => absent(self.type_of(target)?).ok_or(Failure::Internal)?,
        };
        self.set_word(presence, u64::from(found.is_some()))?;
        self.set(target, cell)
    }

    fn store(&mut self, row: Register, source: Register) -> Result<(), Failure> {
        let mut cell = self.cell(source)?;
        // Writes outlive the call's loan of the rows, and are read without the program.
        if let Source::Row(_) | Source::Constant(_) = cell.source() {
            cell = self.copy(cell)?;
        }
        self.write(row, Written::Bytes(cell))
    }

    #[inline(always)]
    fn write(&mut self, row: Register, written: Written) -> Result<(), Failure> {
        let index = usize::try_from(self.cell(row)?.word()).unwrap_or(usize::MAX);
        self.machine.rows.get_mut(index).ok_or(Failure::Internal)?.written = written;
        Ok(())
    }

    #[inline(always)]
    fn give_back(&self, operands: &[Register], result: &mut Vec<u8>) -> Result<(), Failure> {
        let mut operands = operands.iter().copied();
        for value in &self.transition.result {
            if value.optional {
                let present = self.flag(operands.next().ok_or(Failure::Internal)?)?;
                result.push(u8::from(present));
                if !present {
                    operands.next();
                    continue;
                }
            }
            let cell = self.cell(operands.next().ok_or(Failure::Internal)?)?;
            match value.payload {
                Type::Bool => result.push(u8::from(cell.word() != 0)),
                Type::Integer(integer) => {
                    result.extend(cell.word().to_le_bytes().iter().take(integer.width()));
                }
                Type::Bytes(_) => {
                    let length = u32::try_from(cell.length()).or(Err(Failure::Internal))?;
                    result.extend_from_slice(&length.to_le_bytes());
                    result.extend_from_slice(self.bytes(cell)?);
                }
                Type::Fixed(_) => result.extend_from_slice(self.bytes(cell)?),
                Type::Row(_) => return Err(Failure::Internal),
            }
        }
        Ok(())
    }
}

/// The failure that an instruction names; the loader has checked that it is known.
fn named(code: u16) -> Failure {
    Failure::from_code(code).unwrap_or(Failure::Internal)
}

/// Whether a byte string of some length is a value of a type.
#[inline(always)]
fn require_shape(shape: Type, length: usize) -> Result<(), Failure> {
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    match shape {
        Type::Bytes(max) => require(length <= max, Failure::TooLong),
        Type::Fixed(exact) => require(length == exact, Failure::Malformed),
        Type::Bool | Type::Integer(_) | Type::Row(_) => Err(Failure::Internal),
    }
}
