//! The interpreter: one call, instruction by instruction.

use alloc::vec::Vec;

use sha2::{Digest, Sha256};

use crate::arithmetic::{apply, compare};
use crate::bound::REGISTER_COUNT_MAX;
use crate::cell::{Cell, Source, ZEROS};
use crate::error::{Failure, require};
use crate::instruction::{Instruction, Logic, Register};
use crate::machine::{Machine, Written};
use crate::program::{Loaded, Program};
use crate::rows::Rows;
use crate::step::Step;
use crate::value_list::Place;
use crate::value_type::Type;

pub(crate) const REGISTER_MASK: usize = REGISTER_COUNT_MAX - 1;
const _: () = assert!(REGISTER_COUNT_MAX.is_power_of_two());

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
    pub(crate) loaded: &'a Loaded,
    pub(crate) args: &'a [u8],
    pub(crate) epoch: u32,
    pub(crate) rows: &'a mut R,
}

impl<R: Rows> Call<'_, R> {
    #[inline(always)]
    pub(crate) fn execute(&mut self, result: &mut Vec<u8>) -> Result<(), Halt<R::Stop>> {
        let steps = &*self.loaded.steps;
        let mut next = steps.iter();
        while let Some(step) = next.next() {
            match *step {
                Step::Bind { target, relation, ref key } => self.bind(target, relation, key)?,
                Step::Fetch { presence, row, ref values } => self.fetch(presence, row, values)?,
                Step::Store { row, ref values } => self.store(row, values)?,
                Step::Delete { row } => self.write(row, Written::Null),
                Step::Jump { to } => {
                    next = steps.get(usize::from(to)..).unwrap_or_default().iter();
                }
                Step::JumpUnless { condition, to } => {
                    if !self.flag(condition) {
                        next = steps.get(usize::from(to)..).unwrap_or_default().iter();
                    }
                }
                Step::Check { condition, failure } => require(self.flag(condition), failure)?,
                Step::Word { target, word } => self.set_word(target, word),
                Step::Move { target, source } => self.set(target, self.cell(source)),
                Step::Arithmetic { operation, integer, target, left, right } => {
                    let (left, right) = (self.cell(left).word(), self.cell(right).word());
                    self.set_word(target, apply(operation, integer, left, right)?);
                }
                Step::Compare { comparison, signed, target, left, right } => {
                    let (left, right) = (self.cell(left).word(), self.cell(right).word());
                    self.set_word(target, u64::from(compare(comparison, signed, left, right)));
                }
                Step::Return { ref values } => {
                    return Ok(self.encode_list(values, result, false)?);
                }
                Step::FetchReturn { row, max } => return Ok(self.fetch_return(row, max, result)?),
                Step::Other(ref instruction) => self.apart().compute(instruction)?,
            }
        }
        Err(Halt::Failed(Failure::Internal))
    }

    /// The same call, to be lent to what is not inlined: `self` can stay in processor registers.
    #[inline(always)]
    pub(crate) fn apart(&mut self) -> Call<'_, R> {
        Call {
            machine: self.machine,
            program: self.program,
            loaded: self.loaded,
            args: self.args,
            epoch: self.epoch,
            rows: self.rows,
        }
    }

    /// An instruction on values: apart, so that the code for rows keeps the processor's registers.
    #[inline(never)]
    fn compute(&mut self, instruction: &Instruction) -> Result<(), Failure> {
        use Instruction as I;
        match instruction {
            I::Constant { target, constant } => {
                let length = self.program.constant(*constant).ok_or(Failure::Internal)?.len();
                self.set_span(*target, Source::Constant(*constant), 0, length)?;
            }
            I::Convert { target, source } => self.convert(*target, *source)?,
            I::Compare { comparison, target, left, right } => {
                let holds = self.compare_bytes(*comparison, *left, *right)?;
                self.set_word(*target, u64::from(holds));
            }
            I::Logic { logic, target, left, right } => {
                let (left, right) = (self.flag(*left), self.flag(*right));
                let holds = match logic {
                    Logic::And => left && right,
                    Logic::Or => left || right,
                };
                self.set_word(*target, u64::from(holds));
            }
            I::Not { target, source } => {
                let holds = !self.flag(*source);
                self.set_word(*target, u64::from(holds));
            }
            I::Length { target, source } => {
                let length = self.cell(*source).length();
                self.set_word(*target, u64::try_from(length).unwrap_or(u64::MAX));
            }
            I::Slice { target, source, start, end } => {
                self.slice(*target, *source, *start, *end)?
            }
            I::Pack { target, operands } => self.pack(*target, operands)?,
            I::Sha256 { target, source } => {
                let digest = Sha256::digest(self.bytes(self.cell(*source))?);
                self.set_made(*target, &digest)?;
            }
            I::HmacSha256 { target, key, message } => self.hmac(*target, *key, *message)?,
            I::Epoch { target } => self.set_word(*target, u64::from(self.epoch)),
            I::Fail { code } => {
                return Err(Failure::from_code(*code).unwrap_or(Failure::Internal));
            }
            // The rest is executed by `execute`.
            _ => return Err(Failure::Internal),
        }
        Ok(())
    }

    #[inline(always)]
    pub(crate) fn type_of(&self, register: Register) -> Result<Type, Failure> {
        self.loaded.registers.get(usize::from(register.0)).copied().ok_or(Failure::Internal)
    }

    #[inline(always)]
    pub(crate) fn cell(&self, register: Register) -> Cell {
        // The loader knows each register: the mask changes none, but spares the comparison.
        let index = usize::from(register.0) & REGISTER_MASK;
        self.machine.cells.get(index).copied().unwrap_or(Cell::EMPTY)
    }

    #[inline(always)]
    pub(crate) fn flag(&self, register: Register) -> bool {
        self.cell(register).word() != 0
    }

    #[inline(always)]
    pub(crate) fn set(&mut self, target: Register, cell: Cell) {
        if let Some(register) = self.machine.cells.get_mut(usize::from(target.0) & REGISTER_MASK) {
            *register = cell;
        }
    }

    #[inline(always)]
    pub(crate) fn set_word(&mut self, target: Register, word: u64) {
        self.set(target, Cell::of_word(word));
    }

    pub(crate) fn set_span(
        &mut self,
        target: Register,
        source: Source,
        start: usize,
        length: usize,
    ) -> Result<(), Failure> {
        let cell = Cell::of_span(source, start, length).ok_or(Failure::Internal)?;
        self.set(target, cell);
        Ok(())
    }

    #[inline(always)]
    pub(crate) fn bytes(&self, cell: Cell) -> Result<&[u8], Failure> {
        let memory = match cell.source() {
            Source::Arguments => Some(self.args),
            Source::Row(row) => {
                let row = self.machine.rows.get(usize::from(row)).ok_or(Failure::Internal)?;
                self.rows.read(row.handle)
            }
            source => steady(source, self.args, &self.machine.scratch, self.program),
        };
        memory.and_then(|memory| memory.get(cell.range())).ok_or(Failure::Internal)
    }

    /// Makes a byte string in scratch memory, which is lent to what appends it.
    #[inline(always)]
    pub(crate) fn build(
        &mut self,
        append: impl FnOnce(&Self, &mut Vec<u8>) -> Result<(), Failure>,
    ) -> Result<Cell, Failure> {
        let mut scratch = core::mem::take(&mut self.machine.scratch);
        let start = scratch.len();
        let appended = append(self, &mut scratch);
        let length = scratch.len().saturating_sub(start);
        self.machine.scratch = scratch;
        appended?;
        Cell::of_span(Source::Scratch, start, length).ok_or(Failure::Internal)
    }

    /// Sets a register to bytes that are no part of any memory yet.
    pub(crate) fn set_made(&mut self, target: Register, bytes: &[u8]) -> Result<(), Failure> {
        let made = self.build(|_, scratch| {
            scratch.extend_from_slice(bytes);
            Ok(())
        })?;
        self.set(target, made);
        Ok(())
    }

    /// Appends the encoding of a list of values to scratch memory, which is lent, or to a result.
    #[inline(always)]
    pub(crate) fn encode_list(
        &self,
        values: &[Place],
        to: &mut Vec<u8>,
        to_scratch: bool,
    ) -> Result<(), Failure> {
        for value in values {
            if let Some(presence) = value.presence {
                let present = self.flag(presence);
                to.push(u8::from(present));
                if !present {
                    continue;
                }
            }
            let cell = self.cell(value.payload);
            if value.has_length {
                let length = u32::try_from(cell.length()).or(Err(Failure::Internal))?;
                to.extend_from_slice(&length.to_le_bytes());
            }
            self.append(value.payload_type, cell, to, to_scratch)?;
        }
        Ok(())
    }

    /// Appends the raw bytes of a value.
    #[inline(always)]
    pub(crate) fn append(
        &self,
        found: Type,
        cell: Cell,
        to: &mut Vec<u8>,
        to_scratch: bool,
    ) -> Result<(), Failure> {
        if let Some(width) = found.word_width() {
            let end = to.len().saturating_add(width);
            to.extend_from_slice(&cell.word().to_le_bytes());
            to.truncate(end);
        } else if to_scratch && cell.source() == Source::Scratch {
            if cell.range().end > to.len() {
                return Err(Failure::Internal);
            }
            to.extend_from_within(cell.range());
        } else {
            to.extend_from_slice(self.bytes(cell)?);
        }
        Ok(())
    }
}

/// Memory other than that of rows.
#[inline(never)]
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
