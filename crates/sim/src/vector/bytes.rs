//! Cases of bytes that are no entry.

use super::Case;
use super::script::{A, Script, add_m_bytes, empty_node, encoded, prefix, run_app_bytes};
use crate::operation::Operation;
use crate::owned_record::OwnedRecord;
use zeta_verifier::{Entry, KEY_LEN_MAX, Reason, SlotId, VALUE_LEN_MAX};

/// Where the record's kind stands in an AddM: after tag, slot and ancestor slot.
const RECORD: usize = 5;
/// Where a node's path and its pointers stand after that.
const NODE_PATH_LEN: usize = RECORD + 1 + 32;
const NODE_POINTERS: usize = NODE_PATH_LEN + 2;

pub(super) fn cases() -> Vec<Case> {
    use Reason as R;
    let case = Case::rejected;
    vec![
        case(R::Truncated, "evict_m", "the last byte of an entry is missing", truncated),
        case(R::UnknownTag, "thirteen", "tag 13 for NextEpoch's 6", unknown_tag),
        case(R::UnknownRecordKind, "three", "record kind 3 for null's 1", unknown_record_kind),
        case(R::UnknownPointerTag, "three", "pointer tag 3 for empty's 0", unknown_pointer_tag),
        case(R::PathNotCanonical, "bit_beyond", "a bit beyond the length is set", bit_beyond),
        case(R::PathNotCanonical, "too_long", "a path of 257 bits, for 1", path_too_long),
        case(R::NodePathIsLeaf, "node", "a node of 256 bits, for 255", node_path_is_leaf),
        case(R::KeyTooLong, "one_more", "a key of 4097 bytes, for 1", key_too_long),
        case(R::ValueTooLong, "one_more", "a value of 2^20 + 1 bytes, for 1", value_too_long),
        case(R::UnknownAuthentication, "two", "way 2, for embedded's 0", unknown_authentication),
        case(R::ArgumentsTooLong, "one_more", "arguments of 2^22 + 1 bytes", arguments_too_long),
    ]
}

fn truncated(s: &mut Script) {
    s.add_new(1, A);
    let entry = encoded(&Entry::EvictM { slot: SlotId(1), ancestor_slot: SlotId(0) });
    let len = s.twist(entry.len(), entry.len() - 1);
    s.feed(0, &entry[..len]);
    s.close();
}

fn unknown_tag(s: &mut Script) {
    let tag = s.twist(6, 13);
    s.feed(0, &[tag]);
    s.verify_epoch(0);
}

fn unknown_record_kind(s: &mut Script) {
    let mut log = add_m_bytes(1, 0, &OwnedRecord::null(A));
    log[RECORD] = s.twist(1, 3);
    s.feed(0, &log);
    s.close();
}

fn unknown_pointer_tag(s: &mut Script) {
    let mut log = add_m_bytes(1, 0, &empty_node(prefix(false, 1)));
    log[NODE_POINTERS] = s.twist(0, 3);
    s.feed(0, &log);
    s.close();
}

fn bit_beyond(s: &mut Script) {
    let mut log = add_m_bytes(1, 0, &empty_node(prefix(false, 1)));
    log[RECORD + 1] = s.twist(0, 0b0100_0000);
    s.feed(0, &log);
    s.close();
}

fn path_too_long(s: &mut Script) {
    let len: u16 = s.twist(1, 257);
    let mut log = add_m_bytes(1, 0, &empty_node(prefix(false, 1)));
    log[NODE_PATH_LEN..NODE_POINTERS].copy_from_slice(&len.to_le_bytes());
    s.feed(0, &log);
    s.close();
}

fn node_path_is_leaf(s: &mut Script) {
    let len = s.twist(255, 256);
    s.add_m(0, 1, 0, &empty_node(prefix(false, len)));
    s.close();
}

fn key_too_long(s: &mut Script) {
    let len = s.twist(1, KEY_LEN_MAX as u16 + 1);
    let mut log = add_m_bytes(1, 0, &OwnedRecord::null(A));
    log[RECORD + 3..RECORD + 5].copy_from_slice(&len.to_le_bytes());
    s.feed(0, &log);
    s.close();
}

/// A value comes with AddM only where the tree holds its hash already.
fn value_too_long(s: &mut Script) {
    s.add_new(1, A);
    s.put(0, 1, A, b"v");
    s.evict_m(0, 1, 0);
    let len = s.twist(1, VALUE_LEN_MAX as u32 + 1);
    let mut log = add_m_bytes(1, 0, &OwnedRecord::some(A, b"v"));
    let place = RECORD + 5 + A.len();
    log[place..place + 4].copy_from_slice(&len.to_le_bytes());
    s.feed(0, &log);
    s.close();
}

/// Where the way of authentication stands in a RunApp: after tag and transition.
const AUTHENTICATION: usize = 3;

fn unknown_authentication(s: &mut Script) {
    s.add_new(1, A);
    let mut log = run_app_bytes(&Operation::Get { key: A.to_vec() }, &[1]);
    log[AUTHENTICATION] = s.twist(0, 2);
    s.feed(0, &log);
    s.close();
}

fn arguments_too_long(s: &mut Script) {
    s.add_new(1, A);
    let mut log = run_app_bytes(&Operation::Get { key: A.to_vec() }, &[1]);
    let honest = (4 + A.len()) as u32;
    let len = s.twist(honest, zeta_verifier::ARGUMENTS_LEN_MAX as u32 + 1);
    log[AUTHENTICATION + 1..AUTHENTICATION + 5].copy_from_slice(&len.to_le_bytes());
    s.feed(0, &log);
    s.close();
}
