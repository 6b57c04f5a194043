//! Writes programs, what the loader says to each, and calls with what the machine answers: cases
//! that another implementation of the language must judge alike.
//!
//! Fixed programs come first, then files of programs, then `--programs` random ones. Files and
//! random ones have `--calls` calls of each transition and `--mutations` changed copies, all from
//! one `--seed`. One line a case:
//!
//! - `P program E code`: the loader refuses it;
//! - `P program L digest rows/scratch/time..`: it takes it, at these costs of its transitions;
//! - `C transition epoch arguments count (relation key row read)..`: a call of the last program
//!   that was taken, with the rows that it asks for in this order, each with 1 where it was read
//!   and else 0; then `R code` (refused), `F code` (failed) or `D result count (place row)..`
//!   (done, with its writes).
//!
//! Byte strings are in hexadecimal after an `x`; a null row is `-`. The last line is `END`.
#![expect(clippy::arithmetic_side_effects, reason = "sizes of made up cases")]

mod fixed_program;
#[path = "../../tests/memory_rows/mod.rs"]
mod memory_rows;
#[path = "../../tests/random_program/mod.rs"]
mod random_program;
#[path = "../../tests/refused_programs/mod.rs"]
mod refused_programs;
#[path = "../../tests/short_code/mod.rs"]
mod short_code;

use std::cell::Cell;
use std::convert::Infallible;
use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, BufWriter, StdoutLock, Write as _};

use memory_rows::State;
use random_program::{Dice, data, list, program};
use zeta_program::{
    Machine, Outcome, Program, Relation, RelationId, RowHandle, Rows, TransitionId, encode,
};

/// Rows that are made up when they are asked for, and kept from call to call.
struct MadeUpRows<'a> {
    dice: &'a mut Dice,
    relations: &'a [Relation],
    state: &'a mut State,
    asked: Vec<Asked>,
}

/// A row that a call has asked for.
struct Asked {
    key: (RelationId, Vec<u8>),
    read: Cell<bool>,
}

impl Rows for MadeUpRows<'_> {
    type Stop = Infallible;

    fn bind(&mut self, relation: RelationId, key: &[u8]) -> Result<RowHandle, Infallible> {
        let wanted = (relation, key.to_vec());
        let fields = self.relations.get(usize::from(relation.0)).map(|found| found.row.as_slice());
        if !self.state.contains_key(&wanted) {
            let made = match self.dice.below(12) {
                0 => {
                    let length = self.dice.pick(&[0, 1, 5, 64, 65]);
                    Some(data(self.dice, length))
                }
                1..=5 => Some(list(self.dice, fields.unwrap_or_default(), true)),
                _ => None,
            };
            made.and_then(|row| self.state.insert(wanted.clone(), row));
        }
        self.asked.push(Asked { key: wanted, read: Cell::new(false) });
        Ok(RowHandle(self.asked.len() as u16 - 1))
    }

    fn read(&self, row: RowHandle) -> Option<&[u8]> {
        let asked = self.asked.get(usize::from(row.0))?;
        asked.read.set(true);
        self.state.get(&asked.key).map(Vec::as_slice)
    }
}

/// What is wanted on the command line.
struct Options {
    files: Vec<String>,
    seed: u64,
    programs: usize,
    calls: usize,
    mutations: usize,
}

impl Options {
    fn parse() -> Result<Options, Box<dyn Error>> {
        let mut options =
            Options { files: Vec::new(), seed: 1, programs: 100, calls: 20, mutations: 30 };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut number = || -> Result<u64, Box<dyn Error>> {
                Ok(words.next().ok_or("an option takes a number")?.parse()?)
            };
            match word.as_str() {
                "--seed" => options.seed = number()?,
                "--programs" => options.programs = number()? as usize,
                "--calls" => options.calls = number()? as usize,
                "--mutations" => options.mutations = number()? as usize,
                _ => options.files.push(word),
            }
        }
        Ok(options)
    }
}

/// Writes cases.
struct Cases<'a> {
    out: BufWriter<StdoutLock<'a>>,
    dice: Dice,
    calls: usize,
    mutations: usize,
    machine: Machine,
}

