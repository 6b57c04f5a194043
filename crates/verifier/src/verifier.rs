//! A verifier: its threads, made together from one configuration.

use crate::board::Board;
use crate::ids::ThreadId;
use crate::instance::{Config, InstanceId};
use crate::primitives::{Primitives, Standard};
use crate::reason::require;
use crate::service::{Certifier, Service, Serving};
use crate::thread::VerifierThread;
use alloc::sync::Arc;
use alloc::vec::Vec;
use zeta_program::Program;
use zeta_session::{AccessError, EMBEDDED_ONLY};

/// A configuration from which no verifier can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigError {
    NoThreads,
    NoSlots,
    Access(AccessError),
}

/// The threads of one verifier, to be handed to those who drive them, and what they share.
pub struct Verifier<P: Primitives> {
    pub instance: InstanceId,
    pub board: Arc<Board>,
    pub threads: Vec<VerifierThread<P>>,
    /// None where there are neither clients nor receipts.
    pub certifier: Option<Certifier>,
}

impl Verifier<Standard> {
    /// A verifier with the hashes that ship, for its own host alone.
    pub fn new(config: &Config, program: Program) -> Result<Self, ConfigError> {
        let primitives = standard(config, &program, EMBEDDED_ONLY);
        Self::with_primitives(config, program, &primitives)
    }

    /// A verifier with the hashes that ship, for those whom the access list names.
    pub fn serving(
        config: &Config,
        program: Program,
        serving: Serving<'_>,
    ) -> Result<Self, ConfigError> {
        let primitives = standard(config, &program, serving.access);
        Self::build(config, program, &primitives, Some(serving))
    }
}

fn standard(config: &Config, program: &Program, access: &[u8]) -> Standard {
    let instance = InstanceId::new(&config.nonce, &program.digest(), &config.root, access);
    Standard::new(config.secret, instance, config.incarnation)
}

impl<P: Primitives + Clone> Verifier<P> {
    /// A verifier over hashes of the caller's choice: only as sound as they are.
    pub fn with_primitives(
        config: &Config,
        program: Program,
        primitives: &P,
    ) -> Result<Self, ConfigError> {
        Self::build(config, program, primitives, None)
    }

    fn build(
        config: &Config,
        program: Program,
        primitives: &P,
        serving: Option<Serving<'_>>,
    ) -> Result<Self, ConfigError> {
        require(config.threads != 0, ConfigError::NoThreads)?;
        require(config.slots != 0, ConfigError::NoSlots)?;
        let access = serving.as_ref().map_or(EMBEDDED_ONLY, |serving| serving.access);
        let instance = InstanceId::new(&config.nonce, &program.digest(), &config.root, access);
        let program = Arc::new(program);
        let board = Arc::new(Board::new(config.threads, serving.is_some()));
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
        let mut certifier = None;
        if let Some(serving) = serving {
            let names = (instance, config.incarnation.0);
            let (service, signs, mut entropy) =
                Service::new(serving, names, &program, &board).map_err(ConfigError::Access)?;
            let service = Arc::new(service);
            threads.iter_mut().for_each(|thread| thread.serve(&service, entropy.split()));
            certifier = Some(signs);
        }
        Ok(Self { instance, board, threads, certifier })
    }
}
