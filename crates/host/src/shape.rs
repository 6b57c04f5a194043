//! What a transition's code alone tells of the records that its calls touch.

use zeta_program::{Field, Instruction, Program, Register, Transition, Type, ValueType};
use zeta_verifier::RelationId;

/// A transition, seen by who must find its records before it runs.
pub(crate) struct Shape {
    arguments: Vec<ValueType>,
    keys: Vec<Key>,
    /// The keys are all that a call asks for, in this order, whatever it reads. Otherwise they are
    /// those that it may ask for, as far as its arguments tell.
    pub(crate) exact: bool,
    /// It may write what calls of inexact transitions read, which the host must run to know them.
    pub(crate) tracked: bool,
    /// A call may write.
    pub(crate) writes: bool,
    /// What a call does may depend on the epoch.
    pub(crate) reads_epoch: bool,
}

/// A key that is made of arguments and constants.
struct Key {
    relation: RelationId,
    parts: Vec<KeyPart>,
}

struct KeyPart {
    part: Part,
    /// The length of its bytes stands before them.
    counted: bool,
}

#[derive(Clone)]
enum Part {
    /// The bytes of this argument.
    Argument(usize),
    Constant(Vec<u8>),
}

impl Shape {
    /// The shape of every transition, in the order of their ids.
    pub(crate) fn of_program(program: &Program) -> Vec<Self> {
        let transitions = program.transitions();
        let mut shapes: Vec<_> =
            transitions.iter().map(|transition| Self::of_transition(program, transition)).collect();
        let inexact = shapes.iter().zip(transitions).filter(|(shape, _)| !shape.exact);
        let relations: Vec<_> =
            inexact.flat_map(|(_, transition)| relations_of(transition)).collect();
        for (shape, transition) in shapes.iter_mut().zip(transitions) {
            let seen = relations_of(transition).any(|relation| relations.contains(&relation));
            shape.tracked = shape.writes && seen;
        }
        shapes
    }

    fn of_transition(program: &Program, transition: &Transition) -> Self {
        let types = transition.registers();
        let mut known = known_arguments(transition, types.len());
        let (mut keys, mut exact) = (Vec::new(), true);
        // Whether every call comes by here, and nothing before can have failed.
        let mut certain = true;
        for instruction in &transition.code {
            match instruction {
                Instruction::Constant { target, constant } => {
                    let bytes = program.assembly().constants.get(usize::from(*constant));
                    set(&mut known, *target, bytes.cloned().map(Part::Constant));
                }
                Instruction::Move { target, source } => {
                    let part = known.get(usize::from(source.0)).cloned().flatten();
                    set(&mut known, *target, part);
                }
                Instruction::Bind { target, operands } => {
                    let key = relation_of(&types, *target).and_then(|relation| {
                        let fields = &program.relations()[usize::from(relation.0)].key;
                        Some(Key { relation, parts: key_parts(fields, operands, &known)? })
                    });
                    exact &= certain && key.is_some();
                    keys.extend(key);
                }
                Instruction::Word { target, word } => {
                    let width = types[usize::from(target.0)].encoded_max();
                    let bytes = word.to_le_bytes()[..width].to_vec();
                    set(&mut known, *target, Some(Part::Constant(bytes)));
                }
                Instruction::Epoch { target } => set(&mut known, *target, None),
                _ => certain = false,
            }
        }
        let any = |is: fn(&Instruction) -> bool| transition.code.iter().any(is);
        Self {
            arguments: transition.arguments.iter().map(|argument| argument.value).collect(),
            keys,
            exact,
            tracked: false,
            writes: any(|i| matches!(i, Instruction::Store { .. } | Instruction::Delete { .. })),
            reads_epoch: any(|i| matches!(i, Instruction::Epoch { .. })),
        }
    }

