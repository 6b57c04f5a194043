//! The entries of a thread's log and their one encoding: little-endian, fixed widths, canonical.
//!
//! The byte tables are in `docs/reference/log_format.md`. Decoding is total: any bytes give an
//! entry or a reason, and an entry's encoding is the only one that decodes to it.

mod session;

pub use session::SessionEntry;

use crate::ids::{Epoch, SlotId, ThreadId, Timestamp};
use crate::path::Path;
use crate::reason::{Reason, require};
use crate::record::{Hash, Link, Node, Pointer, Record};
use alloc::vec::Vec;
use zeta_program::{KEY_LEN_MAX, RelationId, TransitionId, VALUE_LEN_MAX};

/// Longest arguments of one operation, in bytes.
pub const ARGUMENTS_LEN_MAX: usize = 4 << 20;

const ADD_M: u8 = 1;
const ADD_B: u8 = 2;
const EVICT_M: u8 = 3;
const EVICT_B: u8 = 4;
const EVICT_BM: u8 = 5;
const NEXT_EPOCH: u8 = 6;
const VERIFY_EPOCH: u8 = 7;
const RUN_APP: u8 = 8;

const RECORD_NODE: u8 = 0;
const RECORD_NULL: u8 = 1;
const RECORD_SOME: u8 = 2;

const POINTER_EMPTY: u8 = 0;
const POINTER_TO: u8 = 1;
const POINTER_TO_DEFERRED: u8 = 2;

const AUTHENTICATION_EMBEDDED: u8 = 0;
const AUTHENTICATION_SESSION: u8 = 1;

