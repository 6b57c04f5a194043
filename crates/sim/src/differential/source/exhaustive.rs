//! Every log up to a length over a small domain: every entry of the domain is tried after each
//! accepted prefix.

use super::domain::{Domain, at, close_keys, fork};
use crate::differential::case::Move;
use crate::differential::compare::Played;
use crate::differential::player::{Player, Stopped};
use crate::differential::setup::Setup;
use crate::operation::Operation;
use crate::owned_record::OwnedRecord;

pub struct Scope {
    pub name: String,
    setup: Setup,
    /// Every entry, for every thread.
    calls: Vec<(u16, Vec<u8>)>,
    depth: usize,
    /// First entries that are accepted: each begins a part, but for those of length one.
    firsts: Vec<usize>,
}

impl Scope {
    fn new(name: &str, domain: &Domain, setup: Setup, depth: usize) -> Self {
        let entries = domain.entries();
        let threads = 0..domain.threads;
        let calls: Vec<_> = threads
            .flat_map(|thread| entries.iter().map(move |entry| (thread, entry.clone())))
            .collect();
        let loaded = setup.load();
        let mut player = Player::new(String::new(), &setup, loaded.as_ref());
        let firsts = (0..calls.len()).filter(|index| {
            player.make(Move::Try);
            let (thread, log) = &calls[*index];
            let done = Stopped::of(player.call(*thread, log)) == Some(Stopped::Done);
            player.make(Move::Back);
            done
        });
        let firsts = firsts.collect();
        let name = format!("length {depth} over {name} ({} calls)", calls.len());
        Self { name, setup, calls, depth, firsts }
    }

    /// Parts that are made and compared apart.
    #[must_use]
    pub fn shards(&self) -> usize {
        1 + self.firsts.len()
    }

    /// The logs that begin with one accepted entry; part 0 holds those of length one.
    #[must_use]
    pub fn shard(&self, shard: usize, name: &str) -> Played {
        let loaded = self.setup.load();
        let mut player = Player::new(name.into(), &self.setup, loaded.as_ref());
        match shard.checked_sub(1).and_then(|shard| self.firsts.get(shard)) {
            None => self.below(&mut player, 1),
            Some(first) => {
                let (thread, log) = &self.calls[*first];
                player.call(*thread, log);
                self.below(&mut player, self.depth - 1);
            }
        }
        player.into()
    }

    fn below(&self, player: &mut Player<'_>, depth: usize) {
        if depth == 0 {
            return;
        }
        for (thread, log) in &self.calls {
            player.make(Move::Try);
            let done = Stopped::of(player.call(*thread, log)) == Some(Stopped::Done);
            player.make(Move::Outcomes);
            if done {
                self.below(player, depth - 1);
            }
            player.make(Move::Back);
        }
    }
}

/// The stated scopes. `deeper` adds to their lengths: each step takes some twenty times as long.
#[must_use]
pub fn scopes(deeper: usize) -> Vec<Scope> {
    vec![two_threads(4 + deeper), tree(3 + deeper), both(2 + deeper), weak(3 + deeper)]
}

fn put(key: &[u8], value: &[u8]) -> Operation {
    Operation::Put { key: key.to_vec(), value: value.to_vec() }
}

fn get(key: &[u8]) -> Operation {
    Operation::Get { key: key.to_vec() }
}

/// Two threads that pass one record to each other, with two values, over two epochs.
fn two_threads(depth: usize) -> Scope {
    let domain = Domain {
        threads: 2,
        slots: 2,
        records: vec![OwnedRecord::null(b"a"), OwnedRecord::some(b"a", b"x")],
        timestamps: vec![at(0, 1), at(0, 2)],
        operations: vec![put(b"a", b"x"), get(b"a")],
    };
    Scope::new("2 threads, 2 slots, 1 key", &domain, Setup::key_value(2, 2), depth)
}

/// One thread, a tree of depth two: the root, a node, two leaves.
fn tree(depth: usize) -> Scope {
    let setup = Setup::key_value(1, 3);
    let (a, b) = keys(&setup);
    let domain = Domain {
        threads: 1,
        slots: 3,
        records: records(&setup, true),
        timestamps: vec![at(0, 1), at(0, 2)],
        operations: vec![put(&a, b"x"), Operation::Rename { source: a, target: b }],
    };
    Scope::new("1 thread, 3 slots, a tree of depth 2", &domain, setup, depth)
}

/// All of it at once.
fn both(depth: usize) -> Scope {
    let setup = Setup::key_value(2, 3);
    let (a, b) = keys(&setup);
    let rename = Operation::Rename { source: a.clone(), target: b };
    let domain = Domain {
        threads: 2,
        slots: 3,
        records: records(&setup, true),
        timestamps: vec![at(0, 1), at(0, 2), at(1, 1)],
        operations: vec![put(&a, b"x"), get(&a), rename],
    };
    Scope::new("2 threads, 3 slots, a tree of depth 2", &domain, setup, depth)
}

/// Hashes of one byte, and no room for a second value.
fn weak(depth: usize) -> Scope {
    let setup =
        Setup { weak_tree: true, weak_elements: true, byte_budget: 3, ..Setup::key_value(1, 3) };
    let (a, _) = keys(&setup);
    let domain = Domain {
        threads: 1,
        slots: 3,
        records: records(&setup, false),
        timestamps: vec![at(0, 1), at(1, 1)],
        operations: vec![put(&a, b"x"), get(&a)],
    };
    Scope::new("1 thread, 3 slots, hashes of one byte, 3 bytes of room", &domain, setup, depth)
}

fn keys(setup: &Setup) -> (Vec<u8>, Vec<u8>) {
    setup.load().map(|loaded| close_keys(&loaded.primitives())).unwrap_or_default()
}

/// The node between both keys, the first key with two values, the second key if asked for.
fn records(setup: &Setup, second: bool) -> Vec<OwnedRecord> {
    let Some(loaded) = setup.load() else { return Vec::new() };
    let (a, b) = close_keys(&loaded.primitives());
    let node = fork(&loaded.primitives(), &a, &b);
    let mut records = vec![node, OwnedRecord::null(&a), OwnedRecord::some(&a, b"x")];
    if second {
        records.push(OwnedRecord::null(&b));
    }
    records
}
