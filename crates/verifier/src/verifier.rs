//! A verifier: its threads, made together from one configuration.

use crate::board::Board;
use crate::ids::ThreadId;
use crate::instance::{Config, EMBEDDED_ONLY, InstanceId};
use crate::primitives::{Primitives, Standard};
use crate::thread::VerifierThread;
use alloc::sync::Arc;
use alloc::vec::Vec;
use zeta_program::Program;

/// A configuration from which no verifier can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigError {
    NoThreads,
    NoSlots,
}

/// The threads of one verifier, to be handed to those who drive them, and what they share.
pub struct Verifier<P: Primitives> {
    pub instance: InstanceId,
    pub board: Arc<Board>,
    pub threads: Vec<VerifierThread<P>>,
}

impl Verifier<Standard> {
    /// A verifier with the hashes that ship.
    pub fn new(config: &Config, program: Program) -> Result<Self, ConfigError> {
        let instance =
            InstanceId::new(&config.nonce, &program.digest(), &config.root, EMBEDDED_ONLY);
        let primitives = Standard::new(config.secret, instance, config.incarnation);
        Self::with_primitives(config, program, &primitives)
    }
}

impl<P: Primitives + Clone> Verifier<P> {
    /// A verifier over hashes of the caller's choice: only as sound as they are.
    pub fn with_primitives(
        config: &Config,
        program: Program,
        primitives: &P,
    ) -> Result<Self, ConfigError> {
        if config.threads == 0 {
            return Err(ConfigError::NoThreads);
        }
        if config.slots == 0 {
            return Err(ConfigError::NoSlots);
        }
        let instance =
            InstanceId::new(&config.nonce, &program.digest(), &config.root, EMBEDDED_ONLY);
        let program = Arc::new(program);
        let board = Arc::new(Board::new(config.threads));
        let mut threads: Vec<_> = (0..config.threads)
            .map(|id| {
                let (program, board) = (Arc::clone(&program), Arc::clone(&board));
                let bounds = (config.slots, config.byte_budget);
                VerifierThread::new(ThreadId(id), primitives.clone(), program, board, bounds)
            })
            .collect();
        if let Some(first) = threads.first_mut() {
            first.put_root(config.root);
        }
        Ok(Self { instance, board, threads })
    }
}
