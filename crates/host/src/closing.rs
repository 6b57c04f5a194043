//! The end of a store: no more operations, everything certified, the logs closed. It ends once;
//! whoever closes again is told what the first was told.

use crate::error::HostError;
use crate::store::{Engine, Shared};
use crate::worker::Worker;

impl Shared {
    /// Ends the store, whose epochs nobody turns any more after `stop_driver`.
    pub(crate) fn close(&self, stop_driver: impl FnOnce()) -> Result<(), HostError> {
        if let Some(ended) = self.closed.get() {
            return ended.clone();
        }
        self.check_process()?;
        stop_driver();
        let certified = match self.board {
            Some(_) => self.seal().and_then(|()| self.certify()).map(|_| ()),
            None => Ok(()),
        };
        // No turn may begin after this one, so none writes to a log while it is closed.
        let turning = self.turning()?;
        let ended = self.closed.get_or_init(|| certified.and_then(|()| self.close_logs()));
        drop(turning);
        self.epochs.wake();
        ended.clone()
    }

    /// Lets no operation run from here on: each that was answered is in an epoch that ends.
    fn seal(&self) -> Result<(), HostError> {
        // What is lent comes back first, or it would stay in an epoch that closes.
        let lending = self.lending.write();
        for engine in &self.engines {
            if let Engine::Verified(worker) = &mut *self.lock(engine)? {
                worker.sealed = true;
            }
        }
        drop(lending);
        Ok(())
    }

    /// Notes beside the logs where each ends.
    fn close_logs(&self) -> Result<(), HostError> {
        let Some(dir) = &self.log_dir else { return Ok(()) };
        let mut lens = Vec::new();
        for engine in &self.engines {
            if let Engine::Verified(worker) = &*self.lock(engine)? {
                lens.extend(worker.log_file.as_ref().map(|file| file.len()));
            }
        }
        dir.close(&lens).map_err(|error| self.fail(error))
    }
}

impl Worker {
    /// Refuses an operation after a failure, and when the store is about to close.
    #[inline]
    pub(crate) fn check_open(&self) -> Result<(), HostError> {
        self.check()?;
        if self.sealed { Err(HostError::Closed) } else { Ok(()) }
    }
}
