//! Changes entries and logs in ways that keep most of their structure.

use crate::random::Random;
use zeta_verifier::{
    Authentication, Entry, Epoch, Hash, Link, Node, Path, Pointer, Record, RelationId, RunApp,
    SessionEntry, SlotId, SlotList, ThreadId, Timestamp, TransitionId, decode_node, encode_node,
};

/// Calls in processing order; mostly of one entry each.
pub type Log = Vec<(u16, Vec<u8>)>;

/// What a changed field may become, beside what is close to what it was.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    pub threads: u16,
    pub slots: u16,
}

/// Changes one field of the entry, or a byte, or its length. `others` are entries from which a
/// record or arguments may be taken.
pub fn entry(bytes: &[u8], others: &Log, range: Range, random: &mut Random) -> Vec<u8> {
    if random.chance(12) {
        return raw(bytes, random);
    }
    let Ok((decoded, rest)) = Entry::decode(bytes) else { return raw(bytes, random) };
    let mut drawn = Draw { others, range, random };
    let mut changed = Vec::new();
    drawn.entry(&decoded, &mut changed);
    changed.extend_from_slice(rest);
    changed
}

/// Bytes without regard to what they mean.
fn raw(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let at = random.below(bytes.len().max(1));
    match random.below(6) {
        0 => bytes.truncate(at),
        1 => bytes.insert(at.min(bytes.len()), random.bits() as u8),
        2 if !bytes.is_empty() => drop(bytes.remove(at)),
        // A foreign tag.
        3 if !bytes.is_empty() => bytes[0] = *random.pick(&TAGS).unwrap_or(&0),
        _ if !bytes.is_empty() => bytes[at] ^= 1 << random.below(8),
        _ => bytes.push(0),
    }
    bytes
}

const TAGS: [u8; 15] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 255];

/// Changes a log: its order, its entries, the threads that they go to, how they are cut into calls.
pub fn log(log: &Log, range: Range, random: &mut Random) -> Log {
    let mut changed = log.clone();
    if changed.is_empty() {
        return changed;
    }
    let at = random.below(changed.len());
    match random.below(12) {
        0 => {
            let other = (at + 1 + random.below(3)).min(changed.len() - 1);
            changed.swap(at, other);
        }
        1 => drop(changed.remove(at)),
        2 => {
            let copy = changed[at].clone();
            changed.insert((at + 1 + random.below(8)).min(changed.len()), copy);
        }
        3 => {
            let moved = changed.remove(at);
            changed.insert(random.below(changed.len() + 1), moved);
        }
        4 => changed[at].0 = random.below(range.threads.into()) as u16,
        // Epochs that are split, or closed too early.
        5 => {
            let turn = encoded(random.pick(&[Entry::NextEpoch, Entry::VerifyEpoch]));
            changed.insert(at, (random.below(range.threads.into()) as u16, turn));
        }
        6 => join(&mut changed, random),
        _ => changed[at].1 = entry(&log[at].1, log, range, random),
    }
    changed
}

/// Puts neighbouring calls of a thread into one, here and there.
pub fn join(log: &mut Log, random: &mut Random) {
    let mut joined: Log = Vec::new();
    for (thread, bytes) in std::mem::take(log) {
        match joined.last_mut() {
            Some((last, before)) if *last == thread && random.chance(60) => before.extend(bytes),
            _ => joined.push((thread, bytes)),
        }
    }
    *log = joined;
}

fn encoded(entry: Option<&Entry<'_>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(entry) = entry {
        entry.encode(&mut bytes);
    }
    bytes
}

struct Draw<'a> {
    others: &'a Log,
    range: Range,
    random: &'a mut Random,
}

