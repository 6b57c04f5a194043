//! Replays the vectors, and demands one for every reason.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a panic is a failed test"
)]

mod vector_file;

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use vector_file::{Step, Vector, all};
use zeta_receipt::encode_certification;
use zeta_verifier::{
    Entry, Epoch, NotYet, Outcome, Progress, Reason, Record, SessionEntry, StopCause,
};

/// Reasons that no log of a size to keep can reach: `decide.rs` has constructed states for them.
const WITHOUT_VECTOR: [(Reason, &str); 2] = [
    (Reason::ElementCountOverflow, "takes 2^64 elements in one epoch"),
    (Reason::EpochOverflow, "takes 2^32 epochs"),
];

fn assert_progress(name: &str, step: &Step, progress: Progress) {
    assert_eq!(progress.consumed, step.consumed, "{name}");
    match progress.stop {
        StopCause::Done => assert_eq!(step.stop, "done", "{name}"),
        StopCause::Retry(not_yet) => {
            assert_eq!((step.stop.as_str(), step.code), ("retry", Some(not_yet.code())), "{name}");
        }
        StopCause::Rejected(rejection) => {
            assert_eq!(step.stop, "rejected", "{name}: {rejection:?}");
            assert_eq!(step.code, Some(rejection.reason.code()), "{name}: {rejection:?}");
            assert_eq!(step.position, Some(rejection.position), "{name}");
            assert_eq!(usize::from(rejection.thread.0), step.thread, "{name}");
        }
    }
}

fn as_file(epoch: u32, outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Pending { missing } => {
            let missing: Vec<u16> = missing.iter().map(|thread| thread.0).collect();
            json!({"epoch": epoch, "outcome": "pending", "missing": missing})
        }
        Outcome::Certified => json!({"epoch": epoch, "outcome": "certified"}),
        Outcome::Mismatch { first } => {
            json!({"epoch": epoch, "outcome": "mismatch", "first": first.0})
        }
        Outcome::Poisoned { thread, position, reason } => json!({
            "epoch": epoch, "outcome": "poisoned",
            "thread": thread.0, "position": position, "reason": reason.code(),
        }),
    }
}

fn replay(vector: &Vector) {
    let name = &vector.name;
    let mut verifier = vector.verifier();
    for step in &vector.steps {
        let mut outputs = Vec::new();
        let progress = verifier.threads[step.thread].verify_log(&step.log, &mut outputs);
        assert_progress(name, step, progress);
        assert_eq!(outputs, step.outputs, "{name}: outputs");
    }
    for (epoch, expected) in (0..).zip(&vector.epochs) {
        let mut found = as_file(epoch, &verifier.board.outcome(Epoch(epoch)));
        let signs = verifier.certifier.as_ref();
        if let Some(Ok(signed)) = signs.map(|signs| signs.certification(Epoch(epoch))) {
            let bytes = encode_certification(&signed);
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            found["certification"] = hex.into();
        }
        assert_eq!(&found, expected, "{name}: outcome of epoch {epoch}");
    }
}

#[test]
fn every_vector_replays() {
    for vector in all() {
        replay(&vector);
    }
}

/// The fields of an entry, in order.
fn fields(entry: &Entry<'_>) -> Vec<String> {
    let record = |record: &Record<'_>| match record {
        Record::Node { path, node } => vec![format!("{path:?}"), format!("{node:?}")],
        Record::App { relation, key, value } => {
            vec![format!("{relation:?}"), format!("{key:?}"), format!("{value:?}")]
        }
    };
    match entry {
        Entry::AddM { slot, ancestor_slot, record: r } => {
            [vec![format!("{slot:?}"), format!("{ancestor_slot:?}")], record(r)].concat()
        }
        Entry::AddB { slot, thread, timestamp, record: r } => {
            let head = [format!("{slot:?}"), format!("{thread:?}"), format!("{timestamp:?}")];
            [head.to_vec(), record(r)].concat()
        }
        Entry::RunApp(run) => vec![
            format!("{:?}", run.transition),
            format!("{:?}", run.authentication),
            format!("{:?}", run.arguments),
            format!("{:?}", run.slots),
        ],
        Entry::EvictM { slot, ancestor_slot } => {
            vec![format!("{slot:?}"), format!("{ancestor_slot:?}")]
        }
        Entry::EvictB { slot, timestamp } => vec![format!("{slot:?}"), format!("{timestamp:?}")],
        Entry::EvictBM { slot, ancestor_slot, timestamp } => {
            vec![format!("{slot:?}"), format!("{ancestor_slot:?}"), format!("{timestamp:?}")]
        }
        Entry::NextEpoch | Entry::VerifyEpoch => vec![format!("{entry:?}")],
        Entry::Session(SessionEntry::Open { message }) => vec![format!("{message:?}")],
        Entry::Session(SessionEntry::Revoke { session }) => vec![format!("{session}")],
        Entry::Session(SessionEntry::Rotate { session, message }) => {
            vec![format!("{session}"), format!("{message:?}")]
        }
        Entry::Session(SessionEntry::Ask { session, sequence, mac }) => {
            vec![format!("{session}"), format!("{sequence}"), format!("{mac:?}")]
        }
    }
}

