//! Cases of operations: slots that do not fit, requests at fault, and what must wait.

use super::script::{A, B, Script, at, run_app_bytes};
use super::{Case, Expected, SETTING, Setting, TWO_THREADS};
use crate::operation::Operation;
use crate::owned_record::OwnedRecord;
use zeta_program::{
    Assembly, Field, Instruction, Register, Relation, Transition, Type, ValueType, encode,
};
use zeta_verifier::{Epoch, NotYet, Reason, Refusal, RelationId, Timestamp};

/// Room for one key of a byte and eight bytes of value.
const TIGHT: Setting = Setting { byte_budget: 9, ..SETTING };

pub(super) fn cases() -> Vec<Case> {
    use Reason as R;
    let case = Case::rejected;
    let later = |not_yet, name, about, play| Case::new(Expected::Retry(not_yet), name, about, play);
    let unknown = Refusal::Program(zeta_program::Refusal::UnknownTransition).code();
    let ill_typed = Refusal::Program(zeta_program::Refusal::IllTypedArguments).code();
    let session = Refusal::UnknownSession.code();
    let refused =
        |name, code, about, play| Case::new(Expected::Refused(name, code), "run_app", about, play);
    vec![
        case(R::SlotNotListed, "get", "no slot is listed", not_listed),
        case(R::SlotNotListed, "rename", "one slot for two keys", one_for_two),
        case(R::SlotKeyMismatch, "get", "the slot of another key", wrong_slot),
        case(R::SlotKeyMismatch, "node", "the slot of a node", node_slot),
        case(R::SlotKeyMismatch, "twice", "one slot listed for two keys", listed_twice),
        case(R::SlotUnused, "get", "a slot that the operation does not ask for", unused),
        case(R::SlotUnused, "alias", "two slots for a rename onto itself", unused_alias),
        later(NotYet::Floor, "run_app", "in epoch 0 after thread 1 ran in epoch 1", below_floor)
            .on(TWO_THREADS),
        later(NotYet::ByteBudget, "add_m", "a key of ten bytes, for nine", heavy_add_m).on(TIGHT),
        later(NotYet::ByteBudget, "add_b", "nine bytes of value, for eight", heavy_add_b).on(TIGHT),
        later(NotYet::ByteBudget, "run_app", "nine bytes of value, for eight", heavy_put).on(TIGHT),
        refused("UnknownTransition", unknown, "transition 5 of 5", unknown_transition),
        refused("IllTypedArguments", ill_typed, "a byte after the arguments", ill_typed_arguments),
        refused("UnknownSession", session, "a session's request", unknown_session),
        Case::new(
            Expected::Accepted,
            "failed_operation",
            "it loads an absent row and fails",
            failed,
        )
        .on(Setting { program: strict_get, ..SETTING }),
    ]
}

fn get(key: &[u8]) -> Operation {
    Operation::Get { key: key.to_vec() }
}

fn rename(source: &[u8], target: &[u8]) -> Operation {
    Operation::Rename { source: source.to_vec(), target: target.to_vec() }
}

/// Two keys in slots 1 and 2, and an operation over the slots that are listed.
fn with_slots(s: &mut Script, operation: &Operation, slots: &[u16]) {
    s.add_new(1, A);
    s.add_new(2, B);
    s.run_app(0, operation, slots);
    s.close();
}

fn not_listed(s: &mut Script) {
    let slots = s.twist(vec![1], vec![]);
    with_slots(s, &get(A), &slots);
}

fn one_for_two(s: &mut Script) {
    let slots = s.twist(vec![1, 2], vec![1]);
    with_slots(s, &rename(A, B), &slots);
}

fn wrong_slot(s: &mut Script) {
    let slot = s.twist(1, 2);
    with_slots(s, &get(A), &[slot]);
}

fn node_slot(s: &mut Script) {
    let slot = s.twist(1, 0);
    with_slots(s, &get(A), &[slot]);
}

