//! Which record sits in which slot of a worker's thread, and which leaves when room is needed.

/// Set beside a record's number when an operation used the slot since the hand came by.
const REFERENCED: u32 = 1 << 31;
const FREE: u32 = u32::MAX;

/// The slots for an application's records; those for nodes of the tree are in `node_slots`.
pub(crate) struct Slots {
    /// The first slot of this part.
    first: u16,
    occupants: Vec<u32>,
    free: Vec<u16>,
    hand: usize,
}

impl Slots {
    pub(crate) fn new(first: u16, count: u16) -> Self {
        Self {
            first,
            occupants: vec![FREE; usize::from(count)],
            free: (first..first + count).rev().collect(),
            hand: 0,
        }
    }

    #[inline(always)]
    fn occupant_mut(&mut self, slot: u16) -> &mut u32 {
        &mut self.occupants[usize::from(slot - self.first)]
    }

    #[inline(always)]
    pub(crate) fn take_free(&mut self) -> Option<u16> {
        self.free.pop()
    }

    /// Notes that a record was put into `slot`, which was taken before.
    #[inline(always)]
    pub(crate) fn put(&mut self, slot: u16, record: u32) {
        *self.occupant_mut(slot) = record;
    }

    #[inline(always)]
    pub(crate) fn touch(&mut self, slot: u16) {
        *self.occupant_mut(slot) |= REFERENCED;
    }

    /// Notes that the record in `slot` left; the slot is then as if taken.
    pub(crate) fn clear(&mut self, slot: u16) {
        *self.occupant_mut(slot) = FREE;
    }

    /// Makes a taken slot free.
    pub(crate) fn give_back(&mut self, slot: u16) {
        self.free.push(slot);
    }

    /// Second chance: the next occupied slot, not in `locked`, that nobody used since the hand
    /// came by. `None` where all are free or locked.
    pub(crate) fn victim(&mut self, locked: &[u16]) -> Option<(u16, u32)> {
        for _ in 0..2 * self.occupants.len() + 1 {
            let at = self.hand;
            self.hand = if at + 1 == self.occupants.len() { 0 } else { at + 1 };
            let occupant = self.occupants[at];
            if occupant == FREE {
                continue;
            }
            if occupant & REFERENCED != 0 {
                self.occupants[at] = occupant & !REFERENCED;
                continue;
            }
            let slot = self.first + at as u16;
            if !locked.contains(&slot) {
                return Some((slot, occupant));
            }
        }
        None
    }

    /// Shows the records that `victim` will name next, up to `count` of them.
    pub(crate) fn next_victims(&self, count: usize, mut show: impl FnMut(u32)) {
        let (before, after) = self.occupants.split_at(self.hand);
        let waiting = |occupant: &&u32| **occupant & REFERENCED == 0;
        after.iter().chain(before).filter(waiting).take(count).for_each(|record| show(*record));
    }

    /// All slots with a record.
    pub(crate) fn occupied(&self) -> impl Iterator<Item = (u16, u32)> + '_ {
        let occupants = self.occupants.iter().zip(self.first..);
        occupants
            .filter(|(occupant, _)| **occupant != FREE)
            .map(|(o, slot)| (slot, o & !REFERENCED))
    }
}
