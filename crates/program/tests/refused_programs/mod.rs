//! For each load error, programs that it refuses; the programs that they are twins of; and programs
//! that are just within the bounds.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::allow_attributes,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "each test file uses a part, and a panic is a failed test"
)]

use crate::short_code::*;
use zeta_program::{
    Assembly, Comparison, Instruction as I, Integer, LoadError, Logic, Program, Relation,
    RelationId, Transition, Type, ValueType, bound, encode,
};

/// A program that uses most of the language, and is accepted.
pub fn accepted() -> Assembly {
    let arguments = vec![
        field("flag", ValueType::plain(Type::Bool)),
        field("count", ValueType::plain(U32)),
        field("key", ValueType::plain(Type::Bytes(8))),
        field("note", ValueType::optional(Type::Fixed(32))),
    ];
    // Registers 0 flag, 1 count, 2 key, 3 and 4 note; then the locals from 5 on.
    let locals = vec![
        Type::Row(RelationId(0)),
        Type::Bytes(16),
        Type::Fixed(32),
        Type::Integer(Integer::I64),
        Type::Bool,
        U32,
        Type::Enum(3),
        Type::Text(8),
    ];
    let code = vec![
        I::Word { target: r(8), word: u64::MAX },
        constant(6, 0),
        I::Move { target: r(6), source: r(2) },
        convert(10, 8),
        add(10, 1, 1),
        I::Compare { comparison: Comparison::Less, target: r(9), left: r(1), right: r(10) },
        I::Logic { logic: Logic::And, target: r(9), left: r(0), right: r(3) },
        I::Not { target: r(9), source: r(9) },
        I::Length { target: r(10), source: r(2) },
        I::Slice { target: r(6), source: r(2), start: r(1), end: r(10) },
        pack(6, &[0, 1, 2]),
        word(11, 2),
        I::Sha256 { target: r(7), source: r(6) },
        I::HmacSha256 { target: r(7), key: r(2), message: r(4) },
        bind(5, &[2]),
        read(9, 5, &[6]),
        load(5, &[6]),
        store(5, &[6]),
        I::Delete { row: r(5) },
        I::JumpUnless { condition: r(9), to: 22 },
        I::Check { condition: r(9), code: 256 },
        I::Jump { to: 23 },
        I::Fail { code: 1 },
        I::Epoch { target: r(10) },
        give_back(&[3, 4, 6]),
    ];
    let result = vec![ValueType::optional(Type::Fixed(32)), ValueType::plain(Type::Bytes(16))];
    Assembly {
        name: "accepted".into(),
        relations: vec![narrow("records"), narrow("others")],
        constants: vec![b"constant".to_vec()],
        reasons: vec!["not enough".into()],
        transitions: vec![
            Transition { name: "first".into(), arguments, result, locals, code },
            transition(vec![], vec![], vec![give_back(&[])]),
        ],
    }
}

fn narrow(name: &str) -> Relation {
    let plain = |max: u32| [ValueType::plain(Type::Bytes(max))];
    relation(name, &plain(8), &plain(16))
}

/// The accepted program with other types of keys and rows in the relation that it does not use.
fn other(key: &[ValueType], row: &[ValueType]) -> Vec<u8> {
    twin(|a| a.relations[1] = relation("others", key, row))
}

/// The accepted program, changed in one place.
fn twin(change: impl FnOnce(&mut Assembly)) -> Vec<u8> {
    let mut assembly = accepted();
    change(&mut assembly);
    encode(&assembly)
}

/// The accepted program with one instruction changed.
fn code(index: usize, instruction: I) -> Vec<u8> {
    twin(|assembly| assembly.transitions[0].code[index] = instruction)
}

/// The accepted program with the type of one local changed.
fn local(index: usize, register_type: Type) -> Vec<u8> {
    twin(|assembly| assembly.transitions[0].locals[index] = register_type)
}

/// The accepted bytes with one byte changed.
fn byte(at: usize, to: u8) -> Vec<u8> {
    let mut bytes = encode(&accepted());
    bytes[at] = to;
    bytes
}

/// A program of one transition with these locals, and code that ends in an empty return.
fn small(locals: Vec<Type>, mut code: Vec<I>) -> Vec<u8> {
    code.push(give_back(&[]));
    encode(&program_of(transition(vec![], locals, code)))
}

/// Code that binds `count` rows by the empty key.
fn binds(count: usize) -> Vec<u8> {
    let mut code = vec![constant(1, 0)];
    code.extend((0..count).map(|_| bind(0, &[1])));
    small(vec![Type::Row(RelationId(0)), Type::Bytes(0)], code)
}

