//! How a batch of calls is divided among several workers.
//!
//! Of two calls that share a record, the one that comes first in the batch runs first. A window is
//! a stretch of the batch whose records the arguments alone tell. In it, calls over records of one
//! worker run first, side by side; then those that cross, and those that must come after one that
//! crosses, in groups that share no record, side by side again; the rest is left for the next
//! window. Calls whose records only a run can tell are run one after the other.

use crate::batch::Results;
use crate::chunk::Ran;
use crate::crossing::{Loan, OwnedKey};
use crate::error::HostError;
use crate::operations::{Calls, Part};
use crate::store::Shared;
use foldhash::fast::FixedState;
use std::collections::HashMap;
use zeta_program::Relation;
use zeta_verifier::RelationId;

/// Calls of a window at most: of one after which some crossed, since records stay on loan for as
/// long as a window runs, and of others.
const WINDOW_LEN: usize = 1 << 13;
const WINDOW_LEN_MAX: usize = 1 << 18;
/// Calls that are run one after the other before records are given back.
const SERIAL_LEN: usize = 256;
/// Bytes of values that may be on loan at once, were they as long as they can be.
const LOAN_BYTES_MAX: usize = 64 << 20;
/// Calls from which on workers run side by side.
const PARALLEL_LEN: usize = 1024;
/// Calls whose keys are hashed in one piece.
const PIECE_LEN: usize = 512;

/// In the place of a worker: a key of calls that are left for the next window.
const LEFT: u16 = u16::MAX;
const NOT_COMPUTED: HostError = HostError::Internal { why: "a piece of a batch was left out" };

/// A hash of a key, as far as it takes to tell keys apart, and its owner.
type Place = (u64, u16);

/// The places of all keys of some calls, and where those of each call end.
type Piece = (Vec<Place>, Vec<usize>);

/// Runs so many calls of a part on a worker.
type Run<'a> = &'a (dyn Fn(usize, &mut Part<'_, Calls<'_>>, usize) -> Result<(), HostError> + Sync);

struct Window {
    /// The calls of each worker that need its own records alone.
    own: Vec<Vec<u32>>,
    /// The calls that each worker runs over records on loan.
    crossing: Vec<Vec<u32>>,
    /// The owners of the keys that those calls ask for, in order.
    owners: Vec<Vec<u16>>,
    /// Who runs the calls that ask for a key, once one of them crosses. Keys that look the same
    /// only cost.
    runners: HashMap<u64, u16, FixedState>,
    /// How many more calls may cross.
    room: usize,
    left: Vec<u32>,
}

impl Window {
    fn new(workers: usize, room: usize) -> Self {
        Self {
            room,
            own: vec![Vec::new(); workers],
            crossing: vec![Vec::new(); workers],
            owners: vec![Vec::new(); workers],
            runners: HashMap::default(),
            left: Vec::new(),
        }
    }

    /// Whether some of its calls cross.
    fn crosses(&self) -> bool {
        self.crossing.iter().any(|group| !group.is_empty())
    }

    fn put(&mut self, call: u32, places: &[Place]) {
        let Some((_, first)) = places.first().copied() else {
            // The verifier will refuse it, or it asks for nothing.
            return self.own[0].push(call);
        };
        let mut runner = None;
        for (bits, _) in places {
            match (self.runners.get(bits).copied(), runner) {
                (None, _) => {}
                (Some(found), None) => runner = Some(found),
                (Some(found), Some(before)) if found == before => {}
                (Some(_), Some(_)) => runner = Some(LEFT),
            }
        }
        if runner.is_none() && places.iter().all(|(_, owner)| *owner == first) {
            return self.own[usize::from(first)].push(call);
        }
        let runner = if self.room == 0 { LEFT } else { runner.unwrap_or(first) };
        self.runners.extend(places.iter().map(|(bits, _)| (*bits, runner)));
        match runner {
            LEFT => self.left.push(call),
            runner => {
                self.room -= 1;
                self.crossing[usize::from(runner)].push(call);
                let owners = places.iter().map(|(_, owner)| *owner);
                self.owners[usize::from(runner)].extend(owners);
            }
        }
    }
}

