//! What each instruction does, and how it fails.

#![expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    reason = "a panic is a failed test"
)]

mod memory_rows;
mod short_code;

use memory_rows::{End, State, bytes, call, optional};
use short_code::*;
use zeta_program::{
    Arithmetic, Comparison, Failure, Instruction as I, Integer, Logic, Machine, Program, Refusal,
    RelationId, Transition, Type, ValueType, encode,
};

const ROW: Type = Type::Row(RelationId(0));
const DATA: Type = Type::Bytes(64);
const BOOL: Type = Type::Bool;

/// Runs code whose registers are plain arguments, then locals; the last local is the result.
fn run(arguments: &[Type], locals: &[Type], code: Vec<I>, state: &State, args: &[u8]) -> End {
    let named = |(index, value): (usize, &Type)| {
        field(&format!("argument{index}"), ValueType::plain(*value))
    };
    let result: Vec<Type> = locals.last().copied().into_iter().collect();
    let last = arguments.len() + locals.len() - 1;
    let mut code = code;
    code.push(give_back(&[last as u16]));
    let whole = Transition {
        result: result.into_iter().map(ValueType::plain).collect(),
        ..transition(arguments.iter().enumerate().map(named).collect(), locals.to_vec(), code)
    };
    let program = Program::load(&encode(&program_of(whole))).expect("the code is good");
    call(&mut Machine::new(), &program, state, 0, args, usize::MAX).0
}

fn pure(arguments: &[Type], locals: &[Type], code: Vec<I>, args: &[u8]) -> End {
    run(arguments, locals, code, &State::new(), args)
}

fn encoded(integer: Integer, value: i128) -> Vec<u8> {
    value.to_le_bytes()[..integer.width()].to_vec()
}

const INTEGERS: [(Integer, i128, i128); 8] = [
    (Integer::U8, 0, u8::MAX as i128),
    (Integer::U16, 0, u16::MAX as i128),
    (Integer::U32, 0, u32::MAX as i128),
    (Integer::U64, 0, u64::MAX as i128),
    (Integer::I8, i8::MIN as i128, i8::MAX as i128),
    (Integer::I16, i16::MIN as i128, i16::MAX as i128),
    (Integer::I32, i32::MIN as i128, i32::MAX as i128),
    (Integer::I64, i64::MIN as i128, i64::MAX as i128),
];

/// The values of a type that matter.
fn corners(low: i128, high: i128) -> Vec<i128> {
    let mut values = vec![low, low + 1, high - 1, high, high / 2];
    values.extend([-7, -3, -2, -1, 0, 1, 2, 3, 7].into_iter().filter(|v| low <= *v && *v <= high));
    values
}

/// Python's meaning, by another road than the machine's: Euclid's division, then a correction.
fn python(operation: Arithmetic, left: i128, right: i128) -> Result<i128, Failure> {
    let floor = |left: i128, right: i128| {
        let (quotient, remainder) = (left.div_euclid(right), left.rem_euclid(right));
        if right < 0 && remainder != 0 {
            (quotient - 1, remainder + right)
        } else {
            (quotient, remainder)
        }
    };
    match operation {
        Arithmetic::Add => Ok(left + right),
        Arithmetic::Subtract => Ok(left - right),
        Arithmetic::Multiply => left.checked_mul(right).ok_or(Failure::Overflow),
        _ if right == 0 => Err(Failure::DivisionByZero),
        Arithmetic::FloorDivide => Ok(floor(left, right).0),
        Arithmetic::Modulo => Ok(floor(left, right).1),
    }
}

#[test]
fn arithmetic_is_exact_or_fails() {
    use Arithmetic::{Add, FloorDivide, Modulo, Multiply, Subtract};
    for (integer, low, high) in INTEGERS {
        let of = Type::Integer(integer);
        for operation in [Add, Subtract, Multiply, FloorDivide, Modulo] {
            for left in corners(low, high) {
                for right in corners(low, high) {
                    let args = [encoded(integer, left), encoded(integer, right)].concat();
                    let end = pure(&[of, of], &[of], vec![arithmetic(operation, 2, 0, 1)], &args);
                    let exact = python(operation, left, right);
                    let wanted = match exact {
                        Err(failure) => End::Failed(failure),
                        Ok(exact) if exact < low || exact > high => End::Failed(Failure::Overflow),
                        Ok(exact) => End::Done(encoded(integer, exact)),
                    };
                    assert_eq!(end, wanted, "{operation:?} {integer:?} {left} {right}");
                }
            }
        }
    }
}

