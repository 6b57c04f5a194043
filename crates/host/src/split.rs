//! How thread 0, which begins with the root, hands each worker the part of the tree that it owns.

use crate::plan::{Expect, Plan};
use std::collections::BTreeMap;
use zeta_verifier::{
    Direction, Entry, Node, Path, Pointer, Record, SlotId, Timestamp, encode_node,
};

/// The root of a part, as thread 0 let it go.
pub(crate) struct PartRoot {
    pub(crate) path: Path,
    pub(crate) value: Node,
    pub(crate) stamp: Timestamp,
}

/// Plans, on thread 0, to make every node of the first `depth` levels and to hand over those at
/// `depth`; `upper` has the nodes that exist already there.
pub(crate) struct Split<'a> {
    pub(crate) plan: &'a mut Plan,
    pub(crate) upper: &'a BTreeMap<Path, Node>,
    pub(crate) depth: u16,
    pub(crate) roots: Vec<PartRoot>,
}

impl Split<'_> {
    /// Splits below the node `path`, which lies in slot `path.len()` and has this value.
    pub(crate) fn below(&mut self, path: Path, value: &Node) {
        for (side, bit) in [(Direction::Left, false), (Direction::Right, true)] {
            let target = child_path(&path, bit);
            let (given, value) = match value.pointer(side) {
                Pointer::Empty => (Node::EMPTY, Node::EMPTY),
                Pointer::To(link) if link.path == target => {
                    let known = self.upper.get(&target).copied().unwrap_or(Node::EMPTY);
                    (known, known)
                }
                pointer @ Pointer::To(link) => {
                    let mut value = Node::EMPTY;
                    value.set_pointer(link.path.direction_at(target.len()), *pointer);
                    (Node::EMPTY, value)
                }
            };
            let (slot, ancestor) = (target.len(), path.len());
            let mut node = Vec::new();
            encode_node(&given, &mut node);
            let record = Record::Node { path: target, node: &node };
            let (to, above) = (SlotId(slot), SlotId(ancestor));
            Entry::AddM { slot: to, ancestor_slot: above, record }.encode(&mut self.plan.log);
            if target.len() == self.depth {
                self.plan.evict_bm(Expect::HandOver, slot, ancestor);
                self.roots.push(PartRoot { path: target, value, stamp: self.plan.clock });
            } else {
                self.below(target, &value);
                self.plan.evict_m(Expect::HandOver, slot, ancestor);
            }
        }
    }
}

fn child_path(path: &Path, right: bool) -> Path {
    let mut bits = path.bits();
    if right {
        bits[usize::from(path.len() / 8)] |= 0x80 >> (path.len() % 8);
    }
    Path::leaf(&bits).truncated(path.len() + 1)
}
