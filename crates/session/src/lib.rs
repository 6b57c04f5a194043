//! TRUSTED. Who may ask, how a request proves who asked, and what a client can show afterwards.
//!
//! The bytes are those of `docs/reference/sessions_and_receipts.md`. Nothing here draws a random
//! number: entropy comes in when a verifier or a client is made, and is stretched by `entropy`.
//!
//! INVARIANTS
//! - A number of a session is claimed at most once, whichever threads try, and never after the
//!   session was revoked or its place was given to another.
//! - Two sessions of one incarnation never have one id.
//! - Any bytes give an answer; none gives a panic.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod access;
mod certification;
mod entropy;
mod handshake;
mod identity;
mod leaf;
mod mac;
mod merkle;
mod scope;
mod settled;
mod table;
mod table_model;
mod window;

pub use access::{Access, AccessError, AccessList, Client, ClientKind, EMBEDDED_ONLY, Grant};
pub use certification::{Certification, ORIGIN_INITIAL};
pub use entropy::Entropy;
pub use handshake::{
    Ask, HandshakeError, Incoming, Initiator, MESSAGE_1_LEN, MESSAGE_2_LEN, Responder, Welcome,
    public_key,
};
pub use identity::{Identity, Introduction, PublicIdentity};
pub use leaf::{Asker, LEAF_LEN, Leaf, Ruling, request_digest, result_digest};
pub use mac::{Mac, SessionKeys, Status};
pub use merkle::{Frontier, inner_hash, thread_hash};
pub use scope::{Hash, Scope};
pub use table::{Found, Session, SessionTable, Terms, Vacancy};
pub use window::{Number, SEQUENCE_MAX};

/// The only shape in which a check is written, so that each can be found, counted and removed.
#[inline(always)]
pub(crate) fn require<E>(holds: bool, error: E) -> Result<(), E> {
    if holds { Ok(()) } else { Err(error) }
}
