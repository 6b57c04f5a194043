//! Sessions at the host, which carries what clients and the verifier say to each other: it can fall
//! silent, and do nothing else to them.

use crate::batch::{Results, Status};
use crate::error::HostError;
use crate::operations::{Calls, Operations, Part};
use crate::store::Shared;
use crate::worker::Worker;
use std::sync::atomic::Ordering;
use zeta_session::{Hash, Mac};
use zeta_verifier::{Answer, Entry, NotYet, Refusal, SessionEntry, StopCause, ThreadId};

/// What the verifier answered to a control entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ControlAnswer {
    /// Message 2 of a handshake, or the MAC of a session that was revoked.
    Done(Vec<u8>),
    Refused(u16),
    /// What became of a number: 0 unknown, 1 executed, 2 not executed.
    Status {
        status: u8,
        leaf: Hash,
        mac: Mac,
    },
    /// The session asked for strict order, and the number before is not settled.
    NotYet,
}

impl Shared {
    /// Lets a worker's verifier thread see a control entry.
    pub(crate) fn control(&self, entry: &SessionEntry<'_>) -> Result<ControlAnswer, HostError> {
        self.check()?;
        self.archive()?;
        let workers = self.engines.len();
        let first = self.next_control.fetch_add(1, Ordering::Relaxed);
        let mut answer = ControlAnswer::NotYet;
        // Each thread has room for its share of the sessions.
        for at in 0..workers {
            let mut engine = self.lock(&self.engines[(first + at) % workers])?;
            let worker = self.verified(&mut engine)?;
            answer = worker.control(entry).map_err(|error| self.fail(error))?;
            if answer != ControlAnswer::Refused(Refusal::NoRoom.code()) {
                break;
            }
        }
        Ok(answer)
    }

    /// Runs requests of sessions.
    pub(crate) fn run_requests(
        &self,
        calls: &Calls<'_>,
        len: usize,
        results: &mut Results,
    ) -> Result<(), HostError> {
        self.archive()?;
        self.run_calls(calls, len, results)?;
        // A session that asked for order is served by several threads, or told us its numbers out
        // of order: one by one, each finds the number before it settled, or never will.
        let waits = |index: &usize| results.status(*index) == Status::NotYet;
        let mut waiting: Vec<usize> = (0..len).filter(waits).collect();
        waiting.sort_by_key(|index| calls.credential(*index).map(|c| (c.session, c.sequence)));
        waiting.into_iter().try_for_each(|index| self.run_one(calls, index, results))
    }

    fn run_one(
        &self,
        calls: &Calls<'_>,
        index: usize,
        results: &mut Results,
    ) -> Result<(), HostError> {
        let indices = [index as u32];
        if self.engines.len() > 1 {
            return self.run_last(calls, index, results);
        }
        let mut own = results.like();
        own.reset(1);
        let mut part = Part { operations: calls, indices: Some(&indices), results: &mut own };
        self.run_part(0, &mut part, 1)?;
        results.take(&own, &indices);
        Ok(())
    }
}

impl Worker {
    /// Lets the verifier see a control entry. Nothing is planned while the baton is free.
    fn control(&mut self, entry: &SessionEntry<'_>) -> Result<ControlAnswer, HostError> {
        self.flush_own()?;
        let mut log = Vec::new();
        Entry::Session(*entry).encode(&mut log);
        if let Some(intercept) = &mut self.intercept {
            intercept(self.id, &mut log);
        }
        let mut answers = Vec::new();
        let progress = self.show(&log, &mut answers)?;
        match progress {
            StopCause::Done => {}
            StopCause::Retry(NotYet::Order) => return Ok(ControlAnswer::NotYet),
            StopCause::Retry(not_yet) => {
                let thread = ThreadId(self.id);
                return self.fail(HostError::Stuck { thread, not_yet });
            }
            StopCause::Rejected(rejection) => return self.fail(rejection.into()),
        }
        match Answer::decode(&answers) {
            Some((Answer::Done(bytes), _)) => Ok(ControlAnswer::Done(bytes.to_vec())),
            Some((Answer::Refused(code), _)) => Ok(ControlAnswer::Refused(code)),
            Some((Answer::Status { status, leaf, mac }, _)) => {
                Ok(ControlAnswer::Status { status, leaf: *leaf, mac: *mac })
            }
            _ => self.fail(HostError::Unanswered { thread: ThreadId(self.id) }),
        }
    }
}
