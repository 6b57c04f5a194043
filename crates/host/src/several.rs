//! Operations on several records of one worker, or on records that only a run can name.

use crate::error::HostError;
use crate::operations::{Operations, Part};
use crate::options::Policy;
use crate::plan::Expect;
use crate::record::Place;
use crate::shape::Need;
use crate::table::Table;
use crate::worker::Worker;
use zeta_program::{RowHandle, Rows};
use zeta_verifier::{RelationId, TransitionId};

/// The records of a call.
enum Records {
    These(Vec<u32>),
    /// The verifier will refuse the call before it asks for a record.
    None,
    /// One of them is lent.
    Lent,
}

impl Worker {
    /// Plans an operation on several records; false where one of them is lent.
    pub(crate) fn plan_several<O: Operations>(
        &mut self,
        part: &mut Part<'_, O>,
        at: usize,
    ) -> Result<bool, HostError> {
        self.flush(part)?;
        let dynamic = matches!(part.need(at), Need::Unknown);
        loop {
            let epoch = self.plan.epoch();
            let records = match dynamic {
                true => self.records_by_run(part, at)?,
                false => self.records_by_arguments(part, at)?,
            };
            let slots = match records {
                Records::Lent => return Ok(false),
                Records::None => Vec::new(),
                Records::These(ids) => self.admit_all(&ids)?,
            };
            // Only the run itself may stand in the plan when another epoch makes it void.
            self.flush(part)?;
            if dynamic && self.plan.epoch() != epoch {
                continue;
            }
            self.plan_run(part, at, &slots);
            self.void_on_floor = dynamic;
            self.flush(part)?;
            if !std::mem::replace(&mut self.void_on_floor, false) || !self.was_void() {
                break;
            }
        }
        if self.policy == Policy::MerkleOnly {
            self.empty_slots()?;
        }
        Ok(true)
    }

    fn records_by_arguments<O: Operations>(
        &mut self,
        part: &Part<'_, O>,
        at: usize,
    ) -> Result<Records, HostError> {
        let mut ids = Vec::new();
        for (relation, key) in part.operations.keys(part.index(at)) {
            let id = self.table.find_or_add(self.table.hash(relation, key), relation, key)?;
            if self.table.record(id).place() == Place::Lent {
                return Ok(Records::Lent);
            }
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        Ok(Records::These(ids))
    }

    /// Runs the call over the host's own values, which are current outside slots, until it names
    /// no record in a slot.
    fn records_by_run<O: Operations>(
        &mut self,
        part: &Part<'_, O>,
        at: usize,
    ) -> Result<Records, HostError> {
        let index = part.index(at);
        loop {
            let arguments = part.operations.arguments(index, &mut self.scratch);
            let transition = TransitionId(part.operations.transition(index));
            if self.machine.begin(&self.program, transition, arguments).is_err() {
                return Ok(Records::None);
            }
            let mut rows = TableRows { table: &self.table, bound: Vec::new() };
            let epoch = self.plan.epoch().0;
            let mut result = Vec::new();
            let Ok(_) = self.machine.run(&self.program, arguments, epoch, &mut rows, &mut result);
            let bound = rows.bound;
            let mut stale = Vec::new();
            let mut ids = Vec::new();
            for (relation, key, id) in bound {
                let id = match id {
                    Some(id) => id,
                    None => {
                        let hash = self.table.hash(relation, &key);
                        self.table.add(hash, relation, &key)?
                    }
                };
                match self.table.record(id).place() {
                    Place::Lent => return Ok(Records::Lent),
                    Place::Slot => stale.push(id),
                    _ => {}
                }
                ids.push(id);
            }
            if stale.is_empty() {
                return Ok(Records::These(ids));
            }
            for id in stale {
                self.plan_evict(id);
            }
            self.flush_own()?;
        }
    }

    /// Plans to evict a record from its slot to deferred state.
    pub(crate) fn plan_evict(&mut self, id: u32) {
        let slot = self.table.record(id).slot();
        self.slots.clear(slot);
        self.slots.give_back(slot);
        self.table.record_mut(id).set_place(Place::Evicting);
        self.plan.evict_b(Expect::Evict { record: id }, slot);
    }

    /// Brings distinct records into slots, all at once.
    pub(crate) fn admit_all(&mut self, ids: &[u32]) -> Result<Vec<u16>, HostError> {
        self.defer_from_tree(&mut ids.to_vec())?;
        let in_slot = |id: &&u32| self.table.record(**id).place() == Place::Slot;
        let mut locked: Vec<u16> =
            ids.iter().filter(in_slot).map(|id| self.table.record(*id).slot()).collect();
        let mut slots = Vec::new();
        for id in ids {
            let slot = match self.table.record(*id).place() {
                Place::Slot => {
                    let slot = self.table.record(*id).slot();
                    self.slots.touch(slot);
                    slot
                }
                _ => self.admit(*id, &locked)?,
            };
            locked.push(slot);
            slots.push(slot);
            self.table.record_mut(*id).idle = 0;
        }
        Ok(slots)
    }
}

/// The host's own values, as rows of a call that is only tried.
struct TableRows<'a> {
    table: &'a Table,
    bound: Vec<(RelationId, Vec<u8>, Option<u32>)>,
}

impl Rows for TableRows<'_> {
    type Stop = std::convert::Infallible;

    fn bind(&mut self, relation: RelationId, key: &[u8]) -> Result<RowHandle, Self::Stop> {
        let id = self.table.find(self.table.hash(relation, key), relation, key);
        self.bound.push((relation, key.to_vec(), id));
        Ok(RowHandle(self.bound.len() as u16 - 1))
    }

    fn read(&self, row: RowHandle) -> Option<&[u8]> {
        let (_, _, id) = self.bound.get(usize::from(row.0))?;
        self.table.record((*id)?).value()
    }
}
