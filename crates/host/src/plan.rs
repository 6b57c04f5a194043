//! The log that a worker has planned and the verifier has not seen: bytes, and what to expect.

use crate::encoding::put_evict_b;
use zeta_verifier::{Direction, Entry, Epoch, SlotId, Timestamp};

/// What an entry's answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expect {
    /// An operation of the batch.
    Run { operation: u32 },
    /// A record leaves for deferred state; its value comes back.
    Evict { record: u32 },
    /// As `Evict`, of a record that no operation has touched.
    Restamp { record: u32 },
    /// A leaf leaves for the tree: its value and hash come back.
    Leaf { record: u32, parent: u32, side: Direction },
    /// A node leaves for the tree: its hash comes back.
    Node { parent: u32, side: Direction },
    /// A node leaves for deferred state, at the store's start.
    HandOver,
}

/// One planned entry that will be answered.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    pub(crate) expect: Expect,
    /// Where the entry begins in the log.
    pub(crate) offset: u32,
    /// Of evictions to deferred state.
    pub(crate) stamp: Timestamp,
}

/// The planned log.
#[derive(Default)]
pub(crate) struct Plan {
    pub(crate) log: Vec<u8>,
    pub(crate) steps: Vec<Step>,
    /// The thread's clock after all that is planned.
    pub(crate) clock: Timestamp,
}

impl Plan {
    pub(crate) fn is_empty(&self) -> bool {
        self.log.is_empty()
    }

    /// Notes that the entry at `offset` will be answered.
    #[inline(always)]
    pub(crate) fn expect(&mut self, expect: Expect, offset: usize, stamp: Timestamp) {
        self.steps.push(Step { expect, offset: offset as u32, stamp });
    }

    /// Notes that an element of this timestamp is added.
    #[inline(always)]
    pub(crate) fn see(&mut self, stamp: Timestamp) {
        self.clock = self.clock.max(stamp.after());
    }

    /// The timestamp of the next eviction.
    #[inline(always)]
    pub(crate) fn next_stamp(&mut self) -> Timestamp {
        self.clock = self.clock.after();
        self.clock
    }

    #[inline(always)]
    pub(crate) fn evict_b(&mut self, expect: Expect, slot: u16) {
        let timestamp = self.next_stamp();
        self.expect(expect, self.log.len(), timestamp);
        put_evict_b(&mut self.log, slot, timestamp);
    }

    pub(crate) fn evict_bm(&mut self, expect: Expect, slot: u16, ancestor_slot: u16) {
        let timestamp = self.next_stamp();
        self.expect(expect, self.log.len(), timestamp);
        let (slot, ancestor_slot) = (SlotId(slot), SlotId(ancestor_slot));
        Entry::EvictBM { slot, ancestor_slot, timestamp }.encode(&mut self.log);
    }

    pub(crate) fn evict_m(&mut self, expect: Expect, slot: u16, ancestor_slot: u16) {
        self.expect(expect, self.log.len(), Timestamp::default());
        let (slot, ancestor_slot) = (SlotId(slot), SlotId(ancestor_slot));
        Entry::EvictM { slot, ancestor_slot }.encode(&mut self.log);
    }

    pub(crate) fn next_epoch(&mut self) {
        Entry::NextEpoch.encode(&mut self.log);
        self.clock = Timestamp::new(self.clock.epoch().after(), 0);
    }

    /// Drops the first `consumed` bytes and the steps in them.
    pub(crate) fn forget(&mut self, consumed: usize) {
        let done = self.steps.partition_point(|step| (step.offset as usize) < consumed);
        self.steps.drain(..done);
        for step in &mut self.steps {
            step.offset -= consumed as u32;
        }
        self.log.drain(..consumed);
    }

    /// Puts entries before what is planned and stamps all later evictions anew, where the thread's
    /// clock is `clock` before them.
    pub(crate) fn restart(&mut self, clock: Timestamp, before: impl FnOnce(&mut Self)) {
        let tail = std::mem::take(self);
        self.clock = clock;
        before(self);
        let mut steps = tail.steps.iter().peekable();
        let mut rest = tail.log.as_slice();
        let mut offset = 0;
        while let Ok((entry, after)) = Entry::decode(rest) {
            let step = steps.next_if(|step| step.offset == offset);
            match entry {
                Entry::AddB { timestamp, .. } => self.see(timestamp),
                Entry::NextEpoch => {
                    self.clock = Timestamp::new(self.clock.epoch().after(), 0);
                }
                _ => {}
            }
            let at = self.log.len() as u32;
            let stamp = self.restamp(&entry);
            if let Some(step) = step {
                let stamp = stamp.unwrap_or(step.stamp);
                self.steps.push(Step { stamp, offset: at, ..*step });
            }
            if stamp.is_none() {
                entry.encode(&mut self.log);
            }
            offset += (rest.len() - after.len()) as u32;
            rest = after;
        }
    }

    /// Writes an eviction to deferred state with the next timestamp, where `entry` is one.
    fn restamp(&mut self, entry: &Entry<'_>) -> Option<Timestamp> {
        match *entry {
            Entry::EvictB { slot, .. } => {
                let timestamp = self.next_stamp();
                Entry::EvictB { slot, timestamp }.encode(&mut self.log);
                Some(timestamp)
            }
            Entry::EvictBM { slot, ancestor_slot, .. } => {
                let timestamp = self.next_stamp();
                Entry::EvictBM { slot, ancestor_slot, timestamp }.encode(&mut self.log);
                Some(timestamp)
            }
            _ => None,
        }
    }

    /// The epoch of what is planned next.
    pub(crate) fn epoch(&self) -> Epoch {
        self.clock.epoch()
    }
}
