//! The sessions of one incarnation, in memory that all verifier threads share.
//!
//! Each thread has places of its own, in which it alone opens sessions; any thread serves and
//! revokes any session. There is no lock: whoever reads a place reads its state before and after.
//!
//! INVARIANTS
//! - Only a place's own thread makes it open, and never while the session before it is open.
//! - The ids of a place rise; an id that was given is never given again.
//! - A session's keys are in its place only while it is open.

use crate::mac::SessionKeys;
use crate::scope::Hash;
use crate::settled::Settled;
use crate::window::{GENERATION_MAX, Number, Ticket, Window};
use alloc::boxed::Box;
#[cfg(not(all(test, loom)))]
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
#[cfg(all(test, loom))]
use loom::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

/// What a state holds above the session's id.
const OPEN: u64 = 1 << 32;
const CLOSING: u64 = 2 << 32;
const ENDED: u64 = 3 << 32;

/// Words of a session's keys; the model checker tries two, for time's sake.
#[cfg(not(all(test, loom)))]
const KEY_WORDS: usize = 8;
#[cfg(all(test, loom))]
const KEY_WORDS: usize = 2;

/// What a session was opened with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The client's place in the access list.
    pub client: u16,
    pub strict_order: bool,
    pub last_epoch: u32,
}

/// A session as it was found open.
pub struct Session {
    pub id: u32,
    pub terms: Terms,
    pub keys: SessionKeys,
    place: u32,
    generation: u64,
}

/// What there is to an id.
pub enum Found {
    Unknown,
    Revoked,
    Open(Session),
}

/// A place for a new session, and the id that it will have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vacancy {
    pub id: u32,
    place: u32,
}

struct Place {
    /// `OPEN`, `CLOSING` or `ENDED` with the id; 0 before the first session.
    state: AtomicU64,
    keys: [AtomicU64; KEY_WORDS],
    /// The client, and above it whether order is strict.
    client: AtomicU32,
    last_epoch: AtomicU32,
    /// The last ticket that was settled in strict order.
    settled_in_order: AtomicU64,
    window: Window,
    settled: Settled,
}

pub struct SessionTable {
    places: Box<[Place]>,
    of_each: u16,
}

impl SessionTable {
    /// Room for so many sessions of each thread.
    #[must_use]
    pub fn new(threads: u16, of_each: u16) -> Self {
        let count = u32::from(threads).saturating_mul(u32::from(of_each));
        Self { places: (0..count).map(|_| Place::new()).collect(), of_each }
    }

    fn len(&self) -> u32 {
        self.places.len() as u32
    }

    fn place(&self, place: u32) -> Option<&Place> {
        self.places.get(place as usize)
    }

    /// The place of an id and the generation in which it had it.
    fn locate(&self, id: u32) -> Option<(u32, u64)> {
        let (place, generation) = (id.checked_rem(self.len())?, id.checked_div(self.len())?);
        Some((place, u64::from(generation)))
    }

    #[must_use]
    pub fn find(&self, id: u32) -> Found {
        let Some((at, generation)) = self.locate(id) else { return Found::Unknown };
        let Some(place) = self.place(at) else { return Found::Unknown };
        let state = place.state.load(Ordering::Acquire);
        if state as u32 != id || state < OPEN {
            return Found::Unknown;
        }
        let (keys, terms) = (place.load_keys(), place.terms());
        fence(Ordering::Acquire);
        // Another session may have come meanwhile: then this one has ended.
        if state != OPEN | u64::from(id) || place.state.load(Ordering::Relaxed) != state {
            return Found::Revoked;
        }
        Found::Open(Session { id, terms, keys, place: at, generation })
    }

    /// A place of the thread in which no session is, or one that has outlived its last epoch.
    #[must_use]
    pub fn vacancy(&self, thread: u16, epoch: u32) -> Option<Vacancy> {
        let of_each = u32::from(self.of_each);
        let first = u32::from(thread).saturating_mul(of_each);
        (first..first.saturating_add(of_each)).find_map(|at| {
            let place = self.place(at)?;
            let state = place.state.load(Ordering::Acquire);
            let expired = state & ENDED == OPEN && epoch > place.last_epoch.load(Ordering::Relaxed);
            let next = if state == 0 { at } else { state as u32 };
            let id = next.checked_add(self.len())?;
            let (_, generation) = self.locate(id)?;
            let free = state == 0 || state & ENDED == ENDED || expired;
            (free && generation <= GENERATION_MAX).then_some(Vacancy { id, place: at })
        })
    }

    /// Opens a session where there was room; by the thread that found it, right after. Says no
    /// where another thread is ending the old session this moment: it would wipe the new keys.
    #[must_use]
    pub fn open(&self, vacancy: Vacancy, terms: &Terms, keys: &SessionKeys) -> bool {
        let Some(place) = self.place(vacancy.place) else { return false };
        self.end(place.state.load(Ordering::Acquire) as u32);
        let state = place.state.load(Ordering::Acquire);
        if state != 0 && state & ENDED != ENDED {
            return false;
        }
        place.store_keys(keys);
        let order = u32::from(terms.strict_order) << 16;
        place.client.store(u32::from(terms.client) | order, Ordering::Relaxed);
        place.last_epoch.store(terms.last_epoch, Ordering::Relaxed);
        place.state.store(OPEN | u64::from(vacancy.id), Ordering::Release);
        true
    }

