//! The fewest slots: a store opens with them and serves whatever it takes with more, and not with
//! one less.
#![expect(clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

use zeta_host::{
    Batch, Column, Entropy, HostError, Options, Policy, Results, Status, Store, Transitions,
    slots_min,
};
use zeta_program::bound::ROW_COUNT_MAX;
use zeta_program::{
    Assembly, Field, Instruction as I, Register, Relation, RelationId, Transition, Type, ValueType,
    encode,
};

const KEY: Type = Type::Fixed(8);
const ROWS: u16 = ROW_COUNT_MAX as u16;

fn field(name: String) -> Field {
    Field { name, value: ValueType::plain(KEY) }
}

/// One transition, which writes to each of as many rows as any may ask for the key of the row
/// before it.
fn chain() -> Vec<u8> {
    let mut code = Vec::new();
    for row in 0..ROWS {
        let (target, key) = (Register(ROWS + row), Register(row));
        code.push(I::Bind { target, operands: Box::new([key]) });
    }
    for row in 0..ROWS {
        let before = Register(row.checked_sub(1).unwrap_or(ROWS - 1));
        code.push(I::Store { row: Register(ROWS + row), operands: Box::new([before]) });
    }
    code.push(I::Return { operands: Box::new([]) });
    encode(&Assembly {
        name: "chain".to_owned(),
        relations: vec![Relation {
            name: "links".to_owned(),
            key: vec![field("key".to_owned())],
            row: vec![field("before".to_owned())],
        }],
        constants: vec![],
        reasons: vec![],
        transitions: vec![Transition {
            name: "chain".to_owned(),
            arguments: (0..ROWS).map(|row| field(format!("key{row}"))).collect(),
            result: vec![],
            locals: vec![Type::Row(RelationId(0)); ROW_COUNT_MAX],
            code,
        }],
    })
}

fn open(policy: Policy, workers: u16, slots: u16) -> Result<Store, HostError> {
    let mut options = Options::new(chain(), Entropy::from_seed(3));
    options.policy = policy;
    options.workers = workers;
    options.slots_per_worker = slots;
    options.idle_epochs = 0;
    options.epoch_ms = None;
    Store::open(options)
}

#[test]
fn the_fewest_slots_hold_all_rows_of_an_operation() {
    for policy in [Policy::Hybrid, Policy::DeferredOnly, Policy::MerkleOnly] {
        for workers in [1, 2, 3, 5, 8] {
            let store = open(policy, workers, slots_min(workers)).unwrap();
            for round in 0..3_u64 {
                let arguments: Vec<u8> = (0..60 * u64::from(ROWS))
                    .flat_map(|key| key.wrapping_mul(2 * round + 1).to_le_bytes())
                    .collect();
                let arguments = Column::Fixed { bytes: &arguments, width: 8 * ROW_COUNT_MAX };
                let mut results = Results::new();
                let batch = Batch::Calls { transitions: Transitions::All(0), arguments };
                store.run(&batch, &mut results).unwrap();
                assert!((0..results.len()).all(|at| results.status(at) == Status::Done));
                store.certify().unwrap();
            }
            store.close().unwrap();
        }
    }
}

#[test]
fn fewer_slots_are_refused_and_the_message_says_how_many_it_takes() {
    for policy in [Policy::Hybrid, Policy::DeferredOnly, Policy::MerkleOnly] {
        for workers in [1, 2, 3, 255, 256] {
            let least = slots_min(workers);
            let Err(error) = open(policy, workers, least - 1) else { panic!("it opened") };
            assert!(matches!(error, HostError::BadOption { option: "slots_per_worker", .. }));
            assert!(error.to_string().contains(&format!("`{least}`")), "{error}");
        }
    }
}
