//! AddM, EvictM and what EvictBM does to the tree: records whose ancestor is in a slot.

use super::{VerifierThread, evicted_value, node_of, record_of};
use crate::answer;
use crate::decide::{self, AddMUpdate, AddMethod, Cut};
use crate::ids::{Direction, SlotId, Timestamp};
use crate::path::Path;
use crate::primitives::Primitives;
use crate::reason::Stop;
use crate::record::{Hash, Link, Node, Pointer, Record};
use crate::store::{Content, Parent, Slot};
use crate::tree_hash::{encoded_node_hash, leaf_path, value_hash};
use alloc::vec::Vec;

impl<P: Primitives> VerifierThread<P> {
    pub(super) fn add_m(
        &mut self,
        slot: SlotId,
        ancestor_slot: SlotId,
        record: &Record<'_>,
    ) -> Result<(), Stop> {
        let path = match record {
            Record::Node { path, .. } => *path,
            Record::App { relation, key, .. } => leaf_path(&self.primitives, *relation, key),
        };
        let node = node_of(record)?.unwrap_or(Node::EMPTY);
        let cell = self.store.get(slot);
        let above = self.above(ancestor_slot, &path);
        let named = above.names(&path);
        let update = decide::decide_add_m(&decide::AddMView {
            slot_in_range: cell.is_some(),
            ancestor_in_range: above.in_range,
            ancestor_occupied: above.occupied,
            slot_empty: cell.is_some_and(|cell| !cell.is_occupied()),
            path,
            ancestor_path: above.path,
            pointer: above.pointer,
            child: above.child,
            value_is_initial: node == Node::EMPTY && !has_value(record),
            value_hash: if named { record_hash(&self.primitives, record) } else { [0; 32] },
            bytes: self.byte_use(record),
        })?;
        self.apply_add_m(slot, ancestor_slot, record, (path, above.direction), (&update, node));
        Ok(())
    }

    fn apply_add_m(
        &mut self,
        slot: SlotId,
        ancestor_slot: SlotId,
        record: &Record<'_>,
        (path, direction): (Path, Direction),
        (update, mut node): (&AddMUpdate, Node),
    ) {
        match record {
            Record::App { relation, key, value } => {
                self.store.put_app(slot, *relation, key, *value, Some(path));
            }
            Record::Node { .. } => {
                if let AddMUpdate::CutEdge(cut) = update {
                    node.set_pointer(cut.direction, Pointer::To(cut.link));
                }
                self.store.put_node(slot, path, node, AddMethod::Tree);
            }
        }
        let mut children = [None, None];
        if let AddMUpdate::CutEdge(Cut { direction: below, child: Some(child), .. }) = update {
            let [left, right] = &mut children;
            *(if *below == Direction::Left { left } else { right }) = Some(*child);
            if let Some(child) = self.store.get_mut(*child) {
                child.parent = Some(Parent { slot, direction: *below });
            }
        }
        if let Some(cell) = self.store.get_mut(slot) {
            cell.parent = Some(Parent { slot: ancestor_slot, direction });
            cell.children = children;
        }
        if *update != AddMUpdate::PointerNamesKey
            && let Some(ancestor) = self.store.node_mut(ancestor_slot)
        {
            // The hash of a record in a slot is not known: zero until it leaves through the tree.
            let pointer = Pointer::To(Link { path, hash: [0; 32], deferred: false });
            ancestor.set_pointer(direction, pointer);
        }
        if let Some(ancestor) = self.store.get_mut(ancestor_slot) {
            ancestor.set_child(direction, Some(slot));
        }
    }

    pub(super) fn evict_m(
        &mut self,
        slot: SlotId,
        ancestor_slot: SlotId,
        outputs: &mut Vec<u8>,
    ) -> Result<(), Stop> {
        let path = self.path_of(slot);
        let cell = self.store.get(slot);
        let parent = cell.and_then(|cell| cell.parent);
        let above = self.above(ancestor_slot, &path);
        decide::decide_evict_m(&decide::EvictMView {
            slot_in_range: cell.is_some(),
            ancestor_in_range: above.in_range,
            slot_occupied: cell.is_some_and(Slot::is_occupied),
            ancestor_occupied: above.occupied,
            path,
            ancestor_path: above.path,
            has_children: cell.is_some_and(Slot::has_children),
            pointer_names_key: above.names(&path),
            ancestor_has_child: above.child.is_some(),
            has_parent: parent.is_some(),
            parent_is_ancestor: parent == Some(above.as_parent(ancestor_slot)),
        })?;
        let hash = self.answer_eviction(slot, outputs);
        let pointer = Pointer::To(Link { path, hash, deferred: false });
        self.point(ancestor_slot, above.direction, pointer);
        self.store.clear(slot);
        Ok(())
    }

