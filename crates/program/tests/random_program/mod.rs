//! Random programs that the loader takes, with arguments and rows for them.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::allow_attributes,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    reason = "each test file uses a part, and a panic is a failed test"
)]

use crate::memory_rows::{State, bytes};
use crate::short_code::*;
use zeta_program::{
    Arithmetic, Assembly, Comparison, Field, Instruction as I, Integer, Logic, Program, Register,
    Relation, RelationId, Transition, Type, ValueType, encode,
};

/// A stream of choices.
pub struct Dice(pub u64);

impl Dice {
    /// SplitMix64.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    pub fn one_in(&mut self, chance: usize) -> bool {
        self.below(chance) == 0
    }
}

const TYPES: [Type; 20] = [
    Type::Bool,
    Type::Integer(Integer::U8),
    Type::Integer(Integer::U16),
    U32,
    Type::Integer(Integer::U64),
    Type::Integer(Integer::I8),
    Type::Integer(Integer::I16),
    Type::Integer(Integer::I32),
    Type::Integer(Integer::I64),
    Type::Bytes(0),
    Type::Bytes(8),
    Type::Bytes(64),
    Type::Fixed(0),
    Type::Fixed(3),
    Type::Fixed(32),
    Type::Text(8),
    Type::Text(64),
    Type::Enum(2),
    Type::Enum(3),
    Type::Row(RelationId(0)),
];

const VALUE_TYPES: usize = 19;

fn is_word(found: Type) -> bool {
    matches!(found, Type::Bool | Type::Integer(_) | Type::Enum(_))
}

fn is_bytes(found: Type) -> bool {
    found.bytes_max().is_some()
}

fn is_text(found: Type) -> bool {
    matches!(found, Type::Text(_))
}

fn is_row(found: Type) -> bool {
    matches!(found, Type::Row(_))
}

/// Proposes code for a list of registers; the loader judges it.
struct Author<'a> {
    dice: &'a mut Dice,
    relations: &'a [Relation],
    types: Vec<Type>,
}

