//! How a worker runs its part of a batch: in chunks, whose stages overlap their cache misses.

use crate::batch::{GET, Status};
use crate::encoding::{begin_run, finish_run, put_short_run};
use crate::error::HostError;
use crate::operations::{Need, Operations, Part};
use crate::options::Policy;
use crate::plan::Expect;
use crate::record::Place;
use crate::worker::Worker;
use zeta_verifier::{ARGUMENTS_LEN_MAX, RelationId, Timestamp};

/// Operations that are found, planned and verified together.
const CHUNK_LEN: usize = 128;
/// Records that a chunk brings from the tree by itself.
const COLD_LEN_MAX: usize = CHUNK_LEN / 8;
/// Bytes of planned log beyond which the verifier is asked before the chunk is full.
const LOG_LEN_MAX: usize = 1 << 20;
/// An operation whose record is not known from its arguments.
const NO_RECORD: u32 = u32::MAX;

/// How far a part came.
pub(crate) enum Ran {
    All,
    /// This operation needs a record that is lent: wait without the baton, then go on from here.
    Blocked(usize),
    /// Many of the operations from here on need records that are in the tree: bring them, in the
    /// order of their leaves, then go on from here.
    Cold(usize),
    /// This call needs a record of another worker.
    Foreign {
        at: usize,
        relation: RelationId,
        key: Vec<u8>,
    },
}

/// The records of a chunk.
struct Chunk {
    hashes: [u32; CHUNK_LEN],
    ids: [u32; CHUNK_LEN],
    cold: Vec<u32>,
}

impl Chunk {
    fn new() -> Self {
        Self { hashes: [0; CHUNK_LEN], ids: [NO_RECORD; CHUNK_LEN], cold: Vec::new() }
    }
}

impl Worker {
    /// Runs the part's operations `from..to`; records have been brought for those before `brought`.
    pub(crate) fn run<O: Operations>(
        &mut self,
        part: &mut Part<'_, O>,
        (from, to): (usize, usize),
        brought: usize,
    ) -> Result<Ran, HostError> {
        self.check_open()?;
        let mut chunk = Chunk::new();
        let mut start = from;
        while start < to {
            let end = to.min(start + CHUNK_LEN);
            self.find(part, &mut chunk, start, end)?;
            if !chunk.cold.is_empty() && self.policy != Policy::MerkleOnly {
                if chunk.cold.len() > COLD_LEN_MAX && start >= brought {
                    return Ok(Ran::Cold(start));
                }
                self.defer_from_tree(&mut chunk.cold)?;
                chunk.cold.clear();
            }
            let ran = self.plan_chunk(part, &chunk, start, end)?;
            if self.policy == Policy::DeferredOnly {
                self.evict_all();
            }
            self.flush(part)?;
            if let Some(blocked) = ran {
                self.operations += (blocked - start) as u64;
                return Ok(Ran::Blocked(blocked));
            }
            self.operations += (end - start) as u64;
            start = end;
        }
        Ok(Ran::All)
    }

    /// Finds the records of the operations `start..end`, and makes those that do not exist.
    #[inline(always)]
    fn find<O: Operations>(
        &mut self,
        part: &Part<'_, O>,
        chunk: &mut Chunk,
        start: usize,
        end: usize,
    ) -> Result<(), HostError> {
        for at in start..end {
            if let Need::One(relation, key) = part.need(at) {
                let hash = self.table.hash(relation, key);
                chunk.hashes[at - start] = hash;
                self.table.prefetch_index(hash);
            }
        }
        for (hash, id) in chunk.hashes[..end - start].iter().zip(&mut chunk.ids) {
            *id = self.table.prefetch_record(*hash).unwrap_or(NO_RECORD);
        }
        for at in start..end {
            let id = match part.need(at) {
                Need::One(relation, key) => {
                    let probable = Some(chunk.ids[at - start]).filter(|id| *id != NO_RECORD);
                    let hash = chunk.hashes[at - start];
                    self.table.find_probable(probable, hash, relation, key)?
                }
                Need::None => NO_RECORD,
            };
            chunk.ids[at - start] = id;
            if id != NO_RECORD && is_cold(self.table.record(id).place()) {
                chunk.cold.push(id);
            }
        }
        // In a loop of its own, which does little else, more misses overlap.
        for id in chunk.ids[..end - start].iter().filter(|id| **id != NO_RECORD) {
            let record = self.table.record(*id);
            if record.place() == Place::Slot {
                self.warm(record.slot());
            }
        }
        Ok(())
    }

