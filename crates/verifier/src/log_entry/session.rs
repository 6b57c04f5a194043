//! The control entries: sessions that are opened, revoked, rotated, and asked about.

use super::{Bytes, put_u32};
use crate::reason::Reason;
use alloc::vec::Vec;

const OPEN: u8 = 9;
const REVOKE: u8 = 10;
const ROTATE: u8 = 11;
const ASK: u8 = 12;

/// What is done to a session, or asked of it. None moves a clock or touches a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionEntry<'a> {
    /// A client's first handshake message.
    Open {
        message: &'a [u8],
    },
    Revoke {
        session: u32,
    },
    /// A handshake of the same client, in place of a session.
    Rotate {
        session: u32,
        message: &'a [u8],
    },
    /// A client's question what became of a number.
    Ask {
        session: u32,
        sequence: u64,
        mac: &'a [u8; 16],
    },
}

impl<'a> SessionEntry<'a> {
    pub(super) fn decode(tag: u8, bytes: &mut Bytes<'a>) -> Result<Self, Reason> {
        Ok(match tag {
            OPEN => Self::Open { message: bytes.counted()? },
            REVOKE => Self::Revoke { session: bytes.u32()? },
            ROTATE => Self::Rotate { session: bytes.u32()?, message: bytes.counted()? },
            ASK => Self::Ask { session: bytes.u32()?, sequence: bytes.u64()?, mac: bytes.array()? },
            _ => return Err(Reason::UnknownTag),
        })
    }

    pub(super) fn encode(&self, log: &mut Vec<u8>) {
        match self {
            Self::Open { message } => {
                log.push(OPEN);
                put_u32(log, message.len());
                log.extend_from_slice(message);
            }
            Self::Revoke { session } => {
                log.push(REVOKE);
                log.extend_from_slice(&session.to_le_bytes());
            }
            Self::Rotate { session, message } => {
                log.push(ROTATE);
                log.extend_from_slice(&session.to_le_bytes());
                put_u32(log, message.len());
                log.extend_from_slice(message);
            }
            Self::Ask { session, sequence, mac } => {
                log.push(ASK);
                log.extend_from_slice(&session.to_le_bytes());
                log.extend_from_slice(&sequence.to_le_bytes());
                log.extend_from_slice(*mac);
            }
        }
    }
}
