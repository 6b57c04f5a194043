//! The loader's checks of a transition's code: types, assignment on every path, jumps.

use alloc::vec;
use alloc::vec::Vec;

use crate::assembly::{Assembly, Relation, Transition};
use crate::error::{Failure, LoadError, require};
use crate::instruction::{Comparison, Instruction, Register};
use crate::step::relation_of;
use crate::value_list::{places, register_count};
use crate::value_type::{Integer, Type, ValueType};

const LENGTH: Type = Type::Integer(Integer::U32);

/// Checks the code of one transition whose registers have these types.
pub(crate) fn check_code(
    assembly: &Assembly,
    transition: &Transition,
    types: &[Type],
) -> Result<(), LoadError> {
    let first_local = types.len().saturating_sub(transition.locals.len());
    let mut assigned = Assigned::none(types.len());
    (0..first_local).for_each(|index| assigned.insert(index));

    let count = transition.code.len();
    // What is assigned where a path jumps to: `None` until one does.
    let mut arriving: Vec<Option<Assigned>> = vec![None; count];
    let mut current = Some(assigned);
    for (index, instruction) in transition.code.iter().enumerate() {
        let jumped = arriving.get_mut(index).and_then(Option::take);
        let joined = join(current.take(), jumped);
        require(joined.is_some(), LoadError::Unreachable)?;
        let mut flow = Flow { assembly, transition, types, assigned: joined.unwrap_or_default() };
        flow.check(instruction)?;
        let after = flow.assigned;
        if let Instruction::Jump { to } | Instruction::JumpUnless { to, .. } = instruction {
            let to = usize::from(*to);
            require(to > index, LoadError::JumpNotForward)?;
            require(to < count, LoadError::JumpTooFar)?;
            if let Some(arrived) = arriving.get_mut(to) {
                *arrived = join(arrived.take(), Some(after.clone()));
            }
        }
        current = instruction.falls_through().then_some(after);
    }
    require(count > 0 && current.is_none(), LoadError::FallsOffEnd)
}

impl Instruction {
    /// Whether a path may go on with the next instruction.
    pub(crate) fn falls_through(&self) -> bool {
        use Instruction as I;
        !matches!(self, I::Jump { .. } | I::Fail { .. } | I::Return { .. })
    }
}

/// The set of registers that are assigned on every path to a point.
#[derive(Clone, Default)]
struct Assigned {
    words: Vec<u64>,
}

impl Assigned {
    fn none(register_count: usize) -> Assigned {
        Assigned { words: vec![0; register_count.div_ceil(64)] }
    }

    fn insert(&mut self, index: usize) {
        if let Some(word) = self.words.get_mut(index >> 6) {
            *word |= 1 << (index & 63);
        }
    }

    fn contains(&self, index: usize) -> bool {
        self.words.get(index >> 6).is_some_and(|word| word & (1 << (index & 63)) != 0)
    }
}

/// What holds after paths meet: what holds on each.
fn join(left: Option<Assigned>, right: Option<Assigned>) -> Option<Assigned> {
    let (Some(mut met), Some(other)) = (left.clone(), right.as_ref()) else {
        return left.or(right);
    };
    for (word, other) in met.words.iter_mut().zip(&other.words) {
        *word &= other;
    }
    Some(met)
}

struct Flow<'a> {
    assembly: &'a Assembly,
    transition: &'a Transition,
    types: &'a [Type],
    assigned: Assigned,
}

impl<'a> Flow<'a> {
    fn register(&self, register: Register) -> Result<Type, LoadError> {
        let found = self.types.get(usize::from(register.0)).copied();
        require(found.is_some(), LoadError::UnknownRegister)?;
        Ok(found.unwrap_or(Type::Bool))
    }

    /// The type of a register that is read.
    fn used(&self, register: Register) -> Result<Type, LoadError> {
        let found = self.register(register)?;
        require(self.assigned.contains(usize::from(register.0)), LoadError::Unassigned)?;
        Ok(found)
    }

    /// The type of a register that is written; call it after all that the instruction reads.
    fn written(&mut self, register: Register) -> Result<Type, LoadError> {
        let found = self.register(register)?;
        self.assigned.insert(usize::from(register.0));
        Ok(found)
    }

