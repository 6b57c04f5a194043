//! What a worker does at an epoch's end: no record may stay deferred in an epoch that closes.

use crate::error::HostError;
use crate::options::Policy;
use crate::plan::Expect;
use crate::worker::Worker;
use zeta_verifier::{ELEMENT_VALUE_LEN_MAX, Epoch};

/// Bytes of planned log beyond which the verifier is asked.
const LOG_LEN_MAX: usize = 1 << 15;
/// Records that one piece of a sweep moves to the tree at most.
const RETIRED_MAX: usize = 2048;

/// Bytes of values that one piece of a sweep stamps anew or moves, before others get the worker.
const VALUE_BYTES_MAX: usize = 8 << 20;

/// Epochs that a record may stay deferred without use, where its value has so many bytes. A long
/// one is hashed at each stamp: the longer it is, the sooner the tree is cheaper.
fn patience(idle_epochs: u8, value_len: usize) -> u8 {
    if value_len <= ELEMENT_VALUE_LEN_MAX {
        return idle_epochs;
    }
    let shorter = usize::from(idle_epochs) * ELEMENT_VALUE_LEN_MAX / value_len;
    idle_epochs.min(u8::try_from(shorter).unwrap_or(u8::MAX).max(1))
}

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
        let mut bytes = 0;
        while cursor.next < end && bytes < VALUE_BYTES_MAX {
            let id = cursor.next;
            cursor.next += 1;
            let record = self.table.record_mut(id);
            if !record.is_deferred_until(epoch) {
                continue;
            }
            record.idle = record.idle.saturating_add(1);
            record.heat /= 2;
            let len = record.value_len();
            bytes += len;
            let retires = match self.policy {
                Policy::MerkleOnly => true,
                Policy::Hybrid => {
                    record.idle > patience(self.idle_epochs, len) && cursor.retirable > 0
                }
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

#[cfg(test)]
mod tests {
    use super::patience;

    #[test]
    fn the_longer_a_value_the_sooner_it_goes_to_the_tree() {
        let epochs = [0, 512, 513, 1024, 5120, 30_720, 1 << 20].map(|len| patience(60, len));
        assert_eq!(epochs, [60, 60, 59, 30, 6, 1, 1]);
        assert_eq!([0, 1, 600].map(|len| patience(0, len)), [0, 0, 0]);
    }
}