    /// Adds the records in the tree that the operations `from..to` need, new ones among them.
    pub(crate) fn find_cold<O: Operations>(
        &mut self,
        part: &Part<'_, O>,
        (from, to): (usize, usize),
        cold: &mut Vec<u32>,
    ) -> Result<(), HostError> {
        let mut chunk = Chunk::new();
        for start in (from..to).step_by(CHUNK_LEN) {
            self.find(part, &mut chunk, start, to.min(start + CHUNK_LEN))?;
        }
        cold.append(&mut chunk.cold);
        Ok(())
    }

    /// Plans the operations `start..end`, and gives the one before which it had to end.
    #[inline(always)]
    fn plan_chunk<O: Operations>(
        &mut self,
        part: &mut Part<'_, O>,
        chunk: &Chunk,
        start: usize,
        end: usize,
    ) -> Result<Option<usize>, HostError> {
        for at in start..end {
            let id = chunk.ids[at - start];
            if self.plan.log.len() > LOG_LEN_MAX {
                self.flush(part)?;
            }
            if id == NO_RECORD || self.policy == Policy::MerkleOnly {
                if !self.plan_rare(part, id, at)? {
                    return Ok(Some(at));
                }
                continue;
            }
            let slot = match self.table.record(id).place() {
                Place::Slot => {
                    let slot = self.table.record(id).slot();
                    self.slots.touch(slot);
                    slot
                }
                Place::Deferred => self.admit(id, &[])?,
                Place::Lent => return Ok(Some(at)),
                Place::Evicting | Place::New | Place::Tree => {
                    self.flush(part)?;
                    self.defer_from_tree(&mut vec![id])?;
                    self.admit(id, &[])?
                }
            };
            self.table.record_mut(id).stale |= part.operations.transition(part.index(at)) != GET;
            self.plan_run(part, at, &[slot]);
        }
        Ok(None)
    }

    /// Plans an operation that is not the common one on one record; false where it must wait.
    #[cold]
    fn plan_rare<O: Operations>(
        &mut self,
        part: &mut Part<'_, O>,
        id: u32,
        at: usize,
    ) -> Result<bool, HostError> {
        if id != NO_RECORD {
            return self.plan_merkle(part, id, at);
        }
        self.plan_run(part, at, &[]);
        Ok(true)
    }

    /// Plans a RunApp over these slots.
    #[inline(always)]
    pub(crate) fn plan_run<O: Operations>(
        &mut self,
        part: &mut Part<'_, O>,
        at: usize,
        slots: &[u16],
    ) {
        let index = part.index(at);
        let log = &mut self.plan.log;
        let expect = Expect::Run { operation: at as u32 };
        if let [slot] = slots
            && let Some(run) = part.operations.short_run(index)
        {
            let start = log.len();
            self.plan.expect(expect, start, Timestamp::default());
            put_short_run(&mut self.plan.log, run, *slot);
            return;
        }
        let (start, operations) = (log.len(), part.operations);
        let arguments = begin_run(log, operations.transition(index), operations.credential(index));
        operations.put_arguments(index, log);
        if log.len() - arguments > ARGUMENTS_LEN_MAX {
            log.truncate(start);
            // The log has no form for it; what the verifier would say is known.
            let code = zeta_program::Refusal::IllTypedArguments.code();
            part.results.set_code(at, Status::Refused, code);
            return;
        }
        finish_run(log, arguments, slots);
        self.plan.expect(expect, start, Timestamp::default());
    }

    /// Plans to evict every record that is in a slot.
    pub(crate) fn evict_all(&mut self) {
        let occupied: Vec<_> = self.slots.occupied().collect();
        for (_, record) in occupied {
            self.plan_evict(record);
        }
    }
}

#[inline(always)]
fn is_cold(place: Place) -> bool {
    matches!(place, Place::New | Place::Tree)
}
