//! Cases of lies about deferred records: who, when, and whether.

use super::script::{A, B, Script, at, empty_node};
use super::{Case, TWO_THREADS};
use crate::owned_record::OwnedRecord;
use zeta_verifier::{Epoch, Node, NotYet, Path, Reason, Timestamp};

pub(super) fn cases() -> Vec<Case> {
    use Reason as R;
    let case = Case::rejected;
    let later =
        |not_yet, name, about, play| Case::new(super::Expected::Retry(not_yet), name, about, play);
    vec![
        case(R::RootAddedFromDeferred, "add_b", "the record is the root", root_added).forged(),
        case(R::RootEvicted, "evict_b", "the slot is the root's", root_evicted),
        case(R::RootEvicted, "evict_bm", "the slot is the root's", root_evicted_bm),
        case(R::ThreadOutOfRange, "add_b", "thread 1 of 1", no_such_thread),
        case(
            R::AddToVerifiedEpoch,
            "add_b",
            "an element of epoch 0, which is closed",
            late_element,
        ),
        case(R::EvictNotAfterClock, "evict_b", "at the clock itself", evict_at_clock),
        case(R::EvictNotAfterClock, "evict_b_before", "before the clock", evict_before_clock),
        case(R::EvictNotAfterClock, "evict_bm", "at the clock itself", evict_bm_at_clock),
        case(R::NotAddedFromDeferred, "evict_b", "it came through the tree", tree_record_deferred),
        case(R::NotAddedFromTree, "evict_bm", "it came from deferred state", deferred_through_tree),
        case(R::CounterOverflow, "add_b", "counter 2^32 - 1 has no successor", last_counter)
            .forged(),
        later(
            NotYet::PublishedClock,
            "add_b",
            "thread 0 has evicted at 1, not yet at 2",
            too_early,
        )
        .on(TWO_THREADS),
        later(NotYet::Window, "add_b", "an element of epoch 32, for 31", add_beyond_window),
        later(NotYet::Window, "evict_b", "into epoch 32, for 31", evict_beyond_window),
        later(NotYet::Window, "evict_bm", "into epoch 32, for 31", evict_bm_beyond_window),
    ]
}

fn root_added(s: &mut Script) {
    let path = s.twist(Path::ROOT.len(), 1);
    let path = s.leaf(A).truncated(1 - path);
    s.add_b(0, 1, (0, at(1)), &empty_node(path));
    s.close();
}

fn root_evicted(s: &mut Script) {
    s.add_new(1, A);
    s.evict_bm(0, 1, 0, at(1));
    s.add_b(0, 1, (0, at(1)), &OwnedRecord::null(A));
    let slot = s.twist(1, 0);
    s.evict_b(0, slot, at(3));
    s.add_b(0, 1, (0, at(3)), &OwnedRecord::null(A));
    s.close();
}

fn root_evicted_bm(s: &mut Script) {
    s.add_new(1, A);
    let slot = s.twist(1, 0);
    s.evict_bm(0, slot, 0, at(1));
    s.add_b(0, 1, (0, at(1)), &OwnedRecord::null(A));
    s.close();
}

/// Defers a record at 0.1 and adds it back as the element that is named.
fn element(s: &mut Script, thread: u16, timestamp: Timestamp) {
    s.add_new(1, A);
    s.evict_bm(0, 1, 0, at(1));
    s.add_b(0, 1, (thread, timestamp), &OwnedRecord::null(A));
    s.close();
}

fn no_such_thread(s: &mut Script) {
    let thread = s.twist(0, 1);
    element(s, thread, at(1));
}

fn late_element(s: &mut Script) {
    s.add_new(1, A);
    s.evict_bm(0, 1, 0, at(1));
    s.add_b(0, 1, (0, at(1)), &OwnedRecord::null(A));
    s.close();
    s.evict_b(0, 1, Timestamp::new(Epoch(1), 1));
    let epoch = s.twist(Epoch(1), Epoch(0));
    s.add_b(0, 1, (0, Timestamp::new(epoch, 1)), &OwnedRecord::null(A));
    s.next_epoch(0);
    s.verify_epoch(0);
}

