//! Instructions on rows: binding, reading, writing.

use crate::call::{Call, Halt, steady};
use crate::cell::{Cell, Source};
use crate::error::Failure;
use crate::instruction::Register;
use crate::machine::{BoundRow, Written, absent};
use crate::rows::Rows;
use crate::value::require_shape;
use crate::value_type::Type;

impl<R: Rows> Call<'_, R> {
    #[inline(always)]
    pub(crate) fn bind(&mut self, target: Register, key: Register) -> Result<(), Halt<R::Stop>> {
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
        let memory = steady(key.source(), self.args, &self.machine.scratch, self.program);
        let bytes = memory.and_then(|memory| memory.get(key.range())).ok_or(Failure::Internal)?;
        let handle = self.rows.bind(relation, bytes).map_err(Halt::Stopped)?;
        let row = self.machine.rows.get_mut(count).ok_or(Failure::Internal)?;
        *row = BoundRow { relation, key, handle, written: Written::Nothing };
        self.machine.row_count = count.saturating_add(1);
        Ok(self.set_word(target, u64::try_from(count).unwrap_or(u64::MAX))?)
    }

    /// The bytes that a row holds for this call, its own writes included; `None` is null.
    #[inline(always)]
    pub(crate) fn row_bytes(
        &self,
        target: Register,
        row: Register,
    ) -> Result<Option<Cell>, Failure> {
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
    pub(crate) fn read(
        &mut self,
        presence: Register,
        target: Register,
        row: Register,
    ) -> Result<(), Failure> {
        let found = self.row_bytes(target, row)?;
        let cell = match found {
            Some(cell) => cell,
            None => absent(self.type_of(target)?).ok_or(Failure::Internal)?,
        };
        self.set_word(presence, u64::from(found.is_some()))?;
        self.set(target, cell)
    }

    #[inline(always)]
    pub(crate) fn load(&mut self, target: Register, row: Register) -> Result<(), Failure> {
        let cell = self.row_bytes(target, row)?.ok_or(Failure::AbsentRow)?;
        self.set(target, cell)
    }

    #[inline(always)]
    pub(crate) fn store(&mut self, row: Register, source: Register) -> Result<(), Failure> {
        let mut cell = self.cell(source)?;
        // Writes outlive the call's loan of the rows, and are read without the program.
        if let Source::Row(_) | Source::Constant(_) = cell.source() {
            cell = self.copy(cell)?;
        }
        self.write(row, Written::Bytes(cell))
    }

    #[inline(always)]
    pub(crate) fn write(&mut self, row: Register, written: Written) -> Result<(), Failure> {
        let index = usize::try_from(self.cell(row)?.word()).unwrap_or(usize::MAX);
        self.machine.rows.get_mut(index).ok_or(Failure::Internal)?.written = written;
        Ok(())
    }
}
