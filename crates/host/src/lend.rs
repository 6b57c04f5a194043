//! Operations on records of several workers: owners lend, one worker runs, owners take back.
//!
//! An owner evicts a record through its verifier and flushes before it lends, so that the element
//! which the other worker adds is always published. One such operation runs at a time; others wait
//! for a lent record without any baton.

use crate::batch::Results;
use crate::baton::Baton;
use crate::error::HostError;
use crate::operations::{Operations, Part};
use crate::plan::Expect;
use crate::record::Place;
use crate::shape::Need;
use crate::store::{Engine, Shared};
use crate::worker::Worker;
use zeta_program::{Machine, RowHandle, Rows};
use zeta_verifier::{
    Entry, Epoch, Record, RelationId, SlotId, ThreadId, Timestamp, TransitionId, leaf_path,
};

/// A record on loan.
struct Loan {
    relation: RelationId,
    key: Vec<u8>,
    value: Option<Vec<u8>>,
    stamp: Timestamp,
    thread: u16,
    owner: usize,
    id: u32,
}

/// What a worker that runs an operation learns of a record which is not its own.
pub(crate) struct Returned {
    value: Option<Vec<u8>>,
    stamp: Timestamp,
}

impl Returned {
    pub(crate) fn new(value: Option<&[u8]>, stamp: Timestamp) -> Self {
        Self { value: value.map(<[u8]>::to_vec), stamp }
    }
}

impl Shared {
    /// Runs one operation over records of any workers.
    pub(crate) fn run_lending<O: Operations>(
        &self,
        operations: &O,
        index: usize,
        results: &mut Results,
    ) -> Result<(), HostError> {
        if self.board.is_none() {
            return self.run_unverified(operations, index, results);
        }
        let lending = self.lending.lock().map_err(|_| {
            self.fail(HostError::Internal { why: "a thread panicked while records were lent" })
        })?;
        let mut epoch = self.epochs.current();
        loop {
            let mut loans = Vec::new();
            let ran = self
                .borrow_all(operations, index, epoch, &mut loans)
                .and_then(|()| self.run_over(operations, index, epoch, &mut loans, results))
                .map_err(|error| self.fail(error))?;
            self.give_all_back(loans)?;
            match ran {
                None => break,
                Some(later) => epoch = later,
            }
        }
        drop(lending);
        Ok(())
    }

    /// Borrows every record that the operation will ask for.
    fn borrow_all<O: Operations>(
        &self,
        operations: &O,
        index: usize,
        epoch: Epoch,
        loans: &mut Vec<Loan>,
    ) -> Result<(), HostError> {
        if let Need::Several | Need::None = operations.need(index) {
            for (relation, key) in operations.keys(index) {
                if !loans.iter().any(|loan| loan.relation == relation && loan.key == key) {
                    loans.push(self.borrow(relation, key)?);
                }
            }
            return Ok(());
        }
        let mut machine = Machine::new();
        let mut scratch = Vec::new();
        let arguments = operations.arguments(index, &mut scratch);
        let transition = TransitionId(operations.transition(index));
        loop {
            if machine.begin(&self.program, transition, arguments).is_err() {
                return Ok(());
            }
            let mut rows = LoanRows { loans, next: 0, order: Vec::new() };
            let mut result = Vec::new();
            match machine.run(&self.program, arguments, epoch.0, &mut rows, &mut result) {
                Ok(_) => {
                    // What an earlier, shorter run asked for comes first again in every run, so
                    // the loans stand in the order of asking.
                    return Ok(());
                }
                Err((relation, key)) => loans.push(self.borrow(relation, &key)?),
            }
        }
    }

    fn verified<'a>(&self, engine: &'a mut Baton<'_>) -> Result<&'a mut Worker, HostError> {
        let Engine::Verified(worker) = &mut **engine else {
            return Err(HostError::Internal { why: "an unverified worker lends nothing" });
        };
        worker.check()?;
        worker.advance(self.epochs.current())?;
        Ok(worker)
    }

    fn borrow(&self, relation: RelationId, key: &[u8]) -> Result<Loan, HostError> {
        let owner = self.partition.worker_of(&leaf_path(&self.hasher, relation, key));
        let mut engine = self.lock(&self.engines[owner])?;
        let worker = self.verified(&mut engine)?;
        let id = worker.table.find_or_add(worker.table.hash(relation, key), relation, key)?;
        worker.make_current(id)?;
        let record = worker.table.record_mut(id);
        record.set_place(Place::Lent);
        record.idle = 0;
        Ok(Loan {
            relation,
            key: key.to_vec(),
            value: record.value().map(<[u8]>::to_vec),
            stamp: record.stamp(),
            thread: record.thread(),
            owner,
            id,
        })
    }

