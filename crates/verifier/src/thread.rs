//! One verifier thread: reads slots into views, lets `decide` decide, and applies what it says.
//!
//! Nothing here checks anything: a fact goes into a view, a verdict comes out, an update goes back.

mod application;
mod deferred;
mod session;
mod tree;

use crate::answer::EvictedValue;
use crate::board::Board;
use crate::decide::{self, AddMethod};
use crate::element::Scratch;
use crate::epoch::OpenEpochs;
use crate::ids::{Epoch, SlotId, ThreadId, Timestamp};
use crate::log_entry::{Entry, decode_node, encode_node};
use crate::path::Path;
use crate::primitives::Primitives;
use crate::reason::{Reason, Stop};
use crate::receipts::Receipts;
use crate::record::{Node, Record};
use crate::rejection::{Progress, Rejection, StopCause};
use crate::service::Service;
use crate::store::{Content, Slot, Store};
use alloc::sync::Arc;
use alloc::vec::Vec;
use zeta_program::{Machine, Program};
use zeta_session::Entropy;

/// The trusted state of one thread. It holds no lock: whoever has it, drives it.
pub struct VerifierThread<P: Primitives> {
    id: ThreadId,
    primitives: P,
    program: Arc<Program>,
    board: Arc<Board>,
    store: Store,
    byte_budget: u64,
    clock: Timestamp,
    /// The first epoch that this thread has not closed.
    next_epoch: Epoch,
    open: OpenEpochs<P>,
    machine: Machine,
    /// Bytes of the log consumed since the thread began.
    position: u64,
    rejection: Option<Rejection>,
    scratch: Scratch,
    node_bytes: Vec<u8>,
    /// Operations come from the host alone and have no receipts: the shortest way through RunApp.
    plain: bool,
    /// Out of its place only while a request is served.
    service: Option<Arc<Service>>,
    entropy: Option<Entropy>,
    receipts: Receipts,
}

impl<P: Primitives> VerifierThread<P> {
    pub(crate) fn new(
        id: ThreadId,
        primitives: P,
        program: Arc<Program>,
        board: Arc<Board>,
        (slots, byte_budget): (u16, u64),
    ) -> Self {
        Self {
            id,
            primitives,
            program,
            board,
            store: Store::new(slots),
            byte_budget,
            clock: Timestamp::default(),
            next_epoch: Epoch::default(),
            open: OpenEpochs::new(),
            machine: Machine::new(),
            position: 0,
            rejection: None,
            scratch: Vec::new(),
            node_bytes: Vec::new(),
            plain: true,
            service: None,
            entropy: None,
            receipts: Receipts::default(),
        }
    }

    /// Lets the thread serve clients, and make receipts.
    pub(crate) fn serve(&mut self, service: &Arc<Service>, entropy: Entropy) {
        self.plain = service.access.embedded && !service.access.embedded_receipts;
        self.service = Some(Arc::clone(service));
        self.entropy = Some(entropy);
    }

    /// Puts the root into slot 0; for thread 0 alone.
    pub(crate) fn put_root(&mut self, root: Node) {
        self.store.put_node(SlotId(0), Path::ROOT, root, AddMethod::Tree);
    }

    #[must_use]
    pub fn id(&self) -> ThreadId {
        self.id
    }

    #[must_use]
    pub fn clock(&self) -> Timestamp {
        self.clock
    }

    /// The first epoch that this thread has not closed.
    #[must_use]
    pub fn next_epoch(&self) -> Epoch {
        self.next_epoch
    }

    /// Why the thread accepts nothing more, if so.
    #[must_use]
    pub fn rejection(&self) -> Option<Rejection> {
        self.rejection
    }

    #[must_use]
    pub fn board(&self) -> &Arc<Board> {
        &self.board
    }

    /// Reads a slot that entries will name soon, so that it comes into the cache meanwhile: a hint,
    /// on which nothing depends.
    #[inline(always)]
    pub fn touch(&self, slot: SlotId) {
        core::hint::black_box(self.store.get(slot).map(|cell| cell.added));
    }