#[test]
fn division_rounds_down_as_in_python() {
    let divide = |left: i8, right: i8| {
        let of = Type::Integer(Integer::I8);
        let args = [left.to_le_bytes(), right.to_le_bytes()].concat();
        [Arithmetic::FloorDivide, Arithmetic::Modulo]
            .map(|operation| pure(&[of, of], &[of], vec![arithmetic(operation, 2, 0, 1)], &args))
    };
    let done = |value: i8| End::Done(value.to_le_bytes().to_vec());
    assert_eq!(divide(7, 2), [done(3), done(1)]);
    assert_eq!(divide(-7, 2), [done(-4), done(1)]);
    assert_eq!(divide(7, -2), [done(-4), done(-1)]);
    assert_eq!(divide(-7, -2), [done(3), done(-1)]);
    assert_eq!(divide(-128, -1), [End::Failed(Failure::Overflow), done(0)]);
}

#[test]
fn integers_convert_where_they_fit() {
    for (from, low, high) in INTEGERS {
        for (to, to_low, to_high) in INTEGERS {
            for value in corners(low, high) {
                let convert = vec![convert(1, 0)];
                let (source, target) = (Type::Integer(from), Type::Integer(to));
                let end = pure(&[source], &[target], convert, &encoded(from, value));
                let wanted = match to_low <= value && value <= to_high {
                    true => End::Done(encoded(to, value)),
                    false => End::Failed(Failure::Overflow),
                };
                assert_eq!(end, wanted, "{from:?} {to:?} {value}");
            }
        }
    }
}

#[test]
fn integers_compare_by_value() {
    let comparisons = [Comparison::Equal, Comparison::Less, Comparison::LessOrEqual];
    for (integer, low, high) in INTEGERS {
        let of = Type::Integer(integer);
        for left in corners(low, high) {
            for right in corners(low, high) {
                let args = [encoded(integer, left), encoded(integer, right)].concat();
                let ends = comparisons.map(|c| pure(&[of, of], &[BOOL], compare(c), &args));
                let holds = [left == right, left < right, left <= right];
                assert_eq!(ends, holds.map(|holds| End::Done(vec![u8::from(holds)])));
            }
        }
    }
}

fn compare(comparison: Comparison) -> Vec<I> {
    vec![I::Compare { comparison, target: r(2), left: r(0), right: r(1) }]
}

#[test]
fn byte_strings_compare_by_their_order() {
    let strings: [&[u8]; 7] = [b"", b"\0", b"a", b"aa", b"ab", b"b", b"\xff"];
    let comparisons = [Comparison::Equal, Comparison::Less, Comparison::LessOrEqual];
    for left in strings {
        for right in strings {
            let args = [bytes(left), bytes(right)].concat();
            let ends = comparisons.map(|c| pure(&[DATA, DATA], &[BOOL], compare(c), &args));
            let holds = [left == right, left < right, left <= right];
            assert_eq!(ends, holds.map(|holds| End::Done(vec![u8::from(holds)])));
        }
    }
    let fixed =
        pure(&[DATA, Type::Fixed(2)], &[BOOL], compare(Comparison::Equal), b"\x02\0\0\0abab");
    assert_eq!(fixed, End::Done(vec![1]));
}

#[test]
fn bools_have_their_connectives() {
    for (left, right) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let both = |code: I| pure(&[BOOL, BOOL], &[BOOL], vec![code], &[left, right]);
        let or = I::Logic { logic: Logic::Or, target: r(2), left: r(0), right: r(1) };
        assert_eq!(both(and(2, 0, 1)), End::Done(vec![left & right]));
        assert_eq!(both(or), End::Done(vec![left | right]));
        assert_eq!(both(I::Not { target: r(2), source: r(1) }), End::Done(vec![1 - right]));
        let equal = compare(Comparison::Equal).remove(0);
        assert_eq!(both(equal), End::Done(vec![u8::from(left == right)]));
    }
}

