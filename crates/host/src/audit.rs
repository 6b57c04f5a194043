//! Replays the logs that a store wrote through a fresh verifier with a secret of its own.

use crate::error::HostError;
use crate::log_dir::{PROGRAM, thread_file};
use crate::log_reader::LogReader;
use crate::manifest::{MANIFEST, Manifest, unreadable};
use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use zeta_program::Program;
use zeta_session::{Entropy, Identity};
use zeta_verifier::{
    Authentication, Board, Config, ConfigError, Entry, Epoch, NotYet, Outcome, Rejection, Serving,
    Standard, StopCause, ThreadId, Verifier, VerifierThread,
};

/// Bytes of a manifest or a program: more than any that a store writes.
const SMALL_LEN_MAX: u64 = 2 << 20;
/// Certified epochs that a report keeps.
const EPOCHS_KEPT: usize = 4096;

/// What a replay found. `problem` is the first one, if any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    pub threads: u16,
    /// The last certified epoch; `None` where not even the first certified.
    pub certified: Option<Epoch>,
    /// Operations that were replayed, refused and failed ones included.
    pub operations: u64,
    pub entries: u64,
    pub bytes: u64,
    /// Operations of epochs that did not certify.
    pub uncertified_operations: u64,
    /// The latest certified epochs, up to 4096, those beyond in which operations ran, and the first
    /// that never will be certified; in order.
    pub epochs: Vec<EpochAudit>,
    /// Whether the store was closed and noted where its logs end. Of others nobody can tell what
    /// is missing at the end.
    pub closed: bool,
    pub problem: Option<Problem>,
}

/// One epoch of a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpochAudit {
    pub epoch: Epoch,
    /// Operations that ran in it, refused and failed ones included.
    pub operations: u64,
    pub outcome: Outcome,
}

/// Why a log is not what an honest store leaves behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    Rejected(Rejection),
    /// Deferred records were tampered with, first in this epoch.
    Mismatch {
        first: Epoch,
    },
    /// A thread's log ends in the middle of an entry, at this position.
    Truncated {
        thread: ThreadId,
        position: u64,
    },
    /// Every thread waits for another: a part of some log is missing.
    Stuck {
        thread: ThreadId,
        position: u64,
        not_yet: NotYet,
    },
    /// A thread's log ends at this position, where its store closed it at another.
    WrongLength {
        thread: ThreadId,
        position: u64,
        closed_at: u64,
    },
    /// From here on the log has sessions: only the verifier that drew their keys can tell true
    /// requests from forged ones, so nothing after it was replayed.
    Sessions {
        thread: ThreadId,
        position: u64,
    },
    /// The store was closed, and this epoch, in which operations ran, does not certify.
    Uncertified {
        first: Epoch,
    },
}

/// One thread's log, and how far it was replayed.
struct Reader {
    thread: VerifierThread<Standard>,
    log: LogReader,
}

/// What is known of the epochs so far.
#[derive(Default)]
struct Tally {
    /// The latest certified ones.
    certified: VecDeque<EpochAudit>,
    /// Operations in each epoch that is not certified yet.
    pending: BTreeMap<Epoch, u64>,
}

