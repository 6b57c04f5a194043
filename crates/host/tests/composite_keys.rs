//! Keys of several values, which the host makes of arguments and constants before the call runs.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use zeta_host::{Batch, Column, Entropy, Options, Policy, Results, Status, Store, Transitions};
use zeta_program::{
    Assembly, Field, Instruction as I, Integer, Register, Relation, RelationId, Transition, Type,
    ValueType, encode,
};

const TEXT: Type = Type::Text(16);
const NUMBER: Type = Type::Integer(Integer::U16);
const ROW: Type = Type::Row(RelationId(0));
const SET: u16 = 0;
const MOVE: u16 = 1;

fn fields(types: &[(&str, Type)]) -> Vec<Field> {
    let field = |(name, of): &(&str, Type)| Field {
        name: (*name).to_owned(),
        value: ValueType::plain(*of),
    };
    types.iter().map(field).collect()
}

fn list(registers: &[u16]) -> Box<[Register]> {
    registers.iter().copied().map(Register).collect()
}

/// `set(name, number, value)`; and `move(name)`, which takes the row of number 7 to that of 8.
fn program() -> Vec<u8> {
    let set = Transition {
        name: "set".to_owned(),
        arguments: fields(&[("name", TEXT), ("number", NUMBER), ("value", TEXT)]),
        result: vec![],
        locals: vec![ROW],
        code: vec![
            I::Bind { target: Register(3), operands: list(&[0, 1, 0]) },
            I::Store { row: Register(3), operands: list(&[1, 2]) },
            I::Return { operands: list(&[]) },
        ],
    };
    let [seven, eight, from, to] = [1, 2, 3, 4].map(Register);
    let move_row = Transition {
        name: "move".to_owned(),
        arguments: fields(&[("name", TEXT)]),
        result: vec![ValueType::plain(NUMBER), ValueType::plain(TEXT)],
        locals: vec![NUMBER, NUMBER, ROW, ROW, NUMBER, TEXT],
        code: vec![
            I::Word { target: seven, word: 7 },
            I::Word { target: eight, word: 8 },
            I::Bind { target: from, operands: list(&[0, 1, 0]) },
            I::Bind { target: to, operands: list(&[0, 2, 0]) },
            I::Load { row: from, targets: list(&[5, 6]) },
            I::Store { row: to, operands: list(&[5, 6]) },
            I::Return { operands: list(&[5, 6]) },
        ],
    };
    let relation = Relation {
        name: "rows".to_owned(),
        key: fields(&[("name", TEXT), ("number", NUMBER), ("again", TEXT)]),
        row: fields(&[("number", NUMBER), ("value", TEXT)]),
    };
    encode(&Assembly {
        name: "composite".to_owned(),
        relations: vec![relation],
        constants: vec![],
        reasons: vec![],
        transitions: vec![set, move_row],
    })
}

fn text(data: &str) -> Vec<u8> {
    [&(data.len() as u32).to_le_bytes(), data.as_bytes()].concat()
}

fn call(store: &Store, transition: u16, arguments: &[u8]) -> (Status, Vec<u8>) {
    let mut results = Results::new();
    let (transitions, arguments) = (Transitions::All(transition), Column::Same(arguments));
    store.run(&Batch::Calls { transitions, arguments }, &mut results).unwrap();
    (results.status(0), results.result(0).to_vec())
}

#[test]
fn keys_of_several_values_are_found() {
    for (policy, workers) in [
        (Policy::Hybrid, 1),
        (Policy::Hybrid, 3),
        (Policy::DeferredOnly, 2),
        (Policy::MerkleOnly, 1),
        (Policy::Unverified, 2),
    ] {
        let mut options = Options::new(program(), Entropy::from_seed(4));
        options.policy = policy;
        options.workers = workers;
        options.slots_per_worker = 80;
        options.epoch_ms = Some(2);
        let store = Store::open(options).unwrap();
        let mut model: BTreeMap<(String, u16), (u16, String)> = BTreeMap::new();
        for round in 0..300_u16 {
            let name = format!("n{}", "x".repeat(usize::from(round % 13)));
            if round % 3 == 0 {
                let from = model.get(&(name.clone(), 7)).cloned();
                let (status, result) = call(&store, MOVE, &text(&name));
                let Some(row) = from else {
                    assert_eq!(status, Status::Failed);
                    continue;
                };
                assert_eq!(status, Status::Done);
                assert_eq!(result, [row.0.to_le_bytes().to_vec(), text(&row.1)].concat());
                model.insert((name, 8), row);
                continue;
            }
            let (number, value) = (6 + round % 3, format!("value {round}"));
            let arguments = [text(&name), number.to_le_bytes().to_vec(), text(&value)].concat();
            assert_eq!(call(&store, SET, &arguments).0, Status::Done);
            model.insert((name, number), (number, value));
        }
        // The host finds the key before the verifier sees that it is no text.
        let no_text = [vec![1, 0, 0, 0, 0xff], 7_u16.to_le_bytes().to_vec(), text("")].concat();
        assert_eq!(call(&store, SET, &no_text).0, Status::Refused, "{policy:?}");
        store.close().unwrap();
    }
}
