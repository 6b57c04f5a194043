//! AddB and EvictB, and what every eviction to deferred state does to hash, clock and board.

use super::{VerifierThread, evicted_value, node_of, record_of};
use crate::answer;
use crate::decide::{self, AddMethod, ByteUse};
use crate::ids::{SlotId, ThreadId, Timestamp};
use crate::primitives::Primitives;
use crate::reason::{NotYet, Reason, Stop};
use crate::record::{Node, Record};
use crate::store::Slot;
use alloc::vec::Vec;

/// What `decide` has ruled out already: no sums are kept for an epoch beyond the window.
const OUTSIDE_WINDOW: Stop = Stop::Retry(NotYet::Window);

impl<P: Primitives> VerifierThread<P> {
    #[inline]
    pub(super) fn add_b(
        &mut self,
        slot: SlotId,
        thread: ThreadId,
        timestamp: Timestamp,
        record: &Record<'_>,
    ) -> Result<(), Stop> {
        let node = node_of(record)?;
        let cell = self.store.get(slot);
        let own_element = thread == self.id;
        let published = if own_element { Some(timestamp) } else { self.board.published(thread) };
        let epoch = timestamp.epoch();
        let update = decide::decide_add_b(&decide::AddBView {
            slot_in_range: cell.is_some(),
            is_root: matches!(record, Record::Node { path, .. } if path.is_root()),
            slot_empty: cell.is_some_and(|cell| !cell.is_occupied()),
            thread_in_range: published.is_some(),
            own_element,
            timestamp,
            clock: self.clock,
            published: published.unwrap_or_default(),
            next_epoch: self.next_epoch,
            element_count: self.open.counts(epoch).0,
            bytes: self.byte_use(record),
        })?;
        let (primitives, scratch) = (&self.primitives, &mut self.scratch);
        let open = self.open.open(epoch, primitives).ok_or(OUTSIDE_WINDOW)?;
        open.added.insert(primitives, &mut open.key, record, (timestamp, thread), scratch);
        open.added.count = update.element_count;
        self.clock = update.clock;
        match record {
            Record::App { relation, key, value } => {
                self.store.put_app(slot, *relation, key, *value, None);
            }
            Record::Node { path, .. } => {
                let node = node.unwrap_or(Node::EMPTY);
                self.store.put_node(slot, *path, node, AddMethod::Deferred);
            }
        }
        Ok(())
    }

    #[inline]
    pub(super) fn evict_b(
        &mut self,
        slot: SlotId,
        timestamp: Timestamp,
        outputs: &mut Vec<u8>,
    ) -> Result<(), Stop> {
        let view = self.evict_view(slot, timestamp);
        let element_count = decide::decide_evict_b(&view)?;
        self.defer(slot, timestamp, element_count, outputs)?;
        self.board.publish(self.id, timestamp);
        Ok(())
    }

    #[inline]
    pub(super) fn evict_view(&self, slot: SlotId, timestamp: Timestamp) -> decide::EvictBView {
        let cell = self.store.get(slot);
        decide::EvictBView {
            slot_in_range: cell.is_some(),
            slot_occupied: cell.is_some_and(Slot::is_occupied),
            is_root: cell.is_some_and(Slot::is_root),
            timestamp,
            clock: self.clock,
            has_children: cell.is_some_and(Slot::has_children),
            added: cell.map_or(AddMethod::Tree, |cell| cell.added),
            next_epoch: self.next_epoch,
            element_count: self.open.counts(timestamp.epoch()).1,
        }
    }

    /// What both evictions to deferred state do: hash, clock, answer, empty slot. The
    /// caller publishes, when all is applied.
    #[inline]
    pub(super) fn defer(
        &mut self,
        slot: SlotId,
        timestamp: Timestamp,
        element_count: u64,
        outputs: &mut Vec<u8>,
    ) -> Result<(), Stop> {
        self.node_bytes.clear();
        let cell = self.store.get(slot).ok_or(Stop::Rejected(Reason::SlotEmpty))?;
        let (primitives, scratch) = (&self.primitives, &mut self.scratch);
        let open = self.open.open(timestamp.epoch(), primitives).ok_or(OUTSIDE_WINDOW)?;
        let record = record_of(cell, &self.store, &mut self.node_bytes);
        open.evicted.insert(primitives, &mut open.key, &record, (timestamp, self.id), scratch);
        open.evicted.count = element_count;
        answer::put_evicted(outputs, evicted_value(&record), None);
        self.clock = timestamp;
        self.store.clear(slot);
        Ok(())
    }

    #[inline]
    pub(super) fn byte_use(&self, record: &Record<'_>) -> ByteUse {
        let added = match record {
            Record::Node { .. } => 0,
            Record::App { key, value, .. } => {
                key.len().saturating_add(value.map_or(0, <[u8]>::len)) as u64
            }
        };
        ByteUse { used: self.store.bytes_used, added, budget: self.byte_budget }
    }
}
