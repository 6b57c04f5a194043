//! Logs of the simulated host, honest and lying, whole, changed, and with hostile entries tried on
//! the way.

use crate::attack::{all, combination};
use crate::differential::case::{Case, Move};
use crate::differential::compare::Played;
use crate::differential::mutate::{self, Log, Range};
use crate::differential::player::Player;
use crate::differential::setup::Setup;
use crate::random::Random;
use crate::schedule::{Schedule, Shape};
use crate::toy::Weakened;

/// A simulated run: the setup of its verifier, and its calls.
struct Simulated {
    setup: Setup,
    log: Log,
}

impl Simulated {
    fn range(&self) -> Range {
        Range { threads: self.setup.threads, slots: self.setup.slots }
    }
}

/// One run: honest, or with a lie.
fn simulate(random: &mut Random, hostile_percent: usize) -> Simulated {
    let mut shape = Shape::draw(random);
    shape.steps = 20 + random.below(120);
    shape.keys = 1 + random.below(4);
    shape.slots = 5 + random.below(8) as u16;
    let weak = (random.chance(15), random.chance(15));
    let mut attacks = all::<Weakened>();
    attacks.push(combination());
    let hostile = random.chance(hostile_percent);
    let attack = random.pick(&attacks).filter(|_| hostile);
    shape.threads = shape.threads.max(attack.map_or(1, |attack| attack.threads));
    let mut setup = Setup {
        weak_tree: weak.0,
        weak_elements: weak.1,
        ..Setup::key_value(shape.threads, shape.slots)
    };
    if random.chance(10) {
        setup.byte_budget = 4 + random.below(24) as u64;
    }
    // A stream of its own: that of the batch goes on after the run.
    let own = Random::new(random.bits());
    let log = match setup.load() {
        None => Vec::new(),
        Some(loaded) => {
            let schedule = Schedule::shaped(shape, own, loaded.primitives(), attack);
            let steps = schedule.finish().steps;
            steps.into_iter().map(|step| (step.thread, step.log)).collect()
        }
    };
    Simulated { setup, log }
}

/// Whole logs as they are, cut into calls at random.
pub fn whole(random: &mut Random, name: &str) -> Vec<Played> {
    let cases = (0..120).map(|_| {
        let mut run = simulate(random, 70);
        if random.chance(50) {
            mutate::join(&mut run.log, random);
        }
        Played::new(Case::linear(name.into(), run.setup, run.log))
    });
    cases.collect()
}

/// Each log several times, with one to three changes, to its end.
pub fn changed(random: &mut Random, name: &str) -> Vec<Played> {
    let mut played = Vec::new();
    for _ in 0..60 {
        let run = simulate(random, 20);
        for _ in 0..6 {
            let mut log = run.log.clone();
            for _ in 0..1 + random.below(3) {
                log = mutate::log(&log, run.range(), random);
            }
            played.push(Played::new(Case::linear(name.into(), run.setup.clone(), log)));
        }
    }
    played
}

/// Before each entry of a log, the same entry with a change is tried, then what follows, and all of
/// it is taken back.
pub fn probed(random: &mut Random, name: &str) -> Vec<Played> {
    let mut played = Vec::new();
    for _ in 0..60 {
        let run = simulate(random, 10);
        let loaded = run.setup.load();
        let mut player = Player::new(name.into(), &run.setup, loaded.as_ref());
        for (at, (thread, log)) in run.log.iter().enumerate() {
            let changed = mutate::entry(log, &run.log, run.range(), random);
            let mut tried = vec![(*thread, changed)];
            let follow = random.below(4);
            tried.extend(run.log.iter().skip(at + random.below(2)).take(follow).cloned());
            player.probe(&tried);
            player.call(*thread, log);
        }
        player.make(Move::Outcomes);
        played.push(player.into());
    }
    played
}
