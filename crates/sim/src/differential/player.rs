//! The Rust side: plays a case on the verifier, and writes the replies that the oracle should.

use super::case::{Case, Move};
use super::setup::{Loaded, Setup};
use zeta_verifier::{Epoch, Outcome, Primitives, Progress, StopCause, Verifier};

/// A verifier over any hashes.
pub trait Playable {
    /// Feeds bytes to a thread; appends the body of the reply.
    fn call(&mut self, thread: u16, log: &[u8], reply: &mut Vec<u8>);
    /// Appends what became of the epochs.
    fn outcomes(&self, reply: &mut Vec<u8>);
}

pub struct Running<P: Primitives>(pub Verifier<P>);

impl<P: Primitives> Playable for Running<P> {
    fn call(&mut self, thread: u16, log: &[u8], reply: &mut Vec<u8>) {
        let thread = &mut self.0.threads[usize::from(thread)];
        let mut outputs = Vec::new();
        let progress = thread.verify_log(log, &mut outputs);
        put_progress(reply, progress);
        put_place(reply, thread.clock().epoch(), thread.clock().counter());
        reply.extend_from_slice(&thread.next_epoch().0.to_le_bytes());
        reply.extend_from_slice(&outputs);
    }

    fn outcomes(&self, reply: &mut Vec<u8>) {
        let board = &self.0.board;
        reply.extend_from_slice(&board.floor().0.to_le_bytes());
        let certified = board.certified().map_or(0, |last| last.0 + 1);
        reply.extend_from_slice(&certified.to_le_bytes());
        let mut count = 0;
        for thread in &self.0.threads {
            put_place(reply, thread.clock().epoch(), thread.clock().counter());
            reply.extend_from_slice(&thread.next_epoch().0.to_le_bytes());
            count = count.max(thread.next_epoch().0 + 1);
        }
        reply.extend_from_slice(&count.to_le_bytes());
        for epoch in 0..count {
            let outcome = board.outcome(Epoch(epoch));
            put_outcome(reply, &outcome);
            let certifier = self.0.certifier.as_ref();
            let signed = certifier.map(|signs| signs.certification(Epoch(epoch)));
            match (signed, outcome) {
                // Where an epoch is not certified, nothing is signed, and the oracle says nothing.
                (Some(Ok(signed)), _) => {
                    reply.push(1);
                    reply.extend_from_slice(&signed.receipts.to_le_bytes());
                    reply.extend_from_slice(&signed.root);
                }
                (Some(Err(_)), Outcome::Certified) => reply.push(0),
                _ => {}
            }
        }
    }
}

fn put_place(reply: &mut Vec<u8>, epoch: Epoch, counter: u32) {
    reply.extend_from_slice(&epoch.0.to_le_bytes());
    reply.extend_from_slice(&counter.to_le_bytes());
}

fn put_progress(reply: &mut Vec<u8>, progress: Progress) {
    let (stop, code, position) = match progress.stop {
        StopCause::Done => (0, 0, 0),
        StopCause::Retry(not_yet) => (1, not_yet.code(), 0),
        StopCause::Rejected(found) => (2, found.reason.code(), found.position),
    };
    reply.extend_from_slice(&(progress.consumed as u32).to_le_bytes());
    reply.push(stop);
    reply.extend_from_slice(&code.to_le_bytes());
    reply.extend_from_slice(&u64::to_le_bytes(position));
}

fn put_outcome(reply: &mut Vec<u8>, outcome: &Outcome) {
    match outcome {
        Outcome::Certified => reply.push(0),
        Outcome::Pending { missing } => {
            reply.push(1);
            reply.extend_from_slice(&(missing.len() as u16).to_le_bytes());
            missing.iter().for_each(|thread| reply.extend_from_slice(&thread.0.to_le_bytes()));
        }
        Outcome::Mismatch { first } => {
            reply.push(2);
            reply.extend_from_slice(&first.0.to_le_bytes());
        }
        Outcome::Poisoned { thread, position, reason } => {
            reply.push(3);
            reply.extend_from_slice(&thread.0.to_le_bytes());
            reply.extend_from_slice(&position.to_le_bytes());
            reply.extend_from_slice(&reason.code().to_le_bytes());
        }
    }
}

/// How a call ended, read from its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stopped {
    Done,
    Retry(u16),
    Rejected(u16),
}

impl Stopped {
    /// `None` where the reply is not that of a call.
    #[must_use]
    pub fn of(reply: &[u8]) -> Option<Self> {
        let code = u16::from_le_bytes([*reply.get(5)?, *reply.get(6)?]);
        match reply.get(4)? {
            0 => Some(Self::Done),
            1 => Some(Self::Retry(code)),
            _ => Some(Self::Rejected(code)),
        }
    }
}

/// What became of an epoch, without the particulars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Became {
    Certified,
    Pending,
    Mismatch,
    Poisoned,
}