/// Replays the logs in `dir`. `secret` must be new and random; `step` is told after each round
/// how many bytes of how many are done.
///
/// Where a program is `expected`, logs of another are an error. Memory is bounded whatever the logs
/// hold: they are read piece by piece.
pub fn replay(
    dir: &Path,
    secret: [u8; 32],
    expected: Option<&[u8]>,
    step: &mut dyn FnMut(u64, u64),
) -> Result<Audit, HostError> {
    let text = String::from_utf8(read(dir, MANIFEST)?)
        .map_err(|_| unreadable(dir, "the manifest is not text"))?;
    let Manifest { config, access, closed } = Manifest::parse(dir, &text, secret)?;
    let program = read(dir, PROGRAM)?;
    if expected.is_some_and(|expected| expected != program) {
        return Err(HostError::OtherProgram { found: program });
    }
    let program = Program::load(&program)
        .map_err(|error| HostError::BadProgram { why: error.to_string() })?;
    let why = |_| unreadable(dir, "the manifest describes no verifier");
    let verifier = verifier(&config, program, access.as_deref()).map_err(why)?;
    let mut readers = Vec::new();
    for thread in verifier.threads {
        let log = LogReader::open(dir.join(thread_file(thread.id().0)))?;
        readers.push(Reader { thread, log });
    }
    let mut audit = Audit {
        threads: config.threads,
        certified: None,
        operations: 0,
        entries: 0,
        bytes: 0,
        uncertified_operations: 0,
        epochs: Vec::new(),
        closed: closed.is_some(),
        problem: None,
    };
    let mut tally = Tally::default();
    audit.problem = replay_all(&mut readers, &verifier.board, &mut audit, &mut tally, step)?;
    audit.certified = verifier.board.certified();
    audit.uncertified_operations = tally.pending.values().sum();
    let next = audit.certified.map_or(Epoch(0), Epoch::after);
    if let Outcome::Mismatch { first } = verifier.board.outcome(next) {
        audit.problem.get_or_insert(Problem::Mismatch { first });
    }
    if let Some(lens) = closed
        && matches!(audit.problem, None | Some(Problem::Stuck { .. } | Problem::Sessions { .. }))
    {
        let uncertified = tally.pending.keys().next();
        audit.problem = wrong_length(&readers, &lens)
            .or(audit.problem)
            .or_else(|| uncertified.map(|first| Problem::Uncertified { first: *first }));
    }
    audit.epochs = tally.report(&verifier.board, next);
    Ok(audit)
}

/// A verifier of the same instance. Its identity and static key are its own: it signs nothing that
/// anybody sees, and has no session.
fn verifier(
    config: &Config,
    program: Program,
    access: Option<&[u8]>,
) -> Result<Verifier<Standard>, ConfigError> {
    let Some(access) = access else { return Verifier::new(config, program) };
    let serving = Serving {
        access,
        identity: Identity::new(&config.secret),
        entropy: Entropy::new(config.secret),
        sessions_per_thread: 1,
    };
    Verifier::serving(config, program, serving)
}

/// The first log that does not end where its store closed it.
fn wrong_length(readers: &[Reader], lens: &[u64]) -> Option<Problem> {
    let mut lens = readers.iter().zip(lens);
    lens.find(|(reader, len)| reader.log.len() != **len).map(|(reader, len)| {
        let (thread, position) = (reader.thread.id(), reader.log.len());
        Problem::WrongLength { thread, position, closed_at: *len }
    })
}

impl Tally {
    /// Moves what was certified meanwhile out of the pending epochs.
    fn settle(&mut self, board: &Board) {
        let Some(last) = board.certified() else { return };
        let first = self.certified.back().map_or(Epoch(0), |audit| audit.epoch.after());
        for epoch in (first.0..=last.0).map(Epoch) {
            let operations = self.pending.remove(&epoch).unwrap_or_default();
            if self.certified.len() == EPOCHS_KEPT {
                self.certified.pop_front();
            }
            self.certified.push_back(EpochAudit { epoch, operations, outcome: Outcome::Certified });
        }
    }

    fn report(mut self, board: &Board, next: Epoch) -> Vec<EpochAudit> {
        if !matches!(board.outcome(next), Outcome::Pending { .. }) {
            self.pending.entry(next).or_default();
        }
        let pending = self.pending.into_iter().map(|(epoch, operations)| {
            let outcome = board.outcome(epoch);
            EpochAudit { epoch, operations, outcome }
        });
        self.certified.into_iter().chain(pending).collect()
    }
}

