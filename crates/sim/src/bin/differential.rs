//! Compares the verifier with the oracle on many logs, and makes the first difference small.
#![expect(clippy::arithmetic_side_effects, reason = "small numbers")]

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, stderr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use zeta_sim::differential::candidate;
use zeta_sim::differential::compare::{Difference, Tally, compare};
use zeta_sim::differential::minimise::minimise;
use zeta_sim::differential::oracle::Oracle;
use zeta_sim::differential::player::Stopped;
use zeta_sim::differential::source::Plan;
use zeta_sim::differential::source::exhaustive::scopes;
use zeta_verifier::{NotYet, Reason};

const USAGE: &str = "\
usage: differential --oracle PROGRAM [--seed N] [--logs N] [--seconds N] [--deeper N]
                    [--batch N] [--vectors yes|no] [--minimise yes|no] [--found FILE]
  --oracle PROGRAM  the verifier in Coq (proofs/build/oracle/oracle)
  --seed N          of what is drawn at random (0)
  --logs N          after the vectors and the small scopes, so many logs drawn at random (100000)
  --seconds N       go on for so long instead
  --deeper N        how much longer than usual the logs of the small scopes are (0)
  --batch N         this batch alone
  --vectors no      leave the vectors out (yes)
  --minimise no     do not make a difference small (yes)
  --found FILE      where a difference is written (differential-found.json)";

struct Options {
    oracle: PathBuf,
    seed: u64,
    logs: u64,
    seconds: Option<u64>,
    deeper: usize,
    batch: Option<u64>,
    vectors: bool,
    minimise: bool,
    found: PathBuf,
}

impl Options {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            oracle: PathBuf::new(),
            seed: 0,
            logs: 100_000,
            seconds: None,
            deeper: 0,
            batch: None,
            vectors: true,
            minimise: true,
            found: "differential-found.json".into(),
        };
        while let Some(name) = words.next() {
            if name == "--help" {
                return Err(USAGE.into());
            }
            let value = words.next().ok_or_else(|| format!("`{name}` needs a value\n{USAGE}"))?;
            let number = || value.parse::<u64>().map_err(|_| format!("`{value}` is no number"));
            match name.as_str() {
                "--oracle" => options.oracle = value.into(),
                "--seed" => options.seed = number()?,
                "--logs" => options.logs = number()?,
                "--seconds" => options.seconds = Some(number()?),
                "--deeper" => options.deeper = number()? as usize,
                "--batch" => options.batch = Some(number()?),
                "--vectors" => options.vectors = value != "no",
                "--minimise" => options.minimise = value != "no",
                "--found" => options.found = value.into(),
                _ => return Err(format!("unknown option `{name} {value}`\n{USAGE}")),
            }
        }
        if options.oracle.as_os_str().is_empty() {
            return Err(USAGE.into());
        }
        Ok(options)
    }
}

/// What the workers share.
struct Campaign {
    options: Options,
    oracle: Oracle,
    plan: Plan,
    began: Instant,
    next: AtomicU64,
    stop: AtomicBool,
    ended: Mutex<Ended>,
}

#[derive(Default)]
struct Ended {
    tally: Tally,
    batches: u64,
    /// Logs by where they come from.
    sources: BTreeMap<String, u64>,
    /// Logs that were drawn at random.
    drawn: u64,
    found: Option<Difference>,
    error: Option<String>,
}

impl Campaign {
    fn new(options: Options) -> Self {
        Self {
            oracle: Oracle::new(&options.oracle),
            plan: Plan::new(options.seed, scopes(options.deeper)),
            began: Instant::now(),
            next: AtomicU64::new(options.batch.unwrap_or(u64::from(!options.vectors))),
            stop: AtomicBool::new(false),
            ended: Mutex::default(),
            options,
        }
    }

    /// Whether this batch is to be made, after so many logs were drawn.
    fn goes_on(&self, number: u64, drawn: u64) -> bool {
        if self.stop.load(Relaxed) {
            return false;
        }
        match (self.options.batch, self.options.seconds) {
            (Some(only), _) => number == only,
            (None, Some(seconds)) => self.began.elapsed() < Duration::from_secs(seconds),
            (None, None) => number < self.plan.fixed() || drawn < self.options.logs,
        }
    }

