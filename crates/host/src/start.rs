//! How workers come into being: their slots, their parts of the tree, their verifier threads.

use crate::adopt::{Initial, Partition};
use crate::error::HostError;
use crate::leaves::Leaves;
use crate::log_dir::LogDir;
use crate::options::{Entropy, Options, Policy};
use crate::slots::Slots;
use crate::split::{PartRoot, Split};
use crate::store::Engine;
use crate::tree::Tree;
use crate::unverified::Unverified;
use crate::worker::{Parts, Worker};
use std::sync::Arc;
use zeta_program::Program;
use zeta_program::bound::ROW_COUNT_MAX;
use zeta_session::{AccessList, Identity};
use zeta_verifier::{
    Board, Certifier, Config, ConfigError, Entry, Incarnation, InstanceId, Path, Record, SlotId,
    Standard, ThreadId, Verifier, encode_node, sha256,
};

/// A store's workers, ready to serve.
pub(crate) struct Started {
    pub(crate) engines: Vec<Engine>,
    pub(crate) board: Option<Arc<Board>>,
    pub(crate) instance: InstanceId,
    /// `None`: there are neither clients nor receipts.
    pub(crate) certifier: Option<Certifier>,
}

/// The hashes of the tree; nothing secret is in it.
#[must_use]
pub fn hasher() -> Standard {
    Standard::new([0; 32], InstanceId([0; 16]), Incarnation([0; 16]))
}

/// The seed of the index, which outsiders must not know lest they choose keys that collide.
pub(crate) fn seed_of(entropy: &Entropy) -> u64 {
    let hash = sha256(0xfe, &[&entropy.secret]);
    hash.iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(*byte))
}

/// The verifier's configuration for these options.
pub(crate) fn config_of(options: &Options, root: zeta_verifier::Node) -> Config {
    Config {
        threads: options.workers,
        slots: options.slots_per_worker,
        byte_budget: options.byte_budget,
        root,
        nonce: options.entropy.nonce,
        incarnation: Incarnation(options.entropy.incarnation),
        secret: options.entropy.secret,
    }
}

pub(crate) fn start(
    options: &Options,
    partition: Partition,
    mut initial: Initial,
    program: &Arc<Program>,
    log_dir: Option<&LogDir>,
) -> Result<Started, HostError> {
    let config = config_of(options, initial.root);
    let verifier = verifier(options, &config, Program::clone(program))?;
    if !options.policy.is_verified() {
        let tables = initial.tables.into_iter();
        let direct = options.policy == Policy::PlainMap;
        let plain =
            |table| Engine::Unverified(Box::new(Unverified::new(table, program.clone(), direct)));
        let engines = tables.map(plain).collect();
        return Ok(Started { engines, board: None, instance: verifier.instance, certifier: None });
    }
    let nodes = node_slots(options);
    let serves = verifier.certifier.is_some();
    let embedded = match &options.serving {
        None => true,
        Some(serving) => AccessList::decode(&serving.access).is_ok_and(|list| list.embedded),
    };
    let mut workers = Vec::new();
    for (thread, table) in verifier.threads.into_iter().zip(std::mem::take(&mut initial.tables)) {
        let id = thread.id().0;
        let first = partition.first_part(usize::from(id));
        workers.push(Worker::new(Parts {
            thread,
            table,
            tree: Tree::new(nodes, partition.depth, first),
            slots: Slots::new(nodes, record_slots(options, nodes)),
            passage: options.slots_per_worker - PASSAGE_SLOTS,
            policy: options.policy,
            hasher: hasher(),
            program: program.clone(),
            log_file: log_dir.map(|dir| dir.thread(id)).transpose()?,
            byte_budget: options.byte_budget,
            idle_epochs: u8::try_from(options.idle_epochs).unwrap_or(u8::MAX - 1),
            partition,
            leaves: serves.then(Leaves::default),
            embedded,
        }));
    }
    hand_out(&mut workers, partition, initial)?;
    Ok(Started {
        engines: workers.into_iter().map(|worker| Engine::Verified(Box::new(worker))).collect(),
        board: Some(verifier.board),
        instance: verifier.instance,
        certifier: verifier.certifier,
    })
}

