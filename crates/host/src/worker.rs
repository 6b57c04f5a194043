//! A worker: one verifier thread, the records that it owns, and the log between the two.

use crate::adopt::Partition;
use crate::asked::Asked;
use crate::batch::{Results, Status};
use crate::encoding::put_add_b;
use crate::error::HostError;
use crate::leaves::Leaves;
use crate::log_dir::LogFile;
use crate::operations::{Nothing, Operations, Part};
use crate::options::Policy;
use crate::plan::{Expect, Plan, Step};
use crate::record::Place;
use crate::slots::Slots;
use crate::table::Table;
use crate::tree::{Tree, TreeStop};
use std::sync::Arc;
use zeta_program::{Machine, Program};
use zeta_verifier::{
    Answer, Entry, Epoch, EvictedValue, NotYet, SlotId, Standard, StopCause, ThreadId,
    VerifierThread,
};

/// A closure that may change a log before the verifier sees it: for those who play the liar.
pub(crate) type Intercept = Box<dyn FnMut(u16, &mut Vec<u8>) + Send>;

/// The counter of timestamps from which on a worker looks for another epoch: what it plans between
/// two looks fits above.
const COUNTER_HIGH: u32 = u32::MAX - (1 << 28);

/// What only the holder of the baton touches.
pub(crate) struct Worker {
    pub(crate) id: u16,
    pub(crate) table: Table,
    pub(crate) tree: Tree,
    pub(crate) slots: Slots,
    /// A slot for records on their way through.
    pub(crate) passage: u16,
    pub(crate) plan: Plan,
    pub(crate) policy: Policy,
    pub(crate) hasher: Standard,
    pub(crate) program: Arc<Program>,
    pub(crate) machine: Machine,
    pub(crate) log_file: Option<LogFile>,
    pub(crate) intercept: Option<Intercept>,
    pub(crate) scratch: Vec<u8>,
    pub(crate) operations: u64,
    /// The keys of one chunk of calls.
    pub(crate) asked: Asked,
    /// Calls that the host runs for their values alone; see `calls`.
    pub(crate) tracked: u32,
    pub(crate) partition: Partition,
    pub(crate) idle_epochs: u8,
    /// The receipts of epochs that are not certified; `None` where there are no receipts.
    pub(crate) leaves: Option<Leaves>,
    /// Whether the verifier runs what the host itself asks for.
    pub(crate) embedded: bool,
    thread: VerifierThread<Standard>,
    outputs: Vec<u8>,
    byte_budget: u64,
    failure: Option<HostError>,
    /// The store is about to close: no operation runs any more.
    pub(crate) sealed: bool,
    /// The planned operation was prepared for this epoch alone: a later one makes it void.
    pub(crate) void_on_floor: bool,
    void: bool,
}

/// What a worker is made of.
pub(crate) struct Parts {
    pub(crate) thread: VerifierThread<Standard>,
    pub(crate) table: Table,
    pub(crate) tree: Tree,
    pub(crate) slots: Slots,
    pub(crate) passage: u16,
    pub(crate) policy: Policy,
    pub(crate) hasher: Standard,
    pub(crate) program: Arc<Program>,
    pub(crate) log_file: Option<LogFile>,
    pub(crate) byte_budget: u64,
    pub(crate) idle_epochs: u8,
    pub(crate) partition: Partition,
    pub(crate) leaves: Option<Leaves>,
    pub(crate) embedded: bool,
}

impl Worker {
    pub(crate) fn new(parts: Parts) -> Self {
        Self {
            id: parts.thread.id().0,
            table: parts.table,
            tree: parts.tree,
            slots: parts.slots,
            passage: parts.passage,
            plan: Plan::default(),
            policy: parts.policy,
            hasher: parts.hasher,
            program: parts.program,
            machine: Machine::new(),
            log_file: parts.log_file,
            intercept: None,
            scratch: Vec::new(),
            operations: 0,
            asked: Asked::default(),
            tracked: 0,
            partition: parts.partition,
            idle_epochs: parts.idle_epochs,
            leaves: parts.leaves,
            embedded: parts.embedded,
            thread: parts.thread,
            outputs: Vec::new(),
            byte_budget: parts.byte_budget,
            failure: None,
            sealed: false,
            void_on_floor: false,
            void: false,
        }
    }

