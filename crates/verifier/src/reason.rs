//! Why an entry was not applied: one variant for each check, numbered, never renumbered.

/// Writes the reasons down once: each with its number, and what the host did, for people.
macro_rules! reasons {
    ($($name:ident = $number:literal, $text:literal;)*) => {
        /// The host lied: the thread that saw it is poisoned.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u16)]
        pub enum Reason {
            $(#[doc = $text] $name = $number,)*
        }

        impl Reason {
            /// Every reason, in the order of its number.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// What the host did, in one sentence.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

reasons! {
    // Bytes.
    Truncated = 1, "the log ends in the middle of an entry";
    UnknownTag = 2, "no entry has this tag";
    UnknownRecordKind = 3, "no record has this kind";
    UnknownPointerTag = 4, "no pointer has this tag";
    PathNotCanonical = 5, "a path is too long or has bits beyond its length";
    NodePathIsLeaf = 6, "a node of the tree carries the path of a leaf";
    KeyTooLong = 7, "a key is longer than the limit";
    ValueTooLong = 8, "a value is longer than the limit";
    UnknownAuthentication = 9, "no request is authenticated in this way";
    ArgumentsTooLong = 10, "the arguments are longer than the limit";
    // Slots.
    SlotOutOfRange = 20, "the slot is beyond the thread's slots";
    AncestorOutOfRange = 21, "the ancestor's slot is beyond the thread's slots";
    SlotEmpty = 22, "the slot is empty";
    AncestorEmpty = 23, "the ancestor's slot is empty";
    SlotOccupied = 24, "the slot is occupied";
    // The tree.
    NotDescendant = 30, "the record does not lie below the named ancestor";
    ValueNotInitial = 31, "a record that is new to the tree has a value already";
    HashMismatch = 32, "the value is not the one whose hash the tree holds";
    PointerDeferred = 33, "the record is deferred: the tree does not vouch for it";
    ChildInStore = 34, "the record is in a slot already";
    PointerElsewhere = 35, "the ancestor points to another part of the tree";
    ChildrenInStore = 36, "a record with children in slots cannot leave";
    PointerNotKey = 37, "the ancestor does not point to this record";
    ParentMismatch = 38, "the record was added below another ancestor";
    // Deferred checking.
    RootAddedFromDeferred = 50, "the root never leaves its slot";
    RootEvicted = 51, "the root cannot be evicted";
    ThreadOutOfRange = 52, "there is no such thread";
    AddToVerifiedEpoch = 53, "the element belongs to an epoch that is closed";
    EvictNotAfterClock = 54, "the timestamp is not after the thread's clock";
    NotAddedFromDeferred = 55, "the record came through the tree";
    NotAddedFromTree = 56, "the record came from deferred state";
    CounterOverflow = 57, "the counter of the timestamp is exhausted";
    ElementCountOverflow = 58, "too many elements in one epoch";
    // Epochs.
    EpochOverflow = 70, "there is no later epoch";
    EpochNotPassed = 71, "the thread's clock has not passed the epoch";
    // Applications.
    SlotNotListed = 80, "the operation asks for a record that the host did not bring";
    SlotKeyMismatch = 81, "the slot holds another key than the operation asks for";
    SlotUnused = 82, "the operation did not use a slot that the host listed";
    // The thread itself.
    ThreadPoisoned = 90, "the thread was rejected before and accepts nothing more";
}

impl Reason {
    #[must_use]
    pub fn code(self) -> u16 {
        self as u16
    }

    #[must_use]
    pub fn from_code(code: u16) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.code() == code)
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
    /// The session asked for strict order, and the number before this one is not settled.
    Order = 5,
}

impl NotYet {
    pub const ALL: [Self; 5] =
        [Self::PublishedClock, Self::Floor, Self::Window, Self::ByteBudget, Self::Order];

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
pub(crate) fn require<E>(holds: bool, error: E) -> Result<(), E> {
    if holds { Ok(()) } else { Err(error) }
}

/// The client or the application is at fault: the entry is answered, and nothing changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No such transition, or arguments that are not of its types.
    Program(zeta_program::Refusal),
    /// There is no such session, or it was dropped long ago.
    UnknownSession,
    WrongMac,
    /// The number was used before.
    Replayed,
    /// The number lies below the window.
    TooOld,
    /// The session's last epoch is over.
    Expired,
    Revoked,
    /// The client may not call this transition, or not do this to a row.
    MissingRight,
    /// No session has such a number.
    NoSuchNumber,
    /// The host itself may not ask.
    NotEmbedded,
    /// Not a handshake message for this verifier, or not for this entry.
    BadHandshake,
    /// The client's key is not in the access list.
    UnknownClient,
    /// No more sessions fit.
    NoRoom,
}

impl Refusal {
    /// The program's refusals keep their own numbers, below 256.
    #[must_use]
    pub fn code(self) -> u16 {
        match self {
            Self::Program(refusal) => refusal as u16,
            Self::UnknownSession => 256,
            Self::WrongMac => 257,
            Self::Replayed => 258,
            Self::TooOld => 259,
            Self::Expired => 260,
            Self::Revoked => 261,
            Self::MissingRight => 262,
            Self::NoSuchNumber => 263,
            Self::NotEmbedded => 264,
            Self::BadHandshake => 265,
            Self::UnknownClient => 266,
            Self::NoRoom => 267,
        }
    }
}

/// Why a request was not run: it is at fault, or the entry stops here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halt {
    Refused(Refusal),
    Stopped(Stop),
}

impl From<Stop> for Halt {
    fn from(stop: Stop) -> Self {
        Self::Stopped(stop)
    }
}
