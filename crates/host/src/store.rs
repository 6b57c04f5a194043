//! The store: workers behind batons, and the calls that users make.
//!
//! INVARIANTS
//! - Nobody holds two batons.
//! - Whoever gives a baton back has flushed the worker's plan, or the worker has failed.

use crate::adopt::{Initial, Partition, Row, Summary};
use crate::archive::{Archive, ReceiptPath};
use crate::batch::{Batch, COMPARE_AND_SET, DELETE, Results};
use crate::baton::Seat;
use crate::epochs::{Driver, EpochInfo, Epochs};
use crate::error::HostError;
use crate::fork;
use crate::log_dir::LogDir;
use crate::operations::{Calls, KeyValue, Part};
use crate::options::{BYTE_BUDGET_MIN, Options, Policy, WORKERS_MAX};
use crate::owners::Owners;
use crate::pool::Pool;
use crate::record::Place;
use crate::session::ControlAnswer;
use crate::shape::Shape;
use crate::start::{self, slots_min};
use crate::unverified::Unverified;
use crate::worker::Worker;
use parking_lot::RwLock;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::time::Duration;
use zeta_program::Program;
use zeta_receipt::{encode_certification, encode_introduction};
use zeta_verifier::{Board, Epoch, InstanceId, Outcome, RelationId, SessionEntry, Standard};

/// A verified store, or an unverified one to compare with.
pub struct Store {
    pub(crate) shared: Arc<Shared>,
    driver: Mutex<Option<Driver>>,
}

/// What callers, pool threads and the epoch driver share.
pub(crate) struct Shared {
    pub(crate) engines: Vec<Seat>,
    /// `None`: the store is unverified.
    pub(crate) board: Option<Arc<Board>>,
    pub(crate) epochs: Epochs,
    pub(crate) partition: Partition,
    pub(crate) owners: Owners,
    pub(crate) pool: Pool,
    pub(crate) shapes: Vec<Shape>,
    pub(crate) program: Arc<Program>,
    pub(crate) hasher: Standard,
    /// Read while records are lent; written by the turn of an epoch, which waits for their return.
    pub(crate) lending: RwLock<()>,
    /// Signalled whenever lent records came back.
    pub(crate) returned: (Mutex<u64>, Condvar),
    pub(crate) failure: OnceLock<HostError>,
    /// How the store ended; empty while it is open.
    pub(crate) closed: OnceLock<Result<(), HostError>>,
    pub(crate) log_dir: Option<LogDir>,
    /// `None`: there are neither clients nor receipts.
    pub(crate) archive: Option<Archive>,
    /// Which worker sees the next control entry of a session.
    pub(crate) next_control: AtomicUsize,
    instance: InstanceId,
    key_value: bool,
    forks: u32,
    policy: Policy,
}

/// A worker with or without a verifier.
pub(crate) enum Engine {
    Verified(Box<Worker>),
    Unverified(Box<Unverified>),
}

/// Where records are, and what they take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    pub records: u64,
    pub in_slots: u64,
    pub deferred: u64,
    pub in_tree: u64,
    pub lent: u64,
    /// Bytes of memory of records, index and tree.
    pub bytes: u64,
    /// Operations answered.
    pub operations: u64,
    /// Nodes of the tree.
    pub nodes: u64,
}

impl Store {
    /// Opens an empty store.
    pub fn open(options: Options) -> Result<Self, HostError> {
        let partition = check_options(&options)?;
        let seed = start::seed_of(&options.entropy);
        Self::start(options, partition, Initial::empty(partition, seed))
    }

    /// Opens a store over an existing data set, which must be the one that was summarized.
    pub fn adopt(
        options: Options,
        data: &mut dyn Iterator<Item = Row>,
        expected: &Summary,
    ) -> Result<Self, HostError> {
        let partition = check_options(&options)?;
        let seed = start::seed_of(&options.entropy);
        let hasher = start::hasher();
        let (initial, records) = Initial::adopt(partition, seed, data, &hasher)?;
        if (Summary { root: initial.root, records }) != *expected {
            return Err(HostError::SummaryMismatch);
        }
        Self::start(options, partition, initial)
    }

