//! The key-value application, assembled by hand.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use crate::assembly::{Assembly, Field, Relation, Transition};
use crate::encode::encode;
use crate::instruction::{Comparison, Instruction as I, Register};
use crate::rows::RelationId;
use crate::value_type::{Type, ValueType};

const KEY: Type = Type::Bytes(4096);
const VALUE: Type = Type::Bytes(1 << 20);
const ROW: Type = Type::Row(RelationId(0));

/// The bytes of the key-value program.
///
/// Its transitions are `get`, `put`, `delete`, `compare_and_set` and `rename`, in this order.
pub fn key_value() -> Vec<u8> {
    encode(&Assembly {
        name: String::from("key_value"),
        relations: vec![Relation {
            name: String::from("records"),
            key: vec![field("key", ValueType::plain(KEY))],
            row: vec![field("value", ValueType::plain(VALUE))],
        }],
        constants: vec![],
        reasons: vec![],
        transitions: vec![get(), put(), delete(), compare_and_set(), rename()],
    })
}

/// get(key) -> optional value
fn get() -> Transition {
    let [key, row, presence, value] = [0, 1, 2, 3].map(Register);
    Transition {
        name: String::from("get"),
        arguments: vec![field("key", ValueType::plain(KEY))],
        result: vec![ValueType::optional(VALUE)],
        locals: vec![ROW, Type::Bool, VALUE],
        code: vec![
            I::Bind { target: row, operands: Box::new([key]) },
            I::Read { presence, row, targets: Box::new([value]) },
            I::Return { operands: Box::new([presence, value]) },
        ],
    }
}

/// put(key, value)
fn put() -> Transition {
    let [key, value, row] = [0, 1, 2].map(Register);
    Transition {
        name: String::from("put"),
        arguments: vec![
            field("key", ValueType::plain(KEY)),
            field("value", ValueType::plain(VALUE)),
        ],
        result: vec![],
        locals: vec![ROW],
        code: vec![
            I::Bind { target: row, operands: Box::new([key]) },
            I::Store { row, operands: Box::new([value]) },
            I::Return { operands: Box::new([]) },
        ],
    }
}

/// delete(key) -> whether there was a value
fn delete() -> Transition {
    let [key, row, presence] = [0, 1, 2].map(Register);
    Transition {
        name: String::from("delete"),
        arguments: vec![field("key", ValueType::plain(KEY))],
        result: vec![ValueType::plain(Type::Bool)],
        locals: vec![ROW, Type::Bool],
        code: vec![
            I::Bind { target: row, operands: Box::new([key]) },
            I::Read { presence, row, targets: Box::new([]) },
            I::Delete { row },
            I::Return { operands: Box::new([presence]) },
        ],
    }
}

/// compare_and_set(key, expected, new) -> whether the record held `expected` and now holds `new`
fn compare_and_set() -> Transition {
    let [key, expects, expected, has_new, new, row, presence, value, same] =
        [0, 1, 2, 3, 4, 5, 6, 7, 8].map(Register);
    Transition {
        name: String::from("compare_and_set"),
        arguments: vec![
            field("key", ValueType::plain(KEY)),
            field("expected", ValueType::optional(VALUE)),
            field("new", ValueType::optional(VALUE)),
        ],
        result: vec![ValueType::plain(Type::Bool)],
        locals: vec![ROW, Type::Bool, VALUE, Type::Bool],
        code: vec![
            I::Bind { target: row, operands: Box::new([key]) },
            I::Read { presence, row, targets: Box::new([value]) },
            compare_equal(same, presence, expects),
            I::JumpUnless { condition: same, to: 10 },
            // Of two absent values, both payloads are empty, hence equal.
            compare_equal(same, value, expected),
            I::JumpUnless { condition: same, to: 10 },
            I::JumpUnless { condition: has_new, to: 9 },
            I::Store { row, operands: Box::new([new]) },
            I::Jump { to: 10 },
            I::Delete { row },
            I::Return { operands: Box::new([same]) },
        ],
    }
}

fn compare_equal(target: Register, left: Register, right: Register) -> I {
    I::Compare { comparison: Comparison::Equal, target, left, right }
}

/// rename(source, target) -> whether there was a value to move
fn rename() -> Transition {
    let [source, target, source_row, target_row, presence, value] =
        [0, 1, 2, 3, 4, 5].map(Register);
    Transition {
        name: String::from("rename"),
        arguments: vec![
            field("source", ValueType::plain(KEY)),
            field("target", ValueType::plain(KEY)),
        ],
        result: vec![ValueType::plain(Type::Bool)],
        locals: vec![ROW, ROW, Type::Bool, VALUE],
        code: vec![
            I::Bind { target: source_row, operands: Box::new([source]) },
            I::Bind { target: target_row, operands: Box::new([target]) },
            I::Read { presence, row: source_row, targets: Box::new([value]) },
            I::JumpUnless { condition: presence, to: 6 },
            // In this order, so that a rename to the same key leaves the value in place.
            I::Delete { row: source_row },
            I::Store { row: target_row, operands: Box::new([value]) },
            I::Return { operands: Box::new([presence]) },
        ],
    }
}

fn field(name: &str, value: ValueType) -> Field {
    Field { name: String::from(name), value }
}