impl Draw<'_> {
    fn entry(&mut self, entry: &Entry<'_>, bytes: &mut Vec<u8>) {
        match *entry {
            Entry::AddM { slot, ancestor_slot, record } => match self.random.below(4) {
                0 => Entry::AddM { slot: self.slot(slot), ancestor_slot, record }.encode(bytes),
                1 => Entry::AddM { slot, ancestor_slot: self.slot(ancestor_slot), record }
                    .encode(bytes),
                _ => self.record(&record, &mut |record| {
                    Entry::AddM { slot, ancestor_slot, record }.encode(bytes);
                }),
            },
            Entry::AddB { slot, thread, timestamp, record } => {
                let mut put = |slot, thread, timestamp, record: Record<'_>| {
                    Entry::AddB { slot, thread, timestamp, record }.encode(bytes);
                };
                match self.random.below(5) {
                    0 => put(self.slot(slot), thread, timestamp, record),
                    1 => put(slot, self.thread(), timestamp, record),
                    2 => put(slot, thread, self.timestamp(timestamp), record),
                    _ => self.record(&record, &mut |record| put(slot, thread, timestamp, record)),
                }
            }
            Entry::EvictM { slot, ancestor_slot } => {
                let (slot, ancestor_slot) = self.one_of(slot, ancestor_slot);
                Entry::EvictM { slot, ancestor_slot }.encode(bytes);
            }
            Entry::EvictB { slot, timestamp } if self.random.chance(40) => {
                Entry::EvictB { slot: self.slot(slot), timestamp }.encode(bytes);
            }
            Entry::EvictB { slot, timestamp } => {
                Entry::EvictB { slot, timestamp: self.timestamp(timestamp) }.encode(bytes);
            }
            Entry::EvictBM { slot, ancestor_slot, timestamp } if self.random.chance(60) => {
                let (slot, ancestor_slot) = self.one_of(slot, ancestor_slot);
                Entry::EvictBM { slot, ancestor_slot, timestamp }.encode(bytes);
            }
            Entry::EvictBM { slot, ancestor_slot, timestamp } => {
                let timestamp = self.timestamp(timestamp);
                Entry::EvictBM { slot, ancestor_slot, timestamp }.encode(bytes);
            }
            Entry::NextEpoch => Entry::VerifyEpoch.encode(bytes),
            Entry::VerifyEpoch => Entry::NextEpoch.encode(bytes),
            Entry::RunApp(run) => self.run_app(&run, bytes),
            Entry::Session(entry) => self.session(&entry, bytes),
        }
    }

    fn slot(&mut self, slot: SlotId) -> SlotId {
        match self.random.below(8) {
            0 => SlotId(self.range.slots + self.random.below(3) as u16),
            1 => SlotId(u16::MAX),
            2 => SlotId(slot.0.wrapping_add(1)),
            _ => SlotId(self.random.below(self.range.slots.into()) as u16),
        }
    }

    fn one_of(&mut self, a: SlotId, b: SlotId) -> (SlotId, SlotId) {
        match self.random.below(5) {
            0 => (b, a),
            1 | 2 => (self.slot(a), b),
            _ => (a, self.slot(b)),
        }
    }

    fn thread(&mut self) -> ThreadId {
        ThreadId(self.random.below(usize::from(self.range.threads) + 1) as u16)
    }

    fn timestamp(&mut self, timestamp: Timestamp) -> Timestamp {
        let (epoch, counter) = (timestamp.epoch().0, timestamp.counter());
        let (epoch, counter) = match self.random.below(12) {
            0 => (epoch.wrapping_add(1), counter),
            1 => (epoch.wrapping_sub(1), counter),
            2 => (epoch, counter.wrapping_add(1)),
            3 | 4 => (epoch, counter.wrapping_sub(1)),
            5 => (epoch, u32::MAX),
            6 => (epoch, u32::MAX - 1),
            7 => (counter, epoch),
            // At both ends of the window.
            8 => (epoch.wrapping_add(31), counter),
            9 => (epoch.wrapping_add(32), counter),
            10 => (u32::MAX, counter),
            _ => (epoch, counter.wrapping_add(1 + self.random.below(1000) as u32)),
        };
        Timestamp::new(Epoch(epoch), counter)
    }

    fn record(&mut self, record: &Record<'_>, put: &mut dyn FnMut(Record<'_>)) {
        if self.random.chance(20)
            && let Some((_, bytes)) = self.random.pick(self.others)
            && let Ok((Entry::AddM { record, .. } | Entry::AddB { record, .. }, _)) =
                Entry::decode(bytes)
        {
            return put(record);
        }
        match *record {
            Record::App { relation, key, value } => self.app(relation, key, value, put),
            Record::Node { path, node } => self.node(path, node, put),
        }
    }

    fn app(
        &mut self,
        relation: RelationId,
        key: &[u8],
        value: Option<&[u8]>,
        put: &mut dyn FnMut(Record<'_>),
    ) {
        match self.random.below(8) {
            0 => put(Record::App { relation: RelationId(relation.0 ^ 1), key, value }),
            1 | 2 => put(Record::App { relation, key: &self.bytes(key), value }),
            3 if value.is_some() => put(Record::App { relation, key, value: None }),
            3 => put(Record::App { relation, key, value: Some(b"") }),
            4 => put(Record::App { relation, key, value: Some(&[7; 513]) }),
            _ => {
                let value = self.bytes(value.unwrap_or(b"x"));
                put(Record::App { relation, key, value: Some(&value) });
            }
        }
    }

    fn bytes(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut changed = bytes.to_vec();
        match self.random.below(4) {
            0 => changed.push(0),
            1 => drop(changed.pop()),
            _ => match changed.first_mut() {
                // Small letters, so that it may be another's key or value.
                Some(first) => *first ^= 1 + self.random.below(3) as u8,
                None => changed.push(b'x'),
            },
        }
        changed
    }

    fn node(&mut self, path: Path, node: &[u8], put: &mut dyn FnMut(Record<'_>)) {
        if self.random.chance(40) {
            let path = self.path(&path);
            return put(Record::Node { path, node });
        }
        let mut changed = decode_node(node).unwrap_or(Node::EMPTY);
        match self.random.below(6) {
            0 => std::mem::swap(&mut changed.left, &mut changed.right),
            1 => changed = Node::EMPTY,
            2 | 3 => changed.left = self.pointer(&changed.left),
            _ => changed.right = self.pointer(&changed.right),
        }
        let mut bytes = Vec::new();
        encode_node(&changed, &mut bytes);
        put(Record::Node { path, node: &bytes });
    }

    fn path(&mut self, path: &Path) -> Path {
        let (mut bits, len) = (path.bits(), path.len());
        let len = match self.random.below(4) {
            0 => len.saturating_sub(1),
            1 => len + 1,
            _ => {
                let bit = self.random.below(usize::from(len).max(1));
                bits[bit / 8 % 32] ^= 0x80 >> (bit % 8);
                len
            }
        };
        Path::leaf(&bits).truncated(len)
    }

    fn pointer(&mut self, pointer: &Pointer) -> Pointer {
        let Pointer::To(link) = pointer else {
            let link = Link { path: Path::leaf(&[1; 32]), hash: [0; 32], deferred: false };
            return Pointer::To(link);
        };
        match self.random.below(5) {
            0 => Pointer::Empty,
            1 => Pointer::To(Link { deferred: !link.deferred, ..*link }),
            2 => Pointer::To(Link { path: self.path(&link.path), ..*link }),
            _ => {
                let mut hash: Hash = link.hash;
                hash[self.random.below(32)] ^= 1 << self.random.below(8);
                Pointer::To(Link { hash, ..*link })
            }
        }
    }

    fn run_app(&mut self, run: &RunApp<'_>, bytes: &mut Vec<u8>) {
        let mut slots = run.slots.bytes().to_vec();
        let mut arguments = run.arguments.to_vec();
        let (mut transition, mut authentication) = (run.transition, run.authentication);
        match self.random.below(10) {
            0 | 1 => transition = TransitionId(self.random.below(7) as u16),
            2 => slots.extend_from_slice(&self.slot(SlotId(0)).0.to_le_bytes()),
            3 => slots.truncate(slots.len().saturating_sub(2)),
            4 if slots.len() > 2 => slots.rotate_left(2),
            5 if !slots.is_empty() => {
                slots.splice(..2, self.slot(SlotId(0)).0.to_le_bytes());
            }
            6 => arguments = raw(&arguments, self.random),
            7 => authentication = self.authentication(&authentication),
            _ => arguments = self.others_arguments().unwrap_or(arguments),
        }
        let Some(slots) = SlotList::from_bytes(&slots) else { return };
        let run = RunApp { transition, authentication, arguments: &arguments, slots };
        Entry::RunApp(run).encode(bytes);
    }

    fn others_arguments(&mut self) -> Option<Vec<u8>> {
        let (_, bytes) = self.random.pick(self.others)?;
        match Entry::decode(bytes) {
            Ok((Entry::RunApp(run), _)) => Some(run.arguments.to_vec()),
            _ => None,
        }
    }

    fn authentication<'a>(&mut self, old: &Authentication<'a>) -> Authentication<'a> {
        match *old {
            Authentication::Embedded => {
                Authentication::Session { session: 1, sequence: 1, mac: &[0; 16] }
            }
            Authentication::Session { session, sequence, mac } => match self.random.below(3) {
                0 => Authentication::Embedded,
                1 => Authentication::Session { session: session ^ 1, sequence, mac },
                _ => Authentication::Session { session, sequence: self.sequence(sequence), mac },
            },
        }
    }

    fn sequence(&mut self, sequence: u64) -> u64 {
        match self.random.below(6) {
            0 => 0,
            1 => sequence.wrapping_add(1),
            2 => sequence.wrapping_sub(1),
            3 => u64::MAX,
            4 => sequence.wrapping_add(64),
            _ => sequence.wrapping_add(self.random.below(4000) as u64),
        }
    }

    fn session(&mut self, entry: &SessionEntry<'_>, bytes: &mut Vec<u8>) {
        let changed_message = |random: &mut Random, message: &[u8]| raw(message, random);
        match *entry {
            SessionEntry::Open { message } => {
                let message = changed_message(self.random, message);
                Entry::Session(SessionEntry::Open { message: &message }).encode(bytes);
            }
            SessionEntry::Rotate { session, message } if self.random.chance(50) => {
                let message = changed_message(self.random, message);
                let rotate = SessionEntry::Rotate { session, message: &message };
                Entry::Session(rotate).encode(bytes);
            }
            SessionEntry::Rotate { session, message } => {
                let session = session.wrapping_add(self.random.below(3) as u32).wrapping_sub(1);
                Entry::Session(SessionEntry::Rotate { session, message }).encode(bytes);
            }
            SessionEntry::Revoke { session } => {
                let session = session.wrapping_add(self.random.below(3) as u32).wrapping_sub(1);
                Entry::Session(SessionEntry::Revoke { session }).encode(bytes);
            }
            SessionEntry::Ask { session, sequence, mac } => {
                let (mut session, mut sequence, mut mac) = (session, sequence, *mac);
                match self.random.below(3) {
                    0 => session ^= 1,
                    1 => sequence = self.sequence(sequence),
                    _ => mac[self.random.below(16)] ^= 1 << self.random.below(8),
                }
                let ask = SessionEntry::Ask { session, sequence, mac: &mac };
                Entry::Session(ask).encode(bytes);
            }
        }
    }
}
