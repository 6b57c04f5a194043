//! Honest runs always certify, and what they certify replays in order.

use zeta_sim::schedule::{End, Schedule};
use zeta_verifier::{Incarnation, InstanceId, Standard};

fn standard(seed: u64) -> Standard {
    let mut secret = [0; 32];
    secret[..8].copy_from_slice(&seed.to_le_bytes());
    Standard::new(secret, InstanceId([0; 16]), Incarnation([0; 16]))
}

#[test]
fn honest_runs_certify() {
    for seed in 0..300 {
        let report = Schedule::new(seed, standard(seed), None).finish();
        assert_eq!(report.end, End::Certified, "seed {seed}");
        assert!(report.is_sound(), "seed {seed}");
        assert_eq!(report.certified_events().len(), report.events.len(), "seed {seed}");
    }
}
