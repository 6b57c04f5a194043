//! Which record sits in which slot of a worker's thread, and which leaves when room is needed.
//!
//! A record comes into the window, a short queue. When it reaches the end it must have been used
//! more often than a resident that is asked in turn, whose place it then takes; else it leaves. So
//! a record that is used once drives out nothing, and what it touched is still in the cache.

const FREE: u32 = u32::MAX;

/// Slots of the window: more than the operations of a chunk, so that what comes in with one does
/// not leave with it.
const WINDOW_LEN_MAX: usize = 256;

/// The slots for an application's records; those for nodes of the tree are in `node_slots`.
pub(crate) struct Slots {
    /// The first slot of this part.
    first: u16,
    occupants: Vec<u32>,
    /// How often operations used the record in each slot; halved at each epoch's end.
    heats: Vec<u8>,
    free: Vec<u16>,
    window: Ring,
    /// The slots of residents.
    residents: Ring,
}

/// A record that leaves its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Victim {
    pub(crate) slot: u16,
    pub(crate) record: u32,
    /// How often it was used of late.
    pub(crate) heat: u8,
}

/// Slots, counted from the first, that are looked at in turn.
struct Ring {
    slots: Vec<u16>,
    hand: usize,
}

impl Ring {
    fn new(slots: std::ops::Range<u16>) -> Self {
        Self { slots: slots.collect(), hand: 0 }
    }

    /// The place of the next slot.
    #[inline(always)]
    fn turn(&mut self) -> usize {
        let at = self.hand;
        self.hand = if at + 1 == self.slots.len() { 0 } else { at + 1 };
        at
    }
}

impl Slots {
    pub(crate) fn new(first: u16, count: u16) -> Self {
        let window = usize::from(count / 4).clamp(1, WINDOW_LEN_MAX) as u16;
        Self {
            first,
            occupants: vec![FREE; usize::from(count)],
            heats: vec![0; usize::from(count)],
            free: (first..first + count).rev().collect(),
            window: Ring::new(0..window.min(count)),
            residents: Ring::new(window.min(count)..count),
        }
    }

    #[inline(always)]
    pub(crate) fn take_free(&mut self) -> Option<u16> {
        self.free.pop()
    }

    /// Notes that a record, used so often before, was put into `slot`, which was taken before.
    #[inline(always)]
    pub(crate) fn put(&mut self, slot: u16, record: u32, heat: u8) {
        let at = usize::from(slot - self.first);
        self.occupants[at] = record;
        self.heats[at] = heat.saturating_add(1);
    }

    #[inline(always)]
    pub(crate) fn touch(&mut self, slot: u16) {
        let heat = &mut self.heats[usize::from(slot - self.first)];
        *heat = heat.saturating_add(1);
    }

    /// Notes that the record in `slot` left, which is then as if taken, and gives its heat.
    pub(crate) fn clear(&mut self, slot: u16) -> u8 {
        let at = usize::from(slot - self.first);
        self.occupants[at] = FREE;
        self.heats[at]
    }

    /// Makes a taken slot free.
    pub(crate) fn give_back(&mut self, slot: u16) {
        self.free.push(slot);
    }

    /// Which record leaves, not from a slot in `locked`; its slot is the caller's to fill. `None`
    /// where all are free or locked.
    #[inline(always)]
    pub(crate) fn victim(&mut self, locked: &[u16]) -> Option<Victim> {
        let place = self.window.turn();
        let leaving = self.window.slots[place];
        let Some(victim) = self.occupant(leaving, locked) else {
            return self.any_victim(locked);
        };
        if self.residents.slots.is_empty() {
            return Some(victim);
        }
        let asked = self.residents.turn();
        let resident = self.residents.slots[asked];
        match self.occupant(resident, locked) {
            // Where both counts are as high as they can be, nobody knows who is used more.
            Some(other) if victim.heat > other.heat || victim.heat == u8::MAX => {
                self.residents.slots[asked] = leaving;
                self.window.slots[place] = resident;
                Some(other)
            }
            _ => Some(victim),
        }
    }

