//! What a client is told beside the answer to its request, and what asked for it.

use zeta_session::{Hash, Mac};
use zeta_verifier::Timestamp;

/// What a request says about its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credential {
    pub session: u32,
    pub sequence: u64,
    pub mac: Mac,
}

/// What the verifier says beside an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Proof {
    /// Nothing: the answer is the host's word.
    #[default]
    None,
    /// The answer has a receipt, the leaf `index` of its thread and epoch; for the request of a
    /// session there is a MAC over it.
    Receipt { thread: u16, timestamp: Timestamp, index: u64, leaf: Hash, mac: Option<Mac> },
    /// What became of the number: 0 unknown, 1 executed, 2 not executed.
    Status { status: u8, leaf: Hash, mac: Mac },
}
