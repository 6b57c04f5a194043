//! Keys and rows of several values, against an encoder of their own.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    reason = "a panic is a failed test"
)]

mod memory_rows;
mod short_code;

use memory_rows::{End, State, apply, bytes, call};
use proptest::prelude::*;
use short_code::*;
use zeta_program::{
    Comparison, Failure, Instruction as I, Integer, Machine, Program, Refusal, RelationId,
    Transition, Type, ValueType, encode,
};

const ROW: Type = Type::Row(RelationId(0));
const TEXT: Type = Type::Text(64);
const ENUM: Type = Type::Enum(3);

/// A value: `None` where an optional one is absent; else its raw bytes.
type Value = Option<Vec<u8>>;

/// The bytes of values as arguments or, where `open`, as a key or a row.
fn listed(types: &[ValueType], values: &[Value], open: bool) -> Vec<u8> {
    let mut list = Vec::new();
    for (index, (of, value)) in types.iter().zip(values).enumerate() {
        if of.optional {
            list.push(u8::from(value.is_some()));
        }
        let Some(data) = value else { continue };
        let counted = matches!(of.payload, Type::Bytes(_) | Type::Text(_));
        match counted && !(open && index + 1 == types.len()) {
            true => list.extend(bytes(data)),
            false => list.extend(data),
        }
    }
    list
}

/// Types with a value each.
fn values(count_max: usize) -> impl Strategy<Value = (Vec<ValueType>, Vec<Value>)> {
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
    let word = prop::sample::select(&INTEGERS[..]).prop_flat_map(|integer| {
        (Just(Type::Integer(integer)), prop::collection::vec(any::<u8>(), integer.width()))
    });
    let data = || prop::collection::vec(any::<u8>(), 0..9);
    let payload = prop_oneof![
        word,
        (Just(Type::Bool), prop::collection::vec(0_u8..2, 1)),
        (Just(ENUM), prop::collection::vec(0_u8..3, 1)),
        (Just(Type::Bytes(8)), data()),
        data().prop_map(|data| (Type::Fixed(data.len() as u32), data)),
        "[a-z\u{e9}\u{10ffff}\0]{0,4}".prop_map(|text| (Type::Text(16), text.into_bytes())),
    ];
    let value =
        (payload, any::<bool>(), any::<bool>()).prop_map(|((of, data), optional, there)| {
            (ValueType { optional, payload: of }, (there || !optional).then_some(data))
        });
    prop::collection::vec(value, 0..count_max).prop_map(|values| values.into_iter().unzip())
}

fn registers(types: &[ValueType]) -> usize {
    types.iter().map(|value| value.register_count()).sum()
}

/// Transition 0 puts a row, 1 loads it, 2 reads it, 3 deletes it, over a relation of these types.
fn record_program(key: &[ValueType], row: &[ValueType]) -> Program {
    let fields = relation("records", key, row).key.into_iter();
    let keys = || fields.clone().collect::<Vec<_>>();
    let mut both = keys();
    let named = |(index, value): (usize, &ValueType)| field(&format!("r.{index}"), *value);
    both.extend(row.iter().enumerate().map(named));
    let (key_end, row_len) = (registers(key) as u16, registers(row) as u16);
    let all = |from: u16, len: u16| (from..from + len).collect::<Vec<u16>>();
    // After the key: a row, a flag, and the values of the row.
    let mut locals = vec![ROW, Type::Bool];
    for value in row {
        locals.extend(value.optional.then_some(Type::Bool));
        locals.push(value.payload);
    }
    let key_bind = || bind(key_end, &all(0, key_end));
    let targets = all(key_end + 2, row_len);
    let put_row = key_end + row_len;
    let put = vec![
        bind(put_row, &all(0, key_end)),
        store(put_row, &all(key_end, row_len)),
        give_back(&[]),
    ];
    let load_row = vec![key_bind(), load(key_end, &targets), give_back(&targets)];
    let given = [[key_end + 1].as_slice(), &targets].concat();
    let read_row = vec![key_bind(), read(key_end + 1, key_end, &targets), give_back(&given)];
    let delete = vec![key_bind(), I::Delete { row: r(key_end) }, give_back(&[])];
    let flag = ValueType::plain(Type::Bool);
    let named = |name: &str, result: Vec<ValueType>, whole: Transition| Transition {
        name: name.into(),
        result,
        ..whole
    };
    let mut assembly = program_of(named("put", vec![], transition(both, vec![ROW], put)));
    assembly.relations = vec![relation("records", key, row)];
    assembly.transitions.extend([
        named("load", row.to_vec(), transition(keys(), locals.clone(), load_row)),
        named("read", [&[flag], row].concat(), transition(keys(), locals.clone(), read_row)),
        named("delete", vec![], transition(keys(), locals, delete)),
    ]);
    Program::load(&encode(&assembly)).expect("the code is good")
}

