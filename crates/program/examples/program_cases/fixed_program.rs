//! Programs that are always the same: one instruction on values, over all types that it may have;
//! and what random programs hardly do with rows.

use crate::short_code::*;
use zeta_program::{
    Arithmetic, Comparison, Instruction as I, Integer, Logic, Program, RelationId, Type, ValueType,
    encode,
};

const INTEGERS: [Integer; 8] = [
    Integer::U8,
    Integer::U16,
    Integer::U32,
    Integer::U64,
    Integer::I8,
    Integer::I16,
    Integer::I32,
    Integer::I64,
];
const STRINGS: [Type; 6] =
    [Type::Bytes(4), Type::Bytes(9), Type::Fixed(2), Type::Fixed(4), Type::Text(4), Type::Text(9)];

/// Arguments of these types in registers from 0 on, one instruction, and its target as the result;
/// nothing where the loader does not take it.
fn program(arguments: &[Type], target: Type, instruction: impl Fn(u16) -> I) -> Option<Vec<u8>> {
    let count = arguments.len() as u16;
    let fields = (0..count).zip(arguments);
    let fields = fields.map(|(i, found)| field(&format!("a{i}"), ValueType::plain(*found)));
    let code = vec![instruction(count), give_back(&[count])];
    let mut whole = transition(fields.collect(), vec![target], code);
    whole.result = vec![ValueType::plain(target)];
    let bytes = encode(&program_of(whole));
    Program::load(&bytes).is_ok().then_some(bytes)
}

/// Each operation on each type that the loader takes for it.
pub(crate) fn on_values() -> Vec<Vec<u8>> {
    let integers = INTEGERS.map(Type::Integer);
    let values: Vec<Type> = [&[Type::Bool, Type::Enum(3)], &integers[..], &STRINGS[..]].concat();
    let mut programs = Vec::new();
    for source in &values {
        for target in &values {
            programs.extend(program(&[*source], *target, |to| convert(to, 0)));
            programs.extend(program(&[*source], *target, |to| pack(to, &[0, 0])));
            programs.extend(program(&[*source, U32, U32], *target, |to| slice(to, 0, 1, 2)));
            programs.extend(program(&[*source], *target, |to| I::Length {
                target: r(to),
                source: r(0),
            }));
            for comparison in [Comparison::Equal, Comparison::Less, Comparison::LessOrEqual] {
                programs.extend(program(&[*source, *target], Type::Bool, |to| I::Compare {
                    comparison,
                    target: r(to),
                    left: r(0),
                    right: r(1),
                }));
            }
        }
    }
    for integer in integers {
        use Arithmetic::{Add, FloorDivide, Modulo, Multiply, Subtract};
        for operation in [Add, Subtract, Multiply, FloorDivide, Modulo] {
            programs.extend(program(&[integer, integer], integer, |to| {
                arithmetic(operation, to, 0, 1)
            }));
        }
    }
    programs.extend(flags_hashes_and_the_epoch());
    programs
}

fn flags_hashes_and_the_epoch() -> Vec<Vec<u8>> {
    let (two_flags, two_strings) = ([Type::Bool; 2], [Type::Bytes(72); 2]);
    let logic = |logic: Logic| {
        program(&two_flags, Type::Bool, move |to| I::Logic {
            logic,
            target: r(to),
            left: r(0),
            right: r(1),
        })
    };
    let programs = [
        logic(Logic::And),
        logic(Logic::Or),
        program(&[Type::Bool], Type::Bool, |to| I::Not { target: r(to), source: r(0) }),
        program(&two_strings, Type::Fixed(32), |to| I::Sha256 { target: r(to), source: r(0) }),
        program(&two_strings, Type::Fixed(32), |to| I::HmacSha256 {
            target: r(to),
            key: r(0),
            message: r(1),
        }),
        program(&[], U32, |to| I::Epoch { target: r(to) }),
    ];
    programs.into_iter().flatten().collect()
}

/// What random programs hardly do with rows.
pub(crate) fn on_rows() -> Vec<Vec<u8>> {
    // A read and a return that the machine does in one step; and one that it must not.
    vec![read_and_return(3), read_and_return(0), one_key_in_two_relations()]
}

/// Reads a row and returns its presence, and as its value what is in register `given`: 0 is the
/// key, 3 the row.
fn read_and_return(given: u16) -> Vec<u8> {
    let row = ValueType::optional(Type::Bytes(64));
    let locals = vec![Type::Row(RelationId(0)), Type::Bool, row.payload];
    let code = vec![bind(1, &[0]), read(2, 1, &[3]), give_back(&[2, given])];
    let mut whole = transition(vec![field("key", ValueType::plain(row.payload))], locals, code);
    whole.result = vec![row];
    encode(&program_of(whole))
}

/// The rows of two relations under one key are two rows.
fn one_key_in_two_relations() -> Vec<u8> {
    let row = ValueType::plain(Type::Bytes(64));
    let rows = [Type::Row(RelationId(0)), Type::Row(RelationId(1)), row.payload];
    let code = vec![bind(1, &[0]), bind(2, &[0]), store(1, &[0]), load(2, &[3]), give_back(&[3])];
    let mut whole = transition(vec![field("key", row)], rows.to_vec(), code);
    whole.result = vec![row];
    let mut assembly = program_of(whole);
    assembly.relations.push(relation("others", &[row], &[row]));
    encode(&assembly)
}
