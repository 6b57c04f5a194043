//! What the last numbers of a session were answered with, in memory that all threads share.

use crate::scope::Hash;
use crate::window::Ticket;
#[cfg(not(all(test, loom)))]
use core::sync::atomic::{AtomicU64, Ordering, fence};
#[cfg(all(test, loom))]
use loom::sync::atomic::{AtomicU64, Ordering, fence};

#[cfg(not(all(test, loom)))]
const ENTRIES: u64 = 64;
#[cfg(all(test, loom))]
const ENTRIES: u64 = 1;
/// Stands for the ticket while an entry is written.
const BUSY: u64 = u64::MAX;

/// An entry is written by who has claimed its ticket; who reads one sees it whole or not at all.
struct Entry {
    ticket: AtomicU64,
    leaf: [AtomicU64; 4],
}

pub(crate) struct Settled([Entry; ENTRIES as usize]);

impl Settled {
    pub(crate) fn new() -> Self {
        Self(core::array::from_fn(|_| Entry {
            ticket: AtomicU64::new(0),
            leaf: core::array::from_fn(|_| AtomicU64::new(0)),
        }))
    }

    fn entry(&self, ticket: Ticket) -> Option<&Entry> {
        self.0.get((ticket.0 % ENTRIES) as usize)
    }

    /// Keeps the leaf of a claimed number, unless a later one has come, or comes, to its place.
    pub(crate) fn put(&self, ticket: Ticket, leaf: &Hash) {
        let Some(entry) = self.entry(ticket) else { return };
        let seen = entry.ticket.load(Ordering::Relaxed);
        // A busy entry is above every ticket.
        if seen >= ticket.0 {
            return;
        }
        let order = (Ordering::Acquire, Ordering::Relaxed);
        if entry.ticket.compare_exchange(seen, BUSY, order.0, order.1).is_err() {
            return;
        }
        // Who reads a word that is written below also sees that the entry is busy, or later.
        fence(Ordering::Release);
        let (words, _) = leaf.as_chunks::<8>();
        for (place, word) in entry.leaf.iter().zip(words) {
            place.store(u64::from_le_bytes(*word), Ordering::Relaxed);
        }
        entry.ticket.store(ticket.0, Ordering::Release);
    }

    /// The leaf of a number, where it is still kept.
    pub(crate) fn find(&self, ticket: Ticket) -> Option<Hash> {
        let entry = self.entry(ticket)?;
        if entry.ticket.load(Ordering::Acquire) != ticket.0 {
            return None;
        }
        let mut leaf = [0; 32];
        let (places, _) = leaf.as_chunks_mut::<8>();
        for (place, word) in places.iter_mut().zip(&entry.leaf) {
            *place = word.load(Ordering::Relaxed).to_le_bytes();
        }
        fence(Ordering::Acquire);
        (entry.ticket.load(Ordering::Relaxed) == ticket.0).then_some(leaf)
    }
}
