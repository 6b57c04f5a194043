//! How a worker runs calls of any application: in chunks, each call over any number of records.
//!
//! Where the arguments alone tell the records of a call, it is planned at once. Otherwise the host
//! runs it first, over its own values, by the interpreter that the verifier runs: it learns which
//! records to bring, and what the call will have written, so that calls that follow can be planned
//! before the verifier has seen this one. It is a guess that nobody has to believe.

use crate::asked::{Asked, AskedKey};
use crate::batch::Status;
use crate::chunk::Ran;
use crate::error::HostError;
use crate::operations::{Calls, Operations, Part};
use crate::options::Policy;
use crate::record::Place;
use crate::shape::Shape;
use crate::table::Table;
use crate::worker::Worker;
use zeta_program::bound::{ARGUMENTS_LEN_MAX, ROW_COUNT_MAX};
use zeta_program::{Refusal, RowHandle, Rows};
use zeta_verifier::{RelationId, TransitionId, leaf_path};

/// Calls that are found, planned and verified together.
const CHUNK_LEN: usize = 128;
/// Records that a chunk brings from the tree by itself.
const COLD_LEN_MAX: usize = CHUNK_LEN / 8;
/// Bytes of planned log beyond which the verifier is asked before the chunk is full.
const LOG_LEN_MAX: usize = 1 << 20;

/// Calls that are tracked after one had to wait for the verifier to know a value, which takes as
/// long as running so many; and how many at most.
const TRACKED_PER_PAUSE: u32 = 16;
const TRACKED_MAX: u32 = 1 << 12;

/// The distinct records of a call, in the order in which it asks for them.
struct Bound {
    ids: [u32; ROW_COUNT_MAX],
    len: usize,
}

/// Why the host's own run of a call did not come to its end.
enum Pause {
    /// A record's value is known to the verifier alone.
    Stale(u32),
    /// A record is lent to another worker.
    Lent,
    /// A record belongs to another worker.
    Foreign(RelationId, Vec<u8>),
    Failed(HostError),
}

impl Bound {
    fn new() -> Self {
        Self { ids: [0; ROW_COUNT_MAX], len: 0 }
    }

    #[inline(always)]
    fn push(&mut self, id: u32) {
        if self.len < ROW_COUNT_MAX {
            self.ids[self.len] = id;
            self.len += 1;
        }
    }

    #[inline(always)]
    fn as_slice(&self) -> &[u32] {
        &self.ids[..self.len]
    }
}

impl Worker {
    /// Runs the part's calls `from..to`; records have been brought for those before `brought`.
    pub(crate) fn run_calls(
        &mut self,
        part: &mut Part<'_, Calls<'_>>,
        (from, to): (usize, usize),
        brought: usize,
    ) -> Result<Ran, HostError> {
        self.check_open()?;
        let mut asked = std::mem::take(&mut self.asked);
        let mut start = from;
        let mut ran = Ok(Ran::All);
        while start < to && matches!(ran, Ok(Ran::All)) {
            let end = to.min(start + CHUNK_LEN);
            ran = self.run_chunk(part, &mut asked, (start, end), brought);
            let done = match &ran {
                Ok(Ran::All) | Err(_) => end,
                Ok(Ran::Blocked(at) | Ran::Cold(at) | Ran::Foreign { at, .. }) => *at,
            };
            self.operations += (done - start) as u64;
            start = end;
        }
        self.asked = asked;
        ran
    }

    fn run_chunk(
        &mut self,
        part: &mut Part<'_, Calls<'_>>,
        asked: &mut Asked,
        (start, end): (usize, usize),
        brought: usize,
    ) -> Result<Ran, HostError> {
        asked.collect(part, &self.table, (start, end));
        let mut cold = self.find_asked(part, asked, (start, end))?;
        if !cold.is_empty() && self.policy != Policy::MerkleOnly {
            if cold.len() > COLD_LEN_MAX && start >= brought {
                return Ok(Ran::Cold(start));
            }
            self.defer_from_tree(&mut cold)?;
        }
        let mut ran = Ran::All;
        for at in start..end {
            if self.plan.log.len() > LOG_LEN_MAX {
                self.flush(part)?;
            }
            ran = match self.policy {
                Policy::MerkleOnly => self.plan_call_merkle(part, asked, (start, at))?,
                _ => self.plan_call(part, asked, (start, at))?,
            };
            if !matches!(ran, Ran::All) {
                break;
            }
        }
        if self.policy == Policy::DeferredOnly {
            self.evict_all();
        }
        self.flush(part)?;
        Ok(ran)
    }

