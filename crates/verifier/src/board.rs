//! The memory that all verifier threads share: published clocks, closed epochs, the epoch floor.
//!
//! INVARIANTS
//! - A lane is written by its own thread alone; every other thread only reads it.
//! - `published` is the timestamp of the lane's last eviction to deferred state: all its evictions
//!   up to there have happened, and no other will ever carry such a timestamp.
//! - A cell is written once for its epoch, before `closed` passes it (release); it is re-used for
//!   the epoch one window later only after its own epoch was certified.
//! - The receipts of an epoch are written before it is closed, where there are any, and stay until
//!   32 later epochs are certified.
//! - The floor and the certified epochs never go back.

use crate::decide::EPOCH_WINDOW;
use crate::ids::{Epoch, ThreadId, Timestamp};
use crate::reason::Reason;
use crate::record::Hash;
use alloc::boxed::Box;
use alloc::vec::Vec;
#[cfg(not(loom))]
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
#[cfg(loom)]
use loom::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

/// Set in `progress` when the first epoch that it names ended in a mismatch.
const MISMATCH: u64 = 1 << 63;

/// What became of an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// These threads have not closed it yet; none where the last one is closing it this moment.
    Pending { missing: Vec<ThreadId> },
    /// All its operations are one sequential run, in real-time order.
    Certified,
    /// Records were tampered with while deferred, first in this epoch; nothing later certifies.
    Mismatch { first: Epoch },
    /// A thread was rejected before it closed the epoch, which therefore never certifies.
    Poisoned { thread: ThreadId, position: u64, reason: Reason },
}

/// One thread's sums of one epoch.
#[derive(Clone, Copy, Default)]
pub(crate) struct EpochSums {
    pub(crate) added: u128,
    pub(crate) evicted: u128,
    pub(crate) add_count: u64,
    pub(crate) evict_count: u64,
}

/// No field may be shown: the sums must stay secret.
struct Cell {
    added: [AtomicU64; 2],
    evicted: [AtomicU64; 2],
    counts: [AtomicU64; 2],
}

/// Epochs whose receipts are kept, certified or not.
const RECEIPTS_KEPT: u32 = 2 * EPOCH_WINDOW;

/// One thread's receipts of one epoch: how many, and the root of their tree.
struct ReceiptCell {
    count: AtomicU64,
    root: [AtomicU64; 4],
}

/// One thread's part of the board, alone on its cache lines.
#[repr(align(128))]
struct Lane {
    published: AtomicU64,
    /// Number of epochs closed: the next one to close.
    closed: AtomicU64,
    /// The reason's number, zero while the thread is sound; written after the position.
    failure: AtomicU32,
    failure_position: AtomicU64,
    cells: Box<[Cell]>,
    /// Empty where the instance makes no receipts.
    receipts: Box<[ReceiptCell]>,
}

#[repr(align(128))]
struct Padded<T>(T);

/// What the threads of one verifier share.
pub struct Board {
    lanes: Box<[Lane]>,
    floor: Padded<AtomicU32>,
    /// Number of epochs certified, and `MISMATCH`.
    progress: Padded<AtomicU64>,
}

impl Board {
    pub(crate) fn new(threads: u16, receipts: bool) -> Self {
        Self {
            lanes: (0..threads).map(|_| Lane::new(receipts)).collect(),
            floor: Padded(AtomicU32::new(0)),
            progress: Padded(AtomicU64::new(0)),
        }
    }

    /// The number of threads.
    #[must_use]
    pub fn threads(&self) -> u16 {
        self.lanes.len() as u16
    }

    /// The timestamp of the thread's last eviction to deferred state; `None` for no such thread.
    #[must_use]
    pub fn published(&self, thread: ThreadId) -> Option<Timestamp> {
        let lane = self.lanes.get(usize::from(thread.0))?;
        Some(Timestamp::from_u64(lane.published.load(Ordering::Acquire)))
    }

    /// Announces an eviction after it was applied, and after all operations before it.
    pub(crate) fn publish(&self, thread: ThreadId, timestamp: Timestamp) {
        if let Some(lane) = self.lanes.get(usize::from(thread.0)) {
            lane.published.store(timestamp.to_u64(), Ordering::Release);
        }
    }

    /// The latest epoch in which an operation was admitted.
    #[must_use]
    pub fn floor(&self) -> Epoch {
        Epoch(self.floor.0.load(Ordering::Acquire))
    }

