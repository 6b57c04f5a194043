//! Calls over records of several workers: owners lend, one worker runs, owners take back.
//!
//! An owner evicts a record through its verifier and flushes before it lends, so that the element
//! which the other worker adds is always published. There it is a guest: a record like any other.
//!
//! INVARIANT: whoever waits for a record that is lent to others holds only such as come before it
//! in the order of (owner, relation, key), so nobody waits in a circle.

use crate::baton::Baton;
use crate::chunk::Ran;
use crate::error::HostError;
use crate::operations::{Calls, Part};
use crate::record::Place;
use crate::store::{Engine, Shared};
use crate::worker::Worker;
use zeta_verifier::{RelationId, Timestamp, leaf_path};

/// A key of some worker's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OwnedKey {
    pub(crate) owner: usize,
    pub(crate) relation: RelationId,
    pub(crate) key: Vec<u8>,
    /// Who needs it. One record has one executor.
    pub(crate) executor: usize,
    /// It is wanted only if there is such a record already.
    pub(crate) maybe: bool,
}

/// A record on loan.
pub(crate) struct Loan {
    owned: OwnedKey,
    id: u32,
    value: Option<Vec<u8>>,
    stamp: Timestamp,
    thread: u16,
    /// Its number where it is a guest.
    guest: Option<u32>,
}

impl Loan {
    pub(crate) fn executor(&self) -> usize {
        self.owned.executor
    }
}

impl Shared {
    /// The owner of a key.
    pub(crate) fn owner_of(&self, relation: RelationId, key: &[u8]) -> usize {
        let known = self.owners.begin(relation, key);
        self.owners.owner(known, || self.tell_owner(relation, key))
    }

    /// As `owner_of`, from the key's place in the tree.
    pub(crate) fn tell_owner(&self, relation: RelationId, key: &[u8]) -> usize {
        self.partition.worker_of(&leaf_path(&self.hasher, relation, key))
    }

