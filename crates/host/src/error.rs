//! What a call on a store can fail with, and whose fault it is.

use std::fmt;
use std::path::PathBuf;
use zeta_verifier::{Epoch, NotYet, Reason, Rejection, ThreadId};

/// Why a call failed. After a lie, a failure of the host, `LogWrite` or `Internal` the store
/// answers nothing more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostError {
    /// The verifier caught the host in a lie: a thread accepts nothing more.
    Rejected {
        thread: ThreadId,
        position: u64,
        reason: Reason,
    },
    /// The verifier never answered an operation: the host dropped it on the way.
    Unanswered {
        thread: ThreadId,
    },
    /// Deferred records were tampered with, first in this epoch; nothing from it on certifies.
    Mismatch {
        first: Epoch,
    },
    /// The host could not make its verifier go on: a fault of the host.
    Stuck {
        thread: ThreadId,
        not_yet: NotYet,
    },
    /// The values that one operation needs at once exceed the byte budget of a thread.
    ByteBudgetTooSmall {
        budget: u64,
    },
    /// A path of the tree is longer than a thread has slots for.
    SlotsTooFew {
        slots: u16,
    },
    /// No more than 2^32 - 2 records fit one worker.
    TooManyRecords,
    /// The store was closed.
    Closed,
    /// The store belongs to the process that opened it, and this one was forked from it.
    ForkedProcess,
    /// The caller's options make no store.
    BadOption {
        option: &'static str,
        why: String,
    },
    /// The bytes are not a program.
    BadProgram {
        why: String,
    },
    /// Logs are of another program than the auditor's.
    OtherProgram {
        found: Vec<u8>,
    },
    /// The caller's batch is malformed.
    BadBatch {
        why: &'static str,
    },
    KeyTooLong {
        len: usize,
    },
    ValueTooLong {
        len: usize,
    },
    /// Two records of the data to adopt have one key.
    DuplicateKey {
        key: Vec<u8>,
    },
    /// The data to adopt are not the data that were summarized.
    SummaryMismatch,
    /// Writing a log failed; what the log lacks was not answered as certified.
    LogWrite {
        path: PathBuf,
        why: String,
    },
    /// Reading a log failed.
    LogRead {
        path: PathBuf,
        why: String,
    },
    /// There is no such receipt or certification to be had.
    NoReceipt {
        why: &'static str,
    },
    /// The operating system gave no random bits.
    Entropy(String),
    /// An epoch was not decided in the time allowed.
    TimedOut {
        epoch: Epoch,
    },
    /// A mistake in this library.
    Internal {
        why: &'static str,
    },
}

impl From<Rejection> for HostError {
    fn from(rejection: Rejection) -> Self {
        let Rejection { thread, position, reason } = rejection;
        Self::Rejected { thread, position, reason }
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected { thread, position, reason } => write!(
                f,
                "the host lied: thread `{}` rejected its log at byte `{position}`: {}",
                thread.0,
                reason.text()
            ),
            Self::Unanswered { thread } => {
                write!(f, "the host lied: thread `{}` was never shown an operation", thread.0)
            }
            Self::Mismatch { first } => write!(
                f,
                "the host lied: deferred records were tampered with, first in epoch `{}`",
                first.0
            ),
            Self::Stuck { thread, not_yet } => write!(
                f,
                "the host failed: thread `{}` waits for what never comes (`{not_yet:?}`)",
                thread.0
            ),
            Self::ByteBudgetTooSmall { budget } => {
                write!(f, "the records of one call do not fit the byte budget of `{budget}`")
            }
            Self::SlotsTooFew { slots } => {
                write!(f, "`{slots}` slots a worker are too few for the depth of the tree")
            }
            Self::TooManyRecords => write!(f, "a worker is full: open the store with more workers"),
            Self::Closed => write!(f, "the store is closed"),
            Self::ForkedProcess => {
                write!(f, "the store belongs to the process that opened it, not to a forked child")
            }
            Self::BadOption { option, why } => write!(f, "option `{option}`: {why}"),
            Self::BadProgram { why } => write!(f, "the program cannot be loaded: {why}"),
            Self::OtherProgram { .. } => write!(f, "the logs are of another program"),
            Self::BadBatch { why } => write!(f, "the batch is malformed: {why}"),
            Self::KeyTooLong { len } => write!(
                f,
                "a key of `{len}` bytes is longer than the limit of `{}`",
                zeta_verifier::KEY_LEN_MAX
            ),
            Self::ValueTooLong { len } => write!(
                f,
                "a value of `{len}` bytes is longer than the limit of `{}`",
                zeta_verifier::VALUE_LEN_MAX
            ),
            Self::DuplicateKey { key } => {
                write!(f, "two records of the data have the key `{}`", key.escape_ascii())
            }
            Self::SummaryMismatch => write!(f, "the data are not those that were summarized"),
            Self::LogWrite { path, why } => {
                write!(f, "the log `{}` cannot be written: {why}", path.display())
            }
            Self::LogRead { path, why } => {
                write!(f, "the log `{}` cannot be read: {why}", path.display())
            }
            Self::NoReceipt { why } => write!(f, "there is no receipt: {why}"),
            Self::Entropy(why) => write!(f, "the system gave no random bits: {why}"),
            Self::TimedOut { epoch } => {
                write!(f, "epoch `{}` was not decided in the time allowed", epoch.0)
            }
            Self::Internal { why } => write!(f, "a mistake in zeta, please report it: {why}"),
        }
    }
}

impl std::error::Error for HostError {}
