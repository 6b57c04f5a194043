//! The machine: it decodes a call's arguments, runs its code, and keeps its writes.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::bound::{REGISTER_COUNT_MAX, ROW_COUNT_MAX};
use crate::call::{Call, Halt};
use crate::cell::{Cell, Source, ZEROS};
use crate::error::{Failure, Outcome, Refusal, require};
use crate::program::Program;
use crate::rows::{RelationId, RowHandle, Rows, TransitionId};
use crate::value_type::Type;

/// Memory for calls, one at a time, used again from call to call.
#[derive(Debug)]
pub struct Machine {
    /// The registers. What an earlier call left is never read: see the loader's `Unassigned`.
    pub(crate) cells: Box<[Cell; REGISTER_COUNT_MAX]>,
    pub(crate) rows: [BoundRow; ROW_COUNT_MAX],
    pub(crate) row_count: usize,
    /// Byte strings that the call has made. Appended to only, so that spans of it stay good.
    pub(crate) scratch: Vec<u8>,
    begun: Option<TransitionId>,
}

/// A row that the call has bound.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BoundRow {
    pub(crate) relation: RelationId,
    pub(crate) key: Cell,
    pub(crate) handle: RowHandle,
    pub(crate) written: Written,
}

/// The last write to a row; its bytes lie in the arguments, in scratch, or are zeros.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Written {
    Nothing,
    Null,
    Bytes(Cell),
}

const UNBOUND: BoundRow = BoundRow {
    relation: RelationId(0),
    key: Cell::EMPTY,
    handle: RowHandle(0),
    written: Written::Nothing,
};

impl Default for Machine {
    fn default() -> Self {
        Self::new()
    }
}

impl Machine {
    /// A machine that has run nothing.
    pub fn new() -> Self {
        Machine {
            cells: Box::new([Cell::EMPTY; REGISTER_COUNT_MAX]),
            rows: [UNBOUND; ROW_COUNT_MAX],
            row_count: 0,
            scratch: Vec::new(),
            begun: None,
        }
    }

    /// Decodes and checks all arguments; nothing is run.
    #[inline]
    pub fn begin(
        &mut self,
        program: &Program,
        transition: TransitionId,
        args: &[u8],
    ) -> Result<(), Refusal> {
        self.begun = None;
        self.row_count = 0;
        self.scratch.clear();
        let found = program.transition(transition).ok_or(Refusal::UnknownTransition)?;
        let mut arguments = Arguments { rest: args, length: args.len() };
        let mut cells = self.cells.iter_mut();
        let mut assign = |cell: Cell| {
            if let Some(register) = cells.next() {
                *register = cell;
            }
        };
        for argument in &found.arguments {
            let present = !argument.value.optional || arguments.flag()?;
            if argument.value.optional {
                assign(Cell::of_word(u64::from(present)));
            }
            assign(match present {
                true => arguments.payload(argument.value.payload)?,
                false => absent(argument.value.payload).ok_or(Refusal::IllTypedArguments)?,
            });
        }
        require(arguments.rest.is_empty(), Refusal::IllTypedArguments)?;
        self.begun = Some(transition);
        Ok(())
    }

    /// Runs the transition that has begun, with the same program and arguments.
    ///
    /// Where it is done, its encoded result is appended to `result`; else `result` is as before.
    #[inline]
    pub fn run<R: Rows>(
        &mut self,
        program: &Program,
        args: &[u8],
        epoch: u32,
        rows: &mut R,
        result: &mut Vec<u8>,
    ) -> Result<Outcome, R::Stop> {
        let result_start = result.len();
        let halted = match self.begun.take() {
            None => Err(Halt::Failed(Failure::Internal)),
            Some(transition) => Call::new(self, program, transition, args, epoch, rows)
                .map_err(Halt::Failed)
                .and_then(|mut call| call.execute(result)),
        };
        let Err(halt) = halted else { return Ok(Outcome::Done) };
        // A call that did not return has no writes and no result.
        self.row_count = 0;
        result.truncate(result_start);
        match halt {
            Halt::Failed(failure) => Ok(Outcome::Failed(failure)),
            Halt::Stopped(stop) => Err(stop),
        }
    }

    /// The bytes that the last call has written to scratch memory: at most its `Cost::scratch`.
    pub fn scratch_len(&self) -> usize {
        self.scratch.len()
    }

    /// The last write of each row that the call wrote, in the order in which rows were bound.
    ///
    /// `args` are those of the call. There are writes only after a call is done.
    pub fn writes<'a>(
        &'a self,
        args: &'a [u8],
    ) -> impl Iterator<Item = (RowHandle, Option<&'a [u8]>)> + 'a {
        self.rows.iter().take(self.row_count).filter_map(move |row| match row.written {
            Written::Nothing => None,
            Written::Null => Some((row.handle, None)),
            Written::Bytes(cell) => {
                let memory = match cell.source() {
                    Source::Arguments => args,
                    Source::Scratch => &self.scratch,
                    // INVARIANT: a store copies what lies in constants or rows to scratch.
                    Source::Zeros | Source::Constant(_) | Source::Row(_) => ZEROS,
                };
                Some((row.handle, memory.get(cell.range())))
            }
        })
    }
}

/// The payload of an absent optional value.
pub(crate) fn absent(payload: Type) -> Option<Cell> {
    match payload {
        Type::Fixed(length) => Cell::of_span(Source::Zeros, 0, usize::try_from(length).ok()?),
        Type::Bool | Type::Integer(_) | Type::Bytes(_) | Type::Row(_) => Some(Cell::EMPTY),
    }
}

/// Arguments that are being decoded: the bytes that are left, and how many there were.
struct Arguments<'a> {
    rest: &'a [u8],
    length: usize,
}

impl Arguments<'_> {
    fn flag(&mut self) -> Result<bool, Refusal> {
        let ([byte], rest) = self.rest.split_first_chunk().ok_or(Refusal::IllTypedArguments)?;
        self.rest = rest;
        require(*byte <= 1, Refusal::IllTypedArguments)?;
        Ok(*byte == 1)
    }

    #[inline(always)]
    fn payload(&mut self, payload: Type) -> Result<Cell, Refusal> {
        match payload {
            Type::Bytes(max) => {
                let (length, rest) =
                    self.rest.split_first_chunk().ok_or(Refusal::IllTypedArguments)?;
                self.rest = rest;
                let length = u32::from_le_bytes(*length);
                require(length <= max, Refusal::IllTypedArguments)?;
                self.span(length)
            }
            Type::Fixed(length) => self.span(length),
            Type::Bool => Ok(Cell::of_word(u64::from(self.flag()?))),
            Type::Integer(integer) => {
                let split = self.rest.split_at_checked(integer.width());
                let (taken, rest) = split.ok_or(Refusal::IllTypedArguments)?;
                self.rest = rest;
                Ok(Cell::of_word(integer.word_of_bytes(taken)))
            }
            // The loader lets no row into a signature.
            Type::Row(_) => Err(Refusal::IllTypedArguments),
        }
    }

    #[inline(always)]
    fn span(&mut self, length: u32) -> Result<Cell, Refusal> {
        let start = self.length.saturating_sub(self.rest.len());
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        self.rest = self.rest.get(length..).ok_or(Refusal::IllTypedArguments)?;
        Cell::of_span(Source::Arguments, start, length).ok_or(Refusal::IllTypedArguments)
    }
}
