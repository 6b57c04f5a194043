//! Epochs: who turns them, what happens at a turn, and who waits for their outcome.

use crate::baton::Seat;
use crate::error::HostError;
use crate::store::{Engine, Shared};
use crate::sweep::Cursor;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use zeta_verifier::{Board, Epoch, Outcome};

/// Epochs whose history is kept.
const HISTORY_LEN: usize = 4096;
/// Records that a sweep looks at before it gives the baton back for a moment.
const PIECE_LEN: u32 = 1 << 14;
/// Records that one sweep of one worker moves to the tree at most, where the policy is `Hybrid`.
const RETIRED_PER_EPOCH_MAX: usize = 1 << 15;

/// An epoch, as the host saw it.
#[derive(Clone, Debug)]
pub struct EpochInfo {
    pub epoch: Epoch,
    pub outcome: Outcome,
    /// Operations that were answered between the turn to this epoch and the one from it; those
    /// that ran at the very turn may count for either.
    pub operations: u64,
    pub opened: Instant,
    pub closed: Option<Instant>,
    pub certified: Option<Instant>,
}

struct Times {
    epoch: Epoch,
    operations: u64,
    opened: Instant,
    closed: Option<Instant>,
    certified: Option<Instant>,
}

/// The store's epochs.
pub(crate) struct Epochs {
    /// The epoch in which operations should run.
    target: AtomicU32,
    /// Epochs before this one are waited for.
    wanted: AtomicU32,
    /// Operations that had been answered when the last turn began.
    turned_at: AtomicU64,
    /// Held during a whole turn.
    turning: Mutex<()>,
    times: Mutex<VecDeque<Times>>,
    decided: Condvar,
}

impl Times {
    fn open(epoch: Epoch) -> Self {
        Self { epoch, operations: 0, opened: Instant::now(), closed: None, certified: None }
    }
}

impl Epochs {
    pub(crate) fn new() -> Self {
        Self {
            target: AtomicU32::new(0),
            wanted: AtomicU32::new(0),
            turned_at: AtomicU64::new(0),
            turning: Mutex::new(()),
            times: Mutex::new(VecDeque::from([Times::open(Epoch(0))])),
            decided: Condvar::new(),
        }
    }

    #[inline]
    pub(crate) fn current(&self) -> Epoch {
        Epoch(self.target.load(Ordering::Acquire))
    }

    /// Wakes all who wait, so that they look again.
    pub(crate) fn wake(&self) {
        let guard = self.times.lock();
        self.decided.notify_all();
        drop(guard);
    }

    pub(crate) fn history(&self, board: Option<&Board>) -> Vec<EpochInfo> {
        let Ok(times) = self.times.lock() else { return Vec::new() };
        let pending = || Outcome::Pending { missing: Vec::new() };
        let info = |times: &Times| EpochInfo {
            epoch: times.epoch,
            outcome: board.map_or_else(pending, |board| board.outcome(times.epoch)),
            operations: times.operations,
            opened: times.opened,
            closed: times.closed,
            certified: times.certified,
        };
        times.iter().map(info).collect()
    }

    fn note(&self, epoch: Epoch, change: impl FnOnce(&mut Times)) {
        if let Ok(mut times) = self.times.lock()
            && let Some(found) = times.iter_mut().rev().find(|times| times.epoch == epoch)
        {
            change(found);
        }
    }

    fn open(&self, epoch: Epoch) {
        if let Ok(mut times) = self.times.lock() {
            if times.len() == HISTORY_LEN {
                times.pop_front();
            }
            times.push_back(Times::open(epoch));
        }
    }
}

impl Shared {
    /// Turns the epoch and waits until all that was answered so far is certified.
    pub(crate) fn certify(&self) -> Result<Epoch, HostError> {
        let epoch = self.turn_now()?;
        self.wait(epoch, Duration::MAX)?;
        Ok(epoch)
    }

