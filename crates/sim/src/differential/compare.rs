//! Compares the replies of both sides, and counts what was met on the way.

use super::case::{Case, Move};
use super::oracle::Judge;
use super::player::{Became, Player, Stopped, play};
use std::collections::BTreeMap;
use std::io;

/// A case that the Rust verifier has played.
pub struct Played {
    pub case: Case,
    /// All replies, each after its length.
    pub replies: Vec<u8>,
}

impl Played {
    #[must_use]
    pub fn new(case: Case) -> Self {
        let replies = play(&case);
        Self { case, replies }
    }
}

impl From<Player<'_>> for Played {
    fn from(player: Player<'_>) -> Self {
        Self { case: player.case, replies: player.replies }
    }
}

/// The first reply in which both sides differ.
#[derive(Clone, Debug)]
pub struct Difference {
    /// One log, from the case in which it was found.
    pub case: Case,
    /// Of the call after which, or the question in which, they differ.
    pub rust: Vec<u8>,
    /// What the oracle said: empty where it said nothing.
    pub oracle: Vec<u8>,
    /// How the call ended on both sides; none where they differ in a question for outcomes.
    pub stops: Option<(Option<Stopped>, Option<Stopped>)>,
}

/// What was compared.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Each beginning that was compared with all that both say at its end.
    pub logs: u64,
    pub calls: u64,
    /// How calls ended.
    pub stops: BTreeMap<Stopped, u64>,
    /// What became of epochs.
    pub epochs: BTreeMap<Became, u64>,
}

impl Tally {
    fn count(&mut self, case: &Case, made: &Move, reply: &[u8]) {
        match made {
            Move::Call { .. } => {
                self.calls += 1;
                if let Some(stop) = Stopped::of(reply) {
                    *self.stops.entry(stop).or_default() += 1;
                }
            }
            Move::Outcomes => {
                self.logs += 1;
                for became in Became::of(reply, &case.setup) {
                    *self.epochs.entry(became).or_default() += 1;
                }
            }
            Move::Try | Move::Back => {}
        }
    }

    pub fn add(&mut self, other: &Self) {
        self.logs += other.logs;
        self.calls += other.calls;
        for (stop, count) in &other.stops {
            *self.stops.entry(*stop).or_default() += count;
        }
        for (became, count) in &other.epochs {
            *self.epochs.entry(*became).or_default() += count;
        }
    }
}

/// Plays the cases on the other side too: what was compared, or the first difference.
pub fn compare(judge: &dyn Judge, played: &[Played]) -> io::Result<Result<Tally, Difference>> {
    let cases: Vec<&Case> = played.iter().map(|one| &one.case).collect();
    let theirs = judge.replies(&cases)?;
    let mut theirs = frames(&theirs);
    let mut tally = Tally::default();
    for Played { case, replies } in played {
        // The first reply is that to the setup, before all moves.
        for (index, ours) in frames(replies).enumerate() {
            let their = theirs.next();
            if their != Some(ours) {
                return Ok(Err(difference(case, index, ours, their)));
            }
            let made = index.checked_sub(1).and_then(|index| case.moves.get(index));
            if let Some(made) = made {
                tally.count(case, made, ours);
            }
        }
    }
    Ok(Ok(tally))
}

fn difference(case: &Case, index: usize, ours: &[u8], theirs: Option<&[u8]>) -> Difference {
    let path = if index == 0 { Vec::new() } else { case.path_to(index - 1) };
    let made = index.checked_sub(1).and_then(|index| case.moves.get(index));
    let called = matches!(made, Some(Move::Call { .. }));
    Difference {
        stops: called.then(|| (Stopped::of(ours), theirs.and_then(Stopped::of))),
        case: Case::linear(case.name.clone(), case.setup.clone(), path),
        rust: ours.to_vec(),
        oracle: theirs.unwrap_or_default().to_vec(),
    }
}

/// The replies in a stream of them.
fn frames(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (len, rest) = bytes.split_first_chunk::<4>()?;
        let (reply, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
        bytes = rest;
        Some(reply)
    })
}
