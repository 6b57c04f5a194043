//! The interpreter: one call, instruction by instruction.

use alloc::vec::Vec;

use sha2::{Digest, Sha256};

use crate::arithmetic::apply;
use crate::bound::REGISTER_COUNT_MAX;
use crate::cell::{Cell, Source, ZEROS};
use crate::error::{Failure, require};
use crate::instruction::{Instruction, Logic, Register};
use crate::machine::{Machine, Written};
use crate::program::{Loaded, Program};
use crate::rows::Rows;
use crate::step::{Given, Lengths, Step};
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
                Step::Bind { target, key, relation } => self.bind(target, key, relation)?,
                Step::Read { presence, target, row, lengths } => {
                    self.read(presence, target, row, lengths)?;
                }
                Step::Load { target, row, lengths } => self.load(target, row, lengths)?,
                Step::Store { row, source } => self.store(row, source)?,
                Step::Delete { row } => self.write(row, Written::Null),
                Step::Jump { to } => {
                    next = steps.get(usize::from(to)..).unwrap_or_default().iter();
                }
                Step::JumpUnless { condition, to } => {
                    if !self.flag(condition) {
                        next = steps.get(usize::from(to)..).unwrap_or_default().iter();
                    }
                }
                Step::ReadReturn { row, lengths } => {
                    return Ok(self.give_row(row, lengths, result)?);
                }
                Step::Return { ref values } => return Ok(self.give_back(values, result)?),
                Step::Other(ref other) => self.apart().compute(other)?,
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
            I::Word { target, word } => self.set_word(*target, *word),
            I::Constant { target, constant } => {
                let length = self.program.constant(*constant).ok_or(Failure::Internal)?.len();
                self.set_span(*target, Source::Constant(*constant), 0, length)?;
            }
            I::Move { target, source } => {
                let cell = self.cell(*source);
                self.set(*target, cell);
            }
            I::Convert { target, source } => self.convert(*target, *source)?,
            I::Arithmetic { operation, target, left, right } => {
                let Type::Integer(integer) = self.type_of(*target)? else {
                    return Err(Failure::Internal);
                };
                let (left, right) = (self.cell(*left).word(), self.cell(*right).word());
                self.set_word(*target, apply(*operation, integer, left, right)?);
            }
            I::Compare { comparison, target, left, right } => {
                let holds = self.compare(*comparison, *left, *right)?;
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
            I::Unpack { target, source, offset } => self.unpack(*target, *source, *offset)?,
            I::Sha256 { target, source } => {
                let digest = Sha256::digest(self.bytes(self.cell(*source))?);
                self.set_made(*target, &digest)?;
            }
            I::HmacSha256 { target, key, message } => self.hmac(*target, *key, *message)?,
            I::Epoch { target } => self.set_word(*target, u64::from(self.epoch)),
            I::Check { condition, code } => require(self.flag(*condition), named(*code))?,
            I::Fail { code } => return Err(named(*code)),
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

    /// Sets a register to bytes that are no part of any memory yet.
    pub(crate) fn set_made(&mut self, target: Register, bytes: &[u8]) -> Result<(), Failure> {
        let start = self.machine.scratch.len();
        self.machine.scratch.extend_from_slice(bytes);
        self.set_span(target, Source::Scratch, start, bytes.len())
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

    /// Returns a row's bytes as the only value, an optional byte string.
    #[inline(always)]
    fn give_row(
        &self,
        row: Register,
        lengths: Lengths,
        result: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let Some(bytes) = self.row_bytes(row, lengths)? else {
            result.push(0);
            return Ok(());
        };
        let [a, b, c, d] = u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes();
        // Byte by byte as told, yet compiled to two stores, where to append a slice is a call.
        result.extend([1, a, b, c, d].iter().copied());
        result.extend_from_slice(bytes);
        Ok(())
    }

    #[inline(always)]
    fn give_back(&self, values: &[Given], result: &mut Vec<u8>) -> Result<(), Failure> {
        for value in values {
            if let Some(presence) = value.presence {
                let present = self.flag(presence);
                result.push(u8::from(present));
                if !present {
                    continue;
                }
            }
            let cell = self.cell(value.payload);
            match value.payload_type {
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
