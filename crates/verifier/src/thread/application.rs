//! RunApp: runs a transition of the program over the records that the host brought into slots.

use super::VerifierThread;
use crate::answer;
use crate::decide::{self, ByteUse};
use crate::ids::Epoch;
use crate::log_entry::{Authentication, RunApp};
use crate::primitives::Primitives;
use crate::reason::{Refusal, Stop};
use crate::rows::SlotRows;
use alloc::vec::Vec;
use zeta_program::Outcome;

impl<P: Primitives> VerifierThread<P> {
    #[inline]
    pub(super) fn run_app(&mut self, run: &RunApp<'_>, outputs: &mut Vec<u8>) -> Result<(), Stop> {
        if let Authentication::Session { .. } = run.authentication {
            answer::put_refused(outputs, Refusal::UnknownSession.code());
            return Ok(());
        }
        let begun = self.machine.begin(&self.program, run.transition, run.arguments);
        if let Err(refusal) = begun {
            answer::put_refused(outputs, Refusal::Program(refusal).code());
            return Ok(());
        }
        let epoch = self.clock.epoch();
        decide::decide_floor(epoch, self.board.raise_floor(epoch))?;
        let start = answer::begin_done(outputs);
        let outcome = self.execute(run, epoch, outputs);
        match outcome {
            Ok(Outcome::Done) => answer::finish_done(outputs, start),
            Ok(Outcome::Failed(failure)) => {
                outputs.truncate(start);
                answer::put_failed(outputs, failure.code());
            }
            Err(_) => outputs.truncate(start),
        }
        outcome.map(|_| ())
    }

    /// Runs the program over the slots and commits what it wrote.
    #[inline]
    fn execute(
        &mut self,
        run: &RunApp<'_>,
        epoch: Epoch,
        outputs: &mut Vec<u8>,
    ) -> Result<Outcome, Stop> {
        let mut rows = SlotRows::new(&self.store, run.slots);
        let machine = &mut self.machine;
        let outcome = machine.run(&self.program, run.arguments, epoch.0, &mut rows, outputs)?;
        let slots_used = rows.used();
        let (mut added, mut removed) = (0_u64, 0_u64);
        // A call that failed has no writes.
        for (row, value) in machine.writes(run.arguments) {
            let old = SlotRows::value_len(&self.store, run.slots, row);
            added = added.saturating_add(value.map_or(0, <[u8]>::len) as u64);
            removed = removed.saturating_add(old);
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
        for (row, value) in machine.writes(run.arguments) {
            if let Some(slot) = run.slots.get(usize::from(row.0)) {
                self.store.write(slot, value);
            }
        }
        Ok(outcome)
    }
}
