//! The operations of a batch as workers see them, whatever columns they came in.

use crate::batch::{Column, DELETE, GET, PUT, Results, Status, Transitions};
use crate::encoding::put_counted;
use crate::shape::{Need, Shape};
use zeta_verifier::{KEY_LEN_MAX, RelationId};

/// Operations, by their index in the batch.
pub(crate) trait Operations: Sync {
    fn transition(&self, index: usize) -> u16;
    fn need(&self, index: usize) -> Need<'_>;
    /// The keys of an operation that needs several records, in the order of its asking.
    fn keys(&self, index: usize) -> Vec<(RelationId, &[u8])>;
    /// The encoded arguments, made in `scratch` where the batch has them in parts.
    fn arguments<'a>(&'a self, index: usize, scratch: &'a mut Vec<u8>) -> &'a [u8];
    /// Appends the encoded arguments.
    fn put_arguments(&self, index: usize, log: &mut Vec<u8>);
    /// The value to put, of a key-value batch; the unverified store asks for it.
    fn value(&self, index: usize) -> &[u8];
    /// Puts a record's value where the caller wants the result of a get.
    fn plain(&self, value: Option<&[u8]>, results: &mut Results, at: usize);
    /// Puts an operation's encoded result where the caller wants it.
    fn done(&self, index: usize, result: &[u8], results: &mut Results, at: usize);
}

/// Any transitions, with encoded arguments.
pub(crate) struct Calls<'a> {
    pub(crate) shapes: &'a [Shape],
    pub(crate) transitions: Transitions<'a>,
    pub(crate) arguments: Column<'a>,
}

/// Gets, puts and deletes of the key-value program.
pub(crate) struct KeyValue<'a> {
    pub(crate) transitions: Transitions<'a>,
    pub(crate) keys: Column<'a>,
    pub(crate) values: Column<'a>,
}

/// No operations: what a worker runs under when it acts for itself.
pub(crate) struct Nothing;

impl Operations for Calls<'_> {
    #[inline(always)]
    fn transition(&self, index: usize) -> u16 {
        self.transitions.get(index)
    }

    #[inline(always)]
    fn need(&self, index: usize) -> Need<'_> {
        match self.shapes.get(usize::from(self.transition(index))) {
            Some(shape) => shape.need(self.arguments.get(index)),
            None => Need::None,
        }
    }

    fn keys(&self, index: usize) -> Vec<(RelationId, &[u8])> {
        let shape = self.shapes.get(usize::from(self.transition(index)));
        shape.map_or(Vec::new(), |shape| shape.keys(self.arguments.get(index)).collect())
    }

    #[inline(always)]
    fn arguments<'a>(&'a self, index: usize, _: &'a mut Vec<u8>) -> &'a [u8] {
        self.arguments.get(index)
    }

    #[inline(always)]
    fn put_arguments(&self, index: usize, log: &mut Vec<u8>) {
        log.extend_from_slice(self.arguments.get(index));
    }

    /// The value after the key, in the encoded arguments of a put.
    fn value(&self, index: usize) -> &[u8] {
        let rest = self.arguments.get(index);
        let skip =
            |bytes: &'_ [u8]| 4 + u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        &rest[skip(rest) as usize + 4..]
    }

    fn plain(&self, value: Option<&[u8]>, results: &mut Results, at: usize) {
        let mut result = vec![u8::from(value.is_some())];
        if let Some(value) = value {
            put_counted(&mut result, value);
        }
        results.set(at, Status::Done, &result);
    }

    #[inline(always)]
    fn done(&self, _: usize, result: &[u8], results: &mut Results, at: usize) {
        results.set(at, Status::Done, result);
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

    fn keys(&self, _: usize) -> Vec<(RelationId, &[u8])> {
        Vec::new()
    }

    #[inline(always)]
    fn arguments<'a>(&'a self, index: usize, scratch: &'a mut Vec<u8>) -> &'a [u8] {
        scratch.clear();
        self.put_arguments(index, scratch);
        scratch
    }

    #[inline(always)]
    fn put_arguments(&self, index: usize, log: &mut Vec<u8>) {
        put_counted(log, self.keys.get(index));
        if self.transition(index) == PUT {
            put_counted(log, self.values.get(index));
        }
    }

    #[inline(always)]
    fn value(&self, index: usize) -> &[u8] {
        self.values.get(index)
    }

    #[inline(always)]
    fn plain(&self, value: Option<&[u8]>, results: &mut Results, at: usize) {
        match value {
            Some(value) => results.set(at, Status::Done, value),
            None => results.set(at, Status::Absent, &[]),
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

    fn keys(&self, _: usize) -> Vec<(RelationId, &[u8])> {
        Vec::new()
    }

    fn arguments<'a>(&'a self, _: usize, _: &'a mut Vec<u8>) -> &'a [u8] {
        &[]
    }

    fn put_arguments(&self, _: usize, _: &mut Vec<u8>) {}

    fn value(&self, _: usize) -> &[u8] {
        &[]
    }

    fn plain(&self, _: Option<&[u8]>, _: &mut Results, _: usize) {}

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