    /// Whether the last plan was dropped because its epoch was over; asked once.
    pub(crate) fn was_void(&mut self) -> bool {
        std::mem::take(&mut self.void)
    }

    /// Lets the verifier fetch a slot that the plan will name.
    #[inline(always)]
    pub(crate) fn warm(&self, slot: u16) {
        self.thread.touch(SlotId(slot));
    }

    /// Refuses to go on after a failure.
    pub(crate) fn check(&self) -> Result<(), HostError> {
        match &self.failure {
            None => Ok(()),
            Some(failure) => Err(failure.clone()),
        }
    }

    /// Marks the worker as failed for good.
    #[cold]
    pub(crate) fn fail<T>(&mut self, failure: HostError) -> Result<T, HostError> {
        self.failure.get_or_insert(failure.clone());
        Err(failure)
    }

    /// Lets the verifier see all that is planned, and takes over what it answers.
    pub(crate) fn flush<O: Operations>(&mut self, part: &mut Part<'_, O>) -> Result<(), HostError> {
        if self.plan.is_empty() {
            return Ok(());
        }
        if let Some(intercept) = &mut self.intercept {
            intercept(self.id, &mut self.plan.log);
        }
        let mut stuck = 0;
        loop {
            self.outputs.clear();
            let progress = self.thread.verify_log(&self.plan.log, &mut self.outputs);
            if let Some(file) = &mut self.log_file
                && let Err(error) = file.append(&self.plan.log[..progress.consumed])
            {
                return self.fail(error);
            }
            part.results.epoch = part.results.epoch.max(self.thread.clock().epoch());
            let done = progress.stop == StopCause::Done;
            self.settle(if done { usize::MAX } else { progress.consumed }, part)?;
            match progress.stop {
                StopCause::Done => break,
                StopCause::Rejected(rejection) => return self.fail(rejection.into()),
                StopCause::Retry(not_yet) => {
                    stuck = if progress.consumed == 0 { stuck + 1 } else { 0 };
                    self.plan.forget(progress.consumed);
                    match not_yet {
                        NotYet::Order => self.put_off(part)?,
                        _ => self.retry(not_yet, stuck)?,
                    }
                }
            }
        }
        self.plan.log.clear();
        self.plan.steps.clear();
        self.plan.clock = self.thread.clock();
        Ok(())
    }

    /// As `flush`, where no operation is planned.
    pub(crate) fn flush_own(&mut self) -> Result<(), HostError> {
        let mut results = Results::new();
        self.flush(&mut Part { operations: &Nothing, indices: None, results: &mut results })
    }

    /// Takes over the answers to the entries in the first `consumed` bytes of the plan.
    #[inline]
    fn settle<O: Operations>(
        &mut self,
        consumed: usize,
        part: &mut Part<'_, O>,
    ) -> Result<(), HostError> {
        if consumed == usize::MAX && self.settle_restamps() {
            return Ok(());
        }
        let mut rest = self.outputs.as_slice();
        for step in &self.plan.steps {
            if step.offset as usize >= consumed {
                break;
            }
            let decoded = Answer::decode(rest);
            if let Expect::Run { operation } = step.expect {
                let at = operation as usize;
                match decoded {
                    Some((Answer::Done(result), _)) => {
                        part.operations.done(part.index(at), result, part.results, at);
                    }
                    Some((Answer::Failed(code), _)) => {
                        part.results.set_code(at, Status::Failed, code);
                    }
                    Some((Answer::Refused(code), _)) => {
                        part.results.set_code(at, Status::Refused, code);
                    }
                    // Only the verifier's word makes an answer: without it there is none.
                    _ => return self.fail(HostError::Unanswered { thread: ThreadId(self.id) }),
                }
                rest = decoded.map_or(rest, |(_, after)| after);
                if let Some(leaves) = &mut self.leaves {
                    rest = leaves.note(self.id, rest, part.results, at);
                }
                continue;
            }
            // An eviction that was cut out of the log on its way has no answer.
            let Some((Answer::Evicted { value, hash }, after)) = decoded else { continue };
            rest = after;
            settle_eviction(&mut self.table, &mut self.tree, self.id, step, value, hash);
        }
        Ok(())
    }

