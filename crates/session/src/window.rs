//! The numbers of a session that are used, in memory that all verifier threads share.
//!
//! A word covers sixteen consecutive tickets: which sixteen, and which of them are claimed. A
//! ticket is a session's number behind the generation of its place, so that the numbers of a later
//! session at the same place lie above all of an earlier one, and the window moves only upward.

use crate::require;
#[cfg(not(all(test, loom)))]
use core::sync::atomic::{AtomicU64, Ordering};
#[cfg(all(test, loom))]
use loom::sync::atomic::{AtomicU64, Ordering};

/// The highest sequence number of a session. Half of those that a generation has: the word that
/// closes it lies above.
pub const SEQUENCE_MAX: u64 = (1 << 33) - 1;
/// Bits of a ticket below the generation.
const SEQUENCE_BITS: u32 = 34;
/// The most generations of a place, so that a word's tag has room for them.
pub(crate) const GENERATION_MAX: u64 = (1 << 24) - 1;

#[cfg(not(all(test, loom)))]
const WORD_BITS: u32 = 6;
#[cfg(all(test, loom))]
const WORD_BITS: u32 = 0;
const WORDS: u64 = 1 << WORD_BITS;
/// Tickets of a word.
const SPAN_BITS: u32 = 4;
const TAG_SHIFT: u32 = 16;

/// A number of a session, and which session of its place: never used twice at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(pub(crate) u64);

/// Where a number stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    Free,
    Used,
    /// Below the window: whether it was used is forgotten.
    Below,
}

pub(crate) struct Window([AtomicU64; WORDS as usize]);

impl Ticket {
    pub(crate) fn new(generation: u64, sequence: u64) -> Self {
        Self((generation << SEQUENCE_BITS) | sequence)
    }

    /// Rises with the tickets of a word.
    fn tag(self) -> u64 {
        self.0 >> (SPAN_BITS.saturating_add(WORD_BITS))
    }

    fn word(self) -> usize {
        ((self.0 >> SPAN_BITS) & (WORDS.saturating_sub(1))) as usize
    }

    fn bit(self) -> u64 {
        1 << (self.0 & 15)
    }

    fn stand(self, word: u64) -> Number {
        let tag = word >> TAG_SHIFT;
        match (tag.cmp(&self.tag()), word & self.bit()) {
            (core::cmp::Ordering::Greater, _) => Number::Below,
            (core::cmp::Ordering::Equal, bit) if bit != 0 => Number::Used,
            _ => Number::Free,
        }
    }
}

impl Window {
    pub(crate) fn new() -> Self {
        Self(core::array::from_fn(|_| AtomicU64::new(0)))
    }

    fn word(&self, ticket: Ticket) -> Option<&AtomicU64> {
        self.0.get(ticket.word())
    }

    /// Where a number stands at this moment.
    pub(crate) fn stand(&self, ticket: Ticket) -> Number {
        let word = self.word(ticket).map_or(u64::MAX, |word| word.load(Ordering::Acquire));
        ticket.stand(word)
    }

    /// Claims a number by one compare-and-swap, or says why it cannot be claimed.
    pub(crate) fn claim(&self, ticket: Ticket) -> Result<(), Number> {
        let Some(word) = self.word(ticket) else { return Err(Number::Below) };
        let mut seen = word.load(Ordering::Acquire);
        loop {
            let stand = ticket.stand(seen);
            require(stand == Number::Free, stand)?;
            let old = if seen >> TAG_SHIFT == ticket.tag() { seen } else { 0 };
            let new = (ticket.tag() << TAG_SHIFT) | (old & 0xffff) | ticket.bit();
            let order = (Ordering::AcqRel, Ordering::Acquire);
            match word.compare_exchange(seen, new, order.0, order.1) {
                Ok(_) => return Ok(()),
                Err(now) => seen = now,
            }
        }
    }

    /// Puts all numbers of a generation below the window, for good.
    pub(crate) fn close(&self, generation: u64) {
        let last = Ticket::new(generation.saturating_add(1), 0).tag().saturating_sub(1);
        for word in &self.0 {
            word.fetch_max((last << TAG_SHIFT) | 0xffff, Ordering::AcqRel);
        }
    }
}