    fn check(&mut self, instruction: &Instruction) -> Result<(), LoadError> {
        use Instruction as I;
        match instruction {
            I::Word { target, word } => self.word(*target, *word),
            I::Constant { target, constant } => self.constant(*target, *constant),
            I::Move { target, source } => {
                let source = self.used(*source)?;
                let target = self.written(*target)?;
                require(source.fits(target), LoadError::TooNarrow)
            }
            I::Convert { target, source } => self.convert(*target, *source),
            I::Arithmetic { target, left, right, .. } => self.arithmetic(*target, *left, *right),
            I::Compare { comparison, target, left, right } => {
                self.compare(*comparison, *target, *left, *right)
            }
            I::Logic { target, left, right, .. } => {
                require_bool(self.used(*left)?)?;
                require_bool(self.used(*right)?)?;
                require_bool(self.written(*target)?)
            }
            I::Not { target, source } => {
                require_bool(self.used(*source)?)?;
                require_bool(self.written(*target)?)
            }
            I::Length { target, source } => {
                require_bytes(self.used(*source)?)?;
                require(self.written(*target)? == LENGTH, LoadError::NotLength)
            }
            I::Slice { target, source, start, end } => {
                require_bytes(self.used(*source)?)?;
                require(self.used(*start)? == LENGTH, LoadError::NotLength)?;
                require(self.used(*end)? == LENGTH, LoadError::NotLength)?;
                require_bytes(self.written(*target)?)
            }
            I::Pack { target, operands } => self.pack(*target, operands),
            I::Sha256 { target, source } => {
                require_bytes(self.used(*source)?)?;
                require(self.written(*target)? == Type::Fixed(32), LoadError::NotHash)
            }
            I::HmacSha256 { target, key, message } => {
                require_bytes(self.used(*key)?)?;
                require_bytes(self.used(*message)?)?;
                require(self.written(*target)? == Type::Fixed(32), LoadError::NotHash)
            }
            other => self.row_or_flow(other),
        }
    }

    fn row_or_flow(&mut self, instruction: &Instruction) -> Result<(), LoadError> {
        use Instruction as I;
        match instruction {
            I::Bind { target, operands } => {
                let key = &self.relation(self.register(*target)?)?.key;
                self.used_list(key.iter().map(|field| field.value), operands)?;
                self.written(*target).map(|_| ())
            }
            I::Read { presence, row, targets } => {
                let relation = self.relation(self.used(*row)?)?;
                require_bool(self.written(*presence)?)?;
                self.written_list(relation, targets)
            }
            I::Load { row, targets } => {
                let relation = self.relation(self.used(*row)?)?;
                self.written_list(relation, targets)
            }
            I::Store { row, operands } => {
                let row = &self.relation(self.used(*row)?)?.row;
                self.used_list(row.iter().map(|field| field.value), operands)
            }
            I::Delete { row } => self.relation(self.used(*row)?).map(|_| ()),
            I::JumpUnless { condition, .. } => require_bool(self.used(*condition)?),
            I::Check { condition, code } => {
                require_bool(self.used(*condition)?)?;
                self.failure(*code)
            }
            I::Fail { code } => self.failure(*code),
            I::Epoch { target } => {
                let target = self.written(*target)?;
                require(target == Type::Integer(Integer::U32), LoadError::NotEpoch)
            }
            I::Return { operands } => {
                self.used_list(self.transition.result.iter().copied(), operands)
            }
            // A jump has no operands; every other instruction is checked by `check`.
            _ => Ok(()),
        }
    }

    fn word(&mut self, target: Register, word: u64) -> Result<(), LoadError> {
        let target = self.written(target)?;
        require(target.word_width().is_some(), LoadError::NotWord)?;
        require(target.has_word(word), LoadError::WordOutOfRange)
    }

    fn constant(&mut self, target: Register, constant: u16) -> Result<(), LoadError> {
        let target = self.written(target)?;
        require_bytes(target)?;
        let bytes = self.assembly.constants.get(usize::from(constant));
        require(bytes.is_some(), LoadError::UnknownConstant)?;
        let bytes = bytes.map(Vec::as_slice).unwrap_or_default();
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        if target.is_text() {
            require(core::str::from_utf8(bytes).is_ok(), LoadError::BadText)?;
            return require(Type::Text(length).fits(target), LoadError::TooNarrow);
        }
        require(Type::Fixed(length).fits(target), LoadError::TooNarrow)
    }