/// Values that are zero, as a null row gives them.
fn zeros(types: &[ValueType]) -> Vec<Value> {
    let zero = |of: &ValueType| {
        let width = match of.payload {
            Type::Bytes(_) | Type::Text(_) => 0,
            other => other.encoded_max(),
        };
        (!of.optional).then_some(vec![0; width])
    };
    types.iter().map(zero).collect()
}

proptest! {
    #[test]
    fn what_is_stored_is_loaded(
        (key_types, key) in values(5),
        (row_types, row) in values(5),
    ) {
        let program = record_program(&key_types, &row_types);
        let (mut machine, mut state) = (Machine::new(), State::new());
        let (key_args, args) = (listed(&key_types, &key, false), listed(&row_types, &row, false));
        let mut run = |transition, args: &[u8]| {
            apply(&mut machine, &program, &mut state, transition, args)
        };
        prop_assert_eq!(run(1, &key_args), End::Failed(Failure::AbsentRow));
        let null = listed(&row_types, &zeros(&row_types), false);
        prop_assert_eq!(run(2, &key_args), End::Done([vec![0], null].concat()));
        prop_assert_eq!(run(0, &[key_args.clone(), args.clone()].concat()), End::Done(vec![]));
        prop_assert_eq!(run(1, &key_args), End::Done(args.clone()));
        prop_assert_eq!(run(2, &key_args), End::Done([vec![1], args].concat()));
        let record = (RelationId(0), listed(&key_types, &key, true));
        prop_assert_eq!(&state, &State::from([(record, listed(&row_types, &row, true))]));
    }

    #[test]
    fn rows_that_are_not_an_encoding_are_malformed(
        (types, row) in values(4),
        at in any::<prop::sample::Index>(),
        to in 0_u8..5,
        action in 0..4,
    ) {
        let program = record_program(&[], &types);
        let mut changed = listed(&types, &row, true);
        let index = at.index(changed.len() + 1);
        match action {
            0 => changed.truncate(index),
            1 => changed.insert(index, to),
            2 if index < changed.len() => changed[index] = to,
            _ => changed.push(0xff),
        }
        let mut state = State::from([((RelationId(0), vec![]), changed.clone())]);
        let mut machine = Machine::new();
        if types.is_empty() {
            // Without a value to give, the bytes are not looked at.
            prop_assert_eq!(call(&mut machine, &program, &state, 1, &[], 1).0, End::Done(vec![]));
            return Ok(());
        }
        let (read, writes) = call(&mut machine, &program, &state, 2, &[], 1);
        prop_assert!(writes.is_empty());
        match call(&mut machine, &program, &state, 1, &[], 1).0 {
            End::Failed(Failure::Malformed) => {
                prop_assert_eq!(read, End::Failed(Failure::Malformed));
            }
            End::Done(given) => {
                prop_assert_eq!(read, End::Done([vec![1], given.clone()].concat()));
                // What it decodes as, it is the encoding of.
                let stored = apply(&mut machine, &program, &mut state, 0, &given);
                prop_assert_eq!(stored, End::Done(vec![]));
                prop_assert_eq!(&state[&(RelationId(0), vec![])], &changed);
            }
            other => prop_assert!(false, "{other:?}"),
        }
    }

    #[test]
    fn arguments_that_are_not_an_encoding_are_refused(
        (types, key) in values(4),
        at in any::<prop::sample::Index>(),
        to in any::<u8>(),
    ) {
        let program = record_program(&types, &[]);
        let args = listed(&types, &key, false);
        let run = |args: &[u8]| {
            call(&mut Machine::new(), &program, &State::new(), 1, args, 1).0
        };
        for cut in 0..args.len() {
            prop_assert_eq!(run(&args[..cut]), End::Refused(Refusal::IllTypedArguments));
        }
        let longer = [args.clone(), vec![0]].concat();
        prop_assert_eq!(run(&longer), End::Refused(Refusal::IllTypedArguments));
        if !args.is_empty() {
            let mut changed = args.clone();
            let at = at.index(args.len());
            changed[at] = to;
            let end = run(&changed);
            let refused = End::Refused(Refusal::IllTypedArguments);
            prop_assert!(end == End::Failed(Failure::AbsentRow) || end == refused);
        }
    }
}