    /// The record in a slot, counted from the first, that may leave it.
    #[inline(always)]
    fn occupant(&self, at: u16, locked: &[u16]) -> Option<Victim> {
        let (slot, at) = (self.first + at, usize::from(at));
        let record = self.occupants[at];
        let is_locked = !locked.is_empty() && locked.contains(&slot);
        let may_leave = record != FREE && !is_locked;
        may_leave.then(|| Victim { slot, record, heat: self.heats[at] })
    }

    #[cold]
    fn any_victim(&self, locked: &[u16]) -> Option<Victim> {
        let slots = self.window.slots.iter().chain(&self.residents.slots);
        slots.copied().find_map(|at| self.occupant(at, locked))
    }

    /// Lets what was used long ago count for less.
    pub(crate) fn cool(&mut self) {
        self.heats.iter_mut().for_each(|heat| *heat /= 2);
    }

    /// All slots with a record.
    pub(crate) fn occupied(&self) -> impl Iterator<Item = (u16, u32)> + '_ {
        let occupants = self.occupants.iter().zip(self.first..);
        occupants.filter(|(occupant, _)| **occupant != FREE).map(|(o, slot)| (slot, *o))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Slots 10 to 17, two of them in the window, with records 0 to 7, each used `heat` times.
    fn full(heat: u8) -> Slots {
        let mut slots = Slots::new(10, 8);
        for record in 0..8 {
            let slot = slots.take_free().unwrap();
            slots.put(slot, record, heat - 1);
        }
        slots
    }

    fn records(slots: &Slots) -> Vec<u32> {
        slots.occupied().map(|(_, record)| record).collect()
    }

    #[test]
    fn records_that_are_used_once_drive_out_no_resident() {
        let mut slots = full(2);
        for record in 100..200 {
            let victim = slots.victim(&[]).unwrap();
            assert!(victim.slot < 12 && (victim.record < 2 || victim.record >= 100));
            slots.put(victim.slot, record, 0);
        }
        assert_eq!(records(&slots), [198, 199, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn a_record_that_is_used_more_takes_a_residents_place() {
        let mut slots = full(2);
        for use_count in [3, 0] {
            let victim = slots.victim(&[]).unwrap();
            slots.put(victim.slot, 100 + use_count, use_count as u8);
        }
        // The first stays where it is; the resident that was asked leaves.
        assert_eq!(slots.victim(&[]), Some(Victim { slot: 14, record: 4, heat: 2 }));
        slots.put(14, 200, 0);
        assert!(records(&slots).contains(&103));
        // What cools down loses its place again.
        (0..3).for_each(|_| slots.cool());
        let victims: Vec<_> = (0..40)
            .filter_map(|_| {
                let victim = slots.victim(&[])?;
                slots.put(victim.slot, 300, 1);
                Some(victim.record)
            })
            .collect();
        assert!(victims.contains(&103));
    }

    #[test]
    fn heat_goes_with_its_record_and_counts_no_further_than_it_can() {
        let mut slots = full(2);
        (0..300).for_each(|_| slots.touch(10));
        assert_eq!(slots.clear(10), u8::MAX);
        slots.put(10, 0, u8::MAX);
        (0..300).for_each(|_| slots.touch(12));
        assert_eq!(slots.victim(&[]).map(|victim| victim.record), Some(2));
    }

    #[test]
    fn locked_and_free_slots_are_nobodys_victims() {
        let mut slots = full(1);
        let locked: Vec<u16> = (10..16).collect();
        slots.clear(16);
        slots.give_back(16);
        for _ in 0..20 {
            assert_eq!(slots.victim(&locked).map(|victim| victim.slot), Some(17));
        }
        assert_eq!(slots.victim(&(10..18).collect::<Vec<_>>()), None);
    }
}
