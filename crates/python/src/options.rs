//! What a store is opened with, from Python's words to the host's.

use crate::errors::{host_error, invalid_value};
use pyo3::prelude::*;
use std::path::PathBuf;
use zeta_host::{ENTROPY_LEN, Entropy, Options, Policy, Serving};

/// The keyword arguments of `zeta.open` that say how, not what.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct OpenOptions {
    workers: u16,
    policy: String,
    slots: Option<u16>,
    byte_budget: Option<u64>,
    /// Seconds; none for a store whose epoch turns when it is asked to.
    epoch: Option<f64>,
    log: Option<PathBuf>,
    /// None for the key-value application.
    program: Option<Vec<u8>>,
    /// Access list, seed of the identity, and sessions for each worker; none for a store without
    /// clients and receipts.
    serving: Option<(Vec<u8>, [u8; 32], u16)>,
    /// None for fresh bits; `zeta.hazmat` alone gives some, to copy a verifier.
    entropy: Option<[u8; ENTROPY_LEN]>,
}

impl OpenOptions {
    pub(crate) fn into_host(self) -> PyResult<Options> {
        let entropy = match &self.entropy {
            Some(bits) => Entropy::from_bits(bits),
            None => Entropy::draw().map_err(|cause| host_error(&cause))?,
        };
        let mut options =
            Options::new(self.program.unwrap_or_else(zeta_program::key_value), entropy);
        options.workers = self.workers;
        options.policy = policy(&self.policy)?;
        if let Some(slots) = self.slots {
            options.slots_per_worker = slots;
        }
        if let Some(byte_budget) = self.byte_budget {
            options.byte_budget = byte_budget;
        }
        options.epoch_ms = self.epoch.map(epoch_ms).transpose()?;
        options.log_dir = self.log;
        options.serving = self.serving.map(|(access, identity_seed, sessions_per_worker)| {
            Serving { access, identity_seed, sessions_per_worker }
        });
        Ok(options)
    }
}

fn policy(name: &str) -> PyResult<Policy> {
    match name {
        "hybrid" => Ok(Policy::Hybrid),
        "deferred" => Ok(Policy::DeferredOnly),
        "merkle" => Ok(Policy::MerkleOnly),
        "unverified" => Ok(Policy::Unverified),
        "map" => Ok(Policy::PlainMap),
        _ => Err(invalid_value(format!(
            "`policy` is `hybrid`, `deferred`, `merkle`, `unverified` or `map`, not `{name}`"
        ))),
    }
}

fn epoch_ms(seconds: f64) -> PyResult<u64> {
    if !(0.001..=86_400.0).contains(&seconds) {
        return Err(invalid_value(format!(
            "`epoch` is `0.001` to `86400` seconds, or `None`, not `{seconds}`"
        )));
    }
    Ok((seconds * 1000.0).round() as u64)
}
