//! Short names for the parts of a program, so that tests read as listings.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::allow_attributes,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "each test file uses a part, and a panic is a failed test"
)]

use zeta_program::{
    Arithmetic, Assembly, Field, Instruction as I, Integer, Logic, Register, Relation, Transition,
    Type, ValueType,
};

pub const U32: Type = Type::Integer(Integer::U32);

pub fn r(index: u16) -> Register {
    Register(index)
}

pub fn word(target: u16, word: u64) -> I {
    I::Word { target: r(target), word }
}

pub fn arithmetic(operation: Arithmetic, target: u16, left: u16, right: u16) -> I {
    I::Arithmetic { operation, target: r(target), left: r(left), right: r(right) }
}

pub fn add(target: u16, left: u16, right: u16) -> I {
    arithmetic(Arithmetic::Add, target, left, right)
}

pub fn and(target: u16, left: u16, right: u16) -> I {
    I::Logic { logic: Logic::And, target: r(target), left: r(left), right: r(right) }
}

pub fn slice(target: u16, source: u16, start: u16, end: u16) -> I {
    I::Slice { target: r(target), source: r(source), start: r(start), end: r(end) }
}

pub fn pack(target: u16, operands: &[u16]) -> I {
    I::Pack { target: r(target), operands: operands.iter().copied().map(Register).collect() }
}

pub fn constant(target: u16, constant: u16) -> I {
    I::Constant { target: r(target), constant }
}

pub fn convert(target: u16, source: u16) -> I {
    I::Convert { target: r(target), source: r(source) }
}

pub fn bind(target: u16, operands: &[u16]) -> I {
    I::Bind { target: r(target), operands: operands.iter().copied().map(Register).collect() }
}

pub fn read(presence: u16, row: u16, targets: &[u16]) -> I {
    let targets = targets.iter().copied().map(Register).collect();
    I::Read { presence: r(presence), row: r(row), targets }
}

pub fn load(row: u16, targets: &[u16]) -> I {
    I::Load { row: r(row), targets: targets.iter().copied().map(Register).collect() }
}

pub fn store(row: u16, operands: &[u16]) -> I {
    I::Store { row: r(row), operands: operands.iter().copied().map(Register).collect() }
}

pub fn give_back(operands: &[u16]) -> I {
    I::Return { operands: operands.iter().copied().map(Register).collect() }
}

pub fn field(name: &str, value: ValueType) -> Field {
    Field { name: name.into(), value }
}

pub fn transition(arguments: Vec<Field>, locals: Vec<Type>, code: Vec<I>) -> Transition {
    Transition { name: "run".into(), arguments, result: vec![], locals, code }
}

pub fn relation(name: &str, key: &[ValueType], row: &[ValueType]) -> Relation {
    let fields = |values: &[ValueType]| {
        (0..).zip(values).map(|(index, value)| field(&format!("f.{index}"), *value)).collect()
    };
    Relation { name: name.into(), key: fields(key), row: fields(row) }
}

/// A program of one transition, over one relation whose keys and rows are each a byte string.
pub fn program_of(transition: Transition) -> Assembly {
    Assembly {
        name: "small".into(),
        relations: vec![relation(
            "records",
            &[ValueType::plain(Type::Bytes(64))],
            &[ValueType::plain(Type::Bytes(64))],
        )],
        constants: vec![vec![], b"constant".to_vec()],
        reasons: vec!["not enough".into()],
        transitions: vec![transition],
    }
}