impl Shared {
    /// Runs a batch of calls over several workers.
    pub(crate) fn run_windows(
        &self,
        calls: &Calls<'_>,
        len: usize,
        results: &mut Results,
    ) -> Result<(), HostError> {
        if let (1, Some(owner)) = (len, self.only_owner(calls)) {
            return self.run_part(
                owner,
                &mut Part { operations: calls, indices: None, results },
                1,
            );
        }
        let is_told = |index: usize| calls.shape(index).is_none_or(|shape| shape.exact);
        let (mut next, mut left, mut window_len) = (0, Vec::new(), WINDOW_LEN);
        while next < len || !left.is_empty() {
            let rest = left.split_off(left.len().min(window_len));
            let room = if rest.is_empty() { window_len - left.len() } else { 0 };
            let end =
                (next..len.min(next + room)).take_while(|index| is_told(*index)).count() + next;
            let mut window: Vec<u32> = std::mem::take(&mut left);
            window.extend(next as u32..end as u32);
            next = end;
            if window.is_empty() {
                let to = len.min(next + SERIAL_LEN.min(self.loan_len()));
                self.run_serial(calls, (next, to), results)?;
                next = to;
            } else {
                let ran = self.run_window(calls, &window, results)?;
                window_len = match ran.crosses() {
                    true => WINDOW_LEN.min(4 * self.loan_len()),
                    false => WINDOW_LEN_MAX.min(4 * window_len),
                };
                left = ran.left;
                left.extend(rest);
            }
        }
        Ok(())
    }

    /// Runs one call of a batch that several workers run, when all others have run.
    pub(crate) fn run_last(
        &self,
        calls: &Calls<'_>,
        index: usize,
        results: &mut Results,
    ) -> Result<(), HostError> {
        match calls.shape(index).is_none_or(|shape| shape.exact) {
            true => self.run_window(calls, &[index as u32], results).map(drop),
            false => self.run_serial(calls, (index, index + 1), results),
        }
    }

    /// Calls whose records may be on loan at once: fewer where rows may be long.
    fn loan_len(&self) -> usize {
        let longest = self.program.relations().iter().map(Relation::row_len_max).max();
        (LOAN_BYTES_MAX / longest.unwrap_or(1).max(1)).max(1)
    }

    /// The worker whose records alone the first call of a batch needs, if there is one.
    fn only_owner(&self, calls: &Calls<'_>) -> Option<usize> {
        let shape = calls.shape(0).filter(|shape| shape.exact)?;
        let (mut first, mut same) = (None, true);
        shape.each_key(calls.arguments(0), |relation, key| {
            let owner = self.owner_of(relation, key);
            same &= *first.get_or_insert(owner) == owner;
        });
        first.filter(|_| same)
    }

    /// Runs the calls of a window, some of which may be left.
    fn run_window(
        &self,
        calls: &Calls<'_>,
        indices: &[u32],
        results: &mut Results,
    ) -> Result<Window, HostError> {
        let mut window = Window::new(self.engines.len(), WINDOW_LEN.min(self.loan_len()));
        let mut next = indices.iter();
        for (places, ends) in self.places_of(calls, indices)? {
            let mut start = 0;
            for (end, call) in ends.into_iter().zip(&mut next) {
                window.put(*call, &places[start..end]);
                start = end;
            }
        }
        self.run_side_by_side(
            &window.own,
            results,
            &|worker, part, len| self.run_part(worker, part, len),
            calls,
        )?;
        if window.crosses() {
            self.run_crossing(calls, &window, results)?;
        }
        Ok(window)
    }

    /// The places of all keys that some calls ask for.
    fn places_of(&self, calls: &Calls<'_>, indices: &[u32]) -> Result<Vec<Piece>, HostError> {
        let piece = |piece: &[u32]| {
            let (mut known, mut places, mut ends) = (Vec::new(), Vec::new(), Vec::new());
            let each_key = |index: usize, show: &mut dyn FnMut(RelationId, &[u8])| {
                if let Some(shape) = calls.shape(index) {
                    shape.each_key(calls.arguments(index), show);
                }
            };
            for index in piece.iter().map(|index| *index as usize) {
                each_key(index, &mut |relation, key| known.push(self.owners.begin(relation, key)));
            }
            let mut known = known.into_iter();
            for index in piece.iter().map(|index| *index as usize) {
                each_key(index, &mut |relation, key| {
                    let Some(known) = known.next() else { return };
                    let tell = || self.tell_owner(relation, key);
                    places.push((known.first, self.owners.owner(known, tell) as u16));
                });
                ends.push(places.len());
            }
            (places, ends)
        };
        if indices.len() < PARALLEL_LEN {
            return Ok(vec![piece(indices)]);
        }
        let pieces: Vec<_> = indices.chunks(PIECE_LEN).collect();
        let made = self.pool.map(pieces.len(), |at| piece(pieces[at]));
        made.into_iter().map(|piece| piece.ok_or(NOT_COMPUTED)).collect()
    }

