//! A thread's receipts of the epochs that it has not closed: only their frontiers are kept.

use crate::ids::Epoch;
use crate::record::Hash;
use alloc::collections::VecDeque;
use zeta_session::Frontier;

/// Frontiers in the order of their epochs, which rise with the clock; none for an epoch without
/// receipts. There are at most as many as the window of epochs is long.
#[derive(Default)]
pub(crate) struct Receipts(VecDeque<(Epoch, Frontier)>);

impl Receipts {
    pub(crate) fn push(&mut self, epoch: Epoch, leaf: Hash) {
        if self.0.back().is_none_or(|(last, _)| *last != epoch) {
            self.0.push_back((epoch, Frontier::default()));
        }
        if let Some((_, frontier)) = self.0.back_mut() {
            frontier.push(leaf);
        }
    }

    /// Takes the receipts of an epoch out: a tree of no leaves where there are none.
    pub(crate) fn close(&mut self, epoch: Epoch) -> Frontier {
        if self.0.front().is_none_or(|(first, _)| *first != epoch) {
            return Frontier::default();
        }
        self.0.pop_front().map(|(_, frontier)| frontier).unwrap_or_default()
    }
}