    /// Ends a session: once this has returned, none of its numbers can be claimed, and its keys
    /// are gone. Says whether it was open.
    pub fn end(&self, id: u32) -> bool {
        let Some((at, generation)) = self.locate(id) else { return false };
        let Some(place) = self.place(at) else { return false };
        let (open, closing) = (OPEN | u64::from(id), CLOSING | u64::from(id));
        let order = (Ordering::AcqRel, Ordering::Relaxed);
        if place.state.compare_exchange(open, closing, order.0, order.1).is_err() {
            return false;
        }
        place.window.close(generation);
        // Who reads a key that is wiped below also sees that the session is closing, or ended.
        fence(Ordering::Release);
        place.keys.iter().for_each(|word| word.store(0, Ordering::Relaxed));
        place.state.store(ENDED | u64::from(id), Ordering::Release);
        true
    }

    /// Where a number of a session stands at this moment.
    #[must_use]
    pub fn stand(&self, session: &Session, sequence: u64) -> Number {
        let ticket = Ticket::new(session.generation, sequence);
        self.place(session.place).map_or(Number::Below, |place| place.window.stand(ticket))
    }

    /// Whether the number before this one is settled, where the session asked for strict order.
    #[must_use]
    pub fn is_in_order(&self, session: &Session, sequence: u64) -> bool {
        let before = Ticket::new(session.generation, sequence.saturating_sub(1));
        let last = self.place(session.place).map(|place| &place.settled_in_order);
        let settled = last.is_some_and(|last| last.load(Ordering::Acquire) >= before.0);
        !session.terms.strict_order || sequence == 1 || settled
    }

    /// Claims a number, at most once over all threads; else says where it stands.
    pub fn claim(&self, session: &Session, sequence: u64) -> Result<(), Number> {
        let ticket = Ticket::new(session.generation, sequence);
        self.place(session.place).map_or(Err(Number::Below), |place| place.window.claim(ticket))
    }

    /// Notes what a claimed number was answered with, and lets the next one follow.
    pub fn settle(&self, session: &Session, sequence: u64, leaf: &Hash) {
        let ticket = Ticket::new(session.generation, sequence);
        let Some(place) = self.place(session.place) else { return };
        place.settled.put(ticket, leaf);
        if session.terms.strict_order {
            place.settled_in_order.fetch_max(ticket.0, Ordering::AcqRel);
        }
    }

    /// The leaf of an answered number, while it is remembered.
    #[must_use]
    pub fn settled(&self, session: &Session, sequence: u64) -> Option<Hash> {
        let ticket = Ticket::new(session.generation, sequence);
        self.place(session.place)?.settled.find(ticket)
    }
}

impl Place {
    fn new() -> Self {
        Self {
            state: AtomicU64::new(0),
            keys: core::array::from_fn(|_| AtomicU64::new(0)),
            client: AtomicU32::new(0),
            last_epoch: AtomicU32::new(0),
            settled_in_order: AtomicU64::new(0),
            window: Window::new(),
            settled: Settled::new(),
        }
    }

    fn terms(&self) -> Terms {
        let client = self.client.load(Ordering::Relaxed);
        Terms {
            client: client as u16,
            strict_order: client >> 16 != 0,
            last_epoch: self.last_epoch.load(Ordering::Relaxed),
        }
    }

    fn load_keys(&self) -> SessionKeys {
        let mut halves = [[0; 32]; 2];
        let (words, _) = halves.as_flattened_mut().as_chunks_mut::<8>();
        for (word, place) in words.iter_mut().zip(&self.keys) {
            *word = place.load(Ordering::Relaxed).to_le_bytes();
        }
        let [request, reply] = halves;
        SessionKeys::from_halves(request, reply)
    }

    fn store_keys(&self, keys: &SessionKeys) {
        let [request, reply] = keys.halves();
        let words = request.as_chunks::<8>().0.iter().chain(reply.as_chunks::<8>().0);
        for (place, word) in self.keys.iter().zip(words) {
            place.store(u64::from_le_bytes(*word), Ordering::Relaxed);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_place_whose_ids_are_used_up_stays_empty() {
        for (places, last) in [(1, GENERATION_MAX as u32), (300, u32::MAX)] {
            let table = SessionTable::new(1, places);
            let vacant = |id: u32| {
                table.places[0].state.store(ENDED | u64::from(id), Ordering::Relaxed);
                table.vacancy(0, 0).is_some_and(|vacancy| vacancy.place == 0)
            };
            assert!(vacant(last - 300) && !vacant(last));
        }
    }
}
