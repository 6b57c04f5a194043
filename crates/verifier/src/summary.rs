//! The canonical tree of a data set, and the root by which a verifier adopts it.
//!
//! Whoever owns the data recomputes this root from the data itself; it is not taken from the host.

use crate::ids::Direction;
use crate::path::Path;
use crate::primitives::Primitives;
use crate::record::{Hash, Link, Node, Pointer};
use crate::tree_hash::node_hash;
use alloc::vec::Vec;

/// A leaf of the data set: where it lies, and the hash of its value.
pub type Leaf = (Path, Hash);

/// Two records of the data set have one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DuplicateKey(pub Path);

/// The root of the canonical tree over `leaves`, which are put in order: a node stands at the root
/// and wherever two leaves part, and nowhere else; every deferred bit is clear.
///
/// `visit` is shown every node below the root, children first.
pub fn summarize<P: Primitives>(
    primitives: &P,
    leaves: &mut [Leaf],
    visit: &mut impl FnMut(Path, &Node),
) -> Result<Node, DuplicateKey> {
    leaves.sort_unstable_by_key(|(path, _)| *path);
    for pair in leaves.windows(2) {
        if let [(a, _), (b, _)] = pair
            && a == b
        {
            return Err(DuplicateKey(*a));
        }
    }
    let middle = leaves.partition_point(|(path, _)| path.direction_at(0) == Direction::Left);
    let (left, right) = leaves.split_at(middle);
    Ok(Node { left: subtree(primitives, left, visit), right: subtree(primitives, right, visit) })
}

/// The pointer to the canonical tree over `leaves`, which are in order.
///
/// One pass from left to right: a stack holds the finished subtrees that still wait for their
/// sibling, each with the depth at which it parts from its neighbour, as in a Cartesian tree.
fn subtree<P: Primitives>(
    primitives: &P,
    leaves: &[Leaf],
    visit: &mut impl FnMut(Path, &Node),
) -> Pointer {
    let mut waiting: Vec<(Pointer, Path)> = Vec::new();
    let mut leaves = leaves.iter().peekable();
    while let Some((path, hash)) = leaves.next() {
        let mut done = Pointer::To(Link { path: *path, hash: *hash, deferred: false });
        let fork = leaves.peek().map(|(next, _)| path.common_prefix(next));
        while let Some((_, parent)) = waiting.last()
            && fork.is_none_or(|fork| parent.len() > fork.len())
        {
            let Some((left, parent)) = waiting.pop() else { break };
            let node = Node { left, right: done };
            visit(parent, &node);
            let hash = node_hash(primitives, &node);
            done = Pointer::To(Link { path: parent, hash, deferred: false });
        }
        match fork {
            Some(fork) => waiting.push((done, fork)),
            None => return done,
        }
    }
    Pointer::Empty
}
