//! One verifier with all its threads, and everything that was ever submitted to it.

use std::sync::Arc;
use zeta_program::Program;
use zeta_verifier::{
    Board, Certifier, Config, Entry, Primitives, Progress, Serving, Standard, StopCause, Verifier,
    VerifierThread,
};

/// One call of `verify_log`, in processing order over all threads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub thread: u16,
    pub log: Vec<u8>,
    pub progress: Progress,
    pub outputs: Vec<u8>,
}

pub struct Run<P: Primitives> {
    pub board: Arc<Board>,
    pub threads: Vec<VerifierThread<P>>,
    pub steps: Vec<Step>,
}

impl<P: Primitives + Clone> Run<P> {
    #[must_use]
    pub fn new(config: &Config, program: &[u8], primitives: &P) -> Self {
        let program = Program::load(program).expect("the program is ours");
        let verifier = Verifier::with_primitives(config, program, primitives);
        let verifier = verifier.expect("the configuration is ours");
        Self { board: verifier.board, threads: verifier.threads, steps: Vec::new() }
    }
}

impl Run<Standard> {
    /// With the hashes that ship, and with clients where it serves any.
    #[must_use]
    pub fn serving(
        config: &Config,
        program: &[u8],
        serving: Option<Serving<'_>>,
    ) -> (Self, Option<Certifier>) {
        let program = Program::load(program).expect("the program is ours");
        let verifier = match serving {
            None => Verifier::new(config, program),
            Some(serving) => Verifier::serving(config, program, serving),
        };
        let verifier = verifier.expect("the configuration is ours");
        let run = Self { board: verifier.board, threads: verifier.threads, steps: Vec::new() };
        (run, verifier.certifier)
    }
}

impl<P: Primitives> Run<P> {
    /// Feeds bytes to a thread and records the call.
    pub fn feed(&mut self, thread: u16, log: &[u8]) -> &Step {
        let mut outputs = Vec::new();
        let progress = self.threads[usize::from(thread)].verify_log(log, &mut outputs);
        self.steps.push(Step { thread, log: log.to_vec(), progress, outputs });
        self.steps.last().expect("a step was just pushed")
    }

    /// Feeds one entry to a thread.
    pub fn submit(&mut self, thread: u16, entry: &Entry<'_>) -> &Step {
        let mut log = Vec::new();
        entry.encode(&mut log);
        self.feed(thread, &log)
    }
}

impl Step {
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.progress.stop == StopCause::Done
    }
}