    fn convert(&mut self, target: Register, source: Register) -> Result<(), LoadError> {
        let source = self.used(source)?;
        let target = self.written(target)?;
        let integers = matches!((source, target), (Type::Integer(_), Type::Integer(_)));
        let bytes = source.bytes_max().is_some() && target.bytes_max().is_some();
        require(integers || bytes, LoadError::Inconvertible)
    }

    fn arithmetic(
        &mut self,
        target: Register,
        left: Register,
        right: Register,
    ) -> Result<(), LoadError> {
        let left = self.used(left)?;
        require(matches!(left, Type::Integer(_)), LoadError::NotInteger)?;
        require(self.used(right)? == left, LoadError::TypesDiffer)?;
        require(self.written(target)? == left, LoadError::TypesDiffer)
    }

    fn compare(
        &mut self,
        comparison: Comparison,
        target: Register,
        left: Register,
        right: Register,
    ) -> Result<(), LoadError> {
        let (left, right) = (self.used(left)?, self.used(right)?);
        let bytes = left.bytes_max().is_some();
        let equal = comparison == Comparison::Equal && left.word_width().is_some();
        let ordered = bytes || matches!(left, Type::Integer(_));
        require(equal || ordered, LoadError::Unordered)?;
        let alike = right.bytes_max().is_some() && left.is_text() == right.is_text();
        require(if bytes { alike } else { left == right }, LoadError::TypesDiffer)?;
        require_bool(self.written(target)?)
    }

    fn pack(&mut self, target: Register, operands: &[Register]) -> Result<(), LoadError> {
        let mut all_text = true;
        for operand in operands {
            let operand = self.used(*operand)?;
            require(!matches!(operand, Type::Row(_)), LoadError::RowPacked)?;
            all_text &= operand.is_text();
        }
        let target = self.written(target)?;
        require_bytes(target)?;
        require(all_text || !target.is_text(), LoadError::NotText)
    }

    /// The relation of a row.
    fn relation(&self, row: Type) -> Result<&'a Relation, LoadError> {
        require(matches!(row, Type::Row(_)), LoadError::NotRow)?;
        let (_, relation) = relation_of(self.assembly, row).ok_or(LoadError::UnknownRelation)?;
        Ok(relation)
    }

    /// Registers that are read as a list of values.
    fn used_list(
        &self,
        values: impl Iterator<Item = ValueType> + Clone,
        operands: &[Register],
    ) -> Result<(), LoadError> {
        require(register_count(values.clone()) == operands.len(), LoadError::CountMismatch)?;
        for place in places(values, operands.iter().copied()) {
            if let Some(presence) = place.presence {
                require_bool(self.used(presence)?)?;
            }
            let payload = self.used(place.payload)?;
            require(payload.fits(place.payload_type), LoadError::TooNarrow)?;
        }
        Ok(())
    }

    /// Registers that are written with the values of a row, or none.
    fn written_list(&mut self, of: &Relation, targets: &[Register]) -> Result<(), LoadError> {
        let values = of.row.iter().map(|field| field.value);
        let all = register_count(values.clone()) == targets.len();
        require(all || targets.is_empty(), LoadError::CountMismatch)?;
        for place in places(values, targets.iter().copied()) {
            if let Some(presence) = place.presence {
                require_bool(self.written(presence)?)?;
            }
            let payload = self.written(place.payload)?;
            require(place.payload_type.fits(payload), LoadError::TooNarrow)?;
        }
        Ok(())
    }

    fn failure(&self, code: u16) -> Result<(), LoadError> {
        let known = match Failure::from_code(code) {
            Some(Failure::Reason(index)) => usize::from(index) < self.assembly.reasons.len(),
            other => other.is_some(),
        };
        require(known, LoadError::UnknownReason)
    }
}

fn require_bool(register_type: Type) -> Result<(), LoadError> {
    require(register_type == Type::Bool, LoadError::NotBool)
}

fn require_bytes(register_type: Type) -> Result<(), LoadError> {
    require(register_type.bytes_max().is_some(), LoadError::NotBytes)
}