/// Code that writes `count` times a mebibyte to scratch memory.
fn packs(count: usize) -> Vec<u8> {
    small(vec![Type::Bytes(1 << 20)], (0..count).map(|_| pack(0, &[])).collect())
}

/// Code that compares a mebibyte `count` times, at a cost of 2^14 + 1 each.
fn compares(count: usize) -> Vec<u8> {
    let equal = I::Compare { comparison: Comparison::Equal, target: r(1), left: r(0), right: r(0) };
    let mut code = vec![constant(0, 0)];
    code.extend((0..count).map(|_| equal.clone()));
    small(vec![Type::Bytes(1 << 20), Type::Bool], code)
}

fn plain(payload: Type) -> ValueType {
    ValueType::plain(payload)
}

/// The accepted program with this constant put into a text of at most 8 bytes.
fn text_constant(data: &[u8]) -> Vec<u8> {
    twin(|a| {
        a.constants.push(data.to_vec());
        a.transitions[0].code[1] = constant(12, 1);
    })
}

/// The accepted program with a comparison in which a text or an enum may take part.
fn text_or_enum(comparison: Comparison, left: u16, right: u16) -> Vec<u8> {
    twin(|a| {
        a.constants[0] = b"text".to_vec();
        a.transitions[0].code[1] = constant(12, 0);
        a.transitions[0].code[2] = word(11, 0);
        a.transitions[0].code[5] =
            I::Compare { comparison, target: r(9), left: r(left), right: r(right) };
    })
}

fn many<T: Clone>(item: T, count: usize) -> Vec<T> {
    vec![item; count]
}

fn names(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|index| format!("name{index}"))
}

/// Programs at a bound, each of which is accepted.
pub fn at_the_bounds() -> Vec<Vec<u8>> {
    let long_name = "n".repeat(bound::NAME_LEN_MAX);
    let long_reason = "r".repeat(bound::REASON_LEN_MAX);
    let counts = twin(|a| {
        a.name = long_name;
        a.relations = names(bound::RELATION_COUNT_MAX).map(|name| narrow(&name)).collect();
        a.constants = many(b"constant".to_vec(), bound::CONSTANT_COUNT_MAX);
        a.reasons = many("r".into(), bound::REASON_COUNT_MAX);
        a.reasons[0] = long_reason;
        a.reasons[1] = " \u{a0}\u{100}~".into();
    });
    let transitions = twin(|a| {
        let empty = transition(vec![], vec![], vec![give_back(&[])]);
        a.transitions = names(bound::TRANSITION_COUNT_MAX)
            .map(|name| Transition { name, ..empty.clone() })
            .collect();
    });
    let flags = names(bound::ARGUMENT_COUNT_MAX)
        .map(|name| field(&name, ValueType::plain(Type::Bool)))
        .collect();
    let wide = Transition {
        result: many(ValueType::plain(Type::Bool), bound::RESULT_COUNT_MAX),
        locals: many(Type::Bool, bound::REGISTER_COUNT_MAX - bound::ARGUMENT_COUNT_MAX),
        code: vec![give_back(&(0..64).collect::<Vec<u16>>())],
        ..transition(flags, vec![], vec![])
    };
    let mut long = many(I::Epoch { target: r(0) }, bound::INSTRUCTION_COUNT_MAX - 1);
    long[0] = I::Epoch { target: r(0) };
    let operands = many(0, bound::OPERAND_COUNT_MAX);
    let mebibyte = |name: String| field(&name, ValueType::plain(Type::Bytes(1 << 20)));
    vec![
        counts,
        transitions,
        encode(&program_of(wide)),
        small(vec![U32], long),
        small(vec![Type::Bytes(0)], vec![pack(0, &[]), pack(0, &operands)]),
        small(vec![Type::Fixed(1024)], vec![]),
        encode(&program_of(transition(
            names(15).map(mebibyte).collect(),
            vec![],
            vec![give_back(&[])],
        ))),
        other(&[plain(Type::Bytes(4096))], &[plain(Type::Bytes(1 << 20))]),
        other(
            &[plain(U32), ValueType::optional(Type::Text(4091))],
            &[plain(Type::Bytes((1 << 20) - 8)), plain(U32)],
        ),
        other(&[], &many(plain(Type::Enum(256)), bound::FIELD_COUNT_MAX)),
        other(&many(plain(Type::Enum(1)), bound::FIELD_COUNT_MAX), &[]),
        binds(bound::ROW_COUNT_MAX),
        packs(16),
        compares(63),
        text_constant("\u{e9} text".as_bytes()),
        text_or_enum(Comparison::Less, 12, 12),
        text_or_enum(Comparison::Equal, 11, 11),
        twin(|a| a.relations[0].row[0].name = "_a.0.b".into()),
    ]
}

