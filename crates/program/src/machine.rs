//! The machine: it decodes a call's arguments, runs its code, and keeps its writes.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::bound::{REGISTER_COUNT_MAX, ROW_COUNT_MAX};
use crate::call::{Call, Halt, REGISTER_MASK};
use crate::cell::{Cell, Source, ZEROS};
use crate::error::{Failure, Outcome, Refusal};
use crate::program::Program;
use crate::rows::{RelationId, RowHandle, Rows, TransitionId};
use crate::value_list::{Undecodable, decode_list};

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
        let loaded = program.loaded(transition).ok_or(Refusal::UnknownTransition)?;
        let cells = &mut self.cells;
        let decoded = decode_list(args, Source::Arguments, 0, &loaded.arguments, |target, cell| {
            if let Some(register) = cells.get_mut(usize::from(target.0) & REGISTER_MASK) {
                *register = cell;
            }
        });
        decoded.map_err(|Undecodable| Refusal::IllTypedArguments)?;
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
        let begun = self.begun.take();
        let halted = match begun.and_then(|transition| program.loaded(transition)) {
            None => Err(Halt::Failed(Failure::Internal)),
            Some(loaded) => {
                Call { machine: self, program, loaded, args, epoch, rows }.execute(result)
            }
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

    /// The bytes of a key or of a written row, which lie neither in rows nor in the program.
    #[inline(always)]
    pub(crate) fn lasting<'a>(&'a self, args: &'a [u8], cell: Cell) -> Option<&'a [u8]> {
        let memory = match cell.source() {
            Source::Arguments => args,
            Source::Scratch => &self.scratch,
            // INVARIANT: a bind and a store copy what lies in constants or rows to scratch.
            Source::Zeros | Source::Constant(_) | Source::Row(_) => ZEROS,
        };
        memory.get(cell.range())
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
            Written::Bytes(cell) => Some((row.handle, self.lasting(args, cell))),
        })
    }
}
