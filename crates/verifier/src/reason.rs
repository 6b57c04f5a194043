//! Why an entry was not applied: one variant for each check, numbered, never renumbered.

/// The host lied: the thread that saw it is poisoned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum Reason {
    // Bytes.
    Truncated = 1,
    UnknownTag = 2,
    UnknownRecordKind = 3,
    UnknownPointerTag = 4,
    PathNotCanonical = 5,
    NodePathIsLeaf = 6,
    KeyTooLong = 7,
    ValueTooLong = 8,
    UnknownAuthentication = 9,
    ArgumentsTooLong = 10,
    // Slots.
    SlotOutOfRange = 20,
    AncestorOutOfRange = 21,
    SlotEmpty = 22,
    AncestorEmpty = 23,
    SlotOccupied = 24,
    // The tree.
    NotDescendant = 30,
    ValueNotInitial = 31,
    HashMismatch = 32,
    PointerDeferred = 33,
    ChildInStore = 34,
    PointerElsewhere = 35,
    ChildrenInStore = 36,
    PointerNotKey = 37,
    ParentMismatch = 38,
    // Deferred checking.
    RootAddedFromDeferred = 50,
    RootEvicted = 51,
    ThreadOutOfRange = 52,
    AddToVerifiedEpoch = 53,
    EvictNotAfterClock = 54,
    NotAddedFromDeferred = 55,
    NotAddedFromTree = 56,
    CounterOverflow = 57,
    ElementCountOverflow = 58,
    // Epochs.
    EpochOverflow = 70,
    EpochNotPassed = 71,
    // Applications.
    SlotNotListed = 80,
    SlotKeyMismatch = 81,
    SlotUnused = 82,
    // The thread itself.
    ThreadPoisoned = 90,
}

impl Reason {
    /// Every reason, in the order of its number.
    pub const ALL: [Self; 39] = [
        Self::Truncated,
        Self::UnknownTag,
        Self::UnknownRecordKind,
        Self::UnknownPointerTag,
        Self::PathNotCanonical,
        Self::NodePathIsLeaf,
        Self::KeyTooLong,
        Self::ValueTooLong,
        Self::UnknownAuthentication,
        Self::ArgumentsTooLong,
        Self::SlotOutOfRange,
        Self::AncestorOutOfRange,
        Self::SlotEmpty,
        Self::AncestorEmpty,
        Self::SlotOccupied,
        Self::NotDescendant,
        Self::ValueNotInitial,
        Self::HashMismatch,
        Self::PointerDeferred,
        Self::ChildInStore,
        Self::PointerElsewhere,
        Self::ChildrenInStore,
        Self::PointerNotKey,
        Self::ParentMismatch,
        Self::RootAddedFromDeferred,
        Self::RootEvicted,
        Self::ThreadOutOfRange,
        Self::AddToVerifiedEpoch,
        Self::EvictNotAfterClock,
        Self::NotAddedFromDeferred,
        Self::NotAddedFromTree,
        Self::CounterOverflow,
        Self::ElementCountOverflow,
        Self::EpochOverflow,
        Self::EpochNotPassed,
        Self::SlotNotListed,
        Self::SlotKeyMismatch,
        Self::SlotUnused,
        Self::ThreadPoisoned,
    ];

    #[must_use]
    pub fn code(self) -> u16 {
        self as u16
    }

    #[must_use]
    pub fn from_code(code: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// One sentence for people: what the host did.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Truncated => "the log ends in the middle of an entry",
            Self::UnknownTag => "no entry has this tag",
            Self::UnknownRecordKind => "no record has this kind",
            Self::UnknownPointerTag => "no pointer has this tag",
            Self::PathNotCanonical => "a path is too long or has bits beyond its length",
            Self::NodePathIsLeaf => "a node of the tree carries the path of a leaf",
            Self::KeyTooLong => "a key is longer than the limit",
            Self::ValueTooLong => "a value is longer than the limit",
            Self::UnknownAuthentication => "no request is authenticated in this way",
            Self::ArgumentsTooLong => "the arguments are longer than the limit",
            Self::SlotOutOfRange => "the slot is beyond the thread's slots",
            Self::AncestorOutOfRange => "the ancestor's slot is beyond the thread's slots",
            Self::SlotEmpty => "the slot is empty",
            Self::AncestorEmpty => "the ancestor's slot is empty",
            Self::SlotOccupied => "the slot is occupied",
            Self::NotDescendant => "the record does not lie below the named ancestor",
            Self::ValueNotInitial => "a record that is new to the tree has a value already",
            Self::HashMismatch => "the value is not the one whose hash the tree holds",
            Self::PointerDeferred => "the record is deferred: the tree does not vouch for it",
            Self::ChildInStore => "the record is in a slot already",
            Self::PointerElsewhere => "the ancestor points to another part of the tree",
            Self::ChildrenInStore => "a record with children in slots cannot leave",
            Self::PointerNotKey => "the ancestor does not point to this record",
            Self::ParentMismatch => "the record was added below another ancestor",
            Self::RootAddedFromDeferred => "the root never leaves its slot",
            Self::RootEvicted => "the root cannot be evicted",
            Self::ThreadOutOfRange => "there is no such thread",
            Self::AddToVerifiedEpoch => "the element belongs to an epoch that is closed",
            Self::EvictNotAfterClock => "the timestamp is not after the thread's clock",
            Self::NotAddedFromDeferred => "the record came through the tree",
            Self::NotAddedFromTree => "the record came from deferred state",
            Self::CounterOverflow => "the counter of the timestamp is exhausted",
            Self::ElementCountOverflow => "too many elements in one epoch",
            Self::EpochOverflow => "there is no later epoch",
            Self::EpochNotPassed => "the thread's clock has not passed the epoch",
            Self::SlotNotListed => "the operation asks for a record that the host did not bring",
            Self::SlotKeyMismatch => "the slot holds another key than the operation asks for",
            Self::SlotUnused => "the operation did not use a slot that the host listed",
            Self::ThreadPoisoned => "the thread was rejected before and accepts nothing more",
        }
    }
}

/// Not now: nothing changed, and the same bytes may be submitted again later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum NotYet {
    /// The eviction of the element, on another thread, is not published yet.
    PublishedClock = 1,
    /// Another thread has run an operation in a later epoch: this one must follow first.
    Floor = 2,
    /// The epoch lies beyond the window of epochs that are kept.
    Window = 3,
    /// The values in this thread's slots would exceed its byte budget.
    ByteBudget = 4,
}

impl NotYet {
    pub const ALL: [Self; 4] = [Self::PublishedClock, Self::Floor, Self::Window, Self::ByteBudget];

    #[must_use]
    pub fn code(self) -> u16 {
        self as u16
    }
}

/// Why the step function stopped short of applying an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    Rejected(Reason),
    Retry(NotYet),
}

/// The only shape in which a check is written, so that each can be found, counted and removed.
#[inline(always)]
pub(crate) fn require(holds: bool, stop: Stop) -> Result<(), Stop> {
    if holds { Ok(()) } else { Err(stop) }
}

/// The client or the application is at fault: the entry is answered, and nothing changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No such transition, or arguments that are not of its types.
    Program(zeta_program::Refusal),
    UnknownSession,
}

impl Refusal {
    /// The program's refusals keep their own numbers, below 256.
    #[must_use]
    pub fn code(self) -> u16 {
        match self {
            Self::Program(refusal) => refusal as u16,
            Self::UnknownSession => 256,
        }
    }
}