/// For each check, programs that it refuses.
pub fn refused() -> Vec<(LoadError, Vec<u8>)> {
    use LoadError as E;
    let mut cases = refused_bytes();
    cases.extend(refused_tables());
    cases.extend(refused_code());
    cases.extend(refused_relations());
    cases.extend(refused_lists());
    // The other control characters of Unicode, at both ends.
    cases.extend(
        ['\u{1f}', '\u{7f}', '\u{80}', '\u{9f}']
            .map(|control| (E::BadReason, twin(|a| a.reasons[0] = format!("not{control}enough")))),
    );
    cases.extend([
        (E::TooManyRows, binds(bound::ROW_COUNT_MAX + 1)),
        (E::TooMuchScratch, packs(17)),
        (E::TooCostly, compares(64)),
    ]);
    cases
}

fn refused_bytes() -> Vec<(LoadError, Vec<u8>)> {
    use LoadError as E;
    let bytes = encode(&accepted());
    // The second transition is last: its result count, local count, and its one return.
    let opcode = bytes.len() - 3;
    let name = 12;
    let mut cases = vec![
        (E::ProgramTooLong, vec![0; bound::PROGRAM_LEN_MAX + 1]),
        (E::TrailingBytes, [bytes.as_slice(), &[0]].concat()),
        (E::BadMagic, byte(0, b'Z')),
        (E::UnknownVersion, byte(8, 2)),
        (E::UnknownOpcode, byte(opcode, 24)),
        (E::BadText, byte(name, 0xff)),
        (E::BadName, byte(name, b' ')),
    ];
    cases.extend((0..bytes.len()).map(|cut| (E::Truncated, bytes[..cut].to_vec())));
    // The first argument: its name, the mark of an optional, its type.
    let flag = bytes.windows(4).position(|window| window == b"flag").unwrap_or(0);
    cases.push((E::BadPresence, byte(flag + 4, 2)));
    cases.push((E::UnknownType, byte(flag + 5, 14)));
    // An instruction of three registers before the return: opcode, operation, registers.
    let compare =
        I::Compare { comparison: Comparison::Less, target: r(0), left: r(1), right: r(1) };
    for (instruction, unknown) in [(add(1, 1, 1), 5), (compare, 3), (and(0, 0, 0), 2)] {
        let code = vec![word(0, 0), word(1, 0), instruction];
        let mut bytes = small(vec![Type::Bool, U32], code);
        assert!(Program::load(&bytes).is_ok());
        let operation = bytes.len() - 10;
        bytes[operation] = unknown;
        cases.push((E::UnknownOperation, bytes));
    }
    cases
}

