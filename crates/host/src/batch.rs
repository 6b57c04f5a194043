//! A batch: columns of operations in, columns of results out. One operation is a batch of one.

use crate::error::HostError;
use crate::proof::{Credential, Proof};
use zeta_verifier::Epoch;

/// The transitions of the key-value program, in its own order.
pub const GET: u16 = 0;
pub const PUT: u16 = 1;
pub const DELETE: u16 = 2;
pub const COMPARE_AND_SET: u16 = 3;
pub const RENAME: u16 = 4;

/// A column of byte strings.
#[derive(Clone, Copy, Debug)]
pub enum Column<'a> {
    /// Each string has `width` bytes, one after the other.
    Fixed {
        bytes: &'a [u8],
        width: usize,
    },
    /// String `i` is `bytes[offsets[i]..offsets[i + 1]]`.
    Offsets32 {
        bytes: &'a [u8],
        offsets: &'a [i32],
    },
    Offsets64 {
        bytes: &'a [u8],
        offsets: &'a [i64],
    },
    /// Every string is this one.
    Same(&'a [u8]),
}

/// A transition for all operations, or one for each.
#[derive(Clone, Copy, Debug)]
pub enum Transitions<'a> {
    All(u16),
    Each(&'a [u16]),
}

/// Operations to run. Those on one key run in order; others may run side by side.
#[derive(Clone, Copy, Debug)]
pub enum Batch<'a> {
    /// Any transitions of any program, with encoded arguments.
    Calls { transitions: Transitions<'a>, arguments: Column<'a> },
    /// The same, as requests of sessions, of a store that has clients.
    Requests { credentials: &'a [Credential], transitions: Transitions<'a>, arguments: Column<'a> },
    /// `GET`, `PUT` or `DELETE` of the key-value program. `values` are read for `PUT` alone, but
    /// the column has a string for each operation.
    KeyValue { transitions: Transitions<'a>, keys: Column<'a>, values: Column<'a> },
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// It ran; there is a result.
    Done = 0,
    /// A key-value batch alone: it ran, and there was no value to get or to delete.
    Absent = 1,
    /// A check of the application failed; `code` says which. Nothing was written.
    Failed = 2,
    /// The request was at fault; `code` says how. Nothing happened.
    Refused = 3,
    /// A fixed-width result alone: it ran, and the result has another width and is not here.
    OtherWidth = 4,
    /// Of requests alone: its session asked for order, and the number before is not settled. The
    /// same request may come again.
    NotYet = 5,
}

/// Where results go; used again from batch to batch.
///
/// Of a `Calls` batch a result is the encoded result; of a `KeyValue` batch it is the plain value
/// of a get; a delete's status alone tells whether there was a value.
#[derive(Clone, Debug, Default)]
pub struct Results {
    pub statuses: Vec<u8>,
    /// The codes of failed and refused operations; zero for the rest.
    pub codes: Vec<u16>,
    /// Start and length of each result in `bytes`.
    pub spans: Vec<(u64, u32)>,
    pub bytes: Vec<u8>,
    /// The last epoch in which an operation of the batch ran: when it is certified, all are.
    pub epoch: Epoch,
    /// What the verifier said beside each answer; empty unless it was asked for.
    pub proofs: Vec<Proof>,
    width: Option<usize>,
    proves: bool,
}

impl Results {
    /// Results of any length, one after the other in `bytes`, found by `spans`.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Results of exactly `width` bytes: that of operation `i` is at `i * width`; zeros where
    /// there is none. `spans` stays empty.
    #[must_use]
    pub fn fixed(width: usize) -> Self {
        Self { width: Some(width), ..Self::default() }
    }

    /// As `new`, with what the verifier says beside each answer.
    #[must_use]
    pub fn with_proofs() -> Self {
        Self { proves: true, ..Self::default() }
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.statuses.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.statuses.is_empty()
    }

    /// The status of operation `index`, which must be in the batch.
    #[must_use]
    pub fn status(&self, index: usize) -> Status {
        match self.statuses[index] {
            0 => Status::Done,
            1 => Status::Absent,
            2 => Status::Failed,
            3 => Status::Refused,
            4 => Status::OtherWidth,
            _ => Status::NotYet,
        }
    }

    /// The result of operation `index`, which must be in the batch; empty where there is none.
    #[must_use]
    pub fn result(&self, index: usize) -> &[u8] {
        match self.width {
            Some(width) => &self.bytes[index * width..(index + 1) * width],
            None => {
                let (start, len) = self.spans[index];
                &self.bytes[start as usize..start as usize + len as usize]
            }
        }
    }

    /// Forgets everything and makes room for `len` operations.
    pub(crate) fn reset(&mut self, len: usize) {
        self.statuses.clear();
        self.statuses.resize(len, 0);
        self.codes.clear();
        self.codes.resize(len, 0);
        self.spans.clear();
        self.bytes.clear();
        self.proofs.clear();
        if self.proves {
            self.proofs.resize(len, Proof::None);
        }
        match self.width {
            Some(width) => self.bytes.resize(len * width, 0),
            None => self.spans.resize(len, (0, 0)),
        }
        self.epoch = Epoch(0);
    }

    #[inline(always)]
    pub(crate) fn set(&mut self, index: usize, status: Status, result: &[u8]) {
        self.statuses[index] = status as u8;
        match self.width {
            None => {
                self.spans[index] = (self.bytes.len() as u64, result.len() as u32);
                self.bytes.extend_from_slice(result);
            }
            Some(8) if result.len() == 8 => {
                copy_word(&mut self.bytes.as_chunks_mut::<8>().0[index], result);
            }
            Some(width) if width == result.len() => {
                self.bytes[index * width..(index + 1) * width].copy_from_slice(result);
            }
            Some(_) if status == Status::Done => {
                self.statuses[index] = Status::OtherWidth as u8;
            }
            Some(_) => {}
        }
    }

    /// Notes whether a delete found a value: in the status, since a flag has a width of its own.
    #[inline(always)]
    pub(crate) fn set_flag(&mut self, index: usize, found: bool) {
        self.statuses[index] = if found { Status::Done } else { Status::Absent } as u8;
    }

    #[inline]
    pub(crate) fn set_code(&mut self, index: usize, status: Status, code: u16) {
        self.set(index, status, &[]);
        self.codes[index] = code;
    }

    pub(crate) fn set_proof(&mut self, index: usize, proof: Proof) {
        if self.proves {
            self.proofs[index] = proof;
        }
    }

    /// Takes over what workers answered; each route names the worker that ran an operation.
    pub(crate) fn merge(&mut self, parts: &[Self], routes: &[u16]) {
        let mut next = vec![0; parts.len()];
        for (to, route) in routes.iter().enumerate() {
            let part = &parts[usize::from(*route)];
            let from = next[usize::from(*route)];
            next[usize::from(*route)] += 1;
            self.statuses[to] = part.statuses[from];
            self.codes[to] = part.codes[from];
            if self.proves {
                self.proofs[to] = part.proofs[from];
            }
            let result = part.result(from);
            match self.width {
                None => {
                    self.spans[to] = (self.bytes.len() as u64, result.len() as u32);
                    self.bytes.extend_from_slice(result);
                }
                Some(8) => copy_word(&mut self.bytes[to * 8..to * 8 + 8], result),
                Some(width) => {
                    self.bytes[to * width..(to + 1) * width].copy_from_slice(result);
                }
            }
        }
        self.epoch = parts.iter().map(|part| part.epoch).fold(self.epoch, Epoch::max);
    }

    /// Takes over what one worker answered to the operations of these numbers.
    pub(crate) fn take(&mut self, part: &Self, indices: &[u32]) {
        for (from, to) in indices.iter().map(|index| *index as usize).enumerate() {
            self.set(to, part.status(from), part.result(from));
            self.statuses[to] = part.statuses[from];
            self.codes[to] = part.codes[from];
            if self.proves {
                self.proofs[to] = part.proofs[from];
            }
        }
        self.epoch = self.epoch.max(part.epoch);
    }

    /// Empty results of the same shape.
    pub(crate) fn like(&self) -> Self {
        Self { width: self.width, proves: self.proves, ..Self::default() }
    }
}

/// Copies eight bytes, which are common, without a call.
#[inline(always)]
fn copy_word(room: &mut [u8], bytes: &[u8]) {
    if let (Some(room), Some(word)) = (room.first_chunk_mut::<8>(), bytes.first_chunk::<8>()) {
        *room = *word;
    }
}

impl<'a> Column<'a> {
    /// String `index`, which `check` has found to be there.
    #[inline(always)]
    pub(crate) fn get(&self, index: usize) -> &'a [u8] {
        match *self {
            Self::Fixed { bytes, width: 8 } => &bytes.as_chunks::<8>().0[index],
            Self::Fixed { bytes, width } => &bytes[index * width..index * width + width],
            Self::Offsets32 { bytes, offsets } => {
                &bytes[offsets[index] as usize..offsets[index + 1] as usize]
            }
            Self::Offsets64 { bytes, offsets } => {
                &bytes[offsets[index] as usize..offsets[index + 1] as usize]
            }
            Self::Same(bytes) => bytes,
        }
    }

    /// Number of strings; `None` for as many as there are operations.
    fn len(&self) -> Result<Option<usize>, HostError> {
        let bad = |why| Err(HostError::BadBatch { why });
        match *self {
            Self::Same(_) => Ok(None),
            Self::Fixed { width: 0, .. } => bad("a column of fixed width has width zero"),
            Self::Fixed { bytes, width } if bytes.len() % width == 0 => {
                Ok(Some(bytes.len() / width))
            }
            Self::Fixed { .. } => bad("a column's bytes are not a multiple of its width"),
            Self::Offsets32 { bytes, offsets } => {
                check_offsets(bytes.len(), offsets.iter().map(|offset| i64::from(*offset)))
            }
            Self::Offsets64 { bytes, offsets } => {
                check_offsets(bytes.len(), offsets.iter().copied())
            }
        }
    }
}

