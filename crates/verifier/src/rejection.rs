//! How a call over a log ends.

use crate::ids::ThreadId;
use crate::reason::{NotYet, Reason};

/// Which thread was lied to, where, and how. The thread accepts nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejection {
    pub thread: ThreadId,
    /// Bytes of the thread's whole log before the entry that was rejected.
    pub position: u64,
    pub reason: Reason,
}

/// Why a call returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopCause {
    /// Every entry was answered.
    Done,
    /// The entry after the consumed ones may not run yet; submit it again later.
    Retry(NotYet),
    Rejected(Rejection),
}

/// How far a call came. Entries up to `consumed` are applied or refused, and answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Progress {
    /// Bytes of this call's log that were consumed: always whole entries.
    pub consumed: usize,
    pub stop: StopCause,
}
