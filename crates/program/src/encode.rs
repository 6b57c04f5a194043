//! The encoder: from the parts of a program to its bytes (`docs/reference/program_format.md`).

use alloc::vec::Vec;

use crate::assembly::{Assembly, Transition};
use crate::instruction::{Arithmetic, Comparison, Instruction, Logic, Register};
use crate::value_type::{Integer, Type, ValueType};

/// The first bytes of every program.
pub(crate) const MAGIC: [u8; 8] = *b"zetaprog";
/// The version of the format.
pub(crate) const VERSION: u16 = 1;

/// Encodes a program.
///
/// The encoder checks nothing: bytes that the loader takes are good, and a table too long for its
/// count gives bytes that the loader refuses.
pub fn encode(assembly: &Assembly) -> Vec<u8> {
    let mut writer = Writer { bytes: Vec::new() };
    writer.raw(&MAGIC);
    writer.u16(VERSION);
    writer.text(&assembly.name);
    writer.count(assembly.relations.len());
    for relation in &assembly.relations {
        writer.text(&relation.name);
        writer.u32(relation.key_len_max);
        writer.u32(relation.row_len_max);
    }
    writer.count(assembly.constants.len());
    for constant in &assembly.constants {
        writer.u32(u32::try_from(constant.len()).unwrap_or(u32::MAX));
        writer.raw(constant);
    }
    writer.count(assembly.reasons.len());
    for reason in &assembly.reasons {
        writer.text(reason);
    }
    writer.count(assembly.transitions.len());
    for transition in &assembly.transitions {
        writer.transition(transition);
    }
    writer.bytes
}

struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    fn u16(&mut self, value: u16) {
        self.raw(&value.to_le_bytes());
    }

    fn u32(&mut self, value: u32) {
        self.raw(&value.to_le_bytes());
    }

    fn count(&mut self, count: usize) {
        self.u16(u16::try_from(count).unwrap_or(u16::MAX));
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.raw(text.as_bytes());
    }

    fn register_type(&mut self, register_type: Type) {
        match register_type {
            Type::Bool => self.u8(0),
            Type::Integer(Integer::U8) => self.u8(1),
            Type::Integer(Integer::U16) => self.u8(2),
            Type::Integer(Integer::U32) => self.u8(3),
            Type::Integer(Integer::U64) => self.u8(4),
            Type::Integer(Integer::I8) => self.u8(5),
            Type::Integer(Integer::I16) => self.u8(6),
            Type::Integer(Integer::I32) => self.u8(7),
            Type::Integer(Integer::I64) => self.u8(8),
            Type::Bytes(max) => {
                self.u8(9);
                self.u32(max);
            }
            Type::Fixed(length) => {
                self.u8(10);
                self.u32(length);
            }
            Type::Row(relation) => {
                self.u8(11);
                self.u16(relation.0);
            }
        }
    }

    fn value_type(&mut self, value: ValueType) {
        self.u8(u8::from(value.optional));
        self.register_type(value.payload);
    }

    fn transition(&mut self, transition: &Transition) {
        self.text(&transition.name);
        self.count(transition.arguments.len());
        for argument in &transition.arguments {
            self.text(&argument.name);
            self.value_type(argument.value);
        }
        self.count(transition.result.len());
        for value in &transition.result {
            self.value_type(*value);
        }
        self.count(transition.locals.len());
        for local in &transition.locals {
            self.register_type(*local);
        }
        self.count(transition.code.len());
        for instruction in &transition.code {
            self.instruction(instruction);
        }
    }

    fn registers(&mut self, registers: &[Register]) {
        for register in registers {
            self.u16(register.0);
        }
    }

    fn operation(&mut self, opcode: u8, registers: &[Register]) {
        self.u8(opcode);
        self.registers(registers);
    }

    fn instruction(&mut self, instruction: &Instruction) {
        use Instruction as I;
        match instruction {
            I::Word { target, word } => {
                self.operation(0, &[*target]);
                self.raw(&word.to_le_bytes());
            }
            I::Constant { target, constant } => {
                self.operation(1, &[*target]);
                self.u16(*constant);
            }
            I::Move { target, source } => self.operation(2, &[*target, *source]),
            I::Convert { target, source } => self.operation(3, &[*target, *source]),
            I::Arithmetic { operation, target, left, right } => {
                self.operation(arithmetic_opcode(*operation), &[*target, *left, *right]);
            }
            I::Compare { comparison, target, left, right } => {
                self.operation(comparison_opcode(*comparison), &[*target, *left, *right]);
            }
            I::Logic { logic: Logic::And, target, left, right } => {
                self.operation(12, &[*target, *left, *right]);
            }
            I::Logic { logic: Logic::Or, target, left, right } => {
                self.operation(13, &[*target, *left, *right]);
            }
            I::Not { target, source } => self.operation(14, &[*target, *source]),
            I::Length { target, source } => self.operation(15, &[*target, *source]),
            I::Slice { target, source, start, end } => {
                self.operation(16, &[*target, *source, *start, *end]);
            }
            I::Pack { target, operands } => {
                self.operation(17, &[*target]);
                self.count(operands.len());
                self.registers(operands);
            }
            I::Unpack { target, source, offset } => {
                self.operation(18, &[*target, *source]);
                self.u32(*offset);
            }
            I::Sha256 { target, source } => self.operation(19, &[*target, *source]),
            I::HmacSha256 { target, key, message } => {
                self.operation(20, &[*target, *key, *message]);
            }
            other => self.row_or_flow(other),
        }
    }

    fn row_or_flow(&mut self, instruction: &Instruction) {
        use Instruction as I;
        match instruction {
            I::Bind { target, key } => self.operation(21, &[*target, *key]),
            I::Read { presence, target, row } => self.operation(22, &[*presence, *target, *row]),
            I::Load { target, row } => self.operation(23, &[*target, *row]),
            I::Store { row, source } => self.operation(24, &[*row, *source]),
            I::Delete { row } => self.operation(25, &[*row]),
            I::Jump { to } => {
                self.u8(26);
                self.u16(*to);
            }
            I::JumpUnless { condition, to } => {
                self.operation(27, &[*condition]);
                self.u16(*to);
            }
            I::Check { condition, code } => {
                self.operation(28, &[*condition]);
                self.u16(*code);
            }
            I::Fail { code } => {
                self.u8(29);
                self.u16(*code);
            }
            I::Epoch { target } => self.operation(30, &[*target]),
            I::Return { operands } => {
                self.u8(31);
                self.count(operands.len());
                self.registers(operands);
            }
            // Every other instruction is written by `instruction`.
            _ => {}
        }
    }
}

fn arithmetic_opcode(operation: Arithmetic) -> u8 {
    match operation {
        Arithmetic::Add => 4,
        Arithmetic::Subtract => 5,
        Arithmetic::Multiply => 6,
        Arithmetic::FloorDivide => 7,
        Arithmetic::Modulo => 8,
    }
}

fn comparison_opcode(comparison: Comparison) -> u8 {
    match comparison {
        Comparison::Equal => 9,
        Comparison::Less => 10,
        Comparison::LessOrEqual => 11,
    }
}
