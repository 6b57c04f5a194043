//! A simulated host that drives the verifier under a seed, and lies to it in every way we know.
//!
//! Nothing here is shipped or trusted. `host` is honest and small; `attack` changes what it stores
//! or says; `schedule` interleaves clients, threads and epochs; `history` is what clients saw, for
//! a judge that knows nothing of Zeta; `connection` is a client's side of sessions; `vector` makes
//! the files under `vectors/`; `differential` compares the verifier with the one in Coq.
#![expect(clippy::arithmetic_side_effects, reason = "small numbers, and overflow panics")]
#![expect(clippy::indexing_slicing, reason = "a mistake of the simulator must stop it")]
#![expect(clippy::expect_used, reason = "a mistake of the simulator must stop it")]

pub mod attack;
pub mod connection;
pub mod differential;
pub mod early_add;
pub mod history;
pub mod host;
pub mod operation;
pub mod owned_record;
pub mod random;
pub mod run;
pub mod schedule;
pub mod toy;
pub mod vector;
