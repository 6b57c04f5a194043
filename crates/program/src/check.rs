//! The loader's checks of a program's tables: names, texts, types and signatures.

use crate::assembly::{Assembly, Transition};
use crate::bound::{
    ARGUMENTS_LEN_MAX, FIXED_LEN_MAX, KEY_LEN_MAX, NAME_LEN_MAX, REASON_LEN_MAX, RESULT_LEN_MAX,
    VALUE_LEN_MAX,
};
use crate::error::{LoadError, require};
use crate::value_type::{Type, ValueType};

/// Checks all but the code of the transitions.
pub(crate) fn check_tables(assembly: &Assembly) -> Result<(), LoadError> {
    check_name(&assembly.name)?;
    for relation in &assembly.relations {
        check_name(&relation.name)?;
        require(within(relation.key_len_max, KEY_LEN_MAX), LoadError::KeyTooLong)?;
        require(within(relation.row_len_max, VALUE_LEN_MAX), LoadError::RowTooLong)?;
    }
    check_distinct(assembly.relations.iter().map(|relation| relation.name.as_str()))?;
    for reason in &assembly.reasons {
        let told = !reason.is_empty()
            && reason.len() <= REASON_LEN_MAX
            && !reason.chars().any(char::is_control);
        require(told, LoadError::BadReason)?;
    }
    for transition in &assembly.transitions {
        check_name(&transition.name)?;
        check_signature(transition)?;
        for register in transition.registers() {
            check_type(assembly, register)?;
        }
        for value in &transition.result {
            check_type(assembly, value.payload)?;
        }
    }
    check_distinct(assembly.transitions.iter().map(|transition| transition.name.as_str()))
}

fn check_signature(transition: &Transition) -> Result<(), LoadError> {
    let arguments = || transition.arguments.iter().map(|argument| argument.value);
    let result = || transition.result.iter().copied();
    for argument in &transition.arguments {
        check_name(&argument.name)?;
    }
    check_distinct(transition.arguments.iter().map(|argument| argument.name.as_str()))?;
    for value in arguments().chain(result()) {
        require(!matches!(value.payload, Type::Row(_)), LoadError::RowInSignature)?;
    }
    require(encoded_max(arguments()) <= ARGUMENTS_LEN_MAX, LoadError::ArgumentsTooLong)?;
    require(encoded_max(result()) <= RESULT_LEN_MAX, LoadError::ResultTooLong)
}

fn check_type(assembly: &Assembly, register_type: Type) -> Result<(), LoadError> {
    match register_type {
        Type::Bool | Type::Integer(_) => Ok(()),
        Type::Bytes(max) => require(within(max, VALUE_LEN_MAX), LoadError::BytesTooLong),
        Type::Fixed(length) => require(within(length, FIXED_LEN_MAX), LoadError::FixedTooLong),
        Type::Row(relation) => {
            let known = usize::from(relation.0) < assembly.relations.len();
            require(known, LoadError::UnknownRelation)
        }
    }
}

/// Names are what people approve: plain identifiers, so that none can pass for another.
fn check_name(name: &str) -> Result<(), LoadError> {
    let identifier = name.len() <= NAME_LEN_MAX
        && name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    require(identifier, LoadError::BadName)
}

fn check_distinct<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), LoadError> {
    let mut seen = alloc::collections::BTreeSet::new();
    for name in names {
        require(seen.insert(name), LoadError::SameName)?;
    }
    Ok(())
}

fn encoded_max(values: impl Iterator<Item = ValueType>) -> usize {
    values.fold(0, |sum, value| sum.saturating_add(value.encoded_max()))
}

fn within(length: u32, max: usize) -> bool {
    usize::try_from(length).is_ok_and(|length| length <= max)
}
