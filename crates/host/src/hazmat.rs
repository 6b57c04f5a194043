//! DANGER: ways to tamper with a store's memory and logs, for demonstrations and tests.
//!
//! Everything here does what a hostile host could do anyway. No harm can come of it that the
//! verifier does not catch; that is what it is for.

use crate::error::HostError;
use crate::log_dir::LogFile;
use crate::node::{Child, NO_SLOT};
use crate::record::{Place, Record};
use crate::store::{Engine, Shared, Store};
use crate::worker::Worker;
use std::path::Path;
use zeta_verifier::{Direction, RelationId, Timestamp, leaf_path};

/// An element as the host holds it: a value, and when and by whom it was evicted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    pub value: Option<Vec<u8>>,
    pub timestamp: Timestamp,
    pub thread: u16,
}

/// A part of a node of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodePart {
    /// Flips a bit of the hash of the record's leaf.
    Hash,
    /// Flips the bit that says whether the record is deferred.
    DeferredFlag,
}

/// Changes a thread's log before its verifier sees it: gets the thread and the bytes.
pub type Intercept = Box<dyn FnMut(u16, &mut Vec<u8>) + Send>;

/// A record's memory, and nothing else of its worker's.
fn with_record<T>(
    shared: &Shared,
    relation: RelationId,
    key: &[u8],
    change: impl FnOnce(&mut Worker, u32) -> Result<T, HostError>,
) -> Result<T, HostError> {
    let path = leaf_path(&shared.hasher, relation, key);
    let mut engine = shared.lock(&shared.engines[shared.partition.worker_of(&path)])?;
    let Engine::Verified(worker) = &mut *engine else {
        return Err(HostError::BadBatch { why: "an unverified store has nothing to tamper with" });
    };
    worker.check_open()?;
    let id = worker.table.find(worker.table.hash(relation, key), relation, key);
    let id = id.ok_or(HostError::BadBatch { why: "there is no record of this key" })?;
    change(worker, id)
}

/// Moves a record out of its slot, so that the host's memory is what counts, and shows it.
pub fn element(store: &Store, relation: RelationId, key: &[u8]) -> Result<Element, HostError> {
    with_record(&store.shared, relation, key, |worker, id| {
        if worker.table.record(id).place() == Place::Slot {
            worker.plan_evict(id);
            worker.flush_own()?;
        }
        let record = worker.table.record(id);
        Ok(Element {
            value: record.value().map(<[u8]>::to_vec),
            timestamp: record.stamp(),
            thread: record.thread(),
        })
    })
}

/// Overwrites a record's value in the host's memory.
pub fn set_value(
    store: &Store,
    relation: RelationId,
    key: &[u8],
    value: Option<&[u8]>,
) -> Result<(), HostError> {
    element(store, relation, key)?;
    with_record(&store.shared, relation, key, |worker, id| {
        worker.table.record_mut(id).set_value(value);
        Ok(())
    })
}

/// Puts an element in the place of a deferred record's: an old one, say, or another record's.
pub fn set_element(
    store: &Store,
    relation: RelationId,
    key: &[u8],
    element_now: &Element,
) -> Result<(), HostError> {
    element(store, relation, key)?;
    with_record(&store.shared, relation, key, |worker, id| {
        let record = worker.table.record_mut(id);
        record.set_value(element_now.value.as_deref());
        record.set_deferred(element_now.timestamp, element_now.thread);
        Ok(())
    })
}

/// Swaps the values of two deferred records.
pub fn swap_values(
    store: &Store,
    relation: RelationId,
    first: &[u8],
    second: &[u8],
) -> Result<(), HostError> {
    let (a, b) = (element(store, relation, first)?, element(store, relation, second)?);
    set_value(store, relation, first, b.value.as_deref())?;
    set_value(store, relation, second, a.value.as_deref())
}

/// Moves a deferred record's timestamp by some counts.
pub fn skew_timestamp(
    store: &Store,
    relation: RelationId,
    key: &[u8],
    by: i64,
) -> Result<(), HostError> {
    let mut skewed = element(store, relation, key)?;
    let moved = skewed.timestamp.to_u64().saturating_add_signed(by);
    skewed.timestamp = Timestamp::from_u64(moved);
    set_element(store, relation, key, &skewed)
}

