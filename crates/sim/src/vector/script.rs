//! A script: entries written by hand, run as they are written, with one place where it may lie.

use super::Setting;
use crate::operation::Operation;
use crate::owned_record::OwnedRecord;
use crate::run::Run;
use zeta_program::Program;
use zeta_session::{Entropy, Identity, Scope};
use zeta_verifier::{
    Authentication, Certifier, Config, EMBEDDED_ONLY, Entry, Epoch, Incarnation, InstanceId, Link,
    Node, Path, Pointer, Reason, RunApp, Serving, SlotId, SlotList, Standard, StopCause, ThreadId,
    Timestamp,
};

pub(crate) const SECRET: [u8; 32] = [3; 32];
pub(crate) const NONCE: [u8; 16] = [1; 16];
pub(crate) const INCARNATION: [u8; 16] = [2; 16];
pub(crate) const IDENTITY: [u8; 32] = [13; 32];
pub(crate) const ENTROPY: [u8; 32] = [14; 32];
pub(crate) const SESSIONS_PER_THREAD: u16 = 2;

pub struct Script {
    pub setting: Setting,
    pub run: Run<Standard>,
    pub primitives: Standard,
    /// Where the verifier has clients.
    pub certifier: Option<Certifier>,
    scope: Scope,
    lie: bool,
    /// The script is over once a thread was rejected with this reason.
    last: Option<Reason>,
    over: bool,
}

impl Script {
    #[must_use]
    pub fn new(setting: Setting, lie: bool, last: Option<Reason>) -> Self {
        let program = (setting.program)();
        let config = Config {
            threads: setting.threads,
            slots: setting.slots,
            byte_budget: setting.byte_budget,
            root: Node::EMPTY,
            nonce: NONCE,
            incarnation: Incarnation(INCARNATION),
            secret: SECRET,
        };
        let digest = Program::load(&program).expect("the program is ours").digest();
        let access = setting.access();
        let list = access.as_deref().unwrap_or(EMBEDDED_ONLY);
        let instance = InstanceId::new(&NONCE, &digest, &config.root, list);
        let primitives = Standard::new(SECRET, instance, config.incarnation);
        let serving = access.as_deref().map(|access| Serving {
            access,
            identity: Identity::new(&IDENTITY),
            entropy: Entropy::new(ENTROPY),
            sessions_per_thread: SESSIONS_PER_THREAD,
        });
        let (run, certifier) = Run::serving(&config, &program, serving);
        let scope = Scope { instance: instance.0, incarnation: INCARNATION, program: digest };
        Self { setting, run, certifier, scope, primitives, lie, last, over: false }
    }

    /// Under whose name a client shakes hands.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// The one field in which the twins differ.
    pub fn twist<T>(&self, honest: T, lie: T) -> T {
        if self.lie { lie } else { honest }
    }

    pub fn feed(&mut self, thread: u16, log: &[u8]) {
        if self.over {
            return;
        }
        let step = self.run.feed(thread, log);
        self.over = match step.progress.stop {
            StopCause::Rejected(rejection) => Some(rejection.reason) == self.last,
            StopCause::Retry(_) => self.lie,
            StopCause::Done => false,
        };
    }

    pub fn submit(&mut self, thread: u16, entry: &Entry<'_>) {
        self.feed(thread, &encoded(entry));
    }

    pub fn add_m(&mut self, thread: u16, slot: u16, ancestor: u16, record: &OwnedRecord) {
        self.feed(thread, &add_m_bytes(slot, ancestor, record));
    }

    /// Adds an element that thread `from` evicted at counter `counter` of epoch 0.
    pub fn add_b(&mut self, thread: u16, slot: u16, element: (u16, Timestamp), of: &OwnedRecord) {
        let mut bytes = Vec::new();
        let record = of.borrowed(&mut bytes);
        let (from, timestamp) = element;
        let entry = Entry::AddB { slot: SlotId(slot), thread: ThreadId(from), timestamp, record };
        self.submit(thread, &entry);
    }

    pub fn evict_m(&mut self, thread: u16, slot: u16, ancestor: u16) {
        let (slot, ancestor_slot) = (SlotId(slot), SlotId(ancestor));
        self.submit(thread, &Entry::EvictM { slot, ancestor_slot });
    }

    pub fn evict_b(&mut self, thread: u16, slot: u16, timestamp: Timestamp) {
        self.submit(thread, &Entry::EvictB { slot: SlotId(slot), timestamp });
    }