    fn work(&self) {
        loop {
            let number = self.next.fetch_add(1, Relaxed);
            let drawn = self.ended.lock().map_or(0, |ended| ended.drawn);
            if !self.goes_on(number, drawn) {
                return;
            }
            let made = self.plan.batch(number);
            let compared =
                made.and_then(|(source, played)| Ok((source, compare(&self.oracle, &played)?)));
            let Ok(mut ended) = self.ended.lock() else { return };
            ended.batches += 1;
            match compared {
                Ok((source, Ok(tally))) => {
                    *ended.sources.entry(source).or_default() += tally.logs;
                    ended.drawn += if number < self.plan.fixed() { 0 } else { tally.logs };
                    ended.tally.add(&tally);
                }
                Ok((_, Err(found))) => {
                    self.stop.store(true, Relaxed);
                    ended.found.get_or_insert(found);
                }
                Err(error) => {
                    self.stop.store(true, Relaxed);
                    let again = format!("again: --seed {} --batch {number}", self.options.seed);
                    ended.error.get_or_insert(format!("{error}; {again}"));
                }
            }
            self.show(&ended);
        }
    }

    /// A bar on a terminal; now and then a line where there is none.
    fn show(&self, ended: &Ended) {
        let seconds = self.began.elapsed().as_secs();
        let share = match self.options.seconds {
            Some(all) => seconds.saturating_mul(100) / all.max(1),
            // The fixed batches are about half of what the default takes.
            None => {
                let fixed = ended.batches.saturating_mul(50) / self.plan.fixed().max(1);
                fixed.min(50) + ended.drawn.saturating_mul(50) / self.options.logs.max(1)
            }
        };
        let share = share.min(100) as usize;
        let line = format!(
            "[{:<25}] {share:3} % {:9} logs {:10} calls {seconds:5} s, seed {}",
            "#".repeat(share / 4),
            ended.tally.logs,
            ended.tally.calls,
            self.options.seed
        );
        if stderr().is_terminal() {
            eprint!("\r{line}");
        } else if ended.batches.is_multiple_of(100) {
            eprintln!("{line}");
        }
    }
}

fn main() -> ExitCode {
    match Options::read(std::env::args().skip(1)).and_then(run) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}

/// Whether both sides agreed.
fn run(options: Options) -> Result<bool, String> {
    let campaign = Campaign::new(options);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| campaign.work());
        }
    });
    if stderr().is_terminal() {
        eprintln!();
    }
    let Campaign { options, oracle, began, ended, .. } = campaign;
    let ended = ended.into_inner().map_err(|_| "a worker stopped".to_owned())?;
    if let Some(error) = ended.error {
        return Err(error);
    }
    for (source, logs) in &ended.sources {
        println!("{logs:10}  logs: {source}");
    }
    report(&ended.tally, began.elapsed(), options.seed);
    let Some(found) = ended.found else { return Ok(true) };
    tell(&options, &oracle, found).map_err(|error| error.to_string())?;
    Ok(false)
}

fn report(tally: &Tally, elapsed: Duration, seed: u64) {
    println!(
        "seed {seed}: {} logs, {} calls compared in {:.1} s",
        tally.logs,
        tally.calls,
        elapsed.as_secs_f64()
    );
    for (stop, count) in &tally.stops {
        println!("{count:10}  {}", name_of(*stop));
    }
    for (became, count) in &tally.epochs {
        println!("{count:10}  epochs {}", format!("{became:?}").to_lowercase());
    }
    let met = |stop| tally.stops.contains_key(&stop);
    let missed: Vec<String> = Reason::ALL
        .iter()
        .filter(|reason| !met(Stopped::Rejected(reason.code())))
        .map(|reason| format!("{reason:?}"))
        .collect();
    if !missed.is_empty() {
        println!("no log met: {}", missed.join(", "));
    }
}

fn name_of(stop: Stopped) -> String {
    match stop {
        Stopped::Done => "done".into(),
        Stopped::Retry(code) => {
            let found = NotYet::ALL.into_iter().find(|not_yet| not_yet.code() == code);
            found.map_or_else(|| format!("retry {code}"), |not_yet| format!("retry {not_yet:?}"))
        }
        Stopped::Rejected(code) => Reason::from_code(code)
            .map_or_else(|| format!("rejected {code}"), |reason| format!("rejected {reason:?}")),
    }
}

fn tell(options: &Options, oracle: &Oracle, found: Difference) -> io::Result<()> {
    println!("THE VERIFIER AND THE ORACLE DIFFER, in: {}", found.case.name);
    let small = if options.minimise { minimise(oracle, &found)? } else { found };
    let text = candidate::text(&small);
    write(&options.found, &text)?;
    println!("{text}written to {}", options.found.display());
    Ok(())
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    std::fs::write(path, text)
}
