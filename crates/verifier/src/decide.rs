//! Every check of the protocol: pure functions from one fixed view to an update.
//!
//! A view holds facts that `thread` has read or computed; nothing here touches a slot, a hash or
//! shared memory. Both files are printed from the Coq functions that the theorem is about. The
//! rules are told in words in `docs/reference/rejections.md`.

mod entry;
mod session;

pub use entry::*;
pub use session::*;
