//! Where the logs come from: one module each, and the plan of who makes which batch.

pub mod domain;
pub mod exhaustive;
pub mod guided;
pub mod sessions;
pub mod setups;
pub mod simulated;
pub mod vectors;

use super::compare::Played;
use crate::random::Random;
use exhaustive::Scope;
use std::io;

/// The batches of a run, by number: the vectors, the small scopes, then chance for ever.
pub struct Plan {
    seed: u64,
    scopes: Vec<Scope>,
}

/// Makes and plays the cases of a batch, which has this name.
type Make = fn(&mut Random, &str) -> Vec<Played>;

/// What chance makes, in turn.
const KINDS: [(&str, Make); 6] = [
    ("simulated", simulated::whole),
    ("changed", simulated::changed),
    ("probed", simulated::probed),
    ("guided", guided::batch),
    ("sessions", sessions::batch),
    ("setups", setups::batch),
];

impl Plan {
    #[must_use]
    pub fn new(seed: u64, scopes: Vec<Scope>) -> Self {
        Self { seed, scopes }
    }

    /// Batches that there are before chance begins.
    #[must_use]
    pub fn fixed(&self) -> u64 {
        1 + self.scopes.iter().map(|scope| scope.shards() as u64).sum::<u64>()
    }

    /// Makes and plays a batch: which source it is of, and its cases.
    pub fn batch(&self, number: u64) -> io::Result<(String, Vec<Played>)> {
        let Some(mut shard) = number.checked_sub(1) else {
            let cases = vectors::all()?;
            return Ok(("vectors".into(), cases.into_iter().map(Played::new).collect()));
        };
        for scope in &self.scopes {
            let shards = scope.shards() as u64;
            if shard < shards {
                let name = format!("every log of {}, part {shard} of {shards}", scope.name);
                let played = scope.shard(shard as usize, &name);
                return Ok((scope.name.clone(), vec![played]));
            }
            shard -= shards;
        }
        let (source, make) = KINDS[(shard % KINDS.len() as u64) as usize];
        let name = format!("{source}, seed {} batch {number}", self.seed);
        // Mixed twice: streams of neighbouring seeds would overlap.
        let mixed = Random::new(Random::new(self.seed).bits() ^ number).bits();
        let mut random = Random::new(mixed);
        Ok((source.into(), make(&mut random, &name)))
    }
}
