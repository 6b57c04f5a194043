//! Cases of lies about the tree.

use super::Case;
use super::script::{A, B, D, F, Script, at, empty_node, prefix};
use crate::owned_record::OwnedRecord;
use zeta_verifier::{Link, Node, Pointer, Reason};

pub(super) fn cases() -> Vec<Case> {
    use Reason as R;
    let case = Case::rejected;
    vec![
        case(R::NotDescendant, "add_m", "the ancestor is another key's leaf", add_below_leaf),
        case(R::NotDescendant, "add_m_beside", "the ancestor is a node beside it", add_beside),
        case(R::NotDescendant, "evict_m", "the ancestor is another key's leaf", evict_below_leaf),
        case(R::NotDescendant, "evict_m_itself", "the record is its own ancestor", evict_itself),
        case(R::NotDescendant, "evict_bm", "the ancestor is another key's leaf", evict_bm_leaf),
        case(R::NotDescendant, "evict_bm_itself", "it is its own ancestor", evict_bm_itself),
        case(R::ValueNotInitial, "new_edge", "a new key begins with a value", new_edge_value),
        case(R::ValueNotInitial, "new_edge_node", "a new node has a pointer", new_edge_node),
        case(R::ValueNotInitial, "cut_edge", "a node put between has a pointer", cut_edge_node),
        case(R::HashMismatch, "value", "another value than the tree holds", other_value),
        case(R::HashMismatch, "null", "null, where the tree holds a value", null_for_value),
        case(R::HashMismatch, "node", "a node whose pointer was changed", other_node),
        case(R::PointerDeferred, "add_m", "through the tree, while deferred", add_m_deferred),
        case(R::ChildInStore, "add_m", "the key is in a slot already", add_twice),
        case(R::ChildInStore, "evict_m", "a second record of the key overwrites it", evict_double)
            .forged(),
        case(R::PointerElsewhere, "add_m", "a key beside what the tree has there", add_elsewhere),
        case(R::ChildrenInStore, "evict_m", "a node leaves before its child", parent_first),
        case(R::ChildrenInStore, "evict_b", "a node leaves before its child", parent_first_b),
        case(R::ChildrenInStore, "evict_bm", "a node leaves before its child", parent_first_bm),
        case(R::PointerNotKey, "evict_m", "the root points to a node above", evict_skips),
        case(R::PointerNotKey, "evict_bm", "the root points to a node above", evict_bm_skips),
        case(R::ParentMismatch, "evict_m", "a forged node points to the record", other_parent)
            .forged(),
        case(R::ParentMismatch, "evict_bm", "a forged node points to the record", other_parent_bm)
            .forged(),
    ]
}

fn add_below_leaf(s: &mut Script) {
    s.add_new(1, A);
    let ancestor = s.twist(0, 1);
    s.add_m(0, 2, ancestor, &OwnedRecord::null(B));
    s.close();
}

fn add_beside(s: &mut Script) {
    s.add_m(0, 1, 0, &empty_node(prefix(false, 1)));
    let ancestor = s.twist(0, 1);
    s.add_m(0, 2, ancestor, &OwnedRecord::null(B));
    s.close();
}

fn evict_below_leaf(s: &mut Script) {
    s.add_new(1, A);
    s.add_new(2, B);
    let ancestor = s.twist(0, 2);
    s.evict_m(0, 1, ancestor);
    s.close();
}

fn evict_itself(s: &mut Script) {
    s.add_new(1, A);
    let ancestor = s.twist(0, 1);
    s.evict_m(0, 1, ancestor);
    s.close();
}

fn evict_bm_below(s: &mut Script, ancestor: u16) {
    s.add_new(1, A);
    s.add_new(2, B);
    s.evict_bm(0, 1, ancestor, at(1));
    s.add_b(0, 1, (0, at(1)), &OwnedRecord::null(A));
    s.close();
}

fn evict_bm_leaf(s: &mut Script) {
    let ancestor = s.twist(0, 2);
    evict_bm_below(s, ancestor);
}

fn evict_bm_itself(s: &mut Script) {
    let ancestor = s.twist(0, 1);
    evict_bm_below(s, ancestor);
}

fn new_edge_value(s: &mut Script) {
    let record = s.twist(OwnedRecord::null(A), OwnedRecord::some(A, b"v"));
    s.add_m(0, 1, 0, &record);
    s.close();
}

fn new_edge_node(s: &mut Script) {
    let record = s.twist(empty_node(s.leaf(A).truncated(1)), s.forged_parent(A, 1));
    s.add_m(0, 1, 0, &record);
    s.close();
}

fn cut_edge_node(s: &mut Script) {
    s.add_new(1, A);
    let record = s.twist(empty_node(s.leaf(A).truncated(3)), s.forged_parent(A, 3));
    s.add_m(0, 2, 0, &record);
    s.close();
}

/// Puts a value, sends the record into the tree and brings it back as `record`.
fn back_from_tree(s: &mut Script, record: &OwnedRecord) {
    s.add_new(1, A);
    s.put(0, 1, A, b"v");
    s.evict_m(0, 1, 0);
    s.add_m(0, 1, 0, record);
    s.close();
}