    /// Runs the operation on the owner of its first record. Where its records were chosen by a run
    /// in another epoch than this one would be, it does not run, and gives that epoch.
    fn run_over<O: Operations>(
        &self,
        operations: &O,
        index: usize,
        epoch: Epoch,
        loans: &mut [Loan],
        results: &mut Results,
    ) -> Result<Option<Epoch>, HostError> {
        let executor = loans.first().map_or(0, |loan| loan.owner);
        let mut engine = self.lock(&self.engines[executor])?;
        let worker = self.verified(&mut engine)?;
        let mut slots = Vec::new();
        for loan in loans.iter() {
            let slot = worker.free_slot(&slots)?;
            slots.push(slot);
            let (relation, key, value) = (loan.relation, &loan.key, loan.value.as_deref());
            Entry::AddB {
                slot: SlotId(slot),
                thread: ThreadId(loan.thread),
                timestamp: loan.stamp,
                record: Record::App { relation, key, value },
            }
            .encode(&mut worker.plan.log);
            worker.plan.see(loan.stamp);
        }
        let mut part = Part { operations, indices: None, results };
        worker.flush(&mut part)?;
        let dynamic = matches!(operations.need(index), Need::Unknown);
        let mut ran = !dynamic || worker.plan.epoch() == epoch;
        if ran {
            worker.plan_run(&mut part, index, &slots);
            worker.void_on_floor = dynamic;
            worker.flush(&mut part)?;
            worker.void_on_floor = false;
            ran = !worker.was_void();
        }
        for slot in &slots {
            worker.plan.evict_b(Expect::Foreign, *slot);
        }
        worker.returned.clear();
        worker.flush(&mut part)?;
        worker.operations += u64::from(ran);
        for (loan, returned) in loans.iter_mut().zip(worker.returned.drain(..)) {
            loan.value = returned.value;
            loan.stamp = returned.stamp;
            loan.thread = worker.id;
        }
        slots.into_iter().for_each(|slot| worker.slots.give_back(slot));
        Ok((!ran).then_some(worker.plan.epoch()))
    }

    fn give_all_back(&self, loans: Vec<Loan>) -> Result<(), HostError> {
        for loan in loans {
            let mut engine = self.lock(&self.engines[loan.owner])?;
            if let Engine::Verified(worker) = &mut *engine {
                let record = worker.table.record_mut(loan.id);
                record.set_value(loan.value.as_deref());
                record.set_deferred(loan.stamp, loan.thread);
            }
        }
        if let Ok(mut count) = self.returned.0.lock() {
            *count += 1;
            self.returned.1.notify_all();
        }
        Ok(())
    }
}

impl Worker {
    /// Makes the host's value of a record current, and its timestamp one of this epoch.
    fn make_current(&mut self, id: u32) -> Result<(), HostError> {
        match self.table.record(id).place() {
            Place::New | Place::Tree => self.defer_from_tree(&mut vec![id]),
            Place::Slot => {
                self.plan_evict(id);
                self.flush_own()
            }
            // Also where another thread evicted it: its next loan then comes from its owner.
            _ if self.table.record(id).stamp().epoch() < self.plan.epoch() => {
                self.plan_restamp(id);
                self.flush_own()
            }
            _ => Ok(()),
        }
    }

    /// A slot for a record that is not this worker's own.
    fn free_slot(&mut self, locked: &[u16]) -> Result<u16, HostError> {
        if let Some(slot) = self.slots.take_free() {
            return Ok(slot);
        }
        let Some((_, victim)) = self.slots.victim(locked) else {
            return Err(HostError::SlotsTooFew { slots: self.passage + 1 });
        };
        self.plan_evict(victim);
        let slot = self.slots.take_free();
        slot.ok_or(HostError::Internal { why: "an evicted record left no free slot" })
    }
}

/// The loans so far, as rows of a call that is only tried.
struct LoanRows<'a> {
    loans: &'a [Loan],
    next: u16,
    order: Vec<usize>,
}

impl Rows for LoanRows<'_> {
    type Stop = (RelationId, Vec<u8>);

    fn bind(&mut self, relation: RelationId, key: &[u8]) -> Result<RowHandle, Self::Stop> {
        let is_it = |loan: &Loan| loan.relation == relation && loan.key == key;
        let Some(found) = self.loans.iter().position(is_it) else {
            return Err((relation, key.to_vec()));
        };
        self.order.push(found);
        self.next += 1;
        Ok(RowHandle(self.next - 1))
    }

    fn read(&self, row: RowHandle) -> Option<&[u8]> {
        self.loans[self.order[usize::from(row.0)]].value.as_deref()
    }
}
