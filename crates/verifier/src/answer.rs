//! What the verifier answers: one answer for each RunApp and each eviction, in log order.
//!
//! The host never predicts a value: it reads evicted values and fresh hashes from here.

use crate::byte_string::append;
use crate::ids::{Epoch, Timestamp};
use crate::record::Hash;
use alloc::vec::Vec;
use zeta_session::{Mac, Status};

const DONE: u8 = 0;
const FAILED: u8 = 1;
const REFUSED: u8 = 2;
const EVICTED_NULL: u8 = 3;
const EVICTED_SOME: u8 = 4;
const EVICTED_NODE: u8 = 5;
const HASHED_NULL: u8 = 6;
const HASHED_SOME: u8 = 7;
const HASHED_NODE: u8 = 8;
const RECEIPT: u8 = 9;
const RECEIPT_AND_REPLY: u8 = 10;
const STATUS: u8 = 11;

/// One answer, as `decode` finds it in the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer<'a> {
    /// The operation ran; these bytes are its encoded result.
    Done(&'a [u8]),
    /// A check of the application failed with this code; nothing was committed.
    Failed(u16),
    /// The request was at fault; nothing happened.
    Refused(u16),
    /// A record left its slot; `hash` is the one that the tree now holds, for EvictM alone.
    Evicted { value: EvictedValue<'a>, hash: Option<&'a Hash> },
    /// Of the operation that was answered just before; with a MAC for the client of a session.
    Receipt { timestamp: Timestamp, leaf: &'a Hash, mac: Option<&'a [u8; 16]> },
    /// What became of a number of a session: 0 unknown, 1 executed, 2 not executed.
    Status { status: u8, leaf: &'a Hash, mac: &'a [u8; 16] },
}