    /// Raises the floor to `epoch`, and returns where it stood: where that is later, the caller
    /// must not run.
    pub(crate) fn raise_floor(&self, epoch: Epoch) -> Epoch {
        let floor = self.floor.0.load(Ordering::Acquire);
        if floor >= epoch.0 {
            return Epoch(floor);
        }
        Epoch(self.floor.0.fetch_max(epoch.0, Ordering::AcqRel))
    }

    /// Whether the cell of `epoch` is free to be written: its last owner is certified.
    pub(crate) fn has_room(&self, epoch: Epoch) -> bool {
        let certified = self.progress.0.load(Ordering::Acquire) & !MISMATCH;
        u64::from(epoch.0) < certified.saturating_add(u64::from(EPOCH_WINDOW))
    }

    /// Folds the thread's sums of `epoch` into the board and certifies what is complete.
    pub(crate) fn close(&self, thread: ThreadId, epoch: Epoch, sums: &EpochSums) {
        if let Some(lane) = self.lanes.get(usize::from(thread.0)) {
            if let Some(cell) = lane.cell(u64::from(epoch.0)) {
                cell.store(sums);
            }
            lane.closed.store(u64::from(epoch.0).saturating_add(1), Ordering::Release);
        }
        // Without this, two threads that close at once could each miss the other's store, and
        // nobody would certify: the model checker found it.
        fence(Ordering::SeqCst);
        self.certify();
    }

    /// Writes the thread's receipts of an epoch down, before it is closed.
    pub(crate) fn put_receipts(&self, thread: ThreadId, epoch: Epoch, count: u64, root: &Hash) {
        let lane = self.lanes.get(usize::from(thread.0));
        let Some(cell) = lane.and_then(|lane| lane.receipts(epoch)) else { return };
        // Who reads a word that is written below also sees what made room for it: that 32 epochs
        // after the cell's last one were certified.
        fence(Ordering::Release);
        cell.count.store(count, Ordering::Relaxed);
        let (words, _) = root.as_chunks::<8>();
        for (place, word) in cell.root.iter().zip(words) {
            place.store(u64::from_le_bytes(*word), Ordering::Relaxed);
        }
    }

    /// How many receipts each thread has of a certified epoch, and the roots of their trees;
    /// nothing where they are not kept.
    pub(crate) fn receipts(&self, epoch: Epoch) -> Vec<(u64, Hash)> {
        let cells = self.lanes.iter().filter_map(|lane| lane.receipts(epoch));
        let found = cells.map(ReceiptCell::load).collect();
        fence(Ordering::Acquire);
        let certified = self.progress.0.load(Ordering::Relaxed) & !MISMATCH;
        let last = u64::from(epoch.0).saturating_add(u64::from(EPOCH_WINDOW));
        if certified > last { Vec::new() } else { found }
    }

    /// Notes that the thread was rejected and will accept nothing more.
    pub(crate) fn poison(&self, thread: ThreadId, position: u64, reason: Reason) {
        if let Some(lane) = self.lanes.get(usize::from(thread.0)) {
            lane.failure_position.store(position, Ordering::Relaxed);
            lane.failure.store(u32::from(reason.code()), Ordering::Release);
        }
    }

    /// The last certified epoch; `None` before the first.
    #[must_use]
    pub fn certified(&self) -> Option<Epoch> {
        let certified = self.progress.0.load(Ordering::Acquire) & !MISMATCH;
        certified.checked_sub(1).map(|epoch| Epoch(epoch as u32))
    }

    /// What became of `epoch`.
    #[must_use]
    pub fn outcome(&self, epoch: Epoch) -> Outcome {
        let number = u64::from(epoch.0);
        let progress = self.progress.0.load(Ordering::Acquire);
        let certified = progress & !MISMATCH;
        if number < certified {
            return Outcome::Certified;
        }
        if progress & MISMATCH != 0 {
            return Outcome::Mismatch { first: Epoch(certified as u32) };
        }
        let mut missing = Vec::new();
        for (lane, id) in self.lanes.iter().zip(0..) {
            if lane.closed.load(Ordering::Acquire) > number {
                continue;
            }
            let failure = lane.failure.load(Ordering::Acquire);
            if let Some(reason) = Reason::from_code(failure as u16) {
                let position = lane.failure_position.load(Ordering::Relaxed);
                return Outcome::Poisoned { thread: ThreadId(id), position, reason };
            }
            missing.push(ThreadId(id));
        }
        Outcome::Pending { missing }
    }