    /// Finds the records that a chunk asks for, and gives those that are in the tree.
    fn find_asked(
        &mut self,
        part: &Part<'_, Calls<'_>>,
        asked: &mut Asked,
        (start, end): (usize, usize),
    ) -> Result<Vec<u32>, HostError> {
        for key in asked.all() {
            self.table.prefetch_record(key.hash);
        }
        let (mut cold, mut next) = (Vec::new(), 0);
        for at in start..end {
            let exact = part.operations.shape(part.index(at)).is_some_and(|shape| shape.exact);
            for _ in 0..asked.of_call(at - start).len() {
                let (key, relation, hash) = {
                    let found = &asked.all()[next];
                    (asked.key(found), found.relation, found.hash)
                };
                // What a call may not come to ask for is not made for it.
                let id = match self.table.find(hash, relation, key) {
                    None if exact => Some(self.table.add(hash, relation, key)?),
                    found => found,
                };
                asked.set_id(next, id);
                next += 1;
                let Some(id) = id else { continue };
                match self.table.record(id).place() {
                    Place::New | Place::Tree => cold.push(id),
                    Place::Slot => self.warm(self.table.record(id).slot()),
                    _ => {}
                }
            }
        }
        Ok(cold)
    }

    /// Adds the records in the tree that the calls `from..to` ask for: new ones only where it is
    /// certain that they will.
    pub(crate) fn find_cold_of_calls(
        &mut self,
        part: &Part<'_, Calls<'_>>,
        (from, to): (usize, usize),
        cold: &mut Vec<u32>,
    ) -> Result<(), HostError> {
        for index in (from..to).map(|at| part.index(at)) {
            let Some(shape) = part.operations.shape(index) else { continue };
            let mut added = Ok(());
            shape.each_key(part.operations.arguments(index), |relation, key| {
                let hash = self.table.hash(relation, key);
                let id = match self.table.find(hash, relation, key) {
                    None if shape.exact => match self.table.add(hash, relation, key) {
                        Ok(id) => id,
                        Err(error) => return added = Err(error),
                    },
                    None => return,
                    Some(id) => id,
                };
                if matches!(self.table.record(id).place(), Place::New | Place::Tree) {
                    cold.push(id);
                }
            });
            added?;
        }
        Ok(())
    }

    #[inline]
    fn plan_call(
        &mut self,
        part: &mut Part<'_, Calls<'_>>,
        asked: &Asked,
        (start, at): (usize, usize),
    ) -> Result<Ran, HostError> {
        let index = part.index(at);
        let operations = part.operations;
        let Some(shape) = operations.shape(index) else {
            self.plan_run(part, at, &[]);
            return Ok(Ran::All);
        };
        if operations.arguments(index).len() > ARGUMENTS_LEN_MAX {
            // The log has no form for it; what the verifier would say is known.
            part.results.set_code(at, Status::Refused, Refusal::IllTypedArguments.code());
            return Ok(Ran::All);
        }
        let mut bound = Bound::new();
        asked.of_call(at - start).iter().filter_map(|key| key.id).for_each(|id| bound.push(id));
        if !shape.exact || (self.is_sure(part, at) && self.tracks(shape, &bound)) {
            return self.plan_ahead(part, shape, at);
        }
        if bound.as_slice().iter().any(|id| self.table.record(*id).place() == Place::Lent) {
            return Ok(Ran::Blocked(at));
        }
        let slots = self.admit_all(part, &bound)?;
        self.plan_run(part, at, &slots[..bound.len]);
        if shape.writes {
            bound.as_slice().iter().for_each(|id| self.table.record_mut(*id).stale = true);
        }
        Ok(Ran::All)
    }

