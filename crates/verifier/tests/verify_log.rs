//! Any bytes give an answer, the same one every time, however the log is cut into calls.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a panic is a failed test"
)]

mod vector_file;

use proptest::prelude::*;
use proptest::sample::Index;
use std::sync::OnceLock;
use vector_file::{Step, Vector, all};
use zeta_verifier::{
    Entry, Epoch, Outcome, Progress, Reason, Rejection, Standard, StopCause, ThreadId, Verifier,
};

fn vectors() -> &'static [Vector] {
    static VECTORS: OnceLock<Vec<Vector>> = OnceLock::new();
    VECTORS.get_or_init(all)
}

/// The logs of a vector, as they are fed: thread and bytes.
type Feed = Vec<(usize, Vec<u8>)>;

fn feed_of(steps: &[Step]) -> Feed {
    steps.iter().map(|step| (step.thread, step.log.clone())).collect()
}

/// What a verifier says to a feed: each call's answer, and the outcomes at the end.
#[derive(Debug, PartialEq)]
struct Said {
    calls: Vec<(Progress, Vec<u8>)>,
    outcomes: Vec<Outcome>,
    rejections: Vec<Option<Rejection>>,
}

fn outcomes(verifier: &Verifier<Standard>) -> Vec<Outcome> {
    (0..3).map(|epoch| verifier.board.outcome(Epoch(epoch))).collect()
}

fn say(vector: &Vector, feed: &Feed) -> Said {
    let mut verifier = vector.verifier();
    let mut calls = Vec::new();
    for (thread, log) in feed {
        let thread = &mut verifier.threads[*thread];
        let mut outputs = Vec::new();
        let was_poisoned = thread.rejection().is_some();
        let progress = thread.verify_log(log, &mut outputs);
        assert!(progress.consumed <= log.len());
        match progress.stop {
            StopCause::Done => assert_eq!(progress.consumed, log.len()),
            StopCause::Retry(_) => assert!(progress.consumed < log.len()),
            StopCause::Rejected(rejection) => {
                assert!(thread.rejection().is_some());
                let again = rejection.reason == Reason::ThreadPoisoned;
                assert_eq!(again, was_poisoned);
            }
        }
        if was_poisoned {
            assert_eq!((progress.consumed, outputs.len()), (0, 0));
        }
        calls.push((progress, outputs));
    }
    let rejections = verifier.threads.iter().map(|thread| thread.rejection()).collect();
    Said { calls, outcomes: outcomes(&verifier), rejections }
}

/// Where the entries of a log begin, and its end; up to the first that does not decode.
fn boundaries(log: &[u8]) -> Vec<usize> {
    let mut places = vec![0];
    let mut rest = log;
    while let Ok((_, after)) = Entry::decode(rest) {
        rest = after;
        places.push(log.len() - rest.len());
    }
    places
}

/// The feed with calls to one thread joined, and then cut anew at entries.
fn cut_anew(feed: &Feed, mut cut: impl FnMut() -> bool) -> Feed {
    let mut anew: Feed = Vec::new();
    for (thread, log) in feed {
        let mut begin = 0;
        for end in boundaries(log).into_iter().skip(1).chain([log.len()]) {
            let piece = &log[begin..end];
            begin = end;
            if piece.is_empty() {
                continue;
            }
            match anew.last_mut() {
                Some((last, joined)) if last == thread && !cut() => joined.extend(piece),
                _ => anew.push((*thread, piece.to_vec())),
            }
        }
    }
    anew
}

#[derive(Clone, Debug)]
enum Change {
    FlipBit(Index, Index),
    SetNumber(Index, Index, u16),
    Cut(Index, Index),
    Drop(Index),
    Repeat(Index, Index),
    Swap(Index, Index),
    OtherThread(Index),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let number = prop_oneof![0..12_u16, Just(u16::MAX), any::<u16>()];
    let index = any::<Index>;
    let change = prop_oneof![
        (index(), index()).prop_map(|(step, bit)| Change::FlipBit(step, bit)),
        (index(), index(), number).prop_map(|(step, at, to)| Change::SetNumber(step, at, to)),
        (index(), index()).prop_map(|(step, at)| Change::Cut(step, at)),
        index().prop_map(Change::Drop),
        (index(), index()).prop_map(|(step, to)| Change::Repeat(step, to)),
        (index(), index()).prop_map(|(one, other)| Change::Swap(one, other)),
        index().prop_map(Change::OtherThread),
    ];
    prop::collection::vec(change, 1..4)
}

