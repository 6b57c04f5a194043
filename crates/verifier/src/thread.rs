//! One verifier thread: reads slots into views, lets `decide` decide, and applies what it says.
//!
//! Nothing here checks anything: a fact goes into a view, a verdict comes out, an update goes back.

use crate::answer::{self, EvictedValue};
use crate::board::Board;
use crate::decide::{self, AddMUpdate, AddMethod, ByteUse, Parent};
use crate::element::{Scratch, hash_element};
use crate::epoch::OpenEpochs;
use crate::ids::{Direction, Epoch, SlotId, ThreadId, Timestamp};
use crate::log_entry::{Authentication, Entry, RunApp, decode_node, encode_node};
use crate::path::Path;
use crate::primitives::Primitives;
use crate::reason::{Reason, Refusal, Stop};
use crate::record::{Hash, Node, Pointer, Record};
use crate::rejection::{Progress, Rejection, StopCause};
use crate::rows::SlotRows;
use crate::store::{Content, Slot, Store};
use crate::tree_hash::{encoded_node_hash, leaf_path, value_hash};
use alloc::sync::Arc;
use alloc::vec::Vec;
use zeta_program::{Machine, Outcome, Program};

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
        }
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
        }
    }

    fn add_m(
        &mut self,
        slot: SlotId,
        ancestor_slot: SlotId,
        record: &Record<'_>,
    ) -> Result<(), Stop> {
        let path = match record {
            Record::Node { path, .. } => *path,
            Record::App { relation, key, .. } => leaf_path(&self.primitives, *relation, key),
        };
        let cell = self.store.get(slot);
        let above = self.above(ancestor_slot, &path);
        let named = matches!(above.pointer, Pointer::To { path: named, .. } if named == path);
        let update = decide::decide_add_m(&decide::AddMView {
            slot_in_range: cell.is_some(),
            ancestor_in_range: above.in_range,
            ancestor_occupied: above.occupied,
            slot_empty: cell.is_some_and(|cell| !cell.is_occupied()),
            path,
            ancestor_path: above.path,
            pointer: above.pointer,
            child: above.child,
            value_is_initial: is_initial(record),
            value_hash: if named { self.record_hash(record) } else { [0; 32] },
            bytes: self.byte_use(record),
        })?;
        self.apply_add_m(slot, ancestor_slot, record, (path, above.direction), &update)
            .map_err(Stop::Rejected)
    }

    fn apply_add_m(
        &mut self,
        slot: SlotId,
        ancestor_slot: SlotId,
        record: &Record<'_>,
        (path, direction): (Path, Direction),
        update: &AddMUpdate,
    ) -> Result<(), Reason> {
        match record {
            Record::App { relation, key, value } => {
                self.store.put_app(slot, *relation, key, *value, Some(path));
            }
            Record::Node { node, .. } => {
                let mut node = decode_node(node)?;
                if let AddMUpdate::CutEdge { direction, pointer, .. } = update {
                    node.set_pointer(*direction, *pointer);
                }
                self.store.put_node(slot, path, node, AddMethod::Tree);
            }
        }
        let mut children = [None, None];
        if let AddMUpdate::CutEdge { direction: below, child: Some(child), .. } = update {
            let [left, right] = &mut children;
            *(if *below == Direction::Left { left } else { right }) = Some(*child);
            if let Some(child) = self.store.get_mut(*child) {
                child.parent = Some(Parent { slot, direction: *below });
            }
        }
        if let Some(cell) = self.store.get_mut(slot) {
            cell.parent = Some(Parent { slot: ancestor_slot, direction });
            cell.children = children;
        }
        if *update != AddMUpdate::PointerNamesKey
            && let Some(ancestor) = self.store.node_mut(ancestor_slot)
        {
            // The hash of a record in a slot is not known: zero until it leaves through the tree.
            let pointer = Pointer::To { path, hash: [0; 32], deferred: false };
            ancestor.set_pointer(direction, pointer);
        }
        if let Some(ancestor) = self.store.get_mut(ancestor_slot) {
            ancestor.set_child(direction, Some(slot));
        }
        Ok(())
    }

    #[inline]
    fn add_b(
        &mut self,
        slot: SlotId,
        thread: ThreadId,
        timestamp: Timestamp,
        record: &Record<'_>,
    ) -> Result<(), Stop> {
        let cell = self.store.get(slot);
        let own_element = thread == self.id;
        let published = if own_element { Some(timestamp) } else { self.board.published(thread) };
        let epoch = timestamp.epoch();
        let update = decide::decide_add_b(&decide::AddBView {
            slot_in_range: cell.is_some(),
            is_root: matches!(record, Record::Node { path, .. } if path.is_root()),
            slot_empty: cell.is_some_and(|cell| !cell.is_occupied()),
            thread_in_range: published.is_some(),
            own_element,
            timestamp,
            clock: self.clock,
            published: published.unwrap_or_default(),
            next_epoch: self.next_epoch,
            element_count: self.open.sums(epoch).add_count,
            bytes: self.byte_use(record),
        })?;
        if let Some(open) = self.open.open(epoch, &self.primitives) {
            let scratch = &mut self.scratch;
            let hash =
                hash_element(&self.primitives, &open.key, record, timestamp, thread, scratch);
            open.sums.added = open.sums.added.wrapping_add(hash);
            open.sums.add_count = update.element_count;
        }
        self.clock = update.clock;
        match record {
            Record::App { relation, key, value } => {
                self.store.put_app(slot, *relation, key, *value, None);
            }
            Record::Node { path, node } => {
                let node = decode_node(node).map_err(Stop::Rejected)?;
                self.store.put_node(slot, *path, node, AddMethod::Deferred);
            }
        }
        Ok(())
    }

    fn evict_m(
        &mut self,
        slot: SlotId,
        ancestor_slot: SlotId,
        outputs: &mut Vec<u8>,
    ) -> Result<(), Stop> {
        let path = self.path_of(slot);
        let cell = self.store.get(slot);
        let above = self.above(ancestor_slot, &path);
        decide::decide_evict_m(&decide::EvictMView {
            slot_in_range: cell.is_some(),
            ancestor_in_range: above.in_range,
            slot_occupied: cell.is_some_and(Slot::is_occupied),
            ancestor_occupied: above.occupied,
            path,
            ancestor_path: above.path,
            has_children: cell.is_some_and(Slot::has_children),
            pointer: above.pointer,
            child: above.child,
            direction: above.direction,
            ancestor_slot,
            parent: cell.and_then(|cell| cell.parent),
        })?;
        let hash = self.answer_eviction(slot, true, outputs);
        let pointer = Pointer::To { path, hash, deferred: false };
        self.point(ancestor_slot, above.direction, pointer);
        self.store.clear(slot);
        Ok(())
    }

    #[inline]
    fn evict_b(
        &mut self,
        slot: SlotId,
        timestamp: Timestamp,
        outputs: &mut Vec<u8>,
    ) -> Result<(), Stop> {
        let view = self.evict_view(slot, timestamp);
        let update = decide::decide_evict_b(&view)?;
        self.defer(slot, timestamp, update.element_count, outputs);
        Ok(())
    }

    fn evict_bm(
        &mut self,
        slot: SlotId,
        ancestor_slot: SlotId,
        timestamp: Timestamp,
        outputs: &mut Vec<u8>,
    ) -> Result<(), Stop> {
        let path = self.path_of(slot);
        let above = self.above(ancestor_slot, &path);
        let update = decide::decide_evict_bm(&decide::EvictBMView {
            ancestor_in_range: above.in_range,
            ancestor_occupied: above.occupied,
            path,
            ancestor_path: above.path,
            pointer: above.pointer,
            direction: above.direction,
            ancestor_slot,
            parent: self.store.get(slot).and_then(|cell| cell.parent),
            evict: self.evict_view(slot, timestamp),
        })?;
        self.point(ancestor_slot, above.direction, update.pointer);
        self.defer(slot, timestamp, update.element_count, outputs);
        Ok(())
    }

    #[inline]
    fn evict_view(&self, slot: SlotId, timestamp: Timestamp) -> decide::EvictBView {
        let cell = self.store.get(slot);
        decide::EvictBView {
            slot_in_range: cell.is_some(),
            slot_occupied: cell.is_some_and(Slot::is_occupied),
            is_root: cell.is_some_and(Slot::is_root),
            timestamp,
            clock: self.clock,
            has_children: cell.is_some_and(Slot::has_children),
            added: cell.map_or(AddMethod::Tree, |cell| cell.added),
            next_epoch: self.next_epoch,
            element_count: self.open.sums(timestamp.epoch()).evict_count,
        }
    }

    /// What both evictions to deferred state do: hash, clock, answer, empty slot, and then publish.
    #[inline]
    fn defer(
        &mut self,
        slot: SlotId,
        timestamp: Timestamp,
        element_count: u64,
        outputs: &mut Vec<u8>,
    ) {
        self.node_bytes.clear();
        if let Some(cell) = self.store.get(slot)
            && let Some(open) = self.open.open(timestamp.epoch(), &self.primitives)
        {
            let record = record_of(cell, &self.store, &mut self.node_bytes);
            let (primitives, scratch) = (&self.primitives, &mut self.scratch);
            let hash = hash_element(primitives, &open.key, &record, timestamp, self.id, scratch);
            open.sums.evicted = open.sums.evicted.wrapping_add(hash);
            open.sums.evict_count = element_count;
            answer::put_evicted(outputs, evicted_value(&record), None);
        }
        self.clock = timestamp;
        self.store.clear(slot);
        self.board.publish(self.id, timestamp);
    }

    fn verify_epoch(&mut self) -> Result<(), Stop> {
        let closed = self.next_epoch;
        self.next_epoch = decide::decide_verify_epoch(&decide::VerifyEpochView {
            clock: self.clock,
            next_epoch: closed,
            board_has_room: self.board.has_room(closed),
        })?;
        let sums = self.open.close(closed);
        self.board.close(self.id, closed, &sums);
        Ok(())
    }

    #[inline]
    fn run_app(&mut self, run: &RunApp<'_>, outputs: &mut Vec<u8>) -> Result<(), Stop> {
        if let Authentication::Session { .. } = run.authentication {
            answer::put_refused(outputs, Refusal::UnknownSession.code());
            return Ok(());
        }
        let begun = self.machine.begin(&self.program, run.transition, run.arguments);
        if let Err(refusal) = begun {
            answer::put_refused(outputs, Refusal::Program(refusal).code());
            return Ok(());
        }
        let epoch = self.clock.epoch();
        decide::decide_floor(epoch, self.board.raise_floor(epoch))?;
        let start = answer::begin_done(outputs);
        let outcome = self.execute(run, epoch, outputs);
        match outcome {
            Ok(Outcome::Done) => answer::finish_done(outputs, start),
            Ok(Outcome::Failed(failure)) => {
                outputs.truncate(start);
                answer::put_failed(outputs, failure.code());
            }
            Err(_) => outputs.truncate(start),
        }
        outcome.map(|_| ())
    }

    /// Runs the program over the slots and commits what it wrote.
    #[inline]
    fn execute(
        &mut self,
        run: &RunApp<'_>,
        epoch: Epoch,
        outputs: &mut Vec<u8>,
    ) -> Result<Outcome, Stop> {
        let mut rows = SlotRows::new(&self.store, run.slots);
        let machine = &mut self.machine;
        let outcome =
            machine.run(&self.program, run.arguments, epoch.0, &mut rows, outputs)?;
        let slots_used = rows.used();
        let done = matches!(outcome, Outcome::Done);
        let (mut added, mut removed) = (0_u64, 0_u64);
        if done {
            for (row, value) in machine.writes(run.arguments) {
                let old = SlotRows::value_len(&self.store, run.slots, row);
                added = added.saturating_add(value.map_or(0, <[u8]>::len) as u64);
                removed = removed.saturating_add(old);
            }
        }
        decide::decide_commit(&decide::CommitView {
            slots_listed: run.slots.len(),
            slots_used,
            bytes: ByteUse {
                used: self.store.bytes_used.saturating_sub(removed),
                added: if added > removed { added } else { 0 },
                budget: self.byte_budget,
            },
        })?;
        if done {
            for (row, value) in machine.writes(run.arguments) {
                if let Some(slot) = run.slots.get(usize::from(row.0)) {
                    self.store.write(slot, value);
                }
            }
        }
        Ok(outcome)
    }

    /// The leaf or node that the record in a slot is: computed when first asked for.
    fn path_of(&mut self, slot: SlotId) -> Path {
        let primitives = &self.primitives;
        let Some(cell) = self.store.get_mut(slot) else { return Path::ROOT };
        match (cell.path, cell.content) {
            (Some(path), _) => path,
            (None, Content::App { relation, .. }) => {
                let path = leaf_path(primitives, relation, cell.key.as_slice());
                cell.path = Some(path);
                path
            }
            (None, _) => Path::ROOT,
        }
    }

    /// What the ancestor's slot says about the side on which `path` lies.
    fn above(&self, ancestor_slot: SlotId, path: &Path) -> Above {
        let cell = self.store.get(ancestor_slot);
        // An ancestor that is a leaf has nothing below it, which `decide` sees by its length; only
        // a slot with an application's record can have no path yet.
        let leaf = Path::leaf(&[0; 32]);
        let ancestor = cell.map_or(leaf, |cell| cell.path.unwrap_or(leaf));
        let direction = path.direction_at(ancestor.len());
        let node = cell.and_then(|cell| self.store.node(cell));
        Above {
            in_range: cell.is_some(),
            occupied: cell.is_some_and(Slot::is_occupied),
            path: ancestor,
            direction,
            pointer: node.map_or(Pointer::Empty, |node| *node.pointer(direction)),
            child: cell.and_then(|cell| cell.child(direction)),
        }
    }

    fn point(&mut self, ancestor_slot: SlotId, direction: Direction, pointer: Pointer) {
        if let Some(node) = self.store.node_mut(ancestor_slot) {
            node.set_pointer(direction, pointer);
        }
        if let Some(ancestor) = self.store.get_mut(ancestor_slot) {
            ancestor.set_child(direction, None);
        }
    }

    fn record_hash(&self, record: &Record<'_>) -> Hash {
        match record {
            Record::Node { node, .. } => encoded_node_hash(&self.primitives, node),
            Record::App { value, .. } => value_hash(&self.primitives, *value),
        }
    }

    /// Writes the evicted value and its fresh hash, which the tree now holds.
    fn answer_eviction(&mut self, slot: SlotId, _hashed: bool, outputs: &mut Vec<u8>) -> Hash {
        self.node_bytes.clear();
        let Some(cell) = self.store.get(slot) else { return [0; 32] };
        let record = record_of(cell, &self.store, &mut self.node_bytes);
        let hash = match &record {
            Record::Node { node, .. } => encoded_node_hash(&self.primitives, node),
            Record::App { value, .. } => value_hash(&self.primitives, *value),
        };
        answer::put_evicted(outputs, evicted_value(&record), Some(&hash));
        hash
    }

    #[inline]
    fn byte_use(&self, record: &Record<'_>) -> ByteUse {
        let added = match record {
            Record::Node { .. } => 0,
            Record::App { key, value, .. } => {
                key.len().saturating_add(value.map_or(0, <[u8]>::len)) as u64
            }
        };
        ByteUse { used: self.store.bytes_used, added, budget: self.byte_budget }
    }
}

/// What an entry's ancestor slot holds, seen from the record's path.
struct Above {
    in_range: bool,
    occupied: bool,
    path: Path,
    direction: Direction,
    pointer: Pointer,
    child: Option<SlotId>,
}

/// Whether a record is as it is before anybody touched it.
fn is_initial(record: &Record<'_>) -> bool {
    match record {
        Record::App { value, .. } => value.is_none(),
        Record::Node { node, .. } => decode_node(node) == Ok(Node::EMPTY),
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
