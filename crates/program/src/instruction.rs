//! The instruction set.

use alloc::boxed::Box;

use crate::decode::Reader;
use crate::encode::Writer;
use crate::error::{LoadError, require};

/// A register of a transition: its index in the transition's table of types.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Register(pub u16);

/// Checked arithmetic on integers of one type; division rounds down, as in Python.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arithmetic {
    Add = 0,
    Subtract = 1,
    Multiply = 2,
    FloorDivide = 3,
    Modulo = 4,
}

/// A comparison of integers, of byte strings, or (for equality only) of bools or enums.
///
/// Byte strings of one length are compared for equality in constant time; their order is
/// lexicographic.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Comparison {
    Equal = 0,
    Less = 1,
    LessOrEqual = 2,
}

/// A connective that evaluates both operands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Logic {
    And = 0,
    Or = 1,
}

/// A part of an instruction, as it is encoded.
pub(crate) trait Part: Sized {
    fn write(&self, writer: &mut Writer);
    fn read(reader: &mut Reader<'_>) -> Result<Self, LoadError>;
}

/// The instructions, each with its opcode; they are encoded as opcode and fields, in this order.
macro_rules! instructions {
    (
        $($(#[$doc:meta])* $opcode:literal $name:ident { $($field:ident: $kind:ty),+ })+;
        $(#[$last_doc:meta])* $last_opcode:literal $last:ident { $last_field:ident: $last_kind:ty }
    ) => {
        /// One instruction. Targets and `presence` are written, every other register is read.
        ///
        /// In a list of registers each value has one, an optional value two: presence, payload.
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub enum Instruction {
            $($(#[$doc])* $name { $($field: $kind),+ },)+
            $(#[$last_doc])* $last { $last_field: $last_kind },
        }

        impl Part for Instruction {
            fn write(&self, writer: &mut Writer) {
                match self {
                    $(Instruction::$name { $($field),+ } => {
                        writer.u8($opcode);
                        $($field.write(writer);)+
                    })+
                    Instruction::$last { $last_field } => {
                        writer.u8($last_opcode);
                        $last_field.write(writer);
                    }
                }
            }

            fn read(reader: &mut Reader<'_>) -> Result<Self, LoadError> {
                Ok(match reader.u8()? {
                    $($opcode => Instruction::$name { $($field: Part::read(reader)?),+ },)+
                    opcode => {
                        require(opcode == $last_opcode, LoadError::UnknownOpcode)?;
                        Instruction::$last { $last_field: Part::read(reader)? }
                    }
                })
            }
        }
    };
}

instructions! {
    /// A bool, an integer or an enum; a signed word is sign-extended.
    0 Word { target: Register, word: u64 }
    /// A byte string of the program's table.
    1 Constant { target: Register, constant: u16 }
    /// A copy to a register whose type holds every value of the source.
    2 Move { target: Register, source: Register }
    /// A copy to another type of integer or byte string; fails where the value is none of it.
    3 Convert { target: Register, source: Register }
    /// The exact result, or a failure.
    4 Arithmetic { operation: Arithmetic, target: Register, left: Register, right: Register }
    /// Whether the operands compare so.
    5 Compare { comparison: Comparison, target: Register, left: Register, right: Register }
    /// A connective of two bools.
    6 Logic { logic: Logic, target: Register, left: Register, right: Register }
    /// The other bool.
    7 Not { target: Register, source: Register }
    /// The length of a byte string.
    8 Length { target: Register, source: Register }
    /// The bytes from `start` up to `end`, exclusive; fails outside the source.
    9 Slice { target: Register, source: Register, start: Register, end: Register }
    /// The raw bytes of the operands, one after the other: integers little-endian, bools 0 or 1.
    10 Pack { target: Register, operands: Box<[Register]> }
    /// The hash of a byte string.
    11 Sha256 { target: Register, source: Register }
    /// The keyed hash of a byte string.
    12 HmacSha256 { target: Register, key: Register, message: Register }
    /// The row of a key, in the relation of the target's type.
    13 Bind { target: Register, operands: Box<[Register]> }
    /// A row's presence and, unless no target is named, its values; those of a null row are zero.
    14 Read { presence: Register, row: Register, targets: Box<[Register]> }
    /// A row's values, unless no target is named; fails where the row is null.
    15 Load { row: Register, targets: Box<[Register]> }
    /// Makes a row hold these values.
    16 Store { row: Register, operands: Box<[Register]> }
    /// Makes a row null.
    17 Delete { row: Register }
    /// Goes on at instruction `to`.
    18 Jump { to: u16 }
    /// Goes on at instruction `to` unless the condition holds.
    19 JumpUnless { condition: Register, to: u16 }
    /// Fails with the failure of `code` unless the condition holds.
    20 Check { condition: Register, code: u16 }
    /// Fails with the failure of `code`.
    21 Fail { code: u16 }
    /// The epoch in which the call runs; it never goes down from call to call.
    22 Epoch { target: Register };
    /// Ends the call with the result.
    23 Return { operands: Box<[Register]> }
}