    /// Whether the verifier will run a call that the host runs: a request may be refused for what
    /// only the verifier knows, and then writes nothing.
    #[inline]
    fn is_sure(&self, part: &Part<'_, Calls<'_>>, at: usize) -> bool {
        self.embedded && part.operations.credential(part.index(at)).is_none()
    }

    /// Whether the host runs a call although it knows its records: so that its own values of them
    /// stay current, where that was missed of late.
    #[inline]
    fn tracks(&mut self, shape: &Shape, bound: &Bound) -> bool {
        if self.tracked == 0 || !shape.tracked || self.is_alone(shape) {
            return false;
        }
        self.tracked -= 1;
        bound.as_slice().iter().all(|id| !self.table.record(*id).stale)
    }

    /// Whether a call that the host runs must stand alone in a plan: it asks for the epoch, and
    /// another worker may open one at any moment.
    fn is_alone(&self, shape: &Shape) -> bool {
        shape.reads_epoch && self.partition.workers > 1
    }

    /// Plans a call, and that its records leave the slots after it: one of its own for the tree.
    #[cold]
    fn plan_call_merkle(
        &mut self,
        part: &mut Part<'_, Calls<'_>>,
        asked: &Asked,
        (start, at): (usize, usize),
    ) -> Result<Ran, HostError> {
        let shape = part.operations.shape(part.index(at));
        if let [AskedKey { id: Some(id), .. }] = asked.of_call(at - start)
            && shape.is_some_and(|shape| shape.exact)
            && !self.table.record(*id).guest
        {
            let planned = self.plan_merkle(part, *id, at)?;
            return Ok(if planned { Ran::All } else { Ran::Blocked(at) });
        }
        let ran = self.plan_call(part, asked, (start, at))?;
        self.flush(part)?;
        self.empty_slots()?;
        Ok(ran)
    }

    /// Plans a call that the host runs itself before.
    fn plan_ahead(
        &mut self,
        part: &mut Part<'_, Calls<'_>>,
        shape: &Shape,
        at: usize,
    ) -> Result<Ran, HostError> {
        let alone = self.is_alone(shape);
        let arguments = part.operations.arguments(part.index(at));
        loop {
            if alone {
                self.flush(part)?;
            }
            let epoch = self.plan.epoch();
            let bound = match self.run_ahead(part, at) {
                Ok(Some(bound)) => bound,
                Ok(None) => {
                    self.plan_run(part, at, &[]);
                    return Ok(Ran::All);
                }
                Err(Pause::Stale(id)) => {
                    if self.table.record(id).place() == Place::Slot {
                        self.tracked = TRACKED_MAX.min(self.tracked + TRACKED_PER_PAUSE);
                        self.plan_evict(id);
                    }
                    self.flush(part)?;
                    continue;
                }
                Err(Pause::Lent) => return Ok(Ran::Blocked(at)),
                Err(Pause::Foreign(relation, key)) => {
                    return Ok(Ran::Foreign { at, relation, key });
                }
                Err(Pause::Failed(error)) => return Err(error),
            };
            let slots = self.admit_all(part, &bound)?;
            if alone {
                self.flush(part)?;
                if self.plan.epoch() != epoch {
                    continue;
                }
            }
            self.plan_run(part, at, &slots[..bound.len]);
            if alone {
                self.void_on_floor = true;
                self.flush(part)?;
                self.void_on_floor = false;
                if self.was_void() {
                    continue;
                }
            }
            if !self.is_sure(part, at) {
                // What was written, if anything, is known when the verifier gives it back.
                let ids = bound.as_slice().iter().filter(|_| shape.writes);
                ids.for_each(|id| self.table.record_mut(*id).stale = true);
                return Ok(Ran::All);
            }
            for (row, value) in self.machine.writes(arguments) {
                let id = bound.ids[usize::from(row.0)];
                self.table.record_mut(id).set_value(value);
            }
            return Ok(Ran::All);
        }
    }

