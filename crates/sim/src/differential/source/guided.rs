//! Random entries that are likely to fit: chosen by what is in slots and what was let go, honest or
//! not; most that are accepted stay, others are tried and taken back.

use super::domain::{add_b, add_m, at, encoded, evict_b, evict_bm, evict_m, forks, run_app};
use crate::differential::case::Move;
use crate::differential::compare::Played;
use crate::differential::mutate::{self, Log, Range};
use crate::differential::player::{OUTPUTS, Player, Stopped};
use crate::differential::setup::{Loaded, Setup};
use crate::operation::{Bytes, Operation};
use crate::owned_record::{OwnedRecord, RELATION};
use crate::random::Random;
use crate::toy::Weakened;
use zeta_verifier::{Answer, Entry, Link, Node, Path, Pointer, Record, Timestamp, leaf_path};

/// What a slot was given, and whether it came through the tree.
type Held = Option<(OwnedRecord, bool)>;

struct Guide<'a> {
    random: &'a mut Random,
    setup: &'a Setup,
    slots: Vec<Vec<Held>>,
    clocks: Vec<Timestamp>,
    /// Records that were let go to deferred state: by whom and when.
    deferred: Vec<(OwnedRecord, u16, Timestamp)>,
    /// Records that left through the tree.
    in_tree: Vec<OwnedRecord>,
    nodes: Vec<Path>,
    primitives: &'a Weakened,
    keys: Vec<Bytes>,
    /// What was accepted, to take parts from.
    log: Log,
}

pub fn batch(random: &mut Random, name: &str) -> Vec<Played> {
    (0..24).map(|_| one(random, name)).collect()
}

fn one(random: &mut Random, name: &str) -> Played {
    let threads = 1 + random.below(3) as u16;
    let slots = 3 + random.below(4) as u16;
    let setup = Setup {
        weak_tree: random.chance(30),
        weak_elements: random.chance(30),
        byte_budget: if random.chance(20) { 6 + random.below(10) as u64 } else { 1 << 20 },
        ..Setup::key_value(threads, slots)
    };
    let loaded = setup.load();
    let mut player = Player::new(name.into(), &setup, loaded.as_ref());
    let keys: Vec<Bytes> = (b'a'..b'a' + 1 + random.below(6) as u8).map(|key| vec![key]).collect();
    let Some(primitives) = loaded.as_ref().map(Loaded::primitives) else { return player.into() };
    let nodes = forks(&primitives, &keys);
    let mut store: Vec<Vec<Held>> = vec![vec![None; slots.into()]; threads.into()];
    let root = OwnedRecord::Node { path: Path::ROOT, node: Node::EMPTY };
    store[0][0] = Some((root, true));
    let mut guide = Guide {
        random,
        setup: &setup,
        slots: store,
        clocks: vec![Timestamp::default(); threads.into()],
        deferred: Vec::new(),
        in_tree: Vec::new(),
        nodes,
        primitives: &primitives,
        keys,
        log: Vec::new(),
    };
    for _ in 0..60 + guide.random.below(120) {
        guide.step(&mut player);
    }
    player.make(Move::Outcomes);
    player.into()
}

