//! An honest host, as small as it can be: it brings records into slots, runs operations, lets
//! records go at random, and closes epochs. What an attack changes here it will pass on in good
//! faith.

mod epoch;
mod evict;
mod tree;

use crate::operation::{Bytes, Operation, Returned};
use crate::owned_record::{OwnedRecord, RELATION};
use crate::random::Random;
use crate::run::Run;
use std::collections::BTreeMap;
use zeta_verifier::decide::AddMethod;
use zeta_verifier::{
    Answer, Authentication, Config, Direction, Entry, Epoch, Node, NotYet, Path, Primitives,
    Reason, RunApp, SlotList, StopCause, Timestamp, leaf_path,
};

/// A record in a slot, as the host believes.
#[derive(Clone, Debug)]
pub struct Resident {
    pub path: Path,
    pub record: OwnedRecord,
    pub added: AddMethod,
    pub parent: Option<(u16, Direction)>,
}

/// A record out of all slots, and what protects it.
#[derive(Clone, Debug)]
pub struct Away {
    pub record: OwnedRecord,
    pub place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Tree,
    Deferred { thread: u16, timestamp: Timestamp },
}

/// Why the host cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    Rejected(Reason),
    Waits(NotYet),
    /// Its own lies contradict each other: it has nothing to submit.
    Stuck,
}

/// Changes an entry on its way to the verifier, where it can; true once it has.
pub type Tamper = fn(&mut Vec<u8>, &mut Random) -> bool;

pub struct Host<P: Primitives> {
    pub run: Run<P>,
    pub primitives: P,
    pub random: Random,
    pub slots: Vec<Vec<Option<Resident>>>,
    pub away: BTreeMap<Path, Away>,
    /// Every state in which a record was ever let go, for those who replay.
    pub past: Vec<Away>,
    pub tamper: Option<Tamper>,
    pins: Vec<(u16, u16)>,
}

impl<P: Primitives + Clone> Host<P> {
    #[must_use]
    pub fn new(config: &Config, primitives: P, seed: u64) -> Self {
        let run = Run::new(config, &zeta_program::key_value(), &primitives);
        let empty = vec![None; usize::from(config.slots)];
        let mut slots = vec![empty; usize::from(config.threads)];
        slots[0][0] = Some(Resident {
            path: Path::ROOT,
            record: OwnedRecord::Node { path: Path::ROOT, node: config.root },
            added: AddMethod::Tree,
            parent: None,
        });
        let random = Random::new(seed);
        let (away, past) = (BTreeMap::new(), Vec::new());
        Self { run, primitives, random, slots, away, past, tamper: None, pins: Vec::new() }
    }
}

impl<P: Primitives> Host<P> {
    #[must_use]
    pub fn threads(&self) -> u16 {
        self.slots.len() as u16
    }

    #[must_use]
    pub fn any_thread(&mut self) -> u16 {
        self.random.below(self.slots.len()) as u16
    }

    #[must_use]
    pub fn leaf(&self, key: &[u8]) -> Path {
        leaf_path(&self.primitives, RELATION, key)
    }

    #[must_use]
    pub fn clock(&self, thread: u16) -> Timestamp {
        self.run.threads[usize::from(thread)].clock()
    }

    #[must_use]
    pub fn resident(&self, thread: u16, slot: u16) -> Option<&Resident> {
        self.slots[usize::from(thread)][usize::from(slot)].as_ref()
    }

    fn resident_mut(&mut self, thread: u16, slot: u16) -> Option<&mut Resident> {
        self.slots[usize::from(thread)][usize::from(slot)].as_mut()
    }

    /// All slots of all threads that hold something.
    #[must_use]
    pub fn residents(&self) -> Vec<(u16, u16)> {
        let mut found = Vec::new();
        for (thread, slots) in (0..).zip(&self.slots) {
            for (slot, resident) in (0..).zip(slots) {
                if resident.is_some() {
                    found.push((thread, slot));
                }
            }
        }
        found
    }

    #[must_use]
    pub fn slot_of(&self, thread: u16, path: &Path) -> Option<u16> {
        let mut slots = (0..).zip(&self.slots[usize::from(thread)]);
        let found = slots
            .find(|(_, resident)| resident.as_ref().is_some_and(|resident| resident.path == *path));
        found.map(|(slot, _)| slot)
    }

    #[must_use]
    pub fn locate(&self, path: &Path) -> Option<(u16, u16)> {
        (0..self.threads()).find_map(|thread| self.slot_of(thread, path).map(|slot| (thread, slot)))
    }

    /// The value of a node, wherever it is.
    fn node(&self, path: &Path) -> Option<Node> {
        let resident = self.locate(path).and_then(|(thread, slot)| self.resident(thread, slot));
        let record = resident
            .map(|resident| &resident.record)
            .or_else(|| self.away.get(path).map(|away| &away.record));
        record.and_then(OwnedRecord::node).copied()
    }

    /// Submits one entry; what the verifier answered.
    pub fn submit(&mut self, thread: u16, entry: &Entry<'_>) -> Result<Vec<u8>, Trouble> {
        let mut log = Vec::new();
        entry.encode(&mut log);
        let tamper = self.tamper.filter(|tamper| tamper(&mut log, &mut self.random));
        let step = self.run.feed(thread, &log);
        match step.progress.stop {
            StopCause::Done => {
                self.tamper = self.tamper.filter(|_| tamper.is_none());
                Ok(step.outputs.clone())
            }
            // Nobody looked at the entry yet: what was told was not heard.
            StopCause::Retry(not_yet) => Err(Trouble::Waits(not_yet)),
            StopCause::Rejected(rejection) => {
                self.tamper = self.tamper.filter(|_| tamper.is_none());
                Err(Trouble::Rejected(rejection.reason))
            }
        }
    }

    /// Runs an operation on a thread: what it returned, and the epoch in which it ran.
    pub fn execute(
        &mut self,
        thread: u16,
        operation: &Operation,
    ) -> Result<(Returned, Epoch), Trouble> {
        let pinned = self.pins.len();
        let mut list = Vec::new();
        for key in operation.keys() {
            let slot = self.bring_key(thread, &key)?;
            self.pins.push((thread, slot));
            list.extend(slot.to_le_bytes());
        }
        let arguments = operation.arguments();
        let run = Entry::RunApp(RunApp {
            transition: operation.transition(),
            authentication: Authentication::Embedded,
            arguments: &arguments,
            slots: SlotList::from_bytes(&list).ok_or(Trouble::Stuck)?,
        });
        let outputs = loop {
            match self.submit(thread, &run) {
                Err(Trouble::Waits(NotYet::Floor)) => self.submit(thread, &Entry::NextEpoch)?,
                outputs => break outputs?,
            };
        };
        self.pins.truncate(pinned);
        let epoch = self.clock(thread).epoch();
        match Answer::decode(&outputs) {
            Some((Answer::Done(result), [])) => {
                let returned = operation.returned(result).ok_or(Trouble::Stuck)?;
                Ok((returned, epoch))
            }
            _ => Err(Trouble::Stuck),
        }
    }

    /// The keys that are anywhere, in order.
    #[must_use]
    pub fn keys(&self) -> Vec<Bytes> {
        let residents = self.slots.iter().flatten().flatten().map(|resident| &resident.record);
        let records = residents.chain(self.away.values().map(|away| &away.record));
        let mut keys: Vec<Bytes> = records
            .filter_map(|record| match record {
                OwnedRecord::App { key, .. } => Some(key.clone()),
                OwnedRecord::Node { .. } => None,
            })
            .collect();
        keys.sort();
        keys.dedup();
        keys
    }
}
