//! AddB: a record comes from deferred state into a slot. What the verifier decides about it.
//!
//! Generated from the Coq files Time, Reason, Bounds, AddB: do not edit.

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

/// The next timestamp of the same epoch; the last stays itself.
pub fn after(t: Timestamp) -> Timestamp {
    Timestamp { epoch: t.epoch, counter: t.counter.saturating_add(1) }
}

/// The host lied: the thread that saw it is poisoned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    Truncated,
    UnknownTag,
    UnknownRecordKind,
    UnknownPointerTag,
    PathNotCanonical,
    NodePathIsLeaf,
    KeyTooLong,
    ValueTooLong,
    UnknownAuthentication,
    ArgumentsTooLong,
    SlotOutOfRange,
    AncestorOutOfRange,
    SlotEmpty,
    AncestorEmpty,
    SlotOccupied,
    NotDescendant,
    ValueNotInitial,
    HashMismatch,
    PointerDeferred,
    ChildInStore,
    PointerElsewhere,
    ChildrenInStore,
    PointerNotKey,
    ParentMismatch,
    RootAddedFromDeferred,
    RootEvicted,
    ThreadOutOfRange,
    AddToVerifiedEpoch,
    EvictNotAfterClock,
    NotAddedFromDeferred,
    NotAddedFromTree,
    CounterOverflow,
    ElementCountOverflow,
    EpochOverflow,
    EpochNotPassed,
    SlotNotListed,
    SlotKeyMismatch,
    SlotUnused,
    ThreadPoisoned,
}

/// Not now: nothing changed, and the same bytes may be submitted again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotYet {
    PublishedClock,
    Floor,
    Window,
    ByteBudget,
    Order,
}

/// Why an entry is not applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    Rejected(Reason),
    Retry(NotYet),
}

/// The only shape in which a check is written.
pub fn require<E>(holds: bool, error: E) -> Result<(), E> {
    if holds { Ok(()) } else { Err(error) }
}

/// How many epochs from the first unverified one a thread keeps sums for.
pub const EPOCH_WINDOW: u32 = 32;

/// Bytes of keys and values in a thread's slots, and what the entry would add to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteUse {
    pub used: u64,
    pub added: u64,
    pub budget: u64,
}

/// One element more, in an epoch of a thread.
pub fn next_count(count: u64) -> Result<u64, Stop> {
    require(count < u64::MAX, Stop::Rejected(Reason::ElementCountOverflow))?;
    Ok(count.saturating_add(1))
}

/// Whether the thread keeps sums for `epoch`; it is never before `next_epoch`.
pub fn in_window(epoch: u32, next_epoch: u32) -> bool {
    epoch.saturating_sub(next_epoch) < EPOCH_WINDOW
}

pub fn fits(bytes: ByteUse) -> bool {
    bytes.added <= bytes.budget.saturating_sub(bytes.used)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddBView {
    pub slot_in_range: bool,
    pub is_root: bool,
    pub slot_empty: bool,
    pub thread_in_range: bool,
    /// The element was evicted by this very thread.
    pub own_element: bool,
    pub timestamp: Timestamp,
    pub clock: Timestamp,
    /// Of the element's thread.
    pub published: Timestamp,
    /// The first epoch that this thread has not closed.
    pub next_epoch: u32,
    /// Elements added in the timestamp's epoch so far.
    pub element_count: u64,
    pub bytes: ByteUse,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddBUpdate {
    pub clock: Timestamp,
    pub element_count: u64,
}

/// Fatal checks first, then what may be tried again: a lie is never answered with "not yet".
pub fn decide_add_b(view: &AddBView) -> Result<AddBUpdate, Stop> {
    let t = view.timestamp;
    require(view.slot_in_range, Stop::Rejected(Reason::SlotOutOfRange))?;
    require(!view.is_root, Stop::Rejected(Reason::RootAddedFromDeferred))?;
    require(view.slot_empty, Stop::Rejected(Reason::SlotOccupied))?;
    require(view.thread_in_range, Stop::Rejected(Reason::ThreadOutOfRange))?;
    require(view.next_epoch <= t.epoch, Stop::Rejected(Reason::AddToVerifiedEpoch))?;
    require(t.counter < u32::MAX, Stop::Rejected(Reason::CounterOverflow))?;
    let count = next_count(view.element_count)?;
    require(in_window(t.epoch, view.next_epoch), Stop::Retry(NotYet::Window))?;
    let evicted = view.own_element || at_or_before(t, view.published);
    require(evicted, Stop::Retry(NotYet::PublishedClock))?;
    require(fits(view.bytes), Stop::Retry(NotYet::ByteBudget))?;
    Ok(AddBUpdate { clock: later(view.clock, after(t)), element_count: count })
}