/// One entry. A suffix tells the way a record goes: `M` through the tree, `B` through deferred
/// state, `BM` from the tree to deferred state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry<'a> {
    AddM { slot: SlotId, ancestor_slot: SlotId, record: Record<'a> },
    AddB { slot: SlotId, thread: ThreadId, timestamp: Timestamp, record: Record<'a> },
    EvictM { slot: SlotId, ancestor_slot: SlotId },
    EvictB { slot: SlotId, timestamp: Timestamp },
    EvictBM { slot: SlotId, ancestor_slot: SlotId, timestamp: Timestamp },
    NextEpoch,
    VerifyEpoch,
    RunApp(RunApp<'a>),
    Session(SessionEntry<'a>),
}

/// An operation of the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunApp<'a> {
    pub transition: TransitionId,
    pub authentication: Authentication<'a>,
    pub arguments: &'a [u8],
    pub slots: SlotList<'a>,
}

/// Who asks for an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authentication<'a> {
    /// The host itself, where the instance allows it.
    Embedded,
    /// A client's session.
    Session { session: u32, sequence: u64, mac: &'a [u8; 16] },
}

/// Slots in the order in which the operation will ask for their records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotList<'a>(&'a [u8]);

impl<'a> SlotList<'a> {
    /// A list from its encoding: two bytes a slot. `None` for an odd number of bytes.
    #[must_use]
    pub fn from_bytes(bytes: &'a [u8]) -> Option<Self> {
        bytes.len().is_multiple_of(2).then_some(Self(bytes))
    }

    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.0
    }

    #[must_use]
    pub fn get(&self, index: usize) -> Option<SlotId> {
        let (pairs, _) = self.0.as_chunks::<2>();
        pairs.get(index).map(|pair| SlotId(u16::from_le_bytes(*pair)))
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len() / 2
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> Entry<'a> {
    /// The first entry of `log` and the bytes after it.
    #[inline(always)]
    pub fn decode(log: &'a [u8]) -> Result<(Self, &'a [u8]), Reason> {
        let mut bytes = Bytes(log);
        let entry = match bytes.u8()? {
            RUN_APP => Self::RunApp(bytes.run_app()?),
            ADD_B => Self::AddB {
                slot: SlotId(bytes.u16()?),
                thread: ThreadId(bytes.u16()?),
                timestamp: bytes.timestamp()?,
                record: bytes.record()?,
            },
            EVICT_B => Self::EvictB { slot: SlotId(bytes.u16()?), timestamp: bytes.timestamp()? },
            EVICT_BM => Self::EvictBM {
                slot: SlotId(bytes.u16()?),
                ancestor_slot: SlotId(bytes.u16()?),
                timestamp: bytes.timestamp()?,
            },
            ADD_M => Self::AddM {
                slot: SlotId(bytes.u16()?),
                ancestor_slot: SlotId(bytes.u16()?),
                record: bytes.record()?,
            },
            EVICT_M => {
                Self::EvictM { slot: SlotId(bytes.u16()?), ancestor_slot: SlotId(bytes.u16()?) }
            }
            NEXT_EPOCH => Self::NextEpoch,
            VERIFY_EPOCH => Self::VerifyEpoch,
            tag => Self::Session(SessionEntry::decode(tag, &mut bytes)?),
        };
        Ok((entry, bytes.0))
    }

    /// Appends the entry's encoding. Lengths beyond the format's limits are the caller's mistake
    /// and give bytes that no verifier accepts.
    #[inline]
    pub fn encode(&self, log: &mut Vec<u8>) {
        match self {
            Self::AddM { slot, ancestor_slot, record } => {
                log.push(ADD_M);
                put_u16(log, slot.0);
                put_u16(log, ancestor_slot.0);
                put_record(log, record);
            }
            Self::AddB { slot, thread, timestamp, record } => {
                log.push(ADD_B);
                put_u16(log, slot.0);
                put_u16(log, thread.0);
                put_timestamp(log, *timestamp);
                put_record(log, record);
            }
            Self::EvictM { slot, ancestor_slot } => {
                log.push(EVICT_M);
                put_u16(log, slot.0);
                put_u16(log, ancestor_slot.0);
            }
            Self::EvictB { slot, timestamp } => {
                log.push(EVICT_B);
                put_u16(log, slot.0);
                put_timestamp(log, *timestamp);
            }
            Self::EvictBM { slot, ancestor_slot, timestamp } => {
                log.push(EVICT_BM);
                put_u16(log, slot.0);
                put_u16(log, ancestor_slot.0);
                put_timestamp(log, *timestamp);
            }
            Self::NextEpoch => log.push(NEXT_EPOCH),
            Self::VerifyEpoch => log.push(VERIFY_EPOCH),
            Self::RunApp(run) => put_run_app(log, run),
            Self::Session(entry) => entry.encode(log),
        }
    }
}

fn put_u16(log: &mut Vec<u8>, number: u16) {
    log.extend_from_slice(&number.to_le_bytes());
}

fn put_u32(log: &mut Vec<u8>, number: usize) {
    log.extend_from_slice(&(number as u32).to_le_bytes());
}

fn put_timestamp(log: &mut Vec<u8>, timestamp: Timestamp) {
    log.extend_from_slice(&timestamp.epoch().0.to_le_bytes());
    log.extend_from_slice(&timestamp.counter().to_le_bytes());
}

fn put_path(log: &mut Vec<u8>, path: &Path) {
    log.extend_from_slice(&path.bits());
    put_u16(log, path.len());
}

#[inline]
fn put_record(log: &mut Vec<u8>, record: &Record<'_>) {
    match record {
        Record::Node { path, node } => {
            log.push(RECORD_NODE);
            put_path(log, path);
            log.extend_from_slice(node);
        }
        Record::App { relation, key, value } => {
            log.push(if value.is_some() { RECORD_SOME } else { RECORD_NULL });
            put_u16(log, relation.0);
            put_u16(log, key.len() as u16);
            log.extend_from_slice(key);
            if let Some(value) = value {
                put_u32(log, value.len());
                log.extend_from_slice(value);
            }
        }
    }
}

#[inline]
fn put_run_app(log: &mut Vec<u8>, run: &RunApp<'_>) {
    log.push(RUN_APP);
    put_u16(log, run.transition.0);
    match run.authentication {
        Authentication::Embedded => log.push(AUTHENTICATION_EMBEDDED),
        Authentication::Session { session, sequence, mac } => {
            log.push(AUTHENTICATION_SESSION);
            log.extend_from_slice(&session.to_le_bytes());
            log.extend_from_slice(&sequence.to_le_bytes());
            log.extend_from_slice(mac);
        }
    }
    put_u32(log, run.arguments.len());
    log.extend_from_slice(run.arguments);
    put_u16(log, run.slots.len() as u16);
    log.extend_from_slice(run.slots.bytes());
}

/// Appends the canonical encoding of a node's value.
pub fn encode_node(node: &Node, bytes: &mut Vec<u8>) {
    for pointer in [&node.left, &node.right] {
        match pointer {
            Pointer::Empty => bytes.push(POINTER_EMPTY),
            Pointer::To(Link { path, hash, deferred }) => {
                bytes.push(if *deferred { POINTER_TO_DEFERRED } else { POINTER_TO });
                put_path(bytes, path);
                bytes.extend_from_slice(hash);
            }
        }
    }
}

/// Reads a node's value from its canonical encoding, which must end where `bytes` ends.
pub fn decode_node(bytes: &[u8]) -> Result<Node, Reason> {
    let mut rest = Bytes(bytes);
    let node = Node { left: rest.pointer()?, right: rest.pointer()? };
    require(rest.0.is_empty(), Reason::UnknownPointerTag)?;
    Ok(node)
}

/// The bytes that are still to be read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    #[inline(always)]
    fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], Reason> {
        let (array, rest) = self.0.split_first_chunk().ok_or(Reason::Truncated)?;
        self.0 = rest;
        Ok(array)
    }

    #[inline(always)]
    fn slice(&mut self, len: usize) -> Result<&'a [u8], Reason> {
        let (slice, rest) = self.0.split_at_checked(len).ok_or(Reason::Truncated)?;
        self.0 = rest;
        Ok(slice)
    }

    #[inline(always)]
    fn u8(&mut self) -> Result<u8, Reason> {
        self.array::<1>().map(|[byte]| *byte)
    }

    #[inline(always)]
    fn u16(&mut self) -> Result<u16, Reason> {
        self.array().map(|bytes| u16::from_le_bytes(*bytes))
    }

    #[inline(always)]
    fn u32(&mut self) -> Result<u32, Reason> {
        self.array().map(|bytes| u32::from_le_bytes(*bytes))
    }

    /// Bytes after their number.
    fn counted(&mut self) -> Result<&'a [u8], Reason> {
        let len = self.u32()? as usize;
        self.slice(len)
    }

    #[inline(always)]
    fn u64(&mut self) -> Result<u64, Reason> {
        self.array().map(|bytes| u64::from_le_bytes(*bytes))
    }

    #[inline(always)]
    fn timestamp(&mut self) -> Result<Timestamp, Reason> {
        let epoch = Epoch(self.u32()?);
        Ok(Timestamp::new(epoch, self.u32()?))
    }

    fn path(&mut self) -> Result<Path, Reason> {
        let bits = self.array::<32>()?;
        let len = self.u16()?;
        Path::new(bits, len).ok_or(Reason::PathNotCanonical)
    }

    fn pointer(&mut self) -> Result<Pointer, Reason> {
        let deferred = match self.u8()? {
            POINTER_EMPTY => return Ok(Pointer::Empty),
            POINTER_TO => false,
            POINTER_TO_DEFERRED => true,
            _ => return Err(Reason::UnknownPointerTag),
        };
        let path = self.path()?;
        let hash: &Hash = self.array()?;
        Ok(Pointer::To(Link { path, hash: *hash, deferred }))
    }

    #[inline(always)]
    fn record(&mut self) -> Result<Record<'a>, Reason> {
        match self.u8()? {
            RECORD_NULL => self.app_record(false),
            RECORD_SOME => self.app_record(true),
            RECORD_NODE => self.node_record(),
            _ => Err(Reason::UnknownRecordKind),
        }
    }

    #[inline(always)]
    fn app_record(&mut self, present: bool) -> Result<Record<'a>, Reason> {
        let relation = RelationId(self.u16()?);
        let key_len = usize::from(self.u16()?);
        require(key_len <= KEY_LEN_MAX, Reason::KeyTooLong)?;
        let key = self.slice(key_len)?;
        if !present {
            return Ok(Record::App { relation, key, value: None });
        }
        let value_len = self.u32()? as usize;
        require(value_len <= VALUE_LEN_MAX, Reason::ValueTooLong)?;
        let value = self.slice(value_len)?;
        Ok(Record::App { relation, key, value: Some(value) })
    }

    fn node_record(&mut self) -> Result<Record<'a>, Reason> {
        let path = self.path()?;
        // Defence in depth, as `check_record` in the proofs says.
        require(!path.is_leaf(), Reason::NodePathIsLeaf)?;
        let start = self.0;
        self.pointer()?;
        self.pointer()?;
        let len = start.len().saturating_sub(self.0.len());
        let node = start.get(..len).ok_or(Reason::Truncated)?;
        Ok(Record::Node { path, node })
    }

    #[inline(always)]
    fn run_app(&mut self) -> Result<RunApp<'a>, Reason> {
        let transition = TransitionId(self.u16()?);
        let authentication = match self.u8()? {
            AUTHENTICATION_EMBEDDED => Authentication::Embedded,
            AUTHENTICATION_SESSION => Authentication::Session {
                session: self.u32()?,
                sequence: self.u64()?,
                mac: self.array()?,
            },
            _ => return Err(Reason::UnknownAuthentication),
        };
        let len = self.u32()? as usize;
        require(len <= ARGUMENTS_LEN_MAX, Reason::ArgumentsTooLong)?;
        let arguments = self.slice(len)?;
        let count = usize::from(self.u16()?);
        let slots = SlotList(self.slice(count.saturating_mul(2))?);
        Ok(RunApp { transition, authentication, arguments, slots })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_ends_where_its_bytes_end() {
        let mut bytes = Vec::new();
        encode_node(&Node::EMPTY, &mut bytes);
        assert_eq!(decode_node(&bytes), Ok(Node::EMPTY));
        bytes.push(0);
        assert_eq!(decode_node(&bytes), Err(Reason::UnknownPointerTag));
    }
}
