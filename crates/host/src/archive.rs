//! What the host keeps of certified epochs for those who want receipts: their leaves, and what the
//! identity signed.
//!
//! It keeps the leaves of the latest epochs alone; a client fetches the rest of its receipts in
//! time.

use crate::error::HostError;
use crate::receipt_tree::ReceiptTree;
use crate::store::{Engine, Shared};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock};
use zeta_session::{Certification, Hash, thread_hash};
use zeta_verifier::{Certifier, Epoch, Outcome};

/// Certified epochs whose receipts are kept.
pub const RECEIPT_EPOCHS_KEPT: usize = 64;
/// Leaves beyond which fewer epochs are kept, the last always: 256 MiB, and as much again for
/// their trees where somebody asks for paths.
pub const LEAVES_KEPT_MAX: usize = 1 << 23;

/// The certifier, and what is kept.
pub(crate) struct Archive {
    pub(crate) certifier: Certifier,
    kept: Mutex<VecDeque<Arc<Kept>>>,
}

/// One certified epoch.
struct Kept {
    certification: Certification,
    leaves: Vec<Vec<Hash>>,
    /// Made when the first path is asked for.
    trees: OnceLock<Trees>,
}

struct Trees {
    of_threads: Vec<ReceiptTree>,
    of_epoch: ReceiptTree,
}

/// Where an operation's leaf is in its certified epoch: what turns a request and its answer into a
/// receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptPath {
    /// Leaves of the thread in the epoch.
    pub count: u64,
    pub path: Vec<Hash>,
    pub threads: u16,
    /// Leaves of all threads.
    pub receipts: u64,
    pub thread_path: Vec<Hash>,
    pub signature: [u8; 64],
}

impl Kept {
    fn count(&self) -> usize {
        self.leaves.iter().map(Vec::len).sum()
    }

    fn trees(&self) -> &Trees {
        self.trees.get_or_init(|| {
            let of_threads: Vec<_> = self.leaves.iter().cloned().map(ReceiptTree::new).collect();
            let hash =
                |(id, tree): (u16, &ReceiptTree)| thread_hash(id, tree.len() as u64, &tree.root());
            let of_epoch = ReceiptTree::new((0..).zip(&of_threads).map(hash).collect());
            Trees { of_threads, of_epoch }
        })
    }
}

impl Archive {
    pub(crate) fn new(certifier: Certifier) -> Self {
        Self { certifier, kept: Mutex::default() }
    }

    fn keep(&self, epoch: Epoch, leaves: Vec<Vec<Hash>>) -> Result<(), HostError> {
        let why = "a certified epoch was not signed";
        let signed = self.certifier.certification(epoch);
        let certification = signed.map_err(|_| HostError::Internal { why })?;
        let Ok(mut kept) = self.kept.lock() else { return Ok(()) };
        kept.push_back(Arc::new(Kept { certification, leaves, trees: OnceLock::new() }));
        let mut count: usize = kept.iter().map(|kept| kept.count()).sum();
        while kept.len() > 1 && (kept.len() > RECEIPT_EPOCHS_KEPT || count > LEAVES_KEPT_MAX) {
            count -= kept.pop_front().map_or(0, |dropped| dropped.count());
        }
        Ok(())
    }

    fn find(&self, epoch: Epoch) -> Option<Arc<Kept>> {
        let kept = self.kept.lock().ok()?;
        kept.iter().find(|kept| kept.certification.epoch == epoch.0).cloned()
    }
}

impl Shared {
    pub(crate) fn archive(&self) -> Result<&Archive, HostError> {
        let why = "the store was opened without an access list";
        self.archive.as_ref().ok_or(HostError::NoReceipt { why })
    }

    /// Takes the leaves of an epoch that has just been certified from the workers.
    pub(crate) fn keep_receipts(&self, epoch: Epoch) -> Result<(), HostError> {
        let Some(archive) = &self.archive else { return Ok(()) };
        let mut leaves = Vec::new();
        for engine in &self.engines {
            if let Engine::Verified(worker) = &mut *self.lock(engine)? {
                leaves.push(worker.leaves.as_mut().map(|all| all.take(epoch)).unwrap_or_default());
            }
        }
        archive.keep(epoch, leaves)
    }

    fn kept(&self, epoch: Epoch) -> Result<Arc<Kept>, HostError> {
        let archive = self.archive()?;
        if let Some(kept) = archive.find(epoch) {
            return Ok(kept);
        }
        let certified = self
            .board
            .as_ref()
            .is_some_and(|board| matches!(board.outcome(epoch), Outcome::Certified));
        if !certified {
            return Err(HostError::NoReceipt { why: "the epoch is not certified" });
        }
        // A turn tells the board first, and the archive at its end.
        drop(self.turning()?);
        let why = "the host keeps its receipts no longer";
        archive.find(epoch).ok_or(HostError::NoReceipt { why })
    }

    pub(crate) fn certification(&self, epoch: Epoch) -> Result<Certification, HostError> {
        self.kept(epoch).map(|kept| kept.certification)
    }

    pub(crate) fn receipt_path(
        &self,
        thread: u16,
        epoch: Epoch,
        index: u64,
    ) -> Result<ReceiptPath, HostError> {
        let kept = self.kept(epoch)?;
        let trees = kept.trees();
        let tree = trees.of_threads.get(usize::from(thread));
        let tree = tree.filter(|tree| index < tree.len() as u64);
        let why = "the thread has no such receipt in the epoch";
        let tree = tree.ok_or(HostError::NoReceipt { why })?;
        Ok(ReceiptPath {
            count: tree.len() as u64,
            path: tree.path(index as usize),
            threads: kept.certification.threads,
            receipts: kept.certification.receipts,
            thread_path: trees.of_epoch.path(usize::from(thread)),
            signature: kept.certification.signature,
        })
    }
}
