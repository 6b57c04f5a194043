//! Instructions on rows: binding, reading, writing.

use alloc::vec::Vec;

use crate::bound::ROW_COUNT_MAX;
use crate::call::{Call, Halt, REGISTER_MASK, steady};
use crate::cell::{Cell, Source};
use crate::error::{Failure, require};
use crate::instruction::Register;
use crate::machine::{BoundRow, Machine, Written};
use crate::rows::{RelationId, Rows};
use crate::step::Record;
use crate::value_list::{Place, Undecodable, absent, decode_list};

const ROW_MASK: u64 = ROW_COUNT_MAX as u64 - 1;
const _: () = assert!(ROW_COUNT_MAX.is_power_of_two());

impl<R: Rows> Call<'_, R> {
    #[inline(always)]
    pub(crate) fn bind(
        &mut self,
        target: Register,
        relation: RelationId,
        key: &Record,
    ) -> Result<(), Halt<R::Stop>> {
        let key = self.record(key)?;
        let count = self.machine.row_count;
        if count != 0
            && let Some(index) = bound(self.machine, self.args, relation, key)
        {
            self.set_word(target, index);
            return Ok(());
        }
        let bytes = self.machine.lasting(self.args, key).ok_or(Failure::Internal)?;
        let handle = self.rows.bind(relation, bytes).map_err(Halt::Stopped)?;
        let row = self.machine.rows.get_mut(count).ok_or(Failure::Internal)?;
        *row = BoundRow { relation, key, handle, written: Written::Nothing };
        self.machine.row_count = count.saturating_add(1);
        self.set_word(target, u64::try_from(count).unwrap_or(u64::MAX));
        Ok(())
    }

    /// The bytes of a key or a row, out of the rows and of the program: rows cannot lend a key
    /// while they bind another, and writes outlive the loan of the rows, and are read without the
    /// program.
    #[inline(always)]
    fn record(&mut self, record: &Record) -> Result<Cell, Failure> {
        let register = match record {
            Record::Raw(register) => *register,
            Record::Words(values) => return encoded_words(self.machine, values),
            Record::Values(values) => return self.apart().encoded(values),
        };
        let cell = self.cell(register);
        if cell.in_arguments() { Ok(cell) } else { self.apart().lasting(cell) }
    }

    #[inline(never)]
    fn encoded(&mut self, values: &[Place]) -> Result<Cell, Failure> {
        self.build(|call, record| call.encode_list(values, record, true))
    }

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

    /// Sets registers to the values that a row holds for this call, its own writes included; where
    /// no value is asked for, the bytes are not looked at. Without a presence, it must be there.
    #[inline(always)]
    pub(crate) fn fetch(
        &mut self,
        presence: Option<Register>,
        row: Register,
        values: &[Place],
    ) -> Result<(), Failure> {
        let index = self.row_index(row);
        let machine = &mut *self.machine;
        let bound = machine.rows.get(index).ok_or(Failure::Internal)?;
        let (found, source, start) = held(self.rows, bound, index, |cell| {
            steady(cell.source(), self.args, &machine.scratch, self.program)
        });
        let cells = &mut machine.cells;
        let mut set = |target: Register, cell: Cell| {
            if let Some(register) = cells.get_mut(usize::from(target.0) & REGISTER_MASK) {
                *register = cell;
            }
        };
        match presence {
            Some(presence) => set(presence, Cell::of_word(u64::from(found.is_some()))),
            None => require(found.is_some(), Failure::AbsentRow)?,
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
        Ok(())
    }

    #[inline(always)]
    fn row_index(&self, row: Register) -> usize {
        // Only a bind makes such a word: the mask changes none, but spares the comparison.
        (self.cell(row).word() & ROW_MASK) as usize
    }

    /// A read of bytes, and the return of what was read as the only value, an optional one.
    #[inline(always)]
    pub(crate) fn fetch_return(
        &self,
        row: Register,
        max: u32,
        result: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let index = self.row_index(row);
        let bound = self.machine.rows.get(index).ok_or(Failure::Internal)?;
        let (found, ..) = held(self.rows, bound, index, |cell| {
            steady(cell.source(), self.args, &self.machine.scratch, self.program)
        });
        let Some(bytes) = found else {
            result.push(0);
            return Ok(());
        };
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        require(length <= max, Failure::Malformed)?;
        let [a, b, c, d] = length.to_le_bytes();
        // Byte by byte as told, yet compiled to two stores, where to append a slice is a call.
        result.extend([1, a, b, c, d].iter().copied());
        result.extend_from_slice(bytes);
        Ok(())
    }

    #[inline(always)]
    pub(crate) fn store(&mut self, row: Register, values: &Record) -> Result<(), Failure> {
        let cell = self.record(values)?;
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

/// The index of the row of a key, where the call has bound it.
#[inline(never)]
fn bound(machine: &Machine, args: &[u8], relation: RelationId, key: Cell) -> Option<u64> {
    let bytes = |cell: Cell| machine.lasting(args, cell);
    let rows = machine.rows.iter().take(machine.row_count);
    (0..).zip(rows).find_map(|(index, row)| {
        let alike = row.relation == relation && row.key.length() == key.length();
        (alike && bytes(row.key) == bytes(key)).then_some(index)
    })
}

/// The bytes of a key or a row of words alone.
#[inline(never)]
fn encoded_words(machine: &mut Machine, values: &[Place]) -> Result<Cell, Failure> {
    let start = machine.scratch.len();
    let word = |register: Register| {
        let cell = machine.cells.get(usize::from(register.0) & REGISTER_MASK);
        cell.copied().unwrap_or(Cell::EMPTY).word()
    };
    for value in values {
        let present = value.presence.is_none_or(|presence| word(presence) != 0);
        if value.presence.is_some() {
            machine.scratch.push(u8::from(present));
        }
        if present {
            let width = value.payload_type.word_width().unwrap_or(0);
            let end = machine.scratch.len().saturating_add(width);
            machine.scratch.extend_from_slice(&word(value.payload).to_le_bytes());
            machine.scratch.truncate(end);
        }
    }
    let length = machine.scratch.len().saturating_sub(start);
    Cell::of_span(Source::Scratch, start, length).ok_or(Failure::Internal)
}

/// The bytes that a bound row holds for this call, its own writes included; `None` is null. Also
/// where they lie: their source, and their place in it.
#[inline(always)]
fn held<'m, R: Rows>(
    rows: &'m R,
    bound: &BoundRow,
    index: usize,
    memory: impl FnOnce(Cell) -> Option<&'m [u8]>,
) -> (Option<&'m [u8]>, Source, usize) {
    match bound.written {
        Written::Nothing => {
            let source = Source::Row(u16::try_from(index).unwrap_or(u16::MAX));
            (rows.read(bound.handle), source, 0)
        }
        Written::Null => (None, Source::Zeros, 0),
        Written::Bytes(cell) => {
            (memory(cell).and_then(|memory| memory.get(cell.range())), cell.source(), cell.start())
        }
    }
}