fn refused_tables() -> Vec<(LoadError, Vec<u8>)> {
    use LoadError as E;
    let empty = || transition(vec![], vec![], vec![give_back(&[])]);
    let flag = |name: String| field(&name, ValueType::plain(Type::Bool));
    let row = ValueType::plain(Type::Row(RelationId(0)));
    let mebibyte = ValueType::plain(Type::Bytes(1 << 20));
    let nops = many(I::Epoch { target: r(0) }, bound::INSTRUCTION_COUNT_MAX);
    vec![
        (E::BadName, twin(|a| a.name.clear())),
        (E::BadName, twin(|a| a.name = "1st".into())),
        (E::BadName, twin(|a| a.name = "n".repeat(bound::NAME_LEN_MAX + 1))),
        (E::BadName, twin(|a| a.relations[0].name = "r\u{e9}cords".into())),
        (E::BadName, twin(|a| a.transitions[0].name = "a-b".into())),
        (E::BadName, twin(|a| a.transitions[0].arguments[0].name = "a b".into())),
        (E::BadReason, twin(|a| a.reasons[0].clear())),
        (E::BadReason, twin(|a| a.reasons[0] = "a\u{1b}[1m".into())),
        (E::BadReason, twin(|a| a.reasons[0] = "r".repeat(bound::REASON_LEN_MAX + 1))),
        (E::SameName, twin(|a| a.relations[1].name = "records".into())),
        (E::SameName, twin(|a| a.transitions[1].name = "first".into())),
        (E::SameName, twin(|a| a.transitions[0].arguments[1].name = "flag".into())),
        (
            E::TooManyRelations,
            twin(|a| {
                a.relations = names(bound::RELATION_COUNT_MAX + 1).map(|n| narrow(&n)).collect();
            }),
        ),
        (
            E::TooManyConstants,
            twin(|a| {
                a.constants = many(b"constant".to_vec(), bound::CONSTANT_COUNT_MAX + 1);
            }),
        ),
        (E::TooManyReasons, twin(|a| a.reasons = many("r".into(), bound::REASON_COUNT_MAX + 1))),
        (
            E::TooManyTransitions,
            twin(|a| {
                a.transitions = names(bound::TRANSITION_COUNT_MAX + 1)
                    .map(|name| Transition { name, ..empty() })
                    .collect();
            }),
        ),
        (
            E::TooManyArguments,
            twin(|a| {
                let arguments = names(bound::ARGUMENT_COUNT_MAX + 1).map(flag).collect();
                a.transitions[1].arguments = arguments;
            }),
        ),
        (
            E::TooManyResults,
            twin(|a| {
                let flags = many(ValueType::plain(Type::Bool), bound::RESULT_COUNT_MAX + 1);
                a.transitions[1] = Transition {
                    result: flags,
                    code: vec![give_back(&[0; 65])],
                    ..transition(names(1).map(flag).collect(), vec![], vec![])
                };
            }),
        ),
        (
            E::TooManyRegisters,
            twin(|a| {
                a.transitions[1].arguments = names(1).map(flag).collect();
                a.transitions[1].locals = many(Type::Bool, bound::REGISTER_COUNT_MAX);
            }),
        ),
        (E::TooManyInstructions, small(vec![U32], nops)),
        (
            E::TooManyOperands,
            small(
                vec![Type::Bytes(0)],
                vec![pack(0, &[]), pack(0, &many(0, bound::OPERAND_COUNT_MAX + 1))],
            ),
        ),
        (E::CaseCount, local(6, Type::Enum(257))),
        (E::BytesTooLong, local(1, Type::Bytes((1 << 20) + 1))),
        (
            E::BytesTooLong,
            twin(|a| a.transitions[0].result[1].payload = Type::Bytes((1 << 20) + 1)),
        ),
        (E::FixedTooLong, small(vec![Type::Fixed(1025)], vec![])),
        (E::UnknownRelation, local(0, Type::Row(RelationId(2)))),
        // Of a register that no instruction names.
        (E::UnknownRelation, small(vec![Type::Row(RelationId(1))], vec![])),
        (E::RowInSignature, twin(|a| a.transitions[0].result[1] = row)),
        (E::RowInSignature, twin(|a| a.transitions[0].arguments[0].value = row)),
        (
            E::ArgumentsTooLong,
            twin(|a| {
                a.transitions[1].arguments = names(16).map(|name| field(&name, mebibyte)).collect();
            }),
        ),
        (
            E::ResultTooLong,
            twin(|a| {
                a.transitions[1].locals = vec![Type::Bytes(1 << 20)];
                a.transitions[1].result = many(mebibyte, 16);
                a.transitions[1].code = vec![pack(0, &[]), give_back(&[0; 16])];
            }),
        ),
    ]
}