/// The value with which a record left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvictedValue<'a> {
    Null,
    Some(&'a [u8]),
    /// The encoding of a node's value.
    Node(&'a [u8]),
}

impl<'a> Answer<'a> {
    /// The first answer of `bytes` and the bytes after it; `None` where they hold no answer.
    #[inline]
    #[must_use]
    pub fn decode(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (&tag, rest) = bytes.split_first()?;
        match tag {
            DONE => take_bytes(rest).map(|(result, rest)| (Self::Done(result), rest)),
            FAILED | REFUSED => {
                let (code, rest) = rest.split_first_chunk()?;
                let code = u16::from_le_bytes(*code);
                let answer = if tag == FAILED { Self::Failed(code) } else { Self::Refused(code) };
                Some((answer, rest))
            }
            EVICTED_NULL | EVICTED_SOME | EVICTED_NODE => {
                let (value, rest) = take_value(tag, rest)?;
                Some((Self::Evicted { value, hash: None }, rest))
            }
            HASHED_NULL | HASHED_SOME | HASHED_NODE => {
                let (value, rest) = take_value(tag, rest)?;
                let (hash, rest) = rest.split_first_chunk()?;
                Some((Self::Evicted { value, hash: Some(hash) }, rest))
            }
            RECEIPT | RECEIPT_AND_REPLY => take_receipt(tag == RECEIPT_AND_REPLY, rest),
            STATUS => {
                let (&status, rest) = rest.split_first()?;
                let (leaf, rest) = rest.split_first_chunk()?;
                let (mac, rest) = rest.split_first_chunk()?;
                Some((Self::Status { status, leaf, mac }, rest))
            }
            _ => None,
        }
    }
}

fn take_bytes(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(u32::from_le_bytes(*len) as usize)
}

fn take_receipt(with_reply: bool, bytes: &[u8]) -> Option<(Answer<'_>, &[u8])> {
    let (epoch, rest) = bytes.split_first_chunk()?;
    let (counter, rest) = rest.split_first_chunk()?;
    let epoch = Epoch(u32::from_le_bytes(*epoch));
    let timestamp = Timestamp::new(epoch, u32::from_le_bytes(*counter));
    let (leaf, rest) = rest.split_first_chunk()?;
    if !with_reply {
        return Some((Answer::Receipt { timestamp, leaf, mac: None }, rest));
    }
    let (mac, rest) = rest.split_first_chunk()?;
    Some((Answer::Receipt { timestamp, leaf, mac: Some(mac) }, rest))
}

fn take_value(tag: u8, bytes: &[u8]) -> Option<(EvictedValue<'_>, &[u8])> {
    match tag {
        EVICTED_NULL | HASHED_NULL => Some((EvictedValue::Null, bytes)),
        EVICTED_SOME | HASHED_SOME => {
            take_bytes(bytes).map(|(value, rest)| (EvictedValue::Some(value), rest))
        }
        _ => take_bytes(bytes).map(|(node, rest)| (EvictedValue::Node(node), rest)),
    }
}

/// Writes the head of a done answer; the result's bytes follow and `finish_done` sets their length.
#[inline]
pub(crate) fn begin_done(outputs: &mut Vec<u8>) -> usize {
    let start = outputs.len();
    outputs.extend_from_slice(&[DONE, 0, 0, 0, 0]);
    start
}

/// Sets the length of the answer begun at `start`.
#[inline]
pub(crate) fn finish_done(outputs: &mut [u8], start: usize) {
    let len = outputs.len().saturating_sub(start).saturating_sub(5) as u32;
    let head = outputs.get_mut(start..).and_then(|bytes| bytes.first_chunk_mut::<5>());
    if let Some([_, field @ ..]) = head {
        *field = len.to_le_bytes();
    }
}

pub(crate) fn put_failed(outputs: &mut Vec<u8>, code: u16) {
    outputs.push(FAILED);
    outputs.extend_from_slice(&code.to_le_bytes());
}

pub(crate) fn put_refused(outputs: &mut Vec<u8>, code: u16) {
    outputs.push(REFUSED);
    outputs.extend_from_slice(&code.to_le_bytes());
}

/// A done answer whose result is at hand.
pub(crate) fn put_done(outputs: &mut Vec<u8>, result: &[u8]) {
    let start = begin_done(outputs);
    outputs.extend_from_slice(result);
    finish_done(outputs, start);
}

pub(crate) fn put_receipt(
    outputs: &mut Vec<u8>,
    timestamp: Timestamp,
    leaf: &Hash,
    mac: Option<Mac>,
) {
    outputs.push(if mac.is_some() { RECEIPT_AND_REPLY } else { RECEIPT });
    outputs.extend_from_slice(&timestamp.epoch().0.to_le_bytes());
    outputs.extend_from_slice(&timestamp.counter().to_le_bytes());
    outputs.extend_from_slice(leaf);
    if let Some(mac) = mac {
        outputs.extend_from_slice(&mac);
    }
}

pub(crate) fn put_status(outputs: &mut Vec<u8>, status: &Status, mac: &Mac) {
    let (number, leaf) = status.parts();
    outputs.push(STATUS);
    outputs.push(number);
    outputs.extend_from_slice(&leaf);
    outputs.extend_from_slice(mac);
}

#[inline]
pub(crate) fn put_evicted(outputs: &mut Vec<u8>, value: EvictedValue<'_>, hash: Option<&Hash>) {
    let (tag, bytes) = match (value, hash) {
        (EvictedValue::Null, None) => (EVICTED_NULL, None),
        (EvictedValue::Some(value), None) => (EVICTED_SOME, Some(value)),
        (EvictedValue::Node(node), None) => (EVICTED_NODE, Some(node)),
        (EvictedValue::Null, Some(_)) => (HASHED_NULL, None),
        (EvictedValue::Some(value), Some(_)) => (HASHED_SOME, Some(value)),
        (EvictedValue::Node(node), Some(_)) => (HASHED_NODE, Some(node)),
    };
    match bytes {
        None => outputs.push(tag),
        Some(bytes) => {
            let [l0, l1, l2, l3] = (bytes.len() as u32).to_le_bytes();
            outputs.extend_from_slice(&[tag, l0, l1, l2, l3]);
            append(outputs, bytes);
        }
    }
    if let Some(hash) = hash {
        outputs.extend_from_slice(hash);
    }
}
