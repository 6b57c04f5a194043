//! Replays the logs that a store wrote through a fresh verifier with a secret of its own.

use crate::error::HostError;
use crate::log_dir::{MANIFEST, MANIFEST_HEAD, PROGRAM, thread_file};
use crate::options::WORKERS_MAX;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use zeta_program::Program;
use zeta_verifier::{
    Config, Entry, Epoch, Incarnation, NotYet, Outcome, Rejection, Standard, StopCause, ThreadId,
    Verifier, VerifierThread, decode_node,
};

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
    /// Every certified epoch, those beyond in which operations ran, and the first that never will
    /// be certified; in order.
    pub epochs: Vec<EpochAudit>,
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
}

/// One thread's log, and how far it was replayed.
struct Reader {
    thread: VerifierThread<Standard>,
    log: Vec<u8>,
    position: usize,
    /// Operations by the epoch in which they ran.
    operations: BTreeMap<Epoch, u64>,
}

/// Replays the logs in `dir`. `secret` must be new and random; `step` is told after each round
/// how many bytes of how many are done.
pub fn replay(
    dir: &Path,
    secret: [u8; 32],
    step: &mut dyn FnMut(u64, u64),
) -> Result<Audit, HostError> {
    let config = read_manifest(dir, secret)?;
    let program = Program::load(&read(dir, PROGRAM)?)
        .map_err(|error| HostError::BadProgram { why: error.to_string() })?;
    let why = |_| unreadable(dir, "the manifest describes no verifier");
    let verifier = Verifier::new(&config, program).map_err(why)?;
    let mut readers = Vec::new();
    for thread in verifier.threads {
        let log = read(dir, &thread_file(thread.id().0))?;
        readers.push(Reader { thread, log, position: 0, operations: BTreeMap::new() });
    }
    let total = readers.iter().map(|reader| reader.log.len() as u64).sum();
    let mut audit = Audit {
        threads: config.threads,
        certified: None,
        operations: 0,
        entries: 0,
        bytes: 0,
        uncertified_operations: 0,
        epochs: Vec::new(),
        problem: None,
    };
    audit.problem = replay_all(&mut readers, &mut audit, total, step);
    audit.certified = verifier.board.certified();
    let next = audit.certified.map_or(Epoch(0), Epoch::after);
    let mut epochs: BTreeMap<Epoch, u64> =
        (0..next.0).map(|certified| (Epoch(certified), 0)).collect();
    for (epoch, count) in readers.iter().flat_map(|reader| &reader.operations) {
        *epochs.entry(*epoch).or_default() += count;
    }
    audit.uncertified_operations = epochs.range(next..).map(|(_, count)| *count).sum();
    let outcome = |epoch| verifier.board.outcome(epoch);
    if !matches!(outcome(next), Outcome::Pending { .. }) {
        epochs.entry(next).or_default();
    }
    audit.epochs = epochs
        .into_iter()
        .map(|(epoch, operations)| EpochAudit { epoch, operations, outcome: outcome(epoch) })
        .collect();
    if let Outcome::Mismatch { first } = verifier.board.outcome(next) {
        audit.problem.get_or_insert(Problem::Mismatch { first });
    }
    Ok(audit)
}

/// Always goes on with a thread of the lowest epoch that can: the order that the floor allows.
fn replay_all(
    readers: &mut [Reader],
    audit: &mut Audit,
    total: u64,
    step: &mut dyn FnMut(u64, u64),
) -> Option<Problem> {
    loop {
        let mut order: Vec<usize> = (0..readers.len()).filter(|at| !readers[*at].ended()).collect();
        if order.is_empty() {
            return None;
        }
        order.sort_by_key(|at| readers[*at].thread.clock().epoch());
        let mut waiting = None;
        let mut progress = false;
        for at in order {
            let reader = &mut readers[at];
            let before = reader.position;
            let stop = reader.go_on(audit);
            audit.bytes += (reader.position - before) as u64;
            progress = reader.position > before;
            match stop {
                Some(Stop::Problem(problem)) => return Some(problem),
                Some(Stop::NotYet(not_yet)) => waiting = Some((at, not_yet)),
                None => {}
            }
            if progress {
                break;
            }
        }
        step(audit.bytes, total);
        if !progress {
            let (at, not_yet) = waiting?;
            let (thread, position) = (readers[at].thread.id(), readers[at].position as u64);
            return Some(Problem::Stuck { thread, position, not_yet });
        }
    }
}