fn apply(feed: &mut Feed, change: &Change, threads: usize) {
    if feed.is_empty() {
        return;
    }
    let len = feed.len();
    match change {
        Change::FlipBit(step, bit) => {
            let log = &mut feed[step.index(len)].1;
            if !log.is_empty() {
                let bit = bit.index(log.len() * 8);
                log[bit / 8] ^= 1 << (bit % 8);
            }
        }
        Change::SetNumber(step, at, to) => {
            let log = &mut feed[step.index(len)].1;
            if log.len() >= 3 {
                let at = 1 + at.index(log.len() - 2);
                log[at..at + 2].copy_from_slice(&to.to_le_bytes());
            }
        }
        Change::Cut(step, at) => {
            let log = &mut feed[step.index(len)].1;
            if !log.is_empty() {
                let at = at.index(log.len());
                log.truncate(at);
            }
        }
        Change::Drop(step) => {
            feed.remove(step.index(len));
        }
        Change::Repeat(step, to) => {
            let copy = feed[step.index(len)].clone();
            feed.insert(to.index(len), copy);
        }
        Change::Swap(one, other) => feed.swap(one.index(len), other.index(len)),
        Change::OtherThread(step) => {
            let thread = &mut feed[step.index(len)].0;
            *thread = (*thread + 1) % threads;
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_answered(log in prop::collection::vec(any::<u8>(), 0..300), tag in 1..9_u8) {
        let vector = &vectors()[0];
        say(vector, &vec![(0, log.clone())]);
        let mut log = log;
        if let Some(first) = log.first_mut() {
            *first = tag;
        }
        say(vector, &vec![(0, log.clone()), (0, log)]);
    }

    #[test]
    fn changed_logs_are_answered_the_same_every_time(
        which in any::<Index>(),
        changes in changes(),
    ) {
        let vector = which.get(vectors());
        let mut feed = feed_of(&vector.steps);
        for change in &changes {
            apply(&mut feed, change, vector.verifier().threads.len());
        }
        prop_assert_eq!(say(vector, &feed), say(vector, &feed));
    }

    #[test]
    fn how_a_log_is_cut_into_calls_does_not_matter(
        which in any::<Index>(),
        cuts in prop::collection::vec(any::<bool>(), 1..50),
    ) {
        let vector = which.get(vectors());
        let feed = feed_of(&vector.steps);
        let mut cuts = cuts.iter().cycle();
        let anew = cut_anew(&feed, || *cuts.next().unwrap());
        let (before, after) = (say(vector, &feed), say(vector, &anew));
        prop_assert_eq!(&before.outcomes, &after.outcomes);
        let outputs = |said: &Said, thread: usize, feed: &Feed| -> Vec<u8> {
            let calls = said.calls.iter().zip(feed);
            let own = calls.filter(|(_, (other, _))| *other == thread);
            own.flat_map(|((_, outputs), _)| outputs.clone()).collect()
        };
        for thread in 0..vector.verifier().threads.len() {
            prop_assert_eq!(outputs(&before, thread, &feed), outputs(&after, thread, &anew));
        }
        prop_assert_eq!(before.rejections, after.rejections);
    }
}

#[test]
fn what_must_wait_waits_again_and_then_goes_on() {
    for vector in vectors().iter().filter(|vector| vector.name.starts_with("retry/")) {
        let mut feed = feed_of(&vector.steps);
        let last = feed.last().unwrap().clone();
        feed.extend([last.clone(), last]);
        let said = say(vector, &feed);
        let [.., first, second, third] = said.calls.as_slice() else { panic!() };
        assert!(matches!(first.0.stop, StopCause::Retry(_)), "{}", vector.name);
        assert_eq!((first, first), (second, third), "{}", vector.name);
        assert!(first.1.is_empty());
    }
}

/// In the vectors of what must wait, the twin's entry is accepted after the wait: nothing changed.
#[test]
fn a_wait_changes_nothing() {
    for vector in vectors().iter().filter(|vector| vector.name.starts_with("retry/")) {
        let twin = vectors().iter().find(|twin| Some(&twin.name) == vector.twin.as_ref()).unwrap();
        let at = vector.steps.len() - 1;
        // Only where the twins agree up to the last entry can one go on as the other.
        let same = vector.steps[..at].iter().zip(&twin.steps).all(|(a, b)| a.log == b.log);
        if !same {
            continue;
        }
        let mut feed = feed_of(&vector.steps);
        feed.extend(feed_of(&twin.steps[at..]));
        let (waited, straight) = (say(vector, &feed), say(twin, &feed_of(&twin.steps)));
        assert_eq!(waited.outcomes, straight.outcomes, "{}", vector.name);
        assert_eq!(waited.calls[at + 1..], straight.calls[at..], "{}", vector.name);
    }
}

#[test]
fn a_rejected_thread_never_certifies_what_it_had_not_closed() {
    for vector in vectors().iter().filter(|vector| vector.name.starts_with("reject/")) {
        let mut verifier = vector.verifier();
        for step in &vector.steps {
            let _ = verifier.threads[step.thread].verify_log(&step.log, &mut Vec::new());
        }
        let thread = &verifier.threads[vector.steps.last().unwrap().thread];
        let (id, open) = (thread.id(), thread.next_epoch());
        for other in verifier.threads.iter_mut().filter(|other| other.id() != id) {
            for _ in 0..=open.0 {
                let _ = other.verify_log(&[6, 7], &mut Vec::new());
            }
        }
        match verifier.board.outcome(open) {
            Outcome::Poisoned { thread: found, .. } => assert_eq!(found, id, "{}", vector.name),
            other => panic!("{}: {other:?}", vector.name),
        }
        assert!(verifier.board.published(ThreadId(999)).is_none());
    }
}