#[test]
fn constants_and_moves_carry_their_values() {
    let minus_one = vec![word(0, u64::MAX)];
    assert_eq!(pure(&[], &[Type::Integer(Integer::I16)], minus_one, &[]), End::Done(vec![255; 2]));
    let constant = vec![constant(0, 1)];
    assert_eq!(pure(&[], &[DATA], constant.clone(), &[]), End::Done(bytes(b"constant")));
    assert_eq!(pure(&[], &[Type::Fixed(8)], constant, &[]), End::Done(b"constant".to_vec()));
    // A byte string of fixed length gains its length where it is moved to a bounded one.
    let widen = vec![I::Move { target: r(1), source: r(0) }];
    assert_eq!(pure(&[Type::Fixed(2)], &[DATA], widen, b"ab"), End::Done(bytes(b"ab")));
    assert_eq!(
        pure(&[], &[U32], vec![I::Epoch { target: r(0) }], &[]),
        End::Done(vec![7, 0, 0, 0])
    );
}

#[test]
fn byte_strings_convert_where_they_fit() {
    let convert = || vec![convert(1, 0)];
    let to = |target: Type| pure(&[DATA], &[target], convert(), &bytes(b"abc"));
    assert_eq!(to(Type::Bytes(3)), End::Done(bytes(b"abc")));
    assert_eq!(to(Type::Bytes(2)), End::Failed(Failure::TooLong));
    assert_eq!(to(Type::Fixed(3)), End::Done(b"abc".to_vec()));
    assert_eq!(to(Type::Fixed(2)), End::Failed(Failure::Malformed));
    assert_eq!(to(Type::Fixed(4)), End::Failed(Failure::Malformed));
}

#[test]
fn slices_stay_inside() {
    let cut = |target: Type, start: u32, end: u32| {
        let args = [bytes(b"abcd"), start.to_le_bytes().to_vec(), end.to_le_bytes().to_vec()];
        pure(&[DATA, U32, U32], &[target], vec![slice(3, 0, 1, 2)], &args.concat())
    };
    assert_eq!(cut(DATA, 1, 3), End::Done(bytes(b"bc")));
    assert_eq!(cut(DATA, 0, 4), End::Done(bytes(b"abcd")));
    assert_eq!(cut(DATA, 4, 4), End::Done(bytes(b"")));
    assert_eq!(cut(DATA, 3, 2), End::Failed(Failure::Bounds));
    assert_eq!(cut(DATA, 0, 5), End::Failed(Failure::Bounds));
    assert_eq!(cut(DATA, 5, 5), End::Failed(Failure::Bounds));
    assert_eq!(cut(DATA, u32::MAX, u32::MAX), End::Failed(Failure::Bounds));
    assert_eq!(cut(Type::Bytes(1), 0, 2), End::Failed(Failure::TooLong));
    assert_eq!(cut(Type::Fixed(2), 1, 3), End::Done(b"bc".to_vec()));
    assert_eq!(cut(Type::Fixed(2), 1, 2), End::Failed(Failure::Malformed));
    let length = vec![I::Length { target: r(1), source: r(0) }];
    assert_eq!(pure(&[DATA], &[U32], length, &bytes(b"abcd")), End::Done(vec![4, 0, 0, 0]));
}

#[test]
fn packs_put_raw_bytes_in_a_row() {
    let types = [DATA, Type::Integer(Integer::I16), BOOL, Type::Fixed(2)];
    let args = [bytes(b"abc"), vec![0xfe, 0xff, 1], b"xy".to_vec()].concat();
    let packed = b"abc\xfe\xff\x01xy";
    let code = || vec![pack(4, &[0, 1, 2, 3])];
    assert_eq!(pure(&types, &[DATA], code(), &args), End::Done(bytes(packed)));
    assert_eq!(pure(&types, &[Type::Bytes(8)], code(), &args), End::Done(bytes(packed)));
    assert_eq!(pure(&types, &[Type::Bytes(7)], code(), &args), End::Failed(Failure::TooLong));
    assert_eq!(pure(&types, &[Type::Fixed(9)], code(), &args), End::Failed(Failure::Malformed));
    assert_eq!(pure(&types, &[DATA], vec![pack(4, &[])], &args), End::Done(bytes(b"")));
    // Of bytes that were packed before, and of constants.
    let again = vec![constant(4, 1), pack(4, &[4, 0]), pack(4, &[4, 3, 4])];
    let wanted = b"constantabcxyconstantabc";
    assert_eq!(pure(&types, &[DATA], again, &args), End::Done(bytes(wanted)));
}

