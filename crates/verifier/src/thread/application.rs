//! RunApp: runs a transition of the program over the records that the host brought into slots.

use super::VerifierThread;
use super::session::Claimed;
use crate::answer;
use crate::decide::{self, ByteUse};
use crate::log_entry::{Authentication, RunApp};
use crate::primitives::Primitives;
use crate::reason::{Halt, Refusal, Stop};
use crate::rows::{AllRights, Rights, SlotRows};
use alloc::vec::Vec;
use zeta_program::Outcome;

impl<P: Primitives> VerifierThread<P> {
    #[inline]
    pub(super) fn run_app(&mut self, run: &RunApp<'_>, outputs: &mut Vec<u8>) -> Result<(), Stop> {
        if let Authentication::Session { session, sequence, mac } = run.authentication {
            return self.run_session(run, &Claimed { id: session, sequence, mac }, outputs);
        }
        let start = outputs.len();
        if !self.plain
            && let Err(halt) = self.admit_host()
        {
            return refuse(outputs, start, halt).map(|_| ());
        }
        match self.attempt(run, AllRights, outputs) {
            Ok(Outcome::Done) => self.commit(run),
            Ok(Outcome::Failed(_)) => {}
            Err(halt) => {
                refuse(outputs, start, halt)?;
            }
        }
        if !self.plain {
            self.keep_host_receipt(run, start, outputs);
        }
        Ok(())
    }

    /// Runs the program over the slots and appends its answer; nothing is committed.
    ///
    /// Where it is refused or stopped, what it appended is for the caller to take away.
    #[inline(always)]
    pub(super) fn attempt<R: Rights>(
        &mut self,
        run: &RunApp<'_>,
        rights: R,
        outputs: &mut Vec<u8>,
    ) -> Result<Outcome, Halt> {
        let begun = self.machine.begin(&self.program, run.transition, run.arguments);
        begun.map_err(|refusal| Halt::Refused(Refusal::Program(refusal)))?;
        decide::decide_right(rights.may_call(run.transition))?;
        let epoch = self.clock.epoch();
        decide::decide_floor(epoch, self.board.raise_floor(epoch))?;
        let start = answer::begin_done(outputs);
        let mut rows = SlotRows::new(&self.store, run.slots, rights);
        let machine = &mut self.machine;
        let outcome = machine.run(&self.program, run.arguments, epoch.0, &mut rows, outputs)?;
        let (slots_used, overread) = (rows.used(), rows.overread());
        let (mut added, mut removed) = (0_u64, 0_u64);
        let mut granted = !overread;
        // A call that failed has no writes.
        for (row, value) in machine.writes(run.arguments) {
            let old = SlotRows::<R>::value_len(&self.store, run.slots, row);
            added = added.saturating_add(value.map_or(0, <[u8]>::len) as u64);
            removed = removed.saturating_add(old);
            if R::LIMITED {
                granted &= SlotRows::may_write(&self.store, run.slots, rights, row);
            }
        }
        decide::decide_commit(&decide::CommitView {
            slots_listed: run.slots.len(),
            slots_used,
            bytes: ByteUse {
                used: self.store.bytes_used.saturating_sub(removed),
                added: if added > removed { added } else { 0 },
                budget: self.byte_budget,
            },
        })?;
        decide::decide_access(granted)?;
        match outcome {
            Outcome::Done => answer::finish_done(outputs, start),
            Outcome::Failed(failure) => {
                outputs.truncate(start);
                answer::put_failed(outputs, failure.code());
            }
        }
        Ok(outcome)
    }

    /// Commits what the last attempt wrote, which was done.
    #[inline(always)]
    pub(super) fn commit(&mut self, run: &RunApp<'_>) {
        for (row, value) in self.machine.writes(run.arguments) {
            if let Some(slot) = run.slots.get(usize::from(row.0)) {
                self.store.write(slot, value);
            }
        }
    }
}

/// Takes an attempt's bytes away, and answers where the request is at fault.
#[cold]
pub(super) fn refuse(outputs: &mut Vec<u8>, start: usize, halt: Halt) -> Result<Refusal, Stop> {
    outputs.truncate(start);
    match halt {
        Halt::Refused(refusal) => {
            answer::put_refused(outputs, refusal.code());
            Ok(refusal)
        }
        Halt::Stopped(stop) => Err(stop),
    }
}
