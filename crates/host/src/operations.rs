//! The operations of a batch as workers see them, whatever columns they came in.

use crate::batch::{Column, DELETE, GET, PUT, Results, Status, Transitions};
use crate::chunk::Ran;
use crate::encoding::{ShortRun, put_counted, word};
use crate::error::HostError;
use crate::proof::Credential;
use crate::shape::Shape;
use crate::unverified::Unverified;
use crate::worker::Worker;
use zeta_verifier::{KEY_LEN_MAX, RelationId};

/// Operations, by their index in the batch.
pub(crate) trait Operations: Sync {
    fn transition(&self, index: usize) -> u16;
    /// The one record of an operation that names it by itself, as those of a key-value batch do.
    fn need(&self, index: usize) -> Need<'_>;
    /// The operation, where it is of the most common form.
    #[inline(always)]
    fn short_run(&self, _: usize) -> Option<ShortRun> {
        None
    }
    /// What a request says about its session; none where the host itself asks.
    #[inline(always)]
    fn credential(&self, _: usize) -> Option<&Credential> {
        None
    }
    /// Appends the encoded arguments.
    fn put_arguments(&self, index: usize, log: &mut Vec<u8>);
    /// Puts an operation's encoded result where the caller wants it.
    fn done(&self, index: usize, result: &[u8], results: &mut Results, at: usize);
}

/// Operations that workers take from a batch.
pub(crate) trait Work: Operations + Sized {
    /// Runs operations of a part, for which records have been brought up to `brought`.
    fn run(
        worker: &mut Worker,
        part: &mut Part<'_, Self>,
        range: (usize, usize),
        brought: usize,
    ) -> Result<Ran, HostError>;

    /// Adds the records in the tree that operations of a part need.
    fn find_cold(
        worker: &mut Worker,
        part: &Part<'_, Self>,
        range: (usize, usize),
        cold: &mut Vec<u32>,
    ) -> Result<(), HostError>;

    /// As `run`, without a verifier.
    fn run_plain(
        plain: &mut Unverified,
        part: &mut Part<'_, Self>,
        from: usize,
        to: usize,
    ) -> Result<(), HostError>;
}

/// The record of an operation.
#[derive(Clone, Copy)]
pub(crate) enum Need<'a> {
    One(RelationId, &'a [u8]),
    /// None: the verifier will refuse the operation, or its records are not known like this.
    None,
}

/// Any transitions, with encoded arguments.
pub(crate) struct Calls<'a> {
    pub(crate) shapes: &'a [Shape],
    pub(crate) transitions: Transitions<'a>,
    pub(crate) arguments: Column<'a>,
    /// Of requests of sessions, one for each call.
    pub(crate) credentials: Option<&'a [Credential]>,
}

/// Gets, puts and deletes of the key-value program.
pub(crate) struct KeyValue<'a> {
    pub(crate) transitions: Transitions<'a>,
    pub(crate) keys: Column<'a>,
    pub(crate) values: Column<'a>,
}

/// No operations: what a worker runs under when it acts for itself.
pub(crate) struct Nothing;

impl<'a> Calls<'a> {
    /// The shape of a call's transition; `None` where there is no such transition.
    #[inline(always)]
    pub(crate) fn shape(&self, index: usize) -> Option<&'a Shape> {
        self.shapes.get(usize::from(self.transitions.get(index)))
    }

    #[inline(always)]
    pub(crate) fn arguments(&self, index: usize) -> &'a [u8] {
        self.arguments.get(index)
    }
}

impl Operations for Calls<'_> {
    #[inline(always)]
    fn transition(&self, index: usize) -> u16 {
        self.transitions.get(index)
    }

    fn need(&self, _: usize) -> Need<'_> {
        Need::None
    }

    #[inline(always)]
    fn credential(&self, index: usize) -> Option<&Credential> {
        self.credentials.map(|credentials| &credentials[index])
    }

    #[inline(always)]
    fn put_arguments(&self, index: usize, log: &mut Vec<u8>) {
        log.extend_from_slice(self.arguments.get(index));
    }

    #[inline(always)]
    fn done(&self, _: usize, result: &[u8], results: &mut Results, at: usize) {
        results.set(at, Status::Done, result);
    }
}