    /// Checks and applies a log entry by entry, and appends an answer for each operation and each
    /// eviction to `outputs`.
    ///
    /// `log` is borrowed for the whole call, so its bytes cannot change under the checks; a caller
    /// whose bytes others can write must copy them first.
    pub fn verify_log(&mut self, log: &[u8], outputs: &mut Vec<u8>) -> Progress {
        let mut rest = log;
        if let Some(rejection) = self.rejection {
            let reason = Reason::ThreadPoisoned;
            let stop = StopCause::Rejected(Rejection { reason, ..rejection });
            return Progress { consumed: 0, stop };
        }
        while !rest.is_empty() {
            let step = match Entry::decode(rest) {
                Ok((entry, after)) => self.step(&entry, outputs).map(|()| after),
                Err(reason) => Err(Stop::Rejected(reason)),
            };
            match step {
                Ok(after) => rest = after,
                Err(stop) => return self.stop(log.len().saturating_sub(rest.len()), stop),
            }
        }
        self.position = self.position.saturating_add(log.len() as u64);
        Progress { consumed: log.len(), stop: StopCause::Done }
    }

    #[cold]
    fn stop(&mut self, consumed: usize, stop: Stop) -> Progress {
        self.position = self.position.saturating_add(consumed as u64);
        let stop = match stop {
            Stop::Retry(not_yet) => StopCause::Retry(not_yet),
            Stop::Rejected(reason) => {
                let rejection = Rejection { thread: self.id, position: self.position, reason };
                self.rejection = Some(rejection);
                self.board.poison(self.id, self.position, reason);
                StopCause::Rejected(rejection)
            }
        };
        Progress { consumed, stop }
    }

    #[inline]
    fn step(&mut self, entry: &Entry<'_>, outputs: &mut Vec<u8>) -> Result<(), Stop> {
        match entry {
            Entry::RunApp(run) => self.run_app(run, outputs),
            Entry::AddB { slot, thread, timestamp, record } => {
                self.add_b(*slot, *thread, *timestamp, record)
            }
            Entry::EvictB { slot, timestamp } => self.evict_b(*slot, *timestamp, outputs),
            Entry::EvictBM { slot, ancestor_slot, timestamp } => {
                self.evict_bm(*slot, *ancestor_slot, *timestamp, outputs)
            }
            Entry::AddM { slot, ancestor_slot, record } => {
                self.add_m(*slot, *ancestor_slot, record)
            }
            Entry::EvictM { slot, ancestor_slot } => self.evict_m(*slot, *ancestor_slot, outputs),
            Entry::NextEpoch => {
                self.clock = decide::decide_next_epoch(self.clock)?;
                Ok(())
            }
            Entry::VerifyEpoch => self.verify_epoch(),
            Entry::Session(entry) => self.session(entry, outputs),
        }
    }

    fn verify_epoch(&mut self) -> Result<(), Stop> {
        let closed = self.next_epoch;
        self.next_epoch = decide::decide_verify_epoch(&decide::VerifyEpochView {
            clock: self.clock,
            next_epoch: closed,
            board_has_room: self.board.has_room(closed),
        })?;
        let sums = self.open.close(closed, &self.primitives);
        if self.service.is_some() {
            let receipts = self.receipts.close(closed);
            self.board.put_receipts(self.id, closed, receipts.count(), &receipts.root());
        }
        self.board.close(self.id, closed, &sums);
        Ok(())
    }
}

/// The value of a node that is to be added; none for a record of the application.
#[inline(always)]
fn node_of(record: &Record<'_>) -> Result<Option<Node>, Stop> {
    match record {
        Record::Node { node, .. } => decode_node(node).map(Some).map_err(Stop::Rejected),
        Record::App { .. } => Ok(None),
    }
}

/// The record in a slot; a node's value is encoded into `node_bytes`.
#[inline]
fn record_of<'a>(cell: &'a Slot, store: &'a Store, node_bytes: &'a mut Vec<u8>) -> Record<'a> {
    match cell.content {
        Content::App { relation, present } => {
            let value = present.then(|| cell.value.as_slice());
            Record::App { relation, key: cell.key.as_slice(), value }
        }
        _ => {
            if let Some(node) = store.node(cell) {
                encode_node(node, node_bytes);
            }
            Record::Node { path: cell.path.unwrap_or(Path::ROOT), node: node_bytes }
        }
    }
}

fn evicted_value<'a>(record: &Record<'a>) -> EvictedValue<'a> {
    match record {
        Record::Node { node, .. } => EvictedValue::Node(node),
        Record::App { value: None, .. } => EvictedValue::Null,
        Record::App { value: Some(value), .. } => EvictedValue::Some(value),
    }
}
