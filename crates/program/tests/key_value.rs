//! The key-value program against a map.

mod memory_rows;

use std::collections::BTreeMap;

use memory_rows::{End, State, apply, bytes, call, optional};
use proptest::prelude::*;
use zeta_program::{Failure, KEY_LEN_MAX, Machine, Program, Refusal, VALUE_LEN_MAX, key_value};

const GET: u16 = 0;
const PUT: u16 = 1;
const DELETE: u16 = 2;
const COMPARE_AND_SET: u16 = 3;
const RENAME: u16 = 4;

#[derive(Clone, Debug)]
enum Operation {
    Get(Vec<u8>),
    Put(Vec<u8>, Vec<u8>),
    Delete(Vec<u8>),
    CompareAndSet(Vec<u8>, Option<Vec<u8>>, Option<Vec<u8>>),
    Rename(Vec<u8>, Vec<u8>),
}

type Model = BTreeMap<Vec<u8>, Vec<u8>>;

/// What an operation does to a map: the meaning of the program.
fn model_call(model: &mut Model, operation: &Operation) -> Vec<u8> {
    let mut put = |key: &Vec<u8>, value: Option<Vec<u8>>| match value {
        Some(value) => model.insert(key.clone(), value),
        None => model.remove(key),
    };
    match operation {
        Operation::Get(key) => optional(model.get(key).map(Vec::as_slice)),
        Operation::Put(key, value) => {
            put(key, Some(value.clone()));
            vec![]
        }
        Operation::Delete(key) => vec![u8::from(put(key, None).is_some())],
        Operation::CompareAndSet(key, expected, new) => {
            let same = model.get(key) == expected.as_ref();
            if same {
                match new {
                    Some(value) => model.insert(key.clone(), value.clone()),
                    None => model.remove(key),
                };
            }
            vec![u8::from(same)]
        }
        Operation::Rename(source, target) => match model.remove(source) {
            None => vec![0],
            Some(value) => {
                model.insert(target.clone(), value);
                vec![1]
            }
        },
    }
}

fn encoded(operation: &Operation) -> (u16, Vec<u8>) {
    match operation {
        Operation::Get(key) => (GET, bytes(key)),
        Operation::Put(key, value) => (PUT, [bytes(key), bytes(value)].concat()),
        Operation::Delete(key) => (DELETE, bytes(key)),
        Operation::CompareAndSet(key, expected, new) => (
            COMPARE_AND_SET,
            [bytes(key), optional(expected.as_deref()), optional(new.as_deref())].concat(),
        ),
        Operation::Rename(source, target) => (RENAME, [bytes(source), bytes(target)].concat()),
    }
}

fn operations() -> impl Strategy<Value = Operation> {
    // Few keys and values, the empty ones among them, so that they meet.
    let key = || prop::collection::vec(0_u8..2, 0..2);
    let value = || prop::collection::vec(0_u8..2, 0..3);
    prop_oneof![
        key().prop_map(Operation::Get),
        (key(), value()).prop_map(|(key, value)| Operation::Put(key, value)),
        key().prop_map(Operation::Delete),
        (key(), prop::option::of(value()), prop::option::of(value()))
            .prop_map(|(key, expected, new)| Operation::CompareAndSet(key, expected, new)),
        (key(), key()).prop_map(|(source, target)| Operation::Rename(source, target)),
    ]
}

proptest! {
    #[test]
    fn the_program_does_what_a_map_does(run in prop::collection::vec(operations(), 0..60)) {
        let program = Program::load(&key_value()).unwrap();
        let (mut machine, mut state, mut model) = (Machine::new(), State::new(), Model::new());
        for operation in &run {
            let (transition, args) = encoded(operation);
            let end = apply(&mut machine, &program, &mut state, transition, &args);
            prop_assert_eq!(end, End::Done(model_call(&mut model, operation)));
            let rows = state.iter().map(|((_, key), row)| (key.clone(), row.clone()));
            let held: Model = rows.collect();
            prop_assert_eq!(&held, &model);
        }
    }

    #[test]
    fn arguments_that_are_cut_or_too_long_are_refused(
        operation in operations(),
        at in any::<prop::sample::Index>(),
        to in any::<u8>(),
    ) {
        let program = Program::load(&key_value()).unwrap();
        let (transition, args) = encoded(&operation);
        let mut machine = Machine::new();
        for cut in 0..args.len() {
            let end = call(&mut machine, &program, &State::new(), transition, &args[..cut], 2).0;
            prop_assert_eq!(end, End::Refused(Refusal::IllTypedArguments));
        }
        let longer = [args.as_slice(), &[0]].concat();
        let end = call(&mut machine, &program, &State::new(), transition, &longer, 2).0;
        prop_assert_eq!(end, End::Refused(Refusal::IllTypedArguments));
        let mut changed = args.clone();
        let at = at.index(changed.len());
        changed[at] = to;
        let end = call(&mut machine, &program, &State::new(), transition, &changed, 2).0;
        prop_assert!(!matches!(end, End::Failed(_) | End::Stopped));
    }
}

