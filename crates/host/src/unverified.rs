//! The same store without a verifier: what a ratio of verified to unverified speed compares with.

use crate::asked::Asked;
use crate::batch::{GET, PUT, Results, Status};
use crate::baton::Baton;
use crate::error::HostError;
use crate::operations::{Calls, KeyValue, Need, Operations, Part};
use crate::store::{Engine, Shared};
use crate::table::Table;
use std::sync::Arc;
use zeta_program::bound::ROW_COUNT_MAX;
use zeta_program::{Machine, Outcome, Program, RowHandle, Rows};
use zeta_verifier::{RelationId, TransitionId};

/// Operations that are found and run together, as in a verified chunk.
const CHUNK_LEN: usize = 128;

/// A worker without a verifier thread.
pub(crate) struct Unverified {
    pub(crate) table: Table,
    pub(crate) operations: u64,
    program: Arc<Program>,
    machine: Machine,
    scratch: Vec<u8>,
    asked: Asked,
    /// The result of one call.
    result: Vec<u8>,
    /// The key-value program's transitions are applied without it: a plain map.
    direct: bool,
}

impl Unverified {
    pub(crate) fn new(table: Table, program: Arc<Program>, plain_map: bool) -> Self {
        let direct = plain_map && program.bytes() == zeta_program::key_value();
        let (machine, scratch, result) = (Machine::new(), Vec::new(), Vec::new());
        let asked = Asked::default();
        Self { table, operations: 0, program, machine, scratch, asked, result, direct }
    }

    /// Runs the part's operations `from..to`.
    pub(crate) fn run(
        &mut self,
        part: &mut Part<'_, KeyValue<'_>>,
        from: usize,
        to: usize,
    ) -> Result<(), HostError> {
        let mut hashes = [0; CHUNK_LEN];
        let mut scratch = std::mem::take(&mut self.scratch);
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
                let hash = hashes[at - start];
                match part.need(at) {
                    Need::One(relation, key) if self.direct => {
                        self.apply(part, at, hash, (relation, key))?;
                    }
                    need => {
                        let known = matches!(need, Need::One(..)).then_some(hash);
                        let arguments = part.operations.arguments(part.index(at), &mut scratch);
                        self.call(part, at, arguments, known.as_slice())?;
                    }
                }
            }
        }
        self.scratch = scratch;
        self.operations += (to - from) as u64;
        Ok(())
    }

    /// Runs the part's calls `from..to`.
    pub(crate) fn run_calls(
        &mut self,
        part: &mut Part<'_, Calls<'_>>,
        from: usize,
        to: usize,
    ) -> Result<(), HostError> {
        let mut asked = std::mem::take(&mut self.asked);
        for start in (from..to).step_by(CHUNK_LEN) {
            let end = to.min(start + CHUNK_LEN);
            asked.collect(part, &self.table, (start, end));
            for key in asked.all() {
                self.table.prefetch_record(key.hash);
            }
            let mut hashes = Vec::new();
            for at in start..end {
                let index = part.index(at);
                hashes.clear();
                if part.operations.shape(index).is_some_and(|shape| shape.exact) {
                    hashes.extend(asked.of_call(at - start).iter().map(|key| key.hash));
                }
                self.call(part, at, part.operations.arguments(index), &hashes)?;
            }
        }
        self.asked = asked;
        self.operations += (to - from) as u64;
        Ok(())
    }

    /// A get, put or delete, without the program.
    #[inline(always)]
    fn apply(
        &mut self,
        part: &mut Part<'_, KeyValue<'_>>,
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
            _ => {
                let had = u8::from(record.value().is_some());
                record.set_value(None);
                part.operations.done(index, &[had], part.results, at);
            }
        }
        Ok(())
    }

    /// Any transition, through the machine; `hashes` are those of the first records it asks for.
    #[inline(always)]
    fn call<O: Operations>(
        &mut self,
        part: &mut Part<'_, O>,
        at: usize,
        arguments: &[u8],
        hashes: &[u32],
    ) -> Result<(), HostError> {
        let index = part.index(at);
        let transition = TransitionId(part.operations.transition(index));
        if let Err(refusal) = self.machine.begin(&self.program, transition, arguments) {
            part.results.set_code(at, Status::Refused, refusal.code());
            return Ok(());
        }
        self.result.clear();
        let mut rows =
            OwnRows { table: &mut self.table, hashes, bound: [0; ROW_COUNT_MAX], count: 0 };
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
    /// Runs calls, one after the other, over the records of all workers, which stand still for it.
    pub(crate) fn run_locked(
        &self,
        calls: &Calls<'_>,
        indices: &[u32],
        results: &mut Results,
    ) -> Result<(), HostError> {
        // In one order, so that two who do this do not wait for each other.
        let guards: Result<Vec<_>, _> = self.engines.iter().map(|e| self.lock(e)).collect();
        let mut rows = AllRows { shared: self, guards: guards?, bound: Vec::new() };
        let (mut machine, mut result) = (Machine::new(), Vec::new());
        for (at, index) in indices.iter().map(|index| *index as usize).enumerate() {
            if at % CHUNK_LEN == 0 {
                rows.fetch(calls, &indices[at..indices.len().min(at + CHUNK_LEN)]);
            }
            let arguments = calls.arguments(index);
            let transition = TransitionId(calls.transition(index));
            if let Err(refusal) = machine.begin(&self.program, transition, arguments) {
                results.set_code(index, Status::Refused, refusal.code());
                continue;
            }
            result.clear();
            rows.bound.clear();
            match machine.run(&self.program, arguments, 0, &mut rows, &mut result)? {
                Outcome::Failed(failure) => {
                    results.set_code(index, Status::Failed, failure.code());
                }
                Outcome::Done => {
                    for (row, value) in machine.writes(arguments) {
                        let (owner, id) = rows.bound[usize::from(row.0)];
                        rows.guards[owner].table_mut().record_mut(id).set_value(value);
                    }
                    calls.done(index, &result, results, index);
                }
            }
        }
        if let Some(Engine::Unverified(plain)) = rows.guards.first_mut().map(|guard| &mut **guard) {
            plain.operations += indices.len() as u64;
        }
        Ok(())
    }
}

