//! The same store without a verifier: what a ratio of verified to unverified speed compares with.

use crate::batch::{DELETE, GET, PUT, Results, Status};
use crate::baton::Baton;
use crate::error::HostError;
use crate::operations::{Operations, Part};
use crate::shape::Need;
use crate::store::{Engine, Shared};
use crate::table::Table;
use std::sync::Arc;
use zeta_program::bound::ROW_COUNT_MAX;
use zeta_program::{Machine, Outcome, Program, RowHandle, Rows};
use zeta_verifier::{RelationId, TransitionId, leaf_path};

/// Operations that are found and run together, as in a verified chunk.
const CHUNK_LEN: usize = 128;

/// A worker without a verifier thread.
pub(crate) struct Unverified {
    pub(crate) table: Table,
    pub(crate) operations: u64,
    program: Arc<Program>,
    machine: Machine,
    scratch: Vec<u8>,
    /// The result of one call.
    result: Vec<u8>,
    /// The key-value program's transitions are applied without it: a plain map.
    direct: bool,
}

impl Unverified {
    pub(crate) fn new(table: Table, program: Arc<Program>, plain_map: bool) -> Self {
        let direct = plain_map && program.bytes() == zeta_program::key_value();
        let (machine, scratch, result) = (Machine::new(), Vec::new(), Vec::new());
        Self { table, operations: 0, program, machine, scratch, result, direct }
    }

    /// Runs the part's operations `from..to`.
    pub(crate) fn run<O: Operations>(
        &mut self,
        part: &mut Part<'_, O>,
        from: usize,
        to: usize,
    ) -> Result<(), HostError> {
        let mut hashes = [0; CHUNK_LEN];
        for start in (from..to).step_by(CHUNK_LEN) {
            let end = to.min(start + CHUNK_LEN);
            for at in start..end {
                if let Need::One(relation, key) = part.need(at) {
                    hashes[at - start] = self.table.hash(relation, key);
                    self.table.prefetch_index(hashes[at - start]);
                }
            }
            for hash in &hashes[..end - start] {
                self.table.prefetch_record(*hash);
            }
            for at in start..end {
                let need = part.need(at);
                match need {
                    Need::One(relation, key) if self.direct => {
                        let hash = hashes[at - start];
                        self.apply(part, at, hash, (relation, key))?;
                    }
                    _ => self.call(part, at, hashes[at - start])?,
                }
            }
        }
        self.operations += (to - from) as u64;
        Ok(())
    }

    /// A get, put or delete, without the program.
    #[inline(always)]
    fn apply<O: Operations>(
        &mut self,
        part: &mut Part<'_, O>,
        at: usize,
        hash: u32,
        (relation, key): (RelationId, &[u8]),
    ) -> Result<(), HostError> {
        let index = part.index(at);
        let id = self.table.find_or_add(hash, relation, key)?;
        let record = self.table.record_mut(id);
        match part.operations.transition(index) {
            GET => {
                let value = record.value();
                part.operations.plain(value, part.results, at);
            }
            PUT => {
                record.set_value(Some(part.operations.value(index)));
                part.operations.done(index, &[], part.results, at);
            }
            DELETE => {
                let had = u8::from(record.value().is_some());
                record.set_value(None);
                part.operations.done(index, &[had], part.results, at);
            }
            _ => self.call(part, at, hash)?,
        }
        Ok(())
    }

