//! A worker's part of the sparse tree, and how its nodes come into slots and leave them.

use crate::arena::Arena;
use crate::node::{Child, Link, NO_SLOT, TreeNode};
use crate::node_slots::{NodeSlot, NodeSlots};
use crate::plan::{Expect, Plan};
use zeta_verifier::{Direction, Entry, Hash, Path, Record, SlotId, encode_node};

/// Why a path could not be brought into slots.
#[derive(Debug)]
pub(crate) enum TreeStop {
    /// A hash is not known yet: let the verifier see the plan, then try again.
    Flush,
    /// The path is longer than there are slots.
    SlotsTooFew,
    /// There are too many nodes.
    Full,
}

/// The node above a leaf, in a slot; on that side lies the leaf itself, or nothing yet.
#[derive(Clone, Copy)]
pub(crate) struct Found {
    pub(crate) node: u32,
    pub(crate) slot: u16,
    pub(crate) side: Direction,
}

/// The nodes that a worker owns: those below its roots, which never leave their slots.
pub(crate) struct Tree {
    pub(crate) nodes: Arena<TreeNode>,
    slots: NodeSlots,
    /// Each root's path has `root_len` bits; they are neighbours, the first of which is `first`.
    roots: Vec<u32>,
    root_len: u16,
    first: usize,
    /// The nodes above the path that was brought last, from the root on: the next path, mostly its
    /// neighbour, begins where the two part.
    trail: Vec<u32>,
    trail_path: Path,
    node_bytes: Vec<u8>,
}

impl Tree {
    pub(crate) fn new(slots: u16, root_len: u16, first: usize) -> Self {
        Self {
            nodes: Arena::new(),
            slots: NodeSlots::new(slots),
            roots: Vec::new(),
            root_len,
            first,
            trail: Vec::new(),
            trail_path: Path::ROOT,
            node_bytes: Vec::new(),
        }
    }

    /// Takes a slot for the next root, whose node is in the arena.
    pub(crate) fn put_root(&mut self, node: u32) -> Result<u16, TreeStop> {
        let slot = self.slots.take_free().ok_or(TreeStop::SlotsTooFew)?;
        *self.slots.get_mut(slot) = NodeSlot { node, parent: None, pins: 1, referenced: true };
        self.nodes.get_mut(node).slot = slot;
        self.roots.push(node);
        Ok(slot)
    }

    /// Keeps the next free slot out of use.
    pub(crate) fn reserve_slot(&mut self) {
        self.slots.take_free();
    }

    /// Brings every node above `path` into a slot, and makes the one that is missing, if any.
    pub(crate) fn bring_parent(&mut self, plan: &mut Plan, path: &Path) -> Result<Found, TreeStop> {
        let mut node = self.follow_trail(path);
        loop {
            let (slot, len) = (self.nodes.get(node).slot, self.nodes.get(node).len);
            self.slots.get_mut(slot).referenced = true;
            self.trail.push(node);
            let side = path.direction_at(len);
            let link = self.nodes.get(node).link(side);
            node = match link.child {
                Child::Nothing => return Ok(Found { node, slot, side }),
                Child::Leaf if link.path == *path => return Ok(Found { node, slot, side }),
                Child::Node(child) if path.is_proper_descendant_of(&link.path) => {
                    if self.nodes.get(child).slot == NO_SLOT {
                        self.load(plan, Found { node, slot, side }, child)?;
                    }
                    child
                }
                _ => self.cut(plan, Found { node, slot, side }, path)?,
            };
        }
    }

    /// The lowest node of the trail that is above `path` and in a slot, taken from its end.
    fn follow_trail(&mut self, path: &Path) -> u32 {
        let shared = path.common_prefix(&self.trail_path).len();
        self.trail_path = *path;
        while let Some(node) = self.trail.pop() {
            // What is above a node in a slot is in slots, too.
            if self.nodes.get(node).len <= shared && self.nodes.get(node).slot != NO_SLOT {
                return node;
            }
        }
        self.root_above(path)
    }

    /// Adds a child, which is in no slot, through its parent.
    fn load(&mut self, plan: &mut Plan, above: Found, child: u32) -> Result<(), TreeStop> {
        if self.nodes.get(child).is_pending() {
            return Err(TreeStop::Flush);
        }
        let slot = self.take_slot(plan, above.slot)?;
        let path = self.nodes.get(above.node).link(above.side).path;
        self.add_m(plan, slot, above.slot, path, child);
        self.occupy(slot, child, above);
        self.slots.get_mut(above.slot).pins += 1;
        Ok(())
    }

    /// Puts a new node between `above` and what lies below it, where `path` parts from that.
    fn cut(&mut self, plan: &mut Plan, above: Found, path: &Path) -> Result<u32, TreeStop> {
        let slot = self.take_slot(plan, above.slot)?;
        // Read now: it may be the old child that had to leave for the slot.
        let old = *self.nodes.get(above.node).link(above.side);
        if old.pending {
            self.slots.give_back(slot);
            return Err(TreeStop::Flush);
        }
        let fork = path.common_prefix(&old.path);
        let node = self.nodes.push(TreeNode::new(fork.len())).ok_or(TreeStop::Full)?;
        self.add_m(plan, slot, above.slot, fork, node);
        self.occupy(slot, node, above);
        let old_side = old.path.direction_at(fork.len());
        *self.nodes.get_mut(node).link_mut(old_side) = old;
        *self.nodes.get_mut(above.node).link_mut(above.side) = Link::new(fork, Child::Node(node));
        let moved = match old.child {
            Child::Node(child) => self.nodes.get(child).slot,
            _ => NO_SLOT,
        };
        if moved == NO_SLOT {
            self.slots.get_mut(above.slot).pins += 1;
        } else {
            // The old child stays in its slot, now below the new node.
            self.slots.get_mut(moved).parent = Some((node, old_side));
            self.slots.get_mut(slot).pins = 1;
        }
        Ok(node)
    }

