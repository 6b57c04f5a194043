//! Properties of the loader and the machine, over random bytes and random programs.

#![expect(clippy::indexing_slicing, clippy::expect_used, reason = "a panic is a failed test")]

mod memory_rows;
mod random_program;
mod short_code;

use memory_rows::{End, State, Write, call};
use proptest::prelude::*;
use random_program::{Dice, arguments, program, state};
use zeta_program::{Failure, Machine, Program, TransitionId, encode, key_value};

/// Runs a call on two machines, one of them used, and checks what holds of every call.
fn run(used: &mut Machine, program: &Program, state: &State, args: &[u8], rows: usize) -> End {
    let ends: [(End, Vec<Write>); 2] = [
        call(used, program, state, 0, args, rows),
        call(&mut Machine::new(), program, state, 0, args, rows),
    ];
    assert_eq!(ends[0], ends[1], "a call depends on its inputs only");
    let [(end, writes), _] = ends;
    assert_ne!(end, End::Failed(Failure::Internal), "the loader let through what it should not");
    for ((relation, _), row) in &writes {
        let max = program.relations()[usize::from(relation.0)].row_len_max();
        assert!(row.as_ref().is_none_or(|row| row.len() <= max));
    }
    let cost = program.cost(TransitionId(0)).expect("there is a transition");
    assert!(writes.len() <= cost.rows);
    assert!(used.scratch_len() <= cost.scratch);
    end
}

proptest! {
    #[test]
    fn a_program_that_loads_never_breaks_the_machine(seed: u64) {
        let mut dice = Dice(seed);
        let mut used = Machine::new();
        for _ in 0..2 {
            let program = program(&mut dice);
            prop_assert_eq!(encode(program.assembly()), program.bytes());
            for _ in 0..12 {
                let args = arguments(&mut dice, &program.transitions()[0]);
                let state = state(&mut dice, program.relations());
                let rows = dice.pick(&[0, 1, 2, 99]);
                let _ = run(&mut used, &program, &state, &args, rows);
            }
        }
    }

    #[test]
    fn a_changed_program_is_refused_or_is_its_own_encoding(seed: u64) {
        let mut dice = Dice(seed);
        let good = match dice.one_in(2) {
            true => key_value(),
            false => program(&mut dice).bytes().to_vec(),
        };
        let mut used = Machine::new();
        for _ in 0..60 {
            let mut changed = good.clone();
            for _ in 0..=dice.below(2) {
                let at = dice.below(changed.len());
                match dice.below(4) {
                    0 => { changed.remove(at); }
                    1 => changed.insert(at, dice.below(40) as u8),
                    2 => changed[at] ^= 1 << dice.below(8),
                    _ => changed[at] = dice.below(40) as u8,
                }
            }
            let Ok(program) = Program::load(&changed) else { continue };
            prop_assert_eq!(encode(program.assembly()), changed);
            let args = arguments(&mut dice, &program.transitions()[0]);
            let _ = run(&mut used, &program, &state(&mut dice, program.relations()), &args, 99);
        }
    }

    #[test]
    fn random_bytes_do_not_break_the_loader(tail in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Program::load(&tail);
        let _ = Program::load(&[&key_value()[..10], &tail].concat());
    }
}

/// The generator reaches what it is for: without this, the properties could hold of nothing.
#[test]
fn random_programs_end_in_every_way() {
    let mut dice = Dice(1);
    let (mut done, mut failed, mut refused, mut stopped, mut instructions) = (0, 0, 0, 0, 0);
    for _ in 0..200 {
        let program = program(&mut dice);
        instructions += program.transitions()[0].code.len();
        for _ in 0..12 {
            let args = arguments(&mut dice, &program.transitions()[0]);
            let (state, rows) = (state(&mut dice, program.relations()), dice.pick(&[1, 99]));
            match run(&mut Machine::new(), &program, &state, &args, rows) {
                End::Done(_) => done += 1,
                End::Failed(_) => failed += 1,
                End::Refused(_) => refused += 1,
                End::Stopped => stopped += 1,
            }
        }
    }
    let ends = [done, failed, refused, stopped];
    assert!(done > 100 && failed > 100 && refused > 30 && stopped > 10, "{ends:?}");
    assert!(instructions > 2000);
}
