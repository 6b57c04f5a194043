//! Instructions on rows: binding, reading, writing.

use crate::bound::ROW_COUNT_MAX;
use crate::call::{Call, Halt, REGISTER_MASK, steady};
use crate::cell::{Cell, Source};
use crate::error::{Failure, require};
use crate::instruction::Register;
use crate::machine::{BoundRow, Written};
use crate::rows::{RelationId, Rows};
use crate::value_list::{Place, Undecodable, absent, decode_list};

const ROW_MASK: u64 = ROW_COUNT_MAX as u64 - 1;
const _: () = assert!(ROW_COUNT_MAX.is_power_of_two());

impl<R: Rows> Call<'_, R> {
    #[inline(always)]
    pub(crate) fn bind(
        &mut self,
        target: Register,
        relation: RelationId,
        key: &[Place],
    ) -> Result<(), Halt<R::Stop>> {
        let mut key = self.record(key)?;
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

    /// The bytes of a key or a row of these values.
    #[inline(always)]
    fn record(&mut self, values: &[Place]) -> Result<Cell, Failure> {
        match values {
            // A byte string alone is the record as it stands.
            [Place { presence: None, payload, payload_type, .. }]
                if payload_type.bytes_max().is_some() =>
            {
                Ok(self.cell(*payload))
            }
            _ => self.apart().build(|call, record| call.encode_list(values, record)),
        }
    }

    /// The same bytes, out of the rows and of the program: rows cannot lend a key while they bind
    /// another row, and writes outlive the loan of the rows, and are read without the program.
    #[inline(never)]
    fn lasting(&mut self, cell: Cell) -> Result<Cell, Failure> {
        match cell.source() {
            Source::Row(_) | Source::Constant(_) => self.build(|call, copy| {
                copy.extend_from_slice(call.bytes(cell)?);
                Ok(())
            }),
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

    /// Sets registers to the values that a row holds for this call, its own writes included, and
    /// says whether it is there; without a place the bytes are not looked at.
    #[inline(always)]
    fn fetch(
        &mut self,
        presence: Option<Register>,
        row: Register,
        values: &[Place],
    ) -> Result<bool, Failure> {
        let index = self.row_index(row);
        let machine = &mut *self.machine;
        let bound = machine.rows.get(index).ok_or(Failure::Internal)?;
        let (found, source, start) = match bound.written {
            Written::Nothing => {
                let source = Source::Row(u16::try_from(index).unwrap_or(u16::MAX));
                (self.rows.read(bound.handle), source, 0)
            }
            Written::Null => (None, Source::Zeros, 0),
            Written::Bytes(cell) => {
                let memory = steady(cell.source(), self.args, &machine.scratch, self.program);
                (memory.and_then(|memory| memory.get(cell.range())), cell.source(), cell.start())
            }
        };
        let cells = &mut machine.cells;
        let mut set = |target: Register, cell: Cell| {
            if let Some(register) = cells.get_mut(usize::from(target.0) & REGISTER_MASK) {
                *register = cell;
            }
        };
        if let Some(presence) = presence {
            set(presence, Cell::of_word(u64::from(found.is_some())));
        }
        match found {
            Some(_) if values.is_empty() => {}
            Some(bytes) => decode_list(bytes, source, start, values, set)
                .map_err(|Undecodable| Failure::Malformed)?,
            None => {
                for value in values {
                    value.presence.into_iter().for_each(|presence| set(presence, Cell::EMPTY));
                    set(value.payload, absent(value.payload_type));
                }
            }
        }
        Ok(found.is_some())
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
        row: Register,
        values: &[Place],
    ) -> Result<(), Failure> {
        self.fetch(Some(presence), row, values).map(|_| ())
    }

    #[inline(always)]
    pub(crate) fn load(&mut self, row: Register, values: &[Place]) -> Result<(), Failure> {
        let present = self.fetch(None, row, values)?;
        require(present, Failure::AbsentRow)
    }

    #[inline(always)]
    pub(crate) fn store(&mut self, row: Register, values: &[Place]) -> Result<(), Failure> {
        let mut cell = self.record(values)?;
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