impl Author<'_> {
    /// A register of a wanted type, or now and then any.
    fn of(&mut self, wanted: impl Fn(Type) -> bool) -> Register {
        let all = 0..self.types.len() as u16;
        let fitting: Vec<u16> = match self.dice.one_in(30) {
            true => all.collect(),
            false => all.filter(|index| wanted(self.types[usize::from(*index)])).collect(),
        };
        r(self.dice.pick(&fitting))
    }

    fn operands(&mut self) -> Box<[Register]> {
        (0..self.dice.below(5)).map(|_| self.of(|found| !is_row(found))).collect()
    }

    fn to(&mut self, from: usize) -> u16 {
        (from + self.dice.below(3)) as u16
    }

    fn computation(&mut self) -> I {
        let of = self.dice.pick(&TYPES[1..9]);
        let (same, flag, data) = (move |t| t == of, |t| t == Type::Bool, is_bytes);
        match self.dice.below(12) {
            0 => {
                I::Word { target: self.of(is_word), word: self.dice.next() >> self.dice.below(64) }
            }
            1 => I::Constant { target: self.of(data), constant: self.dice.below(3) as u16 },
            2 => I::Move { target: self.of(|_| true), source: self.of(|_| true) },
            3 => I::Convert { target: self.of(same), source: self.of(is_word) },
            4 => I::Convert { target: self.of(data), source: self.of(data) },
            5 | 6 => {
                use Arithmetic::{Add, FloorDivide, Modulo, Multiply, Subtract};
                let operation = self.dice.pick(&[Add, Subtract, Multiply, FloorDivide, Modulo]);
                let (target, left, right) = (self.of(same), self.of(same), self.of(same));
                I::Arithmetic { operation, target, left, right }
            }
            7 => {
                use Comparison::{Equal, Less, LessOrEqual};
                let comparison = self.dice.pick(&[Equal, Less, LessOrEqual]);
                let target = self.of(flag);
                match self.dice.one_in(2) {
                    true => {
                        let (left, right) = (self.of(same), self.of(same));
                        I::Compare { comparison, target, left, right }
                    }
                    false => {
                        let (left, right) = (self.of(data), self.of(data));
                        I::Compare { comparison, target, left, right }
                    }
                }
            }
            8 => {
                let logic = self.dice.pick(&[Logic::And, Logic::Or]);
                I::Logic { logic, target: self.of(flag), left: self.of(flag), right: self.of(flag) }
            }
            9 => I::Not { target: self.of(flag), source: self.of(flag) },
            10 => I::Epoch { target: self.of(|t| t == U32) },
            _ => I::Check { condition: self.of(flag), code: self.dice.pick(&[1, 5, 256, 257]) },
        }
    }

    fn data(&mut self) -> I {
        let (length, hash) = (|t| t == U32, |t| t == Type::Fixed(32));
        let data = is_bytes;
        match self.dice.below(8) {
            0 => I::Length { target: self.of(length), source: self.of(data) },
            1 => I::Slice {
                target: self.of(data),
                source: self.of(data),
                start: self.of(length),
                end: self.of(length),
            },
            2 | 3 => I::Pack { target: self.of(data), operands: self.operands() },
            4 => {
                let target = self.of(is_text);
                I::Pack {
                    target,
                    operands: (0..self.dice.below(3)).map(|_| self.of(is_text)).collect(),
                }
            }
            5 => I::Compare {
                comparison: self.dice.pick(&[Comparison::Equal, Comparison::Less]),
                target: self.of(|t| t == Type::Bool),
                left: self.of(is_text),
                right: self.of(is_text),
            },
            6 => I::Sha256 { target: self.of(hash), source: self.of(data) },
            _ => {
                I::HmacSha256 { target: self.of(hash), key: self.of(data), message: self.of(data) }
            }
        }
    }

    fn row(&mut self) -> I {
        let row = self.of(is_row);
        let Some(Type::Row(relation)) = self.types.get(usize::from(row.0)).copied() else {
            return I::Delete { row };
        };
        let found = &self.relations[usize::from(relation.0)];
        match self.dice.below(6) {
            0 | 1 => I::Bind { target: row, operands: self.record(&found.key, Type::fits) },
            2 => {
                let presence = self.of(|t| t == Type::Bool);
                I::Read { presence, row, targets: self.targets(&found.row) }
            }
            3 => I::Load { row, targets: self.targets(&found.row) },
            4 => I::Store { row, operands: self.record(&found.row, Type::fits) },
            _ => I::Delete { row },
        }
    }

    fn targets(&mut self, fields: &[Field]) -> Box<[Register]> {
        if self.dice.one_in(4) {
            return Box::new([]);
        }
        self.record(fields, |register, field| field.fits(register))
    }

    /// Registers for the values of a key or a row.
    fn record(&mut self, fields: &[Field], fits: impl Fn(Type, Type) -> bool) -> Box<[Register]> {
        let mut registers = Vec::new();
        for field in fields {
            if field.value.optional {
                registers.push(self.of(|t| t == Type::Bool));
            }
            registers.push(self.of(|t| fits(t, field.value.payload)));
        }
        registers.into()
    }

    /// One instruction, or a branch over some.
    fn piece(&mut self, at: usize) -> Vec<I> {
        let mut piece = Vec::new();
        if self.dice.one_in(5) {
            let inner = 1 + self.dice.below(3);
            let condition = self.of(|t| t == Type::Bool);
            piece.push(I::JumpUnless { condition, to: self.to(at + 1 + inner) });
            piece.extend((0..inner).map(|_| self.single()));
            if self.dice.one_in(2) {
                piece.push(I::Jump { to: self.to(at + piece.len() + 2) });
                piece.push(self.single());
            }
            return piece;
        }
        piece.push(self.single());
        piece
    }

    fn single(&mut self) -> I {
        match self.dice.below(5) {
            0 | 1 => self.computation(),
            2 => self.data(),
            _ => self.row(),
        }
    }
}

fn value(dice: &mut Dice) -> ValueType {
    ValueType { optional: dice.one_in(3), payload: dice.pick(&TYPES[..VALUE_TYPES]) }
}

/// A program that the loader takes, of one transition.
pub fn program(dice: &mut Dice) -> Program {
    let record = |dice: &mut Dice| (0..dice.below(4)).map(|_| value(dice)).collect::<Vec<_>>();
    let arguments = (0..dice.below(6)).map(|i| field(&format!("a{i}"), value(dice))).collect();
    let mut locals: Vec<Type> = TYPES.to_vec();
    locals.extend((0..10).map(|_| dice.pick(&TYPES)));
    let mut assembly = program_of(transition(arguments, locals, vec![give_back(&[])]));
    assembly.relations = vec![
        relation(
            "narrow",
            &[ValueType::plain(Type::Bytes(8))],
            &[ValueType::plain(Type::Bytes(64))],
        ),
        relation("wide", &record(dice), &record(dice)),
    ];
    for local in &mut assembly.transitions[0].locals {
        if is_row(*local) && dice.one_in(2) {
            *local = Type::Row(RelationId(1));
        }
    }
    // Short ones reach their end, long ones reach every instruction.
    for _ in 0..dice.pick(&[20, 60, 150]) {
        try_piece(dice, &mut assembly);
    }
    for _ in 0..8 {
        try_result(dice, &mut assembly);
    }
    Program::load(&encode(&assembly)).expect("each piece was accepted")
}

/// Adds a piece of code before the final return where the loader takes it.
fn try_piece(dice: &mut Dice, assembly: &mut Assembly) {
    let types = assembly.transitions[0].registers();
    let relations = assembly.relations.clone();
    let before = assembly.transitions[0].code.clone();
    let code = &mut assembly.transitions[0].code;
    let end = code.pop();
    let piece = Author { dice, relations: &relations, types }.piece(code.len());
    code.extend(piece);
    code.extend(end);
    if Program::load(&encode(assembly)).is_err() {
        assembly.transitions[0].code = before;
    }
}

