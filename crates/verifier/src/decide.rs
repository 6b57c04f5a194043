//! Every check of the protocol: pure functions from one fixed view to an update.
//!
//! A view holds facts that `thread` has read or computed; nothing here touches a slot, a hash or
//! shared memory. The checks of the entries are printed from the Coq functions that the theorem is
//! about. The rules are told in words in `docs/reference/rejections.md`.

mod entry;
mod session;

pub use entry::*;
pub use session::{
    HandshakeView, OldSession, QuestionView, RequestView, decide_access, decide_embedded,
    decide_handshake, decide_number, decide_question, decide_request, decide_revoke, decide_right,
    decide_room,
};
