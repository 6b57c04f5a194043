//! Which records a call touches, as far as its arguments alone tell.

use zeta_program::{Instruction, Program, Register, Type, ValueType};
use zeta_verifier::RelationId;

/// A transition, seen by who must find its records before it runs.
pub(crate) enum Shape {
    /// It begins by binding records whose keys are arguments, and binds no others.
    Leading { keys: Vec<KeyArgument>, arguments: Vec<ValueType> },
    /// Its records depend on what it reads or computes.
    Dynamic,
}

/// A key that is an argument.
pub(crate) struct KeyArgument {
    relation: RelationId,
    argument: usize,
}

/// What the arguments say about a call's records.
#[derive(Clone, Copy)]
pub(crate) enum Need<'a> {
    /// Exactly one record.
    One(RelationId, &'a [u8]),
    /// These, by `Shape::keys`.
    Several,
    /// Only a run can tell.
    Unknown,
    /// The verifier will refuse the call before it asks for a record, or there is no record.
    None,
}

impl Shape {
    /// The shape of every transition, in the order of their ids.
    pub(crate) fn of_program(program: &Program) -> Vec<Self> {
        program.transitions().iter().map(Self::of_transition).collect()
    }

    fn of_transition(transition: &zeta_program::Transition) -> Self {
        let types = transition.registers();
        let is_bind = |instruction: &&Instruction| matches!(instruction, Instruction::Bind { .. });
        let leading = transition.code.iter().take_while(is_bind).count();
        if transition.code.iter().filter(is_bind).count() != leading {
            return Self::Dynamic;
        }
        let mut keys = Vec::new();
        for instruction in &transition.code[..leading] {
            let Instruction::Bind { target, key } = instruction else { return Self::Dynamic };
            let argument = argument_of(transition, *key);
            let (Some(argument), Some(Type::Row(relation))) =
                (argument, types.get(usize::from(target.0)))
            else {
                return Self::Dynamic;
            };
            keys.push(KeyArgument { relation: *relation, argument });
        }
        let arguments = transition.arguments.iter().map(|argument| argument.value).collect();
        Self::Leading { keys, arguments }
    }

    /// What a call with these encoded arguments needs.
    #[inline]
    pub(crate) fn need<'a>(&self, encoded: &'a [u8]) -> Need<'a> {
        let Self::Leading { keys, arguments } = self else { return Need::Unknown };
        match keys.as_slice() {
            [] => Need::None,
            [key] => match span(arguments, key.argument, encoded) {
                Some(bytes) => Need::One(key.relation, bytes),
                None => Need::None,
            },
            keys => match keys.iter().all(|k| span(arguments, k.argument, encoded).is_some()) {
                true => Need::Several,
                false => Need::None,
            },
        }
    }

    /// The keys of a call that needs several.
    pub(crate) fn keys<'a>(
        &self,
        encoded: &'a [u8],
    ) -> impl Iterator<Item = (RelationId, &'a [u8])> {
        let (keys, arguments) = match self {
            Self::Leading { keys, arguments } => (keys.as_slice(), arguments.as_slice()),
            Self::Dynamic => (&[][..], &[][..]),
        };
        keys.iter().filter_map(move |key| {
            span(arguments, key.argument, encoded).map(|bytes| (key.relation, bytes))
        })
    }
}

/// The argument whose payload is in this register, where it is a plain byte string.
fn argument_of(transition: &zeta_program::Transition, register: Register) -> Option<usize> {
    let mut next = 0;
    for (index, argument) in transition.arguments.iter().enumerate() {
        let payload = next + argument.value.register_count() - 1;
        if payload == usize::from(register.0) {
            return (!argument.value.optional && argument.value.payload.bytes_max().is_some())
                .then_some(index);
        }
        next += argument.value.register_count();
    }
    None
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
        Type::Bytes(max) => {
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
