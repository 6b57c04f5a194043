//! How a batch is divided among workers, and how one worker's part is run.

use crate::batch::Results;
use crate::chunk::Ran;
use crate::error::HostError;
use crate::operations::{KeyValue, Need, Operations, Part, Work};
use crate::owners::KeyHash;
use crate::store::{Engine, Shared};
use std::time::Duration;

/// Operations after which a worker's baton is given back for a moment, so that epochs can turn.
const TURN_LEN: usize = 1 << 14;
/// Operations whose records are brought from the tree together, once a chunk finds many there.
const BROUGHT_LEN: usize = 1 << 20;
/// Operations from which on workers run side by side.
const PARALLEL_LEN: usize = 2048;
/// Operations that are routed in one piece.
const ROUTED_LEN: usize = 1024;

const NOT_COMPUTED: HostError = HostError::Internal { why: "a piece of a batch was left out" };

impl Shared {
    /// Runs a part on a worker, in turns with whoever else needs its baton.
    #[inline]
    pub(crate) fn run_part<W: Work>(
        &self,
        worker: usize,
        part: &mut Part<'_, W>,
        len: usize,
    ) -> Result<(), HostError> {
        let (mut from, mut brought) = (0, 0);
        while from < len {
            let to = len.min(from + TURN_LEN);
            let mut baton = self.lock(&self.engines[worker])?;
            let ran = match &mut *baton {
                Engine::Unverified(plain) => W::run_plain(plain, part, from, to).map(|()| Ran::All),
                Engine::Verified(worker) => worker
                    .advance(self.epochs.current())
                    .and_then(|()| W::run(worker, part, (from, to), brought)),
            };
            baton.pass_on();
            from = match ran.map_err(|error| self.fail(error))? {
                Ran::All => to,
                Ran::Blocked(at) => {
                    self.await_return()?;
                    at
                }
                Ran::Cold(at) => {
                    brought = len.min(at + BROUGHT_LEN);
                    let bring = self.bring_cold(worker, part, (at, brought));
                    bring.map_err(|error| self.fail(error))?;
                    at
                }
                Ran::Foreign { .. } => {
                    let why = "an operation came to a worker that has not its records";
                    return Err(self.fail(HostError::Internal { why }));
                }
            };
        }
        Ok(())
    }

    /// Waits, without a baton, until lent records may have come back.
    pub(crate) fn await_return(&self) -> Result<(), HostError> {
        const PATIENCE: Duration = Duration::from_millis(1);
        self.check()?;
        let (count, signal) = &self.returned;
        let poisoned = || HostError::Internal { why: "a thread panicked while records were lent" };
        let guard = count.lock().map_err(|_| poisoned())?;
        // A return may come between the look at the record and this wait: so not for long.
        drop(signal.wait_timeout(guard, PATIENCE).map_err(|_| poisoned())?);
        Ok(())
    }

    /// Runs a batch over several workers, each operation on the owner of its record.
    pub(crate) fn run_parts(
        &self,
        operations: &KeyValue<'_>,
        len: usize,
        results: &mut Results,
    ) -> Result<(), HostError> {
        if len == 1 {
            let worker = match operations.need(0) {
                Need::One(relation, key) => self.owner_of(relation, key),
                Need::None => 0,
            };
            return self.run_part(worker, &mut Part { operations, indices: None, results }, 1);
        }
        let routes = self.routes(operations, len)?;
        self.run_routed(operations, &routes, results)
    }

    /// Who runs each operation of a batch.
    fn routes(&self, operations: &KeyValue<'_>, len: usize) -> Result<Vec<u16>, HostError> {
        if len < PARALLEL_LEN {
            return Ok(self.route_piece(operations, 0, len));
        }
        let piece = |at: usize| {
            let from = at * ROUTED_LEN;
            self.route_piece(operations, from, len.min(from + ROUTED_LEN))
        };
        let mut routes = Vec::with_capacity(len);
        for piece in self.pool.map(len.div_ceil(ROUTED_LEN), piece) {
            routes.extend(piece.ok_or(NOT_COMPUTED)?);
        }
        Ok(routes)
    }

    /// Who runs each of the operations `from..to`.
    fn route_piece(&self, operations: &KeyValue<'_>, from: usize, to: usize) -> Vec<u16> {
        let known: Vec<_> = (from..to)
            .map(|index| match operations.need(index) {
                Need::One(relation, key) => Some(self.owners.begin(relation, key)),
                Need::None => None,
            })
            .collect();
        let owner = |(index, known): (usize, Option<KeyHash>)| {
            let (Some(known), Need::One(relation, key)) = (known, operations.need(index)) else {
                return 0;
            };
            self.owners.owner(known, || self.tell_owner(relation, key)) as u16
        };
        (from..to).zip(known).map(owner).collect()
    }

    /// Runs the operations, one for each route, side by side where it pays.
    fn run_routed(
        &self,
        operations: &KeyValue<'_>,
        routes: &[u16],
        results: &mut Results,
    ) -> Result<(), HostError> {
        let shape = results.like();
        let run = |worker: usize| {
            let indices = indices_of(worker as u16, routes);
            let mut own = shape.like();
            own.reset(indices.len());
            let mut part = Part { operations, indices: Some(&indices), results: &mut own };
            self.run_part(worker, &mut part, indices.len()).map(|()| own)
        };
        let workers = self.engines.len();
        let done: Vec<_> = match routes.len() < PARALLEL_LEN {
            true => (0..workers).map(|worker| Some(run(worker))).collect(),
            false => self.pool.map(workers, run),
        };
        let done: Result<Vec<_>, _> =
            done.into_iter().map(|part| part.unwrap_or(Err(NOT_COMPUTED))).collect();
        results.merge(&done?, routes);
        Ok(())
    }
}

/// The operations that `worker` runs.
fn indices_of(worker: u16, routes: &[u16]) -> Vec<u32> {
    let mut indices = vec![0; routes.len()];
    let mut len = 0;
    for (route, index) in routes.iter().zip(0..) {
        // Without a branch, which nobody could predict.
        indices[len] = index;
        len += usize::from(*route == worker);
    }
    indices.truncate(len);
    indices
}
