//! A worker's receipts of the epochs that are not certified: their leaves, in the order of its log.

use crate::batch::Results;
use crate::proof::Proof;
use std::collections::VecDeque;
use zeta_session::Hash;
use zeta_verifier::{Answer, Epoch};

/// Leaves by their epochs, which rise.
#[derive(Default)]
pub(crate) struct Leaves(VecDeque<(Epoch, Vec<Hash>)>);

impl Leaves {
    /// Takes over what may stand behind the answer to an operation; gives the answers after it.
    pub(crate) fn note<'a>(
        &mut self,
        thread: u16,
        answers: &'a [u8],
        results: &mut Results,
        at: usize,
    ) -> &'a [u8] {
        match Answer::decode(answers) {
            Some((Answer::Receipt { timestamp, leaf, mac }, after)) => {
                let index = self.push(timestamp.epoch(), *leaf);
                let (leaf, mac) = (*leaf, mac.copied());
                results.set_proof(at, Proof::Receipt { thread, timestamp, index, leaf, mac });
                after
            }
            Some((Answer::Status { status, leaf, mac }, after)) => {
                results.set_proof(at, Proof::Status { status, leaf: *leaf, mac: *mac });
                after
            }
            _ => answers,
        }
    }

    fn push(&mut self, epoch: Epoch, leaf: Hash) -> u64 {
        if self.0.back().is_none_or(|(last, _)| *last != epoch) {
            self.0.push_back((epoch, Vec::new()));
        }
        self.0.back_mut().map_or(0, |(_, leaves)| {
            leaves.push(leaf);
            leaves.len() as u64 - 1
        })
    }

    /// Takes the leaves of an epoch out.
    pub(crate) fn take(&mut self, epoch: Epoch) -> Vec<Hash> {
        while self.0.front().is_some_and(|(first, _)| *first < epoch) {
            self.0.pop_front();
        }
        match self.0.front() {
            Some((first, _)) if *first == epoch => {
                self.0.pop_front().map(|(_, leaves)| leaves).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }
}
