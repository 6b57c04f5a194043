//! The interpreter: one call, instruction by instruction.

use alloc::vec::Vec;

use sha2::{Digest, Sha256};

use crate::arithmetic::apply;
use crate::assembly::Transition;
use crate::cell::{Cell, Source, ZEROS};
use crate::error::{Failure, require};
use crate::instruction::{Instruction, Logic, Register};
use crate::machine::{Machine, Written};
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
    pub(crate) machine: &'a mut Machine,
    pub(crate) program: &'a Program,
    pub(crate) transition: &'a Transition,
    types: &'a [Type],
    pub(crate) args: &'a [u8],
    epoch: u32,
    pub(crate) rows: &'a mut R,
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
                Instruction::Read { presence, target, row } => {
                    self.read(*presence, *target, *row)?;
                }
                Instruction::Load { target, row } => self.load(*target, *row)?,
                Instruction::Store { row, source } => self.store(*row, *source)?,
                Instruction::Delete { row } => self.write(*row, Written::Null)?,
                Instruction::Return { operands } => return Ok(self.give_back(operands, result)?),
                other => self.compute(other)?,
            }
        }
        Err(Halt::Failed(Failure::Internal))
    }

    /// An instruction on values: apart, so that the code for rows keeps the processor's registers.
    #[inline(never)]
    fn compute(&mut self, instruction: &Instruction) -> Result<(), Failure> {
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
            I::Epoch { target } => self.set_word(*target, u64::from(self.epoch)),
            // The rest is executed by `execute`.
            _ => Err(Failure::Internal),
        }
    }

    #[inline(always)]
    pub(crate) fn type_of(&self, register: Register) -> Result<Type, Failure> {
        self.types.get(usize::from(register.0)).copied().ok_or(Failure::Internal)
    }

    #[inline(always)]
    pub(crate) fn cell(&self, register: Register) -> Result<Cell, Failure> {
        self.machine.cells.get(usize::from(register.0)).copied().ok_or(Failure::Internal)
    }

    #[inline(always)]
    pub(crate) fn flag(&self, register: Register) -> Result<bool, Failure> {
        Ok(self.cell(register)?.word() != 0)
    }

    #[inline(always)]
    pub(crate) fn set(&mut self, target: Register, cell: Cell) -> Result<(), Failure> {
        let index = usize::from(target.0);
        *self.machine.cells.get_mut(index).ok_or(Failure::Internal)? = cell;
        Ok(())
    }

    #[inline(always)]
    pub(crate) fn set_word(&mut self, target: Register, word: u64) -> Result<(), Failure> {
        self.set(target, Cell::of_word(word))
    }

    pub(crate) fn set_span(
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
    pub(crate) fn set_made(&mut self, target: Register, bytes: &[u8]) -> Result<(), Failure> {
        let start = self.machine.scratch.len();
        self.machine.scratch.extend_from_slice(bytes);
        self.set_span(target, Source::Scratch, start, bytes.len())
    }

    #[inline(always)]
    pub(crate) fn bytes(&self, cell: Cell) -> Result<&[u8], Failure> {
        let memory = match cell.source() {
            Source::Row(row) => {
                let row = self.machine.rows.get(usize::from(row)).ok_or(Failure::Internal)?;
                self.rows.read(row.handle)
            }
            source => steady(source, self.args, &self.machine.scratch, self.program),
        };
        memory.and_then(|memory| memory.get(cell.range())).ok_or(Failure::Internal)
    }

    /// Appends a byte string to scratch memory.
    pub(crate) fn append(&mut self, cell: Cell) -> Result<(), Failure> {
        let range = cell.range();
        let scratch = &mut self.machine.scratch;
        let memory = match cell.source() {
            Source::Scratch => {
                if range.end > scratch.len() {
                    return Err(Failure::Internal);
                }
                scratch.extend_from_within(range);
                return Ok(());
            }
            Source::Row(row) => {
                let row = self.machine.rows.get(usize::from(row)).ok_or(Failure::Internal)?;
                self.rows.read(row.handle)
            }
            source => steady(source, self.args, &[], self.program),
        };
        let bytes = memory.and_then(|memory| memory.get(range)).ok_or(Failure::Internal)?;
        scratch.extend_from_slice(bytes);
        Ok(())
    }

    /// The same byte string in scratch memory.
    #[inline(never)]
    pub(crate) fn copy(&mut self, cell: Cell) -> Result<Cell, Failure> {
        let start = self.machine.scratch.len();
        self.append(cell)?;
        Cell::of_span(Source::Scratch, start, cell.length()).ok_or(Failure::Internal)
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

/// Memory other than that of rows.
#[inline(always)]
pub(crate) fn steady<'m>(
    source: Source,
    args: &'m [u8],
    scratch: &'m [u8],
    program: &'m Program,
) -> Option<&'m [u8]> {
    match source {
        Source::Arguments => Some(args),
        Source::Scratch => Some(scratch),
        Source::Zeros => Some(ZEROS),
        Source::Constant(index) => program.constant(index),
        Source::Row(_) => None,
    }
}