impl Guide<'_> {
    fn step(&mut self, player: &mut Player<'_>) {
        let thread = self.random.below(self.slots.len()) as u16;
        if self.random.below(400) == 0 {
            return self.many_epochs(player, thread);
        }
        let mut log = self.propose(thread);
        if self.random.chance(15) {
            let range = Range { threads: self.setup.threads, slots: self.setup.slots };
            log = mutate::entry(&log, &self.log, range, self.random);
        }
        // What poisons is taken back, and so is some of the rest.
        player.make(Move::Try);
        let reply = player.call(thread, &log).to_vec();
        let stopped = Stopped::of(&reply);
        if self.random.chance(30) {
            player.make(Move::Outcomes);
        }
        let keeps = match stopped {
            Some(Stopped::Done) => 90,
            Some(Stopped::Retry(_)) => 50,
            _ => 0,
        };
        if self.random.chance(keeps) {
            if stopped == Some(Stopped::Done) {
                self.note(thread, &log, &reply[OUTPUTS..]);
                self.log.push((thread, log));
            }
            return;
        }
        player.make(Move::Outcomes);
        player.make(Move::Back);
    }

    /// One thread goes beyond the window of epochs that are kept, and closes what it may.
    fn many_epochs(&mut self, player: &mut Player<'_>, thread: u16) {
        for turn in [Entry::NextEpoch, Entry::VerifyEpoch] {
            for _ in 0..34 {
                player.call(thread, &encoded(&turn));
            }
        }
        player.make(Move::Outcomes);
        let clock = &mut self.clocks[usize::from(thread)];
        *clock = at(clock.epoch().0 + 34, 0);
    }

    fn propose(&mut self, thread: u16) -> Bytes {
        let room = self.slots[usize::from(thread)].iter().any(Option::is_none);
        match self.random.below(20) {
            0..5 if room => self.propose_add_m(thread),
            5..9 if room => self.propose_add_b(thread),
            0..2 | 9..11 => {
                let (slot, ancestor) = self.pair(thread);
                evict_m(slot, ancestor)
            }
            2..4 | 11..13 => evict_b(self.occupied(thread), self.stamp(thread)),
            0..9 | 13..15 => {
                let (slot, ancestor) = self.pair(thread);
                evict_bm(slot, ancestor, self.stamp(thread))
            }
            15 => encoded(&Entry::NextEpoch),
            16 => encoded(&Entry::VerifyEpoch),
            _ => self.propose_run(thread),
        }
    }

    fn propose_add_m(&mut self, thread: u16) -> Bytes {
        let record = match self.random.below(10) {
            0..4 => self.random.pick(&self.in_tree).cloned(),
            4..6 => {
                let path = self.random.pick(&self.nodes).copied();
                path.map(|path| OwnedRecord::Node { path, node: Node::EMPTY })
            }
            _ => None,
        };
        let record = record.unwrap_or_else(|| OwnedRecord::null(&self.key()));
        let path = record.path(self.primitives);
        match self.above(thread, &path) {
            Some(ancestor) => add_m(self.empty(thread), ancestor, &record),
            None => self.propose_add_b(thread),
        }
    }

    /// A record in a slot and the node that is most likely its parent.
    fn pair(&mut self, thread: u16) -> (u16, u16) {
        let slot = self.occupied(thread);
        let held = &self.slots[usize::from(thread)][usize::from(slot)];
        let path = held.as_ref().map(|(record, _)| record.path(self.primitives));
        let above = path.and_then(|path| self.above(thread, &path));
        (slot, above.unwrap_or_else(|| self.occupied(thread)))
    }

    /// The slot of a node above a path, mostly of the deepest.
    fn above(&mut self, thread: u16, path: &Path) -> Option<u16> {
        let slots = (0..).zip(&self.slots[usize::from(thread)]);
        let nodes = slots.filter_map(|(slot, held)| match held {
            Some((OwnedRecord::Node { path, .. }, _)) => Some((path.len(), *path, slot)),
            _ => None,
        });
        let mut above: Vec<_> =
            nodes.filter(|(_, node, _)| path.is_proper_descendant_of(node)).collect();
        above.sort_unstable_by_key(|(len, ..)| *len);
        let deepest = above.last().map(|(len, ..)| *len)?;
        if self.random.chance(90) {
            above.retain(|(len, ..)| *len == deepest);
        }
        self.random.pick(&above).map(|(.., slot)| *slot)
    }

    fn propose_add_b(&mut self, thread: u16) -> Bytes {
        let slot = self.empty(thread);
        // Mostly what was let go last, and not yet brought back.
        let recent = self.deferred.len().saturating_sub(self.random.below(3) + 1);
        let found = match self.random.below(10) {
            0..7 => self.deferred.get(recent).cloned(),
            7..9 => self.random.pick(&self.deferred).cloned(),
            _ => None,
        };
        let (record, from, timestamp) =
            found.unwrap_or_else(|| (self.forged(), thread, self.stamp(thread)));
        add_b(slot, from, timestamp, &record)
    }

    /// A record that nobody let go: a value, or a node that points to keys as the true one may.
    fn forged(&mut self) -> OwnedRecord {
        let path = self.random.pick(&self.nodes).copied();
        let Some(path) = path.filter(|_| self.random.chance(60)) else {
            return OwnedRecord::some(&self.key(), &[self.random.below(3) as u8 + b'0']);
        };
        let mut node = Node::EMPTY;
        for key in &self.keys {
            let leaf = leaf_path(self.primitives, RELATION, key);
            if leaf.is_proper_descendant_of(&path) {
                let link = Link { path: leaf, hash: [0; 32], deferred: self.random.chance(40) };
                node.set_pointer(leaf.direction_at(path.len()), Pointer::To(link));
            }
        }
        OwnedRecord::Node { path, node }
    }

    fn propose_run(&mut self, thread: u16) -> Bytes {
        let (key, other) = (self.held_key(thread), self.held_key(thread));
        let value = vec![b'0' + self.random.below(3) as u8; self.random.below(4)];
        let operation = match self.random.below(6) {
            0 => Operation::Get { key },
            1 => Operation::Delete { key },
            2 => Operation::CompareAndSet { key, expected: None, new: Some(value) },
            3 => Operation::Rename { source: key, target: other },
            _ => Operation::Put { key, value },
        };
        let slots: Vec<u16> =
            operation.keys().iter().map(|key| self.slot_of(thread, key)).collect();
        run_app(&operation, &slots)
    }

    fn key(&mut self) -> Bytes {
        self.random.pick(&self.keys).cloned().unwrap_or_default()
    }

    fn held_key(&mut self, thread: u16) -> Bytes {
        let slot = self.occupied(thread);
        match &self.slots[usize::from(thread)][usize::from(slot)] {
            Some((OwnedRecord::App { key, .. }, _)) => key.clone(),
            _ => self.key(),
        }
    }

    fn slot_of(&mut self, thread: u16, wanted: &[u8]) -> u16 {
        let held = |held: &Held| match held {
            Some((OwnedRecord::App { key, .. }, _)) => key.as_slice() == wanted,
            _ => false,
        };
        let found = self.slots[usize::from(thread)].iter().position(held);
        found.map_or_else(|| self.occupied(thread), |slot| slot as u16)
    }

    fn slot_where(&mut self, thread: u16, wanted: fn(&Held) -> bool) -> u16 {
        let slots = &self.slots[usize::from(thread)];
        let fitting: Vec<u16> =
            (0..).zip(slots).filter(|(_, h)| wanted(h)).map(|(s, _)| s).collect();
        let any = self.random.below(slots.len()) as u16;
        self.random.pick(&fitting).copied().unwrap_or(any)
    }

    fn empty(&mut self, thread: u16) -> u16 {
        self.slot_where(thread, Option::is_none)
    }

    /// Seldom the root's.
    fn occupied(&mut self, thread: u16) -> u16 {
        let root_too = self.random.chance(5);
        self.slot_where(thread, if root_too { Option::is_some } else { is_below_root })
    }

    /// A little after the clock, now and then at it or in another epoch.
    fn stamp(&mut self, thread: u16) -> Timestamp {
        let clock = self.clocks[usize::from(thread)];
        let (epoch, counter) = (clock.epoch().0, clock.counter());
        match self.random.below(20) {
            0 => clock,
            1 => at(epoch + 1, 0),
            2 => at(epoch + 31 + self.random.below(3) as u32, 1),
            3 => at(epoch, u32::MAX - self.random.below(2) as u32),
            _ => at(epoch, counter.saturating_add(1 + self.random.below(2) as u32)),
        }
    }

    /// Keeps the picture up to date: it may be wrong, and then proposals fit less often.
    fn note(&mut self, thread: u16, log: &[u8], outputs: &[u8]) {
        let Ok((entry, _)) = Entry::decode(log) else { return };
        let t = usize::from(thread);
        match entry {
            Entry::AddM { slot, record, .. } => {
                self.slots[t][usize::from(slot.0)] = owned(&record).map(|record| (record, true));
            }
            Entry::AddB { slot, timestamp, record, .. } => {
                self.slots[t][usize::from(slot.0)] = owned(&record).map(|record| (record, false));
                self.clocks[t] = self.clocks[t].max(timestamp.after());
                self.deferred.retain(|(_, _, stamp)| *stamp != timestamp);
            }
            Entry::EvictM { slot, .. } => {
                if let Some(record) = self.take(thread, slot.0, outputs) {
                    self.in_tree.push(record);
                }
            }
            Entry::EvictB { slot, timestamp } | Entry::EvictBM { slot, timestamp, .. } => {
                self.clocks[t] = timestamp;
                if let Some(record) = self.take(thread, slot.0, outputs) {
                    self.deferred.push((record, thread, timestamp));
                }
            }
            Entry::NextEpoch => self.clocks[t] = at(self.clocks[t].epoch().0 + 1, 0),
            _ => {}
        }
    }

    fn take(&mut self, thread: u16, slot: u16, outputs: &[u8]) -> Option<OwnedRecord> {
        let (mut record, _) = self.slots[usize::from(thread)][usize::from(slot)].take()?;
        if let Some((Answer::Evicted { value, .. }, _)) = Answer::decode(outputs) {
            record.take_evicted(value);
        }
        Some(record)
    }
}

fn is_below_root(held: &Held) -> bool {
    match held {
        Some((OwnedRecord::Node { path, .. }, _)) => !path.is_root(),
        held => held.is_some(),
    }
}

fn owned(record: &Record<'_>) -> Option<OwnedRecord> {
    match *record {
        Record::App { key, value, .. } => {
            Some(OwnedRecord::App { key: key.to_vec(), value: value.map(<[u8]>::to_vec) })
        }
        Record::Node { path, node } => {
            zeta_verifier::decode_node(node).ok().map(|node| OwnedRecord::Node { path, node })
        }
    }
}
