//! Why a file of a client shows nothing.

use crate::path::NotAPath;

/// Why bytes are no receipt, or one that shows nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiptError {
    Truncated,
    TrailingBytes,
    WrongType,
    WrongKeys,
    WrongLength,
    /// A number or length was written in more bytes than it needs, or without a length.
    NotShortest,
    OutOfRange,
    UnknownVersion,
    UnknownOrigin,
    UnknownAuthentication,
    UnknownAnswer,
    /// An embedded operation with a client, or a session's without its number.
    WrongAsker,
    /// A code or a result with an answer that has none.
    WrongAnswer,
    /// Another instance, incarnation or program than is expected.
    WrongScope,
    /// The place in the tree cannot be, or the path does not fit it.
    WrongPath,
    /// The identity has not certified this.
    NotCertified,
}

impl From<NotAPath> for ReceiptError {
    fn from(_: NotAPath) -> Self {
        Self::WrongPath
    }
}