#[test]
fn hashes_match_published_vectors() {
    let hex = |text: &str| -> Vec<u8> {
        (0..text.len() / 2)
            .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap_or(0))
            .collect()
    };
    let hash = vec![I::Sha256 { target: r(1), source: r(0) }];
    let wanted = hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!(pure(&[DATA], &[Type::Fixed(32)], hash, &bytes(b"abc")), End::Done(wanted));
    // RFC 4231, test case 2.
    let mac = vec![I::HmacSha256 { target: r(2), key: r(0), message: r(1) }];
    let args = [bytes(b"Jefe"), bytes(b"what do ya want for nothing?")].concat();
    let wanted = hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_eq!(pure(&[DATA, DATA], &[Type::Fixed(32)], mac, &args), End::Done(wanted));
}

#[test]
fn jumps_choose_a_path() {
    let code = || {
        vec![I::JumpUnless { condition: r(0), to: 3 }, word(1, 10), I::Jump { to: 4 }, word(1, 20)]
    };
    assert_eq!(pure(&[BOOL], &[U32], code(), &[1]), End::Done(vec![10, 0, 0, 0]));
    assert_eq!(pure(&[BOOL], &[U32], code(), &[0]), End::Done(vec![20, 0, 0, 0]));
}

#[test]
fn checks_fail_with_their_reason() {
    let code = |code: u16| vec![I::Check { condition: r(0), code }, word(1, 1)];
    assert_eq!(pure(&[BOOL], &[BOOL], code(256), &[1]), End::Done(vec![1]));
    assert_eq!(pure(&[BOOL], &[BOOL], code(256), &[0]), End::Failed(Failure::Reason(0)));
    assert_eq!(pure(&[BOOL], &[BOOL], code(5), &[0]), End::Failed(Failure::Malformed));
    let fail = vec![I::JumpUnless { condition: r(0), to: 2 }, I::Fail { code: 256 }, word(1, 1)];
    assert_eq!(pure(&[BOOL], &[BOOL], fail.clone(), &[1]), End::Failed(Failure::Reason(0)));
    assert_eq!(pure(&[BOOL], &[BOOL], fail, &[0]), End::Done(vec![1]));
    assert_eq!(Failure::Reason(0).code(), 256);
}

fn state(rows: &[(&[u8], &[u8])]) -> State {
    rows.iter().map(|(key, row)| ((RelationId(0), key.to_vec()), row.to_vec())).collect()
}

#[test]
fn rows_are_read_where_they_are_there() {
    let held = state(&[(b"k", b"row")]);
    let end = |code: Vec<I>, key: &[u8]| run(&[DATA], &[ROW, BOOL, DATA], code, &held, &bytes(key));
    let load_row = || vec![bind(1, &[0]), load(1, &[3])];
    assert_eq!(end(load_row(), b"k"), End::Done(bytes(b"row")));
    assert_eq!(end(load_row(), b"x"), End::Failed(Failure::AbsentRow));
    let read_row = || vec![bind(1, &[0]), read(2, 1, &[3]), pack(3, &[2, 3])];
    assert_eq!(end(read_row(), b"k"), End::Done(bytes(b"\x01row")));
    assert_eq!(end(read_row(), b"x"), End::Done(bytes(b"\0")));
    // Without targets, only whether the row is there.
    let read_presence = || vec![bind(1, &[0]), read(2, 1, &[]), pack(3, &[2])];
    assert_eq!(end(read_presence(), b"k"), End::Done(bytes(b"\x01")));
    assert_eq!(end(read_presence(), b"x"), End::Done(bytes(b"\0")));
    let load_presence = || vec![bind(1, &[0]), load(1, &[]), pack(3, &[0])];
    assert_eq!(end(load_presence(), b"k"), End::Done(bytes(b"k")));
    assert_eq!(end(load_presence(), b"x"), End::Failed(Failure::AbsentRow));
}

