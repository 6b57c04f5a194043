//! What the machine executes: instructions whose types were looked up when the program was loaded.

use alloc::boxed::Box;

use crate::assembly::{Assembly, Relation, Transition};
use crate::instruction::{Instruction, Register};
use crate::rows::RelationId;
use crate::value_list::{Place, places, record_places};
use crate::value_type::Type;

/// The step of the same place in the code, so that jumps go to the same index.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Bind { target: Register, relation: RelationId, key: Box<[Place]> },
    Read { presence: Register, row: Register, values: Box<[Place]> },
    Load { row: Register, values: Box<[Place]> },
    Store { row: Register, values: Box<[Place]> },
    Delete { row: Register },
    Jump { to: u16 },
    JumpUnless { condition: Register, to: u16 },
    Return { values: Box<[Place]> },
    Compute(Instruction),
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
            // What does not resolve, the loader has ruled out: the machine answers `Internal`.
            resolved.unwrap_or_else(|| Step::Compute(instruction.clone()))
        };
        transition.code.iter().map(step).collect()
    }

    fn resolved(
        instruction: &Instruction,
        assembly: &Assembly,
        transition: &Transition,
        types: &[Type],
    ) -> Option<Step> {
        use Instruction as I;
        let relation = |row: Register| relation_of(assembly, *types.get(usize::from(row.0))?);
        Some(match instruction {
            I::Bind { target, operands } => {
                let (relation, found) = relation(*target)?;
                let key = record_places(&found.key, operands).into();
                Step::Bind { target: *target, relation, key }
            }
            I::Read { presence, row, targets } => {
                let values = record_places(&relation(*row)?.1.row, targets).into();
                Step::Read { presence: *presence, row: *row, values }
            }
            I::Load { row, targets } => {
                let values = record_places(&relation(*row)?.1.row, targets).into();
                Step::Load { row: *row, values }
            }
            I::Store { row, operands } => {
                let values = record_places(&relation(*row)?.1.row, operands).into();
                Step::Store { row: *row, values }
            }
            I::Delete { row } => Step::Delete { row: *row },
            I::Jump { to } => Step::Jump { to: *to },
            I::JumpUnless { condition, to } => Step::JumpUnless { condition: *condition, to: *to },
            I::Return { operands } => {
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
