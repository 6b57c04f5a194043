//! Prints what calls cost, in nanoseconds: a `get` and a `put` of the key-value program, and a
//! transfer between two accounts.
//!
//! A number after the command is that of the calls in a pass: few, where instructions are counted.
//! A name after the number chooses one.

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use zeta_program::{
    Arithmetic, Assembly, Comparison, Field, Instruction as I, Integer, Machine, Outcome, Program,
    Register, Relation, RelationId, RowHandle, Rows, Transition, TransitionId, Type, ValueType,
    encode,
};

const CALLS: u32 = 10_000;
const PASSES: usize = 500;

/// Rows as the verifier lends them: slots in the order in which the call asks for their keys.
struct Slots {
    slots: Vec<(Vec<u8>, Vec<u8>)>,
    used: usize,
}

impl Rows for Slots {
    type Stop = ();

    fn bind(&mut self, _: RelationId, key: &[u8]) -> Result<RowHandle, ()> {
        let index = self.used;
        match self.slots.get(index) {
            Some((held, _)) if key == held => {
                self.used = index.saturating_add(1);
                Ok(RowHandle(index as u16))
            }
            _ => Err(()),
        }
    }

    fn read(&self, row: RowHandle) -> Option<&[u8]> {
        self.slots.get(usize::from(row.0)).map(|(_, value)| value.as_slice())
    }
}

fn list(registers: &[u16]) -> Box<[Register]> {
    registers.iter().copied().map(Register).collect()
}

fn field(name: &str, payload: Type) -> Field {
    Field { name: name.to_owned(), value: ValueType::plain(payload) }
}

/// transfer(source, target, amount): from one balance to another, where there is enough and some.
fn bank() -> Vec<u8> {
    let (name, u64, row) = (Type::Text(64), Type::Integer(Integer::U64), Type::Row(RelationId(0)));
    let bind = |target, key| I::Bind { target: Register(target), operands: list(&[key]) };
    let load = |row, target| I::Load { row: Register(row), targets: list(&[target]) };
    let store = |row, operand| I::Store { row: Register(row), operands: list(&[operand]) };
    let compute = |operation, target, left, right| {
        let [target, left, right] = [target, left, right].map(Register);
        I::Arithmetic { operation, target, left, right }
    };
    let compare = |comparison, target, left, right| {
        let [target, left, right] = [target, left, right].map(Register);
        I::Compare { comparison, target, left, right }
    };
    let check = |condition| I::Check { condition: Register(condition), code: 256 };
    // 0 source, 1 target, 2 amount, 3 and 4 rows, 5 and 6 balances, 7 condition, 8 zero.
    let code = vec![
        I::Word { target: Register(8), word: 0 },
        compare(Comparison::Less, 7, 8, 2),
        check(7),
        bind(3, 0),
        load(3, 5),
        compare(Comparison::LessOrEqual, 7, 2, 5),
        check(7),
        compute(Arithmetic::Subtract, 5, 5, 2),
        store(3, 5),
        bind(4, 1),
        load(4, 6),
        compute(Arithmetic::Add, 6, 6, 2),
        store(4, 6),
        I::Return { operands: list(&[5]) },
    ];
    encode(&Assembly {
        name: "bank".to_owned(),
        relations: vec![Relation {
            name: "accounts".to_owned(),
            key: vec![field("name", name)],
            row: vec![field("balance", u64)],
        }],
        constants: vec![],
        reasons: vec!["not enough".to_owned()],
        transitions: vec![Transition {
            name: "transfer".to_owned(),
            arguments: vec![field("source", name), field("target", name), field("amount", u64)],
            result: vec![ValueType::plain(u64)],
            locals: vec![row, row, u64, u64, Type::Bool, u64],
            code,
        }],
    })
}

fn counted(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u32).to_le_bytes(), bytes].concat()
}

fn main() -> Result<(), Box<dyn Error>> {
    let calls: u32 = std::env::args().nth(1).map_or(Ok(CALLS), |calls| calls.parse())?;
    let chosen = std::env::args().nth(2);
    let key_value = Program::load(&zeta_program::key_value())?;
    let bank = Program::load(&bank())?;
    let (key, value) = ([1, 2, 3, 4, 5, 6, 7, 8], [8, 7, 6, 5, 4, 3, 2, 1]);
    let one = vec![(key.to_vec(), value.to_vec())];
    let (key, value) = (counted(&key), counted(&value));
    let names = [b"account-00000001", b"account-00000002"];
    let transfer = [counted(names[0]), counted(names[1]), 1_u64.to_le_bytes().to_vec()].concat();
    let account = |name: &[u8; 16]| (name.to_vec(), (1_u64 << 40).to_le_bytes().to_vec());
    let two = names.map(account).to_vec();
    let mut machine = Machine::new();
    let mut result = Vec::new();
    for (name, program, transition, args, slots) in [
        ("get", &key_value, TransitionId(0), key.clone(), one.clone()),
        ("put", &key_value, TransitionId(1), [key, value].concat(), one),
        ("transfer", &bank, TransitionId(0), transfer, two),
    ] {
        if chosen.as_ref().is_some_and(|chosen| chosen != name) {
            continue;
        }
        let mut rows = Slots { slots, used: 0 };
        let mut best = f64::INFINITY;
        for _ in 0..PASSES {
            let start = Instant::now();
            for _ in 0..calls {
                result.clear();
                rows.used = 0;
                let args = black_box(args.as_slice());
                machine.begin(program, transition, args)?;
                let outcome = machine.run(program, args, 1, &mut rows, &mut result);
                assert_eq!(outcome, Ok(Outcome::Done));
                for (row, written) in machine.writes(args) {
                    let slot = rows.slots.get_mut(usize::from(row.0));
                    if let (Some((_, value)), Some(written)) = (slot, written) {
                        value.clear();
                        value.extend_from_slice(written);
                    }
                }
                black_box(&result);
            }
            best = best.min(start.elapsed().as_secs_f64() * 1e9 / f64::from(calls));
        }
        println!("{name}: {best:.1} ns, begin, run and writes included");
    }
    Ok(())
}
