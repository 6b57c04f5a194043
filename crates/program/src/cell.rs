//! What a register holds while a call runs: a word, or where a byte string lies.

use core::ops::Range;

use crate::bound::FIXED_LEN_MAX;

/// The memory that a byte string lies in; the strings themselves are not copied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Source {
    Arguments,
    Scratch,
    /// The payload of an absent value: zeros.
    Zeros,
    /// A byte string of the program's table.
    Constant(u16),
    /// The memory of a row that this call has bound, as it was before the call.
    Row(u16),
}

/// The payload of an absent fixed byte string is a part of this.
pub(crate) const ZEROS: &[u8] = &[0; FIXED_LEN_MAX];

/// The content of a register: of the two forms, the register's type says which.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    word: u64,
    source: Source,
}

impl Cell {
    pub(crate) const EMPTY: Cell = Cell { word: 0, source: Source::Zeros };

    #[inline(always)]
    pub(crate) const fn of_word(word: u64) -> Cell {
        Cell { word, source: Source::Zeros }
    }

    /// A byte string; `None` where a position does not fit, which the loader's bounds rule out.
    #[inline(always)]
    pub(crate) fn of_span(source: Source, start: usize, length: usize) -> Option<Cell> {
        let start = u32::try_from(start).ok()?;
        let length = u32::try_from(length).ok()?;
        Some(Cell { word: u64::from(start) | (u64::from(length) << 32), source })
    }

    #[inline(always)]
    pub(crate) const fn word(self) -> u64 {
        self.word
    }

    #[inline(always)]
    pub(crate) const fn source(self) -> Source {
        self.source
    }

    #[inline(always)]
    pub(crate) const fn start(self) -> usize {
        (self.word as u32) as usize
    }

    #[inline(always)]
    pub(crate) const fn length(self) -> usize {
        (self.word >> 32) as usize
    }

    #[inline(always)]
    pub(crate) const fn range(self) -> Range<usize> {
        let start = self.start();
        start..start.saturating_add(self.length())
    }
}
