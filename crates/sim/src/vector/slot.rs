//! Cases of slots that are not what the host says.

use super::Case;
use super::script::{A, B, Script, at};
use crate::operation::Operation;
use crate::owned_record::OwnedRecord;
use zeta_verifier::Reason;

/// The first slot that does not exist.
const BEYOND: u16 = super::SETTING.slots;

pub(super) fn cases() -> Vec<Case> {
    use Reason as R;
    let case = Case::rejected;
    vec![
        case(R::SlotOutOfRange, "add_m", "the slot is 8 of 8", add_m_beyond),
        case(R::SlotOutOfRange, "add_b", "the slot is 8 of 8", add_b_beyond),
        case(R::SlotOutOfRange, "evict_m", "the slot is 8 of 8", evict_m_beyond),
        case(R::SlotOutOfRange, "evict_b", "the slot is 8 of 8", evict_b_beyond),
        case(R::SlotOutOfRange, "evict_bm", "the slot is 8 of 8", evict_bm_beyond),
        case(R::SlotOutOfRange, "run_app", "the listed slot is 8 of 8", run_app_beyond),
        case(R::AncestorOutOfRange, "add_m", "the ancestor's slot is 8 of 8", add_m_no_ancestor),
        case(
            R::AncestorOutOfRange,
            "evict_m",
            "the ancestor's slot is 8 of 8",
            evict_m_no_ancestor,
        ),
        case(
            R::AncestorOutOfRange,
            "evict_bm",
            "the ancestor's slot is 8 of 8",
            evict_bm_no_ancestor,
        ),
        case(R::SlotEmpty, "evict_m", "the slot holds nothing", evict_m_empty),
        case(R::SlotEmpty, "evict_b", "the slot holds nothing", evict_b_empty),
        case(R::SlotEmpty, "evict_bm", "the slot holds nothing", evict_bm_empty),
        case(R::SlotEmpty, "run_app", "the listed slot holds nothing", run_app_empty),
        case(R::AncestorEmpty, "add_m", "the ancestor's slot holds nothing", add_m_empty_ancestor),
        case(R::AncestorEmpty, "evict_m", "the ancestor's slot holds nothing", evict_m_under_empty),
        case(
            R::AncestorEmpty,
            "evict_bm",
            "the ancestor's slot holds nothing",
            evict_bm_under_empty,
        ),
        case(R::SlotOccupied, "add_m", "the slot holds another record", add_m_occupied),
        case(R::SlotOccupied, "add_m_onto_ancestor", "slot and ancestor's are one", add_m_onto),
        case(R::SlotOccupied, "add_b", "the slot holds another record", add_b_occupied),
    ]
}

fn add_m_slots(s: &mut Script, slot: u16, ancestor: u16) {
    s.add_m(0, slot, ancestor, &OwnedRecord::null(A));
    s.close();
}

fn add_m_beyond(s: &mut Script) {
    let slot = s.twist(7, BEYOND);
    add_m_slots(s, slot, 0);
}

fn add_m_no_ancestor(s: &mut Script) {
    let ancestor = s.twist(0, BEYOND);
    add_m_slots(s, 1, ancestor);
}

fn add_m_empty_ancestor(s: &mut Script) {
    let ancestor = s.twist(0, 5);
    add_m_slots(s, 1, ancestor);
}

fn add_m_occupied(s: &mut Script) {
    s.add_new(1, A);
    let slot = s.twist(2, 1);
    s.add_new(slot, B);
    s.close();
}

fn add_m_onto(s: &mut Script) {
    let slot = s.twist(1, 0);
    s.add_new(slot, A);
    s.close();
}

/// Takes a record through deferred state, back into `slot`.
fn add_b_slot(s: &mut Script, slot: u16) {
    s.add_new(1, A);
    s.evict_bm(0, 1, 0, at(1));
    s.add_b(0, slot, (0, at(1)), &OwnedRecord::null(A));
    s.close();
}

fn add_b_beyond(s: &mut Script) {
    let slot = s.twist(7, BEYOND);
    add_b_slot(s, slot);
}

fn add_b_occupied(s: &mut Script) {
    s.add_new(2, B);
    let slot = s.twist(1, 2);
    add_b_slot(s, slot);
}

fn evict_m_slots(s: &mut Script, slot: u16, ancestor: u16) {
    s.add_new(1, A);
    s.evict_m(0, slot, ancestor);
    s.close();
}

fn evict_m_beyond(s: &mut Script) {
    let slot = s.twist(1, BEYOND);
    evict_m_slots(s, slot, 0);
}

fn evict_m_no_ancestor(s: &mut Script) {
    let ancestor = s.twist(0, BEYOND);
    evict_m_slots(s, 1, ancestor);
}

fn evict_m_empty(s: &mut Script) {
    let slot = s.twist(1, 2);
    evict_m_slots(s, slot, 0);
}

fn evict_m_under_empty(s: &mut Script) {
    let ancestor = s.twist(0, 5);
    evict_m_slots(s, 1, ancestor);
}

/// Brings a record in from deferred state and lets it go from `slot`.
fn evict_b_slot(s: &mut Script, slot: u16) {
    s.add_new(1, A);
    s.evict_bm(0, 1, 0, at(1));
    s.add_b(0, 1, (0, at(1)), &OwnedRecord::null(A));
    s.evict_b(0, slot, at(3));
    s.add_b(0, 1, (0, at(3)), &OwnedRecord::null(A));
    s.close();
}

fn evict_b_beyond(s: &mut Script) {
    let slot = s.twist(1, BEYOND);
    evict_b_slot(s, slot);
}

fn evict_b_empty(s: &mut Script) {
    let slot = s.twist(1, 2);
    evict_b_slot(s, slot);
}

fn evict_bm_slots(s: &mut Script, slot: u16, ancestor: u16) {
    s.add_new(1, A);
    s.evict_bm(0, slot, ancestor, at(1));
    s.add_b(0, 1, (0, at(1)), &OwnedRecord::null(A));
    s.close();
}

fn evict_bm_beyond(s: &mut Script) {
    let slot = s.twist(1, BEYOND);
    evict_bm_slots(s, slot, 0);
}

fn evict_bm_no_ancestor(s: &mut Script) {
    let ancestor = s.twist(0, BEYOND);
    evict_bm_slots(s, 1, ancestor);
}

fn evict_bm_empty(s: &mut Script) {
    let slot = s.twist(1, 2);
    evict_bm_slots(s, slot, 0);
}

fn evict_bm_under_empty(s: &mut Script) {
    let ancestor = s.twist(0, 5);
    evict_bm_slots(s, 1, ancestor);
}

fn run_app_slot(s: &mut Script, slot: u16) {
    s.add_new(1, A);
    s.run_app(0, &Operation::Get { key: A.to_vec() }, &[slot]);
    s.close();
}

fn run_app_beyond(s: &mut Script) {
    let slot = s.twist(1, BEYOND);
    run_app_slot(s, slot);
}

fn run_app_empty(s: &mut Script) {
    let slot = s.twist(1, 2);
    run_app_slot(s, slot);
}
