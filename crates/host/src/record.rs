//! A record as the host keeps it: one cache line with key, value and the place where it is.

use crate::encoding::word;
use zeta_verifier::{Epoch, RelationId, Timestamp};

/// Key and value together lie in the record itself up to this length.
const INLINE_LEN_MAX: usize = 39;
/// The length that stands for a null value.
const NULL: u32 = u32::MAX;

/// Where a record is: exactly one of these at any time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Place {
    /// Not in the tree yet: the next operation creates its leaf.
    New,
    /// In the tree: its leaf's hash vouches for the value.
    Tree,
    /// Deferred: evicted by `thread` at `stamp`.
    Deferred,
    /// In slot `slot` of its worker.
    Slot,
    /// Its eviction stands in a log that the verifier has not seen yet.
    Evicting,
    /// Reserved for calls over several workers.
    Lent,
}

enum Payload {
    /// The key, then the value.
    Inline([u8; INLINE_LEN_MAX]),
    Heap(Vec<u8>),
}

/// One cache line. The value is the host's word: what counts is what the verifier was shown.
#[repr(align(64))]
pub(crate) struct Record {
    stamp: u64,
    /// The thread of a deferred record, the slot of one in a slot.
    number: u16,
    place: Place,
    /// How often operations used it of late: known here while it is in no slot.
    pub(crate) heat: u8,
    /// Epochs that passed since an operation touched it.
    pub(crate) idle: u8,
    /// An operation that the host has not run itself may have written it in its slot.
    pub(crate) stale: bool,
    /// Another worker's record, here on loan.
    pub(crate) guest: bool,
    relation: RelationId,
    key_len: u16,
    value_len: u32,
    payload: Payload,
}

const _: () = assert!(size_of::<Record>() == 64);

impl Record {
    /// A record whose value is null. The key is not longer than a u16 can tell.
    pub(crate) fn new(relation: RelationId, key: &[u8]) -> Self {
        let mut record = Self {
            stamp: 0,
            number: 0,
            place: Place::New,
            heat: 0,
            idle: 0,
            stale: false,
            guest: false,
            relation,
            key_len: key.len() as u16,
            value_len: NULL,
            payload: Payload::Inline([0; INLINE_LEN_MAX]),
        };
        match &mut record.payload {
            Payload::Inline(bytes) if key.len() <= INLINE_LEN_MAX => {
                bytes[..key.len()].copy_from_slice(key);
            }
            payload => *payload = Payload::Heap(key.to_vec()),
        }
        record
    }

    #[inline(always)]
    fn bytes(&self) -> &[u8] {
        match &self.payload {
            Payload::Inline(bytes) => bytes,
            Payload::Heap(bytes) => bytes,
        }
    }

    #[inline(always)]
    pub(crate) fn relation(&self) -> RelationId {
        self.relation
    }

    #[inline(always)]
    pub(crate) fn key(&self) -> &[u8] {
        &self.bytes()[..usize::from(self.key_len)]
    }

    /// Whether it is the record of this key; one of eight bytes, which are common, without a call.
    #[inline(always)]
    pub(crate) fn is_of(&self, relation: RelationId, key: &[u8]) -> bool {
        let same = match (word(self.key()), word(key)) {
            (Some(own), Some(key)) => own == key,
            _ => self.key() == key,
        };
        same && self.relation == relation
    }

    #[inline(always)]
    pub(crate) fn value(&self) -> Option<&[u8]> {
        let start = usize::from(self.key_len);
        (self.value_len != NULL).then(|| &self.bytes()[start..start + self.value_len as usize])
    }

    /// Bytes of the value; none for null.
    #[inline(always)]
    pub(crate) fn value_len(&self) -> usize {
        if self.value_len == NULL { 0 } else { self.value_len as usize }
    }

    #[inline(always)]
    pub(crate) fn set_value(&mut self, value: Option<&[u8]>) {
        let start = usize::from(self.key_len);
        self.stale = false;
        let Some(value) = value else {
            self.value_len = NULL;
            if let Payload::Heap(bytes) = &mut self.payload {
                bytes.truncate(start);
                bytes.shrink_to_fit();
            }
            return;
        };
        self.value_len = value.len() as u32;
        match &mut self.payload {
            Payload::Inline(bytes) if start + value.len() <= INLINE_LEN_MAX => {
                bytes[start..start + value.len()].copy_from_slice(value);
            }
            Payload::Inline(bytes) => {
                let mut heap = Vec::with_capacity(start + value.len());
                heap.extend_from_slice(&bytes[..start]);
                heap.extend_from_slice(value);
                self.payload = Payload::Heap(heap);
            }
            Payload::Heap(bytes) => {
                bytes.truncate(start);
                bytes.reserve_exact(value.len());
                bytes.extend_from_slice(value);
            }
        }
    }

    /// Bytes beyond the cache line.
    pub(crate) fn heap_len(&self) -> u64 {
        match &self.payload {
            Payload::Inline(_) => 0,
            Payload::Heap(bytes) => bytes.capacity() as u64,
        }
    }

    #[inline(always)]
    pub(crate) fn place(&self) -> Place {
        self.place
    }

    #[inline(always)]
    pub(crate) fn set_place(&mut self, place: Place) {
        self.place = place;
    }

    /// Notes that the record, used so often of late, leaves its slot.
    #[inline(always)]
    pub(crate) fn set_evicting(&mut self, heat: u8) {
        self.place = Place::Evicting;
        self.heat = heat;
    }

    /// The slot of a record that is in one.
    #[inline(always)]
    pub(crate) fn slot(&self) -> u16 {
        self.number
    }

    #[inline(always)]
    pub(crate) fn set_slot(&mut self, slot: u16) {
        self.place = Place::Slot;
        self.number = slot;
    }

    /// When a deferred record was evicted.
    #[inline(always)]
    pub(crate) fn stamp(&self) -> Timestamp {
        Timestamp::from_u64(self.stamp)
    }

    /// The thread that evicted a deferred record.
    #[inline(always)]
    pub(crate) fn thread(&self) -> u16 {
        self.number
    }

    #[inline(always)]
    pub(crate) fn set_deferred(&mut self, stamp: Timestamp, thread: u16) {
        self.place = Place::Deferred;
        self.stamp = stamp.to_u64();
        self.number = thread;
    }

    /// Whether the record is deferred in `epoch` or before.
    #[inline(always)]
    pub(crate) fn is_deferred_until(&self, epoch: Epoch) -> bool {
        self.place == Place::Deferred && self.stamp().epoch() <= epoch
    }
}