struct AllRows<'a> {
    shared: &'a Shared,
    guards: Vec<Baton<'a>>,
    bound: Vec<(usize, u32)>,
}

impl AllRows<'_> {
    /// Begins to fetch the records that calls ask for, as far as their arguments tell.
    fn fetch(&self, calls: &Calls<'_>, indices: &[u32]) {
        let mut asked = Vec::new();
        for index in indices.iter().map(|index| *index as usize) {
            let Some(shape) = calls.shape(index) else { continue };
            shape.each_key(calls.arguments(index), |relation, key| {
                let table = self.guards[self.shared.owner_of(relation, key)].table();
                let hash = table.hash(relation, key);
                table.prefetch_index(hash);
                asked.push((table, hash));
            });
        }
        for (table, hash) in asked {
            table.prefetch_record(hash);
        }
    }
}

impl Rows for AllRows<'_> {
    type Stop = HostError;

    fn bind(&mut self, relation: RelationId, key: &[u8]) -> Result<RowHandle, HostError> {
        let owner = self.shared.owner_of(relation, key);
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
    /// The hashes of the first keys, which were prefetched.
    hashes: &'a [u32],
    bound: [u32; ROW_COUNT_MAX],
    count: usize,
}

impl Rows for OwnRows<'_> {
    type Stop = HostError;

    #[inline(always)]
    fn bind(&mut self, relation: RelationId, key: &[u8]) -> Result<RowHandle, HostError> {
        let hash = match self.hashes.get(self.count) {
            Some(hash) => *hash,
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
