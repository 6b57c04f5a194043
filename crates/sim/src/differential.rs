//! Plays logs on the verifier and on the oracle, which is the verifier in Coq, and compares.
//!
//! `setup` and `case` are what both are given, as `proofs/oracle/FORMAT.md` lays it out; `player`
//! runs it on the Rust side, `oracle` on the other; `source` makes the logs, `mutate` changes them;
//! `compare` finds a difference, `minimise` makes it small, and `candidate` writes it down.

pub mod candidate;
pub mod case;
pub mod compare;
pub mod minimise;
pub mod mutate;
pub mod oracle;
pub mod player;
pub mod setup;
pub mod source;