    /// Turns the epoch; the one that ended, which this gives, certifies all that was answered.
    pub(crate) fn turn_now(&self) -> Result<Epoch, HostError> {
        self.check()?;
        // A thread whose counter ran out went ahead by itself.
        let floor = self.board.as_ref().map_or(Epoch(0), |board| board.floor());
        let epoch = self.epochs.current().max(floor);
        self.turn(epoch)?;
        Ok(epoch)
    }

    /// Waits until no epoch is being turned, and keeps it so.
    pub(crate) fn turning(&self) -> Result<MutexGuard<'_, ()>, HostError> {
        let why = "a thread panicked in a turn";
        self.epochs.turning.lock().map_err(|_| self.fail(HostError::Internal { why }))
    }

    /// Closes every epoch up to `epoch`, unless somebody else already has.
    pub(crate) fn turn(&self, epoch: Epoch) -> Result<(), HostError> {
        if self.board.is_none() {
            return Ok(());
        }
        let turning = self.turning()?;
        while self.epochs.current() <= epoch {
            self.check()?;
            let closing = self.epochs.current();
            self.turn_from(closing).map_err(|error| self.fail(error))?;
        }
        drop(turning);
        Ok(())
    }

    /// Whether an epoch's end would certify anything, or somebody waits for it: a store at rest
    /// does not stamp its records anew for ever.
    fn is_turn_due(&self) -> Result<bool, HostError> {
        self.check()?;
        let wanted = self.epochs.wanted.load(Ordering::Acquire) > self.epochs.current().0;
        Ok(wanted || self.operations()? != self.epochs.turned_at.load(Ordering::Acquire))
    }

    fn turn_from(&self, epoch: Epoch) -> Result<(), HostError> {
        // Before the epoch opens: an operation of the next epoch is never counted here.
        let operations = self.operations()?;
        self.epochs.turned_at.store(operations, Ordering::Release);
        self.epochs.open(epoch.after());
        self.epochs.target.store(epoch.after().0, Ordering::Release);
        let before: u64 = self.epochs.times.lock().map_or(0, |times| {
            times.iter().filter(|times| times.epoch < epoch).map(|times| times.operations).sum()
        });
        self.epochs.note(epoch, |times| {
            times.closed = Some(Instant::now());
            times.operations = operations.saturating_sub(before);
        });
        // Whatever was lent before the turn comes back; what is lent later is stamped later.
        drop(self.lending.write());
        match self.engines.as_slice() {
            [only] => self.finish(only, epoch)?,
            engines => std::thread::scope(|scope| {
                let spawn = |engine| scope.spawn(move || self.finish(engine, epoch));
                let threads: Vec<_> = engines.iter().map(spawn).collect();
                threads.into_iter().try_for_each(|thread| {
                    let panicked = HostError::Internal { why: "a thread panicked in a sweep" };
                    thread.join().unwrap_or(Err(panicked))
                })
            })?,
        }
        self.decide(epoch)
    }

    /// Brings one worker over the turn: nothing stays deferred in `epoch`, which then closes.
    fn finish(&self, engine: &Seat, epoch: Epoch) -> Result<(), HostError> {
        let mut cursor = Cursor::new(RETIRED_PER_EPOCH_MAX);
        loop {
            let mut engine = self.lock(engine)?;
            let Engine::Verified(worker) = &mut *engine else { return Ok(()) };
            worker.check()?;
            worker.advance(epoch.after())?;
            if worker.sweep(epoch, &mut cursor, PIECE_LEN)? {
                return worker.close_epoch();
            }
            engine.pass_on();
        }
    }

    /// Looks up what became of an epoch that every thread has closed, and tells who waits.
    fn decide(&self, epoch: Epoch) -> Result<(), HostError> {
        let outcome = self.board.as_ref().map(|board| board.outcome(epoch));
        let decided = match outcome {
            Some(Outcome::Certified) => {
                self.epochs.note(epoch, |times| times.certified = Some(Instant::now()));
                self.keep_receipts(epoch)
            }
            Some(outcome) => Err(failure_of(outcome)),
            None => Ok(()),
        };
        self.epochs.wake();
        decided
    }

    fn operations(&self) -> Result<u64, HostError> {
        let mut operations = 0;
        for engine in &self.engines {
            operations += match &*self.lock(engine)? {
                Engine::Verified(worker) => worker.operations,
                Engine::Unverified(plain) => plain.operations,
            };
        }
        Ok(operations)
    }

    /// Waits until `epoch` is certified.
    pub(crate) fn wait(&self, epoch: Epoch, timeout: Duration) -> Result<(), HostError> {
        let Some(board) = &self.board else { return Ok(()) };
        self.epochs.wanted.fetch_max(epoch.after().0, Ordering::AcqRel);
        let deadline = Instant::now().checked_add(timeout);
        let panicked = || HostError::Internal { why: "a thread panicked in a turn" };
        let mut guard = self.epochs.times.lock().map_err(|_| panicked())?;
        loop {
            match board.outcome(epoch) {
                Outcome::Certified => return Ok(()),
                Outcome::Pending { .. } => {}
                outcome => return Err(failure_of(outcome)),
            }
            self.check()?;
            guard = match deadline {
                None => self.epochs.decided.wait(guard).map_err(|_| panicked())?,
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Err(HostError::TimedOut { epoch });
                    }
                    let waited = self.epochs.decided.wait_timeout(guard, left);
                    waited.map_err(|_| panicked())?.0
                }
            };
        }
    }
}

