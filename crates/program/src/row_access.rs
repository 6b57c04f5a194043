//! Instructions on rows: binding, reading, writing.

use crate::bound::ROW_COUNT_MAX;
use crate::call::{Call, Halt, steady};
use crate::cell::{Cell, Source};
use crate::error::{Failure, require};
use crate::instruction::Register;
use crate::machine::{BoundRow, Written};
use crate::rows::{RelationId, Rows};
use crate::step::Lengths;

const ROW_MASK: u64 = ROW_COUNT_MAX as u64 - 1;
const _: () = assert!(ROW_COUNT_MAX.is_power_of_two());

impl<R: Rows> Call<'_, R> {
    #[inline(always)]
    pub(crate) fn bind(
        &mut self,
        target: Register,
        key: Register,
        relation: RelationId,
    ) -> Result<(), Halt<R::Stop>> {
        let mut key = self.cell(key);
        let count = self.machine.row_count;
        if count != 0
            && let Some(index) = self.apart().bound(relation, key)?
        {
            self.set_word(target, index);
            return Ok(());
        }
        let memory = if key.in_arguments() {
            Some(self.args)
        } else {
            key = self.apart().lasting(key)?;
            steady(key.source(), self.args, &self.machine.scratch, self.program)
        };
        let bytes = memory.and_then(|memory| memory.get(key.range())).ok_or(Failure::Internal)?;
        let handle = self.rows.bind(relation, bytes).map_err(Halt::Stopped)?;
        let row = self.machine.rows.get_mut(count).ok_or(Failure::Internal)?;
        *row = BoundRow { relation, key, handle, written: Written::Nothing };
        self.machine.row_count = count.saturating_add(1);
        self.set_word(target, u64::try_from(count).unwrap_or(u64::MAX));
        Ok(())
    }

    /// The same bytes, out of the rows and of the program: rows cannot lend a key while they bind
    /// another row, and writes outlive the loan of the rows, and are read without the program.
    #[inline(never)]
    fn lasting(&mut self, cell: Cell) -> Result<Cell, Failure> {
        match cell.source() {
            Source::Row(_) | Source::Constant(_) => self.copy(cell),
            Source::Zeros | Source::Arguments | Source::Scratch => Ok(cell),
        }
    }

    /// The index of the row of a key, where the call has bound it.
    #[inline(never)]
    fn bound(&self, relation: RelationId, key: Cell) -> Result<Option<u64>, Failure> {
        let rows = self.machine.rows.iter().take(self.machine.row_count);
        for (index, row) in (0..).zip(rows) {
            if row.relation == relation && self.bytes(row.key)? == self.bytes(key)? {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    /// The bytes that a row holds for this call, its own writes included; `None` is null.
    #[inline(always)]
    pub(crate) fn row_bytes(
        &self,
        row: Register,
        lengths: Lengths,
    ) -> Result<Option<&[u8]>, Failure> {
        let row = self.machine.rows.get(self.row_index(row)).ok_or(Failure::Internal)?;
        let found = match row.written {
            Written::Nothing => self.rows.read(row.handle),
            Written::Null => None,
            Written::Bytes(cell) => Some(self.bytes(cell)?),
        };
        let Some(bytes) = found else { return Ok(None) };
        require(lengths.contain(bytes.len()), Failure::Malformed)?;
        Ok(Some(bytes))
    }

    /// Where the bytes of `row_bytes` lie.
    #[inline(always)]
    fn row_cell(&self, row: Register, lengths: Lengths) -> Result<Option<Cell>, Failure> {
        let Some(bytes) = self.row_bytes(row, lengths)? else { return Ok(None) };
        let index = self.row_index(row);
        if let Some(Written::Bytes(cell)) = self.machine.rows.get(index).map(|row| row.written) {
            return Ok(Some(cell));
        }
        let source = Source::Row(u16::try_from(index).unwrap_or(u16::MAX));
        Cell::of_span(source, 0, bytes.len()).ok_or(Failure::Malformed).map(Some)
    }

    #[inline(always)]
    fn row_index(&self, row: Register) -> usize {
        // Only a bind makes such a word: the mask changes none, but spares the comparison.
        (self.cell(row).word() & ROW_MASK) as usize
    }

    #[inline(always)]
    pub(crate) fn read(
        &mut self,
        presence: Register,
        target: Register,
        row: Register,
        lengths: Lengths,
    ) -> Result<(), Failure> {
        let found = self.row_cell(row, lengths)?;
        self.set_word(presence, u64::from(found.is_some()));
        self.set(target, found.unwrap_or(lengths.absent()));
        Ok(())
    }

    #[inline(always)]
    pub(crate) fn load(
        &mut self,
        target: Register,
        row: Register,
        lengths: Lengths,
    ) -> Result<(), Failure> {
        let cell = self.row_cell(row, lengths)?.ok_or(Failure::AbsentRow)?;
        self.set(target, cell);
        Ok(())
    }

    #[inline(always)]
    pub(crate) fn store(&mut self, row: Register, source: Register) -> Result<(), Failure> {
        let mut cell = self.cell(source);
        if !cell.in_arguments() {
            cell = self.apart().lasting(cell)?;
        }
        self.write(row, Written::Bytes(cell));
        Ok(())
    }

    #[inline(always)]
    pub(crate) fn write(&mut self, row: Register, written: Written) {
        let index = self.row_index(row);
        if let Some(row) = self.machine.rows.get_mut(index) {
            row.written = written;
        }
    }
}
