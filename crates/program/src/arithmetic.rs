//! Checked arithmetic with Python's meaning, and the comparison of byte strings.

use core::hint::black_box;

use crate::error::{Failure, require};
use crate::instruction::{Arithmetic, Comparison};
use crate::value_type::Integer;

/// Applies an operation to two words of one integer type.
#[inline]
pub(crate) fn apply(
    operation: Arithmetic,
    integer: Integer,
    left: u64,
    right: u64,
) -> Result<u64, Failure> {
    if let Arithmetic::FloorDivide | Arithmetic::Modulo = operation {
        require(right != 0, Failure::DivisionByZero)?;
    }
    let exact = match integer.is_signed() {
        true => signed(operation, left as i64, right as i64).map(|exact| exact as u64),
        false => unsigned(operation, left, right),
    };
    exact.filter(|word| integer.has_word(*word)).ok_or(Failure::Overflow)
}

fn unsigned(operation: Arithmetic, left: u64, right: u64) -> Option<u64> {
    match operation {
        Arithmetic::Add => left.checked_add(right),
        Arithmetic::Subtract => left.checked_sub(right),
        Arithmetic::Multiply => left.checked_mul(right),
        Arithmetic::FloorDivide => left.checked_div(right),
        Arithmetic::Modulo => left.checked_rem(right),
    }
}

fn signed(operation: Arithmetic, left: i64, right: i64) -> Option<i64> {
    // The remainder has the sign of what is divided; Python's has that of the divisor.
    let remainder = || left.checked_rem(right).or(Some(0));
    let rounds = |remainder: i64| remainder != 0 && (remainder < 0) != (right < 0);
    match operation {
        Arithmetic::Add => left.checked_add(right),
        Arithmetic::Subtract => left.checked_sub(right),
        Arithmetic::Multiply => left.checked_mul(right),
        Arithmetic::FloorDivide => {
            let quotient = left.checked_div(right)?;
            quotient.checked_sub(i64::from(rounds(remainder()?)))
        }
        Arithmetic::Modulo => {
            let remainder = remainder()?;
            remainder.checked_add(if rounds(remainder) { right } else { 0 })
        }
    }
}

/// The word of another integer type, where it holds the same integer.
pub(crate) fn convert(from: Integer, to: Integer, word: u64) -> Result<u64, Failure> {
    // With the highest bit set, a word is negative if signed, and large if not.
    let same = from.is_signed() == to.is_signed() || word as i64 >= 0;
    require(same && to.has_word(word), Failure::Overflow)?;
    Ok(word)
}

/// Whether two words of one type compare so.
#[inline(always)]
pub(crate) fn compare(comparison: Comparison, signed: bool, left: u64, right: u64) -> bool {
    match (comparison, signed) {
        (Comparison::Equal, _) => left == right,
        (Comparison::Less, false) => left < right,
        (Comparison::LessOrEqual, false) => left <= right,
        (Comparison::Less, true) => (left as i64) < right as i64,
        (Comparison::LessOrEqual, true) => left as i64 <= right as i64,
    }
}

/// Equality in a time that depends on the lengths only.
pub(crate) fn equal_in_constant_time(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let mut difference = 0;
    for (left, right) in left.iter().zip(right) {
        difference = black_box(difference | (left ^ right));
    }
    difference == 0
}
