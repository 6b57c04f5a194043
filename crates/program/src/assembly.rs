//! A program in parts, before it is encoded or after it was decoded; not yet checked.

use alloc::{string::String, vec::Vec};

use crate::instruction::Instruction;
use crate::value_list::record_max;
use crate::value_type::{Type, ValueType};

/// A set of records under typed keys.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Relation {
    pub name: String,
    pub key: Vec<Field>,
    pub row: Vec<Field>,
}

/// A named value: an argument of a transition, or a part of a key or of a row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field {
    pub name: String,
    pub value: ValueType,
}

/// An operation on the state.
///
/// Its registers are first those of the arguments, in order, then the locals.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transition {
    pub name: String,
    pub arguments: Vec<Field>,
    pub result: Vec<ValueType>,
    pub locals: Vec<Type>,
    pub code: Vec<Instruction>,
}

/// The parts of a program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Assembly {
    pub name: String,
    pub relations: Vec<Relation>,
    pub constants: Vec<Vec<u8>>,
    pub reasons: Vec<String>,
    pub transitions: Vec<Transition>,
}

impl Relation {
    /// The most bytes that the values of a key take.
    pub fn key_len_max(&self) -> usize {
        record_max(&self.key)
    }

    /// The most bytes that the values of a row take.
    pub fn row_len_max(&self) -> usize {
        record_max(&self.row)
    }
}

impl Transition {
    /// The types of all registers.
    pub fn registers(&self) -> Vec<Type> {
        let mut types = Vec::new();
        for argument in &self.arguments {
            if argument.value.optional {
                types.push(Type::Bool);
            }
            types.push(argument.value.payload);
        }
        types.extend_from_slice(&self.locals);
        types
    }
}