#[test]
fn a_call_sees_its_own_writes_through_every_name_of_a_row() {
    // Binds the arguments, stores "constant" through the first, reads through the second.
    let code = |write: I| {
        vec![
            constant(2, 1),
            bind(3, &[0]),
            bind(4, &[1]),
            write,
            read(5, 4, &[6]),
            pack(7, &[5, 6]),
        ]
    };
    let locals = [DATA, ROW, ROW, BOOL, DATA, DATA];
    let held = state(&[(b"a", b"1"), (b"b", b"2")]);
    let end = |write: I, second: &[u8]| {
        let args = [bytes(b"a"), bytes(second)].concat();
        run(&[DATA, DATA], &locals, code(write), &held, &args)
    };
    let store = || store(3, &[2]);
    assert_eq!(end(store(), b"a"), End::Done(bytes(b"\x01constant")));
    assert_eq!(end(store(), b"b"), End::Done(bytes(b"\x012")));
    assert_eq!(end(I::Delete { row: r(3) }, b"a"), End::Done(bytes(b"\0")));
    assert_eq!(end(I::Delete { row: r(3) }, b"b"), End::Done(bytes(b"\x012")));
}

#[test]
fn a_key_may_come_from_a_row_and_from_scratch() {
    let code = vec![
        bind(1, &[0]),
        load(1, &[2]),
        bind(1, &[2]),
        load(1, &[2]),
        pack(2, &[2, 0]),
        bind(1, &[2]),
        load(1, &[2]),
    ];
    let held = state(&[(b"a", b"b"), (b"b", b"c"), (b"ca", b"end")]);
    assert_eq!(run(&[DATA], &[ROW, DATA], code, &held, &bytes(b"a")), End::Done(bytes(b"end")));
}

#[test]
fn writes_are_the_last_of_each_row_in_the_order_of_binding() {
    let arguments = ["first", "second"].map(|name| field(name, ValueType::plain(DATA)));
    let code = vec![
        bind(2, &[0]),
        bind(3, &[1]),
        constant(4, 1),
        store(3, &[0]),
        I::Delete { row: r(2) },
        store(2, &[4]),
        load(3, &[4]),
        I::Delete { row: r(3) },
        bind(5, &[4]),
        give_back(&[]),
    ];
    let whole = transition(arguments.to_vec(), vec![ROW, ROW, DATA, ROW], code);
    let program = Program::load(&encode(&program_of(whole))).expect("the code is good");
    let args = [bytes(b"a"), bytes(b"b")].concat();
    let key = |key: &[u8]| (RelationId(0), key.to_vec());
    let (end, writes) = call(&mut Machine::new(), &program, &State::new(), 0, &args, 2);
    assert_eq!(end, End::Done(vec![]));
    assert_eq!(writes, [(key(b"a"), Some(b"constant".to_vec())), (key(b"b"), None)]);
    // Where the rows stop the call, and where it fails, there are no writes.
    assert_eq!(call(&mut Machine::new(), &program, &State::new(), 0, &args, 1).0, End::Stopped);
}

#[test]
fn relations_do_not_share_rows() {
    let mut assembly = program_of(transition(
        vec![field("key", ValueType::plain(DATA))],
        vec![ROW, Type::Row(RelationId(1))],
        vec![bind(1, &[0]), bind(2, &[0]), store(1, &[0]), I::Delete { row: r(2) }, give_back(&[])],
    ));
    let mut other = assembly.relations[0].clone();
    other.name = "others".into();
    assembly.relations.push(other);
    let program = Program::load(&encode(&assembly)).expect("the code is good");
    let (_, writes) = call(&mut Machine::new(), &program, &State::new(), 0, &bytes(b"k"), 2);
    let key = |relation: u16| (RelationId(relation), b"k".to_vec());
    assert_eq!(writes, [(key(0), Some(b"k".to_vec())), (key(1), None)]);
}