/// Whether two entries differ in one field; where one is no entry, in at most four bytes on end.
fn differ_in_one_field(honest: &[u8], lie: &[u8]) -> bool {
    if let (Ok((honest, _)), Ok((lie, _))) = (Entry::decode(honest), Entry::decode(lie)) {
        let (honest, lie) = (fields(&honest), fields(&lie));
        let differing = honest.iter().zip(&lie).filter(|(a, b)| a != b).count();
        return honest.len() == lie.len() && differing == 1;
    }
    let before = honest.iter().zip(lie).take_while(|(a, b)| a == b).count();
    let rest = (&honest[before..], &lie[before..]);
    let after = rest.0.iter().rev().zip(rest.1.iter().rev()).take_while(|(a, b)| a == b).count();
    let changed = rest.0.len().max(rest.1.len()) - after;
    (1..=4).contains(&changed)
}

#[test]
fn hostile_vectors_have_a_twin_that_differs_in_one_field() {
    let vectors = all();
    let by_name: BTreeMap<_, _> = vectors.iter().map(|v| (v.name.as_str(), v)).collect();
    for vector in vectors.iter().filter(|vector| !vector.name.starts_with("accept/")) {
        let twin = by_name[vector.twin.as_deref().unwrap()];
        assert_eq!(twin.config, vector.config, "{}", vector.name);
        assert!(twin.steps.iter().all(|step| step.stop == "done"), "{}", twin.name);
        // The liar's log may end early; what follows a lie about an element speaks of the same one.
        let pairs = twin.steps.iter().zip(&vector.steps);
        let mut lies = pairs.filter(|(honest, lie)| honest.log != lie.log);
        let (honest, lie) = lies.next().unwrap();
        assert_eq!(honest.thread, lie.thread, "{}", vector.name);
        assert!(differ_in_one_field(&honest.log, &lie.log), "{}", vector.name);
        let certified = twin.epochs[0]["outcome"] == "certified";
        let forged = twin.epochs[0]["outcome"] == "mismatch";
        assert!(certified || forged, "{}", twin.name);
    }
}

fn last_stops(kind: &str) -> BTreeSet<u16> {
    let vectors = all();
    let last = vectors.iter().filter_map(|vector| vector.steps.last());
    last.filter(|step| step.stop == kind).filter_map(|step| step.code).collect()
}

#[test]
fn every_reason_has_a_vector() {
    let found = last_stops("rejected");
    let without: BTreeSet<_> = WITHOUT_VECTOR.iter().map(|(reason, _)| reason.code()).collect();
    for reason in Reason::ALL {
        let code = reason.code();
        let listed = without.contains(&code);
        assert_ne!(found.contains(&code), listed, "{reason:?} needs a vector or an exception");
    }
}

#[test]
fn every_not_yet_has_a_vector() {
    let found = last_stops("retry");
    assert_eq!(found, NotYet::ALL.map(NotYet::code).into_iter().collect());
}

#[test]
fn every_outcome_and_refusal_has_a_vector() {
    let vectors = all();
    let outcomes: BTreeSet<_> = vectors
        .iter()
        .flat_map(|vector| &vector.epochs)
        .map(|epoch| epoch["outcome"].as_str().unwrap())
        .collect();
    let named = ["certified", "mismatch", "pending", "poisoned"];
    assert_eq!(outcomes, named.into_iter().collect());
    // Tag 2 is the answer to a refused operation; its code follows.
    let refused: BTreeSet<_> = vectors
        .iter()
        .flat_map(|vector| &vector.steps)
        .filter(|step| step.outputs.first() == Some(&2))
        .map(|step| u16::from_le_bytes([step.outputs[1], step.outputs[2]]))
        .collect();
    assert_eq!(refused, [1, 2].into_iter().chain(256..=267).collect());
}

#[test]
fn reasons_are_numbered_once() {
    let codes: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.code()).collect();
    assert_eq!(codes.len(), Reason::ALL.len());
    for reason in Reason::ALL {
        assert_eq!(Reason::from_code(reason.code()), Some(*reason));
        assert!(!reason.text().is_empty());
    }
    assert_eq!(Reason::from_code(0), None);
}

#[test]
fn every_reason_is_documented() {
    let page = vector_file::folder().join("../docs/reference/rejections.md");
    let page = std::fs::read_to_string(page).unwrap();
    let rows = Reason::ALL.iter().map(|reason| format!("| {} | `{reason:?}` |", reason.code()));
    let waits = NotYet::ALL.iter().map(|not_yet| format!("| {} | `{not_yet:?}` |", not_yet.code()));
    for row in rows.chain(waits) {
        assert!(page.contains(&row), "docs/reference/rejections.md has no row `{row}`");
    }
}