    /// Runs each worker's group, side by side where it pays.
    fn run_side_by_side(
        &self,
        groups: &[Vec<u32>],
        results: &mut Results,
        run: Run<'_>,
        calls: &Calls<'_>,
    ) -> Result<(), HostError> {
        let shape = results.like();
        let one = |worker: usize| {
            let indices = groups[worker].as_slice();
            let mut own = shape.like();
            own.reset(indices.len());
            let mut part = Part { operations: calls, indices: Some(indices), results: &mut own };
            match indices {
                [] => Ok(own),
                _ => run(worker, &mut part, indices.len()).map(|()| own),
            }
        };
        let done: Vec<_> = match groups.iter().map(Vec::len).sum::<usize>() < PARALLEL_LEN {
            true => (0..groups.len()).map(|worker| Some(one(worker))).collect(),
            false => self.pool.map(groups.len(), one),
        };
        for (indices, own) in groups.iter().zip(done) {
            results.take(&own.unwrap_or(Err(NOT_COMPUTED))?, indices);
        }
        Ok(())
    }

    /// Runs groups of calls that share no record, each on its worker over borrowed records.
    fn run_crossing(
        &self,
        calls: &Calls<'_>,
        window: &Window,
        results: &mut Results,
    ) -> Result<(), HostError> {
        let groups = window.crossing.as_slice();
        if self.board.is_none() {
            return groups.iter().try_for_each(|group| self.run_locked(calls, group, results));
        }
        let lending = self.lending.read();
        let mut keys = Vec::new();
        for (executor, (group, owners)) in groups.iter().zip(&window.owners).enumerate() {
            let mut owners = owners.iter();
            let mut owner = |_, _: &[u8]| owners.next().map_or(0, |owner| usize::from(*owner));
            for index in group {
                keys_of(calls, *index as usize, executor, &mut owner, &mut keys);
            }
        }
        sort_keys(&mut keys);
        let mut loans = Vec::new();
        let borrowed = self.borrow_all(keys, &mut loans);
        let mut parts: Vec<Vec<Loan>> = groups.iter().map(|_| Vec::new()).collect();
        loans.into_iter().for_each(|loan| parts[loan.executor()].push(loan));
        let parts: Vec<_> = parts.into_iter().map(std::sync::Mutex::new).collect();
        let ran = borrowed.and_then(|()| {
            self.run_side_by_side(
                groups,
                results,
                &|worker, part, len| {
                    let Ok(mut loans) = parts[worker].lock() else { return Err(NOT_COMPUTED) };
                    match self.run_on(worker, &mut loans, part, (0, len))? {
                        Ran::All => Ok(()),
                        _ => Err(HostError::Internal {
                            why: "a call asks for other records than it said",
                        }),
                    }
                },
                calls,
            )
        });
        let loans = parts.into_iter().filter_map(|loans| loans.into_inner().ok()).flatten();
        let returned = self.give_back(loans.collect());
        drop(lending);
        ran.and(returned).map_err(|error| self.fail(error))
    }

    /// Runs calls one after the other on one worker, which borrows what they turn out to need.
    fn run_serial(
        &self,
        calls: &Calls<'_>,
        (from, to): (usize, usize),
        results: &mut Results,
    ) -> Result<(), HostError> {
        let indices: Vec<u32> = (from as u32..to as u32).collect();
        if self.board.is_none() {
            return self.run_locked(calls, &indices, results);
        }
        let mut own = results.like();
        own.reset(indices.len());
        let mut part = Part { operations: calls, indices: Some(&indices), results: &mut own };
        let (mut at, mut more) = (0, Vec::new());
        while at < indices.len() {
            let lending = self.lending.read();
            let mut loans = Vec::new();
            let ran = self.run_until_lent(&mut part, at, &mut more, &mut loans);
            let returned = self.give_back(loans);
            drop(lending);
            let reached = ran.and_then(|at| returned.map(|()| at));
            let reached = reached.map_err(|error| self.fail(error))?;
            if reached < indices.len() {
                self.await_return()?;
            }
            at = reached;
        }
        results.take(&own, &indices);
        Ok(())
    }

