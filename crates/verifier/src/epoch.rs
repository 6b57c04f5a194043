//! A thread's sums of the epochs that it has not closed.
//!
//! Epochs may be touched in any order; one that is not closed is never dropped or overwritten.

use crate::board::EpochSums;
use crate::decide::EPOCH_WINDOW;
use crate::element::Multiset;
use crate::ids::Epoch;
use crate::primitives::Primitives;
use alloc::boxed::Box;

/// The secret key of one epoch, and what was added and evicted in it.
pub(crate) struct OpenEpoch<P: Primitives> {
    epoch: Epoch,
    pub(crate) key: P::EpochKey,
    pub(crate) added: Multiset,
    pub(crate) evicted: Multiset,
}

/// Where an epoch is kept while it is open.
type Place<P> = Option<Box<OpenEpoch<P>>>;

/// A window of open epochs, indexed by the epoch modulo its size.
///
/// INVARIANT: every epoch in it lies in `[next, next + EPOCH_WINDOW)`, where `next` is the first
/// epoch that the thread has not closed; so no two share a place.
pub(crate) struct OpenEpochs<P: Primitives> {
    window: Box<[Place<P>]>,
}

impl<P: Primitives> OpenEpochs<P> {
    pub(crate) fn new() -> Self {
        Self { window: (0..EPOCH_WINDOW).map(|_| None).collect() }
    }

    fn place(&mut self, epoch: Epoch) -> Option<&mut Place<P>> {
        self.window.get_mut((epoch.0 % EPOCH_WINDOW) as usize)
    }

    /// Elements added and evicted in `epoch` so far: none where it was not touched.
    #[inline]
    pub(crate) fn counts(&self, epoch: Epoch) -> (u64, u64) {
        let place = self.window.get((epoch.0 % EPOCH_WINDOW) as usize);
        match place {
            Some(Some(open)) if open.epoch == epoch => (open.added.count, open.evicted.count),
            _ => (0, 0),
        }
    }

    /// The epoch, opened where it was not. The caller has checked that it is in the window.
    #[inline]
    pub(crate) fn open(&mut self, epoch: Epoch, primitives: &P) -> Option<&mut OpenEpoch<P>> {
        let place = self.place(epoch)?;
        if place.as_ref().is_none_or(|open| open.epoch != epoch) {
            let key = primitives.epoch_key(epoch);
            *place = Some(Box::new(OpenEpoch {
                epoch,
                key,
                added: Multiset::EMPTY,
                evicted: Multiset::EMPTY,
            }));
        }
        place.as_deref_mut()
    }

    /// Takes the sums of `epoch` out, and forgets its key: zero where it was not touched.
    pub(crate) fn close(&mut self, epoch: Epoch, primitives: &P) -> EpochSums {
        let found = self.place(epoch).and_then(|place| place.take_if(|open| open.epoch == epoch));
        let Some(mut open) = found else { return EpochSums::default() };
        EpochSums {
            added: open.added.settle(primitives, &mut open.key),
            evicted: open.evicted.settle(primitives, &mut open.key),
            add_count: open.added.count,
            evict_count: open.evicted.count,
        }
    }
}
