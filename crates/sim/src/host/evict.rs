//! How the host lets records go: into the tree or to deferred state, at random.

use super::{Away, Host, Place, Trouble};
use zeta_verifier::decide::AddMethod;
use zeta_verifier::{
    Answer, Direction, Entry, Epoch, Link, Pointer, Primitives, SlotId, Timestamp,
};

impl<P: Primitives> Host<P> {
    /// An empty slot, made empty if need be.
    pub fn free_slot(&mut self, thread: u16) -> Result<u16, Trouble> {
        let slots = &self.slots[usize::from(thread)];
        if let Some(slot) = slots.iter().position(Option::is_none) {
            return Ok(slot as u16);
        }
        let all: Vec<u16> = (0..slots.len() as u16).collect();
        let free: Vec<u16> = all.into_iter().filter(|slot| self.may_leave(thread, *slot)).collect();
        let slot = *self.random.pick(&free).ok_or(Trouble::Stuck)?;
        self.evict(thread, slot)?;
        Ok(slot)
    }

    /// Whether the slot holds a record without children that nobody needs right now.
    #[must_use]
    pub fn may_leave(&self, thread: u16, slot: u16) -> bool {
        let slots = &self.slots[usize::from(thread)];
        let Some(resident) = self.resident(thread, slot) else { return false };
        let is_child = |parent: Option<(u16, Direction)>| parent.is_some_and(|(p, _)| p == slot);
        !resident.path.is_root()
            && !self.pins.contains(&(thread, slot))
            && !slots.iter().flatten().any(|other| is_child(other.parent))
    }

    /// Lets a record go in one of the ways that are open to it.
    pub fn evict(&mut self, thread: u16, slot: u16) -> Result<(), Trouble> {
        let resident = self.resident(thread, slot).ok_or(Trouble::Stuck)?;
        let ancestor = match resident.parent {
            Some((slot, _)) => Some(slot),
            None => self.ancestor_of(thread, slot),
        };
        match ancestor {
            Some(ancestor) if self.random.chance(50) => self.evict_m(thread, slot, ancestor),
            _ => self.defer(thread, slot),
        }
    }

    /// The slot of the node that points to a deferred record, where that is on the same thread.
    fn ancestor_of(&self, thread: u16, slot: u16) -> Option<u16> {
        let path = self.resident(thread, slot)?.path;
        let slots = (0..).zip(&self.slots[usize::from(thread)]);
        let mut found = slots.filter(|(_, other)| {
            other.as_ref().is_some_and(|other| {
                let node = other.record.node();
                let side = path.direction_at(other.path.len());
                let pointer = node.map(|node| *node.pointer(side));
                path.is_proper_descendant_of(&other.path)
                    && matches!(pointer, Some(Pointer::To(link)) if link.path == path)
            })
        });
        found.next().map(|(slot, _)| slot)
    }

    fn evict_m(&mut self, thread: u16, slot: u16, ancestor: u16) -> Result<(), Trouble> {
        let (slot_id, ancestor_slot) = (SlotId(slot), SlotId(ancestor));
        let outputs = self.submit(thread, &Entry::EvictM { slot: slot_id, ancestor_slot })?;
        let hash = match Answer::decode(&outputs) {
            Some((Answer::Evicted { hash: Some(hash), .. }, _)) => *hash,
            _ => return Err(Trouble::Stuck),
        };
        let away = self.note_evicted(thread, slot, Place::Tree, &outputs)?;
        self.point(thread, ancestor, Link { path: away, hash, deferred: false })
    }

    /// Lets a record go to deferred state.
    pub(super) fn defer(&mut self, thread: u16, slot: u16) -> Result<(), Trouble> {
        let resident = self.resident(thread, slot).ok_or(Trouble::Stuck)?;
        let (added, parent) = (resident.added, resident.parent);
        let timestamp = self.stamp(thread);
        let place = Place::Deferred { thread, timestamp };
        let slot_id = SlotId(slot);
        match (added, parent) {
            (AddMethod::Tree, Some((ancestor, _))) => {
                let ancestor_slot = SlotId(ancestor);
                let entry = Entry::EvictBM { slot: slot_id, ancestor_slot, timestamp };
                let outputs = self.submit(thread, &entry)?;
                let path = self.note_evicted(thread, slot, place, &outputs)?;
                let hash = self.hash_below(thread, ancestor, path);
                self.point(thread, ancestor, Link { path, hash, deferred: true })
            }
            _ => {
                let outputs = self.submit(thread, &Entry::EvictB { slot: slot_id, timestamp })?;
                self.note_evicted(thread, slot, place, &outputs).map(|_| ())
            }
        }
    }

    /// A timestamp after the clock; now and then in the next epoch.
    fn stamp(&mut self, thread: u16) -> Timestamp {
        let clock = self.clock(thread);
        let step = 1 + self.random.below(3) as u32;
        if self.random.chance(3) {
            return Timestamp::new(Epoch(clock.epoch().0 + 1), step);
        }
        Timestamp::new(clock.epoch(), clock.counter().saturating_add(step))
    }

    fn note_evicted(
        &mut self,
        thread: u16,
        slot: u16,
        place: Place,
        outputs: &[u8],
    ) -> Result<zeta_verifier::Path, Trouble> {
        let place_in_mirror = &mut self.slots[usize::from(thread)][usize::from(slot)];
        let mut resident = place_in_mirror.take().ok_or(Trouble::Stuck)?;
        let Some((Answer::Evicted { value, .. }, [])) = Answer::decode(outputs) else {
            return Err(Trouble::Stuck);
        };
        resident.record.take_evicted(value);
        let away = Away { record: resident.record, place };
        self.past.push(away.clone());
        self.away.insert(resident.path, away);
        Ok(resident.path)
    }

    fn hash_below(&self, thread: u16, ancestor: u16, path: zeta_verifier::Path) -> [u8; 32] {
        let resident = self.resident(thread, ancestor);
        let node = resident.and_then(|resident| resident.record.node().copied());
        let side = resident.map(|resident| path.direction_at(resident.path.len()));
        match node.zip(side).map(|(node, side)| *node.pointer(side)) {
            Some(Pointer::To(link)) => link.hash,
            _ => [0; 32],
        }
    }

    fn point(&mut self, thread: u16, ancestor: u16, link: Link) -> Result<(), Trouble> {
        let resident = self.resident_mut(thread, ancestor).ok_or(Trouble::Stuck)?;
        let side = link.path.direction_at(resident.path.len());
        match &mut resident.record {
            crate::owned_record::OwnedRecord::Node { node, .. } => {
                node.set_pointer(side, Pointer::To(link));
                Ok(())
            }
            crate::owned_record::OwnedRecord::App { .. } => Err(Trouble::Stuck),
        }
    }
}
