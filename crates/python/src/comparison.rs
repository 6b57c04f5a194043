//! In what two programs differ, for people who must say which of them they meant.

use crate::errors::load_error;
use pyo3::prelude::*;
use std::fmt::Write;
use zeta_program::{Assembly, Instruction, Program, Transition, Type};

/// What of `before` is otherwise in `after`; empty where both are one program.
#[pyfunction]
pub(crate) fn program_changes(before: &[u8], after: &[u8]) -> PyResult<Vec<String>> {
    let before = Program::load(before).map_err(load_error)?;
    let after = Program::load(after).map_err(load_error)?;
    if before.digest() == after.digest() {
        return Ok(Vec::new());
    }
    let mut changes = Vec::new();
    if before.name() != after.name() {
        changes.push(format!("the application is `{}`, not `{}`", after.name(), before.name()));
    }
    changes.extend(compare("relation", &relations(&before), &relations(&after)));
    changes.extend(compare("transition", &transitions(&before), &transitions(&after)));
    if changes.is_empty() {
        changes.push("its parts are in another order".to_owned());
    }
    Ok(changes)
}

/// A part's name, and all that it means.
type Named = (String, String);

fn compare(kind: &str, before: &[Named], after: &[Named]) -> Vec<String> {
    let mut changes = Vec::new();
    for (name, meaning) in before {
        match after.iter().find(|(other, _)| other == name) {
            None => changes.push(format!("{kind} `{name}` is gone")),
            Some((_, other)) if other != meaning => {
                changes.push(format!("{kind} `{name}` has changed"));
            }
            Some(_) => {}
        }
    }
    let is_new = |name: &String| !before.iter().any(|(other, _)| other == name);
    let new = after.iter().filter(|(name, _)| is_new(name));
    changes.extend(new.map(|(name, _)| format!("{kind} `{name}` is new")));
    changes
}

fn relations(program: &Program) -> Vec<Named> {
    let meaning = |relation| (format!("{relation:?}"), relation);
    let named = program.relations().iter().map(meaning);
    named.map(|(meaning, relation)| (relation.name.clone(), meaning)).collect()
}

fn transitions(program: &Program) -> Vec<Named> {
    let assembly = program.assembly();
    let named = |transition: &Transition| (transition.name.clone(), meaning(assembly, transition));
    assembly.transitions.iter().map(named).collect()
}

/// A transition in words that do not depend on the tables of its program.
fn meaning(assembly: &Assembly, transition: &Transition) -> String {
    let mut text = format!("{:?} {:?}", transition.arguments, transition.result);
    for local in &transition.locals {
        let relation = match local {
            Type::Row(relation) => assembly.relations.get(usize::from(relation.0)),
            _ => None,
        };
        // Writing to a string does not fail.
        let _ = match relation {
            Some(relation) => write!(text, " row of {}", relation.name),
            None => write!(text, " {local:?}"),
        };
    }
    for instruction in &transition.code {
        let reason = |code: u16| {
            assembly.reasons.get(usize::from(code).checked_sub(FIRST_REASON)?).map(String::as_str)
        };
        let _ = match instruction {
            Instruction::Constant { target, constant } => {
                let bytes = assembly.constants.get(usize::from(*constant));
                write!(text, " constant {target:?} {bytes:?}")
            }
            Instruction::Check { condition, code } => {
                write!(
                    text,
                    " check {condition:?} {code_or} {:?}",
                    reason(*code),
                    code_or = own(*code)
                )
            }
            Instruction::Fail { code } => write!(text, " fail {} {:?}", own(*code), reason(*code)),
            other => write!(text, " {other:?}"),
        };
    }
    text
}

/// The code of the first reason that is the program's own.
const FIRST_REASON: usize = 256;

/// A failure that is built in, or zero.
fn own(code: u16) -> u16 {
    if usize::from(code) < FIRST_REASON { code } else { 0 }
}