enum Stop {
    NotYet(NotYet),
    Problem(Problem),
}

impl Reader {
    fn ended(&self) -> bool {
        self.position == self.log.len()
    }

    /// Replays entries until the thread reaches another epoch, must wait, or ends.
    fn go_on(&mut self, audit: &mut Audit) -> Option<Stop> {
        let epoch = self.thread.clock().epoch();
        let mut answers = Vec::new();
        while !self.ended() && self.thread.clock().epoch() == epoch {
            let rest = &self.log[self.position..];
            let (entry, len) = match Entry::decode(rest) {
                Ok((entry, after)) => (Some(entry), rest.len() - after.len()),
                // The verifier says why.
                Err(_) => (None, rest.len()),
            };
            answers.clear();
            let progress = self.thread.verify_log(&rest[..len], &mut answers);
            let position = self.position as u64;
            match progress.stop {
                StopCause::Done => {}
                StopCause::Retry(not_yet) => return Some(Stop::NotYet(not_yet)),
                StopCause::Rejected(Rejection {
                    reason: zeta_verifier::Reason::Truncated,
                    thread,
                    ..
                }) => return Some(Stop::Problem(Problem::Truncated { thread, position })),
                StopCause::Rejected(rejection) => {
                    return Some(Stop::Problem(Problem::Rejected(rejection)));
                }
            }
            self.position += len;
            audit.entries += 1;
            if let Some(Entry::RunApp(_)) = entry {
                audit.operations += 1;
                *self.operations.entry(epoch).or_default() += 1;
            }
        }
        None
    }
}

fn read(dir: &Path, name: &str) -> Result<Vec<u8>, HostError> {
    let path = dir.join(name);
    fs::read(&path).map_err(|error| HostError::LogRead { path, why: error.to_string() })
}

fn unreadable(dir: &Path, why: &str) -> HostError {
    HostError::LogRead { path: dir.join(MANIFEST), why: why.to_owned() }
}

fn read_manifest(dir: &Path, secret: [u8; 32]) -> Result<Config, HostError> {
    let text = String::from_utf8(read(dir, MANIFEST)?)
        .map_err(|_| unreadable(dir, "the manifest is not text"))?;
    let mut lines = text.lines();
    if lines.next() != Some(MANIFEST_HEAD) {
        return Err(unreadable(dir, "the manifest is not of this version"));
    }
    let mut field = |name: &str| {
        let line = lines.next().and_then(|line| line.split_once(' '));
        match line {
            Some((found, value)) if found == name => Ok(value.to_owned()),
            _ => Err(unreadable(dir, &format!("the manifest lacks `{name}`"))),
        }
    };
    let malformed = |name: &str| unreadable(dir, &format!("`{name}` is malformed"));
    let threads = field("threads")?.parse().map_err(|_| malformed("threads"))?;
    // Who wrote the folder must not decide how much memory a replay takes.
    if threads > WORKERS_MAX {
        return Err(malformed("threads"));
    }
    let slots = field("slots")?.parse().map_err(|_| malformed("slots"))?;
    let byte_budget = field("byte_budget")?.parse().map_err(|_| malformed("byte_budget"))?;
    let nonce = unhex(&field("nonce")?).and_then(|bytes| bytes.try_into().ok());
    let incarnation = unhex(&field("incarnation")?).and_then(|bytes| bytes.try_into().ok());
    let root = unhex(&field("root")?).and_then(|bytes| decode_node(&bytes).ok());
    Ok(Config {
        threads,
        slots,
        byte_budget,
        root: root.ok_or_else(|| malformed("root"))?,
        nonce: nonce.ok_or_else(|| malformed("nonce"))?,
        incarnation: Incarnation(incarnation.ok_or_else(|| malformed("incarnation"))?),
        secret,
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    rest.is_empty().then(|| pairs.iter().map(byte).collect())?
}
