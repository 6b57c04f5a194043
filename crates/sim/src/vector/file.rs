//! A vector as a file: the configuration, the calls in processing order, and what they must give.

use super::script::{ENTROPY, IDENTITY, INCARNATION, NONCE, SECRET, SESSIONS_PER_THREAD, Script};
use super::{Case, Expected, cases, receipt};
use crate::run::Step;
use serde::Serialize;
use std::io;
use std::path::Path as FilePath;
use zeta_receipt::encode_certification;
use zeta_verifier::{Entry, Epoch, Node, Outcome, Reason, SessionEntry, StopCause, encode_node};

const COMMENT: &str = "made by `cargo run -p zeta-sim --bin make_vectors`, which runs the verifier \
    on logs written by hand (crates/sim/src/vector); bytes are hex; do not edit";

#[derive(Serialize)]
struct VectorFile {
    _comment: &'static str,
    about: String,
    /// The vector that differs in one field and is accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    twin: Option<String>,
    /// What the lie leads to.
    expected: String,
    config: ConfigFile,
    steps: Vec<StepFile>,
    epochs: Vec<EpochFile>,
}

impl VectorFile {
    /// The file's content.
    fn text(&self) -> io::Result<String> {
        let text = serde_json::to_string_pretty(self).map_err(io::Error::other)?;
        Ok(text + "\n")
    }
}

#[derive(Serialize)]
struct ConfigFile {
    threads: u16,
    slots: u16,
    byte_budget: u64,
    program: String,
    root: String,
    secret: String,
    nonce: String,
    incarnation: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    serving: Option<ServingFile>,
}

#[derive(Serialize)]
struct ServingFile {
    access: String,
    /// The seed of the verifier's Ed25519 key.
    identity: String,
    entropy: String,
    sessions_per_thread: u16,
}

#[derive(Serialize)]
struct StepFile {
    thread: u16,
    entry: String,
    log: String,
    consumed: usize,
    stop: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u64>,
    outputs: String,
}

#[derive(Serialize)]
struct EpochFile {
    epoch: u32,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<Vec<u16>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<u16>,
    /// Of a certified epoch, where the verifier has clients: the file that it hands out.
    #[serde(skip_serializing_if = "Option::is_none")]
    certification: Option<String>,
}

/// The folders below `vectors/`, all of them made here.
const FOLDERS: [&str; 6] = ["accept", "reject", "retry", "refuse", "outcome", "receipts"];

/// Plays every case and writes its files below `root`, in place of those that were there.
pub fn write_all(root: &FilePath) -> io::Result<usize> {
    let files = texts()?;
    for folder in FOLDERS.map(|folder| root.join(folder)) {
        if folder.exists() {
            std::fs::remove_dir_all(folder)?;
        }
    }
    for (name, text) in &files {
        let path = root.join(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, text)?;
    }
    Ok(files.len())
}

/// Every file: its name below `vectors/`, and its content.
pub fn texts() -> io::Result<Vec<(String, String)>> {
    let logs = all().into_iter().map(|(name, file)| Ok((name, file.text()?)));
    let receipts = receipt::all().into_iter().map(|(name, file)| Ok((name, file.text()?)));
    logs.chain(receipts).collect()
}

/// Every log.
fn all() -> Vec<(String, VectorFile)> {
    let mut files = Vec::new();
    for case in cases() {
        let (folder, name) = place(&case);
        let honest_name = match case.expected {
            Expected::Accepted => format!("accept/{name}.json"),
            _ => format!("accept/{}-{name}.json", folder.replace('/', "-")),
        };
        files.push((honest_name.clone(), play(&case, false, None)));
        if case.expected != Expected::Accepted {
            files.push((format!("{folder}/{name}.json"), play(&case, true, Some(honest_name))));
        }
    }
    files
}

fn place(case: &Case) -> (String, &'static str) {
    let folder = match case.expected {
        Expected::Accepted => "accept".into(),
        Expected::Rejected(reason) => format!("reject/{}", snake(&format!("{reason:?}"))),
        Expected::Retry(not_yet) => format!("retry/{}", snake(&format!("{not_yet:?}"))),
        Expected::Refused(name, _) => format!("refuse/{}", snake(name)),
        Expected::Outcome(outcome) => format!("outcome/{outcome}"),
    };
    (folder, case.name)
}

fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

fn play(case: &Case, lie: bool, twin: Option<String>) -> VectorFile {
    let last = match case.expected {
        Expected::Rejected(reason) => Some(reason),
        _ => None,
    };
    let mut script = Script::new(case.setting, lie, last);
    (case.play)(&mut script);
    check(case, lie, &script);
    let expected = match (lie, case.expected) {
        (false, _) => "accepted".into(),
        (true, expected) => format!("{expected:?}"),
    };
    let mut root = Vec::new();
    encode_node(&Node::EMPTY, &mut root);
    VectorFile {
        _comment: COMMENT,
        about: case.about.into(),
        twin,
        expected,
        config: ConfigFile {
            threads: case.setting.threads,
            slots: case.setting.slots,
            byte_budget: case.setting.byte_budget,
            program: hex(&(case.setting.program)()),
            root: hex(&root),
            secret: hex(&SECRET),
            nonce: hex(&NONCE),
            incarnation: hex(&INCARNATION),
            serving: case.setting.access().map(|access| ServingFile {
                access: hex(&access),
                identity: hex(&IDENTITY),
                entropy: hex(&ENTROPY),
                sessions_per_thread: SESSIONS_PER_THREAD,
            }),
        },
        steps: script.run.steps.iter().map(step_file).collect(),
        epochs: epochs(&script),
    }
}

