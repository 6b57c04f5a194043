//! Every lie has the end that is stated of it, and whatever certifies is sound.

use zeta_sim::attack::{Attack, all, combination};
use zeta_sim::schedule::{End, Report, Schedule};
use zeta_verifier::{Incarnation, InstanceId, Standard};

/// Enough for every stated end to come up.
const RUNS: u64 = 200;

fn standard(seed: u64) -> Standard {
    let mut secret = [0; 32];
    secret[..8].copy_from_slice(&seed.to_le_bytes());
    Standard::new(secret, InstanceId([0; 16]), Incarnation([0; 16]))
}

fn run(attack: &Attack<Standard>, seed: u64) -> Report {
    Schedule::new(seed, standard(seed), Some(attack)).finish()
}

#[test]
fn every_attack_ends_as_stated() {
    for attack in all() {
        let mut ends: Vec<(End, u64)> = Vec::new();
        for seed in 0..RUNS {
            let report = run(&attack, seed);
            assert!(report.is_sound(), "{}: seed {seed} certified a lie", attack.name);
            if report.struck {
                let as_stated = attack.allows(report.end);
                assert!(as_stated, "{}: seed {seed} ended {:?}", attack.name, report.end);
                ends.push((report.end, seed));
            } else {
                assert_eq!(report.end, End::Certified, "{}: seed {seed}", attack.name);
            }
        }
        assert!(ends.len() > 20, "{} struck {} times only", attack.name, ends.len());
        let stuck = ends.iter().filter(|(end, _)| *end == End::Stuck).count();
        let stated = attack.fates.iter().any(|fate| fate.allows(End::Stuck));
        assert!(stated || stuck * 100 < ends.len(), "{}: {stuck} runs stuck", attack.name);
        // No statement is wider than what happens.
        for fate in attack.fates {
            let met = ends.iter().any(|(end, _)| fate.allows(*end));
            assert!(met, "{}: never {fate:?}: {ends:?}", attack.name);
        }
    }
}

#[test]
fn combinations_are_sound() {
    for seed in 0..500 {
        let report = run(&combination(), seed);
        assert!(report.is_sound(), "seed {seed} certified a lie");
    }
}
