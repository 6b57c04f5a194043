//! Threads that run the pieces of a batch beside the thread that called.

use crate::fork;
use rayon_core::{ThreadPool, ThreadPoolBuilder};
use std::mem::ManuallyDrop;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;

/// A store's threads: made when first needed, parked while there is nothing to do.
pub(crate) struct Pool {
    /// `None` where no thread could be started, or none is of use: callers then work alone.
    threads: OnceLock<Option<ManuallyDrop<ThreadPool>>>,
    workers: usize,
    forks: u32,
}

impl Pool {
    pub(crate) fn new(workers: u16) -> Self {
        Self { threads: OnceLock::new(), workers: usize::from(workers), forks: fork::count() }
    }

    /// `piece(0)` to `piece(count - 1)`, each computed once, by the caller and the pool.
    pub(crate) fn map<T: Send + Sync>(
        &self,
        count: usize,
        piece: impl Fn(usize) -> T + Sync,
    ) -> Vec<Option<T>> {
        let places: Vec<OnceLock<T>> = (0..count).map(|_| OnceLock::new()).collect();
        let next = AtomicUsize::new(0);
        // Whoever is free takes the next piece: a caller never waits for a thread that has not
        // begun.
        let work = || {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(place) = places.get(at) else { return };
                drop(place.set(piece(at)));
            }
        };
        match self.threads() {
            Some(threads) if count > 1 => threads.in_place_scope(|scope| {
                for _ in 0..threads.current_num_threads().min(count - 1) {
                    scope.spawn(|_| work());
                }
                work();
            }),
            _ => work(),
        }
        places.into_iter().map(OnceLock::into_inner).collect()
    }

    fn threads(&self) -> Option<&ThreadPool> {
        let make = || {
            let cores = available_parallelism().map_or(1, usize::from);
            let beside = self.workers.min(cores).checked_sub(1).filter(|beside| *beside > 0)?;
            let name = |at| format!("zeta-pool-{at}");
            let built = ThreadPoolBuilder::new().num_threads(beside).thread_name(name).build();
            built.ok().map(ManuallyDrop::new)
        };
        self.threads.get_or_init(make).as_deref()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // A forked child has no such threads, and their locks may be held for ever.
        if fork::count() == self.forks
            && let Some(Some(threads)) = self.threads.take()
        {
            drop(ManuallyDrop::into_inner(threads));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_is_computed_once_and_in_place() {
        let pool = Pool::new(4);
        for count in [0, 1, 2, 5, 1000] {
            let computed = AtomicUsize::new(0);
            let squares = pool.map(count, |at| {
                computed.fetch_add(1, Ordering::Relaxed);
                at * at
            });
            assert_eq!(computed.into_inner(), count);
            assert!(squares.into_iter().eq((0..count).map(|at| Some(at * at))));
        }
    }

    #[test]
    fn callers_share_a_pool() {
        let pool = Pool::new(3);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let sum: usize = pool.map(20, |at| at).into_iter().flatten().sum();
                        assert_eq!(sum, 190);
                    }
                });
            }
        });
    }
}