/// The verifier must say what the table of cases states.
fn check(case: &Case, lie: bool, script: &Script) {
    let name = format!("{:?} {} (lie: {lie})", case.expected, case.name);
    let last = script.run.steps.last().expect("a case has steps");
    let outcome = outcome_name(&script.run.board.outcome(Epoch(0)));
    if !lie {
        for step in &script.run.steps {
            assert!(step.is_done(), "{name}: {:?}", step.progress);
        }
        assert_eq!(outcome, case.honest_outcome, "{name}");
        return;
    }
    match (case.expected, last.progress.stop) {
        (Expected::Rejected(reason), StopCause::Rejected(found)) => {
            assert_eq!(reason, found.reason, "{name}");
        }
        (Expected::Retry(not_yet), StopCause::Retry(found)) => assert_eq!(not_yet, found, "{name}"),
        (Expected::Refused(_, code), StopCause::Done) => {
            let answer = [vec![2], code.to_le_bytes().to_vec()].concat();
            let refused = script.run.steps.iter().any(|step| step.outputs.starts_with(&answer));
            assert!(refused, "{name}: nothing was refused");
        }
        (Expected::Outcome(expected), _) => assert_eq!(outcome, expected, "{name}"),
        (_, stop) => assert_eq!(format!("{:?}", case.expected), format!("{stop:?}"), "{name}"),
    }
}

fn step_file(step: &Step) -> StepFile {
    let (stop, code, name, position) = match step.progress.stop {
        StopCause::Done => ("done", None, None, None),
        StopCause::Retry(not_yet) => {
            ("retry", Some(not_yet.code()), Some(format!("{not_yet:?}")), None)
        }
        StopCause::Rejected(found) => {
            let name = Some(format!("{:?}", found.reason));
            ("rejected", Some(found.reason.code()), name, Some(found.position))
        }
    };
    StepFile {
        thread: step.thread,
        entry: describe(&step.log),
        log: hex(&step.log),
        consumed: step.progress.consumed,
        stop,
        code,
        name,
        position,
        outputs: hex(&step.outputs),
    }
}

/// Names the entries of a log, for people who read a vector.
pub(crate) fn describe(log: &[u8]) -> String {
    let mut names = Vec::new();
    let mut rest = log;
    while !rest.is_empty() {
        match Entry::decode(rest) {
            Ok((entry, after)) => {
                names.push(name_of(&entry));
                rest = after;
            }
            Err(reason) => {
                names.push(format!("bytes that do not decode ({reason:?})"));
                break;
            }
        }
    }
    names.join("; ")
}

fn name_of(entry: &Entry<'_>) -> String {
    match entry {
        Entry::AddM { slot, ancestor_slot, .. } => {
            format!("AddM {} below {}", slot.0, ancestor_slot.0)
        }
        Entry::AddB { slot, thread, timestamp, .. } => format!(
            "AddB {} of thread {} at {}.{}",
            slot.0,
            thread.0,
            timestamp.epoch().0,
            timestamp.counter()
        ),
        Entry::EvictM { slot, ancestor_slot } => {
            format!("EvictM {} below {}", slot.0, ancestor_slot.0)
        }
        Entry::EvictB { slot, timestamp } => {
            format!("EvictB {} at {}.{}", slot.0, timestamp.epoch().0, timestamp.counter())
        }
        Entry::EvictBM { slot, ancestor_slot, timestamp } => format!(
            "EvictBM {} below {} at {}.{}",
            slot.0,
            ancestor_slot.0,
            timestamp.epoch().0,
            timestamp.counter()
        ),
        Entry::NextEpoch => "NextEpoch".into(),
        Entry::VerifyEpoch => "VerifyEpoch".into(),
        Entry::RunApp(run) => format!("RunApp {} with {} slots", run.transition.0, run.slots.len()),
        Entry::Session(SessionEntry::Open { .. }) => "SessionOpen".into(),
        Entry::Session(SessionEntry::Revoke { session }) => format!("SessionRevoke {session}"),
        Entry::Session(SessionEntry::Rotate { session, .. }) => format!("SessionRotate {session}"),
        Entry::Session(SessionEntry::Ask { session, sequence, .. }) => {
            format!("SessionAsk {session} about {sequence}")
        }
    }
}

/// The epochs up to the first that no thread has closed.
fn epochs(script: &Script) -> Vec<EpochFile> {
    let next = script.run.threads.iter().map(|thread| thread.next_epoch().0).max();
    (0..=next.unwrap_or(0))
        .map(|epoch| {
            let outcome = script.run.board.outcome(Epoch(epoch));
            let mut file = EpochFile {
                epoch,
                outcome: outcome_name(&outcome),
                missing: None,
                first: None,
                thread: None,
                position: None,
                reason: None,
                certification: certification(script, epoch),
            };
            match outcome {
                Outcome::Certified => {}
                Outcome::Pending { missing } => {
                    file.missing = Some(missing.iter().map(|thread| thread.0).collect());
                }
                Outcome::Mismatch { first } => file.first = Some(first.0),
                Outcome::Poisoned { thread, position, reason } => {
                    file.thread = Some(thread.0);
                    file.position = Some(position);
                    file.reason = Some(Reason::code(reason));
                }
            }
            file
        })
        .collect()
}

fn certification(script: &Script, epoch: u32) -> Option<String> {
    let signed = script.certifier.as_ref()?.certification(Epoch(epoch)).ok()?;
    Some(hex(&encode_certification(&signed)))
}

fn outcome_name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Pending { .. } => "pending",
        Outcome::Certified => "certified",
        Outcome::Mismatch { .. } => "mismatch",
        Outcome::Poisoned { .. } => "poisoned",
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