impl Cases<'_> {
    /// A program with its calls, and changed copies of it with theirs.
    fn family(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.case(bytes, self.calls)?;
        for _ in 0..self.mutations {
            let changed = self.changed(bytes);
            self.case(&changed, 2.min(self.calls))?;
        }
        Ok(())
    }

    fn changed(&mut self, good: &[u8]) -> Vec<u8> {
        let mut changed = good.to_vec();
        for _ in 0..=self.dice.below(3) {
            let at = self.dice.below(changed.len().max(1));
            let small = self.dice.below(40) as u8;
            match (self.dice.below(6), changed.get_mut(at)) {
                (0, Some(_)) => drop(changed.remove(at)),
                (1, _) => changed.insert(at, small),
                (2, Some(byte)) => *byte ^= 1 << self.dice.below(8),
                (3, Some(byte)) => *byte = byte.wrapping_add(1),
                (_, Some(byte)) => *byte = small,
                (_, None) => {}
            }
        }
        changed
    }

    /// A program, and calls of each of its transitions.
    fn case(&mut self, bytes: &[u8], calls: usize) -> io::Result<()> {
        write!(self.out, "P {}", hex(bytes))?;
        let program = match Program::load(bytes) {
            Ok(program) => program,
            Err(error) => return writeln!(self.out, " E {}", error.code()),
        };
        write!(self.out, " L {}", hex(&program.digest()))?;
        let count = program.transitions().len() as u16;
        for cost in (0..count).filter_map(|id| program.cost(TransitionId(id))) {
            write!(self.out, " {}/{}/{}", cost.rows, cost.scratch, cost.time)?;
        }
        writeln!(self.out)?;
        let mut state = State::new();
        for _ in 0..calls {
            for id in 0..count {
                let call = self.call(&program, id, &mut state);
                writeln!(self.out, "{call}")?;
            }
        }
        // A transition that is unknown.
        let call = self.call(&program, count, &mut state);
        writeln!(self.out, "{call}")
    }

    fn call(&mut self, program: &Program, id: u16, state: &mut State) -> String {
        let transition = program.transitions().get(usize::from(id));
        let fields = transition.map_or(&[][..], |found| &found.arguments);
        let mut args = list(&mut self.dice, fields, false);
        if self.dice.one_in(12) {
            args = data(&mut self.dice, args.len() + 1);
        }
        let epoch = self.dice.next() as u32 >> self.dice.below(32);
        let mut call = format!("C {id} {epoch} {}", hex(&args));
        if let Err(refusal) = self.machine.begin(program, TransitionId(id), &args) {
            call += &format!(" 0 R {}", refusal.code());
            return call;
        }
        let relations = program.relations();
        let mut rows = MadeUpRows { dice: &mut self.dice, relations, state, asked: Vec::new() };
        let mut result = Vec::new();
        let Ok(outcome) = self.machine.run(program, &args, epoch, &mut rows, &mut result);
        let asked = rows.asked;
        call += &format!(" {}", asked.len());
        for Asked { key, read } in &asked {
            let row = optional_hex(state.get(key).map(Vec::as_slice));
            call += &format!(" {} {} {row} {}", key.0.0, hex(&key.1), u8::from(read.get()));
        }
        let writes: Vec<_> = self.machine.writes(&args).collect();
        match outcome {
            Outcome::Failed(failure) => call += &format!(" F {}", failure.code()),
            Outcome::Done => call += &format!(" D {} {}", hex(&result), writes.len()),
        }
        for (row, bytes) in writes {
            call += &format!(" {} {}", row.0, optional_hex(bytes));
            let Some(Asked { key, .. }) = asked.get(usize::from(row.0)) else { continue };
            match bytes {
                Some(bytes) => drop(state.insert(key.clone(), bytes.to_vec())),
                None => drop(state.remove(key)),
            }
        }
        call
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold("x".into(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn optional_hex(bytes: Option<&[u8]>) -> String {
    bytes.map_or("-".into(), hex)
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse()?;
    let mut cases = Cases {
        out: BufWriter::new(io::stdout().lock()),
        dice: Dice(options.seed),
        calls: options.calls,
        mutations: options.mutations,
        machine: Machine::new(),
    };
    for (_, bytes) in refused_programs::refused() {
        cases.case(&bytes, 0)?;
    }
    for bytes in refused_programs::at_the_bounds() {
        cases.case(&bytes, 1)?;
    }
    cases.family(&encode(&refused_programs::accepted()))?;
    for bytes in fixed_program::on_rows() {
        cases.case(&bytes, 10 * options.calls)?;
    }
    for bytes in fixed_program::on_values() {
        cases.case(&bytes, options.calls)?;
    }
    for file in options.files {
        cases.family(&std::fs::read(file)?)?;
    }
    for _ in 0..options.programs {
        let made = program(&mut cases.dice);
        cases.family(made.bytes())?;
    }
    writeln!(cases.out, "END")?;
    Ok(cases.out.flush()?)
}
