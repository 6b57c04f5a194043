//! TRUSTED, by clients: the files that a client keeps or shows, and whether they are true.
//!
//! No verifier needs it. The bytes are those of `docs/reference/sessions_and_receipts.md`. What
//! decodes has no other encoding; any bytes give an answer, none gives a panic.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod cbor;
mod error;
mod path;
mod receipt;
mod signed;

pub use error::ReceiptError;
pub use path::{NotAPath, path, root_of_path};
pub use receipt::{Answered, Receipt};
pub use signed::{
    decode_certification, decode_introduction, encode_certification, encode_introduction,
};

/// The only shape in which a check is written, so that each can be found, counted and removed.
#[inline(always)]
pub(crate) fn require<E>(holds: bool, error: E) -> Result<(), E> {
    if holds { Ok(()) } else { Err(error) }
}
