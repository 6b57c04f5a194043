//! Ways of records between the tree, deferred state and slots, other than the common one.

use crate::baton::Seat;
use crate::error::HostError;
use crate::operations::{Operations, Part, Work};
use crate::plan::Expect;
use crate::record::Place;
use crate::store::{Engine, Shared};
use crate::tree::{Found, TreeStop};
use crate::worker::Worker;
use zeta_verifier::{Entry, Path, Record, SlotId, leaf_path};

/// Bytes of planned log beyond which the verifier is asked.
const LOG_LEN_MAX: usize = 1 << 16;

/// Records of the tree that are moved before the baton is given back for a moment.
const PIECE_LEN: usize = 1 << 12;

impl Shared {
    /// Moves all of a worker's records to deferred state.
    pub(crate) fn defer_all_of(&self, engine: &Seat) -> Result<(), HostError> {
        let mut order = match &*self.lock(engine)? {
            Engine::Unverified(_) => Vec::new(),
            Engine::Verified(worker) => (0..worker.table.records.len())
                .filter(|id| worker.table.record(*id).place() == Place::Tree)
                .map(|id| (worker.path_of(id), id))
                .collect(),
        };
        self.defer_in_order(engine, &mut order)
    }

    /// Moves the records in the tree which the operations `from..to` of a part need to deferred
    /// state: together, since neighbours share most of their paths.
    #[cold]
    pub(crate) fn bring_cold<W: Work>(
        &self,
        worker: usize,
        part: &Part<'_, W>,
        (from, to): (usize, usize),
    ) -> Result<(), HostError> {
        let engine = &self.engines[worker];
        let (mut order, mut cold) = (Vec::new(), Vec::new());
        for start in (from..to).step_by(PIECE_LEN) {
            let mut baton = self.lock(engine)?;
            if let Engine::Verified(worker) = &mut *baton {
                worker.check_open()?;
                W::find_cold(worker, part, (start, to.min(start + PIECE_LEN)), &mut cold)?;
                order.extend(cold.drain(..).map(|id| (worker.path_of(id), id)));
            }
            baton.pass_on();
        }
        self.defer_in_order(engine, &mut order)
    }

    /// Moves records from the tree to deferred state, in pieces.
    fn defer_in_order(&self, engine: &Seat, order: &mut Vec<(Path, u32)>) -> Result<(), HostError> {
        order.sort_unstable();
        order.dedup();
        for piece in order.chunks(PIECE_LEN) {
            let mut baton = self.lock(engine)?;
            if let Engine::Verified(worker) = &mut *baton {
                worker.check_open()?;
                worker.advance(self.epochs.current())?;
                worker.defer_leaves(piece)?;
            }
            baton.pass_on();
        }
        Ok(())
    }
}

impl Worker {
    pub(crate) fn path_of(&self, id: u32) -> Path {
        let record = self.table.record(id);
        leaf_path(&self.hasher, record.relation(), record.key())
    }

    /// Moves records from the tree to deferred state, in the order of their leaves, and makes the
    /// leaves of those that are new. Others are left as they are.
    pub(crate) fn defer_from_tree(&mut self, ids: &mut Vec<u32>) -> Result<(), HostError> {
        ids.retain(|id| matches!(self.table.record(*id).place(), Place::New | Place::Tree));
        let order = self.in_leaf_order(ids);
        self.defer_leaves(&order)
    }

    /// As `defer_from_tree`, of records that are in the order of their leaves.
    fn defer_leaves(&mut self, order: &[(Path, u32)]) -> Result<(), HostError> {
        for (path, id) in order.iter().copied() {
            if !matches!(self.table.record(id).place(), Place::New | Place::Tree) {
                continue;
            }
            let found = self.bring_parent(&path)?;
            self.plan_add_m(id, found);
            self.tree.set_leaf(found, path, true);
            self.plan.evict_bm(Expect::Restamp { record: id }, self.passage, found.slot);
            let record = self.table.record_mut(id);
            record.set_place(Place::Evicting);
            record.idle = 0;
            if self.plan.log.len() > LOG_LEN_MAX {
                self.flush_own()?;
            }
        }
        self.flush_own()
    }

    /// Moves deferred records to the tree, in the order of their leaves.
    pub(crate) fn retire_to_tree(&mut self, ids: &[u32]) -> Result<(), HostError> {
        for (path, id) in self.in_leaf_order(ids) {
            let found = self.bring_parent(&path)?;
            self.plan_add_b(id, self.passage);
            self.plan_evict_leaf(id, found);
            if self.plan.log.len() > LOG_LEN_MAX {
                self.flush_own()?;
            }
        }
        self.flush_own()
    }

    fn in_leaf_order(&self, ids: &[u32]) -> Vec<(Path, u32)> {
        let mut order: Vec<_> = ids.iter().map(|id| (self.path_of(*id), *id)).collect();
        order.sort_unstable_by_key(|(path, _)| *path);
        order
    }

    /// The node above a leaf, in a slot. No operation may be planned, for the plan may be flushed.
    fn bring_parent(&mut self, path: &Path) -> Result<Found, HostError> {
        for _ in 0..2 {
            match self.tree.bring_parent(&mut self.plan, path) {
                Ok(found) => return Ok(found),
                Err(TreeStop::Flush) => self.flush_own()?,
                Err(stop) => return Err(self.tree_error(&stop)),
            }
        }
        let stop = self.tree.bring_parent(&mut self.plan, path);
        stop.map_err(|stop| self.tree_error(&stop))
    }

    fn plan_add_m(&mut self, id: u32, found: Found) {
        let record = self.table.record(id);
        let (relation, key, value) = (record.relation(), record.key(), record.value());
        Entry::AddM {
            slot: SlotId(self.passage),
            ancestor_slot: SlotId(found.slot),
            record: Record::App { relation, key, value },
        }
        .encode(&mut self.plan.log);
    }

    fn plan_evict_leaf(&mut self, id: u32, found: Found) {
        let expect = Expect::Leaf { record: id, parent: found.node, side: found.side };
        self.plan.evict_m(expect, self.passage, found.slot);
        self.tree.await_leaf(found);
        self.table.record_mut(id).set_place(Place::Evicting);
    }

    /// Plans an operation on one record that comes from the tree and goes back to it.
    pub(crate) fn plan_merkle<O: Operations>(
        &mut self,
        part: &mut Part<'_, O>,
        id: u32,
        at: usize,
    ) -> Result<bool, HostError> {
        if self.table.record(id).place() == Place::Evicting {
            self.flush(part)?;
        }
        if self.table.record(id).place() == Place::Lent {
            return Ok(false);
        }
        let path = self.path_of(id);
        let found = loop {
            match self.tree.bring_parent(&mut self.plan, &path) {
                Ok(found) => break found,
                Err(TreeStop::Flush) if !self.plan.is_empty() => self.flush(part)?,
                Err(stop) => return Err(self.tree_error(&stop)),
            }
        };
        match self.table.record(id).place() {
            Place::Deferred => self.plan_add_b(id, self.passage),
            _ => {
                self.plan_add_m(id, found);
                self.tree.set_leaf(found, path, false);
            }
        }
        self.plan_run(part, at, &[self.passage]);
        self.plan_evict_leaf(id, found);
        Ok(true)
    }
}
