//! AddB: a record comes from deferred state into a slot. What the verifier decides about it.
//!
//! Generated from the Coq files Time, Reason, AddB: do not edit.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp {
    pub epoch: u32,
    pub counter: u32,
}

pub fn at_or_before(a: Timestamp, b: Timestamp) -> bool {
    a.epoch < b.epoch || (a.epoch == b.epoch && a.counter <= b.counter)
}

pub fn later(a: Timestamp, b: Timestamp) -> Timestamp {
    if at_or_before(a, b) { b } else { a }
}

/// The next timestamp of the same epoch, or `None` where the counter is exhausted.
pub fn next(t: Timestamp) -> Option<Timestamp> {
    match t.counter.checked_add(1) {
        Some(c) => Some(Timestamp { epoch: t.epoch, counter: c }),
        None => None,
    }
}

/// The host lied: the thread that saw it is poisoned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    SlotOutOfRange,
    SlotOccupied,
    RootAddedFromDeferred,
    ThreadOutOfRange,
    AddToVerifiedEpoch,
    CounterOverflow,
    ElementCountOverflow,
}

/// Not now: nothing changed, and the same bytes may be submitted again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotYet {
    PublishedClock,
    Window,
    ByteBudget,
}

/// Why an entry is not applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    Rejected(Reason),
    Retry(NotYet),
}

/// The only shape in which a check is written.
pub fn require(holds: bool, stop: Stop) -> Result<(), Stop> {
    if holds { Ok(()) } else { Err(stop) }
}

/// How many epochs from the first unverified one a thread keeps sums for.
pub const EPOCH_WINDOW: u32 = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddBView {
    pub slot_in_range: bool,
    pub is_root: bool,
    pub slot_empty: bool,
    pub thread_in_range: bool,
    /// The element was evicted by this very thread.
    pub own_element: bool,
    /// Of the element.
    pub timestamp: Timestamp,
    /// Of this thread.
    pub clock: Timestamp,
    /// The published clock of the element's thread.
    pub published: Timestamp,
    /// The first epoch that this thread has not verified.
    pub next_epoch: u32,
    /// Of the timestamp's epoch, so far.
    pub element_count: u64,
    pub bytes_used: u64,
    pub record_bytes: u64,
    pub byte_budget: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddBUpdate {
    pub new_clock: Timestamp,
    pub new_element_count: u64,
}

/// Fatal checks first, then what may be tried again: a lie is never answered with "not yet".
pub fn decide_add_b(view: &AddBView) -> Result<AddBUpdate, Stop> {
    require(view.slot_in_range, Stop::Rejected(Reason::SlotOutOfRange))?;
    require(!view.is_root, Stop::Rejected(Reason::RootAddedFromDeferred))?;
    require(view.slot_empty, Stop::Rejected(Reason::SlotOccupied))?;
    require(view.thread_in_range, Stop::Rejected(Reason::ThreadOutOfRange))?;
    require(view.next_epoch <= view.timestamp.epoch, Stop::Rejected(Reason::AddToVerifiedEpoch))?;
    let after = next(view.timestamp).ok_or(Stop::Rejected(Reason::CounterOverflow))?;
    let count =
        view.element_count.checked_add(1).ok_or(Stop::Rejected(Reason::ElementCountOverflow))?;
    require(
        view.timestamp.epoch.saturating_sub(view.next_epoch) < EPOCH_WINDOW,
        Stop::Retry(NotYet::Window),
    )?;
    require(
        view.own_element || at_or_before(view.timestamp, view.published),
        Stop::Retry(NotYet::PublishedClock),
    )?;
    let bytes =
        view.bytes_used.checked_add(view.record_bytes).ok_or(Stop::Retry(NotYet::ByteBudget))?;
    require(bytes <= view.byte_budget, Stop::Retry(NotYet::ByteBudget))?;
    Ok(AddBUpdate { new_clock: later(view.clock, after), new_element_count: count })
}
