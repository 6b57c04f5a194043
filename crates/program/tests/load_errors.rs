//! Each load error: a program that is accepted, and its twin that differs in one place.

mod refused_programs;
mod short_code;

use std::collections::BTreeSet;

use refused_programs::{accepted, at_the_bounds, refused};
use zeta_program::{LoadError, Program, encode};

#[test]
fn what_is_accepted_has_one_encoding() {
    let bytes = encode(&accepted());
    let program = Program::load(&bytes).unwrap();
    assert_eq!(program.bytes(), bytes);
    assert_eq!(program.name(), "accepted");
    assert_eq!(program.transitions(), accepted().transitions);
    assert_eq!(program.relations(), accepted().relations);
    assert_eq!(program.reasons(), accepted().reasons);
}

#[test]
fn programs_at_a_bound_are_accepted() {
    for (index, bytes) in at_the_bounds().iter().enumerate() {
        assert_eq!(Program::load(bytes).err(), None, "program {index}");
    }
}

#[test]
fn each_check_refuses_its_twin() {
    let mut seen = BTreeSet::new();
    for (index, (error, bytes)) in refused().into_iter().enumerate() {
        assert_eq!(Program::load(&bytes).err(), Some(error), "case {index}");
        seen.insert(error);
    }
    let all: BTreeSet<LoadError> = LoadError::ALL.iter().copied().collect();
    assert_eq!(seen, all);
}

#[test]
fn load_errors_are_numbered_in_order() {
    for (index, error) in (1..).zip(LoadError::ALL) {
        assert_eq!(error.code(), index);
    }
}
