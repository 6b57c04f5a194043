//! How a batch is divided among workers, and how one worker's part is run.

use crate::batch::Results;
use crate::chunk::Ran;
use crate::error::HostError;
use crate::operations::{Operations, Part};
use crate::shape::Need;
use crate::store::{Engine, Shared};
use std::time::Duration;
use zeta_verifier::leaf_path;

/// Operations after which a worker's baton is given back for a moment, so that epochs can turn.
const TURN_LEN: usize = 1 << 14;
/// Operations from which on workers run side by side.
const PARALLEL_LEN: usize = 4096;

/// Who runs an operation.
enum Route {
    Worker(usize),
    /// Its records may be of several workers.
    Several,
}

impl Shared {
    /// Runs a part on a worker, in turns with whoever else needs its baton.
    #[inline]
    pub(crate) fn run_part<O: Operations>(
        &self,
        worker: usize,
        part: &mut Part<'_, O>,
        len: usize,
    ) -> Result<(), HostError> {
        let mut from = 0;
        while from < len {
            let to = len.min(from + TURN_LEN);
            let mut baton = self.lock(&self.engines[worker])?;
            let ran = match &mut *baton {
                Engine::Unverified(plain) => plain.run(part, from, to).map(|()| Ran::All),
                Engine::Verified(worker) => {
                    worker.advance(self.epochs.current()).and_then(|()| worker.run(part, from, to))
                }
            };
            baton.pass_on();
            from = match ran.map_err(|error| self.fail(error))? {
                Ran::All => to,
                Ran::Blocked(at) => {
                    self.await_return()?;
                    at
                }
            };
        }
        Ok(())
    }

    /// Waits, without a baton, until lent records may have come back.
    fn await_return(&self) -> Result<(), HostError> {
        const PATIENCE: Duration = Duration::from_millis(1);
        self.check()?;
        let (count, signal) = &self.returned;
        let poisoned = || HostError::Internal { why: "a thread panicked while records were lent" };
        let guard = count.lock().map_err(|_| poisoned())?;
        // A return may come between the look at the record and this wait: so not for long.
        drop(signal.wait_timeout(guard, PATIENCE).map_err(|_| poisoned())?);
        Ok(())
    }

    /// Runs a batch over several workers.
    pub(crate) fn run_parts<O: Operations>(
        &self,
        operations: &O,
        len: usize,
        results: &mut Results,
    ) -> Result<(), HostError> {
        let mut parts: Vec<Vec<u32>> = vec![Vec::new(); self.engines.len()];
        let mut count = 0;
        for index in 0..len {
            match self.route(operations, index) {
                Route::Worker(worker) => {
                    parts[worker].push(index as u32);
                    count += 1;
                }
                Route::Several => {
                    // What comes before it in the batch runs before it.
                    self.run_routed(operations, &mut parts, count, results)?;
                    count = 0;
                    self.run_lending(operations, index, results)?;
                }
            }
        }
        self.run_routed(operations, &mut parts, count, results)
    }

    #[inline(always)]
    fn route<O: Operations>(&self, operations: &O, index: usize) -> Route {
        match operations.need(index) {
            Need::One(relation, key) => {
                let path = leaf_path(&self.hasher, relation, key);
                Route::Worker(self.partition.worker_of(&path))
            }
            Need::None => Route::Worker(0),
            Need::Several => {
                let mut workers = operations.keys(index).into_iter().map(|(relation, key)| {
                    self.partition.worker_of(&leaf_path(&self.hasher, relation, key))
                });
                match workers.next() {
                    Some(first) if workers.all(|other| other == first) => Route::Worker(first),
                    _ => Route::Several,
                }
            }
            Need::Unknown => Route::Several,
        }
    }

    /// Runs the parts, side by side where it pays, and empties them.
    fn run_routed<O: Operations>(
        &self,
        operations: &O,
        parts: &mut [Vec<u32>],
        count: usize,
        results: &mut Results,
    ) -> Result<(), HostError> {
        let run = |worker: usize, indices: &[u32], like: &Results| {
            let mut own = like.like();
            own.reset(indices.len());
            let mut part = Part { operations, indices: Some(indices), results: &mut own };
            self.run_part(worker, &mut part, indices.len()).map(|()| own)
        };
        let busy: Vec<_> = parts.iter().enumerate().filter(|(_, part)| !part.is_empty()).collect();
        let shape = results.like();
        let mut done = Vec::new();
        if count < PARALLEL_LEN || busy.len() < 2 {
            for (worker, indices) in &busy {
                done.push((*indices, run(*worker, indices, &shape)));
            }
        } else {
            std::thread::scope(|scope| {
                let (run, shape) = (&run, &shape);
                let mut threads = Vec::new();
                for &(worker, indices) in busy.iter().skip(1) {
                    threads.push(scope.spawn(move || run(worker, indices, shape)));
                }
                let (worker, indices) = busy[0];
                done.push((indices, run(worker, indices, shape)));
                for ((_, indices), thread) in busy.iter().skip(1).zip(threads) {
                    let panicked = HostError::Internal { why: "a worker's thread panicked" };
                    done.push((*indices, thread.join().unwrap_or(Err(panicked))));
                }
            });
        }
        for (indices, own) in done {
            results.merge(&own?, indices);
        }
        parts.iter_mut().for_each(Vec::clear);
        Ok(())
    }
}