    /// Takes the request that the plan begins with out: its number is not yet due.
    #[cold]
    fn put_off<O: Operations>(&mut self, part: &mut Part<'_, O>) -> Result<(), HostError> {
        let first = self.plan.steps.first().filter(|step| step.offset == 0);
        if let Some(Step { expect: Expect::Run { operation }, .. }) = first
            && let Ok((_, after)) = Entry::decode(&self.plan.log)
        {
            part.results.set_code(*operation as usize, Status::NotYet, 0);
            let len = self.plan.log.len() - after.len();
            self.plan.forget(len);
            return Ok(());
        }
        self.fail(HostError::Stuck { thread: ThreadId(self.id), not_yet: NotYet::Order })
    }

    /// Lets the verifier see entries that the plan knows nothing of, and logs those it took.
    pub(crate) fn show(
        &mut self,
        log: &[u8],
        answers: &mut Vec<u8>,
    ) -> Result<StopCause, HostError> {
        let progress = self.thread.verify_log(log, answers);
        match &mut self.log_file {
            Some(file) => match file.append(&log[..progress.consumed]) {
                Ok(()) => Ok(progress.stop),
                Err(error) => self.fail(error),
            },
            None => Ok(progress.stop),
        }
    }

    /// Takes over the timestamps of a plan that restamps and does nothing else: what its answers
    /// tell is known. False where there is more to take over, or a liar may have cut the log.
    #[inline]
    fn settle_restamps(&mut self) -> bool {
        let restamps = |step: &Step| matches!(step.expect, Expect::Restamp { .. });
        if self.intercept.is_some() || !self.plan.steps.iter().all(restamps) {
            return false;
        }
        for step in &self.plan.steps {
            if let Expect::Restamp { record } = step.expect {
                self.table.record_mut(record).set_deferred(step.stamp, self.id);
            }
        }
        true
    }

    /// Makes the rest of the plan such that it can go on.
    #[cold]
    fn retry(&mut self, not_yet: NotYet, stuck: u32) -> Result<(), HostError> {
        let clock = self.thread.clock();
        let thread = ThreadId(self.id);
        match not_yet {
            NotYet::Floor => {
                if self.void_on_floor {
                    self.void = true;
                    self.plan.forget(self.plan.log.len());
                }
                let epochs = self.thread.board().floor().0 - clock.epoch().0;
                self.plan.restart(clock, |plan| {
                    for _ in 0..epochs {
                        plan.next_epoch();
                    }
                });
                Ok(())
            }
            NotYet::ByteBudget if stuck < 2 => {
                let needed = slots_of(&self.plan);
                let unneeded: Vec<_> =
                    self.slots.occupied().filter(|(slot, _)| !needed.contains(slot)).collect();
                for (slot, record) in &unneeded {
                    let heat = self.slots.clear(*slot);
                    self.slots.give_back(*slot);
                    self.table.record_mut(*record).set_evicting(heat);
                }
                self.plan.restart(clock, |plan| {
                    for (slot, record) in unneeded {
                        plan.evict_b(Expect::Evict { record }, slot);
                    }
                });
                Ok(())
            }
            NotYet::ByteBudget => {
                let budget = self.byte_budget;
                self.fail(HostError::ByteBudgetTooSmall { budget })
            }
            // Evictions are published before their records are lent, so an honest plan never
            // waits for another thread.
            NotYet::PublishedClock | NotYet::Window | NotYet::Order => {
                self.fail(HostError::Stuck { thread, not_yet })
            }
        }
    }

    /// Brings a deferred record into a slot of its own; another record may have to leave.
    ///
    /// `locked` slots stay as they are.
    #[inline(always)]
    pub(crate) fn admit(&mut self, id: u32, locked: &[u16]) -> Result<u16, HostError> {
        let slot = match self.slots.take_free() {
            Some(slot) => slot,
            None => {
                let Some(victim) = self.slots.victim(locked) else {
                    return Err(HostError::SlotsTooFew { slots: self.passage + 1 });
                };
                self.table.record_mut(victim.record).set_evicting(victim.heat);
                self.plan.evict_b(Expect::Evict { record: victim.record }, victim.slot);
                victim.slot
            }
        };
        self.plan_add_b(id, slot);
        let record = self.table.record_mut(id);
        self.slots.put(slot, id, record.heat);
        record.set_slot(slot);
        record.idle = 0;
        Ok(slot)
    }

