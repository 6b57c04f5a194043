//! What the machine executes: instructions whose types were looked up when the program was loaded.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::assembly::Transition;
use crate::cell::{Cell, Source};
use crate::instruction::{Instruction, Register};
use crate::rows::RelationId;
use crate::value_type::Type;

/// The lengths of a type's byte strings, both inclusive.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lengths {
    min: usize,
    max: usize,
}

/// A value of a result: where it lies, and its type in the signature.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Given {
    pub(crate) presence: Option<Register>,
    pub(crate) payload: Register,
    pub(crate) payload_type: Type,
}

/// The step of the same place in the code, so that jumps go to the same index.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Bind { target: Register, key: Register, relation: RelationId },
    Read { presence: Register, target: Register, row: Register, lengths: Lengths },
    Load { target: Register, row: Register, lengths: Lengths },
    Store { row: Register, source: Register },
    Delete { row: Register },
    Jump { to: u16 },
    JumpUnless { condition: Register, to: u16 },
    Return { values: Box<[Given]> },
    // A read, and the return of what it read as the only value.
    ReadReturn { row: Register, lengths: Lengths },
    Other(Box<Instruction>),
}

impl Lengths {
    fn of(found: Option<Type>) -> Option<Lengths> {
        let found = found?;
        let max = found.bytes_max()?;
        let min = if let Type::Fixed(_) = found { max } else { 0 };
        Some(Lengths { min, max })
    }

    #[inline(always)]
    pub(crate) fn contain(self, length: usize) -> bool {
        self.min <= length && length <= self.max
    }

    /// The payload of an absent value: as many zeros as there must be.
    #[inline(always)]
    pub(crate) fn absent(self) -> Cell {
        Cell::of_span(Source::Zeros, 0, self.min).unwrap_or(Cell::EMPTY)
    }
}

impl Step {
    /// The steps of a transition whose code was checked.
    pub(crate) fn all_of(transition: &Transition, types: &[Type]) -> Box<[Step]> {
        let step = |instruction: &Instruction| {
            let resolved = Step::resolved(instruction, transition, types);
            // What does not resolve, the loader has ruled out: the machine answers `Internal`.
            resolved.unwrap_or_else(|| Step::Other(Box::new(instruction.clone())))
        };
        let single: Vec<Step> = transition.code.iter().map(step).collect();
        // A return that is joined to its read keeps its place as well: a jump may go there.
        let next = single.iter().skip(1).map(Some).chain([None]);
        single.iter().zip(next).map(|(step, next)| step.joined(next)).collect()
    }

    /// This step and, where one step can do the work of both, the next.
    fn joined(&self, next: Option<&Step>) -> Step {
        if let Step::Read { presence, target, row, lengths } = *self
            && let Some(Step::Return { values }) = next
            && let [Given { presence: Some(told), payload, payload_type: Type::Bytes(_) }] =
                **values
            && (told, payload) == (presence, target)
        {
            return Step::ReadReturn { row, lengths };
        }
        self.clone()
    }

    fn resolved(
        instruction: &Instruction,
        transition: &Transition,
        types: &[Type],
    ) -> Option<Step> {
        use Instruction as I;
        let type_of = |register: Register| types.get(usize::from(register.0)).copied();
        Some(match *instruction {
            I::Bind { target, key } => match type_of(target)? {
                Type::Row(relation) => Step::Bind { target, key, relation },
                _ => return None,
            },
            I::Read { presence, target, row } => {
                Step::Read { presence, target, row, lengths: Lengths::of(type_of(target))? }
            }
            I::Load { target, row } => {
                Step::Load { target, row, lengths: Lengths::of(type_of(target))? }
            }
            I::Store { row, source } => Step::Store { row, source },
            I::Delete { row } => Step::Delete { row },
            I::Jump { to } => Step::Jump { to },
            I::JumpUnless { condition, to } => Step::JumpUnless { condition, to },
            I::Return { ref operands } => {
                Step::Return { values: values_given(transition, operands)? }
            }
            _ => return None,
        })
    }
}

fn values_given(transition: &Transition, operands: &[Register]) -> Option<Box<[Given]>> {
    let mut operands = operands.iter().copied();
    let mut given = |optional: bool, payload_type: Type| {
        let presence = if optional { Some(operands.next()?) } else { None };
        Some(Given { presence, payload: operands.next()?, payload_type })
    };
    transition.result.iter().map(|value| given(value.optional, value.payload)).collect()
}
