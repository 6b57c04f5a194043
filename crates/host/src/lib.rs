//! The untrusted host: records, workers, epochs and policies around the verifier.
//!
//! Nothing here is believed by anybody: a mistake in this crate is either harmless or refused by
//! the verifier. Start at `Store`.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "the host is fast and trusted by nobody; overflow and bounds are checked anyway"
)]

mod adopt;
mod archive;
mod arena;
mod asked;
pub mod audit;
mod batch;
mod baton;
mod calls;
mod chunk;
mod closing;
mod crossing;
mod encoding;
mod epochs;
mod error;
mod fork;
mod frames;
pub mod hazmat;
mod index;
mod kept;
mod leaves;
mod log_dir;
mod log_reader;
mod manifest;
mod memory;
mod node;
mod node_slots;
mod operations;
mod options;
mod owners;
mod parts;
mod plan;
mod pool;
mod proof;
mod receipt_tree;
mod record;
mod session;
mod shape;
mod slots;
mod split;
mod start;
mod store;
mod sweep;
mod table;
mod tree;
mod unverified;
mod warm;
mod window;
mod worker;

pub use adopt::{Row, Summary, summary};
pub use archive::{LEAVES_KEPT_MAX, RECEIPT_EPOCHS_KEPT, ReceiptPath};
pub use batch::{
    Batch, COMPARE_AND_SET, Column, DELETE, GET, PUT, RENAME, Results, Status, Transitions,
};
pub use epochs::EpochInfo;
pub use error::HostError;
pub use frames::{Requests, leading_requests};
pub use kept::{KeptLimits, KeptReplies};
pub use options::{BYTE_BUDGET_MIN, ENTROPY_LEN, Entropy, Options, Policy, Serving, WORKERS_MAX};
pub use proof::{Credential, Proof};
pub use session::ControlAnswer;
pub use start::{hasher, slots_min};
pub use store::{Stats, Store};