impl Became {
    /// Of each epoch, read from the reply to the question for outcomes.
    #[must_use]
    pub fn of(reply: &[u8], setup: &Setup) -> Vec<Self> {
        let mut found = Vec::new();
        let mut rest = reply.get(12 + 12 * usize::from(setup.threads)..).unwrap_or_default();
        while let [tag, after @ ..] = rest {
            let (became, len) = match (tag, after) {
                (0, [1, ..]) if setup.clients.is_some() => (Self::Certified, 1 + 8 + 32),
                (0, _) => (Self::Certified, usize::from(setup.clients.is_some())),
                (1, [low, high, ..]) => {
                    (Self::Pending, 2 + 2 * usize::from(u16::from_le_bytes([*low, *high])))
                }
                (2, _) => (Self::Mismatch, 4),
                _ => (Self::Poisoned, 2 + 8 + 2),
            };
            found.push(became);
            rest = after.get(len..).unwrap_or_default();
        }
        found
    }
}

/// Where the outputs begin in the reply to a call.
pub const OUTPUTS: usize = 4 + 1 + 2 + 8 + 4 + 4 + 4;

/// Plays a case while it is made: whoever makes it sees the replies.
pub struct Player<'a> {
    loaded: Option<&'a Loaded<'a>>,
    verifier: Option<Box<dyn Playable>>,
    /// The calls that lead to where the case is, and how many of them lead to each note.
    path: Vec<(u16, Vec<u8>)>,
    notes: Vec<usize>,
    /// The verifier is beyond `path` and must be made again before it is asked.
    stale: bool,
    pub case: Case,
    /// All replies, each after its length.
    pub replies: Vec<u8>,
    /// Where the last one begins.
    last: usize,
}

impl<'a> Player<'a> {
    #[must_use]
    pub fn new(name: String, setup: &Setup, loaded: Option<&'a Loaded<'a>>) -> Self {
        let verifier = loaded.and_then(Loaded::verifier);
        let mut player = Self {
            loaded,
            path: Vec::new(),
            notes: Vec::new(),
            stale: false,
            case: Case::new(name, setup.clone()),
            replies: Vec::new(),
            last: 0,
            verifier,
        };
        let made = u8::from(player.verifier.is_none());
        player.reply(|reply| reply.push(made));
        player
    }

    /// Makes a move; the body of the reply.
    pub fn make(&mut self, made: Move) -> &[u8] {
        match &made {
            Move::Call { thread, log } => {
                self.refresh();
                let (thread, log) = (*thread, log.clone());
                let verifier = self.verifier.take();
                self.reply_of(verifier, |verifier, reply| verifier.call(thread, &log, reply));
                self.path.push((thread, log));
            }
            Move::Outcomes => {
                self.refresh();
                let verifier = self.verifier.take();
                self.reply_of(verifier, |verifier, reply| verifier.outcomes(reply));
            }
            Move::Try => {
                self.notes.push(self.path.len());
                self.reply(|_| {});
            }
            Move::Back => {
                let len = self.notes.pop().expect("a state was noted");
                self.stale |= len < self.path.len();
                self.path.truncate(len);
                self.reply(|_| {});
            }
        }
        self.case.moves.push(made);
        &self.replies[self.last..]
    }

    pub fn call(&mut self, thread: u16, log: &[u8]) -> &[u8] {
        self.make(Move::Call { thread, log: log.to_vec() })
    }

    /// Submits bytes, asks what became of the epochs, and takes it all back.
    pub fn probe(&mut self, calls: &[(u16, Vec<u8>)]) {
        self.make(Move::Try);
        for (thread, log) in calls {
            self.call(*thread, log);
        }
        self.make(Move::Outcomes);
        self.make(Move::Back);
    }

    fn reply_of(
        &mut self,
        mut verifier: Option<Box<dyn Playable>>,
        write: impl FnOnce(&mut dyn Playable, &mut Vec<u8>),
    ) {
        self.reply(|reply| {
            if let Some(verifier) = &mut verifier {
                write(verifier.as_mut(), reply);
            }
        });
        self.verifier = verifier;
    }

    fn reply(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.replies.extend_from_slice(&[0; 4]);
        self.last = self.replies.len();
        write(&mut self.replies);
        let len = (self.replies.len() - self.last) as u32;
        self.replies[self.last - 4..self.last].copy_from_slice(&len.to_le_bytes());
    }

    /// A verifier cannot go back: another one is made, and led here.
    fn refresh(&mut self) {
        if !std::mem::take(&mut self.stale) {
            return;
        }
        self.verifier = self.loaded.and_then(Loaded::verifier);
        let mut ignored = Vec::new();
        if let Some(verifier) = &mut self.verifier {
            for (thread, log) in &self.path {
                ignored.clear();
                verifier.call(*thread, log, &mut ignored);
            }
        }
    }
}

/// The replies to a whole case.
#[must_use]
pub fn play(case: &Case) -> Vec<u8> {
    let loaded = case.setup.load();
    let mut player = Player::new(case.name.clone(), &case.setup, loaded.as_ref());
    for made in &case.moves {
        player.make(made.clone());
    }
    player.replies
}
