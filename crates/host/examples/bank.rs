//! Transfers between accounts: `bank [accounts] [seconds] [policies] [workers] [transition] [batch
//! length]`; policies are a list of `hybrid`, `deferred`, `merkle` and `unverified`, the transition
//! is `transfer`, whose arguments tell its records, or `pay`, which the host must run to know them.
#![expect(clippy::arithmetic_side_effects, reason = "a bench may panic")]

#[path = "../tests/ledger/mod.rs"]
#[expect(dead_code, reason = "a bench runs some of its transitions")]
mod ledger;

use std::time::Instant;
use zeta_host::{Batch, Column, Entropy, Options, Policy, Results, Store, Transitions};

/// What an account holds at first: enough for any transfer.
const BALANCE: u64 = 1 << 40;
/// Transfers that are drawn before the clock starts, and run over and over.
const DRAWN: usize = 1 << 21;

struct Load {
    accounts: u64,
    seconds: f64,
    policies: Vec<Policy>,
    workers: u16,
    transition: u16,
    batch_len: usize,
}

fn load_of_arguments() -> Result<Load, Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let arg = |i: usize, default: &str| args.get(i).cloned().unwrap_or(default.to_owned());
    let policies = arg(3, "unverified,hybrid");
    let policy = |name| match name {
        "hybrid" => Ok(Policy::Hybrid),
        "deferred" => Ok(Policy::DeferredOnly),
        "merkle" => Ok(Policy::MerkleOnly),
        "unverified" => Ok(Policy::Unverified),
        other => Err(format!("no policy `{other}`")),
    };
    Ok(Load {
        accounts: arg(1, "1000000").parse()?,
        seconds: arg(2, "5").parse()?,
        policies: policies.split(',').map(policy).collect::<Result<_, _>>()?,
        workers: arg(4, "1").parse()?,
        transition: if arg(5, "transfer") == "pay" { ledger::PAY } else { ledger::TRANSFER },
        batch_len: arg(6, "10000").parse()?,
    })
}

fn account(number: u64) -> Vec<u8> {
    ledger::name(format!("account-{number:08}").as_bytes())
}

/// Calls of one transition, whose arguments all have one length.
fn run(
    store: &Store,
    transition: u16,
    bytes: &[u8],
    width: usize,
) -> Result<u64, zeta_host::HostError> {
    let (transitions, arguments) = (Transitions::All(transition), Column::Fixed { bytes, width });
    let mut results = Results::new();
    store.run(&Batch::Calls { transitions, arguments }, &mut results)?;
    Ok(results.statuses.iter().filter(|status| **status != 0).count() as u64)
}

fn open(load: &Load, policy: Policy) -> Result<Store, zeta_host::HostError> {
    let mut options = Options::new(ledger::program(), Entropy::from_seed(1));
    (options.policy, options.workers) = (policy, load.workers);
    let row = |number| {
        let name = account(number).split_off(4);
        (ledger::ACCOUNTS, name, BALANCE.to_le_bytes().to_vec())
    };
    let summary = zeta_host::summary((0..load.accounts).map(row), &zeta_host::hasher())?;
    let store = Store::adopt(options, &mut (0..load.accounts).map(row), &summary)?;
    store.defer_all()?;
    Ok(store)
}

/// Seconds that all threads of this process have computed.
fn processor_seconds() -> f64 {
    // SAFETY: the struct is plain numbers, and the call writes to it alone.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &raw mut usage);
        usage
    };
    [usage.ru_utime, usage.ru_stime]
        .iter()
        .map(|time| time.tv_sec as f64 + time.tv_usec as f64 / 1e6)
        .sum()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let load = load_of_arguments()?;
    let mut state = 1_u64;
    let mut below = |end: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (state >> 33) % end
    };
    let mut drawn = Vec::new();
    for _ in 0..DRAWN {
        drawn.extend(account(below(load.accounts)));
        drawn.extend(account(below(load.accounts)));
        drawn.extend(below(100).to_le_bytes());
    }
    let width = drawn.len() / DRAWN;
    for policy in &load.policies {
        let start = Instant::now();
        let store = open(&load, *policy)?;
        println!("{policy:?}: loaded in {:.2} s", start.elapsed().as_secs_f64());
        let processor = processor_seconds();
        let (start, mut done, mut failed) = (Instant::now(), 0_u64, 0);
        for batch in drawn.chunks(load.batch_len * width).cycle() {
            failed += run(&store, load.transition, batch, width)?;
            done += (batch.len() / width) as u64;
            if start.elapsed().as_secs_f64() > load.seconds {
                break;
            }
        }
        if policy.is_verified() {
            store.certify()?;
        }
        let rate = done as f64 / start.elapsed().as_secs_f64();
        let each = (processor_seconds() - processor) / done as f64 * 1e9;
        println!("  {:.3} M transfers/s, {failed} failed", rate / 1e6);
        println!("  {:.0} ns each, {each:.0} ns of processor time", 1e9 / rate);
        store.close()?;
    }
    Ok(())
}
