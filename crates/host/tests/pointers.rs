//! A program whose keys depend on the values that it reads: only a run can tell its records.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use zeta_host::{Batch, Column, Entropy, Options, Policy, Results, Status, Store, Transitions};
use zeta_program::{
    Assembly, Field, Instruction as I, Register, Relation, RelationId, Transition, Type, ValueType,
    encode,
};

const BYTES: Type = Type::Bytes(64);
const ROW: Type = Type::Row(RelationId(0));
const SET: u16 = 0;
const MOVE_ON: u16 = 1;

fn field(name: &str) -> Field {
    Field { name: name.to_owned(), value: ValueType::plain(BYTES) }
}

/// `set(key, value)`, and `move_on(key)`: where the record names another, it takes over what that
/// one holds, and tells what it named before.
fn program() -> Vec<u8> {
    let [key, row, presence, value, other, other_presence, other_value] =
        [0, 1, 2, 3, 4, 5, 6].map(Register);
    let set = Transition {
        name: "set".to_owned(),
        arguments: vec![field("key"), field("value")],
        result: vec![],
        locals: vec![ROW],
        code: vec![
            I::Bind { target: Register(2), operands: Box::new([Register(0)]) },
            I::Store { row: Register(2), operands: Box::new([Register(1)]) },
            I::Return { operands: Box::new([]) },
        ],
    };
    let move_on = Transition {
        name: "move_on".to_owned(),
        arguments: vec![field("key")],
        result: vec![ValueType::optional(BYTES)],
        locals: vec![ROW, Type::Bool, BYTES, ROW, Type::Bool, BYTES],
        code: vec![
            I::Bind { target: row, operands: Box::new([key]) },
            I::Read { presence, row, targets: Box::new([value]) },
            I::JumpUnless { condition: presence, to: 7 },
            I::Bind { target: other, operands: Box::new([value]) },
            I::Read { presence: other_presence, row: other, targets: Box::new([other_value]) },
            I::JumpUnless { condition: other_presence, to: 7 },
            I::Store { row, operands: Box::new([other_value]) },
            I::Return { operands: Box::new([presence, value]) },
        ],
    };
    encode(&Assembly {
        name: "pointers".to_owned(),
        relations: vec![Relation {
            name: "r".to_owned(),
            key: vec![field("key")],
            row: vec![field("value")],
        }],
        constants: vec![],
        reasons: vec![],
        transitions: vec![set, move_on],
    })
}

fn bytes(data: &[u8]) -> Vec<u8> {
    [&(data.len() as u32).to_le_bytes(), data].concat()
}

fn call(store: &Store, transition: u16, arguments: &[u8]) -> Vec<u8> {
    let mut results = Results::new();
    let (transitions, arguments) = (Transitions::All(transition), Column::Same(arguments));
    store.run(&Batch::Calls { transitions, arguments }, &mut results).unwrap();
    assert_eq!(results.status(0), Status::Done);
    results.result(0).to_vec()
}

#[test]
fn keys_that_depend_on_values_are_found_by_a_run() {
    for (policy, workers) in [
        (Policy::Hybrid, 1),
        (Policy::Hybrid, 3),
        (Policy::DeferredOnly, 2),
        (Policy::MerkleOnly, 1),
        (Policy::MerkleOnly, 2),
        (Policy::Unverified, 1),
        (Policy::Unverified, 3),
    ] {
        let mut options = Options::new(program(), Entropy::from_seed(4));
        options.policy = policy;
        options.workers = workers;
        options.slots_per_worker = 80;
        options.epoch_ms = Some(2);
        let store = Store::open(options).unwrap();
        let mut model: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
        let name = |number: u64| format!("record {}", number % 37).into_bytes();
        for round in 0..400_u64 {
            let (key, value) = (name(round * 7), name(round * round));
            if round % 3 == 0 {
                call(&store, SET, &[bytes(&key), bytes(&value)].concat());
                model.insert(key, value);
                continue;
            }
            let named = model.get(&key).cloned();
            if let Some(next) = named.as_ref().and_then(|named| model.get(named).cloned()) {
                model.insert(key.clone(), next);
            }
            let expected = match named {
                None => vec![0],
                Some(named) => [vec![1], bytes(&named)].concat(),
            };
            assert_eq!(call(&store, MOVE_ON, &bytes(&key)), expected, "{policy:?} {round}");
        }
        store.close().unwrap();
    }
}
