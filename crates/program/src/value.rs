//! Instructions on values: conversion, comparison, and the parts of byte strings.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::arithmetic::equal_in_constant_time;
use crate::call::Call;
use crate::cell::{Cell, Source};
use crate::error::{Failure, require};
use crate::instruction::{Comparison, Register};
use crate::rows::Rows;
use crate::value_type::Type;

impl<R: Rows> Call<'_, R> {
    pub(crate) fn convert(&mut self, target: Register, source: Register) -> Result<(), Failure> {
        let cell = self.cell(source)?;
        match (self.type_of(source)?, self.type_of(target)?) {
            (Type::Integer(from), Type::Integer(to)) => {
                let word = to.word_of(from.value_of(cell.word())).ok_or(Failure::Overflow)?;
                self.set_word(target, word)
            }
            (_, to) => {
                require_shape(to, cell.length())?;
                self.set(target, cell)
            }
        }
    }

    pub(crate) fn compare(
        &self,
        comparison: Comparison,
        left: Register,
        right: Register,
    ) -> Result<bool, Failure> {
        let (left_cell, right_cell) = (self.cell(left)?, self.cell(right)?);
        match self.type_of(left)? {
            Type::Bytes(_) | Type::Fixed(_) => {
                let (left, right) = (self.bytes(left_cell)?, self.bytes(right_cell)?);
                Ok(match comparison {
                    Comparison::Equal => equal_in_constant_time(left, right),
                    Comparison::Less => left < right,
                    Comparison::LessOrEqual => left <= right,
                })
            }
            found => {
                let value = |cell: Cell| match found {
                    Type::Integer(integer) => integer.value_of(cell.word()),
                    _ => i128::from(cell.word()),
                };
                let (left, right) = (value(left_cell), value(right_cell));
                Ok(match comparison {
                    Comparison::Equal => left == right,
                    Comparison::Less => left < right,
                    Comparison::LessOrEqual => left <= right,
                })
            }
        }
    }

    pub(crate) fn slice(
        &mut self,
        target: Register,
        source: Register,
        start: Register,
        end: Register,
    ) -> Result<(), Failure> {
        let cell = self.cell(source)?;
        let position = |word: u64| usize::try_from(word).unwrap_or(usize::MAX);
        let (start, end) = (position(self.cell(start)?.word()), position(self.cell(end)?.word()));
        require(start <= end, Failure::Bounds)?;
        require(end <= cell.length(), Failure::Bounds)?;
        let length = end.saturating_sub(start);
        require_shape(self.type_of(target)?, length)?;
        self.set_span(target, cell.source(), cell.start().saturating_add(start), length)
    }

    pub(crate) fn pack(&mut self, target: Register, operands: &[Register]) -> Result<(), Failure> {
        let mut length: usize = 0;
        for operand in operands {
            length = length.saturating_add(match self.type_of(*operand)? {
                Type::Integer(integer) => integer.width(),
                Type::Bool => 1,
                _ => self.cell(*operand)?.length(),
            });
        }
        // Before the first byte is copied, so that scratch memory stays within its bound.
        require_shape(self.type_of(target)?, length)?;
        let start = self.machine.scratch.len();
        for operand in operands {
            let cell = self.cell(*operand)?;
            let width = match self.type_of(*operand)? {
                Type::Integer(integer) => integer.width(),
                Type::Bool => 1,
                _ => {
                    self.append(cell)?;
                    continue;
                }
            };
            self.machine.scratch.extend(cell.word().to_le_bytes().iter().take(width));
        }
        self.set_span(target, Source::Scratch, start, length)
    }

    pub(crate) fn unpack(
        &mut self,
        target: Register,
        source: Register,
        offset: u32,
    ) -> Result<(), Failure> {
        let cell = self.cell(source)?;
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let found = self.type_of(target)?;
        let width = found.encoded_max();
        let end = offset.saturating_add(width);
        let bytes = self.bytes(cell)?.get(offset..end).ok_or(Failure::Malformed)?;
        let word = match found {
            Type::Integer(integer) => integer.word_of_bytes(bytes),
            Type::Bool => {
                require(bytes == [0] || bytes == [1], Failure::Malformed)?;
                u64::from(bytes == [1])
            }
            _ => {
                let start = cell.start().saturating_add(offset);
                return self.set_span(target, cell.source(), start, width);
            }
        };
        self.set_word(target, word)
    }

    pub(crate) fn hmac(
        &mut self,
        target: Register,
        key: Register,
        message: Register,
    ) -> Result<(), Failure> {
        let key = self.bytes(self.cell(key)?)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(key).or(Err(Failure::Internal))?;
        mac.update(self.bytes(self.cell(message)?)?);
        let tag = mac.finalize().into_bytes();
        self.set_made(target, &tag)
    }
}

/// Whether a byte string of some length is a value of a type.
#[inline(always)]
pub(crate) fn require_shape(shape: Type, length: usize) -> Result<(), Failure> {
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    match shape {
        Type::Bytes(max) => require(length <= max, Failure::TooLong),
        Type::Fixed(exact) => require(length == exact, Failure::Malformed),
        Type::Bool | Type::Integer(_) | Type::Row(_) => Err(Failure::Internal),
    }
}
