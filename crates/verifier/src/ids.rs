//! The numbers of the protocol: threads, slots, epochs and timestamps, each with its own type.

/// A verifier thread. Never re-used within an incarnation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ThreadId(pub u16);

/// A cell in the slot array of one thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotId(pub u16);

/// The unit that certifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Epoch(pub u32);

impl Epoch {
    pub const LAST: Self = Self(u32::MAX);

    /// The epoch after this one; the last stays itself, and the checks never let it come to that.
    #[must_use]
    pub fn after(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// How many epochs later than `first` this one is; none where it is not later.
    #[must_use]
    pub fn since(self, first: Self) -> u32 {
        self.0.saturating_sub(first.0)
    }
}

/// A point in a thread's logical time: an epoch and a counter within it, ordered as one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(u64);

impl Timestamp {
    #[must_use]
    pub fn new(epoch: Epoch, counter: u32) -> Self {
        Self((u64::from(epoch.0) << 32) | u64::from(counter))
    }

    #[must_use]
    pub fn from_u64(packed: u64) -> Self {
        Self(packed)
    }

    #[must_use]
    pub fn to_u64(self) -> u64 {
        self.0
    }

    #[must_use]
    pub fn epoch(self) -> Epoch {
        Epoch((self.0 >> 32) as u32)
    }

    #[must_use]
    pub fn counter(self) -> u32 {
        self.0 as u32
    }

    /// The next timestamp of the same epoch; the last stays itself, and the checks never let it
    /// come to that.
    #[must_use]
    pub fn after(self) -> Self {
        Self::new(self.epoch(), self.counter().saturating_add(1))
    }
}

/// The side of a node on which a descendant lies: bit 0 of the path goes left, bit 1 right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    Left,
    Right,
}