    /// Certifies, in order, every epoch that all threads have closed.
    ///
    /// Whoever closes last completes the set; two that race compute the same answer, and one of
    /// them advances `progress`. A reader that was overtaken may see cells of a later epoch, but
    /// then `progress` has moved on and its answer is dropped.
    fn certify(&self) {
        loop {
            let progress = self.progress.0.load(Ordering::Acquire);
            let complete = |lane: &Lane| lane.closed.load(Ordering::Acquire) > progress;
            if progress & MISMATCH != 0 || !self.lanes.iter().all(complete) {
                return;
            }
            let cells = self.lanes.iter().filter_map(|lane| lane.cell(progress));
            let next = match balance(cells.map(Cell::load)) {
                true => progress.saturating_add(1),
                false => progress | MISMATCH,
            };
            let order = (Ordering::AcqRel, Ordering::Acquire);
            let _ = self.progress.0.compare_exchange(progress, next, order.0, order.1);
        }
    }
}

/// Whether what was added is what was evicted, over all threads.
fn balance(sums: impl Iterator<Item = EpochSums>) -> bool {
    let mut total = EpochSums::default();
    let mut overflow = false;
    for sum in sums {
        total.added = total.added.wrapping_add(sum.added);
        total.evicted = total.evicted.wrapping_add(sum.evicted);
        let adds = total.add_count.checked_add(sum.add_count);
        let evicts = total.evict_count.checked_add(sum.evict_count);
        overflow |= adds.is_none() || evicts.is_none();
        total.add_count = adds.unwrap_or(0);
        total.evict_count = evicts.unwrap_or(0);
    }
    total.added == total.evicted && total.add_count == total.evict_count && !overflow
}

impl Lane {
    fn new(receipts: bool) -> Self {
        let kept = if receipts { RECEIPTS_KEPT } else { 0 };
        Self {
            published: AtomicU64::new(0),
            closed: AtomicU64::new(0),
            failure: AtomicU32::new(0),
            failure_position: AtomicU64::new(0),
            cells: (0..EPOCH_WINDOW).map(|_| Cell::new()).collect(),
            receipts: (0..kept).map(|_| ReceiptCell::new()).collect(),
        }
    }

    fn receipts(&self, epoch: Epoch) -> Option<&ReceiptCell> {
        self.receipts.get((epoch.0 % RECEIPTS_KEPT) as usize)
    }

    fn cell(&self, epoch: u64) -> Option<&Cell> {
        let index = epoch.checked_rem(u64::from(EPOCH_WINDOW))?;
        self.cells.get(index as usize)
    }
}

impl ReceiptCell {
    fn new() -> Self {
        Self { count: AtomicU64::new(0), root: core::array::from_fn(|_| AtomicU64::new(0)) }
    }

    fn load(&self) -> (u64, Hash) {
        let mut root = [0; 32];
        for (place, word) in root.as_chunks_mut::<8>().0.iter_mut().zip(&self.root) {
            *place = word.load(Ordering::Relaxed).to_le_bytes();
        }
        (self.count.load(Ordering::Relaxed), root)
    }
}

impl Cell {
    fn new() -> Self {
        let zeros = || [AtomicU64::new(0), AtomicU64::new(0)];
        Self { added: zeros(), evicted: zeros(), counts: zeros() }
    }

    fn store(&self, sums: &EpochSums) {
        store_pair(&self.added, sums.added);
        store_pair(&self.evicted, sums.evicted);
        let [adds, evicts] = &self.counts;
        adds.store(sums.add_count, Ordering::Relaxed);
        evicts.store(sums.evict_count, Ordering::Relaxed);
    }

    fn load(&self) -> EpochSums {
        let [adds, evicts] = &self.counts;
        EpochSums {
            added: load_pair(&self.added),
            evicted: load_pair(&self.evicted),
            add_count: adds.load(Ordering::Relaxed),
            evict_count: evicts.load(Ordering::Relaxed),
        }
    }
}

fn store_pair([low, high]: &[AtomicU64; 2], sum: u128) {
    low.store(sum as u64, Ordering::Relaxed);
    high.store((sum >> 64) as u64, Ordering::Relaxed);
}

fn load_pair([low, high]: &[AtomicU64; 2]) -> u128 {
    let high = u128::from(high.load(Ordering::Relaxed)) << 64;
    high | u128::from(low.load(Ordering::Relaxed))
}