/// Always goes on with a thread of the lowest epoch that can: the order that the floor allows.
fn replay_all(
    readers: &mut [Reader],
    board: &Board,
    audit: &mut Audit,
    tally: &mut Tally,
    step: &mut dyn FnMut(u64, u64),
) -> Result<Option<Problem>, HostError> {
    let total = readers.iter().map(|reader| reader.log.len()).sum();
    loop {
        let mut order: Vec<usize> =
            (0..readers.len()).filter(|at| !readers[*at].log.is_at_end()).collect();
        if order.is_empty() {
            return Ok(None);
        }
        order.sort_by_key(|at| readers[*at].thread.clock().epoch());
        let mut waiting = None;
        let mut progress = false;
        for at in order {
            let reader = &mut readers[at];
            let before = reader.log.position();
            let stop = reader.go_on(audit, tally)?;
            tally.settle(board);
            audit.bytes += reader.log.position() - before;
            progress = reader.log.position() > before;
            match stop {
                Some(Stop::Problem(problem)) => return Ok(Some(problem)),
                Some(Stop::NotYet(not_yet)) => waiting = Some((at, not_yet)),
                None => {}
            }
            if progress {
                break;
            }
        }
        step(audit.bytes, total);
        if !progress {
            let Some((at, not_yet)) = waiting else { return Ok(None) };
            let (thread, position) = (readers[at].thread.id(), readers[at].log.position());
            return Ok(Some(Problem::Stuck { thread, position, not_yet }));
        }
    }
}

enum Stop {
    NotYet(NotYet),
    Problem(Problem),
}

impl Reader {
    /// Replays entries until the thread reaches another epoch, must wait, or ends.
    fn go_on(&mut self, audit: &mut Audit, tally: &mut Tally) -> Result<Option<Stop>, HostError> {
        let epoch = self.thread.clock().epoch();
        let mut answers = Vec::new();
        while !self.log.is_at_end() && self.thread.clock().epoch() == epoch {
            let position = self.log.position();
            let bytes = self.log.entry()?;
            if let Ok((entry, _)) = Entry::decode(bytes)
                && is_of_session(&entry)
            {
                let thread = self.thread.id();
                return Ok(Some(Stop::Problem(Problem::Sessions { thread, position })));
            }
            answers.clear();
            let progress = self.thread.verify_log(bytes, &mut answers);
            match progress.stop {
                StopCause::Done => {}
                StopCause::Retry(not_yet) => return Ok(Some(Stop::NotYet(not_yet))),
                StopCause::Rejected(rejection) => {
                    return Ok(Some(Stop::Problem(problem_of(rejection, position))));
                }
            }
            audit.entries += 1;
            if let Ok((Entry::RunApp(_), _)) = Entry::decode(bytes) {
                // A store closes its epochs; a liar's log must not fill the memory with open ones.
                if tally.pending.len() >= EPOCHS_KEPT && !tally.pending.contains_key(&epoch) {
                    let (thread, not_yet) = (self.thread.id(), NotYet::Window);
                    let stuck = Problem::Stuck { thread, position, not_yet };
                    return Ok(Some(Stop::Problem(stuck)));
                }
                audit.operations += 1;
                *tally.pending.entry(epoch).or_default() += 1;
            }
            let len = bytes.len();
            self.log.advance(len);
        }
        Ok(None)
    }
}

fn is_of_session(entry: &Entry<'_>) -> bool {
    match entry {
        Entry::Session(_) => true,
        Entry::RunApp(run) => matches!(run.authentication, Authentication::Session { .. }),
        _ => false,
    }
}

fn problem_of(rejection: Rejection, position: u64) -> Problem {
    match rejection.reason {
        zeta_verifier::Reason::Truncated => {
            Problem::Truncated { thread: rejection.thread, position }
        }
        _ => Problem::Rejected(rejection),
    }
}

fn read(dir: &Path, name: &str) -> Result<Vec<u8>, HostError> {
    let path = dir.join(name);
    let mut bytes = Vec::new();
    let file = File::open(&path);
    let read = file.and_then(|file| file.take(SMALL_LEN_MAX + 1).read_to_end(&mut bytes));
    let why = match read {
        Ok(len) if len as u64 <= SMALL_LEN_MAX => return Ok(bytes),
        Ok(_) => "it is too long".to_owned(),
        Err(error) => error.to_string(),
    };
    Err(HostError::LogRead { path, why })
}