fn other_value(s: &mut Script) {
    let value = s.twist(b"v", b"w");
    back_from_tree(s, &OwnedRecord::some(A, value));
}

fn null_for_value(s: &mut Script) {
    let record = s.twist(OwnedRecord::some(A, b"v"), OwnedRecord::null(A));
    back_from_tree(s, &record);
}

fn other_node(s: &mut Script) {
    let fork = s.fork(A, F);
    s.add_m(0, 1, 0, &fork);
    s.add_m(0, 2, 1, &OwnedRecord::null(A));
    s.evict_m(0, 2, 1);
    s.evict_m(0, 1, 0);
    let path = fork.path(&s.primitives);
    let leaf = s.leaf(A);
    let hash = OwnedRecord::null(A).hash(&s.primitives);
    let lie = OwnedRecord::some(A, b"forged").hash(&s.primitives);
    let mut node = Node::EMPTY;
    let hash = s.twist(hash, lie);
    let pointer = Pointer::To(Link { path: leaf, hash, deferred: false });
    node.set_pointer(leaf.direction_at(path.len()), pointer);
    s.add_m(0, 1, 0, &OwnedRecord::Node { path, node });
    s.close();
}

fn add_m_deferred(s: &mut Script) {
    s.add_new(1, A);
    s.evict_bm(0, 1, 0, at(1));
    let record = OwnedRecord::null(A);
    s.add_b(0, 1, (0, at(1)), &record);
    // The honest host goes on with another key.
    let key = s.twist(B, A);
    s.add_m(0, 2, 0, &OwnedRecord::null(key));
    s.close();
}

fn add_twice(s: &mut Script) {
    s.add_new(1, A);
    let key = s.twist(B, A);
    s.add_new(2, key);
    s.close();
}

/// A second record of a key comes by a forged element. Thrown into the tree while the first is in
/// its slot it would overwrite it; after the first has left, only the sums know.
fn evict_double(s: &mut Script) {
    s.add_new(1, A);
    s.add_b(0, 2, (0, at(1)), &OwnedRecord::some(A, b"forged"));
    let slot = s.twist(1, 2);
    s.evict_m(0, slot, 0);
    s.close();
}

fn add_elsewhere(s: &mut Script) {
    s.add_new(1, A);
    let key = s.twist(B, D);
    s.add_new(2, key);
    s.close();
}

/// A node in slot 1 with the leaf of `A` below it in slot 2, and the leaf of `B` in slot 3.
fn node_and_leaves(s: &mut Script) {
    let fork = s.fork(A, F);
    s.add_m(0, 1, 0, &fork);
    s.add_m(0, 2, 1, &OwnedRecord::null(A));
    s.add_new(3, B);
}

fn parent_first(s: &mut Script) {
    node_and_leaves(s);
    let slot = s.twist(3, 1);
    s.evict_m(0, slot, 0);
    s.close();
}

/// Node and leaf both come from deferred state here; the node has the leaf of `A` below it.
fn parent_first_b(s: &mut Script) {
    let fork = s.fork(A, F);
    s.add_m(0, 1, 0, &fork);
    s.add_new(3, B);
    s.evict_bm(0, 1, 0, at(1));
    s.evict_bm(0, 3, 0, at(2));
    s.add_b(0, 1, (0, at(1)), &fork);
    s.add_b(0, 3, (0, at(2)), &OwnedRecord::null(B));
    s.add_m(0, 2, 1, &OwnedRecord::null(A));
    let slot = s.twist(3, 1);
    s.evict_b(0, slot, at(4));
    s.add_b(0, 3, (0, at(4)), &OwnedRecord::null(B));
    s.evict_m(0, 2, 1);
    s.evict_m(0, 1, 0);
    s.close();
}

fn parent_first_bm(s: &mut Script) {
    node_and_leaves(s);
    let slot = s.twist(3, 1);
    s.evict_bm(0, slot, 0, at(1));
    s.add_b(0, 3, (0, at(1)), &OwnedRecord::null(B));
    s.close();
}

fn evict_skips(s: &mut Script) {
    node_and_leaves(s);
    let ancestor = s.twist(1, 0);
    s.evict_m(0, 2, ancestor);
    s.close();
}

fn evict_bm_skips(s: &mut Script) {
    node_and_leaves(s);
    let ancestor = s.twist(1, 0);
    s.evict_bm(0, 2, ancestor, at(1));
    s.add_b(0, 2, (0, at(1)), &OwnedRecord::null(A));
    s.close();
}

fn other_parent(s: &mut Script) {
    s.add_new(1, A);
    let forged = s.forged_parent(A, 1);
    s.add_b(0, 2, (0, at(1)), &forged);
    let ancestor = s.twist(0, 2);
    s.evict_m(0, 1, ancestor);
    s.close();
}

fn other_parent_bm(s: &mut Script) {
    s.add_new(1, A);
    let forged = s.forged_parent(A, 1);
    s.add_b(0, 2, (0, at(1)), &forged);
    let ancestor = s.twist(0, 2);
    s.evict_bm(0, 1, ancestor, at(3));
    s.close();
}
