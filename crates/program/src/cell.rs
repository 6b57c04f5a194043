//! What a register holds while a call runs: a word, or where a byte string lies.

use core::ops::Range;

use crate::bound::{
    ARGUMENTS_LEN_MAX, CONSTANT_COUNT_MAX, FIXED_LEN_MAX, ROW_COUNT_MAX, SCRATCH_LEN_MAX,
    VALUE_LEN_MAX,
};

/// The memory that a byte string lies in; the strings themselves are not copied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Source {
    /// The payload of an absent value: zeros.
    Zeros,
    Arguments,
    Scratch,
    /// A byte string of the program's table.
    Constant(u16),
    /// The memory of a row that this call has bound, as it was before the call.
    Row(u16),
}

/// The payload of an absent fixed byte string is a part of this.
pub(crate) const ZEROS: &[u8] = &[0; FIXED_LEN_MAX];

/// The content of a register: of the two forms, the register's type says which.
///
/// A byte string is packed into one word, for a cell is written and read back within a few
/// nanoseconds, and a processor forwards one store to one load, but not two stores. From the lowest
/// bit: start (25 bits), length (21), source (3), index of the constant or row (12).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell(u64);

const START_BITS: u32 = 25;
const LENGTH_BITS: u32 = 21;
const SOURCE_BITS: u32 = 3;
const INDEX_BITS: u32 = 12;
const LENGTH_SHIFT: u32 = START_BITS;
const SOURCE_SHIFT: u32 = LENGTH_SHIFT + LENGTH_BITS;
const INDEX_SHIFT: u32 = SOURCE_SHIFT + SOURCE_BITS;

const _: () = assert!(SCRATCH_LEN_MAX < 1 << START_BITS && ARGUMENTS_LEN_MAX < 1 << START_BITS);
const _: () = assert!(VALUE_LEN_MAX < 1 << LENGTH_BITS);
const _: () = assert!(CONSTANT_COUNT_MAX <= 1 << INDEX_BITS && ROW_COUNT_MAX <= 1 << INDEX_BITS);

impl Cell {
    /// Zero, false, and the empty byte string.
    pub(crate) const EMPTY: Cell = Cell(0);

    #[inline(always)]
    pub(crate) const fn of_word(word: u64) -> Cell {
        Cell(word)
    }

    /// A byte string; `None` where a number does not fit, which only a row's length can do.
    #[inline(always)]
    pub(crate) fn of_span(source: Source, start: usize, length: usize) -> Option<Cell> {
        let (tag, index) = match source {
            Source::Zeros => (0, 0),
            Source::Arguments => (1, 0),
            Source::Scratch => (2, 0),
            Source::Constant(index) => (3, index),
            Source::Row(index) => (4, index),
        };
        let fits = start < 1 << START_BITS && length < 1 << LENGTH_BITS && index < 1 << INDEX_BITS;
        let word = start as u64
            | (length as u64) << LENGTH_SHIFT
            | tag << SOURCE_SHIFT
            | u64::from(index) << INDEX_SHIFT;
        fits.then_some(Cell(word))
    }

    #[inline(always)]
    pub(crate) const fn word(self) -> u64 {
        self.0
    }

    #[inline(always)]
    pub(crate) const fn source(self) -> Source {
        let index = (self.0 >> INDEX_SHIFT) as u16;
        match (self.0 >> SOURCE_SHIFT) & ((1 << SOURCE_BITS) - 1) {
            0 => Source::Zeros,
            1 => Source::Arguments,
            2 => Source::Scratch,
            3 => Source::Constant(index),
            _ => Source::Row(index),
        }
    }

    /// Whether the source is `Arguments`, as it is most often: cheaper to ask than `source`.
    #[inline(always)]
    pub(crate) const fn in_arguments(self) -> bool {
        (self.0 >> SOURCE_SHIFT) & ((1 << SOURCE_BITS) - 1) == 1
    }

    #[inline(always)]
    pub(crate) const fn start(self) -> usize {
        (self.0 & ((1 << START_BITS) - 1)) as usize
    }

    #[inline(always)]
    pub(crate) const fn length(self) -> usize {
        ((self.0 >> LENGTH_SHIFT) & ((1 << LENGTH_BITS) - 1)) as usize
    }

    #[inline(always)]
    pub(crate) const fn range(self) -> Range<usize> {
        let start = self.start();
        start..start.saturating_add(self.length())
    }
}
