//! `zeta-sim`: runs seeds, honest or under attack, and stops at the first that is not as stated.
#![expect(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "small numbers")]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write, stderr};
use std::process::ExitCode;
use zeta_sim::attack::{Attack, all, combination, named};
use zeta_sim::history::json_lines;
use zeta_sim::schedule::{End, Report, Schedule};
use zeta_verifier::{Incarnation, InstanceId, Standard};

const USAGE: &str = "\
usage: zeta-sim [--seed N] [--runs M] [--adversary on|off] [--attack NAME] [--histories FILE]
  --seed N          the first seed (0)
  --runs M          how many seeds, one run each (20000)
  --adversary       on: every run tells one lie, or two; off: every run is honest (on)
  --attack NAME     this lie alone
  --histories FILE  what clients saw of what certified, for tests/porcupine";

struct Options {
    seed: u64,
    runs: u64,
    adversary: bool,
    attack: Option<Attack<Standard>>,
    histories: Option<BufWriter<File>>,
}

impl Options {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options =
            Self { seed: 0, runs: 20_000, adversary: true, attack: None, histories: None };
        while let Some(name) = words.next() {
            if name == "--help" {
                return Err(USAGE.into());
            }
            let value = words.next().ok_or_else(|| format!("`{name}` needs a value\n{USAGE}"))?;
            let number = || value.parse().map_err(|_| format!("`{value}` is no number"));
            match name.as_str() {
                "--seed" => options.seed = number()?,
                "--runs" => options.runs = number()?,
                "--adversary" if value == "on" || value == "off" => {
                    options.adversary = value == "on";
                }
                "--attack" => {
                    let attack = named(&value).ok_or_else(|| no_attack(&value))?;
                    options.attack = Some(attack);
                }
                "--histories" => {
                    let file = File::create(&value);
                    let file = file.map_err(|error| format!("cannot write `{value}`: {error}"))?;
                    options.histories = Some(BufWriter::new(file));
                }
                _ => return Err(format!("unknown option `{name} {value}`\n{USAGE}")),
            }
        }
        Ok(options)
    }
}

fn no_attack(name: &str) -> String {
    let names: Vec<&str> = all::<Standard>().iter().map(|attack| attack.name).collect();
    format!("no attack is called `{name}`; there are: {}", names.join(", "))
}

fn main() -> ExitCode {
    let result = Options::read(std::env::args().skip(1)).and_then(drill);
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn standard(seed: u64) -> Standard {
    let mut secret = [0; 32];
    secret[..8].copy_from_slice(&seed.to_le_bytes());
    Standard::new(secret, InstanceId([0; 16]), Incarnation([0; 16]))
}

fn drill(mut options: Options) -> Result<(), String> {
    let mut attacks = match options.attack.take() {
        Some(attack) => vec![attack],
        None => all(),
    };
    if attacks.len() > 1 {
        attacks.push(combination());
    }
    let mut ends: BTreeMap<(&str, String), u64> = BTreeMap::new();
    let mut operations = 0;
    for index in 0..options.runs {
        let seed = options.seed.wrapping_add(index);
        let attack = options.adversary.then(|| &attacks[(seed % attacks.len() as u64) as usize]);
        let report = Schedule::new(seed, standard(seed), attack).finish();
        judge(seed, attack, &report)?;
        let name = attack.filter(|_| report.struck).map_or("honest", |attack| attack.name);
        *ends.entry((name, format!("{:?}", report.end))).or_default() += 1;
        let certified = report.certified_events();
        operations += certified.len();
        if let Some(file) = &mut options.histories {
            let lines = json_lines(seed, &certified, None);
            file.write_all(lines.as_bytes()).map_err(|error| format!("histories: {error}"))?;
        }
        if (index + 1) % 1000 == 0 && stderr().is_terminal() {
            eprint!("\r{} of {} runs", index + 1, options.runs);
        }
    }
    if let Some(mut file) = options.histories {
        file.flush().map_err(|error| format!("histories: {error}"))?;
    }
    if stderr().is_terminal() {
        eprintln!();
    }
    for ((name, end), count) in &ends {
        println!("{count:8}  {name:26} {end}");
    }
    println!("{} runs as stated, {operations} operations certified", options.runs);
    Ok(())
}

/// An error that names the seed, where a run did not end as stated.
fn judge(seed: u64, attack: Option<&Attack<Standard>>, report: &Report) -> Result<(), String> {
    let name = attack.map_or("honest", |attack| attack.name);
    let again = match attack {
        Some(attack) if attack.name != "combination" => {
            format!("--seed {seed} --runs 1 --attack {name}")
        }
        Some(_) => format!("--seed {seed} --runs 1"),
        None => format!("--seed {seed} --runs 1 --adversary off"),
    };
    if !report.is_sound() {
        return Err(format!("`{name}` certified what did not happen; again: {again}"));
    }
    let as_stated = match attack {
        Some(attack) if report.struck => attack.allows(report.end),
        _ => report.end == End::Certified,
    };
    if as_stated {
        return Ok(());
    }
    Err(format!("`{name}` ended {:?}, which is not stated of it; again: {again}", report.end))
}
