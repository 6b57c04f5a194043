//! Rows in a map, and calls on them: what the tests use for a verifier.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::allow_attributes,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "each test file uses a part, and a panic is a failed test"
)]

use std::collections::BTreeMap;

use zeta_program::{
    Failure, Machine, Outcome, Program, Refusal, RelationId, RowHandle, Rows, TransitionId,
};

/// The state of an application: no entry is a null record.
pub type State = BTreeMap<(RelationId, Vec<u8>), Vec<u8>>;

/// The rows that one call has bound.
pub struct MemoryRows<'a> {
    pub state: &'a State,
    pub bound: Vec<(RelationId, Vec<u8>)>,
    /// The call is stopped when it binds one more than this many rows.
    pub bound_max: usize,
}

/// The rows ran out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoSlot;

impl Rows for MemoryRows<'_> {
    type Stop = NoSlot;

    fn bind(&mut self, relation: RelationId, key: &[u8]) -> Result<RowHandle, NoSlot> {
        let wanted = (relation, key.to_vec());
        assert!(!self.bound.contains(&wanted), "a row is asked for once a call");
        if self.bound.len() >= self.bound_max {
            return Err(NoSlot);
        }
        self.bound.push(wanted);
        // Handles are the lender's own: here they start at 100.
        Ok(RowHandle(99 + self.bound.len() as u16))
    }

    fn read(&self, row: RowHandle) -> Option<&[u8]> {
        self.state.get(&self.bound[usize::from(row.0) - 100]).map(Vec::as_slice)
    }
}

/// How a call ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum End {
    Refused(Refusal),
    Stopped,
    Failed(Failure),
    Done(Vec<u8>),
}

/// A write: the row, and its new bytes.
pub type Write = ((RelationId, Vec<u8>), Option<Vec<u8>>);

/// Calls a transition without applying its writes, and checks what holds of every call.
pub fn call(
    machine: &mut Machine,
    program: &Program,
    state: &State,
    transition: u16,
    args: &[u8],
    bound_max: usize,
) -> (End, Vec<Write>) {
    if let Err(refusal) = machine.begin(program, TransitionId(transition), args) {
        return (End::Refused(refusal), Vec::new());
    }
    let mut rows = MemoryRows { state, bound: Vec::new(), bound_max };
    let mut result = b"before".to_vec();
    let outcome = machine.run(program, args, 7, &mut rows, &mut result);
    let writes: Vec<Write> = machine
        .writes(args)
        .map(|(row, bytes)| {
            (rows.bound[usize::from(row.0) - 100].clone(), bytes.map(<[u8]>::to_vec))
        })
        .collect();
    let end = match outcome {
        Ok(Outcome::Done) => End::Done(result.split_off(6)),
        Ok(Outcome::Failed(failure)) => End::Failed(failure),
        Err(NoSlot) => End::Stopped,
    };
    assert_eq!(result, b"before");
    assert!(writes.is_empty() || matches!(end, End::Done(_)), "only a call that is done writes");
    (end, writes)
}

/// Calls a transition and applies its writes.
pub fn apply(
    machine: &mut Machine,
    program: &Program,
    state: &mut State,
    transition: u16,
    args: &[u8],
) -> End {
    let (end, writes) = call(machine, program, state, transition, args, usize::MAX);
    for (row, bytes) in writes {
        match bytes {
            Some(bytes) => state.insert(row, bytes),
            None => state.remove(&row),
        };
    }
    end
}

/// The encoding of a byte string.
pub fn bytes(data: &[u8]) -> Vec<u8> {
    [&(data.len() as u32).to_le_bytes(), data].concat()
}

/// The encoding of an optional byte string.
pub fn optional(data: Option<&[u8]>) -> Vec<u8> {
    match data {
        None => vec![0],
        Some(data) => [vec![1], bytes(data)].concat(),
    }
}
