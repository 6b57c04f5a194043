//! The slots of one thread: the only memory in which a record may be touched.
//!
//! INVARIANT: child links and parent links are mutual; a slot has a parent exactly if its record
//! came through the tree and is not the root.

use crate::byte_string::ByteString;
use crate::decide::AddMethod;
use crate::ids::{Direction, SlotId};
use crate::path::Path;
use crate::record::Node;
use alloc::boxed::Box;
use alloc::vec::Vec;
use zeta_program::RelationId;

/// A slot's link to its parent: where it is, and on which of its sides the record lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parent {
    pub(crate) slot: SlotId,
    pub(crate) direction: Direction,
}

/// What a slot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Empty,
    /// A record of the application; its value is null where not `present`.
    App {
        relation: RelationId,
        present: bool,
    },
    /// A node of the tree; its value lies in `Store::nodes`.
    Node {
        index: u32,
    },
}

/// Two cache lines: what an operation reads lies on the first, the links lie on the second.
#[repr(C, align(64))]
pub(crate) struct Slot {
    pub(crate) content: Content,
    pub(crate) key: ByteString,
    pub(crate) value: ByteString,
    pub(crate) added: AddMethod,
    pub(crate) parent: Option<Parent>,
    pub(crate) children: [Option<SlotId>; 2],
    /// Known at once for what came through the tree; else computed when first asked for.
    pub(crate) path: Option<Path>,
}

impl Slot {
    const EMPTY: Self = Self {
        content: Content::Empty,
        key: ByteString::EMPTY,
        value: ByteString::EMPTY,
        added: AddMethod::Tree,
        parent: None,
        children: [None, None],
        path: None,
    };

    pub(crate) fn is_occupied(&self) -> bool {
        self.content != Content::Empty
    }

    pub(crate) fn is_root(&self) -> bool {
        self.path.as_ref().is_some_and(Path::is_root)
    }

    pub(crate) fn has_children(&self) -> bool {
        self.children != [None, None]
    }

    pub(crate) fn child(&self, direction: Direction) -> Option<SlotId> {
        let [left, right] = self.children;
        if direction == Direction::Left { left } else { right }
    }

    pub(crate) fn set_child(&mut self, direction: Direction, child: Option<SlotId>) {
        let [left, right] = &mut self.children;
        *(if direction == Direction::Left { left } else { right }) = child;
    }

    /// Bytes that count against the thread's budget.
    pub(crate) fn byte_len(&self) -> u64 {
        let len = self.key.as_slice().len().saturating_add(self.value.as_slice().len());
        len as u64
    }
}

const _: () = assert!(size_of::<Slot>() == 128);

pub(crate) struct Store {
    slots: Box<[Slot]>,
    nodes: Vec<Node>,
    free_nodes: Vec<u32>,
    /// Bytes of all keys and values in slots.
    pub(crate) bytes_used: u64,
}

impl Store {
    pub(crate) fn new(slots: u16) -> Self {
        Self {
            slots: (0..slots).map(|_| Slot::EMPTY).collect(),
            nodes: Vec::new(),
            free_nodes: Vec::new(),
            bytes_used: 0,
        }
    }

    #[inline]
    pub(crate) fn get(&self, slot: SlotId) -> Option<&Slot> {
        self.slots.get(usize::from(slot.0))
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, slot: SlotId) -> Option<&mut Slot> {
        self.slots.get_mut(usize::from(slot.0))
    }

    /// The value of the node in `slot`, where there is one.
    pub(crate) fn node(&self, slot: &Slot) -> Option<&Node> {
        match slot.content {
            Content::Node { index } => self.nodes.get(index as usize),
            _ => None,
        }
    }

    pub(crate) fn node_mut(&mut self, slot: SlotId) -> Option<&mut Node> {
        match self.slots.get(usize::from(slot.0))?.content {
            Content::Node { index } => self.nodes.get_mut(index as usize),
            _ => None,
        }
    }

    /// Puts a record of the application into an empty slot.
    #[inline]
    pub(crate) fn put_app(
        &mut self,
        slot: SlotId,
        relation: RelationId,
        key: &[u8],
        value: Option<&[u8]>,
        path: Option<Path>,
    ) {
        let added = if path.is_some() { AddMethod::Tree } else { AddMethod::Deferred };
        let Some(cell) = self.slots.get_mut(usize::from(slot.0)) else { return };
        cell.content = Content::App { relation, present: value.is_some() };
        cell.added = added;
        cell.path = path;
        cell.key.set(key);
        cell.value.set(value.unwrap_or_default());
        self.bytes_used = self.bytes_used.saturating_add(cell.byte_len());
    }

    /// Puts a node of the tree into an empty slot.
    pub(crate) fn put_node(&mut self, slot: SlotId, path: Path, node: Node, added: AddMethod) {
        let index = match self.free_nodes.pop() {
            Some(index) => index,
            None => {
                self.nodes.push(Node::EMPTY);
                self.nodes.len().saturating_sub(1) as u32
            }
        };
        if let Some(place) = self.nodes.get_mut(index as usize) {
            *place = node;
        }
        if let Some(cell) = self.slots.get_mut(usize::from(slot.0)) {
            cell.content = Content::Node { index };
            cell.added = added;
            cell.path = Some(path);
        }
    }

    /// Gives the record in `slot` a value.
    #[inline]
    pub(crate) fn write(&mut self, slot: SlotId, value: Option<&[u8]>) {
        let Some(cell) = self.slots.get_mut(usize::from(slot.0)) else { return };
        if let Content::App { relation, .. } = cell.content {
            self.bytes_used = self.bytes_used.saturating_sub(cell.byte_len());
            cell.content = Content::App { relation, present: value.is_some() };
            cell.value.set(value.unwrap_or_default());
            self.bytes_used = self.bytes_used.saturating_add(cell.byte_len());
        }
    }

    /// Empties a slot that has no children.
    #[inline]
    pub(crate) fn clear(&mut self, slot: SlotId) {
        let Some(cell) = self.slots.get_mut(usize::from(slot.0)) else { return };
        self.bytes_used = self.bytes_used.saturating_sub(cell.byte_len());
        if let Content::Node { index } = cell.content {
            self.free_nodes.push(index);
        }
        cell.content = Content::Empty;
        cell.parent = None;
        cell.path = None;
        cell.key.clear();
        cell.value.clear();
    }
}