/// After AddB the clock stands at 0.2.
fn evict_at(s: &mut Script, timestamp: Timestamp) {
    s.add_new(1, A);
    s.evict_bm(0, 1, 0, at(1));
    s.add_b(0, 1, (0, at(1)), &OwnedRecord::null(A));
    s.evict_b(0, 1, timestamp);
    s.add_b(0, 1, (0, timestamp), &OwnedRecord::null(A));
    s.close();
}

fn evict_at_clock(s: &mut Script) {
    let timestamp = s.twist(at(3), at(2));
    evict_at(s, timestamp);
}

fn evict_before_clock(s: &mut Script) {
    let timestamp = s.twist(at(3), at(1));
    evict_at(s, timestamp);
}

fn evict_bm_at_clock(s: &mut Script) {
    s.add_new(1, A);
    let timestamp = s.twist(at(1), at(0));
    s.evict_bm(0, 1, 0, timestamp);
    s.add_b(0, 1, (0, timestamp), &OwnedRecord::null(A));
    s.close();
}

/// Slot 1 came from deferred state, slot 2 through the tree; slot 1 belongs to `EvictB`.
fn one_of_each(s: &mut Script) {
    s.add_new(1, A);
    s.evict_bm(0, 1, 0, at(1));
    s.add_b(0, 1, (0, at(1)), &OwnedRecord::null(A));
    s.add_new(2, B);
}

fn tree_record_deferred(s: &mut Script) {
    one_of_each(s);
    let slot = s.twist(1, 2);
    s.evict_b(0, slot, at(3));
    s.add_b(0, 1, (0, at(3)), &OwnedRecord::null(A));
    s.close();
}

fn deferred_through_tree(s: &mut Script) {
    one_of_each(s);
    let slot = s.twist(2, 1);
    s.evict_bm(0, slot, 0, at(3));
    s.add_b(0, 2, (0, at(3)), &OwnedRecord::null(B));
    s.close();
}

/// The honest counter, one below the last, is not honest about the element either: an eviction at
/// the last counter can never be added back.
fn last_counter(s: &mut Script) {
    let counter = s.twist(u32::MAX - 1, u32::MAX);
    element(s, 0, at(counter));
}

fn too_early(s: &mut Script) {
    s.add_new(1, A);
    s.evict_bm(0, 1, 0, at(1));
    let counter = s.twist(1, 2);
    s.add_b(1, 1, (0, at(counter)), &OwnedRecord::null(A));
    s.close();
}

/// The last epoch of the window that begins with epoch 0, and the first beyond it.
fn edge(s: &Script) -> Timestamp {
    let epoch = s.twist(zeta_verifier::EPOCH_WINDOW - 1, zeta_verifier::EPOCH_WINDOW);
    Timestamp::new(Epoch(epoch), 1)
}

fn add_beyond_window(s: &mut Script) {
    s.add_new(1, A);
    s.evict_bm(0, 1, 0, Timestamp::new(Epoch(zeta_verifier::EPOCH_WINDOW - 1), 1));
    let timestamp = edge(s);
    s.add_b(0, 1, (0, timestamp), &OwnedRecord::null(A));
    s.close();
}

fn evict_beyond_window(s: &mut Script) {
    s.add_new(1, A);
    s.evict_bm(0, 1, 0, at(1));
    s.add_b(0, 1, (0, at(1)), &OwnedRecord::null(A));
    let timestamp = edge(s);
    s.evict_b(0, 1, timestamp);
    s.add_b(0, 1, (0, timestamp), &OwnedRecord::null(A));
    s.close();
}

fn evict_bm_beyond_window(s: &mut Script) {
    s.add_m(0, 1, 0, &OwnedRecord::Node { path: s.leaf(A).truncated(1), node: Node::EMPTY });
    let timestamp = edge(s);
    s.evict_bm(0, 1, 0, timestamp);
    let node = empty_node(s.leaf(A).truncated(1));
    s.add_b(0, 1, (0, timestamp), &node);
    s.close();
}