    pub(super) fn evict_bm(
        &mut self,
        slot: SlotId,
        ancestor_slot: SlotId,
        timestamp: Timestamp,
        outputs: &mut Vec<u8>,
    ) -> Result<(), Stop> {
        let path = self.path_of(slot);
        let parent = self.store.get(slot).and_then(|cell| cell.parent);
        let above = self.above(ancestor_slot, &path);
        let element_count = decide::decide_evict_bm(&decide::EvictBMView {
            ancestor_in_range: above.in_range,
            ancestor_occupied: above.occupied,
            path,
            ancestor_path: above.path,
            pointer_names_key: above.names(&path),
            pointer_deferred: above.is_deferred(),
            parent_is_ancestor: parent == Some(above.as_parent(ancestor_slot)),
            evict: self.evict_view(slot, timestamp),
        })?;
        self.defer(slot, timestamp, element_count, outputs)?;
        if let Some(link) = above.pointer {
            let pointer = Pointer::To(Link { deferred: true, ..link });
            self.point(ancestor_slot, above.direction, pointer);
        }
        self.board.publish(self.id, timestamp);
        Ok(())
    }

    /// The leaf or node that the record in a slot is: computed when first asked for.
    fn path_of(&mut self, slot: SlotId) -> Path {
        let primitives = &self.primitives;
        let Some(cell) = self.store.get_mut(slot) else { return Path::ROOT };
        match (cell.path, cell.content) {
            (Some(path), _) => path,
            (None, Content::App { relation, .. }) => {
                let path = leaf_path(primitives, relation, cell.key.as_slice());
                cell.path = Some(path);
                path
            }
            (None, _) => Path::ROOT,
        }
    }

    /// What the ancestor's slot says about the side on which `path` lies.
    fn above(&self, ancestor_slot: SlotId, path: &Path) -> Above {
        let cell = self.store.get(ancestor_slot);
        // An ancestor that is a leaf has nothing below it, which `decide` sees by its length; only
        // a slot with an application's record can have no path yet.
        let leaf = Path::leaf(&[0; 32]);
        let ancestor = cell.map_or(leaf, |cell| cell.path.unwrap_or(leaf));
        let direction = path.direction_at(ancestor.len());
        let node = cell.and_then(|cell| self.store.node(cell));
        Above {
            in_range: cell.is_some(),
            occupied: cell.is_some_and(Slot::is_occupied),
            path: ancestor,
            direction,
            pointer: node.and_then(|node| node.pointer(direction).link()),
            child: cell.and_then(|cell| cell.child(direction)),
        }
    }

    fn point(&mut self, ancestor_slot: SlotId, direction: Direction, pointer: Pointer) {
        if let Some(node) = self.store.node_mut(ancestor_slot) {
            node.set_pointer(direction, pointer);
        }
        if let Some(ancestor) = self.store.get_mut(ancestor_slot) {
            ancestor.set_child(direction, None);
        }
    }

    /// Writes the evicted value and its fresh hash, which the tree now holds.
    fn answer_eviction(&mut self, slot: SlotId, outputs: &mut Vec<u8>) -> Hash {
        self.node_bytes.clear();
        let Some(cell) = self.store.get(slot) else { return [0; 32] };
        let record = record_of(cell, &self.store, &mut self.node_bytes);
        let hash = record_hash(&self.primitives, &record);
        answer::put_evicted(outputs, evicted_value(&record), Some(&hash));
        hash
    }
}

/// What an entry's ancestor slot holds, seen from the record's path.
struct Above {
    in_range: bool,
    occupied: bool,
    path: Path,
    direction: Direction,
    pointer: Option<Link>,
    child: Option<SlotId>,
}

impl Above {
    /// Whether the ancestor points to `path` itself.
    fn names(&self, path: &Path) -> bool {
        matches!(&self.pointer, Some(link) if link.path == *path)
    }

    fn is_deferred(&self) -> bool {
        matches!(&self.pointer, Some(Link { deferred: true, .. }))
    }

    /// The parent link that a record below would have.
    fn as_parent(&self, slot: SlotId) -> Parent {
        Parent { slot, direction: self.direction }
    }
}

fn has_value(record: &Record<'_>) -> bool {
    matches!(record, Record::App { value: Some(_), .. })
}

/// The hash that the tree holds of a record's value.
fn record_hash<P: Primitives>(primitives: &P, record: &Record<'_>) -> Hash {
    match record {
        Record::Node { node, .. } => encoded_node_hash(primitives, node),
        Record::App { value, .. } => value_hash(primitives, *value),
    }
}