fn check_offsets(
    bytes: usize,
    mut offsets: impl ExactSizeIterator<Item = i64>,
) -> Result<Option<usize>, HostError> {
    let count = offsets.len();
    let mut last = 0;
    let ordered = offsets.all(|offset| {
        let ordered = last <= offset;
        last = offset;
        ordered
    });
    if count == 0 || !ordered || last as u64 > bytes as u64 {
        let why = "a column's offsets do not rise within its bytes, or there are none";
        return Err(HostError::BadBatch { why });
    }
    Ok(Some(count - 1))
}

impl Transitions<'_> {
    #[inline(always)]
    pub(crate) fn get(&self, index: usize) -> u16 {
        match *self {
            Self::All(transition) => transition,
            Self::Each(each) => each[index],
        }
    }

    fn len(&self) -> Option<usize> {
        match self {
            Self::All(_) => None,
            Self::Each(each) => Some(each.len()),
        }
    }
}

impl Batch<'_> {
    /// Checks the columns' shapes and gives the number of operations.
    pub(crate) fn check(&self) -> Result<usize, HostError> {
        let (transitions, first, second) = match self {
            Self::Calls { transitions, arguments } => (transitions, arguments, None),
            Self::Requests { credentials, transitions, arguments } => {
                (transitions, arguments, Some(credentials.len()))
            }
            Self::KeyValue { transitions, keys, values } => (transitions, keys, values.len()?),
        };
        let lens = [transitions.len(), first.len()?, second];
        let mut known = lens.into_iter().flatten();
        let len = known.next().unwrap_or(1);
        if known.any(|other| other != len) {
            return Err(HostError::BadBatch { why: "the columns have different lengths" });
        }
        if u32::try_from(len).is_err() {
            return Err(HostError::BadBatch { why: "a batch has at most 2^32 - 1 operations" });
        }
        Ok(len)
    }
}