    /// Shows the keys of a call with these encoded arguments, some perhaps twice; false where they
    /// are malformed, so that the verifier will refuse the call before it asks for a record.
    #[inline]
    pub(crate) fn each_key(&self, encoded: &[u8], mut show: impl FnMut(RelationId, &[u8])) -> bool {
        let mut made = Vec::new();
        for key in &self.keys {
            let [KeyPart { part: only, .. }] = key.parts.as_slice() else {
                made.clear();
                for KeyPart { part, counted } in &key.parts {
                    let Some(bytes) = self.bytes(part, encoded) else { return false };
                    if *counted {
                        made.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
                    }
                    made.extend_from_slice(bytes);
                }
                show(key.relation, &made);
                continue;
            };
            let Some(bytes) = self.bytes(only, encoded) else { return false };
            show(key.relation, bytes);
        }
        true
    }

    #[inline]
    fn bytes<'a>(&self, part: &'a Part, encoded: &'a [u8]) -> Option<&'a [u8]> {
        match part {
            Part::Argument(argument) => span(&self.arguments, *argument, encoded),
            Part::Constant(bytes) => Some(bytes),
        }
    }
}

/// The registers whose bytes the arguments tell.
fn known_arguments(transition: &Transition, registers: usize) -> Vec<Option<Part>> {
    let mut known = Vec::new();
    for (index, argument) in transition.arguments.iter().enumerate() {
        let value = argument.value;
        if value.optional {
            known.extend([None, None]);
        } else {
            known.push(Some(Part::Argument(index)));
        }
    }
    known.resize(registers, None);
    known
}

/// The parts of a key of these fields, where all are known; the last takes what remains.
fn key_parts(
    fields: &[Field],
    operands: &[Register],
    known: &[Option<Part>],
) -> Option<Vec<KeyPart>> {
    let mut parts = Vec::new();
    for (index, field) in fields.iter().enumerate() {
        if field.value.optional {
            return None;
        }
        let part = known.get(usize::from(operands.get(index)?.0))?.clone()?;
        let has_length = matches!(field.value.payload, Type::Bytes(_) | Type::Text(_));
        parts.push(KeyPart { part, counted: has_length && index + 1 < fields.len() });
    }
    Some(parts)
}

fn set(known: &mut [Option<Part>], register: Register, part: Option<Part>) {
    if let Some(place) = known.get_mut(usize::from(register.0)) {
        *place = part;
    }
}

fn relation_of(types: &[Type], row: Register) -> Option<RelationId> {
    match types.get(usize::from(row.0)) {
        Some(Type::Row(relation)) => Some(*relation),
        _ => None,
    }
}

/// The relations of the rows that a transition binds.
fn relations_of(transition: &Transition) -> impl Iterator<Item = RelationId> + '_ {
    transition.locals.iter().filter_map(|local| match local {
        Type::Row(relation) => Some(*relation),
        _ => None,
    })
}

/// The bytes of an argument; `None` where the encoding is malformed before its end.
#[inline]
fn span<'a>(arguments: &[ValueType], wanted: usize, encoded: &'a [u8]) -> Option<&'a [u8]> {
    let mut rest = encoded;
    for argument in arguments.iter().take(wanted) {
        payload(argument, &mut rest)?;
    }
    payload(arguments.get(wanted)?, &mut rest)
}

#[inline]
fn payload<'a>(value: &ValueType, rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    if value.optional {
        let (flag, after) = rest.split_first()?;
        *rest = after;
        match flag {
            0 => return Some(&[]),
            1 => {}
            _ => return None,
        }
    }
    let len = match value.payload {
        Type::Bytes(max) | Type::Text(max) => {
            let (len, after) = rest.split_first_chunk()?;
            *rest = after;
            let len = u32::from_le_bytes(*len);
            (len <= max).then_some(len as usize)?
        }
        fixed => fixed.encoded_max(),
    };
    let (bytes, after) = rest.split_at_checked(len)?;
    *rest = after;
    Some(bytes)
}
