//! Fuzzes the loader and the machine: what loads has one encoding, and runs without a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zeta_program::{Machine, Program, RelationId, RowHandle, Rows, TransitionId};

/// Every key has a row, the same one; the bytes are the fuzzer's.
struct OneRow<'a>(&'a [u8]);

impl Rows for OneRow<'_> {
    type Stop = ();

    fn bind(&mut self, _: RelationId, _: &[u8]) -> Result<RowHandle, ()> {
        Ok(RowHandle(0))
    }

    fn read(&self, _: RowHandle) -> Option<&[u8]> {
        (!self.0.is_empty()).then_some(self.0)
    }
}

fuzz_target!(|data: &[u8]| {
    let (len, rest) = data.split_at(data.len().min(2));
    let len = usize::from(len.first().copied().unwrap_or(0)) * 8;
    let (arguments, bytes) = rest.split_at(rest.len().min(len));
    let Ok(program) = Program::load(bytes) else { return };
    assert_eq!(program.bytes(), bytes);
    let mut machine = Machine::new();
    for transition in 0..4 {
        let mut result = Vec::new();
        if machine.begin(&program, TransitionId(transition), arguments).is_ok() {
            let _ = machine.run(&program, arguments, 7, &mut OneRow(arguments), &mut result);
            for (_, value) in machine.writes(arguments) {
                std::hint::black_box(value);
            }
        }
    }
});