    pub fn evict_bm(&mut self, thread: u16, slot: u16, ancestor: u16, timestamp: Timestamp) {
        let (slot, ancestor_slot) = (SlotId(slot), SlotId(ancestor));
        self.submit(thread, &Entry::EvictBM { slot, ancestor_slot, timestamp });
    }

    pub fn next_epoch(&mut self, thread: u16) {
        self.submit(thread, &Entry::NextEpoch);
    }

    pub fn verify_epoch(&mut self, thread: u16) {
        self.submit(thread, &Entry::VerifyEpoch);
    }

    pub fn run_app(&mut self, thread: u16, operation: &Operation, slots: &[u16]) {
        self.feed(thread, &run_app_bytes(operation, slots));
    }

    pub fn put(&mut self, thread: u16, slot: u16, key: &[u8], value: &[u8]) {
        let put = Operation::Put { key: key.to_vec(), value: value.to_vec() };
        self.run_app(thread, &put, &[slot]);
    }

    /// Closes epoch 0 on every thread.
    pub fn close(&mut self) {
        for thread in 0..self.setting.threads {
            self.next_epoch(thread);
        }
        for thread in 0..self.setting.threads {
            self.verify_epoch(thread);
        }
    }

    /// The path of a key's leaf.
    #[must_use]
    pub fn leaf(&self, key: &[u8]) -> Path {
        OwnedRecord::null(key).path(&self.primitives)
    }
}

/// The bytes of an entry.
#[must_use]
pub fn encoded(entry: &Entry<'_>) -> Vec<u8> {
    let mut log = Vec::new();
    entry.encode(&mut log);
    log
}

#[must_use]
pub fn add_m_bytes(slot: u16, ancestor: u16, record: &OwnedRecord) -> Vec<u8> {
    let mut bytes = Vec::new();
    let record = record.borrowed(&mut bytes);
    encoded(&Entry::AddM { slot: SlotId(slot), ancestor_slot: SlotId(ancestor), record })
}

#[must_use]
pub fn run_app_bytes(operation: &Operation, slots: &[u16]) -> Vec<u8> {
    let list: Vec<u8> = slots.iter().flat_map(|slot| slot.to_le_bytes()).collect();
    let slots = SlotList::from_bytes(&list).expect("two bytes a slot");
    encoded(&Entry::RunApp(RunApp {
        transition: operation.transition(),
        authentication: Authentication::Embedded,
        arguments: &operation.arguments(),
        slots,
    }))
}

/// A timestamp of epoch 0.
#[must_use]
pub(crate) fn at(counter: u32) -> Timestamp {
    Timestamp::new(Epoch(0), counter)
}

/// The empty node at `path`.
#[must_use]
pub(crate) fn empty_node(path: Path) -> OwnedRecord {
    OwnedRecord::Node { path, node: Node::EMPTY }
}

/// The path of the first `len` bits of 256 zeros or ones.
#[must_use]
pub(crate) fn prefix(bit: bool, len: u16) -> Path {
    Path::leaf(&[if bit { 0xff } else { 0 }; 32]).truncated(len)
}

/// Keys by where their leaves lie: `a` and `f` share three bits, `d` one bit with them, `b` none.
pub(crate) const A: &[u8] = b"a";
pub(crate) const F: &[u8] = b"f";
pub(crate) const D: &[u8] = b"d";
pub(crate) const B: &[u8] = b"b";

impl Script {
    /// Adds the null record of a new key below the root, into `slot` of thread 0.
    pub fn add_new(&mut self, slot: u16, key: &[u8]) {
        self.add_m(0, slot, 0, &OwnedRecord::null(key));
    }

    /// The node at which the paths of two keys part.
    #[must_use]
    pub fn fork(&self, one: &[u8], other: &[u8]) -> OwnedRecord {
        empty_node(self.leaf(one).common_prefix(&self.leaf(other)))
    }

    /// A node that the tree does not have, with its pointer to a key's leaf: a forgery.
    #[must_use]
    pub fn forged_parent(&self, key: &[u8], len: u16) -> OwnedRecord {
        let leaf = self.leaf(key);
        let mut node = Node::EMPTY;
        let hash = OwnedRecord::null(key).hash(&self.primitives);
        let pointer = Pointer::To(Link { path: leaf, hash, deferred: false });
        node.set_pointer(leaf.direction_at(len), pointer);
        OwnedRecord::Node { path: leaf.truncated(len), node }
    }
}