    /// Plans to add a deferred record; its place is the caller's to note.
    #[inline(always)]
    pub(crate) fn plan_add_b(&mut self, id: u32, slot: u16) {
        let record = self.table.record(id);
        put_add_b(&mut self.plan.log, slot, record);
        self.plan.see(record.stamp());
    }

    /// Follows the store into `epoch`, or goes ahead where the epoch's timestamps run out.
    pub(crate) fn advance(&mut self, epoch: Epoch) -> Result<(), HostError> {
        let epoch = match self.plan.clock.counter() > COUNTER_HIGH {
            true => epoch.max(self.plan.epoch().after()),
            false => epoch,
        };
        if self.plan.epoch() >= epoch {
            return Ok(());
        }
        while self.plan.epoch() < epoch {
            self.plan.next_epoch();
        }
        self.flush_own()
    }

    /// Closes the first epoch that is still open.
    pub(crate) fn close_epoch(&mut self) -> Result<(), HostError> {
        self.slots.cool();
        Entry::VerifyEpoch.encode(&mut self.plan.log);
        self.flush_own()?;
        match &mut self.log_file {
            Some(file) => file.flush(),
            None => Ok(()),
        }
    }

    /// Evicts every record from its slot, so that all values here are current.
    pub(crate) fn empty_slots(&mut self) -> Result<(), HostError> {
        self.flush_own()?;
        self.evict_all();
        self.flush_own()
    }

    pub(crate) fn tree_error(&self, stop: &TreeStop) -> HostError {
        match stop {
            TreeStop::Flush => HostError::Internal { why: "a hash is missing after a flush" },
            TreeStop::SlotsTooFew => HostError::SlotsTooFew { slots: self.passage + 1 },
            TreeStop::Full => HostError::TooManyRecords,
        }
    }
}

#[inline(always)]
fn settle_eviction(
    table: &mut Table,
    tree: &mut Tree,
    id: u16,
    step: &Step,
    value: EvictedValue<'_>,
    hash: Option<&zeta_verifier::Hash>,
) {
    let app = app_value(value);
    match (step.expect, hash) {
        (Expect::Evict { record }, _) => {
            let record = table.record_mut(record);
            record.set_value(app);
            record.set_deferred(step.stamp, id);
        }
        (Expect::Restamp { record }, _) => {
            table.record_mut(record).set_deferred(step.stamp, id);
        }
        (Expect::Leaf { record, parent, side }, Some(hash)) => {
            let record = table.record_mut(record);
            record.set_value(app);
            record.set_place(Place::Tree);
            tree.set_hash(parent, side, hash);
        }
        (Expect::Node { parent, side }, Some(hash)) => tree.set_hash(parent, side, hash),
        _ => {}
    }
}

#[inline(always)]
fn app_value(value: EvictedValue<'_>) -> Option<&[u8]> {
    match value {
        EvictedValue::Some(value) => Some(value),
        EvictedValue::Null | EvictedValue::Node(_) => None,
    }
}

/// Every slot that an entry of the plan names.
fn slots_of(plan: &Plan) -> Vec<u16> {
    let mut slots = Vec::new();
    let mut rest = plan.log.as_slice();
    while let Ok((entry, after)) = Entry::decode(rest) {
        match entry {
            Entry::AddM { slot, .. }
            | Entry::AddB { slot, .. }
            | Entry::EvictM { slot, .. }
            | Entry::EvictB { slot, .. }
            | Entry::EvictBM { slot, .. } => slots.push(slot.0),
            Entry::RunApp(run) => {
                slots.extend((0..run.slots.len()).filter_map(|i| run.slots.get(i)).map(|s| s.0));
            }
            Entry::NextEpoch | Entry::VerifyEpoch | Entry::Session(_) => {}
        }
        rest = after;
    }
    slots
}
