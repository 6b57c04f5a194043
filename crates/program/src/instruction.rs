//! The instruction set.

use alloc::boxed::Box;

/// A register of a transition: its index in the transition's table of types.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Register(pub u16);

/// Checked arithmetic on integers of one type; division rounds down, as in Python.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    FloorDivide,
    Modulo,
}

/// A comparison of integers, of byte strings, or (for equality only) of bools.
///
/// Byte strings of one length are compared for equality in constant time; their order is
/// lexicographic.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Comparison {
    Equal,
    Less,
    LessOrEqual,
}

/// A connective that evaluates both operands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Logic {
    And,
    Or,
}

/// One instruction. `target` is written, every other register is read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Instruction {
    /// A bool or an integer; a signed word is sign-extended.
    Word {
        target: Register,
        word: u64,
    },
    /// A byte string of the program's table.
    Constant {
        target: Register,
        constant: u16,
    },
    /// A copy to a register whose type holds every value of the source.
    Move {
        target: Register,
        source: Register,
    },
    /// A copy to another type of integer or byte string; fails where the value does not fit.
    Convert {
        target: Register,
        source: Register,
    },
    Arithmetic {
        operation: Arithmetic,
        target: Register,
        left: Register,
        right: Register,
    },
    Compare {
        comparison: Comparison,
        target: Register,
        left: Register,
        right: Register,
    },
    Logic {
        logic: Logic,
        target: Register,
        left: Register,
        right: Register,
    },
    Not {
        target: Register,
        source: Register,
    },
    /// The length of a byte string.
    Length {
        target: Register,
        source: Register,
    },
    /// The bytes from `start` up to `end`, exclusive; fails outside the source.
    Slice {
        target: Register,
        source: Register,
        start: Register,
        end: Register,
    },
    /// The raw bytes of the operands, one after the other: integers little-endian, bools 0 or 1.
    Pack {
        target: Register,
        operands: Box<[Register]>,
    },
    /// The inverse of a pack, for one bool, integer or fixed byte string at `offset`.
    Unpack {
        target: Register,
        source: Register,
        offset: u32,
    },
    Sha256 {
        target: Register,
        source: Register,
    },
    HmacSha256 {
        target: Register,
        key: Register,
        message: Register,
    },
    /// The row of a key, in the relation of the target's type.
    Bind {
        target: Register,
        key: Register,
    },
    /// A row's presence and bytes; those of a null row are empty, or zeros where fixed.
    Read {
        presence: Register,
        target: Register,
        row: Register,
    },
    /// A row's bytes; fails where the row is null.
    Load {
        target: Register,
        row: Register,
    },
    /// Makes a row hold these bytes.
    Store {
        row: Register,
        source: Register,
    },
    /// Makes a row null.
    Delete {
        row: Register,
    },
    /// Goes on at instruction `to`.
    Jump {
        to: u16,
    },
    /// Goes on at instruction `to` unless the condition holds.
    JumpUnless {
        condition: Register,
        to: u16,
    },
    /// Fails with the failure of `code` unless the condition holds.
    Check {
        condition: Register,
        code: u16,
    },
    /// Fails with the failure of `code`.
    Fail {
        code: u16,
    },
    /// The epoch in which the call runs; it never goes down from call to call.
    Epoch {
        target: Register,
    },
    /// Ends the call with the result: for each value its register, for an optional one two.
    Return {
        operands: Box<[Register]>,
    },
}