#[test]
fn a_rename_binds_both_rows_always() {
    let program = Program::load(&key_value()).unwrap();
    let args = [bytes(b"absent"), bytes(b"target")].concat();
    let mut machine = Machine::new();
    let end = call(&mut machine, &program, &State::new(), RENAME, &args, 1).0;
    assert_eq!(end, End::Stopped);
    let end = call(&mut machine, &program, &State::new(), RENAME, &args, 2).0;
    assert_eq!(end, End::Done(vec![0]));
    let args = [bytes(b"same"), bytes(b"same")].concat();
    let end = call(&mut machine, &program, &State::new(), RENAME, &args, 1).0;
    assert_eq!(end, End::Done(vec![0]));
}

#[test]
fn a_rename_to_the_same_key_keeps_the_value() {
    let program = Program::load(&key_value()).unwrap();
    let (mut machine, mut state) = (Machine::new(), State::new());
    let put = [bytes(b"a"), bytes(b"1")].concat();
    assert_eq!(apply(&mut machine, &program, &mut state, PUT, &put), End::Done(vec![]));
    let rename = [bytes(b"a"), bytes(b"a")].concat();
    assert_eq!(apply(&mut machine, &program, &mut state, RENAME, &rename), End::Done(vec![1]));
    let get = bytes(b"a");
    let held = End::Done(optional(Some(b"1")));
    assert_eq!(apply(&mut machine, &program, &mut state, GET, &get), held);
}

#[test]
fn the_longest_keys_and_values_are_taken_and_longer_ones_refused() {
    let program = Program::load(&key_value()).unwrap();
    let (mut machine, mut state) = (Machine::new(), State::new());
    let longest = [bytes(&vec![1; KEY_LEN_MAX]), bytes(&vec![2; VALUE_LEN_MAX])].concat();
    assert_eq!(apply(&mut machine, &program, &mut state, PUT, &longest), End::Done(vec![]));
    for (key, value) in [(KEY_LEN_MAX + 1, 0), (0, VALUE_LEN_MAX + 1)] {
        let args = [bytes(&vec![1; key]), bytes(&vec![2; value])].concat();
        let refused = End::Refused(Refusal::IllTypedArguments);
        assert_eq!(apply(&mut machine, &program, &mut state, PUT, &args), refused);
    }
}

#[test]
fn a_row_longer_than_its_relation_allows_is_a_failure() {
    let program = Program::load(&key_value()).unwrap();
    let key = (zeta_program::RelationId(0), b"k".to_vec());
    let state = State::from([(key, vec![0; VALUE_LEN_MAX + 1])]);
    let end = call(&mut Machine::new(), &program, &state, GET, &bytes(b"k"), 1).0;
    assert_eq!(end, End::Failed(Failure::Malformed));
}

#[test]
fn an_unknown_transition_is_refused() {
    let program = Program::load(&key_value()).unwrap();
    let end = call(&mut Machine::new(), &program, &State::new(), 5, &[], 1).0;
    assert_eq!(end, End::Refused(Refusal::UnknownTransition));
}

#[test]
fn the_digest_is_what_people_approved() {
    let program = Program::load(&key_value()).unwrap();
    let digest: String = program.digest().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, "a83d45650f8bad5eb80c54dea71eb3b7907ca8b2df29545bff1142e84cbb15d1");
    assert_eq!(program.bytes(), key_value());
}
