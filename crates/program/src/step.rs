//! What the machine executes: instructions whose types were looked up when the program was loaded.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::assembly::{Assembly, Field, Relation, Transition};
use crate::error::Failure;
use crate::instruction::{Arithmetic, Comparison, Instruction, Register};
use crate::rows::RelationId;
use crate::value_list::{Place, places, record_places};
use crate::value_type::{Integer, Type};

/// The values of a key or a row that a call makes.
#[derive(Clone, Debug)]
pub(crate) enum Record {
    /// A byte string alone is the record as it stands.
    Raw(Register),
    /// None is a byte string.
    Words(Box<[Place]>),
    Values(Box<[Place]>),
}

/// The step of the same place in the code, so that jumps go to the same index.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Bind {
        target: Register,
        relation: RelationId,
        key: Record,
    },
    /// A read or, without a presence, a load.
    Fetch {
        presence: Option<Register>,
        row: Register,
        values: Box<[Place]>,
    },
    Store {
        row: Register,
        values: Record,
    },
    Delete {
        row: Register,
    },
    Jump {
        to: u16,
    },
    JumpUnless {
        condition: Register,
        to: u16,
    },
    Check {
        condition: Register,
        failure: Failure,
    },
    Word {
        target: Register,
        word: u64,
    },
    Move {
        target: Register,
        source: Register,
    },
    Arithmetic {
        operation: Arithmetic,
        integer: Integer,
        target: Register,
        left: Register,
        right: Register,
    },
    /// Of words.
    Compare {
        comparison: Comparison,
        signed: bool,
        target: Register,
        left: Register,
        right: Register,
    },
    Return {
        values: Box<[Place]>,
    },
    /// A read of bytes as long as that, and the return of what was read as an optional value.
    FetchReturn {
        row: Register,
        max: u32,
    },
    Other(Box<Instruction>),
}

impl Record {
    fn of(fields: &[Field], registers: &[Register]) -> Record {
        let values = record_places(fields, registers);
        match values.as_slice() {
            [Place { presence: None, payload, payload_type, .. }]
                if payload_type.bytes_max().is_some() =>
            {
                Record::Raw(*payload)
            }
            words if words.iter().all(|value| value.payload_type.word_width().is_some()) => {
                Record::Words(values.into())
            }
            _ => Record::Values(values.into()),
        }
    }
}

impl Step {
    /// The steps of a transition whose code was checked.
    pub(crate) fn all_of(
        assembly: &Assembly,
        transition: &Transition,
        types: &[Type],
    ) -> Box<[Step]> {
        let step = |instruction: &Instruction| {
            let resolved = Step::resolved(instruction, assembly, transition, types);
            resolved.unwrap_or_else(|| Step::Other(Box::new(instruction.clone())))
        };
        let single: Vec<Step> = transition.code.iter().map(step).collect();
        // A return that is joined to its read keeps its place as well: a jump may go there.
        let next = single.iter().skip(1).map(Some).chain([None]);
        single.iter().zip(next).map(|(step, next)| step.joined(next)).collect()
    }

    /// This step and, where one step can do the work of both, the next.
    fn joined(&self, next: Option<&Step>) -> Step {
        let (Step::Fetch { presence, row, values }, Some(Step::Return { values: given })) =
            (self, next)
        else {
            return self.clone();
        };
        match (&**values, &**given) {
            ([value @ Place { presence: None, payload_type: Type::Bytes(max), .. }], [given])
                if (*presence, value.payload) == (given.presence, given.payload)
                    && presence.is_some() =>
            {
                Step::FetchReturn { row: *row, max: *max }
            }
            _ => self.clone(),
        }
    }

    fn resolved(
        instruction: &Instruction,
        assembly: &Assembly,
        transition: &Transition,
        types: &[Type],
    ) -> Option<Step> {
        use Instruction as I;
        let type_of = |register: Register| types.get(usize::from(register.0)).copied();
        let relation = |row: Register| relation_of(assembly, type_of(row)?);
        Some(match *instruction {
            I::Bind { target, ref operands } => {
                let (relation, found) = relation(target)?;
                Step::Bind { target, relation, key: Record::of(&found.key, operands) }
            }
            I::Read { presence, row, ref targets } => {
                let values = record_places(&relation(row)?.1.row, targets).into();
                Step::Fetch { presence: Some(presence), row, values }
            }
            I::Load { row, ref targets } => {
                let values = record_places(&relation(row)?.1.row, targets).into();
                Step::Fetch { presence: None, row, values }
            }
            I::Store { row, ref operands } => {
                Step::Store { row, values: Record::of(&relation(row)?.1.row, operands) }
            }
            I::Delete { row } => Step::Delete { row },
            I::Jump { to } => Step::Jump { to },
            I::JumpUnless { condition, to } => Step::JumpUnless { condition, to },
            I::Check { condition, code } => {
                Step::Check { condition, failure: Failure::from_code(code)? }
            }
            I::Word { target, word } => Step::Word { target, word },
            I::Move { target, source } => Step::Move { target, source },
            I::Arithmetic { operation, target, left, right } => {
                let Type::Integer(integer) = type_of(target)? else { return None };
                Step::Arithmetic { operation, integer, target, left, right }
            }
            I::Compare { comparison, target, left, right } => {
                let found = type_of(left)?;
                found.word_width()?;
                let signed = matches!(found, Type::Integer(integer) if integer.is_signed());
                Step::Compare { comparison, signed, target, left, right }
            }
            I::Return { ref operands } => {
                let values = transition.result.iter().copied();
                Step::Return { values: places(values, operands.iter().copied()).into() }
            }
            _ => return None,
        })
    }
}

/// The relation of a row's type.
pub(crate) fn relation_of(assembly: &Assembly, row: Type) -> Option<(RelationId, &Relation)> {
    let Type::Row(id) = row else { return None };
    Some((id, assembly.relations.get(usize::from(id.0))?))
}