/// Adds a value to the result where the loader takes it.
fn try_result(dice: &mut Dice, assembly: &mut Assembly) {
    let whole: &mut Transition = &mut assembly.transitions[0];
    let before = whole.clone();
    let types = whole.registers();
    let index = dice.below(types.len());
    let mut author = Author { dice, relations: &[], types };
    let presence = author.of(|t| t == Type::Bool);
    let value = ValueType { optional: author.dice.one_in(2), payload: author.types[index] };
    let Some(I::Return { operands }) = whole.code.pop() else { return };
    let mut operands = operands.into_vec();
    if value.optional {
        operands.push(presence);
    }
    operands.push(r(index as u16));
    whole.result.push(value);
    whole.code.push(I::Return { operands: operands.into() });
    if Program::load(&encode(assembly)).is_err() {
        assembly.transitions[0] = before;
    }
}

/// Arguments of the right types, most of the time.
pub fn arguments(dice: &mut Dice, whole: &Transition) -> Vec<u8> {
    let mut args = list(dice, &whole.arguments, false);
    if dice.one_in(10) {
        args.push(0);
    }
    args
}

/// Random values as arguments or, where `open`, as a key or a row.
pub fn list(dice: &mut Dice, fields: &[Field], open: bool) -> Vec<u8> {
    let mut list = Vec::new();
    for (index, field) in fields.iter().enumerate() {
        if field.value.optional {
            let present = dice.one_in(2);
            list.push(u8::from(present));
            if !present {
                continue;
            }
        }
        let last = open && index + 1 == fields.len();
        match field.value.payload {
            Type::Bool | Type::Enum(_) => list.push(dice.below(2) as u8),
            Type::Integer(integer) if dice.one_in(3) => {
                // Small, as places in byte strings are.
                list.push(dice.below(8) as u8);
                list.resize(list.len() + integer.width() - 1, 0);
            }
            Type::Integer(integer) => list.extend(data(dice, integer.width())),
            Type::Bytes(max) | Type::Text(max) => {
                // Now and then one byte too many.
                let most = if dice.one_in(30) { max as usize + 1 } else { max as usize / 2 };
                let length = most.min(72);
                let made = match is_text(field.value.payload) {
                    true => text(dice, length),
                    false => data(dice, length),
                };
                list.extend(if last { made } else { bytes(&made) });
            }
            Type::Fixed(length) => list.extend(data(dice, length as usize)),
            Type::Row(_) => {}
        }
    }
    list
}

/// Bytes that are often the same, or about the ends of integer types.
pub fn data(dice: &mut Dice, length: usize) -> Vec<u8> {
    if dice.one_in(4) {
        let mut ends = vec![dice.pick(&[0, 0xff]); length];
        if let Some(highest) = ends.last_mut() {
            *highest = dice.pick(&[0, 0x7f, 0x80, 0xff]);
        }
        return ends;
    }
    (0..length).map(|_| dice.below(3) as u8).collect()
}

/// Pieces of a text, and now and then bytes that are none.
fn text(dice: &mut Dice, length: usize) -> Vec<u8> {
    const PIECES: [&[u8]; 6] =
        [b"a", b"b", b"\xc3\xa9", b"\xe2\x82\xac", b"\xf0\x9f\x98\x80", b"\xed\x9f\xbf"];
    const BROKEN: [&[u8]; 7] = [
        b"\x80",
        b"\xc1\x81",
        b"\xc3",
        b"\xed\xa0\x80",
        b"\xe0\x9f\x80",
        b"\xf0\x8f\x80\x80",
        b"\xf4\x90\x80\x80",
    ];
    let mut made = Vec::new();
    while dice.below(4) > 0 {
        let piece = if dice.one_in(20) { dice.pick(&BROKEN) } else { dice.pick(&PIECES) };
        if made.len() + piece.len() <= length {
            made.extend_from_slice(piece);
        }
    }
    made
}

pub fn state(dice: &mut Dice, relations: &[Relation]) -> State {
    let mut state = State::new();
    for _ in 0..dice.below(20) {
        let Some(index) = dice.below(2).checked_rem(relations.len()) else { break };
        let (id, relation) = (RelationId(index as u16), &relations[index]);
        let length = dice.pick(&[0, 0, 1, 3, 4, 8]);
        let key = match dice.one_in(3) {
            true => list(dice, &relation.key, true),
            false => (0..length).map(|_| dice.below(2) as u8).collect(),
        };
        let length = dice.pick(&[0, 1, 3, 8, 8, 32, 64, 65]);
        let row = match dice.one_in(3) {
            true => (0..length).map(|_| dice.below(3) as u8).collect(),
            false => list(dice, &relation.row, true),
        };
        state.insert((id, key), row);
    }
    state
}
