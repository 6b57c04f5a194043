//! What a store is opened with.

use crate::error::HostError;
use std::path::PathBuf;

/// Where records live while no operation touches them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Hot records stay in slots, the rest is deferred, what is long idle goes to the tree.
    Hybrid,
    /// Every record is deferred as soon as its operations are done (Concerto).
    DeferredOnly,
    /// Every record goes back to the tree after its operation.
    MerkleOnly,
    /// No verifier: the same program over the same index, records, batches and copies, without log,
    /// slots, epochs and deferral. What a ratio compares with.
    Unverified,
    /// Nor a program: gets, puts and deletes are applied to the index and records as they are. A
    /// plain map, to show beside the ratio.
    PlainMap,
}

impl Policy {
    /// Whether a verifier checks what the store answers.
    #[must_use]
    pub fn is_verified(self) -> bool {
        !matches!(self, Self::Unverified | Self::PlainMap)
    }
}

/// The random bits of a verifier's life. Nonce and incarnation are public, the others are not.
#[derive(Clone)]
pub struct Entropy {
    pub nonce: [u8; 16],
    pub incarnation: [u8; 16],
    pub secret: [u8; 32],
    /// Of which the keys of sessions are drawn.
    pub sessions: [u8; 32],
}

impl Entropy {
    /// Fresh bits from the operating system.
    pub fn draw() -> Result<Self, HostError> {
        let mut bits = [0; ENTROPY_LEN];
        getrandom::fill(&mut bits).map_err(|error| HostError::Entropy(error.to_string()))?;
        Ok(Self::from_bits(&bits))
    }

    /// The same bits for the same seed: for tests and examples, where nobody attacks.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        let mut bits = [0; ENTROPY_LEN];
        for (chunk, counter) in bits.chunks_exact_mut(32).zip(0_u64..) {
            let parts: [&[u8]; 2] = [&seed.to_le_bytes(), &counter.to_le_bytes()];
            chunk.copy_from_slice(&zeta_verifier::sha256(0xff, &parts));
        }
        Self::from_bits(&bits)
    }

    /// These very bits. Two verifiers with the same ones are copies of each other: only who shows
    /// what a copy can do asks for that.
    #[must_use]
    pub fn from_bits(bits: &[u8; ENTROPY_LEN]) -> Self {
        let mut entropy =
            Self { nonce: [0; 16], incarnation: [0; 16], secret: [0; 32], sessions: [0; 32] };
        entropy.nonce.copy_from_slice(&bits[..16]);
        entropy.incarnation.copy_from_slice(&bits[16..32]);
        entropy.secret.copy_from_slice(&bits[32..64]);
        entropy.sessions.copy_from_slice(&bits[64..]);
        entropy
    }
}

/// Bytes of all of a life's random bits.
pub const ENTROPY_LEN: usize = 96;

/// What a store is opened with; see `Options::new` for the defaults.
#[derive(Clone)]
pub struct Options {
    /// Workers, each with a verifier thread of its own.
    pub workers: u16,
    /// Slots of each worker's thread.
    pub slots_per_worker: u16,
    /// Bytes of keys and values that the slots of one thread may hold.
    pub byte_budget: u64,
    pub policy: Policy,
    /// How often the epoch turns by itself; `None`: only when `certify` asks for it.
    pub epoch_ms: Option<u64>,
    /// Epochs without use after which a deferred record goes back to the tree (`Hybrid` alone).
    pub idle_epochs: u32,
    /// A new or empty folder for the threads' logs.
    pub log_dir: Option<PathBuf>,
    /// The bytes of the application's program.
    pub program: Vec<u8>,
    pub entropy: Entropy,
    /// Whom the store serves besides its own process; `None`: nobody, and there are no receipts.
    pub serving: Option<Serving>,
}

/// What a store needs to have clients.
#[derive(Clone)]
pub struct Serving {
    /// The encoding of the access list.
    pub access: Vec<u8>,
    /// The secret of the identity that clients pin.
    pub identity_seed: [u8; 32],
    /// How many sessions may be open at once for each worker.
    pub sessions_per_worker: u16,
}

impl Options {
    /// One worker, the default policy, epochs of one second, no log.
    #[must_use]
    pub fn new(program: Vec<u8>, entropy: Entropy) -> Self {
        Self {
            workers: 1,
            slots_per_worker: 16384,
            byte_budget: 64 << 20,
            policy: Policy::Hybrid,
            epoch_ms: Some(1000),
            idle_epochs: 60,
            log_dir: None,
            program,
            entropy,
            serving: None,
        }
    }
}

/// The most workers of a store.
pub const WORKERS_MAX: u16 = 256;
/// The smallest byte budget: the longest records of one operation, and room beside them.
pub const BYTE_BUDGET_MIN: u64 = 20 << 20;
