//! Which node of the tree sits in which slot, below which parent, and which leaves for another.

use zeta_verifier::Direction;

const FREE: u32 = u32::MAX;

/// A node's slot. A node whose children came into slots through it cannot leave.
#[derive(Clone, Copy)]
pub(crate) struct NodeSlot {
    pub(crate) node: u32,
    /// The slot's parent in the tree; the worker's root nodes have none.
    pub(crate) parent: Option<(u32, Direction)>,
    /// Children in slots, and one more for a node that must stay.
    pub(crate) pins: u8,
    pub(crate) referenced: bool,
}

/// The slots `first..` of a worker's thread.
pub(crate) struct NodeSlots {
    slots: Vec<NodeSlot>,
    free: Vec<u16>,
    hand: usize,
}

impl NodeSlots {
    pub(crate) fn new(count: u16) -> Self {
        let free = NodeSlot { node: FREE, parent: None, pins: 0, referenced: false };
        Self { slots: vec![free; usize::from(count)], free: (0..count).rev().collect(), hand: 0 }
    }

    pub(crate) fn take_free(&mut self) -> Option<u16> {
        self.free.pop()
    }

    /// Makes a taken slot free.
    pub(crate) fn give_back(&mut self, slot: u16) {
        self.free.push(slot);
    }

    #[inline(always)]
    pub(crate) fn get(&self, slot: u16) -> &NodeSlot {
        &self.slots[usize::from(slot)]
    }

    #[inline(always)]
    pub(crate) fn get_mut(&mut self, slot: u16) -> &mut NodeSlot {
        &mut self.slots[usize::from(slot)]
    }

    pub(crate) fn clear(&mut self, slot: u16) {
        self.get_mut(slot).node = FREE;
    }

    /// Second chance among nodes without pins, other than the one in `keep`.
    pub(crate) fn victim(&mut self, keep: u16) -> Option<u16> {
        for _ in 0..2 * self.slots.len() + 1 {
            let at = self.hand;
            self.hand = if at + 1 == self.slots.len() { 0 } else { at + 1 };
            let slot = &mut self.slots[at];
            if slot.node == FREE || slot.pins > 0 || at == usize::from(keep) {
                continue;
            }
            if !std::mem::replace(&mut slot.referenced, false) {
                return Some(at as u16);
            }
        }
        None
    }
}