    /// Runs calls from `at` on, up to one that needs a record which is lent to others; its key is
    /// then in `more`, which is borrowed in order, with all else, at the next try.
    fn run_until_lent(
        &self,
        part: &mut Part<'_, Calls<'_>>,
        from: usize,
        more: &mut Vec<OwnedKey>,
        loans: &mut Vec<Loan>,
    ) -> Result<usize, HostError> {
        let len = part.indices.map_or(0, <[u32]>::len);
        let mut keys = Vec::new();
        for at in from..len {
            let mut owner = |relation, key: &[u8]| self.owner_of(relation, key);
            keys_of(part.operations, part.index(at), 0, &mut owner, &mut keys);
        }
        let executor = keys.first().or(more.first()).map_or(0, |key| key.owner);
        keys.append(&mut more.clone());
        keys.iter_mut().for_each(|key| key.executor = executor);
        sort_keys(&mut keys);
        self.borrow_all(keys, loans)?;
        let mut at = from;
        loop {
            match self.run_on(executor, loans, part, (at, len))? {
                Ran::All => return Ok(len),
                Ran::Blocked(reached) | Ran::Cold(reached) => return Ok(reached),
                Ran::Foreign { at: reached, relation, key } => {
                    let owner = self.owner_of(relation, &key);
                    let key = OwnedKey { owner, relation, key, executor, maybe: false };
                    if reached > at {
                        more.clear();
                    }
                    at = reached;
                    more.push(key.clone());
                    if !self.try_borrow(key, loans)? {
                        return Ok(at);
                    }
                }
            }
        }
    }
}

/// Adds the keys that a call asks for, as far as its arguments tell.
fn keys_of(
    calls: &Calls<'_>,
    index: usize,
    executor: usize,
    owner: &mut dyn FnMut(RelationId, &[u8]) -> usize,
    keys: &mut Vec<OwnedKey>,
) {
    let Some(shape) = calls.shape(index) else { return };
    shape.each_key(calls.arguments(index), |relation, key| {
        let owner = owner(relation, key);
        let (key, maybe) = (key.to_vec(), !shape.exact);
        keys.push(OwnedKey { owner, relation, key, executor, maybe });
    });
}

/// Puts keys into the order of borrowing, each once.
fn sort_keys(keys: &mut Vec<OwnedKey>) {
    // Of two with one key, the one that is wanted in any case comes first and stays.
    keys.sort_unstable();
    keys.dedup_by(|a, b| a.owner == b.owner && a.relation == b.relation && a.key == b.key);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WORKERS: u16 = 3;

    /// When a call runs: in which phase, in whose turn, as which of it.
    fn moments(window: &Window, calls: usize) -> Vec<(usize, u16, usize)> {
        let mut moments = vec![(usize::MAX, 0, 0); calls];
        for (phase, groups) in [&window.own, &window.crossing].into_iter().enumerate() {
            for (group, runner) in groups.iter().zip(0..) {
                for (at, call) in group.iter().enumerate() {
                    moments[*call as usize] = (phase, runner, at);
                }
            }
        }
        for (at, call) in window.left.iter().enumerate() {
            moments[*call as usize] = (2, 0, at);
        }
        moments
    }

    proptest! {
        #[test]
        fn of_two_calls_that_share_a_key_the_first_runs_first(
            calls in prop::collection::vec(prop::collection::vec(0_u64..40, 0..4), 1..120),
            room in 0_usize..60,
        ) {
            let mut window = Window::new(usize::from(WORKERS), room);
            for (call, keys) in calls.iter().enumerate() {
                let places: Vec<_> =
                    keys.iter().map(|key| (*key, (key % u64::from(WORKERS)) as u16)).collect();
                window.put(call as u32, &places);
            }
            let crossing: usize = window.crossing.iter().map(Vec::len).sum();
            prop_assert!(crossing <= room);
            let moments = moments(&window, calls.len());
            for (later, keys) in calls.iter().enumerate() {
                let (phase, runner, _) = moments[later];
                if phase == 0 {
                    let owned = |key: &u64| key % u64::from(WORKERS) == u64::from(runner);
                    prop_assert!(keys.iter().all(owned), "its runner owns all of its keys");
                }
                for earlier in 0..later {
                    if !calls[earlier].iter().any(|key| keys.contains(key)) {
                        continue;
                    }
                    let (before, after) = (moments[earlier], moments[later]);
                    prop_assert!(before < after, "{earlier} {before:?} {later} {after:?}");
                    prop_assert!(before.0 < after.0 || before.1 == after.1, "in one turn");
                }
            }
        }
    }
}