impl Work for Calls<'_> {
    fn run(
        worker: &mut Worker,
        part: &mut Part<'_, Self>,
        range: (usize, usize),
        brought: usize,
    ) -> Result<Ran, HostError> {
        worker.run_calls(part, range, brought)
    }

    fn find_cold(
        worker: &mut Worker,
        part: &Part<'_, Self>,
        range: (usize, usize),
        cold: &mut Vec<u32>,
    ) -> Result<(), HostError> {
        worker.find_cold_of_calls(part, range, cold)
    }

    fn run_plain(
        plain: &mut Unverified,
        part: &mut Part<'_, Self>,
        from: usize,
        to: usize,
    ) -> Result<(), HostError> {
        plain.run_calls(part, from, to)
    }
}

impl KeyValue<'_> {
    /// The value to put.
    #[inline(always)]
    pub(crate) fn value(&self, index: usize) -> &[u8] {
        self.values.get(index)
    }

    /// Puts a record's value where the caller wants the result of a get.
    #[inline(always)]
    pub(crate) fn plain(&self, value: Option<&[u8]>, results: &mut Results, at: usize) {
        match value {
            Some(value) => results.set(at, Status::Done, value),
            None => results.set(at, Status::Absent, &[]),
        }
    }

    /// The encoded arguments, made in `scratch`.
    #[inline(always)]
    pub(crate) fn arguments<'a>(&self, index: usize, scratch: &'a mut Vec<u8>) -> &'a [u8] {
        scratch.clear();
        self.put_arguments(index, scratch);
        scratch
    }
}

impl Work for KeyValue<'_> {
    #[inline(always)]
    fn run(
        worker: &mut Worker,
        part: &mut Part<'_, Self>,
        range: (usize, usize),
        brought: usize,
    ) -> Result<Ran, HostError> {
        worker.run(part, range, brought)
    }

    fn find_cold(
        worker: &mut Worker,
        part: &Part<'_, Self>,
        range: (usize, usize),
        cold: &mut Vec<u32>,
    ) -> Result<(), HostError> {
        worker.find_cold(part, range, cold)
    }

    #[inline(always)]
    fn run_plain(
        plain: &mut Unverified,
        part: &mut Part<'_, Self>,
        from: usize,
        to: usize,
    ) -> Result<(), HostError> {
        plain.run(part, from, to)
    }
}

impl Operations for KeyValue<'_> {
    #[inline(always)]
    fn transition(&self, index: usize) -> u16 {
        self.transitions.get(index)
    }

    #[inline(always)]
    fn need(&self, index: usize) -> Need<'_> {
        let key = self.keys.get(index);
        if key.len() <= KEY_LEN_MAX { Need::One(RelationId(0), key) } else { Need::None }
    }

    #[inline(always)]
    fn short_run(&self, index: usize) -> Option<ShortRun> {
        let transition = self.transition(index);
        let key = word(self.keys.get(index))?;
        let value = match transition {
            PUT => Some(word(self.values.get(index))?),
            _ => None,
        };
        Some(ShortRun { transition, key, value })
    }

    #[inline(always)]
    fn put_arguments(&self, index: usize, log: &mut Vec<u8>) {
        put_counted(log, self.keys.get(index));
        if self.transition(index) == PUT {
            put_counted(log, self.values.get(index));
        }
    }

    #[inline(always)]
    fn done(&self, index: usize, result: &[u8], results: &mut Results, at: usize) {
        match (self.transition(index), result) {
            (GET, [0]) => results.set(at, Status::Absent, &[]),
            (GET, [1, _, _, _, _, value @ ..]) => results.set(at, Status::Done, value),
            (DELETE, result) => results.set_flag(at, result == [1]),
            (PUT, _) => {}
            _ => results.set(at, Status::Absent, &[]),
        }
    }
}

impl Operations for Nothing {
    fn transition(&self, _: usize) -> u16 {
        0
    }

    fn need(&self, _: usize) -> Need<'_> {
        Need::None
    }

    fn put_arguments(&self, _: usize, _: &mut Vec<u8>) {}

    fn done(&self, _: usize, _: &[u8], _: &mut Results, _: usize) {}
}

/// The operations of a batch that one worker runs, and where their results go.
pub(crate) struct Part<'a, O> {
    pub(crate) operations: &'a O,
    /// Which of the batch's operations are in this part; `None`: all.
    pub(crate) indices: Option<&'a [u32]>,
    pub(crate) results: &'a mut Results,
}

impl<'a, O: Operations> Part<'a, O> {
    /// The batch's index of the part's operation `at`.
    #[inline(always)]
    pub(crate) fn index(&self, at: usize) -> usize {
        match self.indices {
            None => at,
            Some(indices) => indices[at] as usize,
        }
    }

    /// What the part's operation `at` needs.
    #[inline(always)]
    pub(crate) fn need(&self, at: usize) -> Need<'a> {
        self.operations.need(self.index(at))
    }
}
