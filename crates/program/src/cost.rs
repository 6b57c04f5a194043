//! The most that one call of a transition can cost, over all paths.

use alloc::vec;

use crate::assembly::{Assembly, Transition};
use crate::bound::{COST_MAX, ROW_COUNT_MAX, SCRATCH_LEN_MAX};
use crate::error::{LoadError, require};
use crate::instruction::{Instruction, Register};
use crate::step::relation_of;
use crate::value_list::encoded_max;
use crate::value_type::Type;

/// What a call costs at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Cost {
    /// Rows that it binds.
    pub rows: usize,
    /// Bytes that it writes to scratch memory.
    pub scratch: usize,
    /// Time, in instructions: each counts one, and one more for 64 bytes read or copied, for 4
    /// bytes hashed, and 64 for a row bound.
    pub time: u64,
}

/// The cost of a transition whose code was checked, within the bounds.
pub(crate) fn check_cost(
    assembly: &Assembly,
    transition: &Transition,
    types: &[Type],
) -> Result<Cost, LoadError> {
    // Jumps go forward, so a walk from the end knows the rest of each path.
    let code = &transition.code;
    let mut from = vec![Cost::default(); code.len()];
    for (index, instruction) in code.iter().enumerate().rev() {
        let at = |index: usize| from.get(index).copied().unwrap_or_default();
        let mut rest = Cost::default();
        if instruction.falls_through() {
            rest = at(index.saturating_add(1));
        }
        if let Instruction::Jump { to } | Instruction::JumpUnless { to, .. } = instruction {
            rest = rest.max_of(at(usize::from(*to)));
        }
        let whole = own_cost(instruction, assembly, transition, types).plus(rest);
        require(whole.rows <= ROW_COUNT_MAX, LoadError::TooManyRows)?;
        require(whole.scratch <= SCRATCH_LEN_MAX, LoadError::TooMuchScratch)?;
        require(whole.time <= COST_MAX, LoadError::TooCostly)?;
        if let Some(cost) = from.get_mut(index) {
            *cost = whole;
        }
    }
    Ok(from.first().copied().unwrap_or_default())
}

impl Cost {
    fn max_of(self, other: Cost) -> Cost {
        Cost {
            rows: self.rows.max(other.rows),
            scratch: self.scratch.max(other.scratch),
            time: self.time.max(other.time),
        }
    }

    fn plus(self, other: Cost) -> Cost {
        Cost {
            rows: self.rows.saturating_add(other.rows),
            scratch: self.scratch.saturating_add(other.scratch),
            time: self.time.saturating_add(other.time),
        }
    }
}

fn own_cost(
    instruction: &Instruction,
    assembly: &Assembly,
    transition: &Transition,
    types: &[Type],
) -> Cost {
    use Instruction as I;
    let width = |register: Register| {
        types.get(usize::from(register.0)).and_then(|found| found.bytes_max()).unwrap_or(0)
    };
    let relation = |row: Register| relation_of(assembly, *types.get(usize::from(row.0))?);
    let key_max = |row: Register| relation(row).map_or(0, |(_, found)| found.key_len_max());
    let row_max = |row: Register| relation(row).map_or(0, |(_, found)| found.row_len_max());
    match instruction {
        // To a text: its bytes are looked at.
        I::Convert { source, .. } | I::Slice { source, .. } => bytes_cost(width(*source), 0),
        I::Compare { left, right, .. } => bytes_cost(width(*left).min(width(*right)), 0),
        I::Pack { target, .. } => bytes_cost(width(*target), width(*target)),
        I::Sha256 { source, .. } => hash_cost(width(*source)),
        I::HmacSha256 { key, message, .. } => {
            hash_cost(width(*key).saturating_add(width(*message)))
        }
        I::Bind { target, .. } => {
            // The key may be copied, and is compared with those of the rows bound before.
            let compared = key_max(*target).saturating_mul(ROW_COUNT_MAX);
            let cost = bytes_cost(compared, key_max(*target));
            Cost { rows: 1, time: cost.time.saturating_add(64), ..cost }
        }
        I::Read { row, targets, .. } | I::Load { row, targets } if !targets.is_empty() => {
            bytes_cost(row_max(*row), 0)
        }
        I::Store { row, .. } => bytes_cost(row_max(*row), row_max(*row)),
        I::Return { .. } => bytes_cost(encoded_max(transition.result.iter().copied()), 0),
        _ => bytes_cost(0, 0),
    }
}

fn bytes_cost(moved: usize, scratch: usize) -> Cost {
    let moved = u64::try_from(moved).unwrap_or(u64::MAX);
    Cost { rows: 0, scratch, time: moved.div_ceil(64).saturating_add(1) }
}

fn hash_cost(hashed: usize) -> Cost {
    // Up to four more blocks: padding, and the two keys of an HMAC.
    let hashed = u64::try_from(hashed).unwrap_or(u64::MAX).saturating_add(4 * 64);
    Cost { rows: 0, scratch: 32, time: hashed.div_ceil(4) }
}
