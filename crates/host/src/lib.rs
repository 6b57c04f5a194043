//! The untrusted host: records, workers, epochs and policies around the verifier.
//!
//! Nothing here is believed by anybody: a mistake in this crate is either harmless or refused by
//! the verifier. Start at `Store`.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "the host is fast and trusted by nobody; overflow and bounds are checked anyway"
)]

mod batch;
mod error;
mod options;

pub use batch::{
    Batch, COMPARE_AND_SET, Column, DELETE, GET, PUT, RENAME, Results, Status, Transitions,
};
pub use error::HostError;
pub use options::{BYTE_BUDGET_MIN, Entropy, Options, Policy, SLOTS_MIN, WORKERS_MAX};
