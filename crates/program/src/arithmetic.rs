//! Checked arithmetic with Python's meaning, and the comparison of byte strings.

use core::hint::black_box;

use crate::error::{Failure, require};
use crate::instruction::Arithmetic;
use crate::value_type::Integer;

/// Applies an operation to two words of one integer type.
#[inline]
pub(crate) fn apply(
    operation: Arithmetic,
    integer: Integer,
    left: u64,
    right: u64,
) -> Result<u64, Failure> {
    // All operands fit 65 bits, so only a product can leave the 128.
    let (left, right) = (integer.value_of(left), integer.value_of(right));
    let exact = match operation {
        Arithmetic::Add => left.checked_add(right),
        Arithmetic::Subtract => left.checked_sub(right),
        Arithmetic::Multiply => left.checked_mul(right),
        Arithmetic::FloorDivide => floor_divide(left, right)?.0,
        Arithmetic::Modulo => floor_divide(left, right)?.1,
    };
    exact.and_then(|exact| integer.word_of(exact)).ok_or(Failure::Overflow)
}

/// Quotient rounded down, and the remainder of the divisor's sign.
fn floor_divide(left: i128, right: i128) -> Result<(Option<i128>, Option<i128>), Failure> {
    require(right != 0, Failure::DivisionByZero)?;
    let (quotient, remainder) = (left.checked_div(right), left.checked_rem(right));
    match (quotient, remainder) {
        (Some(quotient), Some(remainder)) if remainder != 0 && (remainder < 0) != (right < 0) => {
            Ok((quotient.checked_sub(1), remainder.checked_add(right)))
        }
        exact => Ok(exact),
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