fn listed_twice(s: &mut Script) {
    let second = s.twist(2, 1);
    with_slots(s, &rename(A, B), &[1, second]);
}

fn unused(s: &mut Script) {
    let slots = s.twist(vec![1], vec![1, 2]);
    with_slots(s, &get(A), &slots);
}

fn unused_alias(s: &mut Script) {
    let slots = s.twist(vec![1], vec![1, 1]);
    with_slots(s, &rename(A, A), &slots);
}

/// Thread 1 has a record, and its clock goes to epoch 1 or not; then both threads run an operation.
fn below_floor(s: &mut Script) {
    s.add_new(1, A);
    s.evict_bm(0, 1, 0, at(1));
    s.add_b(1, 1, (0, at(1)), &OwnedRecord::null(A));
    s.add_new(1, B);
    let epoch = s.twist(Epoch(0), Epoch(1));
    s.evict_b(1, 1, Timestamp::new(epoch, 5));
    s.add_b(1, 1, (1, Timestamp::new(epoch, 5)), &OwnedRecord::null(A));
    s.run_app(1, &get(A), &[1]);
    s.run_app(0, &get(B), &[1]);
    s.close();
}

fn heavy_add_m(s: &mut Script) {
    let len = s.twist(9, 10);
    s.add_new(1, &vec![b'k'; len]);
    s.close();
}

/// The liar invents a longer value; without the budget the epoch would mismatch.
fn heavy_add_b(s: &mut Script) {
    s.add_new(1, A);
    s.put(0, 1, A, b"12345678");
    s.evict_bm(0, 1, 0, at(1));
    let value: &[u8] = s.twist(b"12345678", b"123456789");
    s.add_b(0, 1, (0, at(1)), &OwnedRecord::some(A, value));
    s.close();
}

fn heavy_put(s: &mut Script) {
    s.add_new(1, A);
    let value: &[u8] = s.twist(b"12345678", b"123456789");
    s.put(0, 1, A, value);
    s.close();
}

fn unknown_transition(s: &mut Script) {
    s.add_new(1, A);
    let mut log = run_app_bytes(&get(A), &[1]);
    log[1] = s.twist(0, 5);
    s.feed(0, &log);
    s.close();
}

fn ill_typed_arguments(s: &mut Script) {
    s.add_new(1, A);
    // The key's length says one byte fewer than there are.
    let mut log = run_app_bytes(&get(A), &[1]);
    log[8] = s.twist(1, 0);
    s.feed(0, &log);
    s.close();
}

fn unknown_session(s: &mut Script) {
    s.add_new(1, A);
    let mut log = run_app_bytes(&get(A), &[1]);
    let session = s.twist(vec![0], [vec![1], vec![0; 28]].concat());
    log.splice(3..4, session);
    s.feed(0, &log);
    s.close();
}

/// A program whose one transition fails where the row is absent.
fn strict_get() -> Vec<u8> {
    let [key, row, value] = [0, 1, 2].map(Register);
    let bytes = Type::Bytes(16);
    let field = |name: &str| Field { name: name.into(), value: ValueType::plain(bytes) };
    encode(&Assembly {
        name: "strict_get".into(),
        relations: vec![Relation {
            name: "records".into(),
            key: vec![field("key")],
            row: vec![field("value")],
        }],
        constants: vec![],
        reasons: vec![],
        transitions: vec![Transition {
            name: "get".into(),
            arguments: vec![field("key")],
            result: vec![ValueType::plain(bytes)],
            locals: vec![Type::Row(RelationId(0)), bytes],
            code: vec![
                Instruction::Bind { target: row, operands: Box::new([key]) },
                Instruction::Load { row, targets: Box::new([value]) },
                Instruction::Return { operands: Box::new([value]) },
            ],
        }],
    })
}

fn failed(s: &mut Script) {
    s.add_new(1, A);
    s.run_app(0, &get(A), &[1]);
    s.close();
}