/// Runs code over one argument of a type, and gives the one local of a type.
fn pure(from: Type, to: Type, code: Vec<I>, args: &[u8]) -> End {
    let mut code = code;
    code.push(give_back(&[1]));
    let whole = Transition {
        result: vec![ValueType::plain(to)],
        ..transition(vec![field("from", ValueType::plain(from))], vec![to], code)
    };
    let program = Program::load(&encode(&program_of(whole))).expect("the code is good");
    call(&mut Machine::new(), &program, &State::new(), 0, args, 0).0
}

#[test]
fn texts_are_utf8_wherever_they_come_from() {
    let e_acute = "\u{e9}a".as_bytes();
    let refused = End::Refused(Refusal::IllTypedArguments);
    let copy = || vec![I::Move { target: r(1), source: r(0) }];
    let wide = Type::Text(65);
    assert_eq!(pure(TEXT, wide, copy(), &bytes(e_acute)), End::Done(bytes(e_acute)));
    assert_eq!(pure(TEXT, wide, copy(), &bytes(b"\xff")), refused);
    assert_eq!(pure(Type::Text(2), TEXT, copy(), &bytes(e_acute)), refused);
    let data = Type::Bytes(64);
    let change = || vec![convert(1, 0)];
    assert_eq!(pure(data, TEXT, change(), &bytes(e_acute)), End::Done(bytes(e_acute)));
    assert_eq!(pure(data, TEXT, change(), &bytes(b"\xc3")), End::Failed(Failure::Malformed));
    assert_eq!(pure(Type::Fixed(3), TEXT, change(), e_acute), End::Done(bytes(e_acute)));
    assert_eq!(pure(TEXT, data, change(), &bytes(e_acute)), End::Done(bytes(e_acute)));
    assert_eq!(pure(TEXT, Type::Fixed(3), change(), &bytes(e_acute)), End::Done(e_acute.into()));
    let too_long = pure(TEXT, Type::Text(2), change(), &bytes(e_acute));
    assert_eq!(too_long, End::Failed(Failure::TooLong));
    assert_eq!(pure(TEXT, Type::Text(3), change(), &bytes(e_acute)), End::Done(bytes(e_acute)));
    let doubled = [e_acute, e_acute].concat();
    let double = || vec![pack(1, &[0, 0])];
    assert_eq!(pure(TEXT, TEXT, double(), &bytes(e_acute)), End::Done(bytes(&doubled)));
    let literal = pure(data, TEXT, vec![constant(1, 1)], &bytes(b""));
    assert_eq!(literal, End::Done(bytes(b"constant")));
    let length = vec![I::Length { target: r(1), source: r(0) }];
    assert_eq!(pure(TEXT, U32, length, &bytes(e_acute)), End::Done(vec![3, 0, 0, 0]));
}

#[test]
fn a_slice_of_a_text_is_a_text_or_malformed() {
    let cut = |target: Type, start: u64, end: u64| {
        let code = vec![word(1, start), word(2, end), slice(3, 0, 1, 2), give_back(&[3])];
        let whole = Transition {
            result: vec![ValueType::plain(target)],
            ..transition(vec![field("t", ValueType::plain(TEXT))], vec![U32, U32, target], code)
        };
        let program = Program::load(&encode(&program_of(whole))).expect("the code is good");
        let args = bytes("a\u{e9}b".as_bytes());
        call(&mut Machine::new(), &program, &State::new(), 0, &args, 0).0
    };
    assert_eq!(cut(TEXT, 1, 3), End::Done(bytes("\u{e9}".as_bytes())));
    assert_eq!(cut(TEXT, 1, 2), End::Failed(Failure::Malformed));
    assert_eq!(cut(TEXT, 2, 4), End::Failed(Failure::Malformed));
    assert_eq!(cut(Type::Bytes(8), 1, 2), End::Done(bytes(b"\xc3")));
}

#[test]
fn enums_are_cases_of_their_type() {
    let refused = End::Refused(Refusal::IllTypedArguments);
    let copy = || vec![I::Move { target: r(1), source: r(0) }];
    for case in 0..3 {
        assert_eq!(pure(ENUM, ENUM, copy(), &[case]), End::Done(vec![case]));
    }
    assert_eq!(pure(ENUM, ENUM, copy(), &[3]), refused);
    assert_eq!(pure(Type::Enum(256), Type::Enum(256), copy(), &[255]), End::Done(vec![255]));
    assert_eq!(pure(ENUM, ENUM, vec![word(1, 2)], &[0]), End::Done(vec![2]));
    assert_eq!(pure(ENUM, Type::Fixed(2), vec![pack(1, &[0, 0])], &[2]), End::Done(vec![2, 2]));
    let equal = || {
        vec![I::Compare { comparison: Comparison::Equal, target: r(1), left: r(0), right: r(0) }]
    };
    assert_eq!(pure(ENUM, Type::Bool, equal(), &[1]), End::Done(vec![1]));
}