    fn start(options: Options, partition: Partition, initial: Initial) -> Result<Self, HostError> {
        let program = Program::load(&options.program)
            .map_err(|error| HostError::BadProgram { why: error.to_string() })?;
        let program = Arc::new(program);
        let log_dir = match &options.log_dir {
            Some(path) => Some(LogDir::create(path, &options, &initial.root)?),
            None => None,
        };
        let started = start::start(&options, partition, initial, &program, log_dir.as_ref())?;
        let shared = Arc::new(Shared {
            engines: started.engines.into_iter().map(Seat::new).collect(),
            board: started.board,
            epochs: Epochs::new(),
            partition,
            owners: Owners::new(options.workers, start::seed_of(&options.entropy)),
            pool: Pool::new(options.workers),
            shapes: Shape::of_program(&program),
            key_value: program.bytes() == zeta_program::key_value(),
            program,
            hasher: start::hasher(),
            lending: RwLock::new(()),
            returned: (Mutex::new(0), Condvar::new()),
            failure: OnceLock::new(),
            closed: OnceLock::new(),
            log_dir,
            archive: started.certifier.map(Archive::new),
            next_control: AtomicUsize::new(0),
            instance: started.instance,
            forks: fork::count(),
            policy: options.policy,
        });
        let driver = match (options.epoch_ms, options.policy.is_verified()) {
            (None, _) | (_, false) => None,
            (Some(epoch_ms), true) => {
                Some(Driver::start(&shared, Duration::from_millis(epoch_ms))?)
            }
        };
        Ok(Self { shared, driver: Mutex::new(driver) })
    }

    /// Runs a batch; `results` are those of this batch alone afterwards.
    ///
    /// An error means that some operations may have run: none of them is certified by it.
    pub fn run(&self, batch: &Batch<'_>, results: &mut Results) -> Result<(), HostError> {
        let shared = &self.shared;
        shared.check()?;
        let len = batch.check()?;
        results.reset(len);
        match *batch {
            Batch::Calls { transitions, arguments } => {
                let shapes = &shared.shapes;
                let calls = Calls { shapes, transitions, arguments, credentials: None };
                shared.run_calls(&calls, len, results)
            }
            Batch::Requests { credentials, transitions, arguments } => {
                let shapes = &shared.shapes;
                let credentials = Some(credentials);
                let calls = Calls { shapes, transitions, arguments, credentials };
                shared.run_requests(&calls, len, results)
            }
            Batch::KeyValue { transitions, keys, values } => {
                let simple = (0..len).all(|index| transitions.get(index) <= DELETE);
                if !shared.key_value || !simple {
                    let why = "only gets, puts and deletes of the key-value program come by keys";
                    return Err(HostError::BadBatch { why });
                }
                let operations = KeyValue { transitions, keys, values };
                if shared.engines.len() > 1 {
                    return shared.run_parts(&operations, len, results);
                }
                let mut part = Part { operations: &operations, indices: None, results };
                shared.run_part(0, &mut part, len)
            }
        }
    }

    /// Turns the epoch and waits until all that was answered so far is certified.
    pub fn certify(&self) -> Result<Epoch, HostError> {
        self.shared.certify()
    }

    /// Turns the epoch; the one that ended, which this gives, certifies all that was answered.
    pub fn turn(&self) -> Result<Epoch, HostError> {
        self.shared.turn_now()
    }

    /// What became of an epoch.
    pub fn outcome(&self, epoch: Epoch) -> Outcome {
        match &self.shared.board {
            Some(board) => board.outcome(epoch),
            None => Outcome::Pending { missing: Vec::new() },
        }
    }

    /// Waits until an epoch is certified; fails where it never will be, or not in time.
    ///
    /// It does not turn the epoch: that is for the driver, or for `certify`.
    pub fn wait(&self, epoch: Epoch, timeout: Duration) -> Result<(), HostError> {
        self.shared.wait(epoch, timeout)
    }

