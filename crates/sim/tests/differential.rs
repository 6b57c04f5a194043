//! The differential harness notices: against a judge with a check taken out, a difference is found,
//! made small and written down; against the verifier itself there is none.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "a panic is a failed test"
)]

use std::collections::BTreeSet;
use std::io;
use zeta_sim::differential::candidate;
use zeta_sim::differential::case::{Case, Move};
use zeta_sim::differential::compare::{Difference, compare};
use zeta_sim::differential::minimise::minimise;
use zeta_sim::differential::oracle::Judge;
use zeta_sim::differential::player::{Stopped, play};
use zeta_sim::differential::setup::Setup;
use zeta_sim::differential::source::Plan;
use zeta_sim::differential::source::exhaustive::scopes;
use zeta_verifier::{NotYet, Reason};

/// The verifier itself, but for what `change` does to its setup.
struct Changed(fn(&Setup) -> Setup);

impl Judge for Changed {
    fn replies(&self, cases: &[&Case]) -> io::Result<Vec<u8>> {
        let changed = cases.iter().map(|case| {
            let case = Case { setup: (self.0)(&case.setup), ..(*case).clone() };
            play(&case)
        });
        Ok(changed.collect::<Vec<_>>().concat())
    }
}

const SAME: Changed = Changed(Setup::clone);
/// Nothing is too much: the check of the byte budget is gone.
const NO_BUDGET: Changed = Changed(|setup| Setup { byte_budget: u64::MAX, ..setup.clone() });
/// Hashes of one byte: about every 256th forged value passes the check of its hash.
const LESS_TREE: Changed = Changed(|setup| Setup { weak_tree: true, ..setup.clone() });

/// Says of the last epoch of the last log something else than the verifier.
struct OtherOutcome;

impl Judge for OtherOutcome {
    fn replies(&self, cases: &[&Case]) -> io::Result<Vec<u8>> {
        let mut replies = SAME.replies(cases)?;
        if let Some(last) = replies.last_mut() {
            *last ^= 1;
        }
        Ok(replies)
    }
}

fn plan() -> Plan {
    Plan::new(1, scopes(0))
}

/// Batches that chance makes, each kind in turn.
fn random_batches(count: u64) -> impl Iterator<Item = u64> {
    let fixed = plan().fixed();
    fixed..fixed + count
}

fn first_difference(judge: &dyn Judge, batches: impl Iterator<Item = u64>) -> Option<Difference> {
    let plan = plan();
    batches
        .map(|number| plan.batch(number).unwrap().1)
        .find_map(|played| compare(judge, &played).unwrap().err())
}

#[test]
fn the_verifier_agrees_with_itself_and_meets_nearly_every_stop() {
    let plan = plan();
    let mut met = BTreeSet::new();
    for number in std::iter::once(0).chain(random_batches(8)) {
        let (name, played) = plan.batch(number).unwrap();
        let tally = compare(&SAME, &played).unwrap().unwrap();
        assert!(tally.logs > 50, "{name}: {} logs", tally.logs);
        met.extend(tally.stops.into_keys());
    }
    let unreachable = [Reason::ElementCountOverflow, Reason::EpochOverflow];
    for reason in Reason::ALL.iter().filter(|reason| !unreachable.contains(reason)) {
        assert!(met.contains(&Stopped::Rejected(reason.code())), "no log met {reason:?}");
    }
    for not_yet in NotYet::ALL {
        assert!(met.contains(&Stopped::Retry(not_yet.code())), "no log met {not_yet:?}");
    }
}

#[test]
fn a_missing_check_is_noticed_and_made_small() {
    let found = first_difference(&NO_BUDGET, random_batches(8)).expect("a difference");
    let small = minimise(&NO_BUDGET, &found).unwrap();
    let waits = Stopped::Retry(NotYet::ByteBudget.code());
    assert_eq!(small.stops, Some((Some(waits), Some(Stopped::Done))));
    let calls = small.case.moves.iter().filter(|made| matches!(made, Move::Call { .. })).count();
    assert!(calls < 6, "{small:?}");
    assert!(candidate::text(&small).contains("byte_budget"));
}

#[test]
fn weaker_hashes_are_noticed() {
    assert!(first_difference(&LESS_TREE, random_batches(60)).is_some());
}

#[test]
fn another_outcome_is_noticed() {
    let found = first_difference(&OtherOutcome, random_batches(1)).expect("a difference");
    assert_eq!(found.stops, None, "{found:?}");
    assert_ne!(found.rust, found.oracle);
}

/// What a smaller scope finds in every one of its parts, the whole case finds too.
#[test]
fn small_scopes_try_every_entry_after_every_accepted_one() {
    let scope = &scopes(0)[2];
    let first = scope.shard(0, "first").case;
    let calls = |case: &Case| -> usize {
        case.moves.iter().filter(|made| matches!(made, Move::Call { .. })).count()
    };
    assert_eq!(first.logs() as usize, calls(&first));
    for shard in 1..scope.shards() {
        // One entry that is accepted, and all of them after it.
        assert_eq!(calls(&scope.shard(shard, "part").case), 1 + calls(&first));
    }
}
