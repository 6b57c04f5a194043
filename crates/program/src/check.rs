//! The loader's checks of a program's tables: names, texts, types and signatures.

use crate::assembly::{Assembly, Field};
use crate::bound::{
    ARGUMENTS_LEN_MAX, CASE_COUNT_MAX, FIXED_LEN_MAX, KEY_LEN_MAX, NAME_LEN_MAX, REASON_LEN_MAX,
    RESULT_LEN_MAX, VALUE_LEN_MAX,
};
use crate::error::{LoadError, require};
use crate::value_list::encoded_max;
use crate::value_type::Type;

/// Checks all but the code of the transitions.
pub(crate) fn check_tables(assembly: &Assembly) -> Result<(), LoadError> {
    check_name(&assembly.name)?;
    for relation in &assembly.relations {
        check_name(&relation.name)?;
        check_fields(assembly, &relation.key)?;
        check_fields(assembly, &relation.row)?;
        require(relation.key_len_max() <= KEY_LEN_MAX, LoadError::KeyTooLong)?;
        require(relation.row_len_max() <= VALUE_LEN_MAX, LoadError::RowTooLong)?;
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
        check_fields(assembly, &transition.arguments)?;
        for value in &transition.result {
            check_value(assembly, value.payload)?;
        }
        for local in &transition.locals {
            check_type(assembly, *local)?;
        }
        let arguments = transition.arguments.iter().map(|argument| argument.value);
        require(encoded_max(arguments) <= ARGUMENTS_LEN_MAX, LoadError::ArgumentsTooLong)?;
        let result = transition.result.iter().copied();
        require(encoded_max(result) <= RESULT_LEN_MAX, LoadError::ResultTooLong)?;
    }
    check_distinct(assembly.transitions.iter().map(|transition| transition.name.as_str()))
}

fn check_fields(assembly: &Assembly, fields: &[Field]) -> Result<(), LoadError> {
    for field in fields {
        check_path(&field.name)?;
        check_value(assembly, field.value.payload)?;
    }
    check_distinct(fields.iter().map(|field| field.name.as_str()))
}

fn check_value(assembly: &Assembly, payload: Type) -> Result<(), LoadError> {
    require(!matches!(payload, Type::Row(_)), LoadError::RowInSignature)?;
    check_type(assembly, payload)
}

fn check_type(assembly: &Assembly, register_type: Type) -> Result<(), LoadError> {
    match register_type {
        Type::Bool | Type::Integer(_) => Ok(()),
        Type::Bytes(max) | Type::Text(max) => {
            require(within(max, VALUE_LEN_MAX), LoadError::BytesTooLong)
        }
        Type::Fixed(length) => require(within(length, FIXED_LEN_MAX), LoadError::FixedTooLong),
        Type::Enum(count) => require((1..=CASE_COUNT_MAX).contains(&count), LoadError::CaseCount),
        Type::Row(relation) => {
            let known = usize::from(relation.0) < assembly.relations.len();
            require(known, LoadError::UnknownRelation)
        }
    }
}

/// Names are what people approve: plain identifiers, so that none can pass for another.
fn check_name(name: &str) -> Result<(), LoadError> {
    require(!name.contains('.'), LoadError::BadName)?;
    check_path(name)
}

/// The name of a value inside others: an identifier, then names or numbers after a dot each.
fn check_path(path: &str) -> Result<(), LoadError> {
    let path_like = path.len() <= NAME_LEN_MAX
        && path.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && path.split('.').all(|part| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        });
    require(path_like, LoadError::BadName)
}

fn check_distinct<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), LoadError> {
    let mut seen = alloc::collections::BTreeSet::new();
    for name in names {
        require(seen.insert(name), LoadError::SameName)?;
    }
    Ok(())
}

fn within(length: u32, max: usize) -> bool {
    usize::try_from(length).is_ok_and(|length| length <= max)
}