    /// Any transition, through the machine; `hash` is that of the first record it asks for.
    #[inline(always)]
    fn call<O: Operations>(
        &mut self,
        part: &mut Part<'_, O>,
        at: usize,
        hash: u32,
    ) -> Result<(), HostError> {
        let index = part.index(at);
        let arguments = part.operations.arguments(index, &mut self.scratch);
        let transition = TransitionId(part.operations.transition(index));
        if let Err(refusal) = self.machine.begin(&self.program, transition, arguments) {
            part.results.set_code(at, Status::Refused, refusal.code());
            return Ok(());
        }
        self.result.clear();
        let known = matches!(part.need(at), Need::One(..)).then_some(hash);
        let mut rows =
            OwnRows { table: &mut self.table, known, bound: [0; ROW_COUNT_MAX], count: 0 };
        let outcome = self.machine.run(&self.program, arguments, 0, &mut rows, &mut self.result)?;
        let bound = rows.bound;
        match outcome {
            Outcome::Failed(failure) => {
                part.results.set_code(at, Status::Failed, failure.code());
            }
            Outcome::Done => {
                for (row, value) in self.machine.writes(arguments) {
                    self.table.record_mut(bound[usize::from(row.0)]).set_value(value);
                }
                part.operations.done(index, &self.result, part.results, at);
            }
        }
        Ok(())
    }
}

impl Shared {
    /// Runs one operation over the records of several workers, all of which stand still for it.
    pub(crate) fn run_unverified<O: Operations>(
        &self,
        operations: &O,
        index: usize,
        results: &mut Results,
    ) -> Result<(), HostError> {
        // In one order, so that two who do this do not wait for each other.
        let guards: Result<Vec<_>, _> = self.engines.iter().map(|e| self.lock(e)).collect();
        let mut rows = AllRows { shared: self, guards: guards?, bound: Vec::new() };
        let mut scratch = Vec::new();
        let arguments = operations.arguments(index, &mut scratch);
        let transition = TransitionId(operations.transition(index));
        let mut machine = Machine::new();
        if let Err(refusal) = machine.begin(&self.program, transition, arguments) {
            results.set_code(index, Status::Refused, refusal.code());
            return Ok(());
        }
        let mut result = Vec::new();
        match machine.run(&self.program, arguments, 0, &mut rows, &mut result)? {
            Outcome::Failed(failure) => {
                results.set_code(index, Status::Failed, failure.code());
            }
            Outcome::Done => {
                for (row, value) in machine.writes(arguments) {
                    let (owner, id) = rows.bound[usize::from(row.0)];
                    if let Engine::Unverified(plain) = &mut *rows.guards[owner] {
                        plain.table.record_mut(id).set_value(value);
                    }
                }
                operations.done(index, &result, results, index);
            }
        }
        Ok(())
    }
}

struct AllRows<'a> {
    shared: &'a Shared,
    guards: Vec<Baton<'a>>,
    bound: Vec<(usize, u32)>,
}

impl Rows for AllRows<'_> {
    type Stop = HostError;

    fn bind(&mut self, relation: RelationId, key: &[u8]) -> Result<RowHandle, HostError> {
        let owner = self.shared.partition.worker_of(&leaf_path(&self.shared.hasher, relation, key));
        let table = self.guards[owner].table_mut();
        let id = table.find_or_add(table.hash(relation, key), relation, key)?;
        self.bound.push((owner, id));
        Ok(RowHandle(self.bound.len() as u16 - 1))
    }

    fn read(&self, row: RowHandle) -> Option<&[u8]> {
        let (owner, id) = *self.bound.get(usize::from(row.0))?;
        self.guards[owner].table().record(id).value()
    }
}

struct OwnRows<'a> {
    table: &'a mut Table,
    /// The hash of the first key, where it was prefetched.
    known: Option<u32>,
    bound: [u32; ROW_COUNT_MAX],
    count: usize,
}

impl Rows for OwnRows<'_> {
    type Stop = HostError;

    #[inline(always)]
    fn bind(&mut self, relation: RelationId, key: &[u8]) -> Result<RowHandle, HostError> {
        let hash = match self.known.take() {
            Some(hash) => hash,
            None => self.table.hash(relation, key),
        };
        self.bound[self.count] = self.table.find_or_add(hash, relation, key)?;
        self.count += 1;
        Ok(RowHandle(self.count as u16 - 1))
    }

    #[inline(always)]
    fn read(&self, row: RowHandle) -> Option<&[u8]> {
        self.table.record(*self.bound.get(usize::from(row.0))?).value()
    }
}
