//! The encoding of the parts of an instruction.

use alloc::boxed::Box;

use crate::bound::OPERAND_COUNT_MAX;
use crate::decode::Reader;
use crate::encode::Writer;
use crate::error::{LoadError, require};
use crate::instruction::{Arithmetic, Comparison, Logic, Part, Register};

macro_rules! number {
    ($($number:ty)+) => {
        $(impl Part for $number {
            fn write(&self, writer: &mut Writer) {
                writer.raw(&self.to_le_bytes());
            }

            fn read(reader: &mut Reader<'_>) -> Result<Self, LoadError> {
                Ok(<$number>::from_le_bytes(reader.array()?))
            }
        })+
    };
}

number! { u16 u32 u64 }

impl Part for Register {
    fn write(&self, writer: &mut Writer) {
        self.0.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, LoadError> {
        Ok(Register(u16::read(reader)?))
    }
}

impl Part for Box<[Register]> {
    fn write(&self, writer: &mut Writer) {
        writer.count(self.len());
        for register in self {
            register.write(writer);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, LoadError> {
        let count = reader.count()?;
        require(count <= OPERAND_COUNT_MAX, LoadError::TooManyOperands)?;
        Ok(reader.list(count, Register::read)?.into_boxed_slice())
    }
}

impl Part for Arithmetic {
    fn write(&self, writer: &mut Writer) {
        writer.u8(*self as u8);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, LoadError> {
        Ok(match reader.u8()? {
            0 => Arithmetic::Add,
            1 => Arithmetic::Subtract,
            2 => Arithmetic::Multiply,
            3 => Arithmetic::FloorDivide,
            operation => {
                require(operation == 4, LoadError::UnknownOperation)?;
                Arithmetic::Modulo
            }
        })
    }
}

impl Part for Comparison {
    fn write(&self, writer: &mut Writer) {
        writer.u8(*self as u8);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, LoadError> {
        Ok(match reader.u8()? {
            0 => Comparison::Equal,
            1 => Comparison::Less,
            operation => {
                require(operation == 2, LoadError::UnknownOperation)?;
                Comparison::LessOrEqual
            }
        })
    }
}

impl Part for Logic {
    fn write(&self, writer: &mut Writer) {
        writer.u8(*self as u8);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, LoadError> {
        let operation = reader.u8()?;
        require(operation <= 1, LoadError::UnknownOperation)?;
        Ok(if operation == 0 { Logic::And } else { Logic::Or })
    }
}
