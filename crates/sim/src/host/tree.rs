//! How the host brings records into slots: from deferred state, from the tree, or new.

use super::{Away, Host, Place, Resident, Trouble};
use crate::owned_record::OwnedRecord;
use zeta_verifier::decide::AddMethod;
use zeta_verifier::{Entry, Link, Node, Path, Pointer, Primitives, SlotId, ThreadId};

impl<P: Primitives> Host<P> {
    /// Brings a key's record into a slot of `thread`.
    pub(super) fn bring_key(&mut self, thread: u16, key: &[u8]) -> Result<u16, Trouble> {
        let path = self.leaf(key);
        if let Some(slot) = self.slot_of(thread, &path) {
            return Ok(slot);
        }
        if let Some((owner, slot)) = self.locate(&path) {
            return self.move_leaf(owner, slot, thread);
        }
        let known = self.away.contains_key(&path);
        let (owner, slot) =
            if known { self.bring(thread, &path)? } else { self.create(thread, key)? };
        if owner == thread { Ok(slot) } else { self.move_leaf(owner, slot, thread) }
    }

    /// Lets a leaf go on one thread and adds it on another.
    fn move_leaf(&mut self, owner: u16, slot: u16, thread: u16) -> Result<u16, Trouble> {
        let path = self.resident(owner, slot).ok_or(Trouble::Stuck)?.path;
        self.defer(owner, slot)?;
        let away = self.away.get(&path).ok_or(Trouble::Stuck)?.clone();
        let slot = self.free_slot(thread)?;
        self.add_b(thread, slot, &path, &away)?;
        Ok(slot)
    }

    /// Brings a record that is somewhere into some slot: of `thread` if it was deferred, else of
    /// the thread that has its parent.
    pub fn bring(&mut self, thread: u16, path: &Path) -> Result<(u16, u16), Trouble> {
        if let Some(found) = self.locate(path) {
            return Ok(found);
        }
        let away = self.away.get(path).ok_or(Trouble::Stuck)?.clone();
        match away.place {
            Place::Deferred { .. } => {
                let slot = self.free_slot(thread)?;
                self.add_b(thread, slot, path, &away)?;
                Ok((thread, slot))
            }
            Place::Tree => {
                let (parent, _) = self.walk(path)?;
                let (owner, ancestor_slot) = self.bring(thread, &parent)?;
                let slot = self.add_m(owner, ancestor_slot, &away.record)?;
                self.away.remove(path);
                Ok((owner, slot))
            }
        }
    }

    /// Adds a new key below the node that is nearest, with a node between where paths part.
    fn create(&mut self, thread: u16, key: &[u8]) -> Result<(u16, u16), Trouble> {
        let path = self.leaf(key);
        let (above, pointer) = self.walk(&path)?;
        let (owner, mut ancestor_slot) = self.bring(thread, &above)?;
        if let Pointer::To(link) = pointer {
            let fork =
                OwnedRecord::Node { path: path.common_prefix(&link.path), node: Node::EMPTY };
            ancestor_slot = self.add_m(owner, ancestor_slot, &fork)?;
        }
        let slot = self.add_m(owner, ancestor_slot, &OwnedRecord::null(key))?;
        Ok((owner, slot))
    }

    /// The deepest node above `path`, and its pointer on that side.
    fn walk(&self, path: &Path) -> Result<(Path, Pointer), Trouble> {
        let mut above = Path::ROOT;
        loop {
            let node = self.node(&above).ok_or(Trouble::Stuck)?;
            let pointer = *node.pointer(path.direction_at(above.len()));
            match pointer {
                Pointer::To(link)
                    if path.is_proper_descendant_of(&link.path)
                        && link.path.is_proper_descendant_of(&above) =>
                {
                    above = link.path;
                }
                _ => return Ok((above, pointer)),
            }
        }
    }

    pub fn add_b(
        &mut self,
        thread: u16,
        slot: u16,
        path: &Path,
        away: &Away,
    ) -> Result<(), Trouble> {
        let Place::Deferred { thread: from, timestamp } = away.place else {
            return Err(Trouble::Stuck);
        };
        let mut bytes = Vec::new();
        let record = away.record.borrowed(&mut bytes);
        let (slot_id, from) = (SlotId(slot), ThreadId(from));
        self.submit(thread, &Entry::AddB { slot: slot_id, thread: from, timestamp, record })?;
        self.away.remove(path);
        self.slots[usize::from(thread)][usize::from(slot)] = Some(Resident {
            path: *path,
            record: away.record.clone(),
            added: AddMethod::Deferred,
            parent: None,
        });
        Ok(())
    }

    /// Adds a record below an ancestor, into a free slot.
    fn add_m(
        &mut self,
        thread: u16,
        ancestor_slot: u16,
        record: &OwnedRecord,
    ) -> Result<u16, Trouble> {
        self.pins.push((thread, ancestor_slot));
        let slot = self.free_slot(thread);
        self.pins.pop();
        let slot = slot?;
        let mut bytes = Vec::new();
        let entry = Entry::AddM {
            slot: SlotId(slot),
            ancestor_slot: SlotId(ancestor_slot),
            record: record.borrowed(&mut bytes),
        };
        self.submit(thread, &entry)?;
        self.note_added(thread, slot, ancestor_slot, record)?;
        Ok(slot)
    }

    /// Does to the host's own copy what the verifier did.
    fn note_added(
        &mut self,
        thread: u16,
        slot: u16,
        ancestor_slot: u16,
        record: &OwnedRecord,
    ) -> Result<(), Trouble> {
        let path = record.path(&self.primitives);
        let mut record = record.clone();
        let ancestor = self.resident_mut(thread, ancestor_slot).ok_or(Trouble::Stuck)?;
        let direction = path.direction_at(ancestor.path.len());
        let OwnedRecord::Node { node, .. } = &mut ancestor.record else {
            return Err(Trouble::Stuck);
        };
        let old = *node.pointer(direction);
        if !matches!(old, Pointer::To(link) if link.path == path) {
            node.set_pointer(direction, Pointer::To(Link { path, hash: [0; 32], deferred: false }));
        }
        if let (Pointer::To(link), OwnedRecord::Node { node, .. }) = (old, &mut record)
            && link.path != path
        {
            let below = link.path.direction_at(path.len());
            node.set_pointer(below, old);
            // By its parent and not by its path: a liar may have two records of one path.
            let children = self.slots[usize::from(thread)].iter_mut().flatten();
            for child in children.filter(|child| child.parent == Some((ancestor_slot, direction))) {
                child.parent = Some((slot, below));
            }
        }
        let parent = Some((ancestor_slot, direction));
        let resident = Resident { path, record, added: AddMethod::Tree, parent };
        self.slots[usize::from(thread)][usize::from(slot)] = Some(resident);
        Ok(())
    }
}
