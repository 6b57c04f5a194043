//! How the host closes epochs: turn every clock, migrate what is deferred, let every thread verify.

use super::{Away, Host, Place, Trouble};
use zeta_verifier::{Entry, Epoch, Outcome, Path, Primitives};

impl<P: Primitives> Host<P> {
    /// The first epoch that is not certified.
    #[must_use]
    pub fn open_epoch(&self) -> Epoch {
        self.run.board.certified().map_or(Epoch(0), Epoch::after)
    }

    /// One step towards closing the first open epoch; false when that has ended in a mismatch.
    pub fn close_step(&mut self) -> Result<bool, Trouble> {
        let epoch = self.open_epoch();
        if matches!(self.run.board.outcome(epoch), Outcome::Mismatch { .. }) {
            return Ok(false);
        }
        let behind: Vec<u16> =
            (0..self.threads()).filter(|thread| self.clock(*thread).epoch() <= epoch).collect();
        if let Some(thread) = self.random.pick(&behind).copied() {
            self.submit(thread, &Entry::NextEpoch)?;
            return Ok(true);
        }
        let old: Vec<Path> = self
            .away
            .iter()
            .filter(|(_, away)| is_due(away, epoch))
            .map(|(path, _)| *path)
            .collect();
        if let Some(path) = self.random.pick(&old).copied() {
            self.migrate(&path)?;
            return Ok(true);
        }
        let open: Vec<u16> =
            (0..self.threads()).filter(|thread| self.next_epoch(*thread) <= epoch).collect();
        let thread = *self.random.pick(&open).ok_or(Trouble::Stuck)?;
        self.submit(thread, &Entry::VerifyEpoch)?;
        Ok(true)
    }

    #[must_use]
    pub fn next_epoch(&self, thread: u16) -> Epoch {
        self.run.threads[usize::from(thread)].next_epoch()
    }

    /// Adds a deferred record back, on some thread; it leaves again with a later timestamp.
    fn migrate(&mut self, path: &Path) -> Result<(), Trouble> {
        let thread = self.any_thread();
        let slot = self.free_slot(thread)?;
        let away = self.away.get(path).cloned().ok_or(Trouble::Stuck)?;
        self.add_b(thread, slot, path, &away)?;
        if self.random.chance(50) { self.evict(thread, slot) } else { Ok(()) }
    }
}

fn is_due(away: &Away, epoch: Epoch) -> bool {
    matches!(away.place, Place::Deferred { timestamp, .. } if timestamp.epoch() <= epoch)
}
