//! What the verifier answers: one answer for each RunApp and each eviction, in log order.
//!
//! The host never predicts a value: it reads evicted values and fresh hashes from here.

use crate::record::Hash;
use alloc::vec::Vec;

const DONE: u8 = 0;
const FAILED: u8 = 1;
const REFUSED: u8 = 2;
const EVICTED_NULL: u8 = 3;
const EVICTED_SOME: u8 = 4;
const EVICTED_NODE: u8 = 5;
const HASHED_NULL: u8 = 6;
const HASHED_SOME: u8 = 7;
const HASHED_NODE: u8 = 8;

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
            _ => None,
        }
    }
}

fn take_bytes(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(u32::from_le_bytes(*len) as usize)
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
    outputs.push(tag);
    if let Some(bytes) = bytes {
        outputs.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        outputs.extend_from_slice(bytes);
    }
    if let Some(hash) = hash {
        outputs.extend_from_slice(hash);
    }
}
