//! What a worker does at an epoch's end: no record may stay deferred in an epoch that closes.

use crate::error::HostError;
use crate::options::Policy;
use crate::plan::Expect;
use crate::worker::Worker;
use zeta_verifier::Epoch;

/// Bytes of planned log beyond which the verifier is asked.
const LOG_LEN_MAX: usize = 1 << 15;
/// Records that one piece of a sweep moves to the tree at most.
const RETIRED_MAX: usize = 2048;

/// How far a sweep has come.
#[derive(Clone, Copy, Default)]
pub(crate) struct Cursor {
    next: u32,
    /// Records that may still go to the tree in this sweep.
    retirable: usize,
}

impl Cursor {
    /// A sweep that moves at most so many records to the tree.
    pub(crate) fn new(retirable: usize) -> Self {
        Self { next: 0, retirable }
    }
}

impl Worker {
    /// Stamps anew what is deferred in `epoch` or before, or moves it to the tree where the policy
    /// says so. Looks at `count` records at most; true when none is left.
    pub(crate) fn sweep(
        &mut self,
        epoch: Epoch,
        cursor: &mut Cursor,
        count: u32,
    ) -> Result<bool, HostError> {
        self.check()?;
        let end = self.table.records.len().min(cursor.next.saturating_add(count));
        let mut retired = Vec::new();
        while cursor.next < end {
            let id = cursor.next;
            cursor.next += 1;
            let record = self.table.record_mut(id);
            if !record.is_deferred_until(epoch) {
                continue;
            }
            record.idle = record.idle.saturating_add(1);
            record.heat /= 2;
            let retires = match self.policy {
                Policy::MerkleOnly => true,
                Policy::Hybrid => record.idle > self.idle_epochs && cursor.retirable > 0,
                Policy::DeferredOnly | Policy::Unverified | Policy::PlainMap => false,
            };
            if retires {
                retired.push(id);
                cursor.retirable = cursor.retirable.saturating_sub(1);
                if retired.len() == RETIRED_MAX {
                    break;
                }
                continue;
            }
            self.plan_restamp(id);
            if self.plan.log.len() > LOG_LEN_MAX {
                self.flush_own()?;
            }
        }
        self.flush_own()?;
        self.retire_to_tree(&retired)?;
        Ok(cursor.next >= self.table.records.len())
    }

    /// Plans to give a deferred record a timestamp of this epoch. The record takes it over when the
    /// plan is flushed, before which nobody may plan anything else for it.
    #[inline(always)]
    pub(crate) fn plan_restamp(&mut self, id: u32) {
        self.plan_add_b(id, self.passage);
        self.plan.evict_b(Expect::Restamp { record: id }, self.passage);
    }
}