fn failure_of(outcome: Outcome) -> HostError {
    match outcome {
        Outcome::Mismatch { first } => HostError::Mismatch { first },
        Outcome::Poisoned { thread, position, reason } => {
            HostError::Rejected { thread, position, reason }
        }
        Outcome::Pending { .. } | Outcome::Certified => {
            HostError::Internal { why: "an epoch that every thread closed is not decided" }
        }
    }
}

/// The thread that turns the epochs.
pub(crate) struct Driver {
    thread: JoinHandle<()>,
    stop: Arc<(AtomicBool, Mutex<()>, Condvar)>,
}

impl Driver {
    pub(crate) fn start(shared: &Arc<Shared>, every: Duration) -> Result<Self, HostError> {
        let stop = Arc::new((AtomicBool::new(false), Mutex::new(()), Condvar::new()));
        let (theirs, shared) = (Arc::clone(&stop), Arc::clone(shared));
        let thread = std::thread::Builder::new()
            .name("zeta-epochs".to_owned())
            .spawn(move || drive(&shared, every, &theirs))
            .map_err(|_| HostError::Internal { why: "no thread could be started" })?;
        Ok(Self { thread, stop })
    }

    /// Stops the thread and waits for its end.
    pub(crate) fn stop(self) {
        let (flag, mutex, signal) = &*self.stop;
        flag.store(true, Ordering::Release);
        let guard = mutex.lock();
        signal.notify_all();
        drop(guard);
        let _ = self.thread.join();
    }
}

fn drive(shared: &Shared, every: Duration, stop: &(AtomicBool, Mutex<()>, Condvar)) {
    let (flag, mutex, signal) = stop;
    let mut next = Instant::now() + every;
    while !flag.load(Ordering::Acquire) {
        let left = next.saturating_duration_since(Instant::now());
        if !left.is_zero() {
            let Ok(guard) = mutex.lock() else { return };
            if !flag.load(Ordering::Acquire) {
                drop(signal.wait_timeout(guard, left));
            }
            continue;
        }
        let turned = match shared.is_turn_due() {
            Ok(true) => shared.turn(shared.epochs.current()),
            Ok(false) => Ok(()),
            Err(error) => Err(error),
        };
        // A failed store says why to whoever asks next.
        if turned.is_err() {
            return;
        }
        // A turn that took longer than its epoch is not made up for.
        next = (next + every).max(Instant::now());
    }
}