    fn occupy(&mut self, slot: u16, node: u32, above: Found) {
        let parent = Some((above.node, above.side));
        *self.slots.get_mut(slot) = NodeSlot { node, parent, pins: 0, referenced: true };
        self.nodes.get_mut(node).slot = slot;
    }

    fn add_m(&mut self, plan: &mut Plan, slot: u16, ancestor: u16, path: Path, node: u32) {
        self.node_bytes.clear();
        encode_node(&self.nodes.get(node).value(), &mut self.node_bytes);
        let record = Record::Node { path, node: &self.node_bytes };
        let (slot, ancestor_slot) = (SlotId(slot), SlotId(ancestor));
        Entry::AddM { slot, ancestor_slot, record }.encode(&mut plan.log);
    }

    /// A slot for a node, other than `keep`; another node may have to leave for it.
    fn take_slot(&mut self, plan: &mut Plan, keep: u16) -> Result<u16, TreeStop> {
        if let Some(slot) = self.slots.take_free() {
            return Ok(slot);
        }
        let slot = self.slots.victim(keep).ok_or(TreeStop::SlotsTooFew)?;
        self.leave(plan, slot).ok_or(TreeStop::SlotsTooFew)?;
        Ok(slot)
    }

    /// Plans that the node in `slot` leaves, which has no children in slots; a root does not.
    fn leave(&mut self, plan: &mut Plan, slot: u16) -> Option<()> {
        let NodeSlot { node, parent, .. } = *self.slots.get(slot);
        let (parent, side) = parent?;
        let parent_slot = self.nodes.get(parent).slot;
        plan.evict_m(Expect::Node { parent, side }, slot, parent_slot);
        self.nodes.get_mut(parent).link_mut(side).pending = true;
        self.nodes.get_mut(node).slot = NO_SLOT;
        self.slots.get_mut(parent_slot).pins -= 1;
        self.slots.clear(slot);
        Some(())
    }

    /// Plans to evict a node that has no children in slots, unless it is a root.
    pub(crate) fn evict(&mut self, plan: &mut Plan, node: u32) {
        let slot = self.nodes.get(node).slot;
        if self.leave(plan, slot).is_some() {
            self.slots.give_back(slot);
        }
    }

    /// The root above a path.
    pub(crate) fn root_above(&self, path: &Path) -> u32 {
        self.roots[prefix(path, self.root_len) - self.first]
    }

    /// Notes that the leaf below `found` exists, and whether it leaves to deferred state.
    pub(crate) fn set_leaf(&mut self, found: Found, path: Path, deferred: bool) {
        let link = self.nodes.get_mut(found.node).link_mut(found.side);
        if matches!(link.child, Child::Nothing) {
            *link = Link::new(path, Child::Leaf);
        }
        link.deferred = deferred;
    }

    /// Notes that a leaf's hash will come.
    pub(crate) fn await_leaf(&mut self, found: Found) {
        self.nodes.get_mut(found.node).link_mut(found.side).pending = true;
    }

    /// Takes over the hash with which a child left.
    pub(crate) fn set_hash(&mut self, parent: u32, side: Direction, hash: &Hash) {
        let link = self.nodes.get_mut(parent).link_mut(side);
        link.hash = *hash;
        link.pending = false;
        link.deferred = false;
    }
}

/// The number that the first `len` bits of a path spell; `len` is at most 16.
pub(crate) fn prefix(path: &Path, len: u16) -> usize {
    let bits = path.bits();
    let top = u32::from_be_bytes([bits[0], bits[1], bits[2], bits[3]]);
    (u64::from(top) >> (32 - len)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A path that parts from all zeros at bit `at`.
    fn fork(at: u16) -> Path {
        let mut bits = [0; 32];
        bits[usize::from(at / 8)] = 0x80 >> (at % 8);
        Path::leaf(&bits)
    }

    /// Makes a path of `depth` nodes, the root among them, in so many slots.
    fn grow(slots: u16, depth: u16) -> Result<Found, TreeStop> {
        let mut tree = Tree::new(slots, 0, 0);
        let root = tree.nodes.push(TreeNode::new(0)).ok_or(TreeStop::Full)?;
        tree.put_root(root)?;
        let mut plan = Plan::default();
        let zeros = Path::leaf(&[0; 32]);
        let found = tree.bring_parent(&mut plan, &zeros)?;
        tree.set_leaf(found, zeros, true);
        for at in 1..depth {
            let path = fork(at);
            let found = tree.bring_parent(&mut plan, &path)?;
            tree.set_leaf(found, path, true);
        }
        tree.bring_parent(&mut plan, &zeros)
    }

    #[test]
    fn a_path_takes_a_slot_for_each_node_and_no_more() {
        for depth in 1..60 {
            assert!(grow(depth, depth).is_ok(), "{depth}");
            let one_less = grow(depth - 1, depth);
            assert!(matches!(one_less, Err(TreeStop::SlotsTooFew)), "{depth}");
        }
    }
}