    /// Runs a call over the host's own values: the records that it asks for. `None` where the
    /// verifier will refuse it before it asks for any.
    fn run_ahead(&mut self, part: &Part<'_, Calls<'_>>, at: usize) -> Result<Option<Bound>, Pause> {
        let index = part.index(at);
        let arguments = part.operations.arguments(index);
        let transition = TransitionId(part.operations.transitions.get(index));
        if self.machine.begin(&self.program, transition, arguments).is_err() {
            return Ok(None);
        }
        let epoch = self.plan.epoch().0;
        let owner = |relation, key: &[u8]| match self.partition.workers {
            1 => true,
            _ => {
                let path = leaf_path(&self.hasher, relation, key);
                self.partition.worker_of(&path) == usize::from(self.id)
            }
        };
        let mut rows = TableRows { table: &mut self.table, owner, bound: Bound::new() };
        self.scratch.clear();
        // A call that fails has bound rows all the same.
        let _ = self.machine.run(&self.program, arguments, epoch, &mut rows, &mut self.scratch)?;
        Ok(Some(rows.bound))
    }

    /// Brings the distinct records of a call into slots, all at once.
    #[inline]
    fn admit_all(
        &mut self,
        part: &mut Part<'_, Calls<'_>>,
        bound: &Bound,
    ) -> Result<[u16; ROW_COUNT_MAX], HostError> {
        let ids = bound.as_slice();
        let ready =
            |id: &u32| matches!(self.table.record(*id).place(), Place::Slot | Place::Deferred);
        if !ids.iter().all(ready) {
            self.flush(part)?;
            self.defer_from_tree(&mut ids.to_vec())?;
        }
        // Those that are in slots already must not leave for the others.
        let (mut locked, mut locked_len) = ([0; ROW_COUNT_MAX], 0);
        for id in ids {
            let record = self.table.record(*id);
            if record.place() != Place::Slot {
                continue;
            }
            let slot = record.slot();
            self.slots.touch(slot);
            locked[locked_len] = slot;
            locked_len += 1;
        }
        let mut slots = [0; ROW_COUNT_MAX];
        for (slot, id) in slots.iter_mut().zip(ids) {
            *slot = match self.table.record(*id).place() {
                Place::Slot => self.table.record(*id).slot(),
                _ => {
                    let slot = self.admit(*id, &locked[..locked_len])?;
                    locked[locked_len] = slot;
                    locked_len += 1;
                    slot
                }
            };
        }
        Ok(slots)
    }

    /// Plans to evict a record from its slot to deferred state.
    pub(crate) fn plan_evict(&mut self, id: u32) {
        let slot = self.table.record(id).slot();
        let heat = self.slots.clear(slot);
        self.slots.give_back(slot);
        self.table.record_mut(id).set_evicting(heat);
        self.plan.evict_b(crate::plan::Expect::Evict { record: id }, slot);
    }
}

/// The host's own values, as rows of a call that is only tried.
struct TableRows<'a, F> {
    table: &'a mut Table,
    /// Whether a key is this worker's.
    owner: F,
    bound: Bound,
}

impl<F: Fn(RelationId, &[u8]) -> bool> Rows for TableRows<'_, F> {
    type Stop = Pause;

    #[inline]
    fn bind(&mut self, relation: RelationId, key: &[u8]) -> Result<RowHandle, Pause> {
        let hash = self.table.hash(relation, key);
        let id = match self.table.find(hash, relation, key) {
            Some(id) => id,
            None if (self.owner)(relation, key) => {
                self.table.add(hash, relation, key).map_err(Pause::Failed)?
            }
            None => return Err(Pause::Foreign(relation, key.to_vec())),
        };
        let record = self.table.record(id);
        if record.place() == Place::Lent {
            return Err(Pause::Lent);
        }
        if record.stale || record.place() == Place::Evicting {
            return Err(Pause::Stale(id));
        }
        self.bound.push(id);
        Ok(RowHandle(self.bound.len as u16 - 1))
    }

    #[inline]
    fn read(&self, row: RowHandle) -> Option<&[u8]> {
        self.table.record(*self.bound.as_slice().get(usize::from(row.0))?).value()
    }
}