fn refused_code() -> Vec<(LoadError, Vec<u8>)> {
    use LoadError as E;
    let less = |left, right| I::Compare { comparison: Comparison::Less, target: r(9), left, right };
    vec![
        (E::UnknownRegister, code(0, word(13, 0))),
        (E::UnknownRegister, code(4, add(10, 1, 13))),
        (E::Unassigned, small(vec![Type::Bool; 2], vec![I::Not { target: r(0), source: r(1) }])),
        // Assigned on the path that falls through only.
        (
            E::Unassigned,
            small(
                vec![Type::Bool; 2],
                vec![
                    word(0, 0),
                    I::JumpUnless { condition: r(0), to: 3 },
                    word(1, 0),
                    I::Not { target: r(0), source: r(1) },
                ],
            ),
        ),
        // Assigned on the path that jumps only.
        (
            E::Unassigned,
            small(
                vec![Type::Bool; 2],
                vec![
                    word(0, 0),
                    I::JumpUnless { condition: r(0), to: 4 },
                    word(0, 1),
                    I::Jump { to: 5 },
                    word(1, 0),
                    I::Not { target: r(0), source: r(1) },
                ],
            ),
        ),
        (E::NotBool, code(7, I::Not { target: r(9), source: r(1) })),
        (E::NotBool, code(7, I::Not { target: r(10), source: r(9) })),
        (
            E::NotBool,
            code(
                5,
                I::Compare {
                    comparison: Comparison::Less,
                    target: r(10),
                    left: r(1),
                    right: r(10),
                },
            ),
        ),
        (E::NotBool, code(6, and(9, 1, 3))),
        (E::NotBool, code(6, and(9, 0, 1))),
        (E::NotBool, code(6, and(10, 0, 3))),
        (E::NotBool, code(19, I::JumpUnless { condition: r(1), to: 22 })),
        (E::NotBool, code(20, I::Check { condition: r(1), code: 256 })),
        (E::NotBool, code(24, give_back(&[1, 4, 6]))),
        (E::NotInteger, code(4, add(0, 0, 0))),
        (E::TypesDiffer, code(4, add(10, 1, 8))),
        (E::TypesDiffer, code(4, add(8, 1, 1))),
        (E::TypesDiffer, code(5, less(r(1), r(8)))),
        (E::TypesDiffer, code(5, less(r(1), r(2)))),
        (E::Unordered, code(5, less(r(0), r(0)))),
        (E::NotBytes, code(1, constant(10, 0))),
        (E::NotBytes, code(8, I::Length { target: r(10), source: r(1) })),
        (E::NotBytes, code(9, slice(6, 1, 1, 10))),
        (E::NotBytes, code(9, slice(10, 2, 1, 10))),
        (E::NotBytes, code(10, pack(10, &[0, 1, 2]))),
        (E::NotBytes, code(12, I::Sha256 { target: r(7), source: r(1) })),
        (E::NotBytes, code(13, I::HmacSha256 { target: r(7), key: r(1), message: r(4) })),
        (E::NotBytes, code(13, I::HmacSha256 { target: r(7), key: r(2), message: r(1) })),
        (E::NotRow, code(18, I::Delete { row: r(1) })),
        (E::NotLength, code(8, I::Length { target: r(8), source: r(2) })),
        (E::NotLength, code(9, slice(6, 2, 8, 10))),
        (E::NotLength, code(9, slice(6, 2, 1, 8))),
        (E::NotEpoch, code(23, I::Epoch { target: r(8) })),
        (E::NotHash, code(12, I::Sha256 { target: r(6), source: r(6) })),
        (E::NotHash, code(13, I::HmacSha256 { target: r(6), key: r(2), message: r(4) })),
        (E::NotWord, code(0, word(6, 0))),
        (E::NotWord, code(0, word(5, 0))),
        (E::WordOutOfRange, code(11, word(11, 3))),
        (E::WordOutOfRange, code(0, I::Word { target: r(10), word: 1 << 32 })),
        (E::WordOutOfRange, code(0, I::Word { target: r(9), word: 2 })),
        (E::WordOutOfRange, small(vec![Type::Integer(Integer::I8)], vec![word(0, 128)])),
        (E::WordOutOfRange, small(vec![Type::Integer(Integer::I8)], vec![word(0, 0xff)])),
        (
            E::RowPacked,
            small(
                vec![Type::Row(RelationId(0)), Type::Bytes(0)],
                vec![pack(1, &[]), bind(0, &[1]), pack(1, &[0])],
            ),
        ),
        (E::TooNarrow, code(1, constant(7, 0))),
        (E::TooNarrow, code(2, I::Move { target: r(6), source: r(4) })),
        (E::TooNarrow, code(2, I::Move { target: r(10), source: r(0) })),
        (E::TooNarrow, code(24, give_back(&[3, 6, 6]))),
        (E::TooNarrow, code(2, I::Move { target: r(12), source: r(2) })),
        (E::TooNarrow, code(11, I::Move { target: r(11), source: r(1) })),
        (E::Inconvertible, code(3, convert(10, 2))),
        (E::Inconvertible, code(3, convert(11, 1))),
        (E::Inconvertible, code(3, convert(6, 1))),
        (E::Inconvertible, code(3, convert(10, 0))),
        (E::UnknownConstant, code(1, constant(6, 1))),
        (E::UnknownReason, code(20, I::Check { condition: r(9), code: 257 })),
        (E::UnknownReason, code(22, I::Fail { code: 257 })),
        (E::UnknownReason, code(22, I::Fail { code: 0 })),
        (E::UnknownReason, code(22, I::Fail { code: 7 })),
        (E::UnknownReason, code(22, I::Fail { code: 255 })),
        (E::JumpNotForward, code(21, I::Jump { to: 21 })),
        (E::JumpNotForward, code(21, I::Jump { to: 0 })),
        (E::JumpNotForward, code(19, I::JumpUnless { condition: r(9), to: 19 })),
        (E::JumpTooFar, code(21, I::Jump { to: 25 })),
        (E::JumpTooFar, code(19, I::JumpUnless { condition: r(9), to: 25 })),
        (E::Unreachable, code(19, I::Jump { to: 22 })),
        (E::Unreachable, small(vec![U32], vec![I::Jump { to: 2 }, I::Epoch { target: r(0) }])),
        (E::FallsOffEnd, code(24, I::Epoch { target: r(10) })),
        (E::FallsOffEnd, twin(|a| a.transitions[1].code.clear())),
    ]
}