/// The verifier that these options ask for.
fn verifier(
    options: &Options,
    config: &Config,
    program: Program,
) -> Result<Verifier<Standard>, HostError> {
    let made = match &options.serving {
        None => Verifier::new(config, program),
        Some(serving) => {
            let serving = zeta_verifier::Serving {
                access: &serving.access,
                identity: Identity::new(&serving.identity_seed),
                entropy: zeta_session::Entropy::new(options.entropy.sessions),
                sessions_per_thread: serving.sessions_per_worker,
            };
            Verifier::serving(config, program, serving)
        }
    };
    made.map_err(|error| match error {
        ConfigError::Access(why) => {
            HostError::BadOption { option: "access", why: format!("it does not fit: {why:?}") }
        }
        ConfigError::NoThreads | ConfigError::NoSlots => HostError::BadOption {
            option: "workers",
            why: "the verifier accepts no such configuration".to_owned(),
        },
    })
}

/// Slots for the nodes from the top of a worker's part to a record: the longest path among 2^32
/// records. Who chooses keys cannot make it longer without as many hashes.
const PATH_SLOTS: u16 = 40;
/// Slots for the records of one operation.
const ROW_SLOTS: u16 = ROW_COUNT_MAX as u16;
/// The slot of records that pass through.
const PASSAGE_SLOTS: u16 = 1;

/// The fewest slots of a worker, under any policy, in a store of so many workers.
#[must_use]
pub fn slots_min(workers: u16) -> u16 {
    top_slots(workers) + PATH_SLOTS + ROW_SLOTS + PASSAGE_SLOTS
}

/// Slots that are never free: the root's, and the top of each part of the tree that a worker has.
fn top_slots(workers: u16) -> u16 {
    let depth = Partition::new(workers).depth;
    1 + (1_u16 << depth).div_ceil(workers)
}

/// How many of the slots are for nodes of the tree.
fn node_slots(options: &Options) -> u16 {
    let slots = options.slots_per_worker;
    match options.policy {
        Policy::MerkleOnly => slots - PASSAGE_SLOTS - (slots / 4).clamp(ROW_SLOTS, 64),
        _ => (slots / 4).max(top_slots(options.workers) + PATH_SLOTS),
    }
}

/// How many of the other slots are for records.
fn record_slots(options: &Options, nodes: u16) -> u16 {
    let rest = options.slots_per_worker - nodes - PASSAGE_SLOTS;
    match options.policy {
        // They stay no longer than a chunk of operations.
        Policy::DeferredOnly => rest.min(256),
        _ => rest,
    }
}

/// Gives every worker its parts of the tree. One worker alone keeps the root itself.
fn hand_out(
    workers: &mut [Worker],
    partition: Partition,
    mut initial: Initial,
) -> Result<(), HostError> {
    let root = initial.root;
    if partition.depth == 0 {
        let worker = &mut workers[0];
        let node = initial.part_root(0, &Path::ROOT, &root).ok_or(HostError::TooManyRecords)?;
        worker.tree.nodes = initial.nodes.swap_remove(0);
        let slot = worker.tree.put_root(node);
        return slot.map(|_| ()).map_err(|stop| worker.tree_error(&stop));
    }
    let plan = &mut workers[0].plan;
    let (upper, depth) = (&initial.upper, partition.depth);
    let mut split = Split { plan, upper, depth, roots: Vec::new() };
    split.below(Path::ROOT, &root);
    let roots = split.roots;
    workers[0].flush_own()?;
    let mut placed: Vec<(usize, u32, PartRoot)> = Vec::new();
    for root in roots {
        let owner = partition.worker_of(&root.path);
        let node = initial.part_root(owner, &root.path, &root.value);
        placed.push((owner, node.ok_or(HostError::TooManyRecords)?, root));
    }
    for (worker, nodes) in workers.iter_mut().zip(initial.nodes) {
        worker.tree.nodes = nodes;
    }
    // Thread 0 keeps the root in slot 0 for good.
    workers[0].tree.reserve_slot();
    for (owner, node, root) in placed {
        take_root(&mut workers[owner], node, &root)?;
    }
    workers.iter_mut().try_for_each(Worker::flush_own)
}

/// Adds the top of a part, which thread 0 has evicted, to its owner's slots.
fn take_root(worker: &mut Worker, node: u32, root: &PartRoot) -> Result<(), HostError> {
    let slot = worker.tree.put_root(node).map_err(|stop| worker.tree_error(&stop))?;
    let mut bytes = Vec::new();
    encode_node(&root.value, &mut bytes);
    Entry::AddB {
        slot: SlotId(slot),
        thread: ThreadId(0),
        timestamp: root.stamp,
        record: Record::Node { path: root.path, node: &bytes },
    }
    .encode(&mut worker.plan.log);
    worker.plan.see(root.stamp);
    Ok(())
}
