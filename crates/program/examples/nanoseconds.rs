//! Prints what a `get` and a `put` of the key-value program cost, in nanoseconds.
//!
//! A number after the command is that of the calls in a pass: few, where instructions are counted.

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use zeta_program::{Machine, Outcome, Program, RelationId, RowHandle, Rows, TransitionId};

const CALLS: u32 = 5_000_000;
const PASSES: usize = 9;

/// One row, as the verifier lends it: a slot that holds the key asked for.
struct OneRow {
    key: Vec<u8>,
    value: Vec<u8>,
}

impl Rows for OneRow {
    type Stop = ();

    fn bind(&mut self, _: RelationId, key: &[u8]) -> Result<RowHandle, ()> {
        if key == self.key { Ok(RowHandle(0)) } else { Err(()) }
    }

    fn read(&self, _: RowHandle) -> Option<&[u8]> {
        Some(&self.value)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let calls: u32 = std::env::args().nth(1).map_or(Ok(CALLS), |calls| calls.parse())?;
    let program = Program::load(&zeta_program::key_value())?;
    let key = [8, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
    let value = [8, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1];
    let get = (TransitionId(0), key.to_vec());
    let put = (TransitionId(1), [key, value].concat());
    let mut machine = Machine::new();
    let mut rows = OneRow { key: key[4..].to_vec(), value: value[4..].to_vec() };
    let mut result = Vec::new();
    for (name, (transition, args)) in [("get", get), ("put", put)] {
        let mut best = f64::INFINITY;
        for _ in 0..PASSES {
            let start = Instant::now();
            for _ in 0..calls {
                result.clear();
                let args = black_box(args.as_slice());
                machine.begin(&program, transition, args)?;
                let outcome = machine.run(&program, args, 1, &mut rows, &mut result);
                assert_eq!(outcome, Ok(Outcome::Done));
                for (_, written) in machine.writes(args) {
                    if let Some(written) = written {
                        rows.value.clear();
                        rows.value.extend_from_slice(written);
                    }
                }
                black_box(&result);
            }
            best = best.min(start.elapsed().as_secs_f64() * 1e9 / f64::from(calls));
        }
        println!("{name}: {best:.1} ns, begin, run and writes included");
    }
    Ok(())
}
