//! What the threads of a verifier share in order to serve clients, and what signs its epochs.

use crate::board::{Board, Outcome};
use crate::ids::Epoch;
use crate::instance::InstanceId;
use crate::reason::require;
use alloc::sync::Arc;
use alloc::vec::Vec;
use zeta_program::Program;
use zeta_session::{
    AccessError, AccessList, Certification, Entropy, Frontier, Identity, Introduction, Responder,
    Scope, SessionTable, thread_hash,
};

/// What a verifier needs to have clients. No `Debug`: most of it is secret.
pub struct Serving<'a> {
    /// The encoding of the access list.
    pub access: &'a [u8],
    pub identity: Identity,
    /// Drawn for this incarnation alone.
    pub entropy: Entropy,
    /// How many sessions of each thread may be open at once.
    pub sessions_per_thread: u16,
}

/// The part that every thread reads.
pub(crate) struct Service {
    pub(crate) scope: Scope,
    pub(crate) access: AccessList,
    pub(crate) responder: Responder,
    pub(crate) sessions: SessionTable,
}

/// Signs the epochs of one incarnation, once they are certified.
pub struct Certifier {
    board: Arc<Board>,
    identity: Identity,
    scope: Scope,
    introduction: Introduction,
}

impl Service {
    /// What the threads share, the certifier, and the entropy that is left.
    pub(crate) fn new(
        serving: Serving<'_>,
        (instance, incarnation): (InstanceId, [u8; 16]),
        program: &Program,
        board: &Arc<Board>,
    ) -> Result<(Self, Certifier, Entropy), AccessError> {
        let access = AccessList::decode(serving.access)?;
        access.check(program.transitions().len(), program.relations().len())?;
        let mut entropy = serving.entropy;
        let scope = Scope { instance: instance.0, incarnation, program: program.digest() };
        let responder = Responder::new(entropy.draw(), scope);
        let introduction = serving.identity.introduce(scope, responder.public_key());
        let sessions = SessionTable::new(board.threads(), serving.sessions_per_thread);
        let service = Self { scope, access, responder, sessions };
        let (board, identity) = (Arc::clone(board), serving.identity);
        Ok((service, Certifier { board, identity, scope, introduction }, entropy))
    }
}

/// Nothing is signed of an epoch that is not certified, or whose receipts are gone from the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotCertified;

impl Certifier {
    /// What clients need to know of this incarnation.
    #[must_use]
    pub fn introduction(&self) -> &Introduction {
        &self.introduction
    }

    /// Signs a certified epoch: always the same bytes. The receipts' roots of an epoch are kept
    /// until 32 later ones are certified.
    pub fn certification(&self, epoch: Epoch) -> Result<Certification, NotCertified> {
        require(self.board.outcome(epoch) == Outcome::Certified, NotCertified)?;
        let threads = self.board.receipts(epoch);
        require(!threads.is_empty(), NotCertified)?;
        let hashes: Vec<_> = (0..)
            .zip(&threads)
            .map(|(thread, (count, root))| thread_hash(thread, *count, root))
            .collect();
        let mut tree = Frontier::default();
        hashes.into_iter().for_each(|hash| tree.push(hash));
        let receipts = threads.iter().fold(0, |sum: u64, (count, _)| sum.saturating_add(*count));
        let sealed = (self.board.threads(), receipts, tree.root());
        Ok(Certification::sign(&self.identity, self.scope, epoch.0, sealed))
    }
}