/// Of the types of keys and rows.
fn refused_relations() -> Vec<(LoadError, Vec<u8>)> {
    use LoadError as E;
    let row = ValueType::plain(Type::Row(RelationId(0)));
    vec![
        (E::BadName, twin(|a| a.relations[0].name = "records.all".into())),
        (E::BadName, twin(|a| a.relations[0].row[0].name = ".row".into())),
        (E::BadName, twin(|a| a.relations[0].key[0].name = "key..1".into())),
        (E::BadName, twin(|a| a.relations[0].key[0].name = "key.".into())),
        (E::SameName, twin(|a| a.relations[1].key = many(a.relations[0].key[0].clone(), 2))),
        (E::SameName, twin(|a| a.relations[1].row = many(a.relations[0].key[0].clone(), 2))),
        (E::TooManyFields, other(&many(plain(U32), bound::FIELD_COUNT_MAX + 1), &[])),
        (E::TooManyFields, other(&[], &many(plain(U32), bound::FIELD_COUNT_MAX + 1))),
        (E::KeyTooLong, other(&[plain(Type::Bytes(4097))], &[])),
        (E::KeyTooLong, other(&[plain(Type::Bytes(4089)), plain(U32)], &[])),
        (E::RowTooLong, other(&[], &[plain(Type::Bool), plain(Type::Bytes(1 << 20))])),
        (E::BytesTooLong, other(&[], &[plain(Type::Text((1 << 20) + 1))])),
        (E::CaseCount, other(&[plain(Type::Enum(0))], &[])),
        (E::RowInSignature, other(&[row], &[])),
        (E::RowInSignature, other(&[], &[row])),
    ]
}

/// Of instructions on texts, enums, keys and rows.
fn refused_lists() -> Vec<(LoadError, Vec<u8>)> {
    use LoadError as E;
    vec![
        (E::NotBool, code(15, read(10, 5, &[6]))),
        (E::Unordered, text_or_enum(Comparison::Less, 11, 11)),
        (E::TypesDiffer, text_or_enum(Comparison::Equal, 12, 2)),
        (E::TypesDiffer, text_or_enum(Comparison::Equal, 2, 12)),
        (E::TypesDiffer, text_or_enum(Comparison::Equal, 11, 0)),
        (E::TooNarrow, code(14, bind(5, &[1]))),
        (E::TooNarrow, code(15, read(9, 5, &[10]))),
        (E::TooNarrow, code(16, load(5, &[2]))),
        (E::TooNarrow, code(17, store(5, &[10]))),
        (E::NotRow, code(14, bind(6, &[2]))),
        (E::NotRow, code(15, read(9, 1, &[6]))),
        (E::NotRow, code(16, load(1, &[6]))),
        (E::NotRow, code(17, store(1, &[6]))),
        (E::TooNarrow, code(14, bind(5, &[6]))),
        (E::TooNarrow, code(17, store(5, &[4]))),
        (E::BadText, text_constant(b"\xff")),
        (E::TooNarrow, text_constant(b"nine long")),
        (E::NotText, code(10, pack(12, &[2]))),
        (E::CountMismatch, code(14, bind(5, &[]))),
        (E::CountMismatch, code(14, bind(5, &[2, 2]))),
        (E::CountMismatch, code(15, read(9, 5, &[6, 6]))),
        (E::CountMismatch, code(16, load(5, &[6, 6]))),
        (E::CountMismatch, code(17, store(5, &[]))),
        (E::CountMismatch, code(17, store(5, &[6, 6]))),
        (E::CountMismatch, code(24, give_back(&[3, 4]))),
        (E::CountMismatch, code(24, give_back(&[3, 4, 6, 6]))),
    ]
}
