//! The encoder: from the parts of a program to its bytes (`docs/reference/program_format.md`).

use alloc::vec::Vec;

use crate::assembly::{Assembly, Field, Transition};
use crate::instruction::Part;
use crate::value_type::{Type, ValueType};

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
    VERSION.write(&mut writer);
    writer.text(&assembly.name);
    writer.count(assembly.relations.len());
    for relation in &assembly.relations {
        writer.text(&relation.name);
        writer.fields(&relation.key);
        writer.fields(&relation.row);
    }
    writer.count(assembly.constants.len());
    for constant in &assembly.constants {
        u32::try_from(constant.len()).unwrap_or(u32::MAX).write(&mut writer);
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

/// Bytes that grow.
pub(crate) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(crate) fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    pub(crate) fn count(&mut self, count: usize) {
        u16::try_from(count).unwrap_or(u16::MAX).write(self);
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.raw(text.as_bytes());
    }

    fn register_type(&mut self, register_type: Type) {
        match register_type {
            Type::Bool => self.u8(0),
            Type::Integer(integer) => self.u8(integer as u8),
            Type::Bytes(max) => {
                self.u8(9);
                max.write(self);
            }
            Type::Fixed(length) => {
                self.u8(10);
                length.write(self);
            }
            Type::Row(relation) => {
                self.u8(11);
                relation.0.write(self);
            }
            Type::Text(max) => {
                self.u8(12);
                max.write(self);
            }
            Type::Enum(count) => {
                self.u8(13);
                count.write(self);
            }
        }
    }

    fn value_type(&mut self, value: ValueType) {
        self.u8(u8::from(value.optional));
        self.register_type(value.payload);
    }

    fn fields(&mut self, fields: &[Field]) {
        self.count(fields.len());
        for field in fields {
            self.text(&field.name);
            self.value_type(field.value);
        }
    }

    fn transition(&mut self, transition: &Transition) {
        self.text(&transition.name);
        self.fields(&transition.arguments);
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
            instruction.write(self);
        }
    }
}