#[test]
fn texts_compare_by_their_bytes() {
    for (left, right) in [("", "a"), ("a", "\u{e9}"), ("\u{ffff}", "\u{10000}"), ("b", "b")] {
        for comparison in [Comparison::Equal, Comparison::Less, Comparison::LessOrEqual] {
            let code = vec![
                I::Compare { comparison, target: r(2), left: r(0), right: r(1) },
                give_back(&[2]),
            ];
            let arguments = [("left", TEXT), ("right", Type::Text(65))];
            let arguments = arguments.map(|(name, of)| field(name, ValueType::plain(of)));
            let whole = Transition {
                result: vec![ValueType::plain(Type::Bool)],
                ..transition(arguments.to_vec(), vec![Type::Bool], code)
            };
            let program = Program::load(&encode(&program_of(whole))).expect("the code is good");
            let args = [bytes(left.as_bytes()), bytes(right.as_bytes())].concat();
            let holds = match comparison {
                Comparison::Equal => left == right,
                Comparison::Less => left < right,
                Comparison::LessOrEqual => left <= right,
            };
            let end = call(&mut Machine::new(), &program, &State::new(), 0, &args, 0).0;
            assert_eq!(end, End::Done(vec![u8::from(holds)]), "{left} {right}");
        }
    }
}

#[test]
fn values_may_be_narrower_than_their_fields_and_wider_where_they_go() {
    // Field 0 is bytes of at most 4, field 1 a text of at most 4.
    let fields = [Type::Bytes(4), Type::Text(4)].map(ValueType::plain);
    let arguments = [("data", Type::Fixed(2)), ("text", Type::Text(3))];
    let arguments = arguments.map(|(name, of)| field(name, ValueType::plain(of))).to_vec();
    let code = vec![
        bind(2, &[0, 1]),
        store(2, &[0, 1]),
        load(2, &[3, 4]),
        // The row and the key are the same bytes.
        give_back(&[3, 4]),
    ];
    let wide = vec![Type::Bytes(9), Type::Text(9)];
    let mut assembly = program_of(Transition {
        result: wide.iter().copied().map(ValueType::plain).collect(),
        ..transition(arguments, [vec![ROW], wide].concat(), code)
    });
    assembly.relations = vec![relation("records", &fields, &fields)];
    let program = Program::load(&encode(&assembly)).expect("the code is good");
    let args = [b"xy".to_vec(), bytes(b"abc")].concat();
    let (end, writes) = call(&mut Machine::new(), &program, &State::new(), 0, &args, 1);
    assert_eq!(end, End::Done([bytes(b"xy"), bytes(b"abc")].concat()));
    let record = [bytes(b"xy"), b"abc".to_vec()].concat();
    assert_eq!(writes, [((RelationId(0), record.clone()), Some(record))]);
}

#[test]
fn a_row_sees_values_that_were_read_from_it_before_it_was_written() {
    // Swaps two texts of a row, twice.
    let texts = [ValueType::plain(TEXT), ValueType::plain(TEXT)];
    let code = vec![
        bind(0, &[]),
        load(0, &[1, 2]),
        store(0, &[2, 1]),
        load(0, &[3, 4]),
        store(0, &[1, 3]),
        load(0, &[3, 4]),
        give_back(&[1, 2, 3, 4]),
    ];
    let mut assembly = program_of(Transition {
        result: [texts, texts].concat(),
        ..transition(vec![], [vec![ROW], vec![TEXT; 4]].concat(), code)
    });
    assembly.relations = vec![relation("records", &[], &texts)];
    let program = Program::load(&encode(&assembly)).expect("the code is good");
    let state = State::from([((RelationId(0), vec![]), [bytes(b"ab"), b"c".to_vec()].concat())]);
    let (end, writes) = call(&mut Machine::new(), &program, &state, 0, &[], 1);
    let given = [bytes(b"ab"), bytes(b"c"), bytes(b"ab"), bytes(b"c")].concat();
    assert_eq!(end, End::Done(given));
    let row = [bytes(b"ab"), b"c".to_vec()].concat();
    assert_eq!(writes, [((RelationId(0), vec![]), Some(row))]);
}