#[test]
fn optional_arguments_and_results_carry_their_presence() {
    let kinds = [DATA, Type::Fixed(3), Type::Integer(Integer::I16), BOOL];
    let name = |index: usize| format!("argument{index}");
    let whole = Transition {
        arguments: kinds
            .iter()
            .enumerate()
            .map(|(index, kind)| field(&name(index), ValueType::optional(*kind)))
            .collect(),
        result: kinds
            .iter()
            .map(|kind| ValueType::optional(*kind))
            .chain([ValueType::plain(DATA)])
            .collect(),
        ..transition(
            vec![],
            vec![DATA],
            vec![pack(8, &[1, 3, 5, 7]), give_back(&[0, 1, 2, 3, 4, 5, 6, 7, 8])],
        )
    };
    let program = Program::load(&encode(&program_of(whole))).expect("the code is good");
    let mut machine = Machine::new();
    let mut end = |args: &[u8]| call(&mut machine, &program, &State::new(), 0, args, 0).0;
    let present = [optional(Some(b"ab")), b"\x01xyz\x01\xfe\xff\x01\x01".to_vec()].concat();
    let packed = bytes(b"abxyz\xfe\xff\x01");
    assert_eq!(end(&present), End::Done([present.clone(), packed].concat()));
    // The payloads of absent values are zero, also after a call that had them.
    let absent = vec![0; 4];
    assert_eq!(end(&absent), End::Done([absent.clone(), bytes(&[0; 6])].concat()));
    for (at, to) in [(0, 2), (7, 2), (11, 2), (14, 2), (15, 2)] {
        let mut wrong = present.clone();
        wrong[at] = to;
        assert_eq!(end(&wrong), End::Refused(Refusal::IllTypedArguments), "byte {at}");
    }
}

#[test]
fn a_run_needs_a_begin() {
    let program = Program::load(&zeta_program::key_value()).expect("the program is good");
    let mut machine = Machine::new();
    let mut rows = memory_rows::MemoryRows { state: &State::new(), bound: vec![], bound_max: 9 };
    let outcome = machine.run(&program, &[], 0, &mut rows, &mut vec![]);
    assert_eq!(outcome, Ok(zeta_program::Outcome::Failed(Failure::Internal)));
}

#[test]
fn a_read_that_a_return_follows_gives_what_it_gives_alone() {
    // Writes to the row of the first argument or, past a jump, gives the second in its stead.
    let end_of = |write: I, here: u8, given: [u16; 2]| {
        let data = ["key", "other"].map(|name| field(name, ValueType::plain(DATA)));
        let flag = [field("here", ValueType::plain(BOOL))];
        let code = vec![
            bind(3, &[0]),
            I::Move { target: r(5), source: r(1) },
            word(4, 1),
            I::JumpUnless { condition: r(2), to: 6 },
            write,
            read(4, 3, &[5]),
            give_back(&given),
        ];
        let whole = Transition {
            result: vec![ValueType::optional(DATA)],
            ..transition(data.into_iter().chain(flag).collect(), vec![ROW, BOOL, DATA], code)
        };
        let program = Program::load(&encode(&program_of(whole))).expect("the code is good");
        let args = [bytes(b"a"), bytes(b"new"), vec![here]].concat();
        call(&mut Machine::new(), &program, &state(&[(b"a", b"old")]), 0, &args, usize::MAX).0
    };
    let end = |write: I, here: u8| end_of(write, here, [4, 5]);
    let store = || store(3, &[1]);
    let nothing = || I::Move { target: r(4), source: r(2) };
    assert_eq!(end(nothing(), 1), End::Done(optional(Some(b"old"))));
    assert_eq!(end(store(), 1), End::Done(optional(Some(b"new"))));
    assert_eq!(end(I::Delete { row: r(3) }, 1), End::Done(optional(None)));
    // The return alone, which the jump goes to.
    assert_eq!(end(store(), 0), End::Done(optional(Some(b"new"))));
    // Other registers than those of the read.
    assert_eq!(end_of(nothing(), 1, [4, 1]), End::Done(optional(Some(b"new"))));
    assert_eq!(end_of(I::Delete { row: r(3) }, 1, [2, 5]), End::Done(optional(Some(b""))));
}
