//! Instructions on values: conversion, comparison, and the parts of byte strings.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::arithmetic::{self, equal_in_constant_time};
use crate::call::Call;
use crate::cell::Cell;
use crate::error::{Failure, require};
use crate::instruction::{Comparison, Register};
use crate::rows::Rows;
use crate::value_type::Type;

impl<R: Rows> Call<'_, R> {
    pub(crate) fn convert(&mut self, target: Register, source: Register) -> Result<(), Failure> {
        let cell = self.cell(source);
        match (self.type_of(source)?, self.type_of(target)?) {
            (Type::Integer(from), Type::Integer(to)) => {
                self.set_word(target, arithmetic::convert(from, to, cell.word())?);
                Ok(())
            }
            _ => self.set_checked(target, cell),
        }
    }

    pub(crate) fn compare_bytes(
        &self,
        comparison: Comparison,
        left: Register,
        right: Register,
    ) -> Result<bool, Failure> {
        let (left, right) = (self.bytes(self.cell(left))?, self.bytes(self.cell(right))?);
        Ok(match comparison {
            Comparison::Equal => equal_in_constant_time(left, right),
            Comparison::Less => left < right,
            Comparison::LessOrEqual => left <= right,
        })
    }

    pub(crate) fn slice(
        &mut self,
        target: Register,
        source: Register,
        start: Register,
        end: Register,
    ) -> Result<(), Failure> {
        let cell = self.cell(source);
        let position = |word: u64| usize::try_from(word).unwrap_or(usize::MAX);
        let (start, end) = (position(self.cell(start).word()), position(self.cell(end).word()));
        require(start <= end, Failure::Bounds)?;
        require(end <= cell.length(), Failure::Bounds)?;
        let length = end.saturating_sub(start);
        let start = cell.start().saturating_add(start);
        let part = Cell::of_span(cell.source(), start, length).ok_or(Failure::Internal)?;
        self.set_checked(target, part)
    }

    /// Sets a register to a byte string that may not be of its type.
    fn set_checked(&mut self, target: Register, cell: Cell) -> Result<(), Failure> {
        let wanted = self.type_of(target)?;
        require_length(wanted, cell.length())?;
        if wanted.is_text() {
            require(core::str::from_utf8(self.bytes(cell)?).is_ok(), Failure::Malformed)?;
        }
        self.set(target, cell);
        Ok(())
    }

    pub(crate) fn pack(&mut self, target: Register, operands: &[Register]) -> Result<(), Failure> {
        let mut length: usize = 0;
        for operand in operands {
            let width = self.type_of(*operand)?.word_width();
            let width = width.unwrap_or_else(|| self.cell(*operand).length());
            length = length.saturating_add(width);
        }
        // Before the first byte is copied, so that memory stays within its bound.
        require_length(self.type_of(target)?, length)?;
        let packed = self.build(|call, packed| {
            operands.iter().try_for_each(|operand| {
                call.append(call.type_of(*operand)?, call.cell(*operand), packed, true)
            })
        })?;
        self.set(target, packed);
        Ok(())
    }

    pub(crate) fn hmac(
        &mut self,
        target: Register,
        key: Register,
        message: Register,
    ) -> Result<(), Failure> {
        let key = self.bytes(self.cell(key))?;
        let mut mac = Hmac::<Sha256>::new_from_slice(key).or(Err(Failure::Internal))?;
        mac.update(self.bytes(self.cell(message))?);
        let tag = mac.finalize().into_bytes();
        self.set_made(target, &tag)
    }
}

/// Whether a byte string of some length is within a type.
fn require_length(wanted: Type, length: usize) -> Result<(), Failure> {
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    match wanted {
        Type::Bytes(max) | Type::Text(max) => require(length <= max, Failure::TooLong),
        Type::Fixed(exact) => require(length == exact, Failure::Malformed),
        Type::Bool | Type::Integer(_) | Type::Enum(_) | Type::Row(_) => Err(Failure::Internal),
    }
}
