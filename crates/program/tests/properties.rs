//! Properties of the loader and the machine, over random bytes and random programs.

#![expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    reason = "a panic is a failed test"
)]

mod memory_rows;
mod short_code;

use memory_rows::{End, State, Write, bytes, call};
use proptest::prelude::*;
use short_code::*;
use zeta_program::{
    Arithmetic, Assembly, Comparison, Failure, Field, Instruction as I, Integer, Logic, Machine,
    Program, Register, Relation, RelationId, Transition, TransitionId, Type, ValueType, encode,
    key_value,
};

/// A stream of choices.
struct Dice(u64);

impl Dice {
    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    fn one_in(&mut self, chance: usize) -> bool {
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
fn program(dice: &mut Dice) -> Program {
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
fn arguments(dice: &mut Dice, whole: &Transition) -> Vec<u8> {
    let mut args = list(dice, &whole.arguments, false);
    if dice.one_in(10) {
        args.push(0);
    }
    args
}

/// Random values as arguments or, where `open`, as a key or a row.
fn list(dice: &mut Dice, fields: &[Field], open: bool) -> Vec<u8> {
    let mut list = Vec::new();
    for (index, field) in fields.iter().enumerate() {
        if field.value.optional {
            let present = dice.one_in(2);
            list.push(u8::from(present));
            if !present {
                continue;
            }
        }
        let mut data =
            |length: usize| (0..length).map(|_| dice.below(3) as u8).collect::<Vec<u8>>();
        let last = open && index + 1 == fields.len();
        match field.value.payload {
            Type::Bool | Type::Enum(_) => list.push(dice.below(2) as u8),
            Type::Integer(integer) => list.extend(data(integer.width())),
            Type::Bytes(max) | Type::Text(max) if last => list.extend(data(max as usize / 2)),
            Type::Bytes(max) | Type::Text(max) => list.extend(bytes(&data(max as usize / 2))),
            Type::Fixed(length) => list.extend(data(length as usize)),
            Type::Row(_) => {}
        }
    }
    list
}

fn state(dice: &mut Dice, relations: &[Relation]) -> State {
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

/// Runs a call on two machines, one of them used, and checks what holds of every call.
fn run(used: &mut Machine, program: &Program, state: &State, args: &[u8], rows: usize) -> End {
    let ends: [(End, Vec<Write>); 2] = [
        call(used, program, state, 0, args, rows),
        call(&mut Machine::new(), program, state, 0, args, rows),
    ];
    assert_eq!(ends[0], ends[1], "a call depends on its inputs only");
    let [(end, writes), _] = ends;
    assert_ne!(end, End::Failed(Failure::Internal), "the loader let through what it should not");
    for ((relation, _), row) in &writes {
        let max = program.relations()[usize::from(relation.0)].row_len_max();
        assert!(row.as_ref().is_none_or(|row| row.len() <= max));
    }
    let cost = program.cost(TransitionId(0)).expect("there is a transition");
    assert!(writes.len() <= cost.rows);
    assert!(used.scratch_len() <= cost.scratch);
    end
}

proptest! {
    #[test]
    fn a_program_that_loads_never_breaks_the_machine(seed: u64) {
        let mut dice = Dice(seed);
        let mut used = Machine::new();
        for _ in 0..2 {
            let program = program(&mut dice);
            prop_assert_eq!(encode(program.assembly()), program.bytes());
            for _ in 0..12 {
                let args = arguments(&mut dice, &program.transitions()[0]);
                let state = state(&mut dice, program.relations());
                let rows = dice.pick(&[0, 1, 2, 99]);
                let _ = run(&mut used, &program, &state, &args, rows);
            }
        }
    }

    #[test]
    fn a_changed_program_is_refused_or_is_its_own_encoding(seed: u64) {
        let mut dice = Dice(seed);
        let good = match dice.one_in(2) {
            true => key_value(),
            false => program(&mut dice).bytes().to_vec(),
        };
        let mut used = Machine::new();
        for _ in 0..60 {
            let mut changed = good.clone();
            for _ in 0..=dice.below(2) {
                let at = dice.below(changed.len());
                match dice.below(4) {
                    0 => { changed.remove(at); }
                    1 => changed.insert(at, dice.below(40) as u8),
                    2 => changed[at] ^= 1 << dice.below(8),
                    _ => changed[at] = dice.below(40) as u8,
                }
            }
            let Ok(program) = Program::load(&changed) else { continue };
            prop_assert_eq!(encode(program.assembly()), changed);
            let args = arguments(&mut dice, &program.transitions()[0]);
            let _ = run(&mut used, &program, &state(&mut dice, program.relations()), &args, 99);
        }
    }

    #[test]
    fn random_bytes_do_not_break_the_loader(tail in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Program::load(&tail);
        let _ = Program::load(&[&key_value()[..10], &tail].concat());
    }
}

/// The generator reaches what it is for: without this, the properties could hold of nothing.
#[test]
fn random_programs_end_in_every_way() {
    let mut dice = Dice(1);
    let (mut done, mut failed, mut refused, mut stopped, mut instructions) = (0, 0, 0, 0, 0);
    for _ in 0..200 {
        let program = program(&mut dice);
        instructions += program.transitions()[0].code.len();
        for _ in 0..5 {
            let args = arguments(&mut dice, &program.transitions()[0]);
            let (state, rows) = (state(&mut dice, program.relations()), dice.pick(&[1, 99]));
            match run(&mut Machine::new(), &program, &state, &args, rows) {
                End::Done(_) => done += 1,
                End::Failed(_) => failed += 1,
                End::Refused(_) => refused += 1,
                End::Stopped => stopped += 1,
            }
        }
    }
    let ends = [done, failed, refused, stopped];
    assert!(done > 100 && failed > 100 && refused > 30 && stopped > 10, "{ends:?}");
    assert!(instructions > 2000);
}