/// Moves a record to the tree, where its leaf's hash vouches for it.
pub fn retire(store: &Store, relation: RelationId, key: &[u8]) -> Result<(), HostError> {
    element(store, relation, key)?;
    with_record(&store.shared, relation, key, |worker, id| match worker.table.record(id).place() {
        Place::Deferred => worker.retire_to_tree(&[id]),
        _ => Ok(()),
    })
}

/// Tampers with the node above a record's leaf, in the host's copy of the tree. A node that sits
/// in a slot is moved out of it, so that the copy is what counts.
pub fn corrupt_node(
    store: &Store,
    relation: RelationId,
    key: &[u8],
    part: NodePart,
) -> Result<(), HostError> {
    let path = leaf_path(&store.shared.hasher, relation, key);
    with_record(&store.shared, relation, key, |worker, _| {
        let (node, side) = worker.node_above(&path)?;
        let link = worker.tree.nodes.get_mut(node).link_mut(side);
        match part {
            NodePart::Hash => link.hash[0] ^= 1,
            NodePart::DeferredFlag => link.deferred = !link.deferred,
        }
        Ok(())
    })
}

/// Makes a second record of a key that exists: new to the tree, if the host is to be believed.
pub fn duplicate(store: &Store, relation: RelationId, key: &[u8]) -> Result<(), HostError> {
    element(store, relation, key)?;
    with_record(&store.shared, relation, key, |worker, id| {
        *worker.table.record_mut(id) = Record::new(relation, key);
        Ok(())
    })
}

/// Puts a closure between a store and its verifier threads.
pub fn intercept(store: &Store, make: &mut dyn FnMut() -> Intercept) -> Result<(), HostError> {
    for engine in &store.shared.engines {
        if let Engine::Verified(worker) = &mut *store.shared.lock(engine)? {
            worker.intercept = Some(make());
        }
    }
    Ok(())
}

/// Lets every thread's log go to another file from now on: `/dev/full` is a full disk.
pub fn redirect_log(store: &Store, path: &Path) -> Result<(), HostError> {
    for engine in &store.shared.engines {
        if let Engine::Verified(worker) = &mut *store.shared.lock(engine)? {
            worker.log_file = Some(LogFile::open(path)?);
        }
    }
    Ok(())
}

impl Worker {
    /// The node above a leaf, which is in no slot afterwards unless it is one of the roots.
    fn node_above(&mut self, path: &zeta_verifier::Path) -> Result<(u32, Direction), HostError> {
        self.flush_own()?;
        let found = self.tree.find(path);
        let (node, side) =
            found.ok_or(HostError::BadBatch { why: "there is no leaf of this key" })?;
        self.tree.evict_below(&mut self.plan, node);
        self.flush_own()?;
        match self.tree.nodes.get(node).slot {
            NO_SLOT => Ok((node, side)),
            _ => Err(HostError::BadBatch { why: "the leaf hangs on a root, which never leaves" }),
        }
    }
}

impl crate::tree::Tree {
    /// The node above an existing leaf.
    fn find(&self, path: &zeta_verifier::Path) -> Option<(u32, Direction)> {
        let mut node = self.root_above(path);
        loop {
            let side = path.direction_at(self.nodes.get(node).len);
            let link = self.nodes.get(node).link(side);
            node = match link.child {
                Child::Leaf if link.path == *path => return Some((node, side)),
                Child::Node(child) if path.is_proper_descendant_of(&link.path) => child,
                _ => return None,
            };
        }
    }

    /// Plans to evict a node and every node below it from their slots.
    fn evict_below(&mut self, plan: &mut crate::plan::Plan, node: u32) {
        if self.nodes.get(node).slot == NO_SLOT {
            return;
        }
        for side in [Direction::Left, Direction::Right] {
            if let Child::Node(child) = self.nodes.get(node).link(side).child {
                self.evict_below(plan, child);
            }
        }
        self.evict(plan, node);
    }
}
