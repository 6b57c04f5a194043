//! Initial states: an empty tree, or the canonical tree of a data set that a verifier adopts.

use crate::arena::Arena;
use crate::error::HostError;
use crate::node::{Child, Link, TreeNode};
use crate::record::{Place, Record};
use crate::table::Table;
use crate::tree::prefix;
use std::collections::{BTreeMap, HashMap};
use zeta_verifier::{
    Direction, DuplicateKey, Hash, KEY_LEN_MAX, Leaf, Node, Path, Pointer, RelationId, Standard,
    VALUE_LEN_MAX, encode_node, leaf_path, sha256, summarize, value_hash,
};

/// One record of a data set.
pub type Row = (RelationId, Vec<u8>, Vec<u8>);

/// What identifies a data set: the root of its canonical tree. Whoever owns the data computes it
/// with code that they trust; a store that adopts the data must come to the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    pub root: Node,
    pub records: u64,
}

impl Summary {
    /// Of a store that begins empty.
    pub const EMPTY: Self = Self { root: Node::EMPTY, records: 0 };

    /// 32 bytes that stand for the summary.
    #[must_use]
    pub fn digest(&self) -> Hash {
        let mut bytes = Vec::new();
        encode_node(&self.root, &mut bytes);
        sha256(0x15, &[&bytes, &self.records.to_le_bytes()])
    }
}

/// The summary of a data set, in any order.
pub fn summary(
    data: impl IntoIterator<Item = Row>,
    hasher: &Standard,
) -> Result<Summary, HostError> {
    let mut leaves = Vec::new();
    for (relation, key, value) in data {
        leaves.push(leaf_of(hasher, relation, &key, &value)?);
    }
    let records = leaves.len() as u64;
    let root = summarize(hasher, &mut leaves, &mut |_, _| {});
    let root =
        root.map_err(|DuplicateKey(path)| HostError::DuplicateKey { key: path.bits().to_vec() })?;
    Ok(Summary { root, records })
}

fn leaf_of(
    hasher: &Standard,
    relation: RelationId,
    key: &[u8],
    value: &[u8],
) -> Result<Leaf, HostError> {
    if key.len() > KEY_LEN_MAX {
        return Err(HostError::KeyTooLong { len: key.len() });
    }
    if value.len() > VALUE_LEN_MAX {
        return Err(HostError::ValueTooLong { len: value.len() });
    }
    Ok((leaf_path(hasher, relation, key), value_hash(hasher, Some(value))))
}

/// How leaves are divided among workers: by the first bits of their paths.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Partition {
    pub(crate) workers: u16,
    /// Bits that decide; the parts of a worker are neighbours.
    pub(crate) depth: u16,
}

impl Partition {
    pub(crate) fn new(workers: u16) -> Self {
        let bits = u16::try_from(workers.next_power_of_two().trailing_zeros()).unwrap_or(0);
        let depth = if workers.is_power_of_two() { bits } else { bits + 2 };
        Self { workers, depth }
    }

    #[inline(always)]
    pub(crate) fn worker_of(&self, path: &Path) -> usize {
        (prefix(path, self.depth) * usize::from(self.workers)) >> self.depth
    }

    /// The first part of a worker; the worker after the last begins where the parts end.
    pub(crate) fn first_part(&self, worker: usize) -> usize {
        let parts = 1 << self.depth;
        (worker * parts).div_ceil(usize::from(self.workers))
    }
}

/// The records and nodes with which workers begin.
pub(crate) struct Initial {
    pub(crate) root: Node,
    pub(crate) tables: Vec<Table>,
    pub(crate) nodes: Vec<Arena<TreeNode>>,
    /// Nodes that lie above the parts of workers, or at their tops.
    pub(crate) upper: BTreeMap<Path, Node>,
    /// Where a worker's arena has a node whose parent is in none.
    pub(crate) tops: HashMap<Path, u32>,
}

impl Initial {
    pub(crate) fn empty(partition: Partition, seed: u64) -> Self {
        Self {
            root: Node::EMPTY,
            tables: (0..partition.workers).map(|_| Table::new(seed)).collect(),
            nodes: (0..partition.workers).map(|_| Arena::new()).collect(),
            upper: BTreeMap::new(),
            tops: HashMap::new(),
        }
    }

    /// Takes over a data set, and builds its canonical tree.
    pub(crate) fn adopt(
        partition: Partition,
        seed: u64,
        data: &mut dyn Iterator<Item = Row>,
        hasher: &Standard,
    ) -> Result<(Self, u64), HostError> {
        let mut initial = Self::empty(partition, seed);
        let mut leaves = Vec::new();
        for (relation, key, value) in data {
            let leaf = leaf_of(hasher, relation, &key, &value)?;
            let table = &mut initial.tables[partition.worker_of(&leaf.0)];
            let hash = table.hash(relation, &key);
            if table.find(hash, relation, &key).is_some() {
                return Err(HostError::DuplicateKey { key });
            }
            let id = table.add(hash, relation, &key)?;
            let record: &mut Record = table.record_mut(id);
            record.set_value(Some(&value));
            record.set_place(Place::Tree);
            leaves.push(leaf);
        }
        let records = leaves.len() as u64;
        // Nodes come children first: those whose parent has not come yet wait here.
        let mut waiting: Vec<(Path, u32)> = Vec::new();
        let mut full = false;
        let mut visit = |path: Path, node: &Node| {
            let mut child = |pointer: &Pointer| match pointer {
                Pointer::To(link) if !link.path.is_leaf() => waiting.pop(),
                _ => None,
            };
            let (right, left) = (child(&node.right), child(&node.left));
            if path.len() <= partition.depth {
                initial.upper.insert(path, *node);
            }
            if path.len() < partition.depth {
                initial.tops.extend([left, right].into_iter().flatten());
                // A node above the parts is in no worker's arena.
                waiting.push((path, u32::MAX));
                return;
            }
            let mut made = TreeNode::new(path.len());
            *made.link_mut(Direction::Left) = link(&node.left, left);
            *made.link_mut(Direction::Right) = link(&node.right, right);
            match initial.nodes[partition.worker_of(&path)].push(made) {
                Some(id) => waiting.push((path, id)),
                None => full = true,
            }
        };
        let root = summarize(hasher, &mut leaves, &mut visit);
        initial.root = root.map_err(|_| HostError::DuplicateKey { key: Vec::new() })?;
        initial.tops.extend(waiting);
        if full { Err(HostError::TooManyRecords) } else { Ok((initial, records)) }
    }

    /// The top node of a worker's part, whose value is `value`: its number in the worker's arena.
    pub(crate) fn part_root(&mut self, worker: usize, path: &Path, value: &Node) -> Option<u32> {
        if let Some(id) = self.tops.get(path).filter(|_| path.len() > 0) {
            return Some(*id);
        }
        let mut made = TreeNode::new(path.len());
        for side in [Direction::Left, Direction::Right] {
            let pointer = value.pointer(side);
            let top = match pointer {
                Pointer::To(link) => self.tops.get(&link.path).map(|id| (link.path, *id)),
                Pointer::Empty => None,
            };
            *made.link_mut(side) = link(pointer, top);
        }
        self.nodes[worker].push(made)
    }
}

fn link(pointer: &Pointer, child: Option<(Path, u32)>) -> Link {
    let child = match (pointer, child) {
        (Pointer::Empty, _) => Child::Nothing,
        (Pointer::To(_), Some((_, id))) => Child::Node(id),
        (Pointer::To(_), None) => Child::Leaf,
    };
    Link::adopted(pointer, child)
}