    /// A worker that is ready for calls of the epoch that is current now.
    pub(crate) fn verified<'a>(
        &self,
        engine: &'a mut Baton<'_>,
    ) -> Result<&'a mut Worker, HostError> {
        let Engine::Verified(worker) = &mut **engine else {
            return Err(HostError::Internal { why: "an unverified worker lends nothing" });
        };
        worker.check_open()?;
        worker.advance(self.epochs.current())?;
        Ok(worker)
    }

    /// Borrows records, waiting for those that are lent. The keys are distinct and in order, and
    /// nothing else is held.
    pub(crate) fn borrow_all(
        &self,
        keys: Vec<OwnedKey>,
        loans: &mut Vec<Loan>,
    ) -> Result<(), HostError> {
        let mut rest = keys;
        while let Some(owner) = rest.first().map(|key| key.owner) {
            let later = rest.split_off(rest.partition_point(|key| key.owner == owner));
            while !rest.is_empty() {
                let left = self.borrow_from(owner, rest, loans)?;
                if !left.is_empty() {
                    self.await_return()?;
                }
                rest = left;
            }
            rest = later;
        }
        Ok(())
    }

    /// Borrows one more record, out of order; false where it is lent to others.
    pub(crate) fn try_borrow(
        &self,
        key: OwnedKey,
        loans: &mut Vec<Loan>,
    ) -> Result<bool, HostError> {
        let left = self.borrow_from(key.owner, vec![key], loans)?;
        Ok(left.is_empty())
    }

    /// Borrows records of one owner, up to the first that is lent: gives the keys from it on.
    fn borrow_from(
        &self,
        owner: usize,
        mut keys: Vec<OwnedKey>,
        loans: &mut Vec<Loan>,
    ) -> Result<Vec<OwnedKey>, HostError> {
        let mut engine = self.lock(&self.engines[owner])?;
        let worker = self.verified(&mut engine)?;
        let hash = |key: &OwnedKey| worker.table.hash(key.relation, &key.key);
        let hashes: Vec<u32> = keys.iter().map(hash).collect();
        hashes.iter().for_each(|hash| worker.table.prefetch_index(*hash));
        for hash in &hashes {
            worker.table.prefetch_record(*hash);
        }
        let (mut ids, mut reached) = (Vec::new(), 0);
        for (key, hash) in keys.iter().zip(hashes) {
            let found = match worker.table.find(hash, key.relation, &key.key) {
                None if !key.maybe => Some(worker.table.add(hash, key.relation, &key.key)?),
                found => found,
            };
            if found.is_some_and(|id| worker.table.record(id).place() == Place::Lent) {
                break;
            }
            ids.push(found);
            reached += 1;
        }
        let left = keys.split_off(reached);
        let present: Vec<u32> = ids.iter().copied().flatten().collect();
        worker.make_current(&present)?;
        for (owned, id) in keys.into_iter().zip(ids) {
            let Some(id) = id else { continue };
            let record = worker.table.record_mut(id);
            record.set_place(Place::Lent);
            record.idle = 0;
            let value = match owned.executor == owner {
                true => None,
                false => record.value().map(<[u8]>::to_vec),
            };
            let (stamp, thread) = (record.stamp(), record.thread());
            loans.push(Loan { owned, id, value, stamp, thread, guest: None });
        }
        Ok(left)
    }

    /// Runs calls `from..` of a part on a worker that gets the loans which are meant for it. They
    /// stay there, those of its own apart: these are no loans any more.
    pub(crate) fn run_on(
        &self,
        executor: usize,
        loans: &mut Vec<Loan>,
        part: &mut Part<'_, Calls<'_>>,
        (from, to): (usize, usize),
    ) -> Result<Ran, HostError> {
        let mut engine = self.lock(&self.engines[executor])?;
        let worker = self.verified(&mut engine)?;
        worker.receive(executor, loans)?;
        worker.run_calls(part, (from, to), usize::MAX)
    }

    /// Takes what became of the loans from the worker that ran, and brings it to the owners.
    pub(crate) fn give_back(&self, mut loans: Vec<Loan>) -> Result<(), HostError> {
        loans.sort_by_key(|loan| loan.owned.executor);
        for loans in loans.chunk_by_mut(|a, b| a.owned.executor == b.owned.executor) {
            if let [Loan { owned, .. }, ..] = &*loans
                && loans.iter().any(|loan| loan.guest.is_some())
            {
                let mut engine = self.lock(&self.engines[owned.executor])?;
                self.verified(&mut engine)?.send_back(loans)?;
            }
        }
        loans.sort_by_key(|loan| loan.owned.owner);
        for loans in loans.chunk_by(|a, b| a.owned.owner == b.owned.owner) {
            let Some(owner) = loans.first().map(|loan| loan.owned.owner) else { continue };
            let mut engine = self.lock(&self.engines[owner])?;
            let Engine::Verified(worker) = &mut *engine else { continue };
            for loan in loans {
                let record = worker.table.record_mut(loan.id);
                if loan.owned.executor != owner {
                    record.set_value(loan.value.as_deref());
                }
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
    /// Brings records to deferred state, with a timestamp of this epoch and the host's own value
    /// current.
    fn make_current(&mut self, ids: &[u32]) -> Result<(), HostError> {
        self.defer_from_tree(&mut ids.to_vec())?;
        let epoch = self.plan.epoch();
        for id in ids {
            let record = self.table.record(*id);
            match record.place() {
                Place::Slot => self.plan_evict(*id),
                // Also where another thread evicted it: its next loan then comes from its owner.
                Place::Deferred if record.stamp().epoch() < epoch => self.plan_restamp(*id),
                _ => {}
            }
        }
        self.flush_own()
    }

    /// Takes in the loans that are meant for this worker and not here yet.
    fn receive(&mut self, executor: usize, loans: &mut Vec<Loan>) -> Result<(), HostError> {
        let mut full = None;
        loans.retain_mut(|loan| {
            if loan.owned.executor != executor || loan.guest.is_some() {
                return true;
            }
            if loan.owned.owner == executor {
                self.table.record_mut(loan.id).set_place(Place::Deferred);
                return false;
            }
            match self.table.add_guest(loan.owned.relation, &loan.owned.key) {
                Ok(id) => {
                    let record = self.table.record_mut(id);
                    record.set_value(loan.value.as_deref());
                    record.set_deferred(loan.stamp, loan.thread);
                    loan.guest = Some(id);
                }
                Err(error) => full = Some(error),
            }
            true
        });
        full.map_or(Ok(()), Err)
    }

    /// Lets guests go, and notes in their loans what became of them.
    fn send_back(&mut self, loans: &mut [Loan]) -> Result<(), HostError> {
        for id in loans.iter().filter_map(|loan| loan.guest) {
            if self.table.record(id).place() == Place::Slot {
                self.plan_evict(id);
            }
        }
        self.flush_own()?;
        for loan in loans {
            let Some(id) = loan.guest.take() else { continue };
            let record = self.table.record(id);
            loan.value = record.value().map(<[u8]>::to_vec);
            (loan.stamp, loan.thread) = (record.stamp(), record.thread());
            self.table.remove_guest(id);
        }
        Ok(())
    }
}