    /// Whether a worker is held just now: a call may have to wait. A hint, outdated at once.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.shared.engines.iter().any(Seat::is_held)
    }

    /// The epoch in which operations run now.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.shared.epochs.current()
    }

    /// The last certified epoch.
    #[must_use]
    pub fn certified(&self) -> Option<Epoch> {
        self.shared.board.as_ref().and_then(|board| board.certified())
    }

    /// The latest epochs, oldest first.
    #[must_use]
    pub fn epochs(&self) -> Vec<EpochInfo> {
        self.shared.epochs.history(self.shared.board.as_deref())
    }

    /// What a client pins: this application, with this initial state.
    #[must_use]
    pub fn instance(&self) -> InstanceId {
        self.shared.instance
    }

    /// What clients need to know of this incarnation, as a file; see `zeta_receipt`.
    pub fn introduction(&self) -> Result<Vec<u8>, HostError> {
        let archive = self.shared.archive()?;
        Ok(encode_introduction(archive.certifier.introduction()))
    }

    /// Lets a verifier thread see the control entry of a session, and gives its answer.
    pub fn control(&self, entry: &SessionEntry<'_>) -> Result<ControlAnswer, HostError> {
        self.shared.control(entry)
    }

    /// What the identity signed of an epoch, as a file; of the latest epochs alone.
    pub fn certification(&self, epoch: Epoch) -> Result<Vec<u8>, HostError> {
        Ok(encode_certification(&self.shared.certification(epoch)?))
    }

    /// Where the receipt `index` of a thread is in an epoch; of the latest epochs alone.
    pub fn receipt_path(
        &self,
        thread: u16,
        epoch: Epoch,
        index: u64,
    ) -> Result<ReceiptPath, HostError> {
        self.shared.receipt_path(thread, epoch, index)
    }

    #[must_use]
    pub fn policy(&self) -> Policy {
        self.shared.policy
    }

    /// Shows every key that has a value, by the host's word alone, until `visit` says false.
    ///
    /// The listing is not one moment's: operations go on meanwhile.
    pub fn keys(&self, visit: &mut dyn FnMut(RelationId, &[u8]) -> bool) -> Result<(), HostError> {
        self.shared.check()?;
        for engine in &self.shared.engines {
            let mut next = 0;
            loop {
                // The baton is not held while the caller looks.
                let mut found = Vec::new();
                let more = self.shared.list(engine, &mut next, &mut found)?;
                for (relation, key) in &found {
                    if !visit(*relation, key) {
                        return Ok(());
                    }
                }
                if !more {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Where records are, and what they take. Costs a pass over all records.
    pub fn stats(&self) -> Result<Stats, HostError> {
        self.shared.check_process()?;
        let mut stats = Stats::default();
        for engine in &self.shared.engines {
            self.shared.lock(engine)?.add_to(&mut stats);
        }
        Ok(stats)
    }

    /// Moves every record that is in the tree to deferred state, in the order of the leaves, which
    /// is much cheaper than one by one when operations ask for them.
    pub fn defer_all(&self) -> Result<(), HostError> {
        self.shared.check()?;
        std::thread::scope(|scope| {
            let defer = |engine| scope.spawn(move || self.shared.defer_all_of(engine));
            let threads: Vec<_> = self.shared.engines.iter().map(defer).collect();
            threads.into_iter().try_for_each(|thread| {
                let panicked = HostError::Internal { why: "a worker's thread panicked" };
                thread.join().unwrap_or(Err(panicked)).map_err(|error| self.shared.fail(error))
            })
        })
    }

    /// Certifies everything and closes. The store answers nothing afterwards, whatever comes back;
    /// to close it again gives the same once more.
    pub fn close(&self) -> Result<(), HostError> {
        self.shared.close(|| self.stop_driver())
    }

    fn stop_driver(&self) {
        let driver = self.driver.lock().map(|mut driver| driver.take());
        if let Ok(Some(driver)) = driver {
            driver.stop();
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // A forked child has no driver thread to wait for.
        if fork::count() == self.shared.forks {
            self.stop_driver();
        }
    }
}

impl Shared {
    pub(crate) fn run_calls(
        &self,
        calls: &Calls<'_>,
        len: usize,
        results: &mut Results,
    ) -> Result<(), HostError> {
        if self.engines.len() > 1 {
            return self.run_windows(calls, len, results);
        }
        self.run_part(0, &mut Part { operations: calls, indices: None, results }, len)
    }

    /// Refuses work where the store is closed, forked or failed.
    #[inline]
    pub(crate) fn check(&self) -> Result<(), HostError> {
        self.check_process()?;
        if let Some(failure) = self.failure.get() {
            return Err(failure.clone());
        }
        if self.closed.get().is_some() {
            return Err(HostError::Closed);
        }
        Ok(())
    }

    /// Refuses work in a forked child.
    #[inline]
    pub(crate) fn check_process(&self) -> Result<(), HostError> {
        if fork::count() == self.forks { Ok(()) } else { Err(HostError::ForkedProcess) }
    }

    /// Notes a failure from which the store does not recover.
    #[cold]
    pub(crate) fn fail(&self, error: HostError) -> HostError {
        let fatal = matches!(
            error,
            HostError::Rejected { .. }
                | HostError::Unanswered { .. }
                | HostError::Mismatch { .. }
                | HostError::Stuck { .. }
                | HostError::ByteBudgetTooSmall { .. }
                | HostError::SlotsTooFew { .. }
                | HostError::LogWrite { .. }
                | HostError::Internal { .. }
        );
        if fatal {
            self.failure.get_or_init(|| error.clone());
            self.epochs.wake();
        }
        error
    }

    /// Keys with values among the next records of a worker; false when there are no more.
    fn list(
        &self,
        engine: &Seat,
        next: &mut u32,
        found: &mut Vec<(RelationId, Vec<u8>)>,
    ) -> Result<bool, HostError> {
        const PIECE_LEN: u32 = 4096;
        let mut engine = self.lock(engine)?;
        if let Engine::Verified(worker) = &mut *engine {
            // Values in slots are known to the verifier alone.
            worker.check_open()?;
            worker.empty_slots().map_err(|error| self.fail(error))?;
        }
        let table = engine.table();
        let end = table.records.len().min(next.saturating_add(PIECE_LEN));
        for record in (*next..end).map(|id| table.record(id)) {
            // A guest is listed by its owner.
            if record.value().is_some() && !record.guest {
                found.push((record.relation(), record.key().to_vec()));
            }
        }
        *next = end;
        Ok(end < table.records.len())
    }
}

impl Engine {
    pub(crate) fn table(&self) -> &crate::table::Table {
        match self {
            Self::Verified(worker) => &worker.table,
            Self::Unverified(plain) => &plain.table,
        }
    }

    pub(crate) fn table_mut(&mut self) -> &mut crate::table::Table {
        match self {
            Self::Verified(worker) => &mut worker.table,
            Self::Unverified(plain) => &mut plain.table,
        }
    }

    fn add_to(&self, stats: &mut Stats) {
        let table = self.table();
        stats.bytes += table.byte_len();
        for record in (0..table.records.len()).map(|id| table.record(id)) {
            stats.bytes += record.heap_len();
            if record.guest {
                continue;
            }
            stats.records += 1;
            match record.place() {
                Place::Slot => stats.in_slots += 1,
                Place::Deferred | Place::Evicting => stats.deferred += 1,
                Place::Tree | Place::New => stats.in_tree += 1,
                Place::Lent => stats.lent += 1,
            }
        }
        match self {
            Self::Verified(worker) => {
                stats.operations += worker.operations;
                stats.nodes += u64::from(worker.tree.nodes.len());
                stats.bytes += worker.tree.nodes.byte_len();
            }
            Self::Unverified(plain) => stats.operations += plain.operations,
        }
    }
}

fn check_options(options: &Options) -> Result<Partition, HostError> {
    let bad = |option, why: &str| Err(HostError::BadOption { option, why: why.to_owned() });
    if options.workers == 0 || options.workers > WORKERS_MAX {
        return bad("workers", "there must be at least one, and at most 256");
    }
    let partition = Partition::new(options.workers);
    let (slots, least) = (options.slots_per_worker, slots_min(options.workers));
    if !(least..u16::MAX).contains(&slots) {
        let workers = options.workers;
        return bad(
            "slots_per_worker",
            &format!(
                "`{slots}` are not `{least}` to `65534`, as each of `{workers}` workers needs"
            ),
        );
    }
    if options.byte_budget < BYTE_BUDGET_MIN {
        return bad("byte_budget", "the longest records of one operation must fit: 20 MiB");
    }
    if options.epoch_ms == Some(0) {
        return bad("epoch_ms", "an epoch lasts at least a millisecond");
    }
    if options.log_dir.is_some() && !options.policy.is_verified() {
        return bad("log_dir", "an unverified store has no log");
    }
    if options.serving.is_some() && !options.policy.is_verified() {
        return bad("serving", "an unverified store has nothing to show to clients");
    }
    Ok(partition)
}

const _: () = assert!(COMPARE_AND_SET == DELETE + 1, "the simple transitions come first");
