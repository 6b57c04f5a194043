//! A program in parts, before it is encoded or after it was decoded; not yet checked.

use alloc::{string::String, vec::Vec};

use crate::instruction::Instruction;
use crate::value_type::{Type, ValueType};

/// A set of records under typed keys.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Relation {
    pub name: String,
    pub key_len_max: u32,
    pub row_len_max: u32,
}

/// An argument of a transition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Argument {
    pub name: String,
    pub value: ValueType,
}

/// An operation on the state.
///
/// Its registers are first those of the arguments, in order, then the locals.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transition {
    pub name: String,
    pub arguments: Vec<Argument>,
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
