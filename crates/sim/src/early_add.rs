//! A model of deferred records, with and without the check of the published clock.
//!
//! One record, several threads, exact multisets in place of sums: nothing is secret, nothing
//! collides, and every other rule of the protocol holds. What this model certifies without the
//! check, the ancestor certifies; the trusted code has no switch for it.

use crate::history::Event;
use crate::operation::{Bytes, Operation};
use crate::random::Random;
use crate::schedule::event;

/// The record as it was let go, by which thread, and when.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Element {
    pub value: Option<Bytes>,
    pub thread: usize,
    pub timestamp: u32,
}

#[derive(Clone, Debug)]
struct Thread {
    slot: Option<Option<Bytes>>,
    clock: u32,
    published: u32,
}

pub struct DeferredModel {
    checks_published: bool,
    threads: Vec<Thread>,
    added: Vec<Element>,
    evicted: Vec<Element>,
    pub events: Vec<Event>,
}

/// The only key of the model.
pub const KEY: &[u8] = b"a";

impl DeferredModel {
    /// Thread 0 has the record, which is null, and may let it go.
    #[must_use]
    pub fn new(threads: usize, checks_published: bool) -> Self {
        let mut threads = vec![Thread { slot: None, clock: 0, published: 0 }; threads];
        threads[0].slot = Some(None);
        let (added, evicted, events) = (Vec::new(), Vec::new(), Vec::new());
        Self { checks_published, threads, added, evicted, events }
    }

    /// Adds an element to the empty slot of a thread; false where it must wait.
    pub fn add(&mut self, thread: usize, element: &Element) -> bool {
        let own = element.thread == thread;
        let published = self.threads[element.thread].published;
        let waits = self.checks_published && !own && element.timestamp > published;
        if self.threads[thread].slot.is_some() || waits {
            return false;
        }
        self.added.push(element.clone());
        let thread = &mut self.threads[thread];
        thread.slot = Some(element.value.clone());
        thread.clock = thread.clock.max(element.timestamp + 1);
        true
    }

    /// Lets the record of a thread go; false where the timestamp is not after its clock.
    pub fn evict(&mut self, thread: usize, timestamp: u32) -> bool {
        let state = &mut self.threads[thread];
        if state.slot.is_none() || timestamp <= state.clock {
            return false;
        }
        let value = state.slot.take().flatten();
        (state.clock, state.published) = (timestamp, timestamp);
        self.evicted.push(Element { value, thread, timestamp });
        true
    }

    /// Runs an operation on the record in a thread's slot; the client sees call and answer.
    pub fn run(&mut self, thread: usize, operation: Operation) -> bool {
        let Some(value) = &mut self.threads[thread].slot else { return false };
        let mut model = value.clone().map(|value| (KEY.to_vec(), value)).into_iter().collect();
        let returned = operation.apply(&mut model);
        *value = model.remove(KEY);
        let order = self.events.len() as u64;
        self.events.push(event(order, operation, returned));
        true
    }

    /// Whether the epoch certifies when every thread closes it now.
    #[must_use]
    pub fn certifies(&self) -> bool {
        let (mut added, mut evicted) = (self.added.clone(), self.evicted.clone());
        added.sort();
        evicted.sort();
        added == evicted
    }

    /// The shortest stale read: thread 1 adds the record before thread 0 has let it go.
    pub fn stale_read(&mut self) -> bool {
        let element = Element { value: None, thread: 0, timestamp: 1 };
        let put = Operation::Put { key: KEY.to_vec(), value: b"1".to_vec() };
        self.add(1, &element)
            && self.run(1, put)
            && self.run(0, Operation::Get { key: KEY.to_vec() })
            && self.evict(0, 1)
    }

    /// A host that adds, lets go and runs at random, and may add what was never let go.
    pub fn explore(&mut self, random: &mut Random, steps: usize) {
        for _ in 0..steps {
            let thread = random.below(self.threads.len());
            match random.below(4) {
                0 => {
                    let element = self.draw_element(random);
                    self.add(thread, &element);
                }
                1 => {
                    let timestamp = self.threads[thread].clock + 1 + random.below(2) as u32;
                    self.evict(thread, timestamp);
                }
                2 => {
                    let value = vec![b'0' + random.below(3) as u8];
                    self.run(thread, Operation::Put { key: KEY.to_vec(), value });
                }
                _ => {
                    self.run(thread, Operation::Get { key: KEY.to_vec() });
                }
            }
        }
        // Whatever is owed is paid back where it can be.
        for element in self.evicted.clone() {
            if !self.added.contains(&element) {
                (0..self.threads.len()).any(|thread| self.add(thread, &element));
            }
        }
    }

    /// One that was let go, or one that may be let go later.
    fn draw_element(&self, random: &mut Random) -> Element {
        if random.chance(60)
            && let Some(element) = random.pick(&self.evicted)
        {
            return element.clone();
        }
        let thread = random.below(self.threads.len());
        let timestamp = self.threads[thread].clock + 1 + random.below(2) as u32;
        Element { value: self.threads[thread].slot.clone().flatten(), thread, timestamp }
    }
}
